//! When a source sends a request, and with which headers.

use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::{self, FusedStream, Stream, StreamExt};
use http::HeaderMap;
use sse_wire::{
    Attempt, EventSource, Incoming, Interruption, Liveness, Parser, Policy, Silence, SourceError,
    SourceNotice,
};
use tokio::time::{Instant, sleep};

use crate::{Answer, answer, body, policy, source};

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
async fn reconnecting_and_closing_drop_the_connection_at_once() {
    let open = Arc::new(());
    let request = |_: Attempt| {
        let open = open.clone();
        let chunks = stream::iter([Ok(b"data: a\n\ndata: lost\n\n".to_vec())]);
        let chunks = chunks.chain(stream::pending()).inspect(move |_| _ = &open);
        ready(Ok::<_, io::Error>(body(chunks.boxed())))
    };
    let mut source = EventSource::new(request).with_policy(policy());
    expect!(source, "open", ":a");
    assert_eq!(Arc::strong_count(&open), 2);
    source.reconnect();
    assert_eq!(Arc::strong_count(&open), 1);
    expect!(source, "reconnecting in 0ns: requested by the caller", "open", ":a");
    source.close();
    assert_eq!(Arc::strong_count(&open), 1);
    expect!(source, "none");
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
async fn a_time_limit_that_ends_earlier_than_the_one_before_is_not_missed() {
    let request = |_: Attempt| async {
        sleep(Duration::from_secs(1)).await;
        answer(Answer::Open(": keep-alive\n\n")).await
    };
    let silence = Silence { events: Some(Duration::from_secs(20)), ..Silence::default() };
    let mut source = EventSource::new(request).with_policy(Policy { silence, ..policy() });
    let start = Instant::now();
    expect!(source, "open", "reconnecting in 3s: no event arrived in time");
    assert_eq!(start.elapsed(), Duration::from_secs(1 + 20));
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

#[test]
fn the_headers_of_an_attempt_are_a_new_map() {
    fn takes(_: HeaderMap) {}
    let _ = |attempt: Attempt| takes(attempt.headers());
}
