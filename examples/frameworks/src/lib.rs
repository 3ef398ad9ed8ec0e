//! The same two routes with each of the common frameworks: `/relay` returns a response with the items of a stream, and
//! `/hub` sends one stream to all clients, which can resume. hyper and axum take the responses as they are. The others
//! have their own types, and take the status, the headers, and the body as a stream of `Bytes`.
//!
//! In production, also limit how long a write can wait: see `examples/axum_server.rs` and `examples/hyper_server.rs`.

pub mod actix;
pub mod axum;
pub mod hyper;
pub mod poem;
pub mod salvo;
pub mod warp;

use futures_util::Stream;
use futures_util::stream;

/// The stream that is relayed, such as a model's answer.
fn upstream() -> impl Stream<Item = Result<&'static str, std::io::Error>> + Send + Sync + 'static {
    stream::iter(["one", "two"].map(Ok))
}
