//! Maps an ID to the position of a client that has it.
//!
//! Implementation notes. An ID means the *first* block that had it, because a client may have been cut there. The
//! topic knows whether the blocks after it are still retained. For each ID the retained blocks are counted, and the ID
//! is removed with the last of them, unless that is the block evicted last and the first with the ID: then no block
//! after it is missing.

use alloc::sync::Arc;
use std::collections::HashMap;

/// The IDs of the retained blocks, and of the one evicted last.
#[derive(Debug, Default)]
pub(super) struct Ids {
    held: HashMap<Arc<str>, Uses>,
    /// The ID of the block evicted last, if no earlier block had it, and the block's number.
    evicted: Option<(Arc<str>, u64)>,
    /// The latest ID.
    last: Option<Arc<str>>,
}

/// The blocks of a retained ID.
#[derive(Debug)]
struct Uses {
    /// The number of the first block that had it, retained or not.
    first: u64,
    /// How many retained blocks have it.
    count: usize,
}

impl Ids {
    /// Returns the number of the first block that had the ID, if it is known.
    pub(super) fn position(&self, id: &str) -> Option<u64> {
        match self.held.get(id) {
            Some(uses) => Some(uses.first),
            None => self.evicted.as_ref().filter(|(evicted, _)| **evicted == *id).map(|&(_, n)| n),
        }
    }

    /// Returns the latest ID and its position, if it is still known.
    pub(super) fn last(&self) -> Option<(u64, &Arc<str>)> {
        let last = self.last.as_ref()?;
        Some((self.position(last)?, last))
    }

    /// Returns the length of the latest ID.
    pub(super) fn last_len(&self) -> usize {
        self.last.as_ref().map_or(0, |id| id.len())
    }

    /// Records that the block with this number has the ID.
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

    /// Records that the block with this number, and its ID, are no longer retained.
    pub(super) fn evict(&mut self, id: Option<Arc<str>>, number: u64) {
        let first = id.as_ref().and_then(|id| self.remove(id));
        self.evicted = id.filter(|_| first == Some(number)).map(|id| (id, number));
    }

    /// Counts one block less. If it was the last one with the ID, returns the first one's number.
    fn remove(&mut self, id: &str) -> Option<u64> {
        let uses = self.held.get_mut(id)?;
        uses.count -= 1;
        if uses.count > 0 {
            return None;
        }
        self.held.remove(id).map(|uses| uses.first)
    }

    /// Frees memory that is three quarters empty.
    pub(super) fn give_back(&mut self) {
        if self.held.capacity() / 4 > self.held.len() {
            self.held.shrink_to(self.held.len() * 2);
        }
    }
}
