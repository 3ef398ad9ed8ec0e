//! A client that reconnects, for asynchronous code.

use alloc::boxed::Box;
use core::fmt::{self, Debug, Formatter};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use ::http_body::Body;
use bytes::{Buf, Bytes};
use futures_core::stream::{FusedStream, Stream};
use http::Response;

use super::session::{Item, Next, Session};
use super::timer::Timer;
use super::{Attempt, BoxError};
use crate::client::{Action, Connection, Policy};
use crate::decode::Parser;
use crate::http_body::BodyData;

/// A client that stays connected: it sends a request, returns the events of the response, and sends another request
/// from the last event ID on when the connection is lost.
///
/// A closure sends the requests, with any HTTP client: it takes an [`Attempt`] and returns a future of a response.
/// So it can fetch a new token, choose another host, or send a POST with a body. An error of the future counts as a
/// network error, after which the request is sent again, unless it is a [`FinalError`](crate::FinalError). The
/// response is anything that converts to `http::Response<B>`, where `B` is an `http_body::Body`: that of reqwest
/// (from 0.12 on) or hyper, or one made of a stream of chunks ([`ChunkBody`](crate::http_body::ChunkBody)).
///
/// ```
/// # #[cfg(feature = "client")] {
/// use sse_wire::{EventSource, Incoming};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// # let mut bodies = vec!["", "data: two\n\n", "retry: 600\nid: 1\ndata: one\n\n"];
/// # let mut http = |_: http::HeaderMap| { let body = bodies.pop().unwrap(); async move {
/// #     let status = if body.is_empty() { 204 } else { 200 };
/// #     http::Response::builder().status(status).header("content-type", "text/event-stream").body(body.to_owned())
/// # }};
/// // Here `http` stands for an HTTP client.
/// let mut source = EventSource::new(|attempt| http(attempt.headers()));
/// # let mut seen = String::new();
/// while let Some(item) = source.next().await {
///     match item.unwrap() {
///         Incoming::Event(event) => println!("{}", event.data),
///         Incoming::Notice(notice) => eprintln!("{notice}"),
///     }
/// }
/// # } main() }
/// ```
///
/// # Policy
///
/// [`Policy::default`], unless [set](Self::with_policy).
///
/// # End
///
/// There is at most one `Err`, and it is the last item: the response is not an event stream, the policy allows no
/// further request, or the request's error is final. `None` follows an `Err`, a response with the status 204, and
/// [`close`](Self::close); after a failure, [`reconnect`](Self::reconnect) starts again. An event or ID that is too
/// large is a [notice](crate::SourceNotice::Refused), and the stream continues.
///
/// # Laws
///
/// - Cancellation: dropping a future of [`next`](Self::next) loses nothing, so it can be used in `select!`. Dropping
///   the source ends the connection.
/// - Those of [`Connection`], which implements the rules.
///
/// # Types
///
/// The type is `Unpin`, and `Send` if the closure, the future, the body, and the timer are. Because of the closure
/// it can't be named: [`boxed`](Self::boxed) returns a type that can be a struct's field.
///
/// # Memory and cost
///
/// One chunk, what the parser retains (at most 16 MiB, unless [set](Self::with_parser)), and an allocation for each
/// request. Nothing is queued: while the source is not polled, nothing is read. An event costs its allocations, as
/// with [`Events::next_owned`](crate::Events::next_owned).
#[must_use = "streams do nothing unless polled"]
pub struct EventSource<F, Fut, B, T: Timer> {
    pub(super) request: F,
    pub(super) session: Session<B>,
    pub(super) exchange: Exchange<Fut, B>,
    /// The part of the body that was read, but not parsed.
    pub(super) chunk: Bytes,
    pub(super) timer: T,
    /// When the current wait ends, and its timer.
    pub(super) sleep: Option<(Duration, Pin<Box<T::Sleep>>)>,
    /// Whether `None` was returned.
    pub(super) ended: bool,
}

pub(super) enum Exchange<Fut, B> {
    None,
    Requested(Pin<Box<Fut>>),
    Open(BodyData<Pin<Box<B>>>),
}

#[cfg(feature = "client")]
impl<F, Fut, B> EventSource<F, Fut, B, super::TokioTimer> {
    /// Creates a source that uses tokio's timer (feature `client`). The first poll sends the first request.
    pub fn new<R, E>(request: F) -> Self
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<R, E>>,
        R: Into<Response<B>>,
        E: Into<BoxError>,
        B: Body,
        B::Error: Into<BoxError>,
    {
        Self::with_timer(request, super::TokioTimer::new())
    }
}

impl<F, Fut, B, T: Timer> EventSource<F, Fut, B, T> {
    /// Creates a source that uses this [`Timer`].
    pub fn with_timer<R, E>(request: F, timer: T) -> Self
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<R, E>>,
        R: Into<Response<B>>,
        E: Into<BoxError>,
        B: Body,
        B::Error: Into<BoxError>,
    {
        EventSource {
            request,
            session: Session::new(),
            exchange: Exchange::None,
            chunk: Bytes::new(),
            timer,
            sleep: None,
            ended: false,
        }
    }

    /// Sets the policy. Call it before the first poll.
    ///
    /// For a POST that has side effects, set [`send_again`](Policy::send_again) to
    /// [`SendAgain::IfSafe`](crate::SendAgain::IfSafe).
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.session = self.session.with_policy(policy);
        self
    }

    /// Sets the parser: one with another limit, or with a last event ID or reconnection time from an earlier
    /// connection. Call it before the first poll.
    pub fn with_parser(mut self, parser: Parser) -> Self {
        self.session = self.session.with_parser(parser);
        self
    }

    /// Sets the seed of the [jitter](Policy::jitter): 64 bits that differ between clients. Call it before the first
    /// poll.
    ///
    /// The default is random, except on `wasm32-unknown-unknown`, where the standard library has no source of random
    /// bits: there all clients have the same seed, so set it, for example to bits from `crypto.getRandomValues`.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.session = self.session.with_seed(seed);
        self
    }

    /// Also returns comments, reconnection times, and IDs of blocks without an event, as
    /// [notices](crate::SourceNotice::Comment). Comments then count toward the parser's limit.
    pub fn observe(mut self) -> Self {
        self.session.observes = true;
        self
    }

    /// Returns the connection, with its state, reconnection time, policy, and parser.
    pub const fn connection(&self) -> &Connection {
        &self.session.connection
    }

    /// Returns the last event ID string, after which the next request resumes; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.connection().parser().last_event_id()
    }

    /// Sends another request at the next poll: ends a wait, drops an open connection, or starts again after a
    /// failure. It does not count as a reconnection, so later waits are no longer than without it. It has no effect
    /// after [`close`](Self::close) or a final error.
    pub fn reconnect(&mut self) {
        self.session.reconnect();
        self.drop_connection();
        self.ended = false;
    }

    /// Closes the source for good, for example after an event like `[DONE]`: the next item is `None`.
    pub fn close(&mut self) {
        self.session.close();
        self.drop_connection();
    }

    fn drop_connection(&mut self) {
        self.exchange = Exchange::None;
        self.chunk = Bytes::new();
    }

    /// Waits until the given time; forever if there is none.
    fn poll_until(&mut self, until: Option<Duration>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = until else { return Poll::Pending };
        let sleep = match &mut self.sleep {
            Some((time, sleep)) if *time == until => sleep,
            sleep => {
                let time = until.saturating_sub(self.timer.now());
                &mut sleep.insert((until, Box::pin(self.timer.sleep(time)))).1
            }
        };
        ready!(sleep.as_mut().poll(cx));
        self.sleep = None;
        Poll::Ready(())
    }
}

impl<F, Fut, R, E, B, T> EventSource<F, Fut, B, T>
where
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<R, E>>,
    R: Into<Response<B>>,
    E: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
    T: Timer,
{
    /// Returns the next event or notice; `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`EventSource`]: an error is the last item.
    pub async fn next(&mut self) -> Option<Item<B>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Takes a response, a chunk, or the end of the body; ready if there was one.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.exchange {
            Exchange::None => return Poll::Pending,
            Exchange::Requested(response) => {
                let response = ready!(response.as_mut().poll(cx));
                self.exchange = match self.session.respond(response) {
                    Some(body) => Exchange::Open(BodyData::new(Box::pin(body))),
                    None => Exchange::None,
                };
            }
            Exchange::Open(body) => match ready!(Pin::new(body).poll_next(cx)) {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => self.session.end(Some(error.into())),
                None => self.session.end(None),
            },
        }
        Poll::Ready(())
    }
}

impl<F, Fut, R, E, B, T> Stream for EventSource<F, Fut, B, T>
where
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<R, E>>,
    R: Into<Response<B>>,
    E: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
    T: Timer,
{
    type Item = Item<B>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            // Even of an empty chunk: the one before can have ended with two refusals.
            let (incoming, rest) = this.session.take(&this.chunk);
            this.chunk.advance(this.chunk.len() - rest);
            if let Some(incoming) = incoming {
                return Poll::Ready(Some(Ok(incoming)));
            }
            let action = match this.session.next(this.timer.now()) {
                Next::Item(item) => return Poll::Ready(Some(item)),
                Next::Action(action) => action,
            };
            match action {
                Action::Connect => {
                    this.drop_connection();
                    let response = (this.request)(this.session.attempt());
                    this.exchange = Exchange::Requested(Box::pin(response));
                }
                Action::Receive { until } => {
                    if this.poll_receive(cx).is_pending() {
                        ready!(this.poll_until(until, cx));
                    }
                }
                Action::Wait { until } => {
                    this.drop_connection();
                    ready!(this.poll_until(Some(until), cx));
                }
                Action::Stop => {
                    this.drop_connection();
                    this.ended = true;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl<F, Fut, R, E, B, T> FusedStream for EventSource<F, Fut, B, T>
where
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<R, E>>,
    R: Into<Response<B>>,
    E: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
    T: Timer,
{
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

/// Whatever is pinned has its own box.
impl<F, Fut, B, T: Timer> Unpin for EventSource<F, Fut, B, T> {}

impl<F, Fut, B, T: Timer> Debug for EventSource<F, Fut, B, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").field("connection", self.connection()).finish_non_exhaustive()
    }
}
