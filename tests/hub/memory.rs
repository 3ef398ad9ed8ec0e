//! What a subscriber costs, and that what is retained stays within its bound.

use std::task::Waker;

use allocation_counter::measure;
use sse_wire::Block;
use sse_wire::server::{Hub, Retention, Settings, Subscriber, Subscription};
use tokio::time::advance;

use crate::{SECOND, frame, publish, runtime, subscribe};

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
    for name_len in [1, 256] {
        let hub = Hub::new(Retention::new().bytes(BOUND));
        let info = measure(|| {
            for number in 0..10_000 {
                let name = format!("{number:0name_len$}");
                hub.publish_to(&name, &Block::new().data("x")).unwrap();
                assert!(number % 1000 > 0 || hub.counts().bytes <= BOUND);
            }
        });
        // Beside 1,000 idle topics.
        assert!(info.bytes_max <= BOUND as u64 + (1 << 20), "{name_len}: {info:?}");
        assert!(hub.counts().topics > 1000, "the bound is used");
    }
}

#[tokio::test(start_paused = true)]
async fn bounded_memory_shrinks_as_events_expire() {
    for remaining in [0, 500] {
        let hub = Hub::new(Retention::new().age(2 * SECOND));
        let idle = subscribe(&hub, Subscriber::new());
        let publish =
            |count| measure(|| (0..count).for_each(|_| _ = publish(&hub, "x"))).bytes_current;
        let before = publish(5000);
        advance(SECOND).await;
        let before = before + publish(remaining);
        advance(SECOND).await;
        let after = measure(|| assert_eq!(hub.counts().events, remaining));
        let kept = before + after.bytes_current;
        let counted = hub.counts().bytes as i64;
        assert!(kept < counted + 1024, "{remaining} events: {kept} bytes, {counted} counted");
        drop(idle);
    }
}
