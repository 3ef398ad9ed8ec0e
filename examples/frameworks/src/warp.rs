//! warp 0.4. It takes the status, the headers, and the body as a stream.

use std::error::Error;
use std::net::TcpListener;

use futures_util::Stream;
use sse_wire::Block;
use sse_wire::server::Hub;
use warp::Filter;
use warp::http::{HeaderMap, Response};
use warp::hyper::body::Bytes;
use warp::reply::Reply;

/// Converts a response to one of warp.
fn reply<B, E>(response: Response<B>) -> impl Reply
where
    B: Stream<Item = Result<Bytes, E>> + Send + Sync + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
{
    let (head, body) = response.into_parts();
    let mut reply = warp::reply::stream(body).into_response();
    (*reply.status_mut(), *reply.headers_mut()) = (head.status, head.headers);
    reply
}

fn relay() -> impl Reply {
    let upstream = super::upstream();
    reply(sse_wire::response(upstream, |word, out| Ok(Block::new().data(word?).encode(out)?)))
}

/// Serves forever.
pub async fn serve(listener: TcpListener, hub: Hub) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let relay = warp::path("relay").map(relay);
    let hub = warp::path("hub")
        .and(warp::header::headers_cloned())
        .map(move |headers: HeaderMap| reply(hub.subscribe(&headers)));
    warp::serve(relay.or(hub)).incoming(listener).run().await;
    Ok(())
}
