//! The API of reqwest-eventsource 0.6 over this crate, for a program that should change only in one place.

#![allow(dead_code)] // The service uses only a part of the API.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use futures_util::StreamExt;
use reqwest::header::HeaderValue;
use reqwest::{RequestBuilder, StatusCode};
use sse_wire::{
    BoxBody, BoxEventSource, Failure, Incoming, Interruption, ResponseError, SourceError,
    SourceNotice,
};

/// An item of an [`EventSource`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Open,
    Message(MessageEvent),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageEvent {
    pub event: String,
    pub data: String,
    pub id: String,
    pub retry: Option<Duration>,
}

#[derive(Debug)]
pub enum Error {
    Transport(Box<dyn std::error::Error + Send + Sync>),
    /// The body is unread: see `into_response` and `body_text`.
    InvalidContentType(HeaderValue, ResponseError<BoxBody>),
    InvalidStatusCode(StatusCode, ResponseError<BoxBody>),
    StreamEnded,
    /// Errors that reqwest-eventsource does not have: silence, and an event that is too large.
    Other(String),
}

#[derive(Debug)]
pub struct CannotCloneRequestError;

pub struct EventSource(BoxEventSource);

impl EventSource {
    pub fn new(builder: RequestBuilder) -> Result<Self, CannotCloneRequestError> {
        let _it_can = builder.try_clone().ok_or(CannotCloneRequestError)?;
        let source = sse_wire::EventSource::new(move |attempt| {
            let request = builder.try_clone().expect("it could be cloned before");
            request.headers(attempt.headers()).send()
        });
        Ok(EventSource(source.boxed()))
    }

    pub fn close(&mut self) {
        self.0.close();
    }

    pub fn last_event_id(&self) -> &str {
        self.0.last_event_id()
    }

    pub fn ready_state(&self) -> sse_wire::ReadyState {
        self.0.connection().ready_state()
    }
}

impl Stream for EventSource {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let item = match ready!(self.0.poll_next_unpin(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => Err(error.into()),
                Some(Ok(Incoming::Event(event))) => Ok(Event::Message(MessageEvent {
                    event: event.event_type.into_owned(),
                    data: event.data,
                    id: event.last_event_id.to_string(),
                    retry: self.0.connection().parser().reconnection_time(),
                })),
                Some(Ok(Incoming::Notice(notice))) => match notice {
                    SourceNotice::Open => Ok(Event::Open),
                    // The end follows.
                    SourceNotice::Ended => continue,
                    SourceNotice::Reconnecting { error: Some(error), .. } => {
                        Err(Error::Transport(error))
                    }
                    SourceNotice::Reconnecting { reason: Interruption::End, .. } => {
                        Err(Error::StreamEnded)
                    }
                    other => Err(Error::Other(other.to_string())),
                },
            };
            return Poll::Ready(Some(item));
        }
    }
}

impl From<SourceError<BoxBody>> for Error {
    fn from(error: SourceError<BoxBody>) -> Self {
        let error = match error {
            SourceError::Response(error) => error,
            error => return Error::Other(error.to_string()),
        };
        match error.failure() {
            Failure::Status(_) => Error::InvalidStatusCode(error.status(), error),
            Failure::ContentType => {
                let content_type = error.headers().get("content-type").cloned();
                let none = HeaderValue::from_static("");
                Error::InvalidContentType(content_type.unwrap_or(none), error)
            }
            failure => Error::Other(failure.to_string()),
        }
    }
}

/// Runs a stream of the suite, like a program that was written for reqwest-eventsource.
pub async fn run(mut stream: crate::Stream) {
    let mut source = EventSource::new(stream.request()).expect("its body is text");
    source.0 = source.0.with_policy(stream.policy());
    while let Some(item) = source.next().await {
        match item {
            Ok(Event::Open) => {}
            Ok(Event::Message(event)) => {
                stream.report_event(&event.event, &event.data, &event.id).await;
            }
            Err(error) => stream.report_error(&format!("{error:?}")).await,
        }
    }
    let _ended = source.ready_state();
}
