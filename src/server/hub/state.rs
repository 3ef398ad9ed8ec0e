//! Decides which subscriber gets what, under the hub's lock.
//!
//! Implementation notes. Nothing here wakes a task or drops a waker: both may run foreign code, which may call the
//! hub. So wakers are returned, and the hub wakes or drops them outside the lock.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::mem::take;
use core::task::Waker;
use core::time::Duration;

use bytes::Bytes;

use super::connected::{Connected, Greeting, Place};
use super::counts::Totals;
use super::topic::cost;
use super::topics::Topics;
use super::{PublishError, Settings};
use crate::encode::Block;
use crate::event::LastEventId;
use crate::server::last_event_id::as_sent;

#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    /// The prefix of the hub's own IDs.
    epoch: String,
    pub(super) topics: Topics,
    subscribers: BTreeMap<u64, Connected>,
    /// The key of the latest subscriber.
    latest: u64,
    /// The number of the latest block.
    number: u64,
    /// The last event for all subscribers after the hub was closed; empty for none.
    pub(super) closed: Option<Bytes>,
    pub(super) totals: Totals,
}

/// What a subscriber gets next.
#[derive(Debug)]
pub(super) enum Next {
    /// A block, or what the hub itself sends.
    Block(Bytes),
    /// It has ended, or is too slow; with the last event, if there is one.
    End(Bytes),
    /// Its waker will be woken. With its previous waker.
    Wait(Option<Waker>),
}

impl State {
    pub(super) fn new(settings: Settings, epoch: String) -> Self {
        State {
            topics: Topics::new(settings.retention),
            settings,
            epoch,
            subscribers: BTreeMap::new(),
            latest: 0,
            number: 0,
            closed: None,
            totals: Totals::default(),
        }
    }

    /// Adds a block to a topic. Returns its ID, and the wakers of those that wait for it.
    pub(super) fn publish(
        &mut self,
        topic: &str,
        block: &Block<'_>,
        now: Duration,
    ) -> Result<(LastEventId, Vec<Waker>), PublishError> {
        if self.is_closed(&[topic]) {
            return Err(PublishError::Closed);
        }
        let number = self.number + 1;
        let made = (self.settings.makes_ids && block.id.is_none() && block.data.is_some())
            .then(|| format!("{}-{number}", self.epoch));
        let block = Block { id: block.id.or(made.as_deref()), ..*block };
        let len = block.encoded_len()?;
        let id = block.id.map(as_sent).filter(|id| !id.is_empty());
        let needed = cost(len, id);
        let bound = self.topics.bound(topic);
        if needed > bound {
            return Err(PublishError::TooLarge { needed, bound });
        }
        // One allocation of the exact size.
        let mut encoded = vec![0; len];
        block.encode_to_slice(&mut encoded)?;

        let topic = self.topics.make_room(topic, needed, now);
        self.number = number;
        self.totals.published += 1;
        self.topics.change(topic, |topic| topic.push(number, encoded.into(), id, now));
        let id = block.id.map_or(LastEventId::NONE, LastEventId::from);
        Ok((id, self.waiting(topic)))
    }

    /// Returns the wakers of those that wait for a topic.
    fn waiting(&mut self, topic: u64) -> Vec<Waker> {
        let waiting = self.topics.get_mut(topic).map(|topic| take(&mut topic.waiting));
        let waiting = waiting.unwrap_or_default();
        let mut wakers = Vec::with_capacity(waiting.len());
        for key in waiting {
            let subscriber = self.subscribers.get_mut(&key);
            wakers.extend(subscriber.and_then(|subscriber| subscriber.wake_for(topic)));
        }
        wakers
    }

    /// Returns the wakers of all that wait.
    fn all_waiting(&mut self) -> Vec<Waker> {
        let topics = self.topics.keys();
        topics.into_iter().flat_map(|topic| self.waiting(topic)).collect()
    }

    /// Makes a gap for all subscribers. Returns the wakers of those that wait.
    pub(super) fn gap(&mut self) -> Vec<Waker> {
        self.number += 1;
        self.topics.gap(self.number);
        self.all_waiting()
    }

    /// Returns whether all of these topics are closed.
    pub(super) fn is_closed(&self, topics: &[&str]) -> bool {
        let is_closed = |name: &&str| self.topics.find(name).is_some_and(|it| it.closed.is_some());
        self.closed.is_some() || topics.iter().all(is_closed)
    }

    /// Adds a subscriber. Returns its key, and whether it will never get anything.
    pub(super) fn subscribe(
        &mut self,
        topics: &[&str],
        last_event_id: Option<&str>,
        now: Duration,
    ) -> (u64, bool) {
        self.topics.sweep(now);
        let mut keys: Vec<u64> = Vec::with_capacity(topics.len());
        for topic in topics {
            let key = self.topics.named(topic);
            if !keys.contains(&key) {
                self.topics.change(key, |topic| {
                    topic.expire(now);
                    topic.subscribers += 1;
                });
                keys.push(key);
            }
        }
        let (greeting, next) = match last_event_id.map(as_sent) {
            Some("") if self.settings.replay_to_new => (Greeting::New, 0),
            Some("") => (Greeting::New, self.number + 1),
            id => match id.and_then(|id| self.position(&keys, id)) {
                Some(position) => (Greeting::Resumed, position + 1),
                None => (Greeting::Gap, 0),
            },
        };
        let mut topics = keys.iter().filter_map(|&key| self.topics.get(key));
        let complete = !matches!(greeting, Greeting::Gap)
            && topics.all(|topic| topic.closed.is_some() && topic.first_from(next).is_none());
        self.latest += 1;
        self.subscribers.insert(self.latest, Connected::new(&keys, next, greeting));
        (self.latest, complete)
    }

    /// What a subscriber gets next.
    pub(super) fn next(&mut self, key: u64, waker: &Waker, now: Duration) -> Next {
        let Some(subscriber) = self.subscribers.get_mut(&key) else {
            return Next::End(Bytes::new());
        };
        let (mut missed, mut closed) = (false, true);
        let mut first: Option<(u64, &mut Place)> = None;
        for place in &mut subscriber.places {
            let number = self.topics.change(place.topic, |topic| {
                topic.expire(now);
                closed &= topic.closed.is_some();
                if place.next <= topic.evicted {
                    missed |= place.next > 0;
                    place.next = topic.evicted + 1;
                }
                topic.first_from(place.next).map(|(number, _)| number)
            });
            let Some(number) = number.flatten() else { continue };
            if first.as_ref().is_none_or(|&(earlier, _)| number < earlier) {
                first = Some((number, place));
            }
        }
        if missed && self.settings.end_lagging {
            self.totals.lagging += 1;
            return Next::End(Bytes::new());
        }
        let greeting = subscriber.greeting.take();
        if missed || greeting.is_some() {
            let gap = missed || matches!(greeting, Some(Greeting::Gap));
            let initial = self.settings.initial_id && matches!(greeting, Some(Greeting::New));
            let needs_id = first.is_none() && (gap || initial);
            let retry = greeting.and(self.settings.retry);
            let topics = subscriber.topics();
            self.totals.gaps += u64::from(gap);
            let bytes = self.greeting(&topics, gap, needs_id, retry);
            return if bytes.is_empty() { self.next(key, waker, now) } else { Next::Block(bytes) };
        }
        if let Some((number, place)) = first {
            let topic = self.topics.get(place.topic);
            if let Some((_, block)) = topic.and_then(|topic| topic.first_from(number)) {
                place.next = number + 1;
                return Next::Block(block.clone());
            }
        }
        if closed || self.closed.is_some() {
            self.totals.ended += 1;
            return Next::End(self.closed.clone().unwrap_or_default());
        }
        Next::Wait(subscriber.wait(key, &mut self.topics, waker))
    }

    /// Lets a subscriber skip all blocks, and wait for the next one. Returns its previous waker.
    pub(super) fn skip(&mut self, key: u64, waker: &Waker) -> Option<Waker> {
        let subscriber = self.subscribers.get_mut(&key)?;
        subscriber.places.iter_mut().for_each(|place| place.next = self.number + 1);
        subscriber.wait(key, &mut self.topics, waker)
    }

    /// Removes a subscriber. Returns the wakers of others to be woken, and its own to be dropped.
    pub(super) fn leave(&mut self, key: u64) -> (Vec<Waker>, Option<Waker>) {
        let mut drained = Vec::new();
        let Some(subscriber) = self.subscribers.remove(&key) else { return (drained, None) };
        for key in subscriber.topics() {
            if let Some(topic) = self.topics.get_mut(key) {
                topic.subscribers -= 1;
                if topic.subscribers == 0 {
                    drained.append(&mut topic.draining);
                }
                // Most of those in the list have left.
                if topic.waiting.len() > 2 * topic.subscribers {
                    topic.waiting.retain(|key| self.subscribers.contains_key(key));
                    topic.waiting.shrink_to_fit();
                }
            }
            self.topics.release(key);
        }
        (drained, subscriber.waker)
    }

    /// Closes a topic. Returns the wakers of those that wait for it.
    pub(super) fn close_topic(&mut self, topic: &str) -> Vec<Waker> {
        let key = self.topics.named(topic);
        self.topics.change(key, |topic| _ = topic.closed.get_or_insert(self.number));
        self.topics.release(key);
        self.waiting(key)
    }

    /// Closes everything. Returns the wakers of those that wait.
    pub(super) fn close(&mut self, last: Bytes) -> Vec<Waker> {
        self.closed.get_or_insert(last);
        self.all_waiting()
    }

    /// Returns whether a topic has no subscriber. Otherwise the waker is woken when it has none.
    pub(super) fn is_drained(&mut self, topic: &str, waker: &Waker) -> bool {
        let topic = self.topics.key(topic).and_then(|key| self.topics.get_mut(key));
        match topic.filter(|topic| topic.subscribers > 0) {
            Some(topic) => {
                if !topic.draining.iter().any(|registered| registered.will_wake(waker)) {
                    topic.draining.push(waker.clone());
                }
                false
            }
            None => true,
        }
    }

    /// Evicts expired blocks everywhere. Returns the numbers of topics, events, bytes, and subscribers, and by how
    /// many events the slowest subscriber is behind.
    pub(super) fn count(&mut self, now: Duration) -> [usize; 5] {
        self.topics.expire(now);
        let (topics, events) = self.topics.count();
        let behind = self.subscribers.values().map(|subscriber| subscriber.behind(&self.topics));
        let slowest = behind.max();
        let subscribers = self.subscribers.len();
        [topics, events, self.topics.bytes(), subscribers, slowest.unwrap_or(0)]
    }

    /// Returns the number of the last block that a client with this ID has received, if it is in one of these topics
    /// and no later block was evicted there.
    fn position(&self, topics: &[u64], id: &str) -> Option<u64> {
        let topics = || topics.iter().filter_map(|&key| self.topics.get(key));
        let initial = || {
            let number = id.strip_prefix(&*self.epoch)?.strip_prefix(':')?.parse().ok()?;
            (number <= self.number).then_some(number)
        };
        let first_use = topics().filter_map(|topic| topic.ids.position(id)).min();
        let position = first_use.or_else(initial)?;
        topics().all(|topic| topic.evicted <= position).then_some(position)
    }

    /// Returns an ID with which a subscriber that has received everything can resume.
    fn current_id(&self, topics: &[u64]) -> Option<String> {
        if self.settings.makes_ids {
            return Some(format!("{}:{}", self.epoch, self.number));
        }
        let topics = || topics.iter().filter_map(|&key| self.topics.get(key));
        let (position, id) = topics().filter_map(|topic| topic.ids.last()).max()?;
        topics().all(|topic| topic.evicted <= position).then(|| id.to_string())
    }

    /// Returns what a subscriber gets at its first poll, or if it has missed blocks.
    fn greeting(
        &self,
        topics: &[u64],
        gap: bool,
        needs_id: bool,
        retry: Option<Duration>,
    ) -> Bytes {
        let id = if needs_id { self.current_id(topics) } else { None };
        let data = if gap { &*self.settings.gap_data } else { "" };
        let block = Block {
            event_type: gap.then_some(&*self.settings.gap_type),
            data: (gap || id.is_some()).then_some(data),
            id: id.as_deref(),
            retry,
            ..Block::new()
        };
        let mut greeting = Vec::new();
        if block != Block::new() {
            // The type was checked when it was set, and the ID when it was published.
            let _ = block.encode(&mut greeting);
        }
        greeting.into()
    }
}
