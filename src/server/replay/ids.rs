//! From an id to where a client with it can be.
//!
//! A letter to the maintainer. An id stands for the position behind the *first* block that had it,
//! since a client may have been cut there. Whether that is still held is the buffer's question. The
//! blocks that are held are counted for each id; with the last of them the id goes, unless that is
//! the block evicted last and the first that had the id: then no block is missing behind it.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use super::Position;

/// The ids of the blocks that are held, and of the one evicted last.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    held: BTreeMap<Arc<str>, Uses>,
    /// The id of the block evicted last, where no block before that had it, and the position
    /// behind it.
    evicted: Option<(Arc<str>, Position)>,
}

/// How an id that is held was used.
#[derive(Clone, Debug)]
struct Uses {
    /// The position behind the first block that had it, held or not.
    first: Position,
    /// How many blocks that have it are held.
    count: usize,
}

impl Ids {
    pub(super) const fn new() -> Self {
        Ids { held: BTreeMap::new(), evicted: None }
    }

    /// The position behind the first block that had the id, where that is known.
    pub(super) fn position(&self, id: &str) -> Option<Position> {
        let evicted = || self.evicted.as_ref().filter(|(evicted, _)| **evicted == *id);
        let held = self.held.get(id).map(|uses| uses.first);
        held.or_else(|| evicted().map(|&(_, position)| position))
    }

    /// Notes that a block with the id comes before `behind`.
    pub(super) fn push(&mut self, id: &str, behind: Position) -> Arc<str> {
        let first = self.position(id).unwrap_or(behind);
        let id = match self.held.get_key_value(id) {
            Some((id, _)) => id.clone(),
            None => Arc::from(id),
        };
        self.held.entry(id.clone()).or_insert(Uses { first, count: 0 }).count += 1;
        id
    }

    /// Notes that the block before `behind` is no longer held, and its id.
    pub(super) fn evict(&mut self, id: Option<Arc<str>>, behind: Position) {
        let first = id.as_ref().and_then(|id| self.remove(id));
        self.evicted = id.filter(|_| first == Some(behind)).map(|id| (id, behind));
    }

    /// Counts one block less. If it was the last one that had the id, gives the position behind
    /// the first.
    fn remove(&mut self, id: &str) -> Option<Position> {
        let uses = self.held.get_mut(id)?;
        uses.count -= 1;
        if uses.count > 0 {
            return None;
        }
        self.held.remove(id).map(|uses| uses.first)
    }

    /// The length of the id that is kept beside those of the blocks that are held.
    pub(super) fn extra_len(&self) -> usize {
        self.evicted.as_ref().map_or(0, |(id, _)| id.len())
    }

    /// Forgets that id.
    pub(super) fn forget_extra(&mut self) {
        self.evicted = None;
    }
}
