//! When a silent stream needs a keep-alive
//! ([9.2.7](https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes)).
//!
//! Implementation notes. The schedule has one input, that something was written at a time,
//! and one state, when that was last. A keep-alive is written as anything else is, so it needs no
//! rule of its own.

use core::time::Duration;

use crate::encode::Block;
use crate::error::EncodeError;

/// When a stream has been silent for too long, and what to write then.
///
/// Times are those of one monotonic clock, from any beginning: `Instant::elapsed` of when the
/// server started, for example.
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
/// What is due is a block of its own, so write it between blocks, never into one whose data is
/// coming piecewise. Writing it also shows which clients have gone: to a closed connection it
/// fails.
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
    /// 15 seconds, as the specification suggests: proxies and load balancers commonly cut
    /// connections that have been idle for 30 to 60 seconds, so one sign of life may be late.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);

    /// An empty comment after each [`DEFAULT_INTERVAL`](Self::DEFAULT_INTERVAL) of silence, for a
    /// stream that begins `now`.
    pub const fn new(now: Duration) -> Self {
        KeepAlive {
            interval: Self::DEFAULT_INTERVAL,
            block: Block::new().comment(""),
            last_sent: now,
        }
    }

    /// What is written.
    #[cfg(feature = "server")]
    pub(super) const fn text(&self) -> Block<'a> {
        self.block
    }

    /// Sets how long the stream may be silent. [`Duration::MAX`] is for ever; zero is due whenever
    /// asked, which makes a loop that never rests.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets what is written: a comment, which no client hands on, or an event for clients that
    /// watch for silence themselves, since `EventSource` does not show comments.
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
    /// A block that can't be encoded is refused here, so that it can't fail when it is due.
    pub fn block(mut self, block: Block<'a>) -> Result<Self, EncodeError> {
        block.encoded_len()?;
        self.block = block;
        Ok(self)
    }

    /// To be called whenever anything was written, the keep-alive itself included. A time before
    /// that of an earlier call changes nothing.
    pub fn sent(&mut self, now: Duration) {
        self.last_sent = self.last_sent.max(now);
    }

    /// When the next keep-alive is due if nothing is written until then. Only
    /// [`sent`](Self::sent) changes it.
    pub const fn next_at(&self) -> Duration {
        self.last_sent.saturating_add(self.interval)
    }

    /// What to write now; `None` if it is not yet time. It stays due until
    /// [`sent`](Self::sent) is called.
    pub fn due(&self, now: Duration) -> Option<Block<'a>> {
        (now >= self.next_at()).then_some(self.block)
    }
}

/// An empty comment after 15 seconds, for a stream that begins at zero.
impl Default for KeepAlive<'_> {
    fn default() -> Self {
        Self::new(Duration::ZERO)
    }
}
