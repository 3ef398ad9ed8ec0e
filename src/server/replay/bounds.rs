//! How much a replay buffer holds.

use core::time::Duration;

/// What a [`ReplayBuffer`](super::ReplayBuffer) holds at the most. A bound that is `None` is none;
/// unless told otherwise there is one, 16 MiB.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::server::Bounds;
///
/// let bounds = Bounds::new().blocks(1000).age(Duration::from_secs(300));
/// assert_eq!(bounds.bytes, Some(16 << 20));
/// assert_eq!(Bounds { bytes: None, ..bounds }.blocks, Some(1000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// How many blocks. Zero counts as one: the newest is always held until a later one comes, or
    /// its time.
    pub blocks: Option<usize>,
    /// How many bytes: the blocks as they are encoded, their ids, and for each block
    /// [`BLOCK_OVERHEAD`](Self::BLOCK_OVERHEAD). A block that needs more by itself is refused.
    pub bytes: Option<usize>,
    /// How long: a block is gone when it is this old.
    pub age: Option<Duration>,
}

impl Bounds {
    /// What a block takes beside its bytes and its id: the place in the order, the place in the
    /// index of ids, reference counts, and spare room, so that the bound for bytes is one for
    /// memory even where blocks are small.
    pub const BLOCK_OVERHEAD: usize = 256;

    /// 16 MiB, of any count and age: as much as a [`Parser`](crate::Parser) retains by itself.
    pub const fn new() -> Self {
        Bounds { blocks: None, bytes: Some(16 << 20), age: None }
    }

    /// Sets [`blocks`](field@Self::blocks).
    #[must_use]
    pub const fn blocks(mut self, blocks: usize) -> Self {
        self.blocks = Some(blocks);
        self
    }

    /// Sets [`bytes`](field@Self::bytes).
    #[must_use]
    pub const fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Sets [`age`](field@Self::age).
    #[must_use]
    pub const fn age(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::new()
    }
}
