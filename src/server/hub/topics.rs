//! All topics, and the bound of what they retain together.
//!
//! Implementation notes. That bound evicts from the topic that retains most. So a burst in one topic evicts blocks of
//! another only while the other retains more.
//!
//! A topic that retains nothing and has no subscriber is idle. Some idle topics are kept, because they know whether a
//! client has missed their last block, and whether they are closed; beyond that the one that was idle first is removed.
//! A topic that is created counts as having evicted everything up to the latest block of a removed one. So an ID
//! before that block may be reported as a gap without a loss, but nothing is lost in silence.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::collections::HashMap;

use super::Retention;
use super::ids::Ids;
use super::topic::Topic;

#[derive(Debug)]
pub(super) struct Topics {
    map: HashMap<Arc<str>, Box<Topic>>,
    /// How much each topic with blocks retains, the smallest first.
    sizes: BTreeSet<(usize, Arc<str>)>,
    /// The retention of topics without their own, and of all topics together.
    retention: Retention,
    retentions: HashMap<Arc<str>, Retention>,
    /// The cost of the retained blocks.
    bytes: usize,
    /// The idle topics that are kept, by the number of the latest block when they were changed last.
    idle: BTreeSet<(u64, Arc<str>)>,
    /// The number up to which a topic that is not known may have had blocks.
    unknown: u64,
    /// The number of topics at which expired blocks of all of them are evicted.
    sweep_at: usize,
}

impl Topics {
    /// How many idle topics are kept.
    const IDLE: usize = 1000;

    /// The largest total length of an idle topic's name and last ID that is kept.
    const IDLE_LEN: usize = 256;

    pub(super) fn new(retention: Retention) -> Self {
        Topics {
            map: HashMap::new(),
            sizes: BTreeSet::new(),
            retention,
            retentions: HashMap::new(),
            bytes: 0,
            idle: BTreeSet::new(),
            unknown: 0,
            sweep_at: 64,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Topic> {
        self.map.get(name).map(|topic| &**topic)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Topic> {
        self.map.get_mut(name).map(|topic| &mut **topic)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Topic> {
        self.map.values_mut().map(|topic| &mut **topic)
    }

    /// Returns how many topics are not idle, and how many blocks they retain.
    pub(super) fn count(&self) -> (usize, usize) {
        let topics = self.map.len() - self.idle.len();
        (topics, self.map.values().map(|topic| topic.len()).sum())
    }

    /// Returns the name of a topic that is no longer idle, and is created if necessary. If it is not used after that,
    /// call [`release`](Self::release).
    pub(super) fn named(&mut self, name: &str) -> Arc<str> {
        if let Some((name, topic)) = self.map.get_key_value(name) {
            if topic.is_idle() {
                self.idle.remove(&(topic.changed(), name.clone()));
            }
            return name.clone();
        }
        let name: Arc<str> = name.into();
        let topic = Topic::new(self.retention(&name), self.unknown);
        self.map.insert(name.clone(), Box::new(topic));
        name
    }

    fn retention(&self, topic: &str) -> Retention {
        self.retentions.get(topic).copied().unwrap_or(self.retention)
    }

    /// Returns how large a block of the topic may be.
    pub(super) fn bound(&self, topic: &str) -> usize {
        self.retention(topic).bytes.min(self.retention.bytes)
    }

    /// Sets the retention of a topic.
    pub(super) fn retain(&mut self, topic: &str, retention: Retention, now: Duration) {
        let name = self.named(topic);
        self.retentions.insert(name.clone(), retention);
        self.change(&name, |topic| {
            topic.retention = retention;
            topic.make_room(0, 0, now);
        });
        self.release(&name);
    }

    /// Makes room for a block of this cost, and creates the topic if necessary.
    pub(super) fn make_room(&mut self, topic: &str, cost: usize, now: Duration) -> Arc<str> {
        let name = self.named(topic);
        self.change(&name, |topic| topic.make_room(1, cost, now));
        let bytes = self.retention.bytes.saturating_sub(cost);
        while self.bytes.saturating_add(self.overhead_beside(&name)) > bytes {
            let Some((_, largest)) = self.sizes.last().cloned() else { break };
            self.change(&largest, Topic::evict);
            self.release(&largest);
        }
        // It may have been the largest topic itself, without a subscriber.
        self.named(&name)
    }

    /// Returns how much is retained, as the bound counts it.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.sizes.len().saturating_sub(1) * Retention::TOPIC_OVERHEAD
    }

    /// Returns what the topics count by themselves if this one retains something.
    fn overhead_beside(&self, name: &str) -> usize {
        let holds = self.get(name).is_some_and(|topic| topic.len() > 0);
        (self.sizes.len() - usize::from(holds)).saturating_mul(Retention::TOPIC_OVERHEAD)
    }

    /// Changes a topic, and records how much it then retains.
    pub(super) fn change<R>(
        &mut self,
        name: &Arc<str>,
        change: impl FnOnce(&mut Topic) -> R,
    ) -> Option<R> {
        let topic = self.map.get_mut(name)?;
        let before = topic.bytes;
        let result = change(topic);
        let after = topic.bytes;
        if before != after {
            self.bytes = self.bytes - before + after;
            self.sizes.remove(&(before, name.clone()));
            if after > 0 {
                self.sizes.insert((after, name.clone()));
            }
        }
        Some(result)
    }

    /// Evicts everything, and a block with this number that no subscriber has received.
    pub(super) fn gap(&mut self, number: u64) {
        self.unknown = number;
        self.idle.clear();
        for name in self.map.keys().cloned().collect::<Vec<_>>() {
            self.change(&name, |topic| {
                while topic.evict() {}
                (topic.evicted, topic.ids) = (number, Ids::default());
            });
            self.release(&name);
        }
    }

    /// Removes a topic if it is idle, or keeps it among the idle ones.
    pub(super) fn release(&mut self, name: &Arc<str>) {
        let Some(topic) = self.map.get_mut(name).filter(|topic| topic.is_idle()) else { return };
        if name.len() + topic.ids.last_len() > Self::IDLE_LEN {
            topic.ids = Ids::default();
        }
        let knows_more = topic.evicted > self.unknown || topic.closed.is_some();
        if knows_more && name.len() <= Self::IDLE_LEN {
            self.idle.insert((topic.changed(), name.clone()));
        } else {
            self.remove(name);
        }
        if self.idle.len() > Self::IDLE {
            let oldest = self.idle.pop_first();
            oldest.into_iter().for_each(|(_, name)| self.remove(&name));
        }
    }

    fn remove(&mut self, name: &str) {
        let evicted = self.map.remove(name).map_or(0, |topic| topic.evicted);
        self.unknown = self.unknown.max(evicted);
    }

    /// Evicts expired blocks everywhere, from time to time.
    pub(super) fn sweep(&mut self, now: Duration) {
        if self.map.len() >= self.sweep_at {
            self.expire(now);
            self.sweep_at = self.map.len().saturating_mul(2).max(64);
        }
    }

    /// Evicts expired blocks everywhere.
    pub(super) fn expire(&mut self, now: Duration) {
        let in_use = self.map.iter().filter(|(_, topic)| !topic.is_idle());
        for name in in_use.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.change(&name, |topic| topic.expire(now));
            self.release(&name);
        }
        self.map.shrink_to(self.map.len() * 2);
    }
}
