//! All topics, and the bound of what they retain together.
//!
//! Implementation notes. That bound evicts from the topic that retains most. So a burst in one topic evicts blocks of
//! another only while the other retains more.
//!
//! A topic that retains nothing and has no subscriber is idle. Some idle topics are kept, because they know whether a
//! client has missed their last block, and whether they are closed; beyond that the one that was idle first is removed.
//! A topic that is created counts as having evicted everything up to the latest block of a removed one. So an ID
//! before that block may be reported as a gap without a loss, but nothing is lost in silence.
//!
//! A topic has a key while it is known, because each subscriber looks its topics up at each poll, and a name would have
//! to be hashed.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::collections::HashMap;

use super::Retention;
use super::ids::Ids;
use super::topic::Topic;
use crate::server::last_event_id::as_sent;

#[derive(Debug)]
pub(super) struct Topics {
    names: HashMap<Arc<str>, u64>,
    map: BTreeMap<u64, Box<Topic>>,
    latest_key: u64,
    /// How much each topic with blocks retains, the smallest first.
    sizes: BTreeSet<(usize, u64)>,
    /// The retention of topics without their own, and of all topics together.
    retention: Retention,
    retentions: HashMap<Arc<str>, Retention>,
    /// The cost of the retained blocks.
    bytes: usize,
    /// The idle topics that are kept, by the number of the latest block when they were changed last.
    idle: BTreeSet<(u64, u64)>,
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
            names: HashMap::new(),
            map: BTreeMap::new(),
            latest_key: 0,
            sizes: BTreeSet::new(),
            retention,
            retentions: HashMap::new(),
            bytes: 0,
            idle: BTreeSet::new(),
            unknown: 0,
            sweep_at: 64,
        }
    }

    /// Returns the key of a topic that is known.
    pub(super) fn key(&self, name: &str) -> Option<u64> {
        self.names.get(name).copied()
    }

    pub(super) fn find(&self, name: &str) -> Option<&Topic> {
        self.get(self.key(name)?)
    }

    pub(super) fn get(&self, key: u64) -> Option<&Topic> {
        self.map.get(&key).map(|topic| &**topic)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Topic> {
        self.map.get_mut(&key).map(|topic| &mut **topic)
    }

    pub(super) fn keys(&self) -> Vec<u64> {
        self.map.keys().copied().collect()
    }

    /// Returns whether one of these topics has, or had last, a block with this ID.
    pub(super) fn knows(&self, topics: &[&str], id: &str) -> bool {
        let id = as_sent(id);
        topics
            .iter()
            .filter_map(|name| self.find(name))
            .any(|topic| topic.ids.position(id).is_some())
    }

    /// Returns how many topics are not idle, and how many blocks they retain.
    pub(super) fn count(&self) -> (usize, usize) {
        let topics = self.map.len() - self.idle.len();
        (topics, self.map.values().map(|topic| topic.len()).sum())
    }

    /// Returns the key of a topic that is no longer idle, and is created if necessary. If it is not used after that,
    /// call [`release`](Self::release).
    pub(super) fn named(&mut self, name: &str) -> u64 {
        if let Some(key) = self.key(name) {
            if let Some(topic) = self.get(key).filter(|topic| topic.is_idle()) {
                self.idle.remove(&(topic.changed(), key));
            }
            return key;
        }
        let name: Arc<str> = name.into();
        let topic = Topic::new(name.clone(), self.retention(&name), self.unknown);
        self.latest_key += 1;
        self.names.insert(name, self.latest_key);
        self.map.insert(self.latest_key, Box::new(topic));
        self.latest_key
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
        self.retentions.insert(topic.into(), retention);
        let key = self.named(topic);
        self.change(key, |topic| {
            topic.retention = retention;
            topic.make_room(0, 0, now);
        });
        self.release(key);
    }

    /// Makes room for a block of this cost, and creates the topic if necessary.
    pub(super) fn make_room(&mut self, topic: &str, cost: usize, now: Duration) -> u64 {
        let key = self.named(topic);
        self.change(key, |topic| topic.make_room(1, cost, now));
        let bytes = self.retention.bytes.saturating_sub(cost);
        while self.bytes.saturating_add(self.overhead_beside(key)) > bytes {
            let Some(&(_, largest)) = self.sizes.last() else { break };
            self.change(largest, Topic::evict);
            self.release(largest);
        }
        // It may have been the largest topic itself, without a subscriber.
        self.named(topic)
    }

    /// Returns how much is retained, as the bound counts it.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.sizes.len().saturating_sub(1) * Retention::TOPIC_OVERHEAD
    }

    /// Returns what the topics count by themselves if this one retains something.
    fn overhead_beside(&self, key: u64) -> usize {
        let holds = self.get(key).is_some_and(|topic| topic.len() > 0);
        (self.sizes.len() - usize::from(holds)).saturating_mul(Retention::TOPIC_OVERHEAD)
    }

    /// Changes a topic, and records how much it then retains.
    pub(super) fn change<R>(
        &mut self,
        key: u64,
        change: impl FnOnce(&mut Topic) -> R,
    ) -> Option<R> {
        let topic = self.map.get_mut(&key)?;
        let before = topic.bytes;
        let result = change(topic);
        let after = topic.bytes;
        if before != after {
            self.bytes = self.bytes - before + after;
            self.sizes.remove(&(before, key));
            if after > 0 {
                self.sizes.insert((after, key));
            }
        }
        Some(result)
    }

    /// Evicts everything, and a block with this number that no subscriber has received.
    pub(super) fn gap(&mut self, number: u64) {
        self.unknown = number;
        self.idle.clear();
        for key in self.keys() {
            self.change(key, |topic| {
                while topic.evict() {}
                (topic.evicted, topic.ids) = (number, Ids::default());
            });
            self.release(key);
        }
    }

    /// Removes a topic if it is idle, or keeps it among the idle ones.
    pub(super) fn release(&mut self, key: u64) {
        let unknown = self.unknown;
        let Some(topic) = self.get_mut(key).filter(|topic| topic.is_idle()) else { return };
        if topic.name.len() + topic.ids.last_len() > Self::IDLE_LEN {
            topic.ids = Ids::default();
        }
        let knows_more = topic.evicted > unknown || topic.closed.is_some();
        if knows_more && topic.name.len() <= Self::IDLE_LEN {
            let changed = topic.changed();
            self.idle.insert((changed, key));
        } else {
            self.remove(key);
        }
        if self.idle.len() > Self::IDLE {
            let oldest = self.idle.pop_first();
            oldest.into_iter().for_each(|(_, key)| self.remove(key));
        }
    }

    fn remove(&mut self, key: u64) {
        if let Some(topic) = self.map.remove(&key) {
            self.names.remove(&topic.name);
            self.unknown = self.unknown.max(topic.evicted);
        }
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
        for key in in_use.map(|(&key, _)| key).collect::<Vec<_>>() {
            self.change(key, |topic| topic.expire(now));
            self.release(key);
        }
        self.names.shrink_to(self.names.len() * 2);
    }
}
