//! What a source returns: every event once, notices in order, and nothing lost by cancellation.

use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::{self, FusedStream, StreamExt};
use sse_wire::{
    Attempt, EventSource, Incoming, Interruption, Parser, Policy, Refused, Silence, SourceNotice,
};
use tokio::time::{Instant, sleep};

use crate::{Answer, body, policy, source};

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
async fn nothing_lost_in_silence_a_second_refusal_at_the_end_of_a_chunk_is_a_notice_as_well() {
    let (request, _) = source([Answer::Stream("data: 0123456789012\nid: 12345\n")]);
    let mut source =
        EventSource::new(request).with_policy(policy()).with_parser(Parser::with_limit(16));
    expect!(source, "open");
    for what in [Refused::Event, Refused::Id] {
        match source.next().await.unwrap().unwrap() {
            Incoming::Notice(SourceNotice::Refused(error)) => assert_eq!(error.refused(), what),
            other => panic!("{other:?}"),
        }
    }
    expect!(source, "reconnecting in 3s: the server ended the stream");
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
