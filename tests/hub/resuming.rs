//! After which event a client continues, by its last event ID.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::HeaderMap;
use sse_wire::Block;
use sse_wire::server::{Hub, LAST_EVENT_ID, Retention, Settings, Subscriber};
use tokio::task::yield_now;
use tokio::time::{Instant, advance};

use crate::{Count, GAP, SECOND, data, frame, last_event_id, live, publish, subscribe, with_id};

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

    let hub = Hub::new(Retention::new().events(4));
    for id in ["same", "a", "b", "same", "c", "d", "same"] {
        hub.publish(&Block::new().id(id).data(id)).unwrap();
    }
    let text = live(&mut subscribe(&hub, with_id("same")));
    assert!(text.starts_with(GAP), "its first use is gone, but not its second");
    assert_eq!(data(&text)[1..], ["same", "c", "d", "same"]);
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
            hub.gap();
            send(id);
            yield_now().await;
            assert_eq!(hub.counts().most_behind, 0, "a waiting task is not behind");
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
        (counts.subscribers, counts.left, counts.gaps),
        (0, 0, 0),
        "a waiting task is not a subscriber that has left"
    );
    hub.close(None).unwrap();
    assert!(!hub.wait_for(with_id("6"), 60 * SECOND).await, "nothing more is returned");
    assert_eq!(hub.counts().ended, 0);
    assert_eq!(start.elapsed(), 4 * SECOND);
}
