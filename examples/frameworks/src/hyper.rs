//! hyper 1. It takes the response as it is. Both routes need the same type of body, so the bodies are boxed.

use std::convert::Infallible;
use std::error::Error;
use std::net::TcpListener;

use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sse_wire::Block;
use sse_wire::server::Hub;

type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

async fn answer(hub: Hub, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(match request.uri().path() {
        "/hub" => {
            hub.subscribe(request.headers()).map(|body| body.map_err(Into::into).boxed_unsync())
        }
        _ => {
            let upstream = super::upstream();
            sse_wire::response(upstream, |word, out| Ok(Block::new().data(word?).encode(out)?))
                .map(BodyExt::boxed_unsync)
        }
    })
}

/// Serves forever.
pub async fn serve(listener: TcpListener, hub: Hub) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let hub = hub.clone();
        let service = service_fn(move |request| answer(hub.clone(), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
