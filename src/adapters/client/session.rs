//! What both kinds of `EventSource` share: a connection, and what to do with requests, responses, and chunks. The
//! sources themselves only wait.

use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use http::Response;

use super::incoming::{FinalError, Incoming, SourceError, SourceNotice};
use super::{Attempt, BoxError, ResponseError};
use crate::client::{Action, Connection, Interruption, Notice, Policy, ReadyState};
use crate::decode::Parser;
use crate::error::ParseError;
use crate::event::{End, Event, Item as ItemOfStream, OwnedEvent};

/// An item of an `EventSource` over bodies `B`.
pub(super) type Item<B> = Result<Incoming, SourceError<B>>;

pub(super) struct Session<B> {
    pub(super) connection: Connection,
    /// The seed of the connection's jitter.
    seed: u64,
    /// A request is due once the notices before it were returned.
    connect: bool,
    attempts: u64,
    /// Whether comments, reconnection times, and IDs are notices.
    pub(super) observes: bool,
    /// Why the last connection was lost.
    reason: Option<Interruption>,
    /// The error that ended it.
    error: Option<BoxError>,
    /// The event that was cut.
    unfinished: Option<OwnedEvent>,
    /// A response that is not an event stream.
    refused: Option<Response<B>>,
    /// The error of a request that was marked as final.
    last: Option<BoxError>,
}

/// What to return or to do next.
pub(super) enum Next<B> {
    Item(Item<B>),
    Action(Action),
}

impl<B> Session<B> {
    pub(super) fn new() -> Self {
        // The standard library's random bits for hashes.
        let seed = RandomState::new().hash_one(());
        Session {
            connection: Connection::new(Policy::default()).with_seed(seed),
            seed,
            connect: false,
            attempts: 0,
            observes: false,
            reason: None,
            error: None,
            unfinished: None,
            refused: None,
            last: None,
        }
    }

    pub(super) fn with_policy(mut self, policy: Policy) -> Self {
        let parser = self.connection.into_parser();
        self.connection = Connection::with_parser(parser, policy).with_seed(self.seed);
        self
    }

    #[cfg(feature = "http-body")]
    pub(super) fn with_seed(mut self, seed: u64) -> Self {
        self.connection = self.connection.with_seed(seed);
        self.seed = seed;
        self
    }

    pub(super) fn with_parser(mut self, parser: Parser) -> Self {
        let policy = self.connection.policy().clone();
        self.connection = Connection::with_parser(parser, policy).with_seed(self.seed);
        self
    }

    pub(super) fn next(&mut self, now: Duration) -> Next<B> {
        if let Some(error) = self.last.take() {
            return Next::Item(Err(SourceError::Request(error)));
        }
        if let Some(notice) = self.connection.next_notice() {
            return Next::Item(self.item(notice));
        }
        if !self.connect {
            let action = self.connection.poll(now);
            if action != Action::Connect {
                return match self.connection.next_notice() {
                    Some(notice) => Next::Item(self.item(notice)),
                    None => Next::Action(action),
                };
            }
            if let Some(notice) = self.connection.next_notice() {
                self.connect = true;
                return Next::Item(self.item(notice));
            }
        }
        self.connect = false;
        Next::Action(Action::Connect)
    }

    fn item(&mut self, notice: Notice) -> Item<B> {
        let (error, unfinished) = (self.error.take(), self.unfinished.take());
        let refused = self.refused.take();
        Ok(Incoming::Notice(match notice {
            Notice::Open => SourceNotice::Open,
            Notice::Reconnecting { reason, delay } => {
                self.reason = Some(reason);
                SourceNotice::Reconnecting { reason, delay, error, unfinished }
            }
            Notice::Ended => SourceNotice::Ended,
            Notice::Failed(failure) => {
                return Err(match refused {
                    Some(response) => SourceError::Response(ResponseError::new(failure, response)),
                    None => SourceError::GaveUp { failure, error },
                });
            }
        }))
    }

    pub(super) fn attempt(&mut self) -> Attempt {
        self.attempts += 1;
        Attempt::new(self.attempts, &self.connection, self.reason)
    }

    /// Takes the result of a request. Returns the body if it is an event stream.
    pub(super) fn respond(
        &mut self,
        result: Result<impl Into<Response<B>>, impl Into<BoxError>>,
    ) -> Option<B> {
        let response: Response<B> = match result {
            Ok(response) => response.into(),
            Err(error) => {
                match error.into().downcast::<FinalError>() {
                    Ok(last) => {
                        self.last = Some(last.into_inner());
                        self.connection.close();
                    }
                    Err(error) => self.end(Some(error)),
                }
                return None;
            }
        };
        self.connection.handle_response(&response);
        if self.connection.ready_state() == ReadyState::Open {
            return Some(response.into_body());
        }
        self.refused = Some(response);
        None
    }

    /// Takes the end of a body, or the error of a request or a body.
    pub(super) fn end(&mut self, error: Option<BoxError>) {
        let end = match error {
            Some(_) => self.connection.handle_network_error(),
            None => self.connection.handle_end(),
        };
        self.unfinished = match end {
            Ok(End::Incomplete(pending)) => pending.into_event().map(Event::into_owned),
            _ => None,
        };
        self.error = error;
    }

    /// Returns the next event or refusal of a chunk, `None` if there is no more, and how many bytes of the chunk are
    /// left.
    pub(super) fn take(&mut self, chunk: &[u8]) -> (Option<Incoming>, usize) {
        if self.observes {
            return self.take_items(chunk);
        }
        let mut events = self.connection.push(chunk);
        let incoming = match events.next_owned() {
            Ok(event) => event.map(Incoming::Event),
            Err(ParseError::Limit(error)) => Some(Incoming::Notice(SourceNotice::Refused(error))),
            // Each cursor ends with `into_rest`.
            Err(ParseError::Unread { .. }) => None,
        };
        (incoming, events.into_rest().len())
    }

    fn take_items(&mut self, chunk: &[u8]) -> (Option<Incoming>, usize) {
        let mut events = self.connection.push(chunk);
        let incoming = loop {
            break Some(match events.next_item() {
                Ok(Some(ItemOfStream::Event(event))) => Incoming::Event(event.into_owned()),
                Ok(Some(ItemOfStream::Comment { text, position })) => {
                    Incoming::Notice(SourceNotice::Comment { text: text.into(), position })
                }
                Ok(Some(ItemOfStream::ReconnectionTime { time })) => {
                    Incoming::Notice(SourceNotice::ReconnectionTime { time })
                }
                Ok(Some(ItemOfStream::Block { id: Some(id), range })) => {
                    Incoming::Notice(SourceNotice::LastEventId { id: id.into(), range })
                }
                Ok(Some(ItemOfStream::Block { id: None, .. })) => continue,
                Ok(None) => break None,
                Err(ParseError::Limit(error)) => Incoming::Notice(SourceNotice::Refused(error)),
                Err(ParseError::Unread { .. }) => continue,
            });
        };
        (incoming, events.into_rest().len())
    }

    pub(super) fn reconnect(&mut self) {
        self.connect = false;
        (self.error, self.unfinished) = (None, None);
        self.connection.reconnect();
    }

    pub(super) fn close(&mut self) {
        self.connect = false;
        self.connection.close();
    }

    /// Changes the type of the body.
    #[cfg(feature = "http-body")]
    pub(super) fn map<C>(self, body: impl FnOnce(B) -> C) -> Session<C> {
        Session {
            connection: self.connection,
            connect: self.connect,
            attempts: self.attempts,
            observes: self.observes,
            reason: self.reason,
            error: self.error,
            unfinished: self.unfinished,
            seed: self.seed,
            refused: self.refused.map(|response| response.map(body)),
            last: self.last,
        }
    }
}
