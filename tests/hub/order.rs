//! Each event once and in order, or a gap, whatever happens in between.

use std::collections::BTreeMap;
use std::mem::take;
use std::ops::RangeInclusive;
use std::task::{Poll, Waker};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::server::{Hub, Retention, Settings, Subscription};
use sse_wire::{Block, Parser};
use tokio::time::advance;

use crate::{frame, kept, runtime, subscribe, with_id};

/// What happens to a hub, and to three clients of it.
#[derive(Clone, Debug)]
enum Step {
    Publish {
        topic: usize,
        data_len: usize,
    },
    Wait(u64),
    Read {
        client: usize,
        frames: usize,
    },
    /// The connection breaks off, and the client reconnects.
    Reconnect(usize),
    /// The source of the hub has lost events.
    Gap,
    /// A topic retains at most this many events from now on.
    Retain {
        topic: usize,
        events: usize,
    },
}

const TOPICS: [&str; 3] = ["", "a", "b"];
/// The topics that each client has.
const CLIENTS: [&[usize]; 3] = [&[0], &[0, 1], &[2, 1, 0]];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3usize, 0..200usize).prop_map(|(topic, data_len)| Step::Publish { topic, data_len }),
        1 => (0..30u64).prop_map(Step::Wait),
        4 => (0..3usize, 0..6usize).prop_map(|(client, frames)| Step::Read { client, frames }),
        2 => (0..3usize).prop_map(Step::Reconnect),
        1 => Just(Step::Gap),
        1 => (0..3usize, 0..5usize).prop_map(|(topic, events)| Step::Retain { topic, events }),
    ];
    vec(step, 0..80)
}

fn retention() -> impl Strategy<Value = Retention> {
    let bound = |from: u64, to: u64| prop::option::of(from..to);
    (bound(0, 12), 2_000..8_000usize, bound(1, 40)).prop_map(|(events, bytes, age)| Retention {
        events: events.map(|events| events as usize),
        bytes,
        age: age.map(Duration::from_secs),
    })
}

fn settings() -> impl Strategy<Value = (usize, Settings, [bool; 4])> {
    (retention(), any::<[bool; 4]>()).prop_map(|(retention, flags)| {
        let mut settings = Settings::from(retention);
        let set = [
            Settings::own_ids as fn(Settings) -> Settings,
            Settings::replay_to_new,
            Settings::end_lagging,
            Settings::initial_id,
        ];
        for (set, _) in set.into_iter().zip(flags).filter(|&(_, flag)| flag) {
            settings = set(settings);
        }
        (retention.bytes, settings, flags)
    })
}

/// A client that compares what it gets with everything that was published.
struct Client {
    topics: &'static [usize],
    body: Subscription,
    parser: Parser,
    /// The place of the next event among those of its topic, for each topic; at most how many were published, after a
    /// gap event.
    expected: BTreeMap<usize, RangeInclusive<usize>>,
    /// Whether it is new, and gets retained events from its first poll on.
    replay: bool,
    /// The number of the last event in the common order.
    last: Option<usize>,
    /// Whether the source has lost events, and the client does not know yet.
    gap: bool,
}

impl Client {
    fn connect(hub: &Hub, topics: &'static [usize], id: &str) -> Subscription {
        let subscriber =
            topics.iter().fold(with_id(id), |subscriber, &topic| subscriber.topic(TOPICS[topic]));
        subscribe(hub, subscriber)
    }

    fn new(hub: &Hub, topics: &'static [usize], replay: bool) -> Self {
        Client {
            topics,
            body: Self::connect(hub, topics, ""),
            parser: Parser::new(),
            expected: topics.iter().map(|&topic| (topic, 0..=0)).collect(),
            replay,
            last: None,
            gap: false,
        }
    }

    /// Expects any event of each topic that was published, or the next one.
    fn expect_any(&mut self, published: &[usize]) {
        for (topic, places) in &mut self.expected {
            *places = 0..=count(published, *topic);
        }
        self.last = None;
    }

    /// Returns whether it has not received all events, or does not know whether it has.
    fn has_missed(&self, published: &[usize]) -> bool {
        let missed = |(&topic, places): (&usize, &RangeInclusive<usize>)| {
            places.start() < places.end() || *places.end() < count(published, topic)
        };
        self.gap || self.expected.iter().any(missed)
    }

    fn reconnect(&mut self, hub: &Hub, published: &[usize], replay: bool) {
        let id = self.parser.last_event_id().to_owned();
        self.body = Self::connect(hub, self.topics, &id);
        let mut parser = Parser::new();
        parser.set_last_event_id(&id).unwrap();
        self.parser = parser;
        if id.is_empty() {
            // It has received nothing and has no ID, so it starts like a new client.
            (self.gap, self.replay, self.last) = (false, replay, None);
            for (&topic, places) in &mut self.expected {
                *places = count(published, topic)..=count(published, topic);
            }
        }
    }

    fn read(
        &mut self,
        frames: usize,
        hub: &Hub,
        published: &[usize],
        [_, replay, end_lagging, _]: [bool; 4],
    ) -> Result<(), TestCaseError> {
        for _ in 0..frames {
            if take(&mut self.replay) {
                self.gap = false;
                self.expect_any(published);
            }
            let Poll::Ready(bytes) = frame(&mut self.body, Waker::noop()) else { return Ok(()) };
            let Ok(bytes) = bytes else {
                prop_assert!(end_lagging && self.has_missed(published), "ended");
                self.reconnect(hub, published, replay);
                continue;
            };
            let mut events = self.parser.push(&bytes);
            let Some(event) = events.next()? else { continue };
            if event.event_type == "gap" {
                prop_assert!(self.has_missed(published), "a gap, and nothing was missed");
                self.gap = false;
                self.expect_any(published);
                continue;
            }
            if event.data.is_empty() {
                continue; // The initial ID.
            }
            let number: usize = event.data.split(' ').next().unwrap().parse().unwrap();
            let topic = published[number];
            prop_assert!(self.topics.contains(&topic), "an event of another topic");
            prop_assert!(!self.gap, "a gap of the source was not reported");
            prop_assert!(self.last.is_none_or(|last| last < number), "out of order");
            self.last = Some(number);
            let place = count(&published[..number], topic);
            let expected = self.expected.get_mut(&topic).unwrap();
            prop_assert!(expected.contains(&place), "lost or doubled");
            *expected = place + 1..=place + 1;
        }
        Ok(())
    }
}

fn count(published: &[usize], topic: usize) -> usize {
    published.iter().filter(|&&of| of == topic).count()
}

proptest! {
    #![proptest_config(kept::failures())]

    #[test]
    fn exactly_once_every_event_of_its_topics_in_order_or_a_gap(
        (bytes, settings, flags) in settings(), steps in steps()
    ) {
        let runtime = runtime();
        let _entered = runtime.enter();
        let [own, replay, ..] = flags;
        let hub = Hub::new(settings);
        let mut clients = CLIENTS.map(|topics| Client::new(&hub, topics, replay));
        let mut published = Vec::new();
        for step in &steps {
            match *step {
                Step::Publish { topic, data_len } => {
                    let number = published.len();
                    published.push(topic);
                    let (id, data) = (format!("#{number}"), format!("{number} {:x<data_len$}", ""));
                    let block = Block::new().data(&data);
                    let block = if own { block.id(&id) } else { block };
                    hub.publish_to(TOPICS[topic], &block).unwrap();
                    prop_assert!(hub.counts().bytes <= bytes);
                }
                Step::Wait(time) => runtime.block_on(advance(Duration::from_secs(time))),
                Step::Read { client, frames } => {
                    clients[client].read(frames, &hub, &published, flags)?;
                }
                Step::Reconnect(client) => {
                    clients[client].reconnect(&hub, &published, replay);
                }
                Step::Gap => {
                    hub.gap();
                    clients.iter_mut().for_each(|client| client.gap = true);
                }
                Step::Retain { topic, events } => {
                    hub.retain(TOPICS[topic], Retention::new().events(events));
                }
            }
        }
        for client in &mut clients {
            client.read(usize::MAX, &hub, &published, flags)?;
            prop_assert!(!client.gap, "a gap of the source was not reported at the end");
            for (&topic, expected) in &client.expected {
                prop_assert_eq!(*expected.end(), count(&published, topic), "lost at the end");
            }
        }
    }
}
