//! What a hub retains and has done, in numbers.

#[cfg(doc)]
use super::{Hub, Retention};

/// What a [`Hub`] retains, and what it has done: see [`Hub::counts`].
///
/// ```
/// use sse_wire::Block;
/// use sse_wire::server::{Hub, Retention};
///
/// let hub = Hub::new(Retention::new());
/// hub.publish(&Block::new().data("1"))?;
/// let counts = hub.counts();
/// assert_eq!((counts.events, counts.published, counts.subscribers), (1, 1, 0));
/// # Ok::<(), sse_wire::server::PublishError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// The connected subscribers.
    pub subscribers: usize,
    /// The topics that retain events or have a subscriber.
    pub topics: usize,
    /// The retained events.
    pub events: usize,
    /// The retained bytes, as [`Retention::bytes`](field@Retention::bytes) counts them.
    pub bytes: usize,
    /// The number of events by which the slowest subscriber is behind.
    pub most_behind: usize,
    /// The published events.
    pub published: u64,
    /// The gap events that were sent to subscribers.
    pub gaps: u64,
    /// The subscribers that disconnected.
    pub left: u64,
    /// The subscribers that were ended because they were too far behind.
    pub lagging: u64,
    /// The subscribers that were ended because their topics, or the hub, were closed.
    pub ended: u64,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) published: u64,
    pub(super) left: u64,
    pub(super) lagging: u64,
    pub(super) ended: u64,
    pub(super) gaps: u64,
}
