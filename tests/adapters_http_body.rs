//! Bodies to events and back: the vectors through both, and their laws.

#![cfg(feature = "http-body")]

#[path = "support/stream_script.rs"]
mod stream_script;
mod support;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use allocation_counter::measure;
use bytes::{Buf, Bytes};
use futures::channel::{mpsc, oneshot};
use futures::stream;
use http_body::{Body, Frame};
use sse_wire::http_body::{BodyData, EventBody, events};
use sse_wire::server::KeepAlive;
use sse_wire::stream::EventStream;
use sse_wire::{Block, EncodeError, End, OwnedEvent, ReadError};
use stream_script::{Script, context, is_send, poll_next};
use support::{
    Decoded, DecoderCase, decoder_cases, every_chunking, growable, milliseconds, seeded, text,
    vector_files,
};

/// A body that follows a script.
struct ScriptBody<D>(Script<Result<Frame<D>, Broken>>);

#[derive(Debug, PartialEq)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken pipe")
    }
}

impl StdError for Broken {}

impl<D: Buf + Unpin> Body for ScriptBody<D> {
    type Data = D;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<D>, Broken>>> {
        self.0.answer()
    }
}

fn trailers<D>() -> Frame<D> {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("data", "x".parse().unwrap());
    Frame::trailers(trailers)
}

fn decode<D: Buf + Unpin>(case: &DecoderCase, frames: Vec<Frame<D>>) -> Decoded {
    let parser = seeded(growable(case.limit), case.last_event_id.as_deref());
    let body = ScriptBody(Script::pausing(frames.into_iter().map(Ok)));
    let mut stream = EventStream::with_parser(BodyData::new(body), parser);
    let mut decoded = Decoded::default();
    loop {
        match poll_next(&mut stream) {
            Poll::Ready(Some(Ok(event))) => decoded.events.push((
                event.event_type.into_owned(),
                event.data,
                event.last_event_id.to_string(),
                event.range,
            )),
            Poll::Ready(Some(Err(ReadError::Parse(_)))) => decoded.errors += 1,
            Poll::Ready(Some(Err(ReadError::Transport(error)))) => panic!("{error}"),
            Poll::Ready(None) => break,
            Poll::Pending => decoded.after.push(decoded.events.len()),
        }
    }
    decoded.last_event_id = stream.last_event_id().to_owned();
    decoded.retry = stream.reconnection_time().map(milliseconds);
    decoded.clean = matches!(stream.finish().unwrap(), End::Clean);
    decoded
}

#[test]
fn every_decoder_vector_holds_in_every_chunking_through_a_body() {
    for case in &decoder_cases() {
        let stream = case.chunks.concat();
        let check = |chunks: &[&[u8]], after: Option<&[usize]>| {
            let whole = |&chunk: &&[u8]| Frame::data(Bytes::copy_from_slice(chunk));
            // Data that does not lie in one piece.
            let in_two = |&chunk: &&[u8]| {
                let (head, tail) = chunk.split_at(chunk.len() / 2);
                Frame::data(Bytes::copy_from_slice(head).chain(Bytes::copy_from_slice(tail)))
            };
            for decoded in [
                decode(case, chunks.iter().map(whole).collect()),
                decode(case, chunks.iter().map(in_two).collect()),
            ] {
                let after = after.unwrap_or(&decoded.after).to_vec();
                let expected = Decoded { after, comments: None, ..case.expected.clone() };
                assert!(
                    decoded == expected,
                    "{}\nchunks   {:?}\ndecoded  {decoded:?}\nexpected {expected:?}",
                    case.name,
                    chunks.iter().map(|chunk| chunk.escape_ascii().to_string()).collect::<Vec<_>>(),
                );
            }
        };
        let given: Vec<&[u8]> = case.chunks.iter().map(Vec::as_slice).collect();
        check(&given, Some(&case.expected.after));
        every_chunking(&stream, |chunks| check(chunks, None));
    }
}

#[test]
fn trailers_are_passed_over_wherever_they_come() {
    let data = |bytes: &'static [u8]| Frame::data(Bytes::from_static(bytes));
    let frames = [trailers(), data(b"data: 1\n"), trailers(), data(b"\n"), trailers()];
    let mut events = events(ScriptBody(Script::ready(frames.map(Ok))));
    assert!(matches!(poll_next(&mut events), Poll::Ready(Some(Ok(event))) if event.data == "1"));
    assert!(matches!(poll_next(&mut events), Poll::Ready(None)));
}

#[test]
fn an_error_of_a_body_comes_through_behind_the_events_before_it() {
    let data = Frame::data(Bytes::from_static(b"data: 1\n\n"));
    let mut events = events(ScriptBody(Script::ready([Ok(data), Err(Broken)])));
    assert!(matches!(poll_next(&mut events), Poll::Ready(Some(Ok(_)))));
    let Poll::Ready(Some(Err(error))) = poll_next(&mut events) else { panic!() };
    assert_eq!(error, ReadError::Transport(Broken));
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&Broken));
}

#[test]
fn zero_copy_bytes_of_a_body_are_not_copied() {
    let data = Bytes::from(b"data: x\n\n".repeat(1000));
    let mut chunks = BodyData::new(ScriptBody(Script::ready([Ok(Frame::data(data.clone()))])));
    let info = measure(|| {
        let Poll::Ready(Some(Ok(chunk))) = poll_next(&mut chunks) else { panic!() };
        assert_eq!(chunk.as_ptr(), data.as_ptr());
    });
    assert_eq!(info.count_total, 0);
}

/// What a body gives when it is polled once.
#[derive(Debug, PartialEq)]
enum Given<E> {
    Frame(String),
    Error(E),
    End,
    Pending,
}

fn poll<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Given<B::Error> {
    poll_with(body, &mut context())
}

fn poll_with<B: Body<Data = Bytes> + Unpin>(body: &mut B, cx: &mut Context<'_>) -> Given<B::Error> {
    match Pin::new(&mut *body).poll_frame(cx) {
        Poll::Ready(Some(Ok(frame))) => {
            let data = frame.into_data().unwrap_or_else(|_| panic!("no data"));
            assert!(!data.is_empty(), "an empty frame would end a chunked body");
            Given::Frame(String::from_utf8(data.to_vec()).unwrap())
        }
        Poll::Ready(Some(Err(error))) => Given::Error(error),
        Poll::Ready(None) => {
            assert!(body.is_end_stream());
            Given::End
        }
        Poll::Pending => Given::Pending,
    }
}

fn encode_text(text: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    Block::new().data(text).encode(out)
}

/// An id, which can be refused, as its own block.
fn encode_id(id: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    Block::new().id(id).encode(out)
}

#[test]
fn every_encoder_vector_holds_through_a_body_alone_and_between_others() {
    let mut count = 0;
    let cases = vector_files("encoder").into_iter();
    for case in cases.flat_map(|(_, file)| file["cases"].as_array().unwrap().clone()) {
        let name = case["name"].as_str().unwrap();
        let get = |key: &str| case["serialize"].get(key).map(text);
        let (comment, event_type, id, data) = (get("comment"), get("type"), get("id"), get("data"));
        let block = Block {
            comment: comment.as_deref(),
            event_type: event_type.as_deref(),
            id: id.as_deref(),
            retry: case["serialize"].get("retry").map(|retry| retry.as_u64().unwrap()),
            data: data.as_deref(),
            strict: case.get("strict").is_some_and(|strict| strict.as_bool().unwrap()),
        };
        let neighbour = Block::new().data("x");
        let refused = case["expect"].get("error").is_some();
        let bytes = case["expect"].get("bytes").map_or(Vec::new(), support::bytes);
        let bytes = String::from_utf8(bytes).unwrap();
        for blocks in [vec![block], vec![neighbour, block, neighbour]] {
            let alone = blocks.len() == 1;
            let mut body =
                EventBody::new(stream::iter(blocks), |block: Block<'_>, out| block.encode(out));
            let around = if alone { "" } else { "data: x\n\n" };
            if refused {
                if !alone {
                    assert_eq!(poll(&mut body), Given::Frame(around.to_owned()), "{name}");
                }
                assert!(matches!(poll(&mut body), Given::Error(_)), "{name}");
                if !alone {
                    assert_eq!(poll(&mut body), Given::Frame(around.to_owned()), "{name}");
                }
            } else {
                let expected = format!("{around}{bytes}{around}");
                let mut given = String::new();
                while let Given::Frame(frame) = poll(&mut body) {
                    given += &frame;
                }
                assert_eq!(given, expected, "{name}");
            }
            assert_eq!(poll(&mut body), Given::End, "{name}");
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn promptness_whatever_is_ready_goes_out_before_anything_is_waited_for() {
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
    assert_eq!(poll(&mut body), Given::Frame("data: 1\n\n".into()));
    assert_eq!(poll(&mut body), Given::Frame("data: 2\n\ndata: 3\n\n".into()));
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(poll(&mut body), Given::Frame("data: 4\n\n".into()));
    assert_eq!(poll(&mut body), Given::End);
    assert_eq!(poll(&mut body), Given::End, "and stays there");
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
    assert_eq!(poll(&mut body), Given::Frame("data: 1\n\n".into()));
    assert_eq!(script.polls, 1);
}

#[test]
fn an_encoding_error_comes_in_its_place_and_the_body_goes_on_behind_it() {
    let ids = Script::new([
        Poll::Ready("1"),
        Poll::Ready("2\ninjected"),
        Poll::Ready("3"),
        Poll::Ready("4\0"),
    ]);
    let mut body = EventBody::new(ids, encode_id);
    assert_eq!(poll(&mut body), Given::Frame("id: 1\n\n".into()));
    let Given::Error(error) = poll(&mut body) else { panic!() };
    assert!(matches!(error, EncodeError::LineBreak { at: 1, .. }), "{error}");
    assert_eq!(poll(&mut body), Given::Frame("id: 3\n\n".into()));
    assert!(!body.is_end_stream(), "an error is still to come");
    assert_eq!(poll(&mut body), Given::Error(EncodeError::Nul { at: 1 }));
    assert_eq!(poll(&mut body), Given::End);
}

#[test]
fn an_item_whose_encoding_fails_halfway_leaves_no_trace() {
    let mut body = EventBody::new(stream::iter([true, false]), |good, out: &mut Vec<u8>| {
        out.extend_from_slice(b"data: whole or not\n\n");
        if good { Ok(()) } else { Err(Broken) }
    });
    assert_eq!(poll(&mut body), Given::Frame("data: whole or not\n\n".into()));
    assert_eq!(poll(&mut body), Given::Error(Broken));
    assert_eq!(poll(&mut body), Given::End);
}

#[test]
fn items_that_are_passed_over_make_no_frame_and_no_end() {
    let items = Script::new([
        Poll::Ready("2\ninjected"),
        Poll::Pending,
        Poll::Ready("\n"),
        Poll::Ready("3"),
        Poll::Pending,
        Poll::Ready("\n"),
    ]);
    let mut body = EventBody::new(items, |id, out| {
        Block::new().id(id).encode(out).or(Ok::<(), Infallible>(()))
    });
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(poll(&mut body), Given::Frame("id: 3\n\n".into()));
    assert_eq!(poll(&mut body), Given::End);
}

#[test]
fn errors_of_the_items_come_through_in_their_own_type() {
    #[derive(Debug, PartialEq)]
    enum Failed {
        Source(Broken),
        Encode(EncodeError),
    }
    let items = stream::iter([Ok("1"), Err(Broken), Ok("\n")]);
    let mut body = EventBody::new(items, |item: Result<&str, Broken>, out| {
        Block::new().id(item.map_err(Failed::Source)?).encode(out).map_err(Failed::Encode)
    });
    assert_eq!(poll(&mut body), Given::Frame("id: 1\n\n".into()));
    assert_eq!(poll(&mut body), Given::Error(Failed::Source(Broken)));
    assert!(matches!(poll(&mut body), Given::Error(Failed::Encode(_))));
    assert_eq!(poll(&mut body), Given::End);
}

/// The interval of a timer, and what fires it.
type ManualTimer = (Duration, oneshot::Sender<()>);

/// Timers that the test fires, in the order of their making.
#[derive(Clone, Default)]
struct ManualTimers(Rc<RefCell<VecDeque<ManualTimer>>>);

impl ManualTimers {
    fn sleep(&self) -> impl FnMut(Duration) -> oneshot::Receiver<()> {
        let timers = self.clone();
        move |duration| {
            let (fire, timer) = oneshot::channel();
            timers.0.borrow_mut().push_back((duration, fire));
            timer
        }
    }

    /// The time of the one timer that is alive, which fires now.
    fn fire(&self) -> Duration {
        let mut timers = self.0.borrow_mut();
        timers.retain(|(_, timer)| !timer.is_canceled());
        let (duration, timer) = timers.pop_front().expect("a timer");
        assert!(timers.is_empty(), "one at a time");
        timer.send(()).unwrap();
        duration
    }

    fn alive(&self) -> usize {
        self.0.borrow().iter().filter(|(_, timer)| !timer.is_canceled()).count()
    }
}

#[test]
fn keep_alive_a_comment_comes_after_each_interval_of_silence_and_only_then() {
    const INTERVAL: Duration = Duration::from_secs(20);
    let schedule = KeepAlive::new(Duration::ZERO).interval(INTERVAL);
    let schedule = schedule.block(Block::new().comment("still here")).unwrap();
    let timers = ManualTimers::default();
    let (sender, receiver) = mpsc::unbounded();
    let mut body = EventBody::new(receiver, encode_text).keep_alive(schedule, timers.sleep());
    let comment = || Given::Frame(": still here\n\n".into());

    sender.unbounded_send("1").unwrap();
    assert_eq!(poll(&mut body), Given::Frame("data: 1\n\n".into()));
    assert_eq!(timers.alive(), 0, "no timer while events come");
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(timers.fire(), INTERVAL, "one timer for one silence");
    assert_eq!(poll(&mut body), comment());
    // Silence begins anew behind each frame, a comment too.
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(timers.fire(), INTERVAL);
    assert_eq!(poll(&mut body), comment());
    assert_eq!(poll(&mut body), Given::Pending);
    sender.unbounded_send("2").unwrap();
    assert_eq!(poll(&mut body), Given::Frame("data: 2\n\n".into()));
    assert_eq!(timers.alive(), 0, "an event ends the silence");
    assert_eq!(poll(&mut body), Given::Pending);
    // An event goes first where both are ready.
    timers.fire();
    sender.unbounded_send("3").unwrap();
    assert_eq!(poll(&mut body), Given::Frame("data: 3\n\n".into()));
    assert_eq!(poll(&mut body), Given::Pending, "its timer is gone");
    drop(sender);
    assert_eq!(poll(&mut body), Given::End);
    assert_eq!(timers.alive(), 0, "no comment behind the end");
}

#[test]
fn without_keep_alive_silence_is_silent() {
    let mut body = EventBody::new(stream::pending(), encode_text);
    assert_eq!(poll(&mut body), Given::Pending);
    assert_eq!(poll(&mut body), Given::Pending);
}

#[test]
fn a_pending_body_is_woken_by_its_items_and_by_its_timer() {
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

    let timers = ManualTimers::default();
    let (sender, receiver) = mpsc::unbounded();
    let mut body = EventBody::new(receiver, encode_text)
        .keep_alive(KeepAlive::new(Duration::ZERO), timers.sleep());
    assert_eq!(poll_with(&mut body, cx), Given::Pending);
    assert_eq!(wakes(), 0);
    timers.fire();
    assert_eq!(wakes(), 1);
    assert_eq!(poll_with(&mut body, cx), Given::Frame(": \n\n".into()));
    assert_eq!(poll_with(&mut body, cx), Given::Pending);
    sender.unbounded_send("x").unwrap();
    assert_eq!(wakes(), 1);
}

#[test]
fn round_trip_a_body_of_events_gives_the_same_events() {
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
            Block::from(&event.as_event()).encode(out)
        });
        let mut events = events(body.frame_size(size));
        let mut received = Vec::new();
        while let Poll::Ready(Some(event)) = poll_next(&mut events) {
            let mut event = event.unwrap();
            event.range = 0..0;
            received.push(event);
        }
        assert_eq!(received, sent);
        assert_eq!(events.finish(), Ok(End::Clean));
    }
}

#[test]
fn both_directions_are_send_where_their_parts_are_and_need_not_be() {
    /// What `axum::body::Body::new` asks for.
    fn servable<B>(_: &B)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
    }
    async fn sleep(_: Duration) {}
    servable(&EventBody::new(stream::iter(["x"]), encode_text));
    servable(
        &EventBody::new(stream::iter(["x"]), encode_text)
            .keep_alive(KeepAlive::new(Duration::ZERO), sleep),
    );
    assert!(is_send!(events(String::new())));

    let local = Rc::new("x");
    let mut body = EventBody::new(stream::iter([local]), |text: Rc<&str>, out: &mut Vec<u8>| {
        encode_text(&text, out)
    });
    assert!(!is_send!(body));
    assert_eq!(poll(&mut body), Given::Frame("data: x\n\n".into()), "and works");
}
