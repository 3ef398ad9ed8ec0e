//! Decides which subscriber gets what, under the hub's lock.
//!
//! Implementation notes. Nothing here wakes a task or drops a waker: both may run foreign code, which may call the
//! hub. So wakers are returned, and the hub wakes or drops them outside the lock.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::mem::take;
use core::task::Waker;
use core::time::Duration;
use std::collections::HashMap;

use bytes::Bytes;

use super::counts::Totals;
use super::topic::{Topic, cost};
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
    subscribers: HashMap<u64, Box<[Seat]>>,
    /// The key of the latest subscriber.
    latest: u64,
    /// The number of the latest block.
    number: u64,
    /// The last event for all subscribers after the hub was closed; empty for none.
    pub(super) closed: Option<Bytes>,
    pub(super) totals: Totals,
}

/// The subscribers of a topic that wait.
type Waiting = HashMap<u64, Waker>;

/// A subscriber's place in one of its topics.
#[derive(Debug)]
struct Seat {
    topic: Arc<str>,
    /// The number of the first block that it has not received; zero for the block that is the oldest at the first
    /// poll.
    next: u64,
}

/// What a subscriber gets next.
#[derive(Debug)]
pub(super) enum Next {
    Block(Bytes),
    /// It has missed blocks.
    Gap(Bytes),
    /// It has ended, or is too slow; with the last event, if there is one.
    End(Bytes),
    /// Its waker will be woken. With its previous waker.
    Wait(Vec<Waker>),
}

/// A connected subscriber.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) key: u64,
    /// What it gets before all blocks; may be empty.
    pub(super) greeting: Bytes,
    /// Whether it will never get anything.
    pub(super) complete: bool,
}

impl State {
    pub(super) fn new(settings: Settings, epoch: String) -> Self {
        State {
            topics: Topics::new(settings.retention),
            settings,
            epoch,
            subscribers: HashMap::new(),
            latest: 0,
            number: 0,
            closed: None,
            totals: Totals::default(),
        }
    }

    /// Adds a block to a topic. Returns its ID, and the waiting subscribers.
    pub(super) fn publish(
        &mut self,
        topic: &str,
        block: &Block<'_>,
        now: Duration,
    ) -> Result<(LastEventId, Waiting), PublishError> {
        if self.closed.is_some()
            || self.topics.get(topic).is_some_and(|topic| topic.closed.is_some())
        {
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

        let name = self.topics.make_room(topic, needed, now);
        self.number = number;
        self.totals.published += 1;
        let waiting = self.topics.change(&name, |topic| {
            topic.push(number, encoded.into(), id, now);
            take(&mut topic.waiting)
        });
        let id = block.id.map_or(LastEventId::NONE, LastEventId::from);
        Ok((id, waiting.unwrap_or_default()))
    }

    /// Makes a gap for all subscribers. Returns the waiting ones.
    pub(super) fn gap(&mut self) -> Vec<Waiting> {
        self.number += 1;
        self.topics.gap(self.number);
        self.topics.iter_mut().map(|topic| take(&mut topic.waiting)).collect()
    }

    /// Returns whether one of these topics has, or had last, a block with this ID.
    pub(super) fn knows(&self, topics: &[&str], id: &str) -> bool {
        let id = as_sent(id);
        topics
            .iter()
            .filter_map(|name| self.topics.get(name))
            .any(|topic| topic.ids.position(id).is_some())
    }

    /// Adds a subscriber.
    pub(super) fn subscribe(
        &mut self,
        topics: &[&str],
        last_event_id: Option<&str>,
        now: Duration,
    ) -> Arrival {
        self.topics.sweep(now);
        let mut names: Vec<Arc<str>> = Vec::with_capacity(topics.len());
        for topic in topics {
            let name = self.topics.named(topic);
            if !names.contains(&name) {
                self.topics.change(&name, |topic| {
                    topic.expire(now);
                    topic.subscribers += 1;
                });
                names.push(name);
            }
        }
        let id = last_event_id.map(as_sent);
        let resumed = match id {
            Some("") => None,
            Some(id) => Some(self.position(&names, id)),
            None => Some(None),
        };
        let next = match resumed {
            Some(Some(position)) => position + 1,
            Some(None) => 0,
            None if self.settings.replay_to_new => 0,
            None => self.number + 1,
        };
        let gap = resumed == Some(None);
        let all = |test: &dyn Fn(&Topic) -> bool| {
            names.iter().filter_map(|name| self.topics.get(name)).all(test)
        };
        let nothing = all(&|topic| topic.first_from(next).is_none());
        let needs_id = nothing && (gap || (resumed.is_none() && self.settings.initial_id));
        let greeting = self.greeting(&names, gap, needs_id, self.settings.retry);
        let complete = nothing && !gap && all(&|topic| topic.closed.is_some());
        let seats = names.into_iter().map(|topic| Seat { topic, next }).collect();
        self.totals.gaps += u64::from(gap);
        self.latest += 1;
        self.subscribers.insert(self.latest, seats);
        Arrival { key: self.latest, greeting, complete }
    }

    /// What a subscriber gets next.
    pub(super) fn next(&mut self, key: u64, waker: &Waker, now: Duration) -> Next {
        let Some(seats) = self.subscribers.get_mut(&key) else { return Next::End(Bytes::new()) };
        let mut seats = take(seats);
        let next = self.next_of(key, &mut seats, waker, now);
        self.subscribers.insert(key, seats);
        next
    }

    fn next_of(&mut self, key: u64, seats: &mut [Seat], waker: &Waker, now: Duration) -> Next {
        let mut missed = false;
        let mut first: Option<(u64, usize)> = None;
        for (at, seat) in seats.iter_mut().enumerate() {
            self.topics.change(&seat.topic, |topic| topic.expire(now));
            let Some(topic) = self.topics.get(&seat.topic) else { continue };
            if seat.next <= topic.evicted {
                missed |= seat.next > 0;
                seat.next = topic.evicted + 1;
            }
            let number = topic.first_from(seat.next).map(|(number, _)| number);
            first = number.map(|number| (number, at)).into_iter().chain(first).min();
        }
        if missed {
            if self.settings.end_lagging {
                self.totals.lagging += 1;
                return Next::End(Bytes::new());
            }
            self.totals.gaps += 1;
            let names: Vec<Arc<str>> = seats.iter().map(|seat| seat.topic.clone()).collect();
            return Next::Gap(self.greeting(&names, true, first.is_none(), None));
        }
        if let Some((number, at)) = first {
            let topic = self.topics.get(&seats[at].topic);
            if let Some((_, block)) = topic.and_then(|topic| topic.first_from(number)) {
                seats[at].next = number + 1;
                return Next::Block(block.clone());
            }
        }
        let closed =
            |seat: &Seat| self.topics.get(&seat.topic).is_none_or(|topic| topic.closed.is_some());
        if self.closed.is_some() || seats.iter().all(closed) {
            self.totals.ended += 1;
            return Next::End(self.closed.clone().unwrap_or_default());
        }
        let wait =
            |seat: &Seat| self.topics.get_mut(&seat.topic).and_then(|topic| topic.wait(key, waker));
        Next::Wait(seats.iter().filter_map(wait).collect())
    }

    /// Removes a subscriber. Returns the wakers of others to be woken, and its own to be dropped.
    pub(super) fn leave(&mut self, key: u64) -> (Vec<Waker>, Vec<Waker>) {
        let (mut drained, mut own) = (Vec::new(), Vec::new());
        for Seat { topic: name, .. } in self.subscribers.remove(&key).into_iter().flatten() {
            if let Some(topic) = self.topics.get_mut(&name) {
                own.extend(topic.waiting.remove(&key));
                topic.subscribers -= 1;
                if topic.subscribers == 0 {
                    drained.append(&mut topic.draining);
                }
            }
            self.topics.release(&name);
        }
        // Frees the memory of many subscribers that have left.
        if self.subscribers.capacity() / 4 > self.subscribers.len() {
            self.subscribers.shrink_to(self.subscribers.len() * 2);
        }
        (drained, own)
    }

    /// Closes a topic. Returns the waiting subscribers.
    pub(super) fn close_topic(&mut self, topic: &str) -> Waiting {
        let name = self.topics.named(topic);
        let waiting = self.topics.get_mut(&name).map(|topic| {
            topic.closed.get_or_insert(self.number);
            take(&mut topic.waiting)
        });
        self.topics.release(&name);
        waiting.unwrap_or_default()
    }

    /// Closes everything, and returns who waits.
    pub(super) fn close(&mut self, last: Bytes) -> Vec<Waiting> {
        self.closed.get_or_insert(last);
        self.topics.iter_mut().map(|topic| take(&mut topic.waiting)).collect()
    }

    /// Returns whether a topic has no subscriber. Otherwise the waker is woken when it has none.
    pub(super) fn is_drained(&mut self, topic: &str, waker: &Waker) -> bool {
        match self.topics.get_mut(topic).filter(|topic| topic.subscribers > 0) {
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
        let behind = |seat: &Seat| self.held_for(seat);
        let slowest = self.subscribers.values().map(|seats| seats.iter().map(behind).sum()).max();
        let subscribers = self.subscribers.len();
        [topics, events, self.topics.bytes(), subscribers, slowest.unwrap_or(0)]
    }

    fn held_for(&self, seat: &Seat) -> usize {
        self.topics.get(&seat.topic).map_or(0, |topic| topic.count_from(seat.next))
    }

    /// Returns the number of the last block that a client with this ID has received, if it is in one of these topics
    /// and no later block was evicted there.
    fn position(&self, topics: &[Arc<str>], id: &str) -> Option<u64> {
        let topics = || topics.iter().filter_map(|name| self.topics.get(name));
        let initial = || {
            let number = id.strip_prefix(&*self.epoch)?.strip_prefix(':')?.parse().ok()?;
            (number <= self.number).then_some(number)
        };
        let first_use = topics().filter_map(|topic| topic.ids.position(id)).min();
        let position = first_use.or_else(initial)?;
        topics().all(|topic| topic.evicted <= position).then_some(position)
    }

    /// Returns an ID with which a subscriber that has received everything can resume.
    fn current_id(&self, topics: &[Arc<str>]) -> Option<String> {
        if self.settings.makes_ids {
            return Some(format!("{}:{}", self.epoch, self.number));
        }
        let topics = || topics.iter().filter_map(|name| self.topics.get(name));
        let (position, id) = topics().filter_map(|topic| topic.ids.last()).max()?;
        topics().all(|topic| topic.evicted <= position).then(|| id.to_string())
    }

    /// Returns what a subscriber gets that is new, or has missed blocks.
    fn greeting(
        &self,
        topics: &[Arc<str>],
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
