//! What a request needs.

use http::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};

use crate::client::{Connection, Interruption};
use crate::event::LastEventId;
use crate::server::LAST_EVENT_ID;

/// A request that is due: the argument of the closure of an [`EventSource`](crate::EventSource).
///
/// ```
/// # #[cfg(feature = "client")] {
/// use sse_wire::{Attempt, EventSource, FinalError, Interruption, Policy};
/// # type Error = Box<dyn std::error::Error + Send + Sync>;
/// # struct Request;
/// # impl Request {
/// #     fn headers(self, _: http::HeaderMap) -> Self { self }
/// #     fn bearer_auth(self, _: String) -> Self { self }
/// #     async fn send(self) -> Result<http::Response<String>, Error> { todo!() }
/// # }
/// # struct Client;
/// # impl Client { fn get(&self, _: &str) -> Request { Request } }
/// # async fn token(_: bool) -> Result<String, Error> { todo!() }
///
/// // `http` is an HTTP client. `token` returns the token in use, or, if that has expired, another.
/// async fn send(http: &Client, attempt: Attempt) -> Result<http::Response<String>, Error> {
///     let expired = attempt.reason() == Some(Interruption::Status(401));
///     let token = token(expired).await.map_err(FinalError::new)?;
///     http.get("https://example.org/events").headers(attempt.headers()).bearer_auth(token).send().await
/// }
///
/// # let http = Client;
/// let policy = Policy {
///     retry_status: |status| status == 401 || (Policy::new().retry_status)(status),
///     max_reconnections: Some(10),
///     ..Policy::new()
/// };
/// let source = EventSource::new(|attempt| send(&http, attempt)).with_policy(policy);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Attempt {
    number: u64,
    last_event_id: LastEventId,
    header: Option<HeaderValue>,
    reason: Option<Interruption>,
}

impl Attempt {
    pub(super) fn new(number: u64, connection: &Connection, reason: Option<Interruption>) -> Self {
        let header = connection.last_event_id_header();
        Attempt {
            number,
            last_event_id: connection.parser().last_event_id().into(),
            header: header.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok()),
            reason,
        }
    }

    /// Returns the headers that the specification requires: `Accept`, `Cache-Control`, and `Last-Event-ID` if there
    /// is an ID that a header can carry
    /// ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)).
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(id) = &self.header {
            headers.insert(HeaderName::from_static(LAST_EVENT_ID), id.clone());
        }
        headers
    }

    /// Returns the last event ID; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// Returns the number of the attempt, starting at 1.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Returns why the previous attempt failed or its connection was lost; `None` for the first attempt.
    pub const fn reason(&self) -> Option<Interruption> {
        self.reason
    }
}
