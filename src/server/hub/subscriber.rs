//! A client that subscribes, and the body of the response to it.

use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt::{self, Debug, Formatter};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::stream::{FusedStream, Stream};
use http::HeaderMap;
use http_body::{Body, Frame};
use tokio::time::Instant;

use super::Hub;
use super::state::Next;
use crate::server::silence::Silence;
use crate::server::{HeaderError, LAST_EVENT_ID, last_event_id};

/// A client of a [`Hub`]: its topics, and the last event ID after which it resumes. The headers of its request are
/// enough:
///
/// ```
/// # use http::{HeaderMap, Response};
/// # use sse_wire::server::{Hub, Subscriber, Subscription};
/// fn events(hub: &Hub, headers: &HeaderMap) -> Response<Subscription> {
///     hub.subscribe(headers)
/// }
///
/// // The server chooses the topics that the client may read. `id` is from the query.
/// fn prices(hub: &Hub, headers: &HeaderMap, user: &str, id: Option<&str>) -> Response<Subscription> {
///     let subscriber = Subscriber::from(headers).topic("prices").topic(user).or_last_event_id(id);
///     hub.subscribe(subscriber)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Subscriber<'a> {
    pub(super) topics: Vec<&'a str>,
    pub(super) last_event_id: Result<&'a str, HeaderError>,
}

impl<'a> Subscriber<'a> {
    /// Creates a client without a last event ID.
    pub const fn new() -> Self {
        Subscriber { topics: Vec::new(), last_event_id: Ok("") }
    }

    /// Adds a topic. The default is that of [`Hub::publish`], whose name is empty.
    #[must_use]
    pub fn topic(mut self, topic: &'a str) -> Self {
        self.topics.push(topic);
        self
    }

    /// Sets the last event ID, unless the headers have one, which is newer. A page can't set the header for its first
    /// request, but can pass the ID in the URL.
    #[must_use]
    pub fn or_last_event_id(mut self, id: Option<&'a str>) -> Self {
        if self.last_event_id == Ok("") {
            self.last_event_id = Ok(id.unwrap_or_default());
        }
        self
    }

    /// Adds the topic of [`Hub::publish`] if there is none.
    pub(super) fn with_a_topic(self) -> Self {
        if self.topics.is_empty() { self.topic("") } else { self }
    }
}

impl Default for Subscriber<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes the `Last-Event-ID` of a request. A value that can't be an ID of a stream is a gap.
impl<'a> From<&'a HeaderMap> for Subscriber<'a> {
    fn from(headers: &'a HeaderMap) -> Self {
        let id = headers.get(LAST_EVENT_ID).map_or(Ok(""), |id| last_event_id(id.as_bytes()));
        Subscriber { topics: Vec::new(), last_event_id: id }
    }
}

/// The events of a [`Hub`] for one client, as the body of its response.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use futures::StreamExt;
/// use sse_wire::Block;
/// use sse_wire::server::{Hub, Retention, Settings, Subscriber};
///
/// let hub = Hub::new(Settings::from(Retention::new()).own_ids().replay_to_new());
/// hub.publish(&Block::new().id("1").data("x")).unwrap();
/// let mut body = hub.subscribe(Subscriber::new()).into_body();
/// assert_eq!(body.next().await.unwrap().unwrap(), "id: 1\ndata: x\n\n");
/// # }
/// ```
///
/// It is an [`http_body::Body`] and a [`Stream`] of [`Bytes`] without errors. Each frame is one event, a reference to
/// the bytes that all subscribers share. If there is none at the first poll of the body, a keep-alive is written at
/// once, so that the client receives the head.
///
/// While it is not polled, because a client is slow, it keeps no events in memory: if its next event is evicted, it
/// gets the gap event at the next poll. It can't detect a client that has stopped reading: see
/// [`WriteTimeout`](crate::server::WriteTimeout). Dropping it unsubscribes.
///
/// # Panics
///
/// Polling it outside a tokio runtime with time enabled panics.
#[must_use = "bodies do nothing unless polled"]
pub struct Subscription {
    pub(super) hub: Hub,
    /// The subscriber's key, until it has ended.
    pub(super) key: Option<u64>,
    pub(super) silence: Silence,
}

impl Subscription {
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(key) = self.key else { return Poll::Ready(None) };
        let now = Instant::now();
        match self.hub.next(key, cx.waker(), now) {
            Next::Block(block) => {
                self.silence.end(now);
                Poll::Ready(Some(block))
            }
            Next::End(last) => {
                self.leave();
                Poll::Ready(Some(last).filter(|last| !last.is_empty()))
            }
            Next::Wait(stale) => {
                drop(stale);
                let keep_alive = ready!(self.silence.poll(cx));
                let mut bytes = Vec::new();
                // The block was checked when the schedule was made.
                let _ = keep_alive.encode(&mut bytes);
                Poll::Ready(Some(bytes.into()))
            }
        }
    }

    /// Unsubscribes, unless it has ended. Returns whether it had not.
    pub(super) fn leave(&mut self) -> bool {
        let key = self.key.take();
        key.map(|key| self.hub.leave(key)).is_some()
    }
}

impl Body for Subscription {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.poll_bytes(cx).map(|bytes| bytes.map(Frame::data).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.key.is_none()
    }
}

impl Stream for Subscription {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx).map(|bytes| bytes.map(Ok))
    }
}

impl FusedStream for Subscription {
    fn is_terminated(&self) -> bool {
        self.key.is_none()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.leave() {
            self.hub.lock().totals.left += 1;
        }
    }
}

impl Debug for Subscription {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("ended", &self.key.is_none()).finish_non_exhaustive()
    }
}
