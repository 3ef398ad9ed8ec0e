//! The connection rules
//! ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)),
//! and what is optional about them: everything of an event source but its parser.
//!
//! A letter to the maintainer. The inputs only change the state; time passes in [`poll`] alone, so
//! a wait begins at the first poll after a connection was lost. What has to be told is part of the
//! state, save that a connection may be lost before its opening was told.
//!
//! [`poll`]: Connection::poll

use core::mem;
use core::time::Duration;

use super::action::{Action, Failure, Interruption, ReadyState};
use super::backoff::Backoff;
use super::content_type::is_event_stream;
use super::idle::Idle;

/// The reconnection time before a `retry` line.
const RECONNECTION_TIME: Duration = Duration::from_millis(3000);

#[derive(Clone, Debug)]
pub(crate) struct Connection {
    state: State,
    /// Whether the opening is still to be told.
    announce_open: bool,
    /// The latest time that was given.
    now: Duration,
    /// The reconnection time while no `retry` line has set it.
    pub(crate) reconnection_time: Duration,
    /// How many there were since the last event.
    reconnections: u32,
    pub(crate) max_reconnections: Option<u32>,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) idle: Idle,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// There will be a request.
    Waiting {
        until: Duration,
    },
    /// The driver was told to send it.
    Requested,
    Open,
    /// The connection is lost, and nobody knows yet.
    Interrupted(Interruption),
    /// It failed, and nobody knows yet.
    Failed(Failure),
    Closed,
}

impl Connection {
    pub(crate) const fn new() -> Self {
        Connection {
            state: State::Waiting { until: Duration::ZERO },
            announce_open: false,
            now: Duration::ZERO,
            reconnection_time: RECONNECTION_TIME,
            reconnections: 0,
            max_reconnections: None,
            backoff: None,
            idle: Idle::new(),
        }
    }

    pub(crate) const fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Waiting { .. } | State::Requested | State::Interrupted(_) => {
                ReadyState::Connecting
            }
            State::Open => ReadyState::Open,
            State::Failed(_) | State::Closed => ReadyState::Closed,
        }
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Takes a response. Whether it opens the connection.
    pub(crate) fn respond(&mut self, status: u16, content_type: Option<&[u8]>) -> bool {
        if !matches!(self.state, State::Requested) {
            return false;
        }
        if status != 200 {
            self.state = State::Failed(Failure::Status(status));
        } else if !content_type.is_some_and(is_event_stream) {
            self.state = State::Failed(Failure::ContentType);
        } else {
            self.state = State::Open;
            self.announce_open = true;
            self.idle.begin();
        }
        self.is_open()
    }

    /// Loses the connection, where there is one.
    pub(crate) fn interrupt(&mut self, last: Interruption) {
        if !matches!(self.state, State::Requested | State::Open) {
            return;
        }
        self.state = match self.max_reconnections {
            Some(count) if self.reconnections >= count => {
                State::Failed(Failure::Reconnections { count, last })
            }
            _ => State::Interrupted(last),
        };
    }

    /// The server is of use: what counts failures begins anew.
    pub(crate) fn deliver_event(&mut self) {
        self.reconnections = 0;
    }

    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
        self.announce_open = false;
    }

    /// Lets time pass. The arguments behind it are those in force.
    pub(crate) fn poll<'a>(
        &mut self,
        now: Duration,
        reconnection_time: Duration,
        last_event_id: Option<&'a str>,
    ) -> Action<'a> {
        self.now = self.now.max(now);
        if mem::take(&mut self.announce_open) {
            return Action::Opened;
        }
        if self.is_open() {
            if let Some(class) = self.idle.check(self.now) {
                self.interrupt(Interruption::Idle(class));
            }
        }
        match self.state {
            State::Waiting { until } if self.now < until => Action::Wait { until },
            State::Waiting { .. } => {
                self.state = State::Requested;
                Action::Connect { last_event_id }
            }
            State::Requested => Action::Receive { until: None },
            State::Open => Action::Receive { until: self.idle.deadline() },
            State::Interrupted(reason) => {
                let delay = Duration::from_millis(self.wait(reconnection_time));
                self.state = State::Waiting { until: self.now.saturating_add(delay) };
                Action::Reconnecting { reason, delay }
            }
            State::Failed(failure) => {
                self.state = State::Closed;
                Action::Failed(failure)
            }
            State::Closed => Action::Stop,
        }
    }

    /// How long to wait for the next reconnection, in milliseconds.
    fn wait(&mut self, reconnection_time: Duration) -> u64 {
        // Rounded up: no wait is shorter.
        let reconnection_time = reconnection_time.saturating_add(Duration::from_nanos(999_999));
        let reconnection_time = u64::try_from(reconnection_time.as_millis()).unwrap_or(u64::MAX);
        let reconnections = self.reconnections;
        self.reconnections = reconnections.saturating_add(1);
        match &mut self.backoff {
            Some(backoff) => backoff.wait(reconnection_time, reconnections),
            None => reconnection_time,
        }
    }
}
