//! How streams end, and what is counted.

use std::time::Duration;

use futures::stream::FusedStream;
use http_body::Body;
use sse_wire::Block;
use sse_wire::server::{Hub, PublishError, Retention, Settings, Subscriber};
use tokio::time::advance;

use crate::{GAP, SECOND, data, publish, read, subscribe, with_id};

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
    assert!(!other.is_end_stream() && !other.is_terminated());
    assert_eq!(format!("{other:?}"), "Subscription { ended: false, .. }");
    assert_eq!(read(&mut other), ("event: bye\ndata: \n\n".into(), true));
    assert!(other.is_end_stream() && other.is_terminated());
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
    assert!(hub.drain("empty", SECOND).await, "there is no subscriber");

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
    let response = hub.subscribe(with_id("unknown").topic("answer"));
    assert_eq!(response.status(), 200, "it has missed events");
    assert_eq!(read(&mut response.into_body()), (GAP.into(), true));
}

#[tokio::test(start_paused = true)]
async fn a_closed_topic_stays_closed_even_if_it_is_idle() {
    let hub = Hub::new(Retention::new().age(SECOND));
    let id = hub.publish_to("done", &Block::new().data("1")).unwrap();
    for topic in ["done", "never named before", "drained"] {
        match topic {
            "drained" => assert!(hub.drain(topic, SECOND).await),
            _ => hub.close_topic(topic),
        }
    }
    advance(SECOND).await;
    assert_eq!(hub.counts().topics, 0, "all are idle");
    let check = || {
        for topic in ["done", "never named before", "drained"] {
            assert_eq!(hub.publish_to(topic, &Block::new()), Err(PublishError::Closed), "{topic}");
            let response = hub.subscribe(Subscriber::new().topic(topic));
            assert_eq!(response.status(), 204, "{topic}");
        }
    };
    check();
    assert_eq!(hub.subscribe(with_id(&id).topic("done")).status(), 204);
    hub.gap();
    check();
    let mut missed = subscribe(&hub, with_id(&id).topic("done"));
    let (text, ended) = read(&mut missed);
    assert!(text.starts_with("event: gap\n") && ended, "{text}");
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
