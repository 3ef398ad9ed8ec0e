//! The same two routes with each of the usual frameworks: `/relay` makes a response of a stream, and `/hub` has one
//! stream for all clients, who resume. hyper and axum take the responses as they are; the others have types of their
//! own, and take status and headers, and the body as a stream of `Bytes`.
//!
//! A server that is put into use also limits how long a write may wait: see `examples/axum_server.rs` and
//! `examples/hyper_server.rs`.

pub mod actix;
pub mod axum;
pub mod hyper;
pub mod poem;
pub mod salvo;
pub mod warp;

use futures_util::Stream;
use futures_util::stream;

/// What the relay is given, such as the answer of a model.
fn upstream() -> impl Stream<Item = Result<&'static str, std::io::Error>> + Send + Sync + 'static {
    stream::iter(["one", "two"].map(Ok))
}
