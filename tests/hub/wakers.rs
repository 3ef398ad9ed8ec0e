//! Who is woken, and that no wake is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Wake, Waker};
use std::time::Duration;

use futures::StreamExt;
use sse_wire::Block;
use sse_wire::server::{Hub, KeepAlive, Retention, Settings, Subscriber, Subscription};
use tokio::runtime::Builder;

use crate::{Count, SECOND, data, frame, publish, subscribe};

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
    hub.publish_to("a", &Block::new().data("x")).unwrap();
    hub.publish_to("both", &Block::new().data("x")).unwrap();
    assert_eq!(woken(), [1, 1, 1], "once, though it waited for both");
    poll_all();
    hub.close(None).unwrap();
    assert_eq!(woken(), [1, 1, 1]);
}

#[tokio::test]
async fn the_latest_waker_is_woken_and_no_earlier_one() {
    let hub = Hub::new(Retention::default());
    let mut body = subscribe(&hub, Subscriber::new());
    let counts: [Arc<Count>; 3] = Default::default();
    for count in &counts {
        while frame(&mut body, &Waker::from(count.clone())).is_ready() {}
    }
    publish(&hub, "x");
    assert_eq!(counts.map(|count| count.0.load(Ordering::Relaxed)), [0, 0, 1]);
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
