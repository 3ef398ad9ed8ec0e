//! What clients that come back have missed
//! ([9.2.4](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header)).
//!
//! A letter to the maintainer. The blocks of a stream are numbered from 0 as they are pushed, and a
//! suffix of them is held:
//!
//! ```text
//!    evicted          held
//! … │ 7 │ 8 ║ 9 │ 10 │ 11 │ 12 ║
//!           ▲ start            ▲ end         positions stand between blocks
//! ```
//!
//! A client goes on at the position that its id stands for, which [`ids`] knows. If that is before
//! `start`, blocks that it may miss are gone: a gap.

mod bounds;
mod error;
mod ids;

use alloc::collections::{VecDeque, vec_deque};
use alloc::sync::Arc;
use core::fmt::{self, Debug, Formatter};
use core::iter;
use core::time::Duration;

pub use self::bounds::Bounds;
pub use self::error::{Lagged, PushError};
use self::ids::Ids;
use super::last_event_id::as_sent;
use crate::encode::Block;

/// The latest blocks of a stream, encoded once for all clients, for those that come back with a
/// `Last-Event-ID` and for those that are connected.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::{Block, server::{Bounds, ReplayBuffer, Resume}};
///
/// let now = Duration::ZERO; // of the server's monotonic clock
/// let mut buffer = ReplayBuffer::new(Bounds::new().blocks(100));
/// buffer.push(&Block::new().id("1").data("one"), now)?;
/// buffer.push(&Block::new().id("2").data("two"), now)?;
///
/// let Resume::Missed(position) = buffer.resume("1", now) else { unreachable!() };
/// let mut missed = buffer.after(position)?;
/// assert_eq!(missed.next().unwrap()[..], *b"id: 2\ndata: two\n\n");
/// assert_eq!(missed.next(), None);
///
/// assert_eq!(buffer.resume("2", now), Resume::UpToDate(buffer.end()));
/// assert_eq!(buffer.resume("unknown", now), Resume::Gap);
/// assert_eq!(buffer.resume("", now), Resume::New);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # One buffer, many clients
///
/// A client is a [`Position`], eight bytes. It asks for the blocks [`after`](Self::after) it
/// whenever it is ready to write, also when it is up to date and new ones come: so there is no seam
/// between what is replayed and what is live where one could be lost or doubled, and a client that
/// reads slowly keeps nothing alive but falls [behind](Lagged). Blocks are `Arc<[u8]>`: they are
/// encoded once, and a client keeps the one that it is writing without a lock on the buffer.
///
/// # Laws
///
/// - No hole: what a client is given begins at the first place where it can have been cut, or the
///   answer is [`Resume::Gap`].
/// - Exactly once, where each block has an id of its own.
/// - The newest block is held after its push, whatever the bounds.
/// - Bounded memory: the bounds of blocks and bytes hold at every moment, that of age whenever a
///   time is told, and memory that is no longer needed is given back.
///
/// # Ids
///
/// - **A block without id** leaves the client's last event ID as it is, so nobody can tell whether
///   a client has seen it. It comes again with those behind the last id.
/// - **An id that comes again** leaves open at which of its blocks the client was. What follows the
///   first is given, so blocks may come twice; where that is gone in part, it is a gap.
/// - **An id that was forgotten**, because all its blocks were evicted or the server was started
///   anew, must not come again: a client that still has it from then would be given the wrong
///   blocks. Where ids are numbers, put before them when the server started.
/// - **An empty id** takes the client's last event ID back. Until there is another, a client
///   comes as [new](Resume::New). The block itself is replayed as any other.
/// - **Spaces and tabs at the ends** of an id do not come back in the header
///   ([`survives_header`](super::survives_header)), so ids count without them.
/// - **The id of the block that was evicted last** is still known: who had it has missed nothing
///   that is gone.
///
/// # Memory and cost
///
/// Two allocations for a block with an id, one for a block without. [`push`](Self::push) and
/// [`resume`](Self::resume) take O(log n) comparisons of ids, and each block is evicted once;
/// [`after`](Self::after) takes O(1) whatever is held.
///
/// # Time
///
/// Times are those of one monotonic clock, from any beginning; one before an earlier one counts as
/// that. Blocks grow old only in `push`, `resume` and [`expire`](Self::expire).
#[derive(Clone)]
pub struct ReplayBuffer {
    bounds: Bounds,
    held: VecDeque<Held>,
    ids: Ids,
    /// The position before the oldest block that is held.
    start: Position,
    /// What the blocks that are held cost.
    held_bytes: usize,
    /// The latest time that was told.
    now: Duration,
}

#[derive(Clone, Debug)]
struct Held {
    block: Arc<[u8]>,
    /// The id as it would come back; none where there is none, or it is empty.
    id: Option<Arc<str>>,
    pushed: Duration,
}

/// A place between two blocks of the stream that a [`ReplayBuffer`] holds the end of. It means
/// nothing in another buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    const fn plus(self, blocks: usize) -> Self {
        Position(self.0 + blocks as u64)
    }
}

/// Where a client goes on that comes with a last event ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The client has no last event ID. It begins with what comes next, [`ReplayBuffer::end`], with
    /// all that is there, [`ReplayBuffer::start`], or with a snapshot: as the application likes.
    New,
    /// The client has missed nothing: this is the end.
    UpToDate(Position),
    /// All that the client can have missed stands behind this position.
    Missed(Position),
    /// The id is not known, or blocks that the client may miss are gone. It has to be told, or given
    /// a snapshot; [`ReplayBuffer::start`] gives what is there. Where several servers share a stream,
    /// an id may also be one that has not come here yet: wait for it first.
    Gap,
}

impl ReplayBuffer {
    /// An empty buffer.
    pub const fn new(bounds: Bounds) -> Self {
        ReplayBuffer {
            bounds,
            held: VecDeque::new(),
            ids: Ids::new(),
            start: Position(0),
            held_bytes: 0,
            now: Duration::ZERO,
        }
    }

    /// Adds the stream's next block, evicts what the bounds no longer allow, and gives the block as
    /// clients get it.
    ///
    /// # Errors
    ///
    /// A block that can't be encoded, or is too large to be held, is refused and leaves everything
    /// as it was.
    pub fn push(&mut self, block: &Block<'_>, now: Duration) -> Result<Arc<[u8]>, PushError> {
        let len = block.encoded_len()?;
        let id = block.id.map(as_sent).filter(|id| !id.is_empty());
        let needed = cost(len, id);
        if let Some(bound) = self.bounds.bytes.filter(|&bound| needed > bound) {
            return Err(PushError::TooLarge { needed, bound });
        }
        self.expire(now);
        self.make_room(needed);
        // One allocation, of the exact size, and not before there is room for it.
        let mut encoded: Arc<[u8]> = iter::repeat_n(0, len).collect();
        block.encode_to_slice(Arc::get_mut(&mut encoded).unwrap_or_default())?;
        let behind = self.end().plus(1);
        let id = id.map(|id| self.ids.push(id, behind));
        self.held_bytes += needed;
        self.held.push_back(Held { block: encoded.clone(), id, pushed: self.now });
        Ok(encoded)
    }

    /// Where a client goes on that comes with this last event ID; the empty one is none.
    pub fn resume(&mut self, last_event_id: &str, now: Duration) -> Resume {
        self.expire(now);
        let id = as_sent(last_event_id);
        if id.is_empty() {
            return Resume::New;
        }
        match self.ids.position(id) {
            Some(position) if position == self.end() => Resume::UpToDate(position),
            Some(position) if position >= self.start => Resume::Missed(position),
            _ => Resume::Gap,
        }
    }

    /// The blocks behind a position, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Lagged`], where some of them are gone.
    pub fn after(&self, position: Position) -> Result<Blocks<'_>, Lagged> {
        let Some(seen) = position.0.checked_sub(self.start.0) else {
            return Err(Lagged { missed: self.start.0 - position.0 });
        };
        let seen = self.held.len().min(usize::try_from(seen).unwrap_or(usize::MAX));
        Ok(Blocks { blocks: self.held.range(seen..), position: self.start.plus(seen) })
    }

    /// The position before all that is held.
    pub const fn start(&self) -> Position {
        self.start
    }

    /// The position behind all that was pushed.
    pub fn end(&self) -> Position {
        self.start.plus(self.held.len())
    }

    /// Evicts what has grown too old.
    pub fn expire(&mut self, now: Duration) {
        self.now = self.now.max(now);
        while self.next_expiry().is_some_and(|expiry| expiry <= self.now) {
            self.evict();
        }
        self.give_back();
    }

    /// When the oldest block will have grown too old, for a timer that calls
    /// [`expire`](Self::expire); `None` where that will not be.
    pub fn next_expiry(&self) -> Option<Duration> {
        self.held.front()?.pushed.checked_add(self.bounds.age?)
    }

    /// How many blocks are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether no block is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// How many bytes are held, as [`Bounds::bytes`](field@Bounds::bytes) counts them.
    pub fn bytes(&self) -> usize {
        self.held_bytes + self.ids.extra_len()
    }

    /// The bounds.
    pub const fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Evicts until there is room for a block that needs so many bytes.
    fn make_room(&mut self, needed: usize) {
        let blocks = self.bounds.blocks.unwrap_or(usize::MAX).max(1);
        let bytes = self.bounds.bytes.unwrap_or(usize::MAX) - needed;
        while self.held.len() >= blocks || (self.bytes() > bytes && !self.held.is_empty()) {
            self.evict();
        }
        if self.bytes() > bytes {
            self.ids.forget_extra();
        }
        self.give_back();
    }

    /// Lets the oldest block go.
    fn evict(&mut self) {
        let Some(Held { block, id, .. }) = self.held.pop_front() else { return };
        self.start = self.start.plus(1);
        self.held_bytes -= cost(block.len(), id.as_deref());
        self.ids.evict(id, self.start);
    }

    /// Gives memory back that is three quarters empty. Half of it stays, so that blocks that come
    /// and go do not allocate each time.
    fn give_back(&mut self) {
        if self.held.capacity() / 4 > self.held.len() {
            self.held.shrink_to(self.held.len() * 2);
        }
    }
}

/// What is held in numbers, since a buffer is too much to read.
impl Debug for ReplayBuffer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBuffer")
            .field("bounds", &self.bounds)
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl Default for ReplayBuffer {
    fn default() -> Self {
        Self::new(Bounds::new())
    }
}

/// What a block counts for the bound of bytes.
fn cost(len: usize, id: Option<&str>) -> usize {
    len.saturating_add(id.map_or(0, str::len)).saturating_add(Bounds::BLOCK_OVERHEAD)
}

/// The blocks behind a position: see [`ReplayBuffer::after`].
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    blocks: vec_deque::Iter<'a, Held>,
    position: Position,
}

impl Blocks<'_> {
    /// The position behind the last block that was handed out: where the client goes on once it has
    /// been given that.
    pub const fn position(&self) -> Position {
        self.position
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = &'a Arc<[u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let held = self.blocks.next()?;
        self.position = self.position.plus(1);
        Some(&held.block)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.blocks.size_hint()
    }
}

impl ExactSizeIterator for Blocks<'_> {}
