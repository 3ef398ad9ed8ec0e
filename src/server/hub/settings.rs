//! What a hub holds, and how it greets its subscribers.

use alloc::string::String;
use core::time::Duration;

use super::super::KeepAlive;
use crate::encode::Block;
use crate::error::EncodeError;

/// What a [`Hub`](super::Hub), or one of its topics, holds for subscribers that come back or read
/// slowly: 16 MiB unless set.
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
    /// How many events. Zero counts as one: the newest is always held until a later one comes, or
    /// its time.
    pub events: Option<usize>,
    /// How many bytes: the events as they are encoded, their ids, and for each of them
    /// [`BLOCK_OVERHEAD`](Self::BLOCK_OVERHEAD). An event that needs more by itself is refused.
    pub bytes: usize,
    /// How long: an event is gone when it is this old.
    pub age: Option<Duration>,
}

impl Retention {
    /// What an event takes beside its bytes and its id: the place in the order, the place in the
    /// index of ids, reference counts, and spare room, so that the bound for bytes is one for
    /// memory even if events are small.
    pub const BLOCK_OVERHEAD: usize = 384;

    /// What a topic that holds an event takes by itself; it counts for all such topics but one.
    pub const TOPIC_OVERHEAD: usize = 1024;

    /// 16 MiB, of any count and age: as much as a [`Parser`](crate::Parser) retains by itself.
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
    pub(super) retry: Option<u64>,
    pub(super) gap_type: String,
    pub(super) gap_data: String,
    pub(super) keep_alive: KeepAlive<'static>,
}

impl Settings {
    /// [`Retention::new`]; ids made by the hub; new subscribers are given what is published from then
    /// on; gaps are events of the type `gap`; [`KeepAlive::default`].
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

    /// Sets how much is held: by each topic that [`Hub::retain`](super::Hub::retain) says nothing
    /// else of; `bytes` also by all topics together, for each of which but one
    /// [`TOPIC_OVERHEAD`](Retention::TOPIC_OVERHEAD) counts as well.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Leaves ids to the caller: an event without one has none. Otherwise the hub makes one for each
    /// event that has data and none of its own, from the time of its start and a number.
    ///
    /// If several servers share a stream, ids have to be the stream's, so that clients fail over
    /// to another server.
    #[must_use]
    pub fn own_ids(mut self) -> Self {
        self.makes_ids = false;
        self
    }

    /// Gives new subscribers, too, what is held.
    #[must_use]
    pub fn replay_to_new(mut self) -> Self {
        self.replay_to_new = true;
        self
    }

    /// Ends a subscriber that is behind by more than is held: it gets the gap event when it comes back.
    /// Otherwise it gets the gap event at once, and goes on with the oldest event.
    #[must_use]
    pub fn end_lagging(mut self) -> Self {
        self.end_lagging = true;
        self
    }

    /// Gives a new subscriber an event with an id and empty data first, unless others follow at once.
    /// So one that is cut before the first event can resume too.
    #[must_use]
    pub fn initial_id(mut self) -> Self {
        self.initial_id = true;
        self
    }

    /// Sets the reconnection time that each subscriber is given first.
    #[must_use]
    pub fn retry(mut self, time: Duration) -> Self {
        self.retry = Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Sets the event that a subscriber gets if it has missed others. It is no comment, since a page
    /// can't see those.
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

    /// Sets what is written after silence, and after how much. The times of `keep_alive` begin at
    /// zero, as [`KeepAlive::default`] does.
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
