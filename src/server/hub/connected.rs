//! A connected subscriber: its place in each of its topics, and its waker while it waits.
//!
//! Implementation notes. It has one waker, and each of its topics has a list of those that wait. A place is in the list
//! of its topic exactly if `waits` is set, so that it is there once, however often the subscriber is polled.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::Waker;

use super::topics::Topics;

#[derive(Debug)]
pub(super) struct Connected {
    pub(super) places: Box<[Place]>,
    /// Its waker while it waits.
    pub(super) waker: Option<Waker>,
    /// What it gets first, until its first poll.
    pub(super) greeting: Option<Greeting>,
}

/// How a subscriber has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Greeting {
    /// Without an ID.
    New,
    /// With the ID of a block, after which nothing was evicted.
    Resumed,
    /// With another ID, so it has missed blocks.
    Gap,
}

/// A subscriber's place in one of its topics.
#[derive(Debug)]
pub(super) struct Place {
    /// The topic's key.
    pub(super) topic: u64,
    /// The number of the first block that it has not received; zero for the block that is the oldest at the first
    /// poll.
    pub(super) next: u64,
    waits: bool,
}

impl Connected {
    /// Creates a subscriber of these topics that has received the blocks before number `next`.
    pub(super) fn new(topics: &[u64], next: u64, greeting: Greeting) -> Self {
        let places = topics.iter().map(|&topic| Place { topic, next, waits: false }).collect();
        Connected { places, waker: None, greeting: Some(greeting) }
    }

    pub(super) fn topics(&self) -> Vec<u64> {
        self.places.iter().map(|place| place.topic).collect()
    }

    /// Returns by how many retained blocks it is behind.
    pub(super) fn behind(&self, topics: &Topics) -> usize {
        let behind = |place: &Place| topics.get(place.topic).map(|it| it.count_from(place.next));
        self.places.iter().filter_map(behind).sum()
    }

    /// Waits for the next block of its topics. Returns its previous waker, to be dropped outside the lock.
    pub(super) fn wait(&mut self, key: u64, topics: &mut Topics, waker: &Waker) -> Option<Waker> {
        for place in self.places.iter_mut().filter(|place| !place.waits) {
            if let Some(topic) = topics.get_mut(place.topic) {
                topic.waiting.push(key);
                place.waits = true;
            }
        }
        match &self.waker {
            Some(registered) if registered.will_wake(waker) => None,
            _ => self.waker.replace(waker.clone()),
        }
    }

    /// Returns its waker, if it still waits, after it was removed from the list of a topic.
    pub(super) fn wake_for(&mut self, topic: u64) -> Option<Waker> {
        for place in self.places.iter_mut().filter(|place| place.topic == topic) {
            place.waits = false;
        }
        self.waker.take()
    }
}
