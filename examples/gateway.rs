//! A proxy that renames the models in an answer and leaves every other byte unchanged.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin gateway http://127.0.0.1:3000   # listens on 127.0.0.1:3001
//! ```
//!
//! Parsing and encoding a stream again would change line ends, drop comments and unknown fields, and delay bytes. Here
//! the tokenizer only finds positions, and all bytes except one JSON value are forwarded unchanged.
//!
//! What a proxy has to preserve, and this one does:
//! - the request: method, path, query, body, and every end-to-end header, including `Last-Event-ID`;
//! - the response: its status, so that 204 ends a client and the client follows redirects, and its headers, including
//!   `Retry-After` and repeated ones;
//! - time: each piece is forwarded when it arrives, except for an unfinished data line;
//! - the end: a stream that breaks off upstream breaks off here too;
//! - back-pressure: a slow client slows the server down, and one that disconnects ends the upstream request;
//! - silence: the only time limit is for connecting.
//!
//! It requests an uncompressed body, because it can't read any other. A compressed body is forwarded unchanged, with a
//! message.

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
use sse_wire::{Failure, Field, Line, ResponseHead, Token, Tokenizer};
use tokio::net::TcpListener;

/// The longest data line in which `model` is replaced. A longer one is forwarded unchanged; a gateway that has to hide
/// something should end the stream instead.
pub const LONGEST_LINE: usize = 64 * 1024;

/// Rewrites one stream, chunk by chunk. It reads each `data` line separately, since servers write JSON in one line; a
/// document in several lines is forwarded unchanged.
#[derive(Default)]
pub struct Rewriter {
    tokenizer: Tokenizer,
    /// The beginning of a data line that a chunk has cut.
    held: Vec<u8>,
    /// Whether the line is too long, and forwarded as it arrives.
    too_long: bool,
}

impl Rewriter {
    /// Takes a chunk, and appends to `out` what to forward.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let chunk_starts = self.tokenizer.position();
        // How much of the chunk was forwarded or kept.
        let mut done = 0;
        for token in self.tokenizer.push(chunk) {
            let Token::Line { line: Line::Field(Field::Data), bytes, position, complete, .. } =
                token
            else {
                continue;
            };
            let start = (position - chunk_starts) as usize;
            // Line ends, names, and everything that is not data.
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

    /// Returns the beginning of a line that the end of the stream cut.
    pub fn finish(self) -> Vec<u8> {
        self.held
    }
}

/// The part of the JSON that is read. `RawValue` is the value as a part of the text.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    model: &'a RawValue,
}

/// Appends the line to `out`, with its model replaced if it has one.
fn rewrite(line: &[u8], out: &mut Vec<u8>) {
    let Ok(Answer { model }) = serde_json::from_slice(line) else {
        return out.extend_from_slice(line);
    };
    // The value is a part of the line, so this is its offset there.
    let start = model.get().as_ptr() as usize - line.as_ptr() as usize;
    out.extend_from_slice(&line[..start]);
    out.extend_from_slice(br#""our-model""#);
    out.extend_from_slice(&line[start + model.get().len()..]);
}

struct Upstream {
    client: Client,
    base: String,
}

/// The headers of one connection, and those that `Connection` names ([RFC 9110,
/// 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)).
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
        eprintln!("forwarded unchanged: {}", Failure::ContentEncoding);
    }
    let rewriter = check.is_ok().then(Rewriter::default);
    let (mut parts, body) = response.into_parts();
    remove_hop_by_hop(&mut parts.headers);
    if rewriter.is_some() {
        parts.headers.remove(CONTENT_LENGTH);
    }

    // Only one chunk is in flight at a time.
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
            // The kept part of a line is forwarded before the end, of either kind.
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

/// An HTTP client that follows no redirects and uses no proxy.
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
    let base = arguments.next().ok_or(io::Error::other("usage: gateway URL"))?;
    let address = arguments.next().unwrap_or("127.0.0.1:3001".into());
    let client = client().map_err(io::Error::other)?;
    let upstream = Arc::new(Upstream { client, base });

    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    // Send small events without delay.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    axum::serve(listener, Router::new().fallback(forward).with_state(upstream)).await
}
