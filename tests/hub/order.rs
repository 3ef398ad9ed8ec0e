//! Each event once and in order, or a gap, whatever happens in between.

use std::collections::BTreeMap;
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

/// A client that compares what it gets with everything that was published.
struct Client {
    topics: &'static [usize],
    body: Subscription,
    parser: Parser,
    /// The position of the next event of each topic; `None` after a gap, until the first event.
    expected: BTreeMap<usize, Option<usize>>,
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

    fn new(hub: &Hub, topics: &'static [usize]) -> Self {
        Client {
            topics,
            body: Self::connect(hub, topics, ""),
            parser: Parser::new(),
            expected: topics.iter().map(|&topic| (topic, Some(0))).collect(),
            last: None,
            gap: false,
        }
    }

    fn reconnect(&mut self, hub: &Hub, published: &[usize]) {
        let id = self.parser.last_event_id().to_owned();
        self.body = Self::connect(hub, self.topics, &id);
        let mut parser = Parser::new();
        parser.set_last_event_id(&id).unwrap();
        self.parser = parser;
        if id.is_empty() {
            // It has received nothing and has no ID, so it starts like a new client.
            self.gap = false;
            let count = |topic| published.iter().filter(|&&of| of == topic).count();
            self.expected = self.topics.iter().map(|&topic| (topic, Some(count(topic)))).collect();
        }
    }

    fn read(&mut self, frames: usize, published: &[usize]) -> Result<(), TestCaseError> {
        for _ in 0..frames {
            let Poll::Ready(bytes) = frame(&mut self.body, Waker::noop()) else { return Ok(()) };
            let bytes = bytes.expect("nothing has closed the hub");
            let mut events = self.parser.push(&bytes);
            let Some(event) = events.next()? else { continue };
            if event.event_type == "gap" {
                let unseen = |(&topic, &expected): (&usize, &Option<usize>)| {
                    let count = published.iter().filter(|&&of| of == topic).count();
                    expected.is_none_or(|expected| expected < count)
                };
                let missed = self.gap || self.expected.iter().any(unseen);
                prop_assert!(missed, "a gap, and nothing was missed");
                self.gap = false;
                for place in self.expected.values_mut() {
                    *place = None;
                }
                self.last = None;
                continue;
            }
            let number: usize = event.data.split(' ').next().unwrap().parse().unwrap();
            let topic = published[number];
            prop_assert!(self.topics.contains(&topic), "an event of another topic");
            prop_assert!(!self.gap, "a gap of the source was not reported");
            prop_assert!(self.last.is_none_or(|last| last < number), "out of order");
            self.last = Some(number);
            let place = published[..number].iter().filter(|&&of| of == topic).count();
            let expected = self.expected.get_mut(&topic).unwrap();
            prop_assert!(expected.is_none_or(|expected| expected == place), "lost or doubled");
            *expected = Some(place + 1);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(kept::failures())]

    #[test]
    fn exactly_once_every_event_of_its_topics_in_order_or_a_gap(
        retention in retention(), own in any::<bool>(), steps in steps()
    ) {
        let runtime = runtime();
        let _entered = runtime.enter();
        let settings = Settings::from(retention);
        let hub = Hub::new(if own { settings.own_ids() } else { settings });
        let mut clients = CLIENTS.map(|topics| Client::new(&hub, topics));
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
                    prop_assert!(hub.counts().bytes <= retention.bytes);
                }
                Step::Wait(time) => runtime.block_on(advance(Duration::from_secs(time))),
                Step::Read { client, frames } => clients[client].read(frames, &published)?,
                Step::Reconnect(client) => clients[client].reconnect(&hub, &published),
                Step::Gap => {
                    hub.gap();
                    clients.iter_mut().for_each(|client| client.gap = true);
                }
            }
        }
        for client in &mut clients {
            client.read(usize::MAX, &published)?;
            prop_assert!(!client.gap, "a gap of the source was not reported at the end");
            for (&topic, &expected) in &client.expected {
                let count = published.iter().filter(|&&of| of == topic).count();
                // After a gap there may be nothing left.
                prop_assert!(expected.is_none_or(|expected| expected == count), "lost at the end");
            }
        }
    }
}
