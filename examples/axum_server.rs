//! A server with one stream of events for any number of clients, with axum.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin axum_server               # on 127.0.0.1:3000
//! cargo run -p sse-wire-examples --bin axum_server 0.0.0.0:80 500  # an event each 500 ms
//!
//! curl -N http://127.0.0.1:3000/events
//! curl --data "hello" http://127.0.0.1:3000/publish
//! curl http://127.0.0.1:3000/stats
//! ```
//!
//! - A client that reconnects with `Last-Event-ID` gets what it has missed, or an event of the type `gap` if that is
//!   no longer retained.
//! - A slow client delays no other. One that reads nothing for 30 seconds is disconnected.
//! - Ctrl-C and SIGTERM end all streams; the clients reconnect to the next server.
//!
//! Each client needs a file descriptor: for thousands of clients, raise `ulimit -n`. The socket option
//! `TCP_USER_TIMEOUT` (`socket2::SockRef::from(&stream).set_tcp_user_timeout(…)`) detects a client sooner whose
//! machine is unreachable.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use std::{env, io};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::serve::Listener;
use sse_wire::Block;
use sse_wire::server::{Hub, Retention, Settings, WriteTimeout};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;

/// A listener whose connections fail if the client stops reading.
struct Patient(TcpListener);

impl Listener for Patient {
    type Io = WriteTimeout<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Send small events without delay.
        _ = stream.set_nodelay(true);
        (WriteTimeout::new(stream, Duration::from_secs(30)), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Returns the numbers of connected clients, retained events, and their bytes.
pub fn stats(hub: &Hub) -> String {
    let counts = hub.counts();
    let (clients, events, bytes) = (counts.subscribers, counts.events, counts.bytes);
    format!("{{\"clients\":{clients},\"events\":{events},\"bytes\":{bytes}}}\n")
}

/// Serves until Ctrl-C or SIGTERM.
pub async fn serve(listener: TcpListener, router: Router, hub: Hub) -> io::Result<()> {
    let interrupted = interrupted()?;
    // The port may have been chosen by the operating system.
    println!("listening on http://{}", listener.local_addr()?);
    let (closing, closed) = tokio::sync::oneshot::channel();
    let server = axum::serve(Patient(listener), router).with_graceful_shutdown(async move {
        interrupted.await;
        hub.close(None).expect("no last event that could be refused");
        _ = closing.send(());
    });
    tokio::select! {
        result = server => result,
        // Wait at most five seconds for clients that have not read the end of their streams.
        () = async {
            _ = closed.await;
            time::sleep(Duration::from_secs(5)).await;
        } => Ok(()),
    }
}

/// Returns a future that is ready after a signal. Signals are caught from this call on.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
}

#[cfg(not(unix))]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    Ok(async { tokio::signal::ctrl_c().await.expect("Ctrl-C can be handled") })
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:3000".into());
    let tick = arguments.next().map(|tick| tick.parse().expect("milliseconds between events"));

    let retention = Retention::new().events(10_000);
    let hub = Hub::new(Settings::from(retention).retry(Duration::from_secs(1)));
    if let Some(tick) = tick {
        let hub = hub.clone();
        tokio::spawn(async move {
            let (start, mut interval) =
                (Instant::now(), time::interval(Duration::from_millis(tick)));
            // Ends when the hub is closed.
            while hub
                .publish(&Block::new().data(&format!("{} ms", start.elapsed().as_millis())))
                .is_ok()
            {
                interval.tick().await;
            }
        });
    }

    let events = async |State(hub): State<Hub>, headers: HeaderMap| hub.subscribe(&headers);
    let publish =
        async |State(hub): State<Hub>, data: String| match hub.publish(&Block::new().data(&data)) {
            Ok(id) => (StatusCode::CREATED, format!("{id}\n")),
            Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")),
        };
    let router = Router::new()
        .route("/events", get(events))
        .route("/stats", get(async |State(hub): State<Hub>| stats(&hub)))
        // On a public server, authenticate the publisher.
        .route("/publish", post(publish))
        .with_state(hub.clone());
    serve(TcpListener::bind(address).await?, router, hub).await
}
