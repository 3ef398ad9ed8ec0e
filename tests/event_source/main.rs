//! The client that reconnects, as its caller sees it, in one process and on a clock that jumps.

#![cfg(feature = "client")]

#[path = "../support/incoming.rs"]
mod incoming;

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures::stream::{self, BoxStream, StreamExt};
use http::Response;
use incoming::text;
use sse_wire::http_body::ChunkBody;
use sse_wire::{Attempt, FinalError, Policy};

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

macro_rules! expect {
    ($source:expr, $($text:expr),* $(,)?) => {
        $(assert_eq!(crate::text($source.next().await), $text);)*
    };
}

// After `expect!`, which they use.
mod delivery;
mod end;
mod requests;
mod types;
