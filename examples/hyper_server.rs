//! One stream of events for any number of clients, with hyper alone.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin hyper_server                  # on 127.0.0.1:3000
//! cargo run -p sse-wire-examples --bin hyper_server 0.0.0.0:80 500   # an event each 500 ms
//! curl -N http://127.0.0.1:3000/
//! ```

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::time::Duration;
use std::{env, io};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use sse_wire::Block;
use sse_wire::server::{Hub, Retention, Subscription, WriteTimeout};
use tokio::net::TcpListener;
use tokio::time;

fn answer(hub: &Hub, request: &Request<Incoming>) -> Response<Subscription> {
    hub.subscribe(request.headers())
}

/// Serves until `stop` is ready, and then until all streams have ended.
pub async fn serve(listener: TcpListener, hub: Hub, stop: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    eprintln!("cannot take a connection: {error}");
                    time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        // Send small events without delay.
        _ = stream.set_nodelay(true);
        // Disconnects a client that stops reading.
        let stream = WriteTimeout::new(stream, Duration::from_secs(30));
        let hub = hub.clone();
        let service = service_fn(move |request| ready(Ok::<_, Infallible>(answer(&hub, &request))));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move { _ = connection.await });
    }
    drop(listener);
    hub.close(None).expect("no last event that could be refused");
    connections.shutdown().await;
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:3000".into());
    let tick = arguments.next().map(|tick| tick.parse().expect("milliseconds between events"));

    let hub = Hub::new(Retention::default());
    let publisher = hub.clone();
    tokio::spawn(async move {
        let mut interval = time::interval(Duration::from_millis(tick.unwrap_or(1000)));
        interval.tick().await; // The first one is immediate.
        interval.tick().await;
        // Ends when the hub is closed.
        while publisher.publish(&Block::new().event_type("tick").data("")).is_ok() {
            interval.tick().await;
        }
    });
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    serve(listener, hub, async { _ = tokio::signal::ctrl_c().await }).await;
    Ok(())
}
