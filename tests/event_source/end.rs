//! The end of a source: errors, giving up, and `close`.

use std::error::Error;

use sse_wire::{EventSource, Failure, Policy, ReadyState, SendAgain, SourceError};

use crate::{Answer, Outer, policy, source};

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
