//! All topics, and the bound of what they retain together.
//!
//! Implementation notes. That bound evicts from the topic that retains most. So a burst in one topic evicts blocks of
//! another only while the other retains more.
//!
//! A topic that retains nothing and has no subscriber is removed. If it ever had a block, a subscriber may have missed
//! or received that block, so its number and ID are kept in one of 256 slots, by the hash of the topic's name. A topic
//! that is created later counts as having evicted everything up to the number in its slot. If that is from another
//! topic, a gap may be reported without a loss, but nothing is lost in silence.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::BuildHasher;
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
    /// The number of the latest gap in all topics.
    gap: u64,
    /// By the hash of the name, the removed topic with the latest block.
    forgotten: HashMap<u8, Forgotten>,
    /// The number of topics at which expired blocks of all of them are evicted.
    sweep_at: usize,
}

/// A topic that was forgotten after it had evicted its last block.
#[derive(Debug)]
struct Forgotten {
    /// The number of that block.
    number: u64,
    /// The topic's name and the block's ID, if no earlier block had it, and both are short.
    name_and_id: Option<(Arc<str>, Arc<str>)>,
}

impl Topics {
    /// The largest total length of a removed topic's name and last ID that is kept.
    const REMEMBERED: usize = 256;

    pub(super) fn new(retention: Retention) -> Self {
        Topics {
            map: HashMap::new(),
            sizes: BTreeSet::new(),
            retention,
            retentions: HashMap::new(),
            bytes: 0,
            gap: 0,
            forgotten: HashMap::new(),
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

    /// Returns how many topics there are, and how many blocks they retain.
    pub(super) fn count(&self) -> (usize, usize) {
        (self.map.len(), self.map.values().map(|topic| topic.len()).sum())
    }

    /// Returns the name of a topic, which is created if necessary.
    pub(super) fn named(&mut self, name: &str) -> Arc<str> {
        if let Some((name, _)) = self.map.get_key_value(name) {
            return name.clone();
        }
        let name: Arc<str> = name.into();
        let mut topic = Topic::new(self.retention(&name), self.gap);
        if let Some(forgotten) = self.forgotten.get(&self.slot(&name)) {
            topic.evicted = forgotten.number;
            if let Some((_, id)) = forgotten.name_and_id.as_ref().filter(|(of, _)| *of == name) {
                topic.ids = Ids::with_evicted(id.clone(), forgotten.number);
            }
        }
        self.map.insert(name.clone(), Box::new(topic));
        name
    }

    fn slot(&self, name: &str) -> u8 {
        self.map.hasher().hash_one(name) as u8
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
        self.forget(&name);
    }

    /// Makes room for a block of this cost, and creates the topic if necessary.
    pub(super) fn make_room(&mut self, topic: &str, cost: usize, now: Duration) -> Arc<str> {
        let name = self.named(topic);
        self.change(&name, |topic| topic.make_room(1, cost, now));
        let bytes = self.retention.bytes.saturating_sub(cost);
        while self.bytes.saturating_add(self.overhead_beside(&name)) > bytes {
            let Some((_, largest)) = self.sizes.last().cloned() else { break };
            self.change(&largest, Topic::evict);
            self.forget(&largest);
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
        self.gap = number;
        self.forgotten.clear();
        for name in self.map.keys().cloned().collect::<Vec<_>>() {
            self.change(&name, |topic| {
                while topic.evict() {}
                (topic.evicted, topic.ids) = (number, Ids::default());
            });
            self.forget(&name);
        }
    }

    /// Removes a topic that retains nothing and has no subscriber.
    pub(super) fn forget(&mut self, name: &Arc<str>) {
        let Some(topic) = self.map.get(name) else { return };
        if topic.subscribers > 0 || topic.len() > 0 {
            return;
        }
        let (slot, number) = (self.slot(name), topic.evicted);
        if number > self.forgotten.get(&slot).map_or(0, |forgotten| forgotten.number) {
            let id = topic.ids.evicted().filter(|id| name.len() + id.len() <= Self::REMEMBERED);
            let name_and_id = id.map(|id| (name.clone(), id.clone()));
            self.forgotten.insert(slot, Forgotten { number, name_and_id });
        }
        self.map.remove(name);
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
        for name in self.map.keys().cloned().collect::<Vec<_>>() {
            self.change(&name, |topic| topic.expire(now));
            self.forget(&name);
        }
        self.map.shrink_to(self.map.len() * 2);
    }
}
