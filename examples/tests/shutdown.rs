//! Graceful shutdown with open streams: axum#2673, hyper#2787, rust-sdk#493, sse-starlette#157.

#[path = "../hyper_server.rs"]
#[allow(dead_code)] // Its `main`.
mod hyper_server;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use sse_wire::Block;
use sse_wire::server::{Hub, Retention};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The number of clients, each with two file descriptors; `tests/load` has more.
const CLIENTS: usize = 200;

/// A time limit that only a hang exceeds.
const PATIENCE: Duration = Duration::from_secs(60);

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    Ok(stream)
}

/// Shuts down while events are published and clients connect. Each stream that has started ends between two events, by
/// the end of its body.
async fn check<S: Future<Output = ()> + Send + 'static>(
    serve: impl FnOnce(TcpListener, Hub, oneshot::Receiver<()>) -> S,
) {
    let hub = Hub::new(Retention::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(serve(listener, hub.clone(), stopped));

    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let mut stream = connect(address).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        clients.spawn(async move {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            rest
        });
    }
    let publisher = tokio::spawn(async move {
        let data = "x".repeat(1000);
        while hub.publish(&Block::new().data(&data)).is_ok() {
            tokio::task::yield_now().await;
        }
    });
    let arriving = tokio::spawn(async move {
        // Until the server accepts no more connections. The streams of all accepted clients end.
        while let Ok(mut stream) = connect(address).await {
            tokio::spawn(async move { stream.read_to_end(&mut Vec::new()).await });
            tokio::task::yield_now().await;
        }
    });
    stop.send(()).unwrap();
    timeout(PATIENCE, server).await.expect("it shuts down").unwrap();
    publisher.await.unwrap();
    arriving.await.unwrap();
    while let Some(stream) = clients.join_next().await {
        let stream = stream.unwrap();
        let end = String::from_utf8_lossy(&stream[stream.len().saturating_sub(12)..]).into_owned();
        assert!(end.ends_with("\n\n\r\n0\r\n\r\n"), "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn axums_graceful_shutdown_ends_all_streams_under_load() {
    check(|listener, hub, stopped| async move {
        let events = async |State(hub): State<Hub>, headers: HeaderMap| hub.subscribe(&headers);
        let router = Router::new().route("/", get(events)).with_state(hub.clone());
        let stopped = async move {
            stopped.await.unwrap();
            hub.close(None).unwrap();
        };
        axum::serve(listener, router).with_graceful_shutdown(stopped).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hypers_graceful_shutdown_ends_all_streams_under_load() {
    check(|listener, hub, stopped| {
        hyper_server::serve(listener, hub, async { stopped.await.unwrap() })
    })
    .await;
}
