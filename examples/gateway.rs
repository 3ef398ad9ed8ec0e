//! A proxy that gives the models of an answer other names and leaves every other byte as it is.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin gateway http://127.0.0.1:3000   # listens on 127.0.0.1:3001
//! ```
//!
//! A stream that is parsed and encoded again comes out with other line ends, without its comments
//! and unknown fields, and late. Here the tokenizer only says where things stand, and all bytes
//! but those of one JSON value are handed on as they came: at once, but for the data line that is
//! being read.

use std::mem::take;
use std::{env, io};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use futures_util::stream;
use reqwest::Client;
use serde::Deserialize;
use serde_json::value::RawValue;
use sse_wire::{Field, Token, Tokenizer};
use tokio::net::TcpListener;

/// What a data line can have for its `model` to be replaced. A longer one is handed on as it is: a
/// gateway that has to hide something ends the stream there.
pub const LONGEST_LINE: usize = 64 * 1024;

/// Rewrites one stream, chunk by chunk. It looks at each `data` line by itself, as everybody writes
/// JSON; a document that spans several is handed on as it is.
#[derive(Default)]
pub struct Rewriter {
    tokenizer: Tokenizer,
    /// The beginning of a data line that a chunk has cut.
    held: Vec<u8>,
    /// Whether the line is too long and handed on as it comes.
    too_long: bool,
}

impl Rewriter {
    /// Takes a chunk and appends to `out` what is to be handed on.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let chunk_starts = self.tokenizer.position();
        // What of the chunk has been handed on or held.
        let mut done = 0;
        for token in self.tokenizer.push(chunk) {
            let Token::Value { field: Field::Data, bytes, position, complete, .. } = token else {
                continue;
            };
            let start = (position - chunk_starts) as usize;
            // Line ends, names, and all that is no data.
            out.extend_from_slice(&chunk[done..start]);
            done = start + bytes.len();

            self.held.extend_from_slice(bytes);
            if self.held.len() > LONGEST_LINE {
                self.too_long = true;
            }
            if self.too_long {
                out.append(&mut self.held);
            } else if complete {
                rewrite(&self.held, out);
                self.held.clear();
            }
            if complete {
                self.too_long = false;
            }
        }
        out.extend_from_slice(&chunk[done..]);
    }

    /// What is left at the end: the beginning of a line that was cut.
    pub fn finish(self) -> Vec<u8> {
        self.held
    }
}

/// The part of the JSON that is looked at. `RawValue` is the value as it stands in the text.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    model: &'a RawValue,
}

/// Appends the line to `out`, with another model if it has one.
fn rewrite(line: &[u8], out: &mut Vec<u8>) {
    let Ok(Answer { model }) = serde_json::from_slice(line) else {
        return out.extend_from_slice(line);
    };
    // It lies in the line, so this is its place there.
    let start = model.get().as_ptr() as usize - line.as_ptr() as usize;
    out.extend_from_slice(&line[..start]);
    out.extend_from_slice(br#""our-model""#);
    out.extend_from_slice(&line[start + model.get().len()..]);
}

struct Upstream {
    client: Client,
    base: String,
}

/// Forwards a request, and rewrites the response if it is an event stream.
async fn forward(State(upstream): State<std::sync::Arc<Upstream>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut headers = head.headers;
    // Those of one connection, and compression, which would hide the stream.
    for name in [HOST, CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH, ACCEPT_ENCODING] {
        headers.remove(name);
    }
    let url = format!("{}{}", upstream.base, head.uri);
    let request = upstream.client.request(head.method, url).headers(headers).body(body);
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    };

    let (status, mut headers) = (response.status(), take(response.headers_mut()));
    for name in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH] {
        headers.remove(name);
    }
    let content_type = headers.get("content-type").map_or(&b""[..], |value| value.as_bytes());
    let is_event_stream = content_type.to_ascii_lowercase().starts_with(b"text/event-stream");
    let rewriter = is_event_stream.then(Rewriter::default);

    // One chunk is on its way at a time: a slow client slows the server down, and nothing piles up.
    let chunks = stream::try_unfold((response, rewriter, false), async |state| {
        let (mut response, mut rewriter, ended) = state;
        if ended {
            return Ok::<_, reqwest::Error>(None);
        }
        let chunk = response.chunk().await?;
        let ended = chunk.is_none();
        let out = match (chunk, &mut rewriter) {
            (Some(chunk), None) => chunk.into(),
            (Some(chunk), Some(rewriter)) => {
                let mut out = Vec::with_capacity(chunk.len());
                rewriter.push(&chunk, &mut out);
                out
            }
            (None, rewriter) => rewriter.take().map_or(Vec::new(), Rewriter::finish),
        };
        Ok(Some((out, (response, rewriter, ended))))
    });
    (status, headers, Body::from_stream(chunks)).into_response()
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let base = arguments.next().ok_or(io::Error::other("whose stream? http://…"))?;
    let address = arguments.next().unwrap_or("127.0.0.1:3001".into());
    let upstream = std::sync::Arc::new(Upstream { client: Client::new(), base });

    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    // Events are small, and shall not wait for more to come.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    axum::serve(listener, Router::new().fallback(forward).with_state(upstream)).await
}
