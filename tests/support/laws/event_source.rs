//! A connection that reconnects.

use std::time::Duration;

use arbitrary::Arbitrary;
use sse_wire::{
    Action, Arrays, Connection, End, Failure, Interruption, Limits, Notice, ParseError, Parser,
    Policy, ReadyState, ResponseHead, Silence,
};

use super::super::arrays::within;
use super::super::outcome::{Output, drain, pending};
use super::input::{Controls, SEPARATOR, limit, stream_and_controls};

/// A policy; zero means none.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Settings {
    reconnection_time: u8,
    backoff: u8,
    jitter: u8,
    max_reconnections: u8,
    idle: [u8; 4],
    limit: u8,
}

impl Controls for Settings {
    const LEN: usize = 9;
}

/// The longest limit, and the length of each array.
const AMPLE: usize = 1024;

impl Settings {
    fn limit(self) -> usize {
        match self.limit {
            0 => AMPLE,
            byte => limit(byte).min(AMPLE),
        }
    }

    fn policy(self) -> Policy {
        let some = |number: u8| Some(number).filter(|&number| number > 0);
        let seconds = |number: u8| some(number).map(|number| Duration::from_secs(number.into()));
        let mut policy = Policy::specification();
        if let Some(time) = some(self.reconnection_time) {
            policy.reconnection_time = Duration::from_millis(100) * time.into();
        }
        policy.backoff = seconds(self.backoff);
        policy.jitter = self.jitter;
        policy.max_reconnections = some(self.max_reconnections).map(u32::from);
        let [bytes, comments, blocks, events] = self.idle.map(seconds);
        policy.silence = Silence { bytes, comments, blocks, events };
        policy
    }
}

/// Whatever happens in whatever order, a connection follows the laws of its documentation, returns what a plain parser
/// would return for each stream, and does the same over arrays and growable buffers.
///
/// An input is a list of steps with [`SEPARATOR`] between them, each named by its first byte: `t` time passes, `r` a
/// response, `b`, `o`, and `d` bytes, `e` the end, `n` a network error, `a` reconnect, `c` close. The connection is
/// polled after each step, except after one with a capital letter.
pub fn event_source(input: &[u8]) {
    let (steps, settings) = stream_and_controls::<Settings>(input);
    let growable = Parser::with_limit(settings.limit());
    let limits = Limits { retained: settings.limit(), ..Limits::DEFAULT };
    let arrays = within(limits, [0xFF; AMPLE], [0xFF; AMPLE], [0xFF; 3 * AMPLE]);
    let mut world = World {
        settings,
        source: Connection::with_parser(growable.clone(), settings.policy()),
        fixed: Connection::with_parser(arrays, settings.policy()),
        parser: growable,
        now: Duration::ZERO,
        requested: false,
        until: Duration::ZERO,
        since: None,
        reconnections: 0,
        closed: false,
    };
    world.poll();
    for step in steps.split(|&byte| byte == SEPARATOR) {
        let Some((&name, rest)) = step.split_first() else { continue };
        match name.to_ascii_lowercase() {
            b't' => {
                let text = String::from_utf8_lossy(rest);
                let time = Duration::from_millis(text.trim().parse().unwrap_or(rest.len() as u64));
                world.now = world.now.saturating_add(time);
            }
            b'r' => world.respond(rest),
            b'b' => world.push(rest, usize::MAX),
            b'd' => world.push(rest, 1),
            b'o' => world.push_items(rest),
            b'e' => world.interrupt(Connection::handle_end, Connection::handle_end),
            b'n' => {
                world.interrupt(Connection::handle_network_error, Connection::handle_network_error)
            }
            b'a' => {
                world.source.reconnect();
                world.fixed.reconnect();
                world.requested = false;
            }
            b'c' => {
                world.source.close();
                world.fixed.close();
                world.closed = true;
                world.requested = false;
                assert_eq!(world.source.ready_state(), ReadyState::Closed);
            }
            _ => {}
        }
        assert_eq!(world.source.ready_state(), world.fixed.ready_state());
        if !name.is_ascii_uppercase() {
            world.poll();
        }
    }
    world.poll();
}

type OverArrays = Connection<Arrays<[u8; AMPLE], [u8; AMPLE], [u8; 3 * AMPLE]>>;

struct World {
    settings: Settings,
    source: Connection,
    fixed: OverArrays,
    /// A parser that gets only the bytes of each open connection.
    parser: Parser,
    now: Duration,
    /// Whether a request waits for its response.
    requested: bool,
    /// No request is sent before that.
    until: Duration,
    /// When the connection opened.
    since: Option<Duration>,
    /// How often in a row the connection was lost since the last healthy one.
    reconnections: u32,
    /// Whether nothing more may be returned.
    closed: bool,
}

impl World {
    /// Polls until there is something to wait for.
    fn poll(&mut self) {
        loop {
            let before = self.source.ready_state();
            let id = self.source.parser().last_event_id();
            assert_eq!(id, self.parser.last_event_id());
            let header = self.source.last_event_id_header();
            assert!(header.is_none_or(|header| header == id && !header.is_empty()));
            let action = self.source.poll(self.now);
            assert_eq!(action, self.fixed.poll(self.now));
            if before == ReadyState::Open {
                self.since.get_or_insert(self.now);
            }
            while let Some(notice) = self.source.next_notice() {
                assert_eq!(self.fixed.next_notice(), Some(notice));
                assert!(!self.closed, "{notice:?} after the end");
                self.record(notice);
            }
            assert_eq!(self.fixed.next_notice(), None);
            match action {
                Action::Connect => {
                    assert!(!self.closed && !self.requested && self.now >= self.until, "too early");
                    self.requested = true;
                }
                Action::Receive { until } => {
                    assert!(!self.closed);
                    assert!(until.is_none_or(|until| until > self.now || until == Duration::MAX));
                    let idle = self.settings.idle != [0; 4] && before == ReadyState::Open;
                    assert_eq!(until.is_some(), idle);
                    return;
                }
                Action::Wait { until } => {
                    assert!(!self.closed && until > self.now);
                    assert_eq!(until, self.until);
                    return;
                }
                Action::Stop => {
                    assert_eq!(self.source.ready_state(), ReadyState::Closed);
                    return;
                }
            }
        }
    }

    fn record(&mut self, notice: Notice) {
        if notice != Notice::Open {
            self.requested = false;
            let since = self.since.take();
            if since.is_some_and(|since| self.now - since >= Duration::from_secs(5)) {
                self.reconnections = 0;
            }
        }
        match notice {
            Notice::Reconnecting { reason: Interruption::Asked, delay, .. } => {
                assert_eq!(delay, Duration::ZERO);
                self.until = self.now;
            }
            Notice::Reconnecting { reason, delay, .. } => {
                let reconnection_time = self.source.reconnection_time();
                assert!(delay >= reconnection_time);
                let cap = Duration::from_secs(self.settings.backoff.into());
                let most = reconnection_time.max(cap).as_millis();
                let jitter = most * u128::from(self.settings.jitter) / 100;
                assert!(delay.as_millis() <= (most + jitter).min(u64::MAX.into()));
                if let Interruption::Silence(_) = reason {
                    assert_ne!(self.settings.idle, [0; 4]);
                }
                self.until = self.now.saturating_add(delay);
                self.reconnections += 1;
                let most = u32::from(self.settings.max_reconnections);
                assert!(most == 0 || self.reconnections <= most);
            }
            Notice::Failed(Failure::Reconnections { count, .. }) => {
                assert_eq!(count, u32::from(self.settings.max_reconnections));
                assert_eq!(count, self.reconnections);
                // Starting again after a failure resets the count.
                self.reconnections = 0;
            }
            Notice::Ended | Notice::Failed(_) => self.reconnections = 0,
            _ => {}
        }
    }

    /// Three digits, and the type after them.
    fn respond(&mut self, response: &[u8]) {
        let (status, content_type) = response.split_at(response.len().min(3));
        let status = std::str::from_utf8(status).ok().and_then(|digits| digits.parse().ok());
        let status = status.unwrap_or(200);
        let content_type = Some(content_type).filter(|value| !value.is_empty());
        let before = self.source.ready_state();
        let head = ResponseHead { status, content_type, ..ResponseHead::default() };
        self.source.handle_response(head);
        self.fixed.handle_response(head);
        let after = self.source.ready_state();
        if !self.requested {
            assert_eq!(after, before, "an unexpected response changes nothing");
            return;
        }
        self.requested = false;
        let text = String::from_utf8_lossy(content_type.unwrap_or_default()).to_ascii_lowercase();
        if status != 200 || !text.contains("text/event-stream") {
            assert_eq!(after, ReadyState::Closed);
        } else if text.trim_matches([' ', '\t']) == "text/event-stream" {
            assert_eq!(after, ReadyState::Open);
        }
        if after == ReadyState::Open {
            let _ = self.parser.finish();
        }
    }

    fn push(&mut self, chunk: &[u8], calls: usize) {
        let open = self.source.ready_state() == ReadyState::Open;
        let [mut output, mut of_fixed, mut of_parser] = [const { Vec::new() }; 3];
        let mut events = self.source.push(chunk);
        drain(calls, &mut output, || Ok(events.next()?.map(Output::from)));
        let rest = events.into_rest();
        let mut events = self.fixed.push(chunk);
        drain(calls, &mut of_fixed, || Ok(events.next()?.map(Output::from)));
        assert_eq!((&output, rest), (&of_fixed, events.into_rest()));
        if open {
            let mut events = self.parser.push(chunk);
            drain(calls, &mut of_parser, || Ok(events.next()?.map(Output::from)));
            assert_eq!(rest, events.into_rest());
        } else {
            assert_eq!(rest, b"", "dropped");
        }
        assert_eq!(output, of_parser);
    }

    fn push_items(&mut self, chunk: &[u8]) {
        let open = self.source.ready_state() == ReadyState::Open;
        let [mut output, mut of_fixed, mut of_parser] = [const { Vec::new() }; 3];
        let mut items = self.source.push(chunk);
        drain(usize::MAX, &mut output, || Ok(items.next_item()?.map(Output::from)));
        let mut items = self.fixed.push(chunk);
        drain(usize::MAX, &mut of_fixed, || Ok(items.next_item()?.map(Output::from)));
        assert_eq!(output, of_fixed);
        if open {
            let mut items = self.parser.push(chunk);
            drain(usize::MAX, &mut of_parser, || Ok(items.next_item()?.map(Output::from)));
        }
        assert_eq!(output, of_parser);
    }

    fn interrupt(
        &mut self,
        growable: fn(&mut Connection) -> Result<End<'_>, ParseError>,
        fixed: fn(&mut OverArrays) -> Result<End<'_>, ParseError>,
    ) {
        let before = self.source.ready_state();
        let of_parser = match before {
            ReadyState::Open => pending(self.parser.finish().unwrap()),
            _ => None,
        };
        assert_eq!(pending(growable(&mut self.source).unwrap()), of_parser);
        assert_eq!(pending(fixed(&mut self.fixed).unwrap()), of_parser);
        let closed = before == ReadyState::Closed;
        let after = if closed { ReadyState::Closed } else { ReadyState::Connecting };
        assert_eq!(self.source.ready_state(), after);
        // Anything before the next request is not a response.
        self.requested = false;
    }
}
