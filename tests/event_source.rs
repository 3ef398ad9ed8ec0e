//! The client that reconnects, as its caller sees it, in one process and on a clock that jumps.

#![cfg(feature = "client")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::{Future, ready};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::{self, BoxStream, FusedStream, Stream, StreamExt};
use http::{HeaderMap, Response};
use sse_wire::http_body::ChunkBody;
use sse_wire::{
    Attempt, BoxEventSource, EventSource, Failure, FinalError, Incoming, Interruption, Liveness,
    LocalBoxEventSource, Parser, Policy, ReadyState, SendAgain, Silence, SourceError, SourceNotice,
    Timer,
};
use tokio::time::{Instant, sleep};

type Body = ChunkBody<BoxStream<'static, io::Result<Vec<u8>>>>;

/// What a server does with a request.
enum Answer {
    /// A stream of these chunks, which ends.
    Stream(&'static str),
    /// A stream of these chunks, which stays open.
    Open(&'static str),
    /// A stream that breaks off.
    Cut(&'static str),
    Status(u16),
    /// No response.
    Silence,
    Refused,
    Final,
}

fn body(chunks: BoxStream<'static, io::Result<Vec<u8>>>) -> Response<Body> {
    let response = Response::builder().header("content-type", "text/event-stream");
    response.body(ChunkBody::new(chunks)).unwrap()
}

async fn answer(answer: Answer) -> Result<Response<Body>, Box<dyn Error + Send + Sync>> {
    let bytes = |text: &'static str| stream::iter([Ok(text.as_bytes().to_vec())]);
    Ok(match answer {
        Answer::Stream(text) => body(bytes(text).boxed()),
        Answer::Open(text) => body(bytes(text).chain(stream::pending()).boxed()),
        Answer::Cut(text) => {
            let cut = stream::iter([Err(io::ErrorKind::ConnectionReset.into())]);
            body(bytes(text).chain(cut).boxed())
        }
        Answer::Status(status) => {
            let mut response = body(bytes("{\"error\": 7}").boxed());
            *response.status_mut() = status.try_into().unwrap();
            response
        }
        Answer::Silence => std::future::pending().await,
        Answer::Refused => return Err(Outer(io::ErrorKind::ConnectionRefused.into()).into()),
        Answer::Final => return Err(FinalError::new("no token is left").into()),
    })
}

/// An error like those of HTTP clients, which starts with the address.
#[derive(Debug)]
struct Outer(io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error sending request for url (http://host/?token=secret)")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// The attempts that a server has seen.
type Seen = Arc<Mutex<Vec<Attempt>>>;

/// A source whose server sends these answers, and then none.
fn source(
    answers: impl IntoIterator<Item = Answer>,
) -> (impl FnMut(Attempt) -> Pin<Box<dyn Future<Output = Reply> + Send>>, Seen) {
    let mut answers: VecDeque<_> = answers.into_iter().collect();
    let seen = Seen::default();
    let attempts = seen.clone();
    let request = move |attempt| {
        attempts.lock().unwrap().push(attempt);
        let next = answers.pop_front().unwrap_or(Answer::Silence);
        Box::pin(answer(next)) as Pin<Box<dyn Future<Output = Reply> + Send>>
    };
    (request, seen)
}

type Reply = Result<Response<Body>, Box<dyn Error + Send + Sync>>;

/// No jitter, so that waits are predictable.
fn policy() -> Policy {
    Policy { jitter: 0, ..Policy::default() }
}

/// An item as text.
fn text<B>(item: Option<Result<Incoming, SourceError<B>>>) -> String {
    match item {
        None => "none".into(),
        Some(Ok(Incoming::Event(event))) => format!("{}:{}", event.last_event_id, event.data),
        Some(Ok(Incoming::Notice(notice))) => notice.to_string(),
        Some(Err(error)) => format!("error: {error}"),
    }
}

macro_rules! expect {
    ($source:expr, $($text:expr),* $(,)?) => {
        $(assert_eq!(text($source.next().await), $text);)*
    };
}

#[tokio::test(start_paused = true)]
async fn a_source_returns_events_and_notices_and_resumes_after_the_last_event() {
    let (request, seen) = source([
        Answer::Refused,
        Answer::Stream("retry: 700\nid: 1\ndata: a\n\nid: 2\ndata: cut"),
        Answer::Cut("data: b\n\ndata: c\n\n"),
        Answer::Status(503),
        Answer::Status(204),
    ]);
    let start = Instant::now();
    let mut source = EventSource::new(request).with_policy(policy());
    expect!(
        source,
        "reconnecting in 3s: there was a network error: connection refused",
        "open",
        "1:a",
        "reconnecting in 1.4s: the server ended the stream",
        "open",
        "1:b",
        "1:c",
        "reconnecting in 2.8s: there was a network error: connection reset",
        "reconnecting in 5.6s: the response has the status 503",
        "the server asks clients not to reconnect (status 204)",
        "none",
        "none",
    );
    assert!(source.is_terminated());
    assert_eq!(start.elapsed(), Duration::from_millis(3000 + 1400 + 2800 + 5600));
    let seen = seen.lock().unwrap();
    let ids: Vec<_> = seen.iter().map(|attempt| attempt.last_event_id().to_owned()).collect();
    assert_eq!(ids, ["", "", "1", "1", "1"]);
    let numbers: Vec<_> = seen.iter().map(Attempt::number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let reasons: Vec<_> = seen.iter().map(Attempt::reason).collect();
    let lost = Some(Interruption::NetworkError);
    let status = Some(Interruption::Status(503));
    assert_eq!(reasons, [None, lost, Some(Interruption::End), lost, status]);
    let headers = seen[2].headers();
    let expected =
        [("accept", "text/event-stream"), ("cache-control", "no-cache"), ("last-event-id", "1")];
    for (name, value) in expected {
        assert_eq!(headers[name], value);
    }
    assert_eq!(headers.len(), 3);
    assert_eq!(seen[0].headers().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_last_item_and_has_the_response_unread() {
    let (request, _) = source([Answer::Stream("data: a\n\n"), Answer::Status(404)]);
    let mut source = EventSource::new(request).with_policy(policy());
    expect!(source, "open", ":a", "reconnecting in 3s: the server ended the stream");
    let Some(Err(SourceError::Response(error))) = source.next().await else { panic!() };
    assert_eq!(error.status(), 404);
    assert_eq!(error.body_text(100).await, "{\"error\": 7}");
    expect!(source, "none", "none");
}

#[tokio::test(start_paused = true)]
async fn a_final_error_of_a_request_ends_the_source_and_any_other_does_not() {
    let (request, seen) = source([Answer::Refused, Answer::Final]);
    let mut source = EventSource::new(request).with_policy(policy());
    expect!(
        source,
        "reconnecting in 3s: there was a network error: connection refused",
        "error: no token is left",
        "none",
    );
    source.reconnect();
    expect!(source, "none");
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn giving_up_is_an_error_with_the_last_cause() {
    let (request, _) = source([Answer::Refused, Answer::Refused]);
    let policy = Policy { max_reconnections: Some(1), ..policy() };
    let mut source = EventSource::new(request).with_policy(policy);
    let _ = source.next().await;
    let error = source.next().await.unwrap().unwrap_err();
    assert!(
        error.to_string().ends_with("there was a network error: connection refused"),
        "{error}"
    );
    assert!(error.source().unwrap().is::<Outer>());
    assert!(matches!(
        error,
        SourceError::GaveUp { failure: Failure::Reconnections { count: 1, .. }, .. }
    ));
    expect!(source, "none");
}

#[tokio::test(start_paused = true)]
async fn reconnect_starts_again_after_a_failure_ends_a_wait_and_drops_a_connection() {
    let (request, seen) = source([
        Answer::Open("id: 7\ndata: a\n\ndata: half"),
        Answer::Refused,
        Answer::Status(401),
        Answer::Open("data: b\n\n"),
    ]);
    let mut source = EventSource::new(request).with_policy(policy());
    let start = Instant::now();
    expect!(source, "open", "7:a");
    source.reconnect();
    expect!(
        source,
        "reconnecting in 0ns: requested by the caller",
        "reconnecting in 3s: there was a network error: connection refused",
    );
    source.reconnect();
    expect!(source, "reconnecting in 0ns: requested by the caller");
    expect!(source, "error: the response has the status 401; an event stream needs 200", "none");
    source.reconnect();
    assert!(!source.is_terminated());
    expect!(source, "reconnecting in 0ns: requested by the caller", "open", "7:b");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(seen.lock().unwrap().len(), 4);
    assert_eq!(source.last_event_id(), "7");
}

#[tokio::test(start_paused = true)]
async fn close_is_for_good_and_nothing_comes_after_it() {
    let (request, seen) = source([Answer::Open("data: a\n\ndata: b\n\n"), Answer::Open("")]);
    let mut source = EventSource::new(request);
    expect!(source, "open", ":a");
    source.close();
    assert_eq!(source.connection().ready_state(), ReadyState::Closed);
    expect!(source, "none");
    source.reconnect();
    expect!(source, "none");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_response_and_a_stream_without_events_time_out() {
    let (request, _) = source([Answer::Silence, Answer::Open(": keep-alive\n\n")]);
    let silence = Silence { events: Some(Duration::from_secs(20)), ..Silence::default() };
    let mut source = EventSource::new(request).with_policy(Policy { silence, ..policy() });
    let start = Instant::now();
    expect!(source, "reconnecting in 3s: no response arrived in time");
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    expect!(source, "open", "reconnecting in 3s: no event arrived in time");
    assert_eq!(start.elapsed(), Duration::from_secs(63 + 20));
}

#[tokio::test(start_paused = true)]
async fn keep_alives_that_never_end_do_not_keep_an_event_limit_from_passing() {
    let request = |_: Attempt| {
        let chunks = stream::unfold((), |()| async {
            sleep(Duration::from_secs(1)).await;
            Some((Ok(b": keep-alive\n\n".to_vec()), ()))
        });
        ready(Ok::<_, io::Error>(body(chunks.boxed())))
    };
    let silence = Silence { events: Some(Duration::from_secs(20)), ..Silence::default() };
    let mut source = EventSource::new(request).with_policy(Policy { silence, ..policy() });
    let start = Instant::now();
    expect!(source, "open");
    let Some(Ok(Incoming::Notice(SourceNotice::Reconnecting { reason, .. }))) = source.next().await
    else {
        panic!()
    };
    assert_eq!(reason, Interruption::Silence(Liveness::Events));
    assert_eq!(start.elapsed(), Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_refused_event_or_id_is_a_notice_and_does_not_end_the_stream() {
    let (request, _) =
        source([Answer::Open("data: 12345678\n\nid: 12345\ndata: a\n\ndata: b\n\n")]);
    let mut source = EventSource::new(request).with_parser(Parser::with_limit(7));
    expect!(source, "open");
    for _ in 0..2 {
        let item = source.next().await.unwrap().unwrap();
        assert!(matches!(item, Incoming::Notice(SourceNotice::Refused(_))), "{item:?}");
    }
    expect!(source, ":a", ":b");
}

#[tokio::test(start_paused = true)]
async fn a_post_is_not_sent_again_after_a_part_of_its_response() {
    let policy = || Policy { send_again: SendAgain::IfSafe, ..policy() };
    let (request, seen) = source([Answer::Refused, Answer::Cut("data: a\n\n"), Answer::Open("")]);
    let mut source = EventSource::new(request).with_policy(policy());
    expect!(source, "reconnecting in 3s: there was a network error: connection refused");
    expect!(source, "open", ":a");
    let error = source.next().await.unwrap().unwrap_err();
    assert!(matches!(error, SourceError::GaveUp { failure: Failure::NotSafe { .. }, .. }));
    expect!(source, "none");
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_initial_last_event_id_is_sent_and_one_that_no_header_can_carry_is_not() {
    let mut parser = Parser::new();
    parser.set_last_event_id("größe").unwrap();
    let (request, seen) = source([Answer::Stream("id: a\u{1}b\ndata: x\n\n"), Answer::Open("")]);
    let mut source = EventSource::new(request).with_parser(parser).with_policy(policy());
    expect!(source, "open", "a\u{1}b:x", "reconnecting in 3s: the server ended the stream", "open");
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].headers()["last-event-id"].as_bytes(), "größe".as_bytes());
    assert_eq!(seen[1].last_event_id(), "a\u{1}b");
    assert!(!seen[1].headers().contains_key("last-event-id"));
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_wait_is_sent_after_its_notice() {
    let answers = || [Answer::Stream("retry: 0\n"), Answer::Open("data: a\n\n")];
    let (request, _) = source(answers());
    let mut plain = EventSource::new(request).with_policy(Policy::specification());
    expect!(plain, "open", "reconnecting in 0ns: the server ended the stream", "open", ":a");

    let (request, seen) = source(answers());
    let mut source = EventSource::new(request).with_policy(Policy::specification());
    expect!(source, "open", "reconnecting in 0ns: the server ended the stream");
    source.reconnect();
    expect!(source, "reconnecting in 0ns: requested by the caller", "open", ":a");
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_observes_returns_comments_times_ids_and_what_was_cut() {
    let answers =
        [Answer::Stream(": hi\nretry: 700\n\nid: 7\n\n: x\nid: 8\ndata: a\n\n\n:y\ndata: cu")];
    let (request, _) = source(answers);
    let mut source = EventSource::new(request).with_policy(policy()).observe();
    expect!(
        source,
        "open",
        "comment: `hi`",
        "the reconnection time is 700ms",
        "the last event ID is `7`",
        "comment: `x`",
        "8:a",
        "comment: `y`",
    );
    let Some(Ok(Incoming::Notice(SourceNotice::Reconnecting { unfinished, .. }))) =
        source.next().await
    else {
        panic!()
    };
    assert_eq!(unfinished.unwrap().data, "cu");
}

// Types

fn assert_send_and_unpin<T: Send + Unpin>(value: T) -> T {
    value
}

/// A program that reads events in one place and closes in another.
struct App {
    source: BoxEventSource,
}

#[tokio::test(start_paused = true)]
async fn a_source_is_unpin_and_send_if_its_parts_are_and_a_boxed_one_can_be_named() {
    let (request, seen) = source([
        Answer::Stream("id: 1\ndata: a\n\ndata: b\n\n"),
        Answer::Open("data: c\n\n"),
        Answer::Status(404),
    ]);
    let mut source = assert_send_and_unpin(EventSource::new(request)).with_policy(policy());
    expect!(source, "open", "1:a");
    // Also in the middle of a stream.
    let mut app = App { source: assert_send_and_unpin(source.boxed()) };
    expect!(app.source, "1:b", "reconnecting in 3s: the server ended the stream", "open", "1:c");
    app.source.reconnect();
    let app = tokio::spawn(async move {
        expect!(app.source, "reconnecting in 0ns: requested by the caller");
        let Some(Err(SourceError::Response(error))) = app.source.next().await else { panic!() };
        assert_eq!(error.body_text(100).await, "{\"error\": 7}");
        app
    });
    assert!(app.await.unwrap().source.next().await.is_none());
    assert_eq!(seen.lock().unwrap().len(), 3);
}

/// A clock that jumps, of a runtime with one thread.
struct Jumping(Rc<RefCell<Duration>>);

impl Timer for Jumping {
    type Sleep = std::future::Ready<()>;

    fn now(&self) -> Duration {
        *self.0.borrow()
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        *self.0.borrow_mut() += time;
        ready(())
    }
}

#[test]
fn a_source_works_without_tokio_and_without_send() {
    let clock = Rc::new(RefCell::new(Duration::ZERO));
    let answers = Rc::new(RefCell::new(vec!["", "data: b\n\n", "data: a\n\n"]));
    let request = move |_: Attempt| {
        let text = answers.borrow_mut().pop().unwrap();
        let answers = answers.clone();
        async move {
            let _not_send = answers;
            let response = Response::builder().header("content-type", "text/event-stream");
            response.status(if text.is_empty() { 204 } else { 200 }).body(text.to_owned())
        }
    };
    let source = EventSource::with_timer(request, Jumping(clock.clone())).with_policy(policy());
    let mut source: LocalBoxEventSource = source.boxed_local();
    futures::executor::block_on(async {
        expect!(
            source,
            "open",
            ":a",
            "reconnecting in 3s: the server ended the stream",
            "open",
            ":b",
            "reconnecting in 6s: the server ended the stream",
            "the server asks clients not to reconnect (status 204)",
            "none",
        );
    });
    assert_eq!(*clock.borrow(), Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn the_seed_determines_the_jitter_whether_it_is_set_before_or_after_policy_and_parser() {
    async fn waits<B>(
        mut source: impl Stream<Item = Result<Incoming, SourceError<B>>> + Unpin,
    ) -> Vec<Duration> {
        let mut waits = Vec::new();
        while waits.len() < 8 {
            if let Incoming::Notice(SourceNotice::Reconnecting { delay, .. }) =
                source.next().await.unwrap().unwrap()
            {
                waits.push(delay);
            }
        }
        waits
    }
    let source = || EventSource::new(|_: Attempt| answer(Answer::Stream("data: x\n\n")));
    let jitter = || Policy { jitter: 200, ..policy() };
    let before = source().with_seed(7).with_policy(jitter()).with_parser(Parser::new());
    let after = source().with_parser(Parser::new()).with_policy(jitter()).with_seed(7);
    let boxed = source().with_policy(jitter()).with_seed(7).boxed();
    let other = source().with_policy(jitter()).with_seed(8);
    let expected = waits(before).await;
    assert_eq!(waits(after).await, expected);
    assert_eq!(waits(boxed).await, expected);
    assert_ne!(waits(other).await, expected);
}

// Laws

#[tokio::test(start_paused = true)]
async fn cancellation_a_next_that_is_dropped_by_select_loses_nothing() {
    let chunks = || {
        let chunks = (0..100).map(|n| format!("id: {n}\ndata: {n}\n\n"));
        let bytes: Vec<u8> = chunks.flat_map(String::into_bytes).collect();
        stream::iter(bytes).then(|byte| async move {
            sleep(Duration::from_millis(10)).await;
            Ok(vec![byte])
        })
    };
    let request = move |_: Attempt| async move {
        sleep(Duration::from_millis(100)).await;
        Ok::<_, io::Error>(body(chunks().boxed()))
    };
    let mut source = EventSource::new(request);
    let mut seen = Vec::new();
    while seen.len() < 100 {
        tokio::select! {
            item = source.next() => match item.unwrap().unwrap() {
                Incoming::Event(event) => seen.push(event.data.parse::<usize>().unwrap()),
                Incoming::Notice(notice) => assert!(matches!(notice, SourceNotice::Open)),
            },
            () = sleep(Duration::from_millis(7)) => {}
        }
    }
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_not_polled_reads_nothing_and_one_that_is_dropped_ends_its_connection() {
    struct Connection(Seen2);
    type Seen2 = Arc<Mutex<(usize, bool)>>;
    impl Drop for Connection {
        fn drop(&mut self) {
            self.0.lock().unwrap().1 = true;
        }
    }
    let seen = Seen2::default();
    let state = seen.clone();
    let request = move |_: Attempt| {
        let connection = Connection(state.clone());
        let chunks = stream::repeat_with(move || {
            connection.0.lock().unwrap().0 += 1;
            Ok(b"data: x\n\n".to_vec())
        });
        ready(Ok::<_, io::Error>(body(chunks.boxed())))
    };
    let mut source = EventSource::new(request);
    expect!(source, "open", ":x");
    tokio::task::yield_now().await;
    assert_eq!(*seen.lock().unwrap(), (1, false));
    drop(source);
    assert_eq!(*seen.lock().unwrap(), (1, true));
}

#[tokio::test(start_paused = true)]
async fn with_retry_0_a_source_sends_at_most_two_requests_a_second_and_backs_off() {
    let count = Arc::new(Mutex::new(0));
    let counter = count.clone();
    let request = move |_: Attempt| {
        *counter.lock().unwrap() += 1;
        answer(Answer::Stream("retry: 0\nid: 1\ndata: x\n\n"))
    };
    let without_backoff = Policy { backoff: None, ..policy() };
    let mut source = EventSource::new(request).with_policy(without_backoff);
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        let _ = source.next().await;
    }
    assert!((100..=121).contains(&*count.lock().unwrap()), "{count:?}");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cuts_of_nine_kinds_deliver_every_event_exactly_once() {
    let events = |after: usize| {
        let event = |id| format!("id: {id}\nevent: e\ndata: {id}\ndata: x\n\n");
        let whole: String = (after + 1..after + 4).map(event).collect();
        let cut = event(after + 4);
        whole + &cut[..5 + after % (cut.len() - 7)]
    };
    let request = move |attempt: Attempt| async move {
        let kind = attempt.number() % 9;
        let bytes = events(attempt.last_event_id().parse().unwrap_or(0)).into_bytes();
        let pieces: Vec<Vec<u8>> = match kind {
            0..5 => vec![bytes],
            5 => bytes.into_iter().map(|byte| vec![byte]).collect(),
            _ => bytes.chunks(7).map(<[u8]>::to_vec).collect(),
        };
        let chunks = stream::iter(pieces.into_iter().map(Ok));
        let reset = stream::iter([Err(io::ErrorKind::ConnectionReset.into())]);
        match kind {
            // No response, one that never arrives, and one of a proxy.
            0 => Err(io::Error::from(io::ErrorKind::ConnectionRefused)),
            1 => std::future::pending().await,
            2 => {
                let mut response = body(stream::empty().boxed());
                *response.status_mut() = http::StatusCode::BAD_GATEWAY;
                Ok(response)
            }
            3 | 6 => Ok(body(chunks.chain(reset).boxed())),
            4 => Ok(body(chunks.chain(stream::pending()).boxed())),
            7 => Ok(body(
                chunks
                    .then(|chunk| async {
                        sleep(Duration::from_millis(900)).await;
                        chunk
                    })
                    .boxed(),
            )),
            _ => Ok(body(chunks.boxed())),
        }
    };
    let silence = Silence { bytes: Some(Duration::from_secs(1)), ..Silence::default() };
    let mut source = EventSource::new(request).with_policy(Policy { silence, ..policy() });
    let (mut last, mut cuts) = (0, 0);
    while cuts < 1000 {
        match source.next().await.unwrap().unwrap() {
            Incoming::Event(event) => {
                last += 1;
                assert_eq!(event.data, format!("{last}\nx"));
            }
            Incoming::Notice(SourceNotice::Reconnecting { .. }) => cuts += 1,
            Incoming::Notice(_) => {}
        }
    }
    // 334 of the attempts had no stream.
    assert_eq!(last, 3 * (1000 - 334));
}

#[test]
fn the_headers_of_an_attempt_are_a_new_map() {
    fn takes(_: HeaderMap) {}
    let _ = |attempt: Attempt| takes(attempt.headers());
}
