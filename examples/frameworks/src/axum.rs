//! axum 0.8. It takes the response as it is.

use std::net::TcpListener;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use sse_wire::Block;
use sse_wire::server::Hub;

async fn relay() -> impl IntoResponse {
    let upstream = super::upstream();
    sse_wire::response(upstream, |word, out| Ok(Block::new().data(word?).encode(out)?))
}

async fn hub(State(hub): State<Hub>, headers: HeaderMap) -> impl IntoResponse {
    hub.subscribe(&headers)
}

/// Serves forever.
pub async fn serve(listener: TcpListener, events: Hub) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let app = Router::new().route("/relay", get(relay)).route("/hub", get(hub)).with_state(events);
    axum::serve(listener, app).await
}
