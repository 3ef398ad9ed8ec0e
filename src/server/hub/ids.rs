//! From an id to the place of a client that has it.
//!
//! Implementation notes. An id stands for the *first* block that had it, since a client may have been
//! cut there. Whether what follows is still held is the topic's question. The blocks that are held
//! are counted for each id; with the last of them the id goes, unless that is the block evicted last
//! and the first that had the id: then no block after it is missing.

use alloc::sync::Arc;
use std::collections::HashMap;

/// The ids of the blocks that are held, and of the one evicted last.
#[derive(Debug, Default)]
pub(super) struct Ids {
    held: HashMap<Arc<str>, Uses>,
    /// The id of the block evicted last, if no block before it had that, and the block's number.
    evicted: Option<(Arc<str>, u64)>,
    /// The latest id.
    last: Option<Arc<str>>,
}

/// How an id that is held was used.
#[derive(Debug)]
struct Uses {
    /// The number of the first block that had it, held or not.
    first: u64,
    /// How many blocks that have it are held.
    count: usize,
}

impl Ids {
    /// Those of a topic of which nothing is held, after a block with this number and id.
    pub(super) fn with_evicted(id: Arc<str>, number: u64) -> Self {
        Ids { held: HashMap::new(), last: Some(id.clone()), evicted: Some((id, number)) }
    }

    /// The id of the block evicted last, if no block before it had that.
    pub(super) fn evicted(&self) -> Option<&Arc<str>> {
        self.evicted.as_ref().map(|(id, _)| id)
    }

    /// The number of the first block that had the id, if that is known.
    pub(super) fn position(&self, id: &str) -> Option<u64> {
        match self.held.get(id) {
            Some(uses) => Some(uses.first),
            None => self.evicted.as_ref().filter(|(evicted, _)| **evicted == *id).map(|&(_, n)| n),
        }
    }

    /// The latest id and its position, if that is still known.
    pub(super) fn last(&self) -> Option<(u64, &Arc<str>)> {
        let last = self.last.as_ref()?;
        Some((self.position(last)?, last))
    }

    /// Notes that the block with this number has the id.
    pub(super) fn push(&mut self, id: &str, number: u64) -> Arc<str> {
        let first = self.position(id).unwrap_or(number);
        let id = match self.held.get_key_value(id) {
            Some((id, _)) => id.clone(),
            None => Arc::from(id),
        };
        self.held.entry(id.clone()).or_insert(Uses { first, count: 0 }).count += 1;
        self.last = Some(id.clone());
        id
    }

    /// Notes that the block with this number is no longer held, nor its id.
    pub(super) fn evict(&mut self, id: Option<Arc<str>>, number: u64) {
        let first = id.as_ref().and_then(|id| self.remove(id));
        self.evicted = id.filter(|_| first == Some(number)).map(|id| (id, number));
    }

    /// Counts one block less. If it was the last one that had the id, returns the first's number.
    fn remove(&mut self, id: &str) -> Option<u64> {
        let uses = self.held.get_mut(id)?;
        uses.count -= 1;
        if uses.count > 0 {
            return None;
        }
        self.held.remove(id).map(|uses| uses.first)
    }

    /// Gives memory back that is three quarters empty.
    pub(super) fn give_back(&mut self) {
        if self.held.capacity() / 4 > self.held.len() {
            self.held.shrink_to(self.held.len() * 2);
        }
    }
}
