//! Linear time, zero-copy, and bounded memory.

use std::rc::Rc;
use std::task::Poll;

use allocation_counter::measure;
use sse_wire::stream::EventStreamExt;

use crate::stream_script::{Script, poll_next, poll_once};
use crate::{Broken, Counted};

fn tiny_events(count: usize) -> Vec<u8> {
    b"data: x\n\n".repeat(count)
}

#[test]
fn linear_time_an_owned_event_costs_its_text_alone_however_large_the_chunk() {
    for count in [100, 10_000] {
        let bytes = tiny_events(count);
        let mut stream = Script::ready([Ok::<_, Broken>(&bytes[..])]).events();
        let mut seen = 0;
        let info = measure(|| {
            while let Poll::Ready(Some(event)) = poll_next(&mut stream) {
                seen += event.unwrap().data.len();
            }
        });
        assert_eq!((seen, info.count_total), (count, count as u64));
        assert_eq!(info.bytes_total, count as u64, "one byte of data for each event");
        // One chunk, and the end: an event that is already complete needs no further chunk.
        let mut stream = Script::ready([Ok::<_, Broken>(&bytes[..])]);
        let mut events = (&mut stream).events();
        while let Poll::Ready(Some(_)) = poll_next(&mut events) {}
        assert_eq!(stream.polls, 2);
    }
}

#[test]
fn zero_copy_a_lent_event_allocates_nothing() {
    let bytes = tiny_events(1000);
    let mut stream = Script::ready(bytes.chunks(9 * 50).map(Ok::<_, Broken>)).events();
    let mut seen = 0;
    let info = measure(|| {
        while let Poll::Ready(Some(events)) = poll_once(stream.next_events()) {
            let mut events = events.unwrap();
            while let Some(event) = events.next().unwrap() {
                seen += event.data.len();
            }
        }
    });
    assert_eq!((seen, info.count_total), (1000, 0));
}

#[test]
fn bounded_memory_one_chunk_is_kept_and_none_while_waiting() {
    let alive = Rc::new(());
    let chunk = |bytes| Poll::Ready(Ok::<_, Broken>(Counted { _alive: alive.clone(), bytes }));
    let held = || Rc::strong_count(&alive) - 1;
    let script =
        Script::new([chunk(b"data: 1\n\ndata: 2\n\nda"), chunk(b"ta: 3\n\n"), Poll::Pending]);
    let mut stream = script.events();
    assert_eq!(held(), 2, "both with the script");
    for expected in ["1", "2", "3"] {
        let Poll::Ready(Some(Ok(event))) = poll_next(&mut stream) else { panic!() };
        assert_eq!(event.data, expected);
    }
    assert_eq!(held(), 1, "the first one was evicted");
    assert!(poll_next(&mut stream).is_pending());
    assert_eq!(held(), 0);
}
