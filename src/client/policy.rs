//! What the specification leaves open or optional about a connection: how long to wait, what to try
//! again, when to give up.

use core::time::Duration;

/// How a [`Connection`](crate::Connection) behaves if the specification leaves it open.
///
/// [`Policy::default`] is for programs, [`Policy::specification`] is the bare specification.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::Policy;
///
/// let policy = Policy {
///     max_reconnections: Some(10),
///     retry_status: |status| status == 401 || status >= 500,
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
/// and up to `jitter` percent of it on top, in whole milliseconds. `retry` is the reconnection time in
/// force, and `n` the number of reconnections since the last healthy connection: one that has stood
/// for [`healthy_after`](Self::healthy_after). Events don't matter: a quiet stream is no failure, and
/// a server that sends one event and dies is not healthy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The reconnection time until a `retry` line sets another.
    pub reconnection_time: Duration,
    /// No wait is shorter, except if the user asks for a [reconnection](crate::Connection::reconnect).
    pub floor: Duration,
    /// The longest wait that a server can ask for.
    pub cap: Duration,
    /// How far waits double while no connection is healthy; `None` if they don't.
    pub backoff: Option<Duration>,
    /// Up to how many percent of a wait are added at random, so that clients don't come back at once.
    pub jitter: u8,
    /// How long a connection must stand to be healthy.
    pub healthy_after: Duration,
    /// How many reconnections in a row may pass without a healthy connection; `None` for any number.
    pub max_reconnections: Option<u32>,
    /// Which statuses are tried again, rather than being a failure. 200 and 204 are not asked.
    ///
    /// This can be a function, or a closure that captures nothing.
    pub retry_status: fn(u16) -> bool,
    /// A type that a response may have in place of `text/event-stream`, like `text/plain`.
    pub additional_type: Option<&'static str>,
    /// Whether a request may be sent again.
    pub send_again: SendAgain,
    /// How long a response's head may take after its request; `None` for any time.
    pub head_timeout: Option<Duration>,
    /// How long an open connection may be silent.
    pub silence: Silence,
}

/// How long an open connection may be silent before it counts as lost, by what breaks the silence; `None`
/// for any time.
///
/// Each class counts for those before it: an event is a sign of life of every class. A keep-alive comment
/// does not reset the time limit for events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// For [any byte](super::Liveness::Bytes).
    pub bytes: Option<Duration>,
    /// For [comments](super::Liveness::Comments), and what is more.
    pub comments: Option<Duration>,
    /// For [blocks](super::Liveness::Blocks), and what is more.
    pub blocks: Option<Duration>,
    /// For [events](super::Liveness::Events).
    pub events: Option<Duration>,
}

/// Whether a request may be sent again after its connection was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendAgain {
    /// Always: for GET, and whatever else does nothing twice.
    #[default]
    Always,
    /// Only if nothing of a stream was received, or there is a last event ID to resume after: for a
    /// POST that does work.
    IfSafe,
}

const SECOND: Duration = Duration::from_secs(1);

impl Policy {
    /// The rules of the specification and nothing else: the wait is the reconnection time, 3 s until a
    /// `retry` line sets another; no status is tried again; there is no time limit.
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

    /// What a program on a real network needs: waits of at least 500 ms, of at most an hour if the
    /// server asks for more, doubling up to 60 s with a jitter of 20 percent; 408, 425, 429, 500, 502,
    /// 503 and 504 are tried again; a response's head may take 60 s. This is [`Policy::default`].
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

    /// The wait after `n` reconnections without a healthy connection, without jitter.
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
