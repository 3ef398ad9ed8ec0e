//! The types of a source: `Send`, `Unpin`, boxed, and over any timer.

use std::cell::RefCell;
use std::error::Error;
use std::future::ready;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use http::Response;
use sse_wire::{
    Attempt, BoxEventSource, EventSource, FinalError, LocalBoxEventSource, SourceError, Timer,
};

use crate::{Answer, Outer, body, policy, source};

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
async fn errors_and_sources_are_debug_whatever_the_body_is() {
    let mut response = body(stream::empty().boxed());
    *response.status_mut() = http::StatusCode::NOT_FOUND;
    let refused = sse_wire::events(response).unwrap_err();
    let expected = "ResponseError { failure: Status(404), status: 404, .. }";
    assert_eq!(format!("{refused:?}"), expected);
    assert_eq!(format!("{:?}", SourceError::Response(refused)), format!("Response({expected})"));

    let (request, _) = source([]);
    assert!(format!("{:?}", EventSource::new(request)).starts_with("EventSource { connection: "));
}

#[test]
fn a_final_error_has_the_message_and_the_source_of_the_error_in_it() {
    let inner = || Outer(io::ErrorKind::ConnectionRefused.into());
    let error = FinalError::new(inner());
    assert_eq!(error.to_string(), inner().to_string());
    assert_eq!(error.source().unwrap().to_string(), "connection refused");
}
