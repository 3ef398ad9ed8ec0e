//! The events of one response: which responses are accepted, and how they end.

#![cfg(feature = "client")]

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::executor::block_on;
use futures::stream::{self, FusedStream, Stream};
use http::Response;
use sse_wire::http_body::ChunkBody;
use sse_wire::{Failure, Parser, ResponseEvents, StreamEnd, StreamError, events};

type Chunks = Pin<Box<dyn Stream<Item = Result<Vec<u8>, io::Error>> + Send>>;

/// A response whose body has these chunks, and breaks off if `cut`.
fn response(chunks: &[&str], cut: bool) -> Response<ChunkBody<Chunks>> {
    let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(chunk.as_bytes().to_vec())).collect();
    let end = cut.then(|| Err(io::ErrorKind::ConnectionReset.into()));
    let chunks: Chunks = Box::pin(stream::iter(chunks.into_iter().chain(end)));
    let response = Response::builder().header("content-type", "text/event-stream");
    response.body(ChunkBody::new(chunks)).unwrap()
}

/// The data of all events, the last error, and the end.
fn read(
    mut events: ResponseEvents<ChunkBody<Chunks>>,
) -> (Vec<String>, Option<String>, Option<StreamEnd>) {
    let (mut seen, mut last) = (Vec::new(), None);
    assert!(!events.is_terminated());
    block_on(async {
        loop {
            match events.try_next().await {
                Ok(Some(event)) => seen.push(event.data),
                Ok(None) => break,
                Err(error) => last = Some(error.to_string()),
            }
        }
        assert!(matches!(events.try_next().await, Ok(None)), "it ends once");
        assert!(events.is_terminated());
    });
    (seen, last, events.end())
}

#[track_caller]
fn ends(chunks: &[&str], sentinel: Option<&str>, cut: bool) -> (usize, bool, StreamEnd) {
    let mut events = events(response(chunks, cut)).unwrap();
    if let Some(sentinel) = sentinel {
        events = events.until(sentinel);
    }
    let (seen, error, end) = read(events);
    (seen.len(), error.is_some(), end.unwrap())
}

#[test]
fn a_clean_end_a_cut_a_missing_sentinel_and_a_sentinel_are_different_ends() {
    let done = Some("[DONE]");
    assert_eq!(ends(&["data: 1\n\n"], None, false), (1, false, StreamEnd::Clean));
    assert_eq!(ends(&["data: 1\n\nda", "ta: 2\n"], None, false), (1, true, StreamEnd::InEvent));
    assert_eq!(ends(&["data: 1\n\n"], done, false), (1, true, StreamEnd::BeforeSentinel));
    assert_eq!(ends(&["data: 1\n\ndata: x"], done, false), (1, true, StreamEnd::InEvent));
    let whole = "data: 1\n\ndata: [DONE]\n\ndata: 3\n\n";
    assert_eq!(ends(&[whole], done, false), (1, false, StreamEnd::Sentinel));
    assert_eq!(ends(&[whole], None, false), (3, false, StreamEnd::Clean));
    assert_eq!(ends(&["data: 1\n\n"], None, true), (1, true, StreamEnd::Transport));
    assert_eq!(ends(&["data: [DONE]\n\n"], done, true), (0, false, StreamEnd::Sentinel));
    assert_eq!(ends(&[], None, false), (0, false, StreamEnd::Clean));
}

#[test]
fn the_last_event_id_is_that_of_the_last_event() {
    let mut events = events(response(&["data: 1\n\nid: 7\ndata: 2\n\n"], false)).unwrap();
    for id in ["", "7", "7"] {
        let _ = block_on(events.try_next()).unwrap();
        assert_eq!(events.last_event_id(), id);
    }
    assert_eq!(format!("{events:?}"), "ResponseEvents { end: Some(Clean), .. }");
}

#[test]
fn an_error_event_is_an_error_on_request() {
    let stream = "data: 1\n\nevent: error\ndata: {\"code\": 7}\n\ndata: 3\n\n";
    let (seen, error, end) = read(events(response(&[stream], false)).unwrap());
    assert_eq!((seen.len(), error, end), (3, None, Some(StreamEnd::Clean)));
    let (seen, error, end) = read(events(response(&[stream], false)).unwrap().error_events());
    assert_eq!((seen.len(), end), (1, Some(StreamEnd::ErrorEvent)));
    assert_eq!(error.unwrap(), "the stream has an error event: `{\"code\": 7}`");
}

#[cfg(feature = "json")]
#[test]
fn an_error_object_in_the_data_is_an_error_on_request() {
    for (data, is_error) in [
        (r#"{"error": {"message": "overloaded"}}"#, true),
        (r#"{"id": 1, "\u0065rror": "x"}"#, true),
        (r#"{"id": 1, "error": "x"}"#, true),
        (r#"{"error": "x", "error": null}"#, true),
        (r#"{"id": 1, "error": null}"#, false),
        (r#"{"response": {"error": "x"}}"#, false),
        (r#"{"text": "\"error\""}"#, false),
        (r#"[{"error": 1}]"#, false),
        (r#"{"error": 1"#, false),
    ] {
        let stream = format!("data: {data}\n\n");
        let (seen, error, end) = read(events(response(&[&stream], false)).unwrap().error_objects());
        assert_eq!((seen.len(), error.is_some()), (usize::from(!is_error), is_error), "{data}");
        assert_eq!(end == Some(StreamEnd::ErrorEvent), is_error);
    }
}

#[test]
fn a_refused_event_does_not_end_the_stream_and_a_refused_id_is_not_an_error() {
    let stream =
        format!("data: {}\n\nid: {}\ndata: 2\n\ndata: 3\n\n", "x".repeat(99), "y".repeat(30));
    let mut events =
        events(response(&[&stream], false)).unwrap().with_parser(Parser::with_limit(64));
    block_on(async {
        let Err(StreamError::Refused(error)) = events.try_next().await else { panic!() };
        assert_eq!((error.limit(), events.end()), (64, None));
        assert_eq!(events.try_next().await.unwrap().unwrap().data, "2");
        assert_eq!(events.refused_id().unwrap().limit(), 16);
        assert_eq!(events.last_event_id(), "");
        assert_eq!(events.try_next().await.unwrap().unwrap().data, "3");
        assert!(events.try_next().await.unwrap().is_none());
    });
}

#[test]
fn the_last_event_without_its_blank_line_is_returned_on_request() {
    for (stream, last) in [
        ("data: 1\n\ndata: 2", "2"),
        ("data: 1\n\nevent: e\ndata: 2\n", "2"),
        ("data: 1\n\nid: 7\n", "1"),
        ("data: 1\n\n", "1"),
    ] {
        let all = events(response(&[stream], false)).unwrap().deliver_unfinished();
        let (seen, error, end) = read(all);
        assert_eq!((seen.last().unwrap().as_str(), error), (last, None), "{stream:?}");
        assert_eq!(end, Some(StreamEnd::Clean));
    }
    let all = events(response(&["data: 1"], false)).unwrap().deliver_unfinished();
    assert_eq!(read(all.with_parser(Parser::with_limit(64))).0, ["1"], "whichever comes first");
    let stream = "data: 1\n\ndata: [DONE]";
    let all = events(response(&[stream], false)).unwrap().deliver_unfinished().until("[DONE]");
    assert_eq!(read(all), (vec!["1".to_owned()], None, Some(StreamEnd::Sentinel)));
}

#[test]
fn a_response_that_is_not_a_stream_is_an_error_with_the_whole_response() {
    for (status, name, value, failure) in [
        (401, "content-type", "application/json", Failure::Status(401)),
        (204, "content-type", "text/event-stream", Failure::Status(204)),
        (200, "content-type", "application/json", Failure::ContentType),
        (200, "x", "x", Failure::ContentType),
    ] {
        let body = r#"{"error": "no such model"}"#.to_owned();
        let response = Response::builder().status(status).header(name, value);
        let error = events(response.header("x-request-id", "7").body(body).unwrap()).unwrap_err();
        assert_eq!((error.failure(), error.status().as_u16()), (failure, status));
        assert_eq!(error.headers()["x-request-id"], "7");
        assert_eq!(error.into_response().into_body(), r#"{"error": "no such model"}"#);
    }
    let response = Response::builder().header("content-type", "text/event-stream");
    let error = events(response.header("content-encoding", "gzip").body(String::new()).unwrap());
    assert_eq!(error.unwrap_err().failure(), Failure::ContentEncoding);
    let json = Response::builder().header("content-type", "application/json");
    let error = events(json.body("[]".to_owned()).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the response has the type `application/json`; an event stream has `text/event-stream`; check the address"
    );
}

#[test]
fn the_excerpt_of_a_body_is_bounded_and_never_waits_for_more() {
    let json = |chunks: Chunks| {
        let response = Response::builder().status(500);
        events(response.body(ChunkBody::new(chunks)).unwrap()).unwrap_err()
    };
    // A body that never ends.
    let endless: Chunks = Box::pin(stream::repeat_with(|| Ok(vec![b'x'; 1000])));
    assert_eq!(block_on(json(endless).body_text(2500)).len(), 2500);
    let stalled = stream::iter([Ok(b"no: \xFF".to_vec())]).chain_pending();
    assert_eq!(block_on(json(stalled).body_text(5)), "no: \u{fffd}");
    let cut: Chunks = Box::pin(stream::iter([Ok(b"because".to_vec()), Err(io::Error::other("x"))]));
    assert_eq!(block_on(json(cut).body_text(99)), "because");
}

trait ChainPending: Stream<Item = Result<Vec<u8>, io::Error>> + Send + Sized + 'static {
    fn chain_pending(self) -> Chunks {
        use futures::StreamExt;
        Box::pin(self.chain(stream::pending()))
    }
}

impl<S: Stream<Item = Result<Vec<u8>, io::Error>> + Send + Sized + 'static> ChainPending for S {}

/// A body that is `Send` and not `Sync`, and has no `Debug`.
struct Bare(std::cell::Cell<u8>);

impl http_body::Body for Bare {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Infallible>>> {
        self.0.set(1);
        Poll::Ready(None)
    }
}

#[test]
fn errors_convert_with_the_question_mark_for_any_body() {
    fn open() -> Result<ResponseEvents<Bare>, Box<dyn Error + Send + Sync>> {
        Ok(events(Response::new(Bare(0.into())))?)
    }
    assert!(open().unwrap_err().to_string().contains("Content-Type"));
    fn next() -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut events = events(response(&["data"], true))?;
        block_on(events.try_next())?;
        Ok(())
    }
    assert_eq!(next().unwrap_err().source().unwrap().to_string(), "connection reset");
}

#[test]
fn cancellation_a_future_that_is_dropped_loses_nothing() {
    use futures::FutureExt;
    let chunks: Vec<_> = b"data: one\n\ndata: two\n\n".iter().map(|&byte| vec![byte]).collect();
    let mut pending = false;
    let mut chunks = chunks.into_iter();
    // Pending before each chunk.
    let chunks = stream::poll_fn(move |cx| {
        pending = !pending;
        if pending {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(chunks.next().map(Ok::<_, Infallible>))
    });
    let response = Response::builder().header("content-type", "text/event-stream");
    let mut events = events(response.body(ChunkBody::new(chunks)).unwrap()).unwrap();
    let mut seen = Vec::new();
    loop {
        match events.try_next().now_or_never() {
            None => {}
            Some(Ok(Some(event))) => seen.push(event.data),
            Some(Ok(None)) => break,
            Some(Err(error)) => panic!("{error}"),
        }
    }
    assert_eq!(seen, ["one", "two"]);
}
