//! `Unpin` and `Send`: a stream is what its chunks are.

use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures::Stream;
use sse_wire::stream::{EventStream, EventStreamExt};

use crate::stream_script::{Script, context, is_send, poll_next, poll_once};
use crate::{Broken, Counted};

#[test]
fn a_stream_that_is_not_unpin_works_if_pinned() {
    // A future of an async block can't move once it was polled.
    let chunks = || futures::stream::once(async { Ok::<_, Broken>(b"data: x\n\n") });

    let mut events = pin!(chunks().events());
    let next = events.as_mut().poll_next(&mut context());
    assert!(matches!(next, Poll::Ready(Some(Ok(event))) if event.data == "x"));

    // For the lending calls the chunks are pinned.
    let chunks = pin!(chunks());
    let mut events = EventStream::new(chunks);
    assert!(matches!(poll_once(events.next_events()), Poll::Ready(Some(Ok(_)))));
}

#[test]
fn a_stream_is_send_if_and_only_if_its_chunks_are() {
    let mut sendable = Script::ready([Ok::<_, Broken>(b"x".to_vec())]).events();
    assert!(is_send!(sendable));
    assert!(is_send!(sendable.next_events()));
    let local =
        Script::ready([Ok::<_, Broken>(Counted { _alive: Rc::new(()), bytes: b"data: x\n\n" })]);
    let mut local = local.events();
    assert!(!is_send!(local));
    assert!(matches!(poll_next(&mut local), Poll::Ready(Some(Ok(_)))), "and works");
}
