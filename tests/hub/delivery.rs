//! What a subscriber gets first, and what it gets if it is slow.

use std::task::{Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use sse_wire::server::{
    Hub, KeepAlive, PublishError, RESPONSE_HEADERS, Retention, Settings, Subscriber, Subscription,
};
use sse_wire::{Block, EncodeError};
use tokio::time::advance;

use crate::{
    GAP, SECOND, data, frame, last_event_id, live, publish, read, runtime, subscribe, with_id,
};

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

/// After a gap event the client loads the state, so what is evicted later is another gap.
#[tokio::test]
async fn events_that_are_evicted_after_a_gap_event_was_sent_are_another_gap() {
    let hub = Hub::new(Retention::new().events(1));
    publish(&hub, "1");
    let mut body = subscribe(&hub, with_id("unknown"));
    assert_eq!(
        frame(&mut body, Waker::noop()),
        Poll::Ready(Ok(Bytes::from_static(GAP.as_bytes())))
    );
    publish(&hub, "2");
    publish(&hub, "3");
    let text = live(&mut body);
    assert_eq!(data(text.strip_prefix(GAP).expect("event 2 is lost")), ["3"]);
    assert_eq!(hub.counts().gaps, 2);
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
    let exact = Hub::new(Retention::new().bytes(needed));
    assert!(exact.publish(&Block::new().id("2").data(&large)).is_ok(), "it fits exactly");
    assert!(Settings::new().gap("a\nb", "").is_err());
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
