//! The latest blocks of one topic.
//!
//! Implementation notes. All blocks of a hub are numbered from 1 in the order of publication, across topics, so the
//! numbers within a topic are not consecutive. A topic retains the latest of its blocks, and the number of the one that it
//! evicted last:
//!
//! ```text
//!    evicted      retained
//! … │ 7 │ 9 ║ 10 │ 14 │ 15 ║
//!         ▲ evicted = 9
//! ```
//!
//! A subscriber's position is the number of the first block that it has not received. It has missed blocks exactly if
//! that is not greater than `evicted`.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::Waker;
use core::time::Duration;

use bytes::Bytes;

use super::Retention;
use super::ids::Ids;

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Arc<str>,
    pub(super) retention: Retention,
    held: VecDeque<Held>,
    pub(super) ids: Ids,
    /// The cost of the retained blocks.
    pub(super) bytes: usize,
    /// The number of the block evicted last.
    pub(super) evicted: u64,
    pub(super) subscribers: usize,
    /// The number of the hub's latest block when the topic was closed.
    pub(super) closed: Option<u64>,
    /// The keys of the subscribers that wait for the next block, and of some that have left.
    pub(super) waiting: Vec<u64>,
    /// The tasks that wait until there is no subscriber.
    pub(super) draining: Vec<Waker>,
}

#[derive(Debug)]
struct Held {
    number: u64,
    block: Bytes,
    /// Returns the ID as a header would have it; `None` if there is none or it is empty.
    id: Option<Arc<str>>,
    published: Duration,
}

impl Topic {
    /// Creates an empty topic, of which blocks up to number `evicted` may be missing.
    pub(super) fn new(name: Arc<str>, retention: Retention, evicted: u64) -> Self {
        Topic {
            name,
            retention,
            held: VecDeque::new(),
            ids: Ids::default(),
            bytes: 0,
            evicted,
            subscribers: 0,
            closed: None,
            waiting: Vec::new(),
            draining: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, number: u64, block: Bytes, id: Option<&str>, now: Duration) {
        self.bytes += cost(block.len(), id);
        let id = id.map(|id| self.ids.push(id, number));
        self.held.push_back(Held { number, block, id, published: now });
    }

    /// Returns the first block from this number on.
    pub(super) fn first_from(&self, number: u64) -> Option<(u64, &Bytes)> {
        let latest = self.held.back().filter(|latest| latest.number >= number)?;
        // Most subscribers have received all but the latest block.
        let earlier = self.held.len().checked_sub(2).and_then(|at| self.held.get(at));
        let first = match earlier.is_none_or(|earlier| earlier.number < number) {
            true => latest,
            false => self.held.get(self.held.partition_point(|held| held.number < number))?,
        };
        Some((first.number, &first.block))
    }

    /// Returns how many blocks are retained from this number on.
    pub(super) fn count_from(&self, number: u64) -> usize {
        self.held.len() - self.held.partition_point(|held| held.number < number)
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether it retains nothing and has no subscriber.
    pub(super) fn is_idle(&self) -> bool {
        self.subscribers == 0 && self.held.is_empty()
    }

    /// Returns the number of the hub's latest block when this topic, which retains nothing, was changed last.
    pub(super) fn changed(&self) -> u64 {
        self.closed.unwrap_or(0).max(self.evicted)
    }

    /// Evicts expired blocks, and more until this many events of this cost can be added.
    pub(super) fn make_room(&mut self, events: usize, cost: usize, now: Duration) {
        self.expire(now);
        let most = self.retention.events.unwrap_or(usize::MAX).max(1) - events;
        let bytes = self.retention.bytes.saturating_sub(cost);
        while self.held.len() > most || self.bytes > bytes {
            if !self.evict() {
                break;
            }
        }
    }

    /// Evicts expired blocks.
    pub(super) fn expire(&mut self, now: Duration) {
        let Some(age) = self.retention.age else { return };
        while self.held.front().is_some_and(|held| held.published.saturating_add(age) <= now) {
            self.evict();
        }
    }

    /// Evicts the oldest block, if there is one.
    pub(super) fn evict(&mut self) -> bool {
        let Some(Held { number, block, id, .. }) = self.held.pop_front() else { return false };
        self.evicted = number;
        self.bytes -= cost(block.len(), id.as_deref());
        self.ids.evict(id, number);
        // Keeps half of the free capacity, so that not each block allocates.
        if self.held.capacity() / 4 > self.held.len() {
            self.held.shrink_to(self.held.len() * 2);
        }
        self.ids.give_back();
        true
    }
}

/// What a block counts for the bound of bytes.
pub(super) fn cost(len: usize, id: Option<&str>) -> usize {
    len.saturating_add(id.map_or(0, str::len)).saturating_add(Retention::BLOCK_OVERHEAD)
}
