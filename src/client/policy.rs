//! What the specification leaves open or optional about a connection: how long to wait, when to retry, and when to
//! give up.

use core::time::Duration;

/// How a [`Connection`](crate::Connection) behaves where the specification leaves a choice.
///
/// [`Policy::default`] is for programs; [`Policy::specification`] has nothing beyond the specification.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::Policy;
///
/// let policy = Policy {
///     max_reconnections: Some(10),
///     retry_status: |status| status == 404 || (Policy::new().retry_status)(status),
///     ..Policy::default()
/// };
/// assert_eq!(policy.floor, Duration::from_millis(500));
/// ```
///
/// # The wait before a reconnection
///
/// ```text
/// wait    = max(min(max(retry, Retry-After), cap), floor, backoff)
/// backoff = min(max(min(retry, cap), floor, 1 ms) · 2ⁿ, the policy's backoff)
/// ```
///
/// plus up to `jitter` percent, in whole milliseconds. `retry` is the reconnection time in force, and `n` is the
/// number of reconnections since the last healthy connection: one that stayed open for
/// [`healthy_after`](Self::healthy_after). Events don't matter: a quiet stream is not a failure, and a server that
/// sends one event and ends the stream is not healthy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The reconnection time until a `retry` line sets another.
    pub reconnection_time: Duration,
    /// The shortest wait, except after [`reconnect`](crate::Connection::reconnect).
    pub floor: Duration,
    /// The longest wait that a server can request.
    pub cap: Duration,
    /// The longest wait that doubling leads to while no connection is healthy; `None` for no doubling.
    pub backoff: Option<Duration>,
    /// At most how many percent of a wait are added at random, so that clients don't all return at once.
    ///
    /// The random numbers depend on a seed, which must differ between clients:
    /// [`Connection::with_seed`](crate::Connection::with_seed) sets it, and the default is zero. `EventSource` has a
    /// random seed, except on `wasm32-unknown-unknown`, where `EventSource::with_seed` must set one.
    pub jitter: u8,
    /// How long a connection must stay open to count as healthy.
    pub healthy_after: Duration,
    /// How many reconnections in a row are made without a healthy connection; `None` for no bound.
    pub max_reconnections: Option<u32>,
    /// After which statuses the request is sent again; any other is a failure. It is not called for 200 and 204.
    ///
    /// A function, or a closure that captures nothing.
    pub retry_status: fn(u16) -> bool,
    /// A content type that is accepted besides `text/event-stream`, such as `text/plain`.
    pub additional_type: Option<&'static str>,
    /// Whether a request may be sent again.
    pub send_again: SendAgain,
    /// How long a response's head may take after its request; `None` for no limit.
    pub head_timeout: Option<Duration>,
    /// How long an open connection may be silent.
    pub silence: Silence,
}

/// How long an open connection may be silent before it counts as lost, by what ends the silence; `None` for no limit.
///
/// Each class also counts for those before it: an event is a sign of life of every class, but a keep-alive comment
/// does not reset the time limit for events.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::{Policy, Silence};
///
/// // The server sends a keep-alive every 15 seconds.
/// let silence = Silence { bytes: Some(Duration::from_secs(45)), ..Silence::default() };
/// let policy = Policy { silence, ..Policy::default() };
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// For [any byte](super::Liveness::Bytes).
    pub bytes: Option<Duration>,
    /// For [comments](super::Liveness::Comments), blocks, and events.
    pub comments: Option<Duration>,
    /// For [blocks](super::Liveness::Blocks) and events.
    pub blocks: Option<Duration>,
    /// For [events](super::Liveness::Events).
    pub events: Option<Duration>,
}

/// Whether a request may be sent again after its connection was lost.
///
/// ```
/// use sse_wire::{Policy, SendAgain};
///
/// let policy = Policy { send_again: SendAgain::IfSafe, ..Policy::default() };
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendAgain {
    /// Always: for GET, and other requests that are safe to repeat.
    #[default]
    Always,
    /// Only if nothing of a stream was received, or there is a last event ID to resume after: for a POST that has
    /// side effects.
    IfSafe,
}

const SECOND: Duration = Duration::from_secs(1);

impl Policy {
    /// Returns the rules of the specification and nothing else: the wait is the reconnection time, 3 s until a `retry`
    /// line sets another; no status leads to a retry; there is no time limit.
    pub const fn specification() -> Self {
        Policy {
            reconnection_time: Duration::from_secs(3),
            floor: Duration::ZERO,
            cap: Duration::MAX,
            backoff: None,
            jitter: 0,
            healthy_after: Duration::from_secs(5),
            max_reconnections: None,
            retry_status: |_| false,
            additional_type: None,
            send_again: SendAgain::Always,
            head_timeout: None,
            silence: Silence { bytes: None, comments: None, blocks: None, events: None },
        }
    }

    /// Returns the policy for a program on a real network, which is also [`Policy::default`]: waits of at least 500 ms,
    /// doubling up to 60 s, of at most an hour if the server requests it, with a jitter of 20 percent; a retry after
    /// 408, 425, 429, 500, 502, 503, and 504; at most 60 s for a response's head.
    pub const fn new() -> Self {
        Policy {
            floor: Duration::from_millis(500),
            cap: Duration::from_secs(3600),
            backoff: Some(Duration::from_secs(60)),
            jitter: 20,
            retry_status: |status| matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            head_timeout: Some(Duration::from_secs(60)),
            ..Self::specification()
        }
    }

    /// Returns the wait after `n` reconnections without a healthy connection, without jitter.
    pub(super) fn wait(
        &self,
        reconnection_time: Duration,
        retry_after: Option<Duration>,
        n: u32,
    ) -> Duration {
        let asked = reconnection_time.max(retry_after.unwrap_or_default());
        let wait = asked.min(self.cap).max(self.floor);
        let Some(most) = self.backoff else { return wait };
        let first = reconnection_time.min(self.cap).max(self.floor).max(SECOND / 1000);
        // 2⁸⁰ ms are beyond what a `Duration` can be.
        let grown = (0..n.min(80)).fold(first, |wait, _| wait.saturating_mul(2));
        wait.max(grown.min(most))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
