//! What a request is to be made of.

use http::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};

use crate::client::{Connection, Interruption};
use crate::event::LastEventId;
use crate::server::LAST_EVENT_ID;

/// A request that is due: what the closure of an [`EventSource`](crate::EventSource) is given each time.
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

    /// The headers that the specification asks for: `Accept`, `Cache-Control`, and `Last-Event-ID` if there
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

    /// The last event ID; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The number of the attempt, from 1 on.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Why the attempt before was lost; `None` for the first. After
    /// [`Interruption::Status(401)`](Interruption::Status), for example, a new token is worth a request.
    pub const fn reason(&self) -> Option<Interruption> {
        self.reason
    }
}
