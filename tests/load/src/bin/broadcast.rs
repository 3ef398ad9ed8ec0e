//! The server that `axum_server` is compared with: axum's `Sse` over `tokio::sync::broadcast`, as in typical applications.
//! It answers the same requests.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::stream::{self, Stream};
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, error::RecvError};

#[derive(Clone)]
struct App {
    sender: broadcast::Sender<Event>,
    count: Arc<AtomicU64>,
}

async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold(app.sender.subscribe(), async |mut receiver| {
        loop {
            match receiver.recv().await {
                Ok(event) => return Some((Ok(event), receiver)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn publish(State(app): State<App>, data: String) -> StatusCode {
    let number = app.count.fetch_add(1, Ordering::Relaxed) + 1;
    // `send` fails without subscribers, which is not an error here.
    _ = app.sender.send(Event::default().id(format!("1-{number}")).data(data));
    StatusCode::CREATED
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = App { sender: broadcast::Sender::new(1024), count: Arc::default() };
    let stats = async |State(app): State<App>| {
        format!("{{\"clients\":{},\"events\":0}}\n", app.sender.receiver_count())
    };
    let router = Router::new()
        .route("/events", get(events))
        .route("/publish", post(publish))
        .route("/stats", get(stats))
        .with_state(app);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    axum::serve(listener, router).await
}
