//! poem 3. It takes the status, the headers, and the body as a stream whose errors are `io::Error`s.

use std::error::Error;
use std::io;
use std::net::TcpListener;

use futures_util::{Stream, TryStreamExt};
use poem::http::Response as HttpResponse;
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{Body, EndpointExt, Request, Response, Route, Server, get, handler};
use sse_wire::Block;
use sse_wire::server::Hub;

/// Converts a response to one of poem.
fn reply<B, T, E>(response: HttpResponse<B>) -> Response
where
    B: Stream<Item = Result<T, E>> + Send + 'static,
    T: Into<bytes::Bytes> + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    let (head, body) = response.into_parts();
    let mut reply = Response::from(Body::from_bytes_stream(body.map_err(io::Error::other)));
    reply.set_status(head.status);
    *reply.headers_mut() = head.headers;
    reply
}

#[handler]
async fn relay() -> Response {
    let upstream = super::upstream();
    reply(sse_wire::response(upstream, |word, out| Ok(Block::new().data(word?).encode(out)?)))
}

#[handler]
async fn hub(request: &Request, Data(hub): Data<&Hub>) -> Response {
    reply(hub.subscribe(request.headers()))
}

/// Serves forever.
pub async fn serve(listener: TcpListener, events: Hub) -> io::Result<()> {
    let app = Route::new().at("/relay", get(relay)).at("/hub", get(hub)).data(events);
    Server::new_with_acceptor(TcpAcceptor::from_std(listener)?).run(app).await
}
