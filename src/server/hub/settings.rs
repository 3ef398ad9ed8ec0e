//! The settings of a hub: what it retains, and what it sends to new subscribers.

use alloc::string::String;
use core::time::Duration;

use super::super::KeepAlive;
use crate::encode::Block;
use crate::error::EncodeError;

/// How much a [`Hub`](super::Hub), or one of its topics, retains for subscribers that reconnect or read slowly: 16 MiB
/// by default.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::server::Retention;
///
/// let retention = Retention::new().events(1000).age(Duration::from_secs(300));
/// assert_eq!(retention.bytes, 16 << 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Retention {
    /// The largest number of events; `None` for no bound. Zero counts as one: the newest event is retained until the next
    /// one, or until its age.
    pub events: Option<usize>,
    /// The largest number of bytes: encoded events, their IDs, and [`BLOCK_OVERHEAD`](Self::BLOCK_OVERHEAD) for each. A
    /// single event that needs more is rejected.
    pub bytes: usize,
    /// The age at which an event is evicted; `None` for no bound.
    pub age: Option<Duration>,
}

impl Retention {
    /// What an event takes besides its bytes and its ID: entries in the order and in the index of IDs, reference
    /// counts, and spare room. So the bound for bytes bounds the memory even if events are small.
    pub const BLOCK_OVERHEAD: usize = 384;

    /// What a topic that retains an event takes by itself. It counts for all such topics except one.
    pub const TOPIC_OVERHEAD: usize = 1024;

    /// Returns the default: 16 MiB, with any number and age of events, as much as a [`Parser`](crate::Parser) retains
    /// by default.
    pub const fn new() -> Self {
        Retention { events: None, bytes: 16 << 20, age: None }
    }

    /// Sets [`events`](field@Self::events).
    #[must_use]
    pub const fn events(mut self, events: usize) -> Self {
        self.events = Some(events);
        self
    }

    /// Sets [`bytes`](field@Self::bytes).
    #[must_use]
    pub const fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets [`age`](field@Self::age).
    #[must_use]
    pub const fn age(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self::new()
    }
}

/// How a [`Hub`](super::Hub) behaves.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::server::{Hub, Retention, Settings};
///
/// let settings = Settings::new()
///     .retention(Retention::new().events(1000))
///     .retry(Duration::from_secs(1))
///     .gap("reload", "events are lost: load the whole state")?;
/// let hub = Hub::new(settings);
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) retention: Retention,
    pub(super) makes_ids: bool,
    pub(super) replay_to_new: bool,
    pub(super) end_lagging: bool,
    pub(super) initial_id: bool,
    pub(super) retry: Option<Duration>,
    pub(super) gap_type: String,
    pub(super) gap_data: String,
    pub(super) keep_alive: KeepAlive<'static>,
}

impl Settings {
    /// Returns the default: [`Retention::new`]; the hub generates IDs; new subscribers get what is published from then on;
    /// the gap event has the type `gap`; [`KeepAlive::default`].
    pub fn new() -> Self {
        Settings {
            retention: Retention::new(),
            makes_ids: true,
            replay_to_new: false,
            end_lagging: false,
            initial_id: false,
            retry: None,
            gap_type: "gap".into(),
            gap_data: "events were lost: load the whole state".into(),
            keep_alive: KeepAlive::default(),
        }
    }

    /// Sets how much each topic retains, unless [`Hub::retain`](super::Hub::retain) sets another. `bytes` also bounds
    /// all topics together, with [`TOPIC_OVERHEAD`](Retention::TOPIC_OVERHEAD) for each of them except one.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Leaves IDs to the caller: an event without an ID has none. By default the hub generates an ID for each event with
    /// data and without an ID, from the time of its start and a number.
    ///
    /// If several servers share a stream, use the stream's IDs, so that clients can fail over to another server.
    #[must_use]
    pub fn own_ids(mut self) -> Self {
        self.makes_ids = false;
        self
    }

    /// Sends the retained events to new subscribers too.
    #[must_use]
    pub fn replay_to_new(mut self) -> Self {
        self.replay_to_new = true;
        self
    }

    /// Ends a subscriber whose next event was evicted; it gets the gap event when it reconnects. By default it gets
    /// the gap event at once, and continues with the oldest event.
    #[must_use]
    pub fn end_lagging(mut self) -> Self {
        self.end_lagging = true;
        self
    }

    /// Sends an event with an ID and empty data to a new subscriber first, unless others follow at once, so that a
    /// client can resume even if its connection is lost before the first event.
    #[must_use]
    pub fn initial_id(mut self) -> Self {
        self.initial_id = true;
        self
    }

    /// Sets a reconnection time that is sent to each subscriber first.
    #[must_use]
    pub fn retry(mut self, time: Duration) -> Self {
        self.retry = Some(time);
        self
    }

    /// Sets the event that a subscriber gets if it has missed others. It is not a comment, because a page can't read
    /// comments.
    ///
    /// # Errors
    ///
    /// A type with a line break.
    pub fn gap(mut self, event_type: &str, data: &str) -> Result<Self, EncodeError> {
        Block::new().event_type(event_type).encoded_len()?;
        self.gap_type = event_type.into();
        self.gap_data = data.into();
        Ok(self)
    }

    /// Sets what is written after silence, and after how much. The times of `keep_alive` start at zero, as with
    /// [`KeepAlive::default`].
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: KeepAlive<'static>) -> Self {
        self.keep_alive = keep_alive;
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Retention> for Settings {
    fn from(retention: Retention) -> Self {
        Settings::new().retention(retention)
    }
}
