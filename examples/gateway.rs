//! A proxy that gives the models of an answer other names and leaves every other byte as it is.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin gateway http://127.0.0.1:3000   # listens on 127.0.0.1:3001
//! ```
//!
//! A stream that is parsed and encoded again comes out with other line ends, without its comments
//! and unknown fields, and late. Here the tokenizer only finds where things are, and all bytes
//! but those of one JSON value are handed on as they came.
//!
//! What a proxy must not break, and this one keeps:
//! - the request: method, path, query, body, and every header that is not of one connection, so `Last-Event-ID` too;
//! - the response: status, so that 204 ends a client and a redirect is the client's to follow, and its headers,
//!   `Retry-After` and several of one name among them;
//! - time: each piece goes out when it comes, but for the data line that is being read;
//! - the end: a stream that breaks off upstream breaks off here, and does not end clean;
//! - pressure: a slow client slows the server down, and one that goes away ends the request upstream;
//! - silence: there is no time limit but that for connecting.
//!
//! It asks for no compression, since it could not read such a body; one that comes compressed all the same is handed on
//! as it is, and it says so.

use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use futures_util::stream::{self, StreamExt};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::value::RawValue;
use sse_wire::http_body::BodyData;
use sse_wire::{Failure, Field, ResponseHead, Token, Tokenizer};
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

/// The headers that are about one connection, and those that it names
/// ([RFC 9110, 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)).
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let always = [
        CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ];
    for name in always.into_iter().chain(named) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

/// Forwards a request, and rewrites the response if it is an event stream.
async fn forward(State(upstream): State<Arc<Upstream>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut headers = head.headers;
    remove_hop_by_hop(&mut headers);
    for name in [HOST, CONTENT_LENGTH, ACCEPT_ENCODING] {
        headers.remove(name);
    }
    let url = format!("{}{}", upstream.base, head.uri);
    let request = upstream.client.request(head.method, url).headers(headers).body(body);
    let response = match request.send().await {
        Ok(response) => axum::http::Response::from(response),
        // Without the address, which may have a token.
        Err(error) => {
            return (StatusCode::BAD_GATEWAY, format!("{}\n", error.without_url())).into_response();
        }
    };

    let check = ResponseHead::from(&response).check(None);
    if check == Err(Failure::ContentEncoding) {
        eprintln!("handed on as it is: {}", Failure::ContentEncoding);
    }
    let rewriter = check.is_ok().then(Rewriter::default);
    let (mut parts, body) = response.into_parts();
    remove_hop_by_hop(&mut parts.headers);
    if rewriter.is_some() {
        parts.headers.remove(CONTENT_LENGTH);
    }

    // One chunk is on its way at a time, and nothing piles up.
    let state = (BodyData::new(body), rewriter, None);
    let chunks = stream::unfold(state, async |(mut body, mut rewriter, error)| {
        if let Some(error) = error {
            return Some((Err(error), (body, None, None)));
        }
        let (out, error) = match (body.next().await, &mut rewriter) {
            (Some(Ok(chunk)), None) => (chunk, None),
            (Some(Ok(chunk)), Some(rewriter)) => {
                let mut out = Vec::with_capacity(chunk.len());
                rewriter.push(&chunk, &mut out);
                (out.into(), None)
            }
            // What of a line was kept back goes out before the end, whichever it is.
            (None, rewriter) => (rewriter.take()?.finish().into(), None),
            (Some(Err(error)), rewriter) => {
                let rest = rewriter.take().map_or(Vec::new(), Rewriter::finish);
                (rest.into(), Some(error))
            }
        };
        Some((Ok::<Bytes, reqwest::Error>(out), (body, rewriter, error)))
    });
    (parts.status, parts.headers, Body::from_stream(chunks)).into_response()
}

/// A client that leaves redirects to others, and knows no proxy but itself.
fn client() -> reqwest::Result<Client> {
    Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .build()
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let base = arguments.next().ok_or(io::Error::other("whose stream? http://…"))?;
    let address = arguments.next().unwrap_or("127.0.0.1:3001".into());
    let client = client().map_err(io::Error::other)?;
    let upstream = Arc::new(Upstream { client, base });

    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    // Events are small, and shall not wait for more to come.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    axum::serve(listener, Router::new().fallback(forward).with_state(upstream)).await
}
