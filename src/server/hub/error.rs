//! Why an event was not published.

use core::error::Error;
use core::fmt::{self, Display, Formatter};

#[cfg(doc)]
use super::{Hub, Retention};
use crate::error::EncodeError;

/// Why an event was not published to any subscriber.
///
/// ```
/// use sse_wire::Block;
/// use sse_wire::server::{Hub, PublishError, Retention};
///
/// let hub = Hub::new(Retention::new());
/// hub.close(None)?;
/// assert_eq!(hub.publish(&Block::new().data("late")), Err(PublishError::Closed));
/// # Ok::<(), PublishError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// It can't be encoded.
    Encode(EncodeError),
    /// It needs more than the bound for bytes.
    TooLarge {
        /// What it needs: its bytes, its ID, and [`Retention::BLOCK_OVERHEAD`].
        needed: usize,
        /// The bound.
        bound: usize,
    },
    /// The topic or the hub was closed.
    Closed,
}

impl From<EncodeError> for PublishError {
    fn from(error: EncodeError) -> Self {
        PublishError::Encode(error)
    }
}

impl Display for PublishError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => Display::fmt(error, f),
            Self::TooLarge { needed, bound } => write!(
                f,
                "the event needs {needed} bytes of what the hub retains, and the bound is {bound}; raise the bound, or send less"
            ),
            Self::Closed => f.write_str("the topic or the hub is closed: publish to another"),
        }
    }
}

impl Error for PublishError {}
