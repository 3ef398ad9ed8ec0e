//! Relays the stream of another server, with one upstream request for each request, with axum and reqwest.

use axum::{Router, response::IntoResponse, routing::get};
use sse_wire::{Block, http_body::events};

/// The response to one request.
pub async fn relay(upstream: String) -> Result<impl IntoResponse, String> {
    let response = reqwest::get(upstream).await.map_err(|error| error.to_string())?;
    let events = events(reqwest::Body::from(response));
    Ok(sse_wire::response(events, |event, out| Ok(Block::from(&event?).encode(out)?)))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/", get(|| relay("http://127.0.0.1:3000/events".into())));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3001").await?, app).await
}
