//! The rules of a connection
//! ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)) and its policy:
//! everything in a [`Connection`](crate::Connection) except its parser.
//!
//! # Implementation notes
//!
//! The inputs only change the state; time passes in [`poll`](Rules::poll) alone. So the first poll after a connection
//! was lost starts the wait, and determines how long the connection was open.

use core::mem::take;
use core::time::Duration;

use super::action::{Action, Failure, Interruption, Notice, ReadyState};
use super::idle::Idle;
use super::jitter::SplitMix64;
use super::policy::{Policy, SendAgain};
use super::response::ResponseHead;

#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) policy: Policy,
    pub(crate) random: SplitMix64,
    state: State,
    /// Whether a notice that the connection is open waits; `notice` comes after it.
    opened: bool,
    notice: Option<Notice>,
    /// The latest time of a poll.
    now: Duration,
    /// When the connection opened; kept until its loss is handled.
    since: Option<Duration>,
    /// The number of reconnections since the last healthy connection.
    reconnections: u32,
    /// The `Retry-After` of a response that leads to a retry.
    retry_after: Option<Duration>,
    /// Whether bytes of a stream were received.
    received: bool,
    pub(crate) idle: Idle,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A request is due.
    Due,
    Waiting {
        until: Duration,
    },
    /// The driver was asked to send it.
    Requested {
        until: Option<Duration>,
    },
    Open,
    /// The connection was lost, and the wait has not started.
    Interrupted(Interruption),
    /// Ended by the server, or failed.
    Over,
    /// Closed by the caller.
    Closed,
}

impl Rules {
    pub(crate) const fn new(policy: Policy) -> Self {
        Rules {
            idle: Idle::new(policy.silence),
            policy,
            random: SplitMix64(0),
            state: State::Due,
            opened: false,
            notice: None,
            now: Duration::ZERO,
            since: None,
            reconnections: 0,
            retry_after: None,
            received: false,
        }
    }

    pub(crate) const fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Open => ReadyState::Open,
            State::Over | State::Closed => ReadyState::Closed,
            _ => ReadyState::Connecting,
        }
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub(crate) fn next_notice(&mut self) -> Option<Notice> {
        if take(&mut self.opened) { Some(Notice::Open) } else { self.notice.take() }
    }

    /// Takes a response. Returns whether it opens the connection.
    pub(crate) fn respond(&mut self, head: &ResponseHead<'_>) -> bool {
        if !matches!(self.state, State::Requested { .. }) {
            return false;
        }
        match head.check(self.policy.additional_type) {
            Ok(()) => {
                self.state = State::Open;
                (self.opened, self.notice) = (true, None);
                self.idle.begin();
            }
            Err(Failure::Status(204)) => self.stop(Notice::Ended),
            Err(Failure::Status(status)) if (self.policy.retry_status)(status) => {
                self.retry_after = head.retry_after();
                self.interrupt(Interruption::Status(status));
            }
            Err(failure) => self.stop(Notice::Failed(failure)),
        }
        self.is_open()
    }

    /// Takes bytes of an open connection, which begin at `position` of the stream.
    pub(crate) fn receive(&mut self, chunk: &[u8], position: u64) {
        self.received |= !chunk.is_empty();
        self.idle.look_at(chunk, position);
    }

    /// Marks the connection as lost, if there is one.
    pub(crate) fn interrupt(&mut self, reason: Interruption) {
        if matches!(self.state, State::Requested { .. } | State::Open) {
            self.state = State::Interrupted(reason);
        }
    }

    /// Makes a request due at once, except after `close`.
    pub(crate) fn reconnect(&mut self) {
        match self.state {
            State::Due | State::Closed => return,
            State::Over => self.reconnections = 0,
            _ => {}
        }
        self.state = State::Due;
        let (reason, delay) = (Interruption::Asked, Duration::ZERO);
        self.notice = Some(Notice::Reconnecting { reason, delay });
    }

    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
        (self.opened, self.notice) = (false, None);
    }

    fn stop(&mut self, notice: Notice) {
        self.state = State::Over;
        self.notice = Some(notice);
    }

    /// Advances the time. The other arguments are the reconnection time in force, and whether there is a last event ID.
    pub(crate) fn poll(
        &mut self,
        now: Duration,
        reconnection_time: Duration,
        has_id: bool,
    ) -> Action {
        self.now = self.now.max(now);
        match self.state {
            State::Open => {
                self.since.get_or_insert(self.now);
                if let Some(class) = self.idle.check(self.now) {
                    self.interrupt(Interruption::Silence(class));
                }
            }
            State::Requested { until: Some(until) } if self.now >= until => {
                self.interrupt(Interruption::NoResponse);
            }
            _ => {}
        }
        if !self.is_open() {
            if let Some(since) = self.since.take() {
                if self.now - since >= self.policy.healthy_after {
                    self.reconnections = 0;
                }
            }
        }
        if let State::Interrupted(reason) = self.state {
            self.lose(reason, reconnection_time, has_id);
        }
        match self.state {
            State::Waiting { until } if self.now < until => Action::Wait { until },
            State::Due | State::Waiting { .. } => {
                let timeout = self.policy.head_timeout;
                let until = timeout.map(|timeout| self.now.saturating_add(timeout));
                self.state = State::Requested { until };
                Action::Connect
            }
            State::Requested { until } => Action::Receive { until },
            State::Open => Action::Receive { until: self.idle.deadline() },
            State::Interrupted(_) | State::Over | State::Closed => Action::Stop,
        }
    }

    /// Starts the wait after a connection, or gives up.
    fn lose(&mut self, reason: Interruption, reconnection_time: Duration, has_id: bool) {
        let retry_after = self.retry_after.take();
        if self.policy.send_again == SendAgain::IfSafe && self.received && !has_id {
            return self.stop(Notice::Failed(Failure::NotSafe { reason }));
        }
        let count = self.reconnections;
        if self.policy.max_reconnections.is_some_and(|most| count >= most) {
            let failure = Failure::Reconnections { count, last: reason };
            return self.stop(Notice::Failed(failure));
        }
        let wait = self.policy.wait(reconnection_time, retry_after, count);
        let delay = self.random.lengthen(wait, self.policy.jitter);
        self.reconnections = count.saturating_add(1);
        self.state = State::Waiting { until: self.now.saturating_add(delay) };
        self.notice = Some(Notice::Reconnecting { reason, delay });
    }
}
