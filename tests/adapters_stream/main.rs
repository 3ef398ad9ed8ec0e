//! The stream of events: the vectors and the laws.

#![cfg(feature = "stream")]

mod changing_chunks;
mod cost;
mod end;
mod errors;
#[path = "../support/stream_script.rs"]
mod stream_script;
#[path = "../support/mod.rs"]
mod support;
mod types;
mod vectors;

use std::fmt;
use std::rc::Rc;
use std::task::Poll;

use sse_wire::ReadError;
use sse_wire::stream::EventStream;
use stream_script::{Script, poll_next};

#[derive(Debug, PartialEq)]
struct Broken(u8);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken pipe {}", self.0)
    }
}

impl std::error::Error for Broken {}

type Chunks<T> = Script<Result<T, Broken>>;

/// The data of each event, or what is returned in its place.
fn returned<T: AsRef<[u8]> + Unpin>(stream: &mut EventStream<Chunks<T>>) -> Vec<String> {
    std::iter::from_fn(|| match poll_next(stream) {
        Poll::Ready(Some(Ok(event))) => Some(event.data),
        Poll::Ready(Some(Err(ReadError::Transport(error)))) => Some(error.to_string()),
        Poll::Ready(Some(Err(ReadError::Parse(_)))) => Some("limit".into()),
        Poll::Ready(None) => None,
        Poll::Pending => Some("pending".into()),
    })
    .collect()
}

/// A chunk that counts how many are alive.
struct Counted {
    _alive: Rc<()>,
    bytes: &'static [u8],
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}
