//! actix-web 4. It uses `http` 0.2, so the headers are passed as text, and the body as a stream.

use std::error::Error;
use std::io;
use std::net::TcpListener;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, get};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures_util::{Stream, TryStreamExt};
use sse_wire::Block;
use sse_wire::server::{Hub, LAST_EVENT_ID, RESPONSE_HEADERS, Subscriber, last_event_id};

/// Converts the body of a response to one of actix-web.
fn reply<E: Into<Box<dyn Error + Send + Sync>> + 'static>(
    status: u16,
    body: impl Stream<Item = Result<Bytes, E>> + 'static,
) -> HttpResponse {
    let mut reply = HttpResponse::build(StatusCode::from_u16(status).expect("a status"));
    for &header in RESPONSE_HEADERS {
        reply.insert_header(header);
    }
    reply.streaming(body.map_err(|error| {
        let error: Box<dyn Error + Send + Sync> = error.into();
        error as Box<dyn Error>
    }))
}

async fn relay() -> HttpResponse {
    let upstream = super::upstream();
    let response =
        sse_wire::response(upstream, |word, out| Ok(Block::new().data(word?).encode(out)?));
    reply(200, response.into_body())
}

async fn hub(request: HttpRequest, hub: Data<Hub>) -> HttpResponse {
    let id = request.headers().get(LAST_EVENT_ID).map(|id| last_event_id(id.as_bytes()));
    // An invalid ID becomes one that the hub does not know, so the client gets a gap event.
    let subscriber = Subscriber::new().or_last_event_id(id.map(|id| id.unwrap_or("?")));
    let response = hub.subscribe(subscriber);
    reply(response.status().as_u16(), response.into_body())
}

/// Serves forever, on separate threads, because actix-web has a runtime for each.
pub fn serve(listener: TcpListener, events: Hub) -> io::Result<()> {
    let events = Data::new(events);
    let app = move || {
        App::new()
            .app_data(events.clone())
            .route("/relay", get().to(relay))
            .route("/hub", get().to(hub))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener)?;
    actix_web::rt::System::new().block_on(server.run())
}
