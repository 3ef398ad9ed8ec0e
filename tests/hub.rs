//! The hub: which subscriber gets which events, once and in order or with a gap; what it retains and what it costs.

#![cfg(feature = "server")]

#[path = "support/kept.rs"]
mod kept;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use futures::StreamExt;
use http::HeaderMap;
use http_body::Body;
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::server::{
    Hub, KeepAlive, LAST_EVENT_ID, PublishError, RESPONSE_HEADERS, Retention, Settings, Subscriber,
    Subscription,
};
use sse_wire::{Block, EncodeError, Parser};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tokio::time::{Instant, advance};

/// Polls the body once; `Err` at its end.
fn frame(body: &mut Subscription, waker: &Waker) -> Poll<Result<Bytes, ()>> {
    let frame = Pin::new(body).poll_frame(&mut Context::from_waker(waker));
    frame.map(|frame| match frame {
        Some(frame) => Ok(frame.unwrap().into_data().unwrap()),
        None => Err(()),
    })
}

/// Everything that the body has by now, without keep-alives, and whether it has ended.
fn read(body: &mut Subscription) -> (String, bool) {
    let mut text = String::new();
    loop {
        match frame(body, Waker::noop()) {
            Poll::Ready(Ok(bytes)) => {
                let block = String::from_utf8(bytes.to_vec()).unwrap();
                assert!(block.ends_with("\n\n"), "whole blocks: {block:?}");
                text += if block == ": \n\n" { "" } else { &block };
            }
            Poll::Ready(Err(())) => return (text, true),
            Poll::Pending => return (text, false),
        }
    }
}

fn live(body: &mut Subscription) -> String {
    let (text, ended) = read(body);
    assert!(!ended);
    text
}

/// The `data` of each event.
fn data(text: &str) -> Vec<String> {
    let mut parser = Parser::new();
    let mut events = parser.push(text.as_bytes());
    let mut data = Vec::new();
    while let Some(event) = events.next().unwrap() {
        data.push(event.data.to_owned());
    }
    data
}

fn last_event_id(text: &str) -> String {
    let mut parser = Parser::new();
    let mut items = parser.observe(text.as_bytes());
    while items.next().unwrap().is_some() {}
    parser.last_event_id().to_owned()
}

fn subscribe<'a>(hub: &Hub, subscriber: impl Into<Subscriber<'a>>) -> Subscription {
    hub.subscribe(subscriber).into_body()
}

fn with_id(id: &str) -> Subscriber<'_> {
    Subscriber::new().or_last_event_id(Some(id))
}

fn publish(hub: &Hub, data: &str) -> String {
    hub.publish(&Block::new().data(data)).unwrap().to_string()
}

const GAP: &str = "event: gap\ndata: events were lost: load the whole state\n\n";

const SECOND: Duration = Duration::from_secs(1);

/// A runtime for properties: its time stands still unless it is advanced.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[test]
fn the_response_is_an_event_stream_that_servers_take() {
    fn servable<T: Clone + Send + Sync + 'static, B: Body<Data = Bytes> + Send + Sync + 'static>(
        _: T,
        _: &B,
    ) {
    }
    let hub = Hub::new(Retention::default());
    let response = hub.subscribe(&HeaderMap::new());
    assert_eq!(response.status(), 200);
    for &(name, value) in RESPONSE_HEADERS {
        assert_eq!(response.headers()[name], value);
    }
    servable(hub.clone(), response.body());
}

#[tokio::test]
async fn a_new_subscriber_gets_later_events_and_if_set_the_retained_ones() {
    for settings in [Settings::new(), Settings::new().replay_to_new()] {
        let replay = format!("{settings:?}").contains("replay_to_new: true");
        let hub = Hub::new(settings);
        publish(&hub, "before");
        let mut body = subscribe(&hub, Subscriber::new());
        publish(&hub, "after");
        let expected: &[&str] = if replay { &["before", "after"] } else { &["after"] };
        assert_eq!(data(&live(&mut body)), expected);
        publish(&hub, "live");
        assert_eq!(data(&live(&mut body)), ["live"]);
    }
}

/// tower-http#420: an intermediary delays the head until the first byte of the body.
#[tokio::test(start_paused = true)]
async fn something_is_written_at_once_and_after_each_silence() {
    let keep_alive = KeepAlive::default().block(Block::new().comment("still here")).unwrap();
    let hub = Hub::new(Settings::new().keep_alive(keep_alive));
    let mut body = subscribe(&hub, Subscriber::new());
    let comment = || Poll::Ready(Ok(Bytes::from_static(b": still here\n\n")));
    assert_eq!(frame(&mut body, Waker::noop()), comment());
    assert_eq!(frame(&mut body, Waker::noop()), Poll::Pending);
    advance(14 * SECOND).await;
    publish(&hub, "x");
    assert!(frame(&mut body, Waker::noop()).is_ready());
    assert_eq!(frame(&mut body, Waker::noop()), Poll::Pending);
    advance(14 * SECOND).await;
    assert_eq!(frame(&mut body, Waker::noop()), Poll::Pending);
    advance(SECOND).await;
    assert_eq!(frame(&mut body, Waker::noop()), comment());

    let mut body = subscribe(&hub, Subscriber::new());
    publish(&hub, "y");
    let first = frame(&mut body, Waker::noop());
    assert!(matches!(first, Poll::Ready(Ok(bytes)) if bytes.ends_with(b"data: y\n\n")));
}

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
        }
    }

    fn reconnect(&mut self, hub: &Hub, published: &[usize]) {
        let id = self.parser.last_event_id().to_owned();
        self.body = Self::connect(hub, self.topics, &id);
        let mut parser = Parser::new();
        parser.set_last_event_id(&id).unwrap();
        self.parser = parser;
        if id.is_empty() {
            // It has received nothing and has no ID: it starts anew.
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
                prop_assert!(self.expected.iter().any(unseen), "a gap, and nothing was missed");
                for place in self.expected.values_mut() {
                    *place = None;
                }
                self.last = None;
                continue;
            }
            let number: usize = event.data.split(' ').next().unwrap().parse().unwrap();
            let topic = published[number];
            prop_assert!(self.topics.contains(&topic), "an event of another topic");
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
        // So that no topic is forgotten.
        let _idle = Client::connect(&hub, &[0, 1, 2], "");
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
            }
        }
        for client in &mut clients {
            client.read(usize::MAX, &published)?;
            for (&topic, &expected) in &client.expected {
                let count = published.iter().filter(|&&of| of == topic).count();
                // After a gap there may be nothing left.
                prop_assert!(expected.is_none_or(|expected| expected == count), "lost at the end");
            }
        }
    }

    /// hoister#106: a burst takes only its own room and the excess of others.
    #[test]
    fn a_burst_in_one_topic_evicts_nothing_from_a_smaller_topic(
        sizes in vec(1..400usize, 1..20), burst in 1..60usize
    ) {
        let quiet_bytes: usize =
            sizes.iter().map(|size| size + 100 + Retention::BLOCK_OVERHEAD).sum();
        let bound = 3 * quiet_bytes + Retention::TOPIC_OVERHEAD;
        let hub = Hub::new(Settings::from(Retention::new().bytes(bound)).own_ids());
        for (number, size) in sizes.iter().enumerate() {
            let (id, data) = (number.to_string(), "x".repeat(*size));
            hub.publish_to("quiet", &Block::new().id(&id).data(&data)).unwrap();
        }
        let data = "x".repeat(quiet_bytes / 4);
        for _ in 0..burst {
            hub.publish_to("loud", &Block::new().data(&data)).unwrap();
        }
        prop_assert!(hub.counts().bytes <= bound);
        let runtime = runtime();
        let _entered = runtime.enter();
        let mut body = subscribe(&hub, with_id("0").topic("quiet"));
        prop_assert_eq!(data_count(&live(&mut body)), sizes.len() - 1);
    }
}

fn data_count(text: &str) -> usize {
    data(text).len()
}

#[tokio::test]
async fn ids_of_another_process_or_topic_and_forgotten_ones_are_gaps() {
    let (earlier, hub) = (Hub::new(Retention::default()), Hub::new(Retention::new().events(2)));
    let foreign = publish(&earlier, "x");
    let ids: Vec<String> = ["1", "2", "3", "4"].iter().map(|data| publish(&hub, data)).collect();
    let other = hub.publish_to("other", &Block::new().data("secret")).unwrap();
    for id in [&*foreign, "unknown", &*ids[0], &*other, "4", "0"] {
        let text = live(&mut subscribe(&hub, with_id(id)));
        let rest = text.strip_prefix(GAP).unwrap_or_else(|| panic!("{id}: {text}"));
        assert_eq!(data(rest), ["3", "4"], "{id}");
    }
    for (id, rest) in [(&ids[1], vec!["3", "4"]), (&ids[2], vec!["4"]), (&ids[3], vec![])] {
        assert_eq!(data(&live(&mut subscribe(&hub, with_id(id)))), rest, "{id}");
    }
    let mut headers = HeaderMap::new();
    headers.insert(LAST_EVENT_ID, http::HeaderValue::from_bytes(b"\xff").unwrap());
    assert!(live(&mut subscribe(&hub, &headers)).starts_with(GAP), "a header that is not an ID");
    assert_eq!(hub.counts().gaps, 7);
}

#[tokio::test]
async fn an_id_of_the_query_counts_unless_the_header_has_a_later_one() {
    let hub = Hub::new(Retention::default());
    let ids = [publish(&hub, "1"), publish(&hub, "2"), publish(&hub, "3")];
    let mut headers = HeaderMap::new();
    for (header, expected) in [(None, vec!["2", "3"]), (Some(&ids[1]), vec!["3"])] {
        headers.extend(
            header.map(|id| (LAST_EVENT_ID.parse::<http::HeaderName>().ok(), id.parse().unwrap())),
        );
        let subscriber = Subscriber::from(&headers).or_last_event_id(Some(&ids[0]));
        assert_eq!(data(&live(&mut subscribe(&hub, subscriber))), expected);
    }
}

#[tokio::test]
async fn ids_are_the_callers_without_outer_spaces_or_generated() {
    let hub = Hub::new(Retention::default());
    assert_eq!(publish(&hub, "1").rsplit('-').next(), Some("1"));
    assert_eq!(hub.publish(&Block::new().id(" größe\t").data("x")).unwrap(), " größe\t");
    assert_eq!(hub.publish(&Block::new().comment("no event")).unwrap(), "");
    assert_eq!(publish(&hub, "4").rsplit('-').next(), Some("4"));
    assert_eq!(data(&live(&mut subscribe(&hub, with_id("größe")))), ["4"]);

    let hub = Hub::new(Settings::new().own_ids());
    assert_eq!(publish(&hub, "1"), "");
}

#[tokio::test]
async fn a_block_without_an_id_is_sent_again_after_the_last_id() {
    let hub = Hub::new(Settings::new().own_ids());
    hub.publish(&Block::new().id("1").data("1")).unwrap();
    publish(&hub, "2");
    assert_eq!(data(&live(&mut subscribe(&hub, with_id("1")))), ["2"]);
}

#[tokio::test]
async fn events_after_the_first_use_of_an_id_are_sent() {
    let hub = Hub::new(Retention::new().events(3));
    for data in ["1", "2", "3"] {
        hub.publish(&Block::new().id("same").data(data)).unwrap();
    }
    assert_eq!(data(&live(&mut subscribe(&hub, with_id("same")))), ["2", "3"]);
    hub.publish(&Block::new().id("4").data("4")).unwrap();
    assert_eq!(data(&live(&mut subscribe(&hub, with_id("same")))), ["2", "3", "4"]);
    hub.publish(&Block::new().id("5").data("5")).unwrap();
    assert!(live(&mut subscribe(&hub, with_id("same"))).starts_with(GAP), "2 is gone");

    let hub = Hub::new(Retention::new().events(1));
    for (id, data) in [("same", "1"), ("same", "2"), ("other", "3")] {
        hub.publish(&Block::new().id(id).data(data)).unwrap();
    }
    assert!(live(&mut subscribe(&hub, with_id("same"))).starts_with(GAP), "event 2 may be missed");
}

#[tokio::test]
async fn an_id_in_two_topics_means_the_first_of_both() {
    let hub = Hub::new(Retention::default());
    for (topic, data) in [("a", "1"), ("b", "2")] {
        hub.publish_to(topic, &Block::new().id("same").data(data)).unwrap();
    }
    for topics in [["a", "b"], ["b", "a"]] {
        let subscriber = with_id("same").topic(topics[0]).topic(topics[1]);
        assert_eq!(data(&live(&mut subscribe(&hub, subscriber))), ["2"]);
    }
}

#[tokio::test]
async fn a_gap_in_one_topic_is_a_gap_even_if_its_id_is_known_in_another() {
    let hub = Hub::new(Settings::new().end_lagging());
    hub.retain("short", Retention::new().events(1));
    let id = hub.publish_to("long", &Block::new().data("1")).unwrap();
    for data in ["2", "3"] {
        hub.publish_to("short", &Block::new().data(data)).unwrap();
    }
    let text = live(&mut subscribe(&hub, with_id(&id).topic("long").topic("short")));
    assert_eq!(data(text.strip_prefix(GAP).unwrap()), ["1", "3"], "it is not ended");
}

#[tokio::test(start_paused = true)]
async fn events_of_a_forgotten_topic_are_a_gap_and_not_a_silent_loss() {
    let hub = Hub::new(Retention::default());
    hub.retain("fleeting", Retention::new().age(SECOND));
    let both = |id| with_id(id).topic("lasting").topic("fleeting");
    let id = hub.publish_to("lasting", &Block::new().data("1")).unwrap();
    assert_eq!(live(&mut subscribe(&hub, both(&id))), "");
    hub.publish_to("fleeting", &Block::new().data("lost")).unwrap();
    advance(SECOND).await;
    assert_eq!(hub.counts().topics, 1, "it retains nothing and has no subscriber");
    assert!(live(&mut subscribe(&hub, both(&id))).starts_with(GAP));
    let id = hub.publish_to("lasting", &Block::new().data("2")).unwrap();
    assert_eq!(live(&mut subscribe(&hub, both(&id))), "", "later ones know all");
}

/// The only client of a topic whose events have expired loses its connection.
#[tokio::test(start_paused = true)]
async fn a_client_with_the_last_event_of_a_forgotten_topic_has_missed_nothing() {
    let settings = Settings::from(Retention::new().age(SECOND));
    for (hub, id) in [(Hub::new(settings.clone().own_ids()), Some("7")), (Hub::new(settings), None)]
    {
        let earlier = hub.publish_to("user", &Block { id, ..Block::new().data("1") }).unwrap();
        let id = id.map(|_| "8");
        let last = hub.publish_to("user", &Block { id, ..Block::new().data("2") }).unwrap();
        advance(SECOND).await;
        assert_eq!(hub.counts().topics, 0);
        let user = |id| subscribe(&hub, with_id(id).topic("user"));
        assert_eq!(live(&mut user(&last)), "");
        assert!(live(&mut user(&earlier)).starts_with("event: gap\n"));
        let mut other = subscribe(&hub, with_id(&last).topic("other"));
        assert!(live(&mut other).starts_with("event: gap\n"), "an id of another topic");
        hub.publish_to("user", &Block::new().data("3")).unwrap();
        assert_eq!(data(&live(&mut user(&last))), ["3"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_of_the_source_is_a_gap_for_all_subscribers_even_later_ones() {
    let hub = Hub::new(Retention::default());
    hub.retain("fleeting", Retention::new().age(SECOND));
    let id = publish(&hub, "1");
    let fleeting = hub.publish_to("fleeting", &Block::new().data("1")).unwrap();
    advance(SECOND).await;
    let alone = hub.publish_to("alone", &Block::new().data("1")).unwrap();
    let mut bodies = [(); 2].map(|()| subscribe(&hub, Subscriber::new()));
    let woken = Arc::new(Count::default());
    while frame(&mut bodies[0], &woken.clone().into()).is_ready() {}
    hub.gap();
    assert_eq!(hub.counts().topics, 1, "topics without subscribers are removed");
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    publish(&hub, "2");
    for (body, name) in bodies.iter_mut().zip(["one that waited", "one that was not polled yet"]) {
        let text = live(body);
        assert_eq!(data(text.strip_prefix(GAP).expect(name)), ["2"], "{name}: once");
    }
    assert_eq!(data(live(&mut subscribe(&hub, with_id(&id))).strip_prefix(GAP).unwrap()), ["2"]);
    let mut forgotten = subscribe(&hub, with_id(&fleeting).topic("fleeting"));
    assert!(live(&mut forgotten).starts_with("event: gap\n"), "of a topic that was removed");
    let mut alone = subscribe(&hub, with_id(&alone).topic("alone"));
    assert!(live(&mut alone).starts_with("event: gap\n"), "of a topic that was then removed");
    let mut unseen = subscribe(&hub, with_id(&id).topic("").topic("new"));
    assert!(live(&mut unseen).starts_with(GAP), "of a topic that was never named");
    assert_eq!(live(&mut subscribe(&hub, Subscriber::new())), "", "a new one has missed nothing");
}

#[tokio::test(start_paused = true)]
async fn a_client_ahead_of_this_hub_waits_at_most_as_long_as_allowed() {
    let hub = Hub::new(Settings::new().own_ids());
    let send = |id| hub.publish(&Block::new().id(id).data("")).map(drop).unwrap();
    send("1");
    let start = Instant::now();
    for id in ["", "1"] {
        assert!(hub.wait_for(with_id(id), SECOND).await, "{id}");
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "a known ID needs no wait");
    let publisher = async {
        for id in ["2", "3", "4"] {
            advance(SECOND).await;
            send(id);
            yield_now().await;
        }
    };
    let ((known, waited), ()) = tokio::join!(
        async { (hub.wait_for(with_id("3"), 60 * SECOND).await, start.elapsed()) },
        publisher
    );
    assert!(known);
    assert_eq!(waited, 2 * SECOND);
    hub.publish_to("other", &Block::new().id("5").data("")).unwrap();
    assert!(!hub.wait_for(with_id("5"), SECOND).await, "an id of another topic");
    assert!(hub.wait_for(with_id("5").topic("other"), SECOND).await);
    assert_eq!(start.elapsed(), 4 * SECOND);
    let counts = hub.counts();
    assert_eq!(
        (counts.subscribers, counts.left),
        (0, 0),
        "a waiting task is not a subscriber that has left"
    );
    hub.close(None).unwrap();
    assert!(!hub.wait_for(with_id("6"), 60 * SECOND).await, "nothing more is returned");
    assert_eq!(start.elapsed(), 4 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn topics_that_never_had_an_event_push_no_last_id_out_of_memory() {
    let hub = Hub::new(Retention::new().age(SECOND));
    let id = hub.publish_to("user", &Block::new().data("1")).unwrap();
    advance(SECOND).await;
    assert_eq!(hub.counts().topics, 0);
    // Some of so many names have the hash of that one.
    for number in 0..5000 {
        drop(subscribe(&hub, Subscriber::new().topic(&number.to_string())));
    }
    assert_eq!(live(&mut subscribe(&hub, with_id(&id).topic("user"))), "");
}

/// What is remembered of a forgotten topic is bounded.
#[tokio::test(start_paused = true)]
async fn a_last_id_of_more_than_256_bytes_with_the_name_is_forgotten_with_its_topic() {
    let hub = Hub::new(Settings::from(Retention::new().age(SECOND)).own_ids());
    for (topic_len, id_len, known) in [(100, 156, true), (156, 100, true), (100, 157, false)] {
        let (topic, id) = ("t".repeat(topic_len), "i".repeat(id_len));
        hub.publish_to(&topic, &Block::new().id(&id).data("")).unwrap();
        advance(SECOND).await;
        assert_eq!(hub.counts().topics, 0);
        let text = live(&mut subscribe(&hub, with_id(&id).topic(&topic)));
        assert_eq!(text.is_empty(), known, "{topic_len} {id_len}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_topic_is_not_a_gap_for_clients_of_other_topics() {
    let hub = Hub::new(Retention::default());
    hub.retain("fleeting", Retention::new().age(SECOND));
    let id = hub.publish_to("lasting", &Block::new().data("1")).unwrap();
    hub.publish_to("fleeting", &Block::new().data("x")).unwrap();
    advance(SECOND).await;
    assert_eq!(hub.counts().topics, 1);
    let names: Vec<String> = (0..32).map(|number| number.to_string()).collect();
    let gaps = names.iter().filter(|name| {
        let both = with_id(&id).topic("lasting").topic(name);
        live(&mut subscribe(&hub, both)).starts_with(GAP)
    });
    assert!(gaps.count() < 8, "except for those with the same hash");
}

#[tokio::test(start_paused = true)]
async fn topics_without_subscribers_are_removed_automatically() {
    let hub = Hub::new(Retention::new().age(SECOND));
    let grown = measure(|| {
        for number in 0..5000 {
            hub.publish_to(&number.to_string(), &Block::new().data("x")).unwrap();
        }
    });
    advance(SECOND).await;
    let shrunk = measure(|| drop(subscribe(&hub, Subscriber::new())));
    // Except for 256 names and IDs.
    assert!(grown.bytes_current + shrunk.bytes_current < 65_536, "{grown:?} {shrunk:?}");
}

#[tokio::test]
async fn a_subscriber_that_falls_behind_gets_a_gap_at_once_and_continues_with_the_oldest_event() {
    let settings = Settings::from(Retention::new().events(2)).gap("lost", "reload").unwrap();
    let hub = Hub::new(settings.clone());
    let mut slow = subscribe(&hub, Subscriber::new());
    publish(&hub, "1");
    live(&mut slow);
    for data in ["2", "3", "4", "5"] {
        publish(&hub, data);
    }
    assert_eq!(hub.counts().most_behind, 2, "of the retained events");
    let text = live(&mut slow);
    assert!(text.starts_with("event: lost\ndata: reload\n\n"), "an event, for a page: {text}");
    assert_eq!(data(&text), ["reload", "4", "5"]);

    let hub = Hub::new(settings.end_lagging());
    let mut slow = subscribe(&hub, Subscriber::new());
    let id = publish(&hub, "1");
    live(&mut slow);
    for data in ["2", "3", "4", "5"] {
        publish(&hub, data);
    }
    assert_eq!(read(&mut slow), (String::new(), true));
    assert_eq!(hub.counts().lagging, 1);
    assert_eq!(data(&live(&mut subscribe(&hub, with_id(&id)))), ["reload", "4", "5"]);
}

#[tokio::test]
async fn a_new_subscriber_with_replay_has_missed_nothing_if_its_first_event_is_later() {
    let hub = Hub::new(Settings::from(Retention::new().events(2)).replay_to_new());
    publish(&hub, "1");
    let mut body = subscribe(&hub, Subscriber::new());
    for data in ["2", "3", "4"] {
        publish(&hub, data);
    }
    assert_eq!(data(&live(&mut body)), ["3", "4"]);
    let mut lost = subscribe(&hub, with_id("unknown"));
    for data in ["5", "6"] {
        publish(&hub, data);
    }
    let text = live(&mut lost);
    assert_eq!(data(text.strip_prefix(GAP).unwrap()), ["5", "6"], "one gap is reported once");
}

/// rust-sdk#791: a client that is cut before the first event can resume too.
#[tokio::test]
async fn a_new_subscriber_gets_the_retry_and_an_id_with_empty_data_if_set() {
    let settings = Settings::new().retry(2 * SECOND).initial_id();
    let hub = Hub::new(settings.clone());
    publish(&hub, "1");
    let mut body = subscribe(&hub, Subscriber::new());
    let initial = live(&mut body);
    assert!(initial.starts_with("id: "), "{initial}");
    assert!(initial.ends_with("\nretry: 2000\ndata: \n\n"), "{initial}");
    drop(body);
    publish(&hub, "2");
    let text = live(&mut subscribe(&hub, with_id(&last_event_id(&initial))));
    assert_eq!(data(&text), ["2"]);
    assert!(text.starts_with("retry: 2000\n\n"), "{text}");
    let text = live(&mut subscribe(&hub, with_id(&format!("{}9", last_event_id(&initial)))));
    assert!(text.contains("event: gap"), "an id that is not given yet: {text}");

    let hub = Hub::new(settings.own_ids());
    hub.publish(&Block::new().id("mine").data("1")).unwrap();
    let text = live(&mut subscribe(&hub, Subscriber::new()));
    assert_eq!(text, "id: mine\nretry: 2000\ndata: \n\n", "the last event that it may read");
    let text = live(&mut subscribe(&hub, Subscriber::new().topic("empty")));
    assert_eq!(text, "retry: 2000\n\n", "no id of another topic");
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_reported_once_even_if_nothing_is_retained() {
    let hub = Hub::new(Retention::new().age(SECOND));
    publish(&hub, "1");
    advance(SECOND).await;
    let text = live(&mut subscribe(&hub, with_id("foreign")));
    assert_eq!(data(&text), ["events were lost: load the whole state"]);
    let id = last_event_id(&text);
    assert_eq!(live(&mut subscribe(&hub, with_id(&id))), "");
    publish(&hub, "2");
    assert_eq!(data(&live(&mut subscribe(&hub, with_id(&id)))), ["2"]);
}

#[tokio::test(start_paused = true)]
async fn events_are_retained_until_their_age_and_their_last_id_is_known_after_that() {
    let hub = Hub::new(Retention::new().age(60 * SECOND));
    let ids = [publish(&hub, "1"), publish(&hub, "2")];
    advance(59 * SECOND).await;
    assert_eq!(data(&live(&mut subscribe(&hub, with_id(&ids[0])))), ["2"]);
    advance(SECOND).await;
    assert_eq!(live(&mut subscribe(&hub, with_id(&ids[1]))), "");
    assert_eq!(hub.counts().topics, 0, "it retains nothing and has no subscriber");
    assert_eq!(live(&mut subscribe(&hub, with_id(&ids[1]))), "", "its last id is known");
    assert!(live(&mut subscribe(&hub, with_id(&ids[0]))).contains("event: gap"));

    let idle = subscribe(&hub, Subscriber::new());
    let ids = [publish(&hub, "3"), publish(&hub, "4")];
    advance(60 * SECOND).await;
    assert_eq!(live(&mut subscribe(&hub, with_id(&ids[1]))), "");
    assert!(live(&mut subscribe(&hub, with_id(&ids[0]))).contains("event: gap"));
    assert_eq!((hub.counts().events, hub.counts().bytes), (0, 0));
    drop(idle);
    assert_eq!(hub.counts().topics, 0, "a topic without subscribers and events");
}

/// frontmcp's GHSA-84j6-jc92-77jm: an ID replays only what its subscriber may read.
#[tokio::test]
async fn a_message_to_one_client_is_sent_to_it_alone_and_retained_for_it() {
    let hub = Hub::new(Retention::default());
    let of = |user: &'static str| Subscriber::new().topic("all").topic(user);
    let (mut ada, mut eve) = (subscribe(&hub, of("ada")), subscribe(&hub, of("eve")));
    hub.publish_to("all", &Block::new().data("hello")).unwrap();
    let secret = hub.publish_to("ada", &Block::new().data("secret")).unwrap();
    assert_eq!(data(&live(&mut ada)), ["hello", "secret"]);
    assert_eq!(data(&live(&mut eve)), ["hello"]);
    drop(ada);
    hub.publish_to("ada", &Block::new().data("later")).unwrap();
    let back = live(&mut subscribe(&hub, of("ada").or_last_event_id(Some(&secret))));
    assert_eq!(data(&back), ["later"]);
    let stolen = live(&mut subscribe(&hub, of("eve").or_last_event_id(Some(&secret))));
    assert!(!stolen.contains("secret") && !stolen.contains("later"), "{stolen}");
    assert!(stolen.starts_with(GAP), "{stolen}");
}

#[tokio::test]
async fn each_topic_has_its_own_retention() {
    let hub = Hub::new(Retention::default());
    hub.retain("short", Retention::new().events(1));
    for topic in ["short", "long"] {
        for data in ["1", "2", "3"] {
            let id = format!("{topic}{data}");
            hub.publish_to(topic, &Block::new().id(&id).data(data)).unwrap();
        }
    }
    assert_eq!(data(&live(&mut subscribe(&hub, with_id("long1").topic("long")))), ["2", "3"]);
    assert_eq!(data(&live(&mut subscribe(&hub, with_id("short2").topic("short")))), ["3"]);
    assert!(live(&mut subscribe(&hub, with_id("short1").topic("short"))).starts_with(GAP));
    hub.retain("long", Retention::new().events(2));
    assert_eq!(hub.counts().events, 3, "at once");
}

#[tokio::test]
async fn a_topic_that_is_named_twice_sends_its_events_once() {
    let hub = Hub::new(Retention::default());
    let mut body = subscribe(&hub, Subscriber::new().topic("a").topic("a"));
    hub.publish_to("a", &Block::new().data("1")).unwrap();
    assert_eq!(data(&live(&mut body)), ["1"]);
    drop(body);
    hub.close_topic("a");
    assert_eq!(hub.counts().subscribers, 0);
}

#[test]
fn a_rejected_block_changes_nothing() {
    let hub = Hub::new(Retention::new().bytes(1000));
    publish(&hub, "1");
    let before = hub.counts();
    let large = "x".repeat(1000);
    let error = hub.publish(&Block::new().id("2").data(&large)).unwrap_err();
    let len = Block::new().id("2").data(&large).encoded_len().unwrap();
    let needed = len + 1 + Retention::BLOCK_OVERHEAD;
    assert_eq!(error, PublishError::TooLarge { needed, bound: 1000 });
    assert!(error.to_string().contains(&needed.to_string()) && error.to_string().contains("1000"));
    let error = hub.publish(&Block::new().id("2\n")).unwrap_err();
    assert!(matches!(error, PublishError::Encode(EncodeError::LineBreak { at: 1, .. })), "{error}");
    assert_eq!(hub.counts(), before);
    assert!(Settings::new().gap("a\nb", "").is_err());
}

/// axum#2673, rust-sdk#493: open streams end, including those opened in the meantime.
#[tokio::test]
async fn close_ends_all_after_what_is_retained_for_them_with_a_last_event() {
    let hub = Hub::new(Retention::default());
    let (mut early, mut other) =
        (subscribe(&hub, Subscriber::new()), subscribe(&hub, Subscriber::new().topic("other")));
    let id = publish(&hub, "1");
    publish(&hub, "2");
    let last = Block::new().event_type("bye").data("");
    assert!(hub.close(Some(&Block::new().event_type("\n"))).is_err());
    hub.close(Some(&last)).unwrap();
    assert_eq!(hub.publish(&last), Err(PublishError::Closed));
    let (text, ended) = read(&mut early);
    assert_eq!((data(&text), ended), (vec!["1".into(), "2".into(), String::new()], true));
    assert_eq!(read(&mut other), ("event: bye\ndata: \n\n".into(), true));
    let (text, ended) = read(&mut subscribe(&hub, with_id(&id)));
    assert_eq!((data(&text).len(), ended), (2, true));
    let counts = hub.counts();
    assert_eq!((counts.ended, counts.subscribers, counts.left), (3, 0, 0));

    let hub = Hub::new(Retention::default());
    hub.close(None).unwrap();
    assert_eq!(read(&mut subscribe(&hub, Subscriber::new())), (String::new(), true));
}

#[tokio::test(start_paused = true)]
async fn drain_waits_until_the_publisher_is_done_and_no_longer_than_the_deadline() {
    let hub = Hub::new(Retention::default());
    let answer = || Subscriber::new().topic("answer");
    assert!(hub.drain("answer", SECOND).await, "there is no subscriber");

    let start = tokio::time::Instant::now();
    let mut body = subscribe(&hub, answer());
    let draining = tokio::spawn({
        let hub = hub.clone();
        async move { hub.drain("answer", 60 * SECOND).await }
    });
    tokio::task::yield_now().await;
    hub.publish_to("answer", &Block::new().data("the rest")).unwrap();
    hub.close_topic("answer");
    assert_eq!(hub.publish_to("answer", &Block::new()), Err(PublishError::Closed));
    let (text, ended) = read(&mut body);
    assert_eq!((data(&text), ended), (vec!["the rest".into()], true));
    assert!(draining.await.unwrap());
    assert_eq!(start.elapsed(), Duration::ZERO, "at once, not at the deadline");

    let hub = Hub::new(Retention::default());
    let mut body = subscribe(&hub, answer());
    assert!(!hub.drain("answer", SECOND).await);
    assert_eq!(read(&mut body), (String::new(), true), "ended at the deadline");
}

#[tokio::test]
async fn a_client_with_all_of_a_closed_topic_is_asked_not_to_reconnect() {
    let hub = Hub::new(Settings::new().own_ids());
    for id in ["1", "2"] {
        hub.publish_to("answer", &Block::new().id(id).data(id)).unwrap();
    }
    hub.close_topic("answer");
    let response = hub.subscribe(with_id("1").topic("answer"));
    assert_eq!(response.status(), 200);
    assert_eq!(read(&mut response.into_body()), ("id: 2\ndata: 2\n\n".into(), true));
    let response = hub.subscribe(with_id("2").topic("answer"));
    assert_eq!((response.status().as_u16(), response.body().is_end_stream()), (204, true));
    assert_eq!(read(&mut response.into_body()), (String::new(), true));
    assert_eq!(hub.counts().subscribers, 0);

    let hub = Hub::new(Settings::new().own_ids());
    hub.close_topic("answer");
    let _holds = subscribe(&hub, Subscriber::new().topic("answer").topic("open"));
    hub.close_topic("answer");
    let response = hub.subscribe(with_id("unknown").topic("answer"));
    assert_eq!(response.status(), 200, "it has missed events");
    assert_eq!(read(&mut response.into_body()), (GAP.into(), true));
}

#[test]
fn counts_have_the_subscribers_and_why_others_left() {
    let hub = Hub::new(Retention::default());
    let (first, second) =
        (subscribe(&hub, Subscriber::new()), subscribe(&hub, Subscriber::new().topic("a")));
    publish(&hub, "1");
    publish(&hub, "2");
    let counts = hub.counts();
    assert_eq!((counts.subscribers, counts.topics, counts.events), (2, 2, 2));
    assert_eq!((counts.published, counts.most_behind), (2, 2));
    assert!(counts.bytes > 2 * Retention::BLOCK_OVERHEAD);
    drop((first, second));
    let counts = hub.counts();
    assert_eq!((counts.subscribers, counts.topics, counts.left, counts.ended), (0, 1, 2, 0));
    assert!(format!("{hub:?}").contains("left: 2"));
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn publishing_wakes_each_that_waits_for_the_topic_once() {
    let hub = Hub::new(Retention::default());
    let counts: Vec<Arc<Count>> = (0..3).map(|_| Arc::default()).collect();
    let topics = ["a", "a", "b"];
    let mut bodies: Vec<Subscription> = topics
        .iter()
        .map(|topic| subscribe(&hub, Subscriber::new().topic(topic).topic("both")))
        .collect();
    let mut poll_all = || {
        for (body, count) in bodies.iter_mut().zip(&counts) {
            let waker = Waker::from(count.clone());
            while frame(body, &waker).is_ready() {}
            assert!(frame(body, &waker).is_pending(), "asking twice registers once");
        }
    };
    let woken =
        || counts.iter().map(|count| count.0.swap(0, Ordering::Relaxed)).collect::<Vec<_>>();
    for (topic, expected) in [
        ("a", [1, 1, 0]),
        ("b", [0, 0, 1]),
        ("both", [1, 1, 1]),
        ("c", [0, 0, 0]),
        ("a", [1, 1, 0]),
    ] {
        poll_all();
        hub.publish_to(topic, &Block::new().data("x")).unwrap();
        hub.publish_to(topic, &Block::new().data("nobody waits any more")).unwrap();
        assert_eq!(woken(), expected, "{topic}");
    }
    poll_all();
    hub.close(None).unwrap();
    assert!(woken().iter().all(|&count| count > 0));
}

#[test]
fn no_event_and_no_wake_is_lost_between_threads() {
    const PUBLISHERS: usize = 3;
    const EVENTS: usize = 300;
    // No keep-alive wakes a subscriber that an event did not wake.
    let keep_alive = KeepAlive::default().interval(Duration::MAX);
    let hub = Hub::new(Settings::new().keep_alive(keep_alive));
    let publish = &|publisher: usize| {
        for number in 0..EVENTS {
            for topic in ["a", "b", "c"] {
                let data = format!("{publisher}{topic} {number}");
                hub.publish_to(topic, &Block::new().data(&data)).unwrap();
            }
        }
    };
    std::thread::scope(|scope| {
        for topics in [&["a"][..], &["b", "a"], &["a", "b", "c"]] {
            let subscriber = topics.iter().fold(Subscriber::new(), |all, topic| all.topic(topic));
            let mut body = subscribe(&hub, subscriber);
            scope.spawn(move || {
                let read = async {
                    let mut next = BTreeMap::new();
                    while next.values().sum::<usize>() < PUBLISHERS * EVENTS * topics.len() {
                        let bytes = body.next().await.unwrap().unwrap();
                        for event in data(std::str::from_utf8(&bytes).unwrap()) {
                            let (of, number) = event.split_once(' ').unwrap();
                            let next = next.entry(of.to_owned()).or_insert(0);
                            assert_eq!(number, next.to_string(), "{of}");
                            *next += 1;
                        }
                    }
                };
                let runtime = Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(async { tokio::time::timeout(60 * SECOND, read).await }).unwrap();
            });
        }
        for publisher in 0..PUBLISHERS {
            scope.spawn(move || publish(publisher));
        }
    });
}

/// A waker runs foreign code: here it calls the hub, which would deadlock under the hub's lock.
#[tokio::test]
async fn wakers_are_woken_and_dropped_outside_the_lock() {
    struct Calls(Hub);
    impl Wake for Calls {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Calls {
        fn drop(&mut self) {
            self.0.counts();
        }
    }
    let hub = Hub::new(Retention::default());
    let waker = || Waker::from(Arc::new(Calls(hub.clone())));
    let mut body = subscribe(&hub, Subscriber::new());
    while frame(&mut body, &waker()).is_ready() {}
    assert!(frame(&mut body, &waker()).is_pending(), "the previous waker is dropped");
    publish(&hub, "x");
    while frame(&mut body, &waker()).is_ready() {}
    drop(body);
    hub.close(None).unwrap();
}

#[test]
fn zero_copy_all_subscribers_get_the_same_bytes() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let hub = Hub::new(Retention::default());
    let mut bodies: Vec<Subscription> =
        (0..100).map(|_| subscribe(&hub, Subscriber::new())).collect();
    publish(&hub, &"x".repeat(1 << 20));
    let mut given = Vec::with_capacity(bodies.len());
    let info = measure(|| {
        for body in &mut bodies {
            let Poll::Ready(Ok(bytes)) = frame(body, Waker::noop()) else { panic!() };
            given.push(bytes);
        }
    });
    assert!(given.iter().all(|bytes| bytes.as_ptr() == given[0].as_ptr()));
    assert!(info.bytes_total < 1024, "the count of references alone: {info:?}");
}

/// pyth-crosschain#3782, electric#4661: 14 KiB for each subscriber.
#[test]
fn bounded_memory_an_idle_subscriber_costs_a_kib_at_most() {
    const COUNT: usize = 10_000;
    let runtime = runtime();
    let _entered = runtime.enter();
    for own_topic in [false, true] {
        let hub = Hub::new(Settings::new().retry(SECOND));
        let mut bodies = Vec::with_capacity(COUNT);
        let info = measure(|| {
            for number in 0..COUNT {
                let name = number.to_string();
                let subscriber = Subscriber::new().topic("all");
                let subscriber = if own_topic { subscriber.topic(&name) } else { subscriber };
                let mut body = subscribe(&hub, subscriber);
                while frame(&mut body, Waker::noop()).is_ready() {}
                bodies.push(body);
            }
        });
        let each = info.bytes_current as usize / COUNT + size_of::<Subscription>();
        println!("an idle subscriber, with a topic of its own {own_topic}: {each} bytes");
        assert!(each <= 1024, "{each} bytes");
        // Including the timers of the runtime, which keep disconnected subscribers until they would have fired.
        drop(bodies);
        assert_eq!(hub.counts().subscribers, 0);
    }
}

#[test]
fn bounded_memory_subscribers_that_leave_free_their_memory() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let hub = Hub::new(Retention::default());
    let _stays = subscribe(&hub, Subscriber::new());
    let come_and_go = || {
        for _ in 0..5000 {
            let mut body = subscribe(&hub, Subscriber::new().topic("").topic("other"));
            while frame(&mut body, Waker::noop()).is_ready() {}
        }
    };
    come_and_go();
    let info = measure(come_and_go);
    assert_eq!(info.bytes_current, 0, "{info:?}");
    assert!(info.bytes_max < 8192, "{info:?}");
}

/// Blocks with different lengths of ID and data.
const SHAPES: [(usize, usize); 4] = [(0, 0), (36, 100), (300, 20), (8, 10_000)];

#[test]
fn bounded_memory_allocations_never_exceed_the_bound_for_bytes() {
    // Bounds on both sides of the point at which the order of blocks doubles its capacity.
    let bounds = (20..32usize).map(|step| step << 15);
    for ((id_len, data_len), bound) in
        SHAPES.into_iter().flat_map(|shape| bounds.clone().map(move |bound| (shape, bound)))
    {
        let hub = Hub::new(Settings::from(Retention::new().bytes(bound)).own_ids());
        let mut largest = 0;
        let info = measure(|| {
            let data = "x".repeat(data_len);
            for number in 0..8_000 {
                let id = format!("{number:0id_len$}");
                let id = (id_len > 0).then_some(&*id);
                let block = Block { id, data: Some(&data), ..Block::new() };
                hub.publish(&block).unwrap();
                largest = largest.max(block.encoded_len().unwrap());
            }
        });
        // The text of the test, the next block, the hub's own maps, the id evicted last.
        let beside = (data_len + largest + 4 * id_len + 2048) as u64;
        assert!(info.bytes_max <= bound as u64 + beside, "{id_len} {data_len} {bound}: {info:?}");
        assert!(hub.counts().bytes > bound - 11_000, "the bound is used");
    }
}

#[test]
fn bounded_memory_many_topics_with_an_event_each_stay_within_the_bound() {
    const BOUND: usize = 2 << 20;
    let hub = Hub::new(Retention::new().bytes(BOUND));
    let info = measure(|| {
        for number in 0..10_000 {
            hub.publish_to(&number.to_string(), &Block::new().data("x")).unwrap();
            assert!(number % 1000 > 0 || hub.counts().bytes <= BOUND);
        }
    });
    assert!(info.bytes_max <= BOUND as u64, "{info:?}");
    assert!(hub.counts().topics > 1000, "the bound is used");
}

#[tokio::test(start_paused = true)]
async fn bounded_memory_shrinks_as_events_expire() {
    let hub = Hub::new(Retention::new().age(SECOND));
    let idle = subscribe(&hub, Subscriber::new());
    let before = allocation_counter::measure(|| {
        for _ in 0..5000 {
            publish(&hub, "x");
        }
    });
    advance(SECOND).await;
    let after = measure(|| _ = hub.counts());
    let kept = before.bytes_current + after.bytes_current;
    assert!(kept < 1024, "{kept} bytes");
    drop(idle);
}
