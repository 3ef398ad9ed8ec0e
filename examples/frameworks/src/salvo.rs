//! salvo. It takes the status, the headers, and the body as a stream.

use std::error::Error;
use std::net::TcpListener;

use futures_util::Stream;
use salvo::conn::tcp::TcpAcceptor;
use salvo::http::body::BytesFrame;
use salvo::hyper::Response as HttpResponse;
use salvo::{Depot, Request, Response, Router, Server, handler};
use sse_wire::Block;
use sse_wire::server::Hub;

/// Converts a response to one of salvo.
fn reply<B, T, E>(response: HttpResponse<B>, reply: &mut Response)
where
    B: Stream<Item = Result<T, E>> + Send + 'static,
    T: Into<BytesFrame> + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    let (head, body) = response.into_parts();
    reply.status_code(head.status);
    reply.set_headers(head.headers);
    reply.stream(body);
}

#[handler]
async fn relay(response: &mut Response) {
    let upstream = super::upstream();
    let relayed =
        sse_wire::response(upstream, |word, out| Ok(Block::new().data(word?).encode(out)?));
    reply(relayed, response);
}

/// The route of the hub.
struct Events(Hub);

#[salvo::async_trait]
impl salvo::Handler for Events {
    async fn handle(
        &self,
        request: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        _: &mut salvo::FlowCtrl,
    ) {
        reply(self.0.subscribe(request.headers()), response);
    }
}

/// Serves forever.
pub async fn serve(listener: TcpListener, hub: Hub) -> std::io::Result<()> {
    let acceptor = TcpAcceptor::try_from(tokio::net::TcpListener::from_std(listener)?)?;
    let router = Router::new()
        .push(Router::with_path("relay").get(relay))
        .push(Router::with_path("hub").get(Events(hub)));
    Server::new(acceptor).serve(router).await;
    Ok(())
}
