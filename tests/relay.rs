//! A stream of one request as a response: what is written when, errors, silence, memory.

#![cfg(feature = "server")]

#[path = "support/stream_script.rs"]
mod stream_script;
mod support;

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use futures::channel::mpsc;
use futures::stream::FusedStream;
use futures::{FutureExt, Stream, StreamExt, stream};
use http_body::Body;
use sse_wire::server::{EventBody, KeepAlive, RESPONSE_HEADERS};
use sse_wire::{Block, EncodeError, End, OwnedEvent, Parser};
use stream_script::{Script, context, is_send};
use support::encoder::{encoder_cases, with_block};

type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Debug, PartialEq)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken pipe")
    }
}

impl Error for Broken {}

/// Polls a body once.
#[derive(Debug, PartialEq)]
enum Given {
    Frame(String),
    Error(String),
    End,
    Pending,
}

fn frame(text: &str) -> Given {
    Given::Frame(text.into())
}

fn poll<B: Body<Data = Bytes, Error = BoxError> + Unpin>(body: &mut B) -> Given {
    poll_with(body, &mut context())
}

fn poll_with<B>(body: &mut B, cx: &mut Context<'_>) -> Given
where
    B: Body<Data = Bytes, Error = BoxError> + Unpin,
{
    match Pin::new(&mut *body).poll_frame(cx) {
        Poll::Ready(Some(Ok(frame))) => {
            let data = frame.into_data().unwrap_or_else(|_| panic!("no data"));
            assert!(!data.is_empty(), "an empty frame would end a chunked body");
            Given::Frame(String::from_utf8(data.to_vec()).unwrap())
        }
        Poll::Ready(Some(Err(error))) => Given::Error(error.to_string()),
        Poll::Ready(None) => {
            assert!(body.is_end_stream());
            Given::End
        }
        Poll::Pending => Given::Pending,
    }
}

fn encode_text(text: &str, out: &mut Vec<u8>) -> Result<(), BoxError> {
    Ok(Block::new().data(text).encode(out)?)
}

/// An ID, which can be rejected, as a separate block.
fn encode_id(id: &str, out: &mut Vec<u8>) -> Result<(), BoxError> {
    Ok(Block::new().id(id).encode(out)?)
}

#[test]
fn the_response_has_status_200_and_exactly_the_headers_of_an_event_stream() {
    let response = sse_wire::response(stream::iter(["x"]), encode_text);
    assert_eq!(response.status(), 200);
    let headers: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    assert_eq!(headers, RESPONSE_HEADERS);
    assert!(RESPONSE_HEADERS.contains(&("cache-control", "no-cache, no-transform")));
}

#[test]
fn every_encoder_vector_holds_through_a_body_alone_and_between_others() {
    let mut count = 0;
    for case in encoder_cases() {
        with_block(&case, |block, _, _| {
            let neighbour = Block::new().data("x");
            for (blocks, around) in
                [(vec![block], ""), (vec![neighbour, block, neighbour], "data: x\n\n")]
            {
                let mut body = EventBody::new(stream::iter(blocks), |block: Block<'_>, out| {
                    Ok(block.encode(out)?)
                });
                let mut given = String::new();
                let end = loop {
                    match poll(&mut body) {
                        Given::Frame(frame) => given += &frame,
                        end => break end,
                    }
                };
                if let Ok(bytes) = &case.expected {
                    let bytes = format!("{around}{}{around}", std::str::from_utf8(bytes).unwrap());
                    assert_eq!((given, end), (bytes, Given::End), "{}", case.name);
                } else {
                    assert_eq!(given, around, "{}", case.name);
                    assert!(matches!(end, Given::Error(_)), "{}", case.name);
                }
                count += 1;
            }
        });
    }
    assert!(count >= 60, "{count}");
}

#[tokio::test]
async fn promptness_ready_items_are_written_before_any_wait() {
    let script = Script::new([
        Poll::Ready("1"),
        Poll::Pending,
        Poll::Ready("2"),
        Poll::Ready("3"),
        Poll::Pending,
        Poll::Pending,
        Poll::Ready("4"),
    ]);
    let mut body = EventBody::new(script, encode_text);
    assert!(!body.is_end_stream());
    assert_eq!(poll(&mut body), frame("data: 1\n\n"));
    assert_eq!(poll(&mut body), frame("data: 2\n\ndata: 3\n\n"));
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(poll(&mut body), frame("data: 4\n\n"));
    assert_eq!(poll(&mut body), Given::End);
    assert_eq!(poll(&mut body), Given::End, "and stays there");
}

/// tower-http#420, axum#2585: an intermediary delays the head until the first byte of the body.
#[tokio::test(start_paused = true)]
async fn something_is_written_at_once_if_nothing_is_ready() {
    let keep_alive = KeepAlive::default().interval(Duration::MAX);
    let silent = || EventBody::new(stream::pending(), encode_text).keep_alive(keep_alive);
    let mut body = silent();
    assert_eq!(poll(&mut body), frame(": \n\n"));
    for _ in 0..3 {
        assert_eq!(poll(&mut body), Given::Pending, "and then, without keep-alive, nothing more");
        tokio::time::advance(Duration::from_secs(1 << 20)).await;
    }
    let mut body = EventBody::new(stream::iter(["x"]), encode_text).keep_alive(keep_alive);
    assert_eq!(poll(&mut body), frame("data: x\n\n"), "no comment if an event is ready");
}

#[test]
fn bounded_memory_a_frame_has_the_frame_size_and_one_item_at_most() {
    let block = "data: x\n\n";
    for (size, items) in [(0, 1), (1, 1), (9, 1), (10, 2), (90, 10), (91, 11)] {
        let mut body = EventBody::new(stream::repeat("x"), encode_text).frame_size(size);
        for _ in 0..3 {
            assert_eq!(poll(&mut body), Given::Frame(block.repeat(items)), "size {size}");
        }
    }
    let mut body = EventBody::new(stream::repeat("x"), encode_text);
    let Given::Frame(frame) = poll(&mut body) else { panic!() };
    assert_eq!(frame.len(), 8192_usize.next_multiple_of(block.len()));
    let mut warm = EventBody::new(stream::repeat("x"), encode_text);
    let info = measure(|| {
        for _ in 0..100 {
            drop(Pin::new(&mut warm).poll_frame(&mut context()));
        }
    });
    assert!(info.bytes_max < 4 * 8192, "frames are not kept: {info:?}");
    assert!(info.bytes_total < 100 * 4 * 8192, "each costs its own size: {info:?}");
}

#[test]
fn backpressure_a_body_that_is_not_polled_takes_nothing() {
    let mut script = Script::ready(["1", "2", "3"]);
    let mut body = EventBody::new(&mut script, encode_text).frame_size(1);
    assert_eq!(poll(&mut body), frame("data: 1\n\n"));
    assert_eq!(script.polls, 1);
}

#[test]
fn an_error_of_the_stream_or_of_an_item_ends_the_body_after_earlier_items() {
    let items = [Ok("1"), Err(Broken), Ok("2")];
    let encode = |item: Result<&'static str, Broken>, out: &mut Vec<u8>| encode_id(item?, out);
    let mut body = EventBody::new(stream::iter(items), encode);
    assert_eq!(poll(&mut body), frame("id: 1\n\n"));
    assert!(!body.is_end_stream() && !body.is_terminated(), "an error is still expected");
    let Poll::Ready(Some(Err(error))) = Pin::new(&mut body).poll_frame(&mut context()) else {
        panic!()
    };
    assert_eq!(error.downcast_ref(), Some(&Broken), "in its own type");
    assert_eq!(poll(&mut body), Given::End);
    assert!(body.is_terminated());
    assert!(format!("{body:?}").contains("ended: true"));

    let mut body = EventBody::new(stream::iter(["1", "2\ninjected", "3"]), encode_id);
    assert_eq!(poll(&mut body), frame("id: 1\n\n"));
    assert!(matches!(poll(&mut body), Given::Error(error) if error.contains("line break")));
    assert_eq!(poll(&mut body), Given::End);
}

/// octos#13, goose#8027: a failure in the middle must not look like the end.
#[test]
fn an_error_becomes_the_last_event_if_on_error_writes_one() {
    for items in [vec![Ok("1"), Err("cut")], vec![Ok("1"), Ok("2\ninjected"), Ok("3")]] {
        let mut body = EventBody::new(stream::iter(items), |item: Result<&str, &str>, out| {
            Ok(Block::new().id(item?).encode(out)?)
        })
        .on_error(|error, out| {
            Block::new().event_type("error").data(&error.to_string()).encode(out)
        });
        let Given::Frame(given) = poll(&mut body) else { panic!() };
        assert!(given.starts_with("id: 1\n\nevent: error\ndata: "), "{given}");
        assert!(given.ends_with("cut\n\n") || given.contains("line break"), "{given}");
        assert_eq!(poll(&mut body), Given::End);
    }
    let mut body = EventBody::new(stream::iter(["\n"]), encode_id)
        .on_error(|_, out| Block::new().event_type("\n").encode(out));
    assert!(matches!(poll(&mut body), Given::Error(error) if error.contains("event type")));
    assert_eq!(poll(&mut body), Given::End);
}

#[test]
fn an_item_whose_encoding_fails_halfway_writes_nothing() {
    let mut body = EventBody::new(stream::iter([true, false]), |good, out: &mut Vec<u8>| {
        out.extend_from_slice(b"data: whole or not\n\n");
        if good { Ok(()) } else { Err(Broken.into()) }
    });
    assert_eq!(poll(&mut body), frame("data: whole or not\n\n"));
    assert_eq!(poll(&mut body), Given::Error(Broken.to_string()));
    assert_eq!(poll(&mut body), Given::End);
}

#[tokio::test]
async fn items_that_are_left_out_make_no_frame_and_no_end() {
    let items = Script::new([
        Poll::Ready("1"),
        Poll::Pending,
        Poll::Ready("2\ninjected"),
        Poll::Pending,
        Poll::Ready("3"),
        Poll::Ready("\n"),
    ]);
    let mut body = EventBody::new(items, |id, out| {
        let _ = Block::new().id(id).encode(out);
        Ok(())
    });
    assert_eq!(poll(&mut body), frame("id: 1\n\n"));
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(poll(&mut body), frame("id: 3\n\n"));
    assert_eq!(poll(&mut body), Given::End);
}

#[tokio::test(start_paused = true)]
async fn keep_alive_a_comment_is_written_after_each_interval_of_silence_and_only_then() {
    let second = Duration::from_secs(1);
    let schedule = KeepAlive::default().interval(20 * second);
    let schedule = schedule.block(Block::new().comment("still here")).unwrap();
    let (sender, receiver) = mpsc::unbounded();
    let mut body = EventBody::new(receiver, encode_text).keep_alive(schedule);
    let comment = || frame(": still here\n\n");

    sender.unbounded_send("1").unwrap();
    assert_eq!(poll(&mut body), frame("data: 1\n\n"));
    for _ in 0..2 {
        // Silence starts again after each frame, even a comment.
        assert_eq!(poll(&mut body), Given::Pending);
        tokio::time::advance(19 * second).await;
        assert_eq!(poll(&mut body), Given::Pending);
        tokio::time::advance(second).await;
        assert_eq!(poll(&mut body), comment());
    }
    assert_eq!(poll(&mut body), Given::Pending);
    tokio::time::advance(19 * second).await;
    sender.unbounded_send("2").unwrap();
    assert_eq!(poll(&mut body), frame("data: 2\n\n"));
    tokio::time::advance(19 * second).await;
    assert_eq!(poll(&mut body), Given::Pending, "an event ends the silence");
    tokio::time::advance(second).await;
    // An event goes first if both are ready.
    sender.unbounded_send("3").unwrap();
    assert_eq!(poll(&mut body), frame("data: 3\n\n"));
    assert_eq!(poll(&mut body), Given::Pending);
    drop(sender);
    tokio::time::advance(20 * second).await;
    assert_eq!(poll(&mut body), Given::End, "no comment after the end");
}

#[tokio::test(start_paused = true)]
async fn a_pending_body_is_woken_by_its_items_and_by_its_timer() {
    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let cx = &mut Context::from_waker(&waker);
    let wakes = || count.0.swap(0, Ordering::Relaxed);

    let (sender, receiver) = mpsc::unbounded();
    let mut body = EventBody::new(receiver, encode_text);
    assert_eq!(poll_with(&mut body, cx), frame(": \n\n"));
    assert_eq!(poll_with(&mut body, cx), Given::Pending);
    assert_eq!(wakes(), 0);
    sender.unbounded_send("x").unwrap();
    assert_eq!(wakes(), 1);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(poll_with(&mut body, cx), frame("data: x\n\n"));
    assert_eq!(poll_with(&mut body, cx), Given::Pending);
    wakes();
    // The timer of the silence before may fire in between, and then waits for the rest.
    for _ in 0..15 {
        tokio::time::advance(Duration::from_secs(1)).await;
        if wakes() > 0 && poll_with(&mut body, cx) == frame(": \n\n") {
            return;
        }
    }
    panic!("no keep-alive 15 s after the event");
}

#[test]
fn round_trip_a_body_of_events_decodes_to_the_same_events() {
    let event = |n: usize| {
        let mut event = OwnedEvent::default();
        event.data = format!("{n}\n漢字");
        event.event_type = "n".into();
        event.last_event_id = n.to_string().as_str().into();
        event.sets_id = true;
        event
    };
    let sent: Vec<OwnedEvent> = (0..2000).map(event).collect();
    for size in [1, 100, 8192] {
        let body = EventBody::new(stream::iter(sent.clone()), |event: OwnedEvent, out| {
            Ok(Block::from(&event).encode(out)?)
        });
        // As frameworks with other types use it.
        let chunks: Vec<Bytes> = body
            .frame_size(size)
            .map(Result::unwrap)
            .collect()
            .now_or_never()
            .expect("a stream that is always ready");
        let mut parser = Parser::new();
        let mut received = Vec::new();
        for chunk in chunks {
            let mut events = parser.push(&chunk);
            while let Some(mut event) = events.next_owned().unwrap() {
                event.range = 0..0;
                received.push(event);
            }
        }
        assert_eq!(received, sent);
        assert_eq!(parser.finish(), Ok(End::Clean));
    }
}

/// Clean-up runs once: the stream is dropped with the body.
#[test]
fn the_stream_is_dropped_with_the_body_and_only_then() {
    let alive = Rc::new(());
    let held = alive.clone();
    let items = stream::iter([(); 2]).map(move |()| Rc::strong_count(&held));
    let mut body = EventBody::new(items, |_, out| encode_text("x", out)).frame_size(1);
    poll(&mut body);
    assert_eq!(Rc::strong_count(&alive), 2);
    drop(body);
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn a_body_is_send_and_sync_if_and_only_if_its_parts_are() {
    /// The bounds of axum and warp.
    fn servable<B>(_: &B)
    where
        B: Body<Data = Bytes> + Stream<Item = Result<Bytes, B::Error>> + Send + Sync + 'static,
        B::Error: Into<BoxError>,
    {
    }
    let body = EventBody::new(stream::iter(["x"]), encode_text);
    servable(&body.on_error(|_, _| Err(EncodeError::Sink)));

    let local = Rc::new("x");
    let mut body = EventBody::new(stream::iter([local]), |text: Rc<&str>, out: &mut Vec<u8>| {
        encode_text(&text, out)
    });
    assert!(!is_send!(body));
    assert_eq!(poll(&mut body), frame("data: x\n\n"), "and works");
}
