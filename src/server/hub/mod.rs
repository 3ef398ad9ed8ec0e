//! One stream of events for any number of subscribers.
//!
//! Implementation notes. `topic` holds blocks, `ids` knows what an id stands for, `topics` has all of
//! them and their common bound, `state` has the rules of which subscriber gets what, under one lock; here
//! is what lies outside that lock: time, and waking.
//! A subscriber is a place in its topics: no task, no channel and no queue. It asks for its next block
//! when its connection has room for one, so a slow one holds nothing up and keeps nothing alive.

mod error;
mod ids;
mod settings;
mod state;
mod subscriber;
mod topic;
mod topics;

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Debug, Formatter};
use core::future::poll_fn;
use core::hash::{BuildHasher, Hasher};
use core::pin::Pin;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_core::Stream;
use http::{Response, StatusCode};
use tokio::time::{Instant, timeout};

pub use self::error::PublishError;
pub use self::settings::{Retention, Settings};
use self::state::{Next, State};
pub use self::subscriber::{Subscriber, Subscription};
use super::relay::with_head;
use super::silence::Silence;
use crate::encode::Block;
use crate::event::LastEventId;

/// One stream of events for any number of subscribers, which can resume.
///
/// ```
/// use http::{Request, Response};
/// use sse_wire::{Block, server::{Hub, Retention, Subscription}};
///
/// let hub = Hub::new(Retention::default());
///
/// // Whatever serves HTTP, for each client; hyper and axum take the response as it is.
/// fn answer<B>(hub: &Hub, request: &Request<B>) -> Response<Subscription> {
///     hub.subscribe(request.headers())
/// }
/// # let response = answer(&hub, &Request::new(()));
///
/// hub.publish(&Block::new().event_type("price").data("42"))?;
/// # Ok::<(), sse_wire::server::PublishError>(())
/// ```
///
/// A clone is the same hub.
///
/// # Resuming
///
/// Each event has an id, the caller's or one that the hub makes of the time of its start and a number;
/// so an id of an earlier process is never mistaken for one of this. A client that comes back with the
/// id of an event that is held, or was evicted last, is given exactly what came after it in its topics,
/// first from what is held and then live, without a seam. To a foreign id, or one that was forgotten, and
/// to a subscriber that reads so slowly that what it is to be given next is gone, the hub sends the
/// [gap event](Settings::gap), and goes on with the oldest event that is held.
///
/// - **A block without id**, as one without data, leaves the client's last event ID as it is: it comes
///   again with those after the last id.
/// - **An id that comes again** leaves open at which of its events the client was: what follows the
///   first is given, and if that is gone in part, it is a gap.
/// - **Spaces and tabs at the ends** of an id do not come back in the header
///   ([`survives_header`](super::survives_header)), so ids count without them.
///
/// # Topics
///
/// All topics share one order, but each retains its own events: one topic's burst doesn't push another's
/// out. A [`Subscriber`] names those that it may see, and an id of any other is a gap. So a message to one
/// client is one to a topic that only this client subscribes to, and it is there when the client comes
/// back. A topic is made when it is first named. One that holds nothing and has no subscriber is
/// forgotten, but for the id of its last event: a client that comes back with that id has missed nothing.
/// Of more than some hundred forgotten topics the hub no longer knows it of all; it sends the gap event
/// then.
///
/// # Memory and cost
///
/// Publishing encodes the event once, into the bytes that all subscribers share, and wakes those that
/// wait, outside the lock. What is held is bounded by the [`Retention`], always in bytes. Beyond that a
/// subscriber costs a few hundred bytes, with its timer; what it is writing stays as long as it writes.
///
/// # Shutdown
///
/// The graceful shutdown of an HTTP server waits for open responses, so call [`close`](Self::close) when it starts: it
/// ends all subscribers, also later ones, after they have received what is retained for them. With axum:
///
/// ```
/// # mod axum {
/// #     pub struct Serve;
/// #     impl Serve { pub async fn with_graceful_shutdown(self, signal: impl Future<Output = ()>) { signal.await } }
/// #     pub fn serve((): (), (): ()) -> Serve { Serve }
/// # }
/// # let (listener, router) = ((), ());
/// # let interrupted = std::future::ready(()); // tokio::signal::ctrl_c()
/// # let hub = sse_wire::server::Hub::new(sse_wire::server::Retention::new());
/// # futures::executor::block_on(async {
/// axum::serve(listener, router)
///     .with_graceful_shutdown(async move {
///         interrupted.await;
///         _ = hub.close(None);
///     })
///     .await;
/// # });
/// ```
///
/// For topics that can't be resumed, see [`drain`](Self::drain).
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    start: Instant,
    state: Mutex<State>,
}

/// What a [`Hub`] retains, and what it has done: see [`Hub::counts`].
///
/// ```
/// use sse_wire::Block;
/// use sse_wire::server::{Hub, Retention};
///
/// let hub = Hub::new(Retention::new());
/// hub.publish(&Block::new().data("1"))?;
/// let counts = hub.counts();
/// assert_eq!((counts.events, counts.published, counts.subscribers), (1, 1, 0));
/// # Ok::<(), sse_wire::server::PublishError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Subscribers that are connected.
    pub subscribers: usize,
    /// Topics that hold something or have a subscriber.
    pub topics: usize,
    /// Events that are held.
    pub events: usize,
    /// Bytes that are held, as [`Retention::bytes`](field@Retention::bytes) counts them.
    pub bytes: usize,
    /// By how many events the slowest subscriber is behind.
    pub most_behind: usize,
    /// Events that were published.
    pub published: u64,
    /// Gap events that subscribers got.
    pub gaps: u64,
    /// Subscribers that left, or whose connection broke off.
    pub left: u64,
    /// Subscribers that were ended because they were too far behind.
    pub lagging: u64,
    /// Subscribers that were ended because their topics, or the hub, were closed.
    pub ended: u64,
}

impl Hub {
    /// A hub with a [`Retention`], or all [`Settings`].
    pub fn new(settings: impl Into<Settings>) -> Self {
        // The time in milliseconds, and chance for servers that start in the same one.
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let chance = RandomState::new().build_hasher().finish() as u16;
        let epoch = format!("{time:x}{chance:04x}");
        Hub(Arc::new(Shared {
            start: Instant::now(),
            state: Mutex::new(State::new(settings.into(), epoch)),
        }))
    }

    /// Publishes an event, or any block, and returns its id, empty if it has none.
    ///
    /// # Errors
    ///
    /// A block that can't be encoded or is larger than what may be held is refused and leaves
    /// everything as it was; so is any once the hub is closed.
    pub fn publish(&self, block: &Block<'_>) -> Result<LastEventId, PublishError> {
        self.publish_to("", block)
    }

    /// The same for a topic.
    ///
    /// # Errors
    ///
    /// Those of [`publish`](Self::publish), also once the topic is closed.
    pub fn publish_to(&self, topic: &str, block: &Block<'_>) -> Result<LastEventId, PublishError> {
        let (id, waiting) = self.lock().publish(topic, block, self.now())?;
        wake(waiting.into_values());
        Ok(id)
    }

    /// The response to a client: status 200,
    /// [`RESPONSE_HEADERS`](super::RESPONSE_HEADERS), and the events as the body.
    ///
    /// If all of its topics are closed and it has been given all that they held, the status is 204,
    /// which ends an `EventSource` for good.
    pub fn subscribe<'a>(&self, subscriber: impl Into<Subscriber<'a>>) -> Response<Subscription> {
        let Subscriber { topics, last_event_id } = subscriber.into().with_a_topic();
        let now = self.now();
        let mut state = self.lock();
        let arrival = state.subscribe(&topics, last_event_id.ok(), now);
        let silence = Silence::new(state.settings.keep_alive);
        drop(state);
        let mut subscription = Subscription {
            hub: self.clone(),
            key: Some(arrival.key),
            greeting: arrival.greeting,
            silence,
        };
        if arrival.complete {
            subscription.end();
            let mut response = Response::new(subscription);
            *response.status_mut() = StatusCode::NO_CONTENT;
            return response;
        }
        with_head(subscription)
    }

    /// Waits until the hub has been given the event that a client had last, for as long as `patience`.
    /// Returns whether it has.
    ///
    /// If several servers share a stream, a client may come from one that has read more of it than this
    /// one, and its id would be a gap:
    ///
    /// ```
    /// # use http::{HeaderMap, Response};
    /// # use sse_wire::server::{Hub, Subscription};
    /// use std::time::Duration;
    ///
    /// async fn events(hub: &Hub, headers: &HeaderMap) -> Response<Subscription> {
    ///     hub.wait_for(headers, Duration::from_secs(2)).await;
    ///     hub.subscribe(headers)
    /// }
    /// ```
    ///
    /// A client without an id is not waited for. An id that was forgotten is, since the order of ids is
    /// not known to the hub.
    pub async fn wait_for<'a>(
        &self,
        subscriber: impl Into<Subscriber<'a>>,
        patience: Duration,
    ) -> bool {
        let Subscriber { topics, last_event_id } = subscriber.into().with_a_topic();
        let Ok(id) = last_event_id else { return false };
        if id.is_empty() || self.lock().knows(&topics, id) {
            return true;
        }
        // A subscriber is woken by each event, and what it is given is of no interest.
        let new = Subscriber { topics: topics.clone(), last_event_id: Ok("") };
        let mut events = self.subscribe(new).into_body();
        let known = poll_fn(|cx| {
            loop {
                if self.lock().knows(&topics, id) {
                    return Poll::Ready(true);
                }
                match Pin::new(&mut events).poll_next(cx) {
                    Poll::Ready(Some(_)) => {}
                    Poll::Ready(None) => return Poll::Ready(false),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        let known = timeout(patience, known).await.unwrap_or(false);
        events.end();
        known
    }

    /// Tells all subscribers that events were lost: each is given the [gap event](Settings::gap), or
    /// [ended](Settings::end_lagging), also one that comes later with an earlier id. What was held is
    /// evicted, as the client has to load the whole state anyway.
    ///
    /// For a hub that is fed from elsewhere, when events were gone before they could be read.
    pub fn gap(&self) {
        let waiting = self.lock().gap();
        wake(waiting.into_iter().flat_map(HashMap::into_values));
    }

    /// Sets how much a topic holds, for the life of the hub. Its bytes still count among those of
    /// [all topics](Settings::retention).
    pub fn retain(&self, topic: &str, retention: Retention) {
        self.lock().topics.retain(topic, retention, self.now());
    }

    /// Closes a topic: nothing more can be published to it, and a subscriber of nothing else ends once it
    /// has been given what is held. What is held stays for those who come back.
    pub fn close_topic(&self, topic: &str) {
        let waiting = self.lock().close_topic(topic);
        wake(waiting.into_values());
    }

    /// Waits until a topic has no subscriber, since what they waited for has come and the topic was
    /// closed, or they left; at the deadline closes it. Returns whether it was drained in time.
    ///
    /// For streams that can't be resumed, before [`close`](Self::close).
    pub async fn drain(&self, topic: &str, deadline: Duration) -> bool {
        let drained = poll_fn(|cx| match self.lock().is_drained(topic, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        let drained = timeout(deadline, drained).await.is_ok();
        self.close_topic(topic);
        drained
    }

    /// Closes the hub: nothing more can be published, and all subscribers end once they have been given
    /// what is held for them, and then `last`. So do those that come later.
    ///
    /// # Errors
    ///
    /// A last event that can't be encoded. The hub is not closed then.
    pub fn close(&self, last: Option<&Block<'_>>) -> Result<(), PublishError> {
        let mut bytes = Vec::new();
        if let Some(last) = last {
            last.encode(&mut bytes)?;
        }
        let waiting = self.lock().close(bytes.into());
        wake(waiting.into_iter().flat_map(HashMap::into_values));
        Ok(())
    }

    /// What the hub holds and has done. Takes time for each topic and each subscriber.
    pub fn counts(&self) -> Counts {
        let mut state = self.lock();
        let [topics, events, bytes, subscribers, most_behind] = state.count(self.now());
        let totals = &state.totals;
        Counts {
            subscribers,
            topics,
            events,
            bytes,
            most_behind,
            published: totals.published,
            gaps: totals.gaps,
            left: totals.left,
            lagging: totals.lagging,
            ended: totals.ended,
        }
    }

    fn now(&self) -> Duration {
        self.0.start.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics is done under the lock.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, key: u64, waker: &Waker) -> Next {
        self.lock().next(key, waker, self.now())
    }

    fn leave(&self, key: u64) {
        let (drained, own) = self.lock().leave(key);
        drop(own);
        wake(drained);
    }
}

impl Debug for Hub {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hub").field(&self.counts()).finish()
    }
}

fn wake(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        waker.wake();
    }
}
