//! The shortest server of one stream for many clients, which can resume, with axum.
//!
//! For production, start from `axum_server.rs`, which disconnects clients that don't read, and shuts down gracefully.

use axum::{Router, extract::State, http::HeaderMap, routing::get, routing::post};
use sse_wire::{Block, server::Hub, server::Retention};

/// The routes: `/events` to listen, `/publish` to publish.
pub fn app() -> Router {
    let events = async |State(hub): State<Hub>, headers: HeaderMap| hub.subscribe(&headers);
    let publish = async |State(hub): State<Hub>, data: String| {
        hub.publish(&Block::new().data(&data)).map_err(|error| error.to_string()).map(|_| ())
    };
    let router = Router::new().route("/events", get(events)).route("/publish", post(publish));
    router.with_state(Hub::new(Retention::default()))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app()).await
}
