//! Several topics: what each retains, who may read which, and what the hub remembers of removed ones.

use allocation_counter::measure;
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::Block;
use sse_wire::server::{Hub, Retention, Settings, Subscriber};
use tokio::time::advance;

use crate::{GAP, SECOND, data, kept, live, runtime, subscribe, with_id};

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

proptest! {
    #![proptest_config(kept::failures())]

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
async fn a_topic_that_is_named_twice_sends_its_events_once() {
    let hub = Hub::new(Retention::default());
    let mut body = subscribe(&hub, Subscriber::new().topic("a").topic("a"));
    hub.publish_to("a", &Block::new().data("1")).unwrap();
    assert_eq!(data(&live(&mut body)), ["1"]);
    drop(body);
    hub.close_topic("a");
    assert_eq!(hub.counts().subscribers, 0);
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
    for name in &names {
        let both = with_id(&id).topic("lasting").topic(name);
        assert_eq!(live(&mut subscribe(&hub, both)), "", "{name}");
    }
}

/// What is remembered of idle topics is bounded, and nothing is lost in silence beyond that.
#[tokio::test(start_paused = true)]
async fn the_last_ids_of_the_latest_1000_idle_topics_are_known_and_earlier_ones_are_gaps() {
    let hub = Hub::new(Retention::new().age(SECOND));
    let names: Vec<String> = (0..1002).map(|number| number.to_string()).collect();
    let publish = |name: &String| hub.publish_to(name, &Block::new().data("x")).unwrap();
    let ids: Vec<_> = names.iter().map(publish).collect();
    advance(SECOND).await;
    assert_eq!(hub.counts().topics, 0);
    for number in [2, 500, 1001] {
        let mut body = subscribe(&hub, with_id(&ids[number]).topic(&names[number]));
        assert_eq!(live(&mut body), "", "{number}");
        let with_new = with_id(&ids[number]).topic(&names[number]).topic("new").topic("0");
        assert_eq!(live(&mut subscribe(&hub, with_new)), "", "{number}: later than forgotten ones");
    }
    for number in [0, 1] {
        let mut body = subscribe(&hub, with_id(&ids[number]).topic(&names[number]));
        assert!(live(&mut body).starts_with("event: gap\n"), "{number}");
    }
    let initial = ids[0].replace("-1", ":1");
    let mut early = subscribe(&hub, with_id(&initial).topic("new"));
    assert!(live(&mut early).starts_with("event: gap\n"), "a forgotten topic may be this one");
}

#[test]
fn the_bound_for_bytes_is_used_up_exactly_in_one_topic_and_in_several() {
    let len = "id: x\ndata: x\n\n".len() + "x".len();
    let own_ids = |retention| Hub::new(Settings::from(retention).own_ids());
    let check = |hub: Hub, bytes: usize, bound: usize, names: [&str; 3]| {
        for name in names {
            hub.publish_to(name, &Block::new().id("x").data("x")).unwrap();
        }
        let counts = hub.counts();
        let expected = if bound == bytes { 3 } else { 2 };
        assert_eq!(counts.events, expected, "{names:?} {bound}");
        assert!(counts.bytes == bytes || expected == 2);

        let most = "x".repeat(bound - len - Retention::BLOCK_OVERHEAD + "x".len());
        hub.publish_to("a", &Block::new().id("x").data(&most)).unwrap();
        assert_eq!((hub.counts().events, hub.counts().bytes), (1, bound), "instead of them all");
    };
    for (names, topics) in [(["a", "a", "a"], 1), (["a", "b", "a"], 2), (["a", "b", "c"], 3)] {
        let bytes =
            3 * (len + Retention::BLOCK_OVERHEAD) + (topics - 1) * Retention::TOPIC_OVERHEAD;
        for bound in [bytes, bytes - 1] {
            check(own_ids(Retention::new().bytes(bound)), bytes, bound, names);
            if topics == 1 {
                let hub = own_ids(Retention::new());
                hub.retain("a", Retention::new().bytes(bound));
                check(hub, bytes, bound, names);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_idle_topics_those_that_were_used_last_are_known() {
    let hub = Hub::new(Retention::new().age(SECOND));
    let publish = |name: &str| hub.publish_to(name, &Block::new().data("x")).unwrap();
    publish("created first");
    let forgotten = publish("used first");
    for number in 0..999 {
        publish(&number.to_string());
    }
    let known = publish("created first");
    advance(SECOND).await;
    assert_eq!(hub.counts().topics, 0);
    let mut body = subscribe(&hub, with_id(&known).topic("created first"));
    assert_eq!(live(&mut body), "");
    let mut body = subscribe(&hub, with_id(&forgotten).topic("used first"));
    assert!(live(&mut body).starts_with("event: gap\n"));
}

#[tokio::test(start_paused = true)]
async fn topics_without_subscribers_are_removed_automatically() {
    // All but 1,000 idle ones, and those with a long name.
    for (topics, len) in [(5000, 128), (300, 10_000)] {
        let hub = Hub::new(Settings::from(Retention::new().age(SECOND)).own_ids());
        let grown = measure(|| {
            for number in 0..topics {
                let name_and_id = format!("{number:0len$}");
                hub.publish_to(&name_and_id, &Block::new().id(&name_and_id).data("x")).unwrap();
            }
        });
        advance(SECOND).await;
        let shrunk = measure(|| drop(subscribe(&hub, Subscriber::new())));
        assert!(grown.bytes_current + shrunk.bytes_current < 1 << 20, "{grown:?} {shrunk:?}");
    }
}
