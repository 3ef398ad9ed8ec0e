//! When a silent stream needs a keep-alive
//! ([9.2.7](https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes)).
//!
//! Implementation notes. The schedule has one input, the time at which something was written, and one state, the
//! latest such time. A keep-alive is written like anything else, so it needs no separate rule.

use core::time::Duration;

use crate::encode::Block;
use crate::error::EncodeError;

/// A schedule of keep-alives: when to end the silence of a stream, and what to write.
///
/// Times are from one monotonic clock with any start, for example `Instant::elapsed` since the start of the server.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::server::KeepAlive;
///
/// let seconds = Duration::from_secs;
/// let mut keep_alive = KeepAlive::new(seconds(100));
/// assert_eq!(keep_alive.next_at(), seconds(115));
///
/// keep_alive.sent(seconds(110)); // an event
/// assert_eq!(keep_alive.due(seconds(115)), None);
///
/// let mut out = Vec::new();
/// if let Some(block) = keep_alive.due(seconds(125)) {
///     block.encode(&mut out)?;
///     keep_alive.sent(seconds(125));
/// }
/// assert_eq!(out, b": \n\n");
/// assert_eq!(keep_alive.next_at(), seconds(140));
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
///
/// What is due is a separate block, so write it between blocks, and never into one whose data is written piecewise.
/// Writing it also detects clients that have disconnected, because the write fails.
///
/// # Memory and cost
///
/// It borrows the block's texts, and allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive<'a> {
    interval: Duration,
    block: Block<'a>,
    last_sent: Duration,
}

impl<'a> KeepAlive<'a> {
    /// 15 seconds, as the specification suggests. Proxies and load balancers commonly close connections that are idle
    /// for 30 to 60 seconds, so one keep-alive may be late.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);

    /// Creates a schedule with an empty comment after each [`DEFAULT_INTERVAL`](Self::DEFAULT_INTERVAL) of silence,
    /// for a stream that starts `now`.
    pub const fn new(now: Duration) -> Self {
        KeepAlive {
            interval: Self::DEFAULT_INTERVAL,
            block: Block::new().comment(""),
            last_sent: now,
        }
    }

    /// The block to write.
    #[cfg(feature = "server")]
    pub(super) const fn text(&self) -> Block<'a> {
        self.block
    }

    /// Sets how long the stream may be silent. [`Duration::MAX`] means forever. With zero a keep-alive is always due,
    /// which makes a busy loop.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets what is written: a comment, which clients ignore, or an event for pages that detect silence themselves,
    /// because `EventSource` does not show comments.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sse_wire::{Block, server::KeepAlive};
    ///
    /// let keep_alive = KeepAlive::new(Duration::ZERO);
    /// assert!(keep_alive.block(Block::new().comment("still here")).is_ok());
    /// assert!(keep_alive.block(Block::new().event_type("ping").data("")).is_ok());
    /// assert!(keep_alive.block(Block::new().comment("two\nlines")).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// A block that can't be encoded is rejected here, so that it can't fail when it is due.
    pub fn block(mut self, block: Block<'a>) -> Result<Self, EncodeError> {
        block.encoded_len()?;
        self.block = block;
        Ok(self)
    }

    /// Call this after anything was written, including the keep-alive itself. A time before that of an earlier call
    /// changes nothing.
    pub fn sent(&mut self, now: Duration) {
        self.last_sent = self.last_sent.max(now);
    }

    /// Returns when the next keep-alive is due if nothing is written until then. Only [`sent`](Self::sent) changes it.
    pub const fn next_at(&self) -> Duration {
        self.last_sent.saturating_add(self.interval)
    }

    /// Returns what to write now; `None` if it is not yet time. It stays due until [`sent`](Self::sent) is called.
    pub fn due(&self, now: Duration) -> Option<Block<'a>> {
        (now >= self.next_at()).then_some(self.block)
    }
}

/// An empty comment after 15 seconds, for a stream that starts at zero.
impl Default for KeepAlive<'_> {
    fn default() -> Self {
        Self::new(Duration::ZERO)
    }
}
