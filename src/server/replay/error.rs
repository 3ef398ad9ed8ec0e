//! What can go wrong with a replay buffer: a client that is too slow, a block that can't be held.

use core::error::Error;
use core::fmt::{self, Display, Formatter};

#[cfg(doc)]
use super::{Bounds, ReplayBuffer, Resume};
use crate::error::EncodeError;

/// A client has read too slowly: blocks that it has not been given are gone.
///
/// Give it a snapshot and go on from [`ReplayBuffer::end`], or end the connection: it comes back with
/// its last event ID and is answered [`Resume::Gap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged {
    pub(super) missed: u64,
}

impl Lagged {
    /// How many blocks are gone.
    pub const fn missed(&self) -> u64 {
        self.missed
    }
}

impl Display for Lagged {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the client is behind by more than the replay buffer holds, {} blocks are gone; give it a snapshot, or raise the bounds",
            self.missed
        )
    }
}

impl Error for Lagged {}

/// A block that was not pushed: it is no part of the stream, so no client must be given it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushError {
    /// It can't be encoded.
    Encode(EncodeError),
    /// It needs more than the bound for bytes by itself.
    TooLarge {
        /// What it needs: its bytes, its id, and [`Bounds::BLOCK_OVERHEAD`].
        needed: usize,
        /// The bound.
        bound: usize,
    },
}

impl From<EncodeError> for PushError {
    fn from(error: EncodeError) -> Self {
        PushError::Encode(error)
    }
}

impl Display for PushError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => Display::fmt(error, f),
            Self::TooLarge { needed, bound } => write!(
                f,
                "the block needs {needed} bytes of the replay buffer, and the bound is {bound}; raise the bound, or send less"
            ),
        }
    }
}

impl Error for PushError {}
