//! One stream of events for any number of subscribers.
//!
//! Implementation notes. `topic` has the blocks, `ids` maps IDs to blocks, `topics` has all topics and their common
//! bound, `connected` has the places of subscribers, and `state` decides which one gets what, all under one lock. This
//! file has what is outside the lock: time, and waking. A subscriber is a position in its topics, without a task, a
//! channel, or a queue. It takes its next block when its connection is ready for one, so a slow one delays nothing and
//! keeps nothing in memory.

mod connected;
mod counts;
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
use core::task::{Poll, Waker};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use http::{Response, StatusCode};
use tokio::time::{Instant, timeout};

pub use self::counts::Counts;
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
/// // The HTTP server calls this for each client; hyper and axum take the response as it is.
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
/// Each event has an ID: the caller's, or one that the hub generates from its start time and a number, so that IDs of an
/// earlier process differ. A client that reconnects with the ID of a retained event, or of the one that was
/// evicted last, gets exactly the later events of its topics, first the retained ones and then live ones. If the ID is
/// unknown, or if a subscriber reads so slowly that its next event was evicted, the hub sends the [gap
/// event](Settings::gap) and continues with the oldest retained event.
///
/// - **A block without an ID**, such as one without data, does not change the client's last event ID, so it is sent
///   again with the events after that ID.
/// - **A repeated ID** does not determine which of its events the client received last: the events after the first of
///   them are sent, and if some of these were evicted, there is a gap.
/// - **Spaces and tabs at the ends** of an ID do not come back in the header
///   ([`survives_header`](super::survives_header)), so IDs are compared without them.
///
/// # Topics
///
/// All topics share one order, but each retains its own events, so that a burst in one topic does not evict those of
/// another. A [`Subscriber`] has the topics that it may read, and an ID of any other topic is a gap. To send a message
/// to one client, publish it to a topic that only this client subscribes to; it is retained until the client
/// reconnects. A topic is created when it is first named.
///
/// A topic that retains nothing and has no subscriber is idle. Of the latest 1,000 idle topics the hub remembers the ID
/// of the last event, and whether the topic is closed: a client that reconnects with that ID has missed nothing. Older
/// ones are forgotten. A client gets the gap event if one of its topics is not known, and its ID is of an event before
/// the last one of a forgotten topic.
///
/// # Memory and cost
///
/// Publishing encodes the event once, into bytes that all subscribers share, and wakes those that wait, outside the
/// lock. The [`Retention`] bounds what is retained, always in bytes. A subscriber costs a few hundred bytes more,
/// including its timer, and idle topics at most 1 MiB; the event that a subscriber is writing stays in memory until it
/// is written.
///
/// # Shutdown
///
/// The graceful shutdown of an HTTP server waits for open responses, so call [`close`](Self::close) when it starts: it
/// ends all subscribers, including later ones, after they have received what is retained for them. With axum:
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

impl Hub {
    /// Creates a hub from a [`Retention`], or from all [`Settings`].
    pub fn new(settings: impl Into<Settings>) -> Self {
        // The time in milliseconds, and random bits for servers that start at the same time.
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let chance = RandomState::new().build_hasher().finish() as u16;
        let epoch = format!("{time:x}{chance:04x}");
        Hub(Arc::new(Shared {
            start: Instant::now(),
            state: Mutex::new(State::new(settings.into(), epoch)),
        }))
    }

    /// Publishes an event, or any block, and returns its ID, which is empty if it has none.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if the block can't be encoded, if it is larger than what may be retained, or if the hub is
    /// closed. Nothing changes then.
    pub fn publish(&self, block: &Block<'_>) -> Result<LastEventId, PublishError> {
        self.publish_to("", block)
    }

    /// Publishes an event to a topic, like [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// Those of [`publish`](Self::publish), and [`PublishError::Closed`] if the topic is closed.
    pub fn publish_to(&self, topic: &str, block: &Block<'_>) -> Result<LastEventId, PublishError> {
        let (id, waiting) = self.lock().publish(topic, block, self.now())?;
        wake(waiting);
        Ok(id)
    }

    /// Returns the response to a client: the status 200, [`RESPONSE_HEADERS`](super::RESPONSE_HEADERS), and the events
    /// as the body.
    ///
    /// If all of its topics are closed and it has received everything that they retain, the status is 204, which ends
    /// an `EventSource` for good.
    pub fn subscribe<'a>(&self, subscriber: impl Into<Subscriber<'a>>) -> Response<Subscription> {
        let Subscriber { topics, last_event_id } = subscriber.into().with_a_topic();
        let now = self.now();
        let mut state = self.lock();
        let (key, complete) = state.subscribe(&topics, last_event_id.ok(), now);
        let silence = Silence::new(state.settings.keep_alive);
        drop(state);
        let mut subscription = Subscription { hub: self.clone(), key: Some(key), silence };
        if complete {
            subscription.leave();
            let mut response = Response::new(subscription);
            *response.status_mut() = StatusCode::NO_CONTENT;
            return response;
        }
        with_head(subscription)
    }

    /// Waits until the hub has the event that a client received last, for at most `patience`. Returns whether it has.
    ///
    /// If several servers share a stream, a client may come from one that has read more of it than this one. Its ID
    /// would then be a gap, unless this server waits:
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
    /// It returns at once for a client without an ID. It waits for an ID that was evicted, because the hub does not
    /// know the order of IDs.
    pub async fn wait_for<'a>(
        &self,
        subscriber: impl Into<Subscriber<'a>>,
        patience: Duration,
    ) -> bool {
        let Subscriber { topics, last_event_id } = subscriber.into().with_a_topic();
        let Ok(id) = last_event_id else { return false };
        if id.is_empty() || self.lock().topics.knows(&topics, id) {
            return true;
        }
        let new = Subscriber { topics: topics.clone(), last_event_id: Ok("") };
        let mut waiting = self.subscribe(new).into_body();
        let known = poll_fn(|cx| {
            let mut state = self.lock();
            let knows = state.topics.knows(&topics, id);
            if knows || state.is_closed(&topics) {
                return Poll::Ready(knows);
            }
            let stale = waiting.key.and_then(|key| state.skip(key, cx.waker()));
            drop(state);
            drop(stale);
            Poll::Pending
        });
        let known = timeout(patience, known).await.unwrap_or(false);
        waiting.leave();
        known
    }

    /// Reports to all subscribers that events were lost: each gets the [gap event](Settings::gap), or is
    /// [ended](Settings::end_lagging), including one that connects later with an earlier ID. Retained events are
    /// evicted, because the clients have to load the whole state anyway.
    ///
    /// Use it for a hub that reads events from another source, if that source has lost some.
    pub fn gap(&self) {
        let waiting = self.lock().gap();
        wake(waiting);
    }

    /// Sets how much a topic retains, for the life of the hub. Its bytes still count toward those of [all
    /// topics](Settings::retention).
    pub fn retain(&self, topic: &str, retention: Retention) {
        self.lock().topics.retain(topic, retention, self.now());
    }

    /// Closes a topic: nothing more can be published to it, and a subscriber of only this topic, even a later one, ends
    /// after it has received what is retained. Retained events stay for clients that reconnect. A topic that was never
    /// named before can be closed too.
    ///
    /// It stays closed until it is [forgotten](Self#topics), so use another name for what comes later.
    pub fn close_topic(&self, topic: &str) {
        let waiting = self.lock().close_topic(topic);
        wake(waiting);
    }

    /// Waits until a topic has no subscriber, because it was closed and they have received everything, or because they
    /// have disconnected; then, or at the deadline, closes it. Returns whether it was drained in time.
    ///
    /// Use it for streams that can't be resumed, before [`close`](Self::close).
    pub async fn drain(&self, topic: &str, deadline: Duration) -> bool {
        let drained = poll_fn(|cx| match self.lock().is_drained(topic, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        let drained = timeout(deadline, drained).await.is_ok();
        self.close_topic(topic);
        drained
    }

    /// Closes the hub: nothing more can be published, and all subscribers, including later ones, end after they have
    /// received what is retained for them, and then `last`.
    ///
    /// # Errors
    ///
    /// A last event that can't be encoded. The hub then stays open.
    pub fn close(&self, last: Option<&Block<'_>>) -> Result<(), PublishError> {
        let mut bytes = Vec::new();
        if let Some(last) = last {
            last.encode(&mut bytes)?;
        }
        let waiting = self.lock().close(bytes.into());
        wake(waiting);
        Ok(())
    }

    /// Returns what the hub retains and has done. Takes time for each topic and each subscriber.
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
        // Nothing panics under the lock.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, key: u64, waker: &Waker, now: Instant) -> Next {
        let now = now.saturating_duration_since(self.0.start);
        self.lock().next(key, waker, now)
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
