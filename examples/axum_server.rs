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
//! - A client that comes back with `Last-Event-ID` gets what it has missed, or is told by an event
//!   of the type `gap` that this is no longer there.
//! - Nobody waits for a slow client. What waits to be sent to it is bounded: a position in the
//!   common buffer, and at most 16 frames of 8 KiB and one event each in hyper.
//! - Ctrl-C and SIGTERM end all streams; the clients come back to the next server.
//!
//! Each client takes a file descriptor: for thousands, raise `ulimit -n`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, future, io};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::{StreamExt, stream};
use sse_wire::Block;
use sse_wire::server::{
    Bounds, LAST_EVENT_ID, Position, PushError, ReplayBuffer, Resume, last_event_id,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// One stream of events, and the clients that listen to it.
pub struct Channel {
    /// The beginning of this server's time.
    start: Instant,
    /// The latest events, encoded once for all clients.
    buffer: Mutex<ReplayBuffer>,
    /// Wakes the clients at each event. It says whether the server is closing.
    news: watch::Sender<bool>,
    clients: AtomicUsize,
}

impl Channel {
    /// A stream without events yet.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Channel {
            start: Instant::now(),
            buffer: Mutex::new(ReplayBuffer::new(bounds)),
            news: watch::Sender::new(false),
            clients: AtomicUsize::new(0),
        })
    }

    /// Sends an event to all who listen now, and to all who come back for it.
    pub fn send(&self, event: &Block<'_>) -> Result<(), PushError> {
        self.buffer.lock().unwrap().push(event, self.start.elapsed())?;
        self.news.send_modify(|_| ());
        Ok(())
    }

    /// Ends all streams.
    pub fn close(&self) {
        self.news.send_replace(true);
    }

    /// How many clients are connected, how many events are held, and how many bytes they take.
    pub fn stats(&self) -> String {
        let clients = self.clients.load(Ordering::Relaxed);
        let buffer = self.buffer.lock().unwrap();
        let (events, bytes) = (buffer.len(), buffer.bytes());
        format!("{{\"clients\":{clients},\"events\":{events},\"bytes\":{bytes}}}\n")
    }

    /// The response to a client: it goes on behind its last event ID.
    pub fn respond(self: &Arc<Self>, headers: &HeaderMap) -> Response {
        let id = headers.get(LAST_EVENT_ID).map_or(Ok(""), |id| last_event_id(id.as_bytes()));
        let mut first = Block::new().retry(1000);
        let position = {
            let mut buffer = self.buffer.lock().unwrap();
            // A header that no event of ours can have led to is answered as an ID that is forgotten.
            match id.map_or(Resume::Gap, |id| buffer.resume(id, self.start.elapsed())) {
                Resume::UpToDate(position) | Resume::Missed(position) => Some(position),
                Resume::New => Some(buffer.end()),
                Resume::Gap => {
                    first = first.event_type("gap").data("events are lost: load the whole state");
                    None
                }
            }
        };
        self.clients.fetch_add(1, Ordering::Relaxed);
        let client = Client { channel: self.clone(), news: self.news.subscribe(), position };

        let mut greeting = Vec::new();
        first.encode(&mut greeting).expect("it has no line break");
        let greeting = stream::once(future::ready(Arc::from(greeting)));
        let events = stream::unfold(client, async |mut client| {
            let event = client.next().await?;
            Some((event, client))
        });
        let response = sse_wire::response(greeting.chain(events), |event: Arc<[u8]>, out| {
            out.extend_from_slice(&event);
            Ok(())
        });
        response.map(Body::new)
    }
}

/// A client that listens. It is dropped with the body of its response, as soon as the connection
/// is gone.
struct Client {
    channel: Arc<Channel>,
    news: watch::Receiver<bool>,
    /// What it has been given; `None` where it begins with the oldest event that is held when it
    /// is served.
    position: Option<Position>,
}

impl Client {
    /// The next event, as soon as there is one; `None` at the end.
    async fn next(&mut self) -> Option<Arc<[u8]>> {
        loop {
            // Before the look into the buffer: what is pushed behind it wakes us.
            let closing = *self.news.borrow_and_update();
            {
                let buffer = self.channel.buffer.lock().unwrap();
                // A client that is too slow for the buffer is let go. It comes back and is told.
                let position = self.position.unwrap_or_else(|| buffer.start());
                let mut events = buffer.after(position).ok()?;
                if let Some(event) = events.next() {
                    self.position = Some(events.position());
                    return Some(event.clone());
                }
            }
            if closing {
                return None;
            }
            self.news.changed().await.ok()?;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.channel.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives events their IDs.
struct Publisher {
    channel: Arc<Channel>,
    /// The second in which the server started: no ID of an earlier run comes again.
    run: u64,
    count: Mutex<u64>,
}

impl Publisher {
    fn publish(&self, data: &str) -> Result<String, PushError> {
        // Held until the event is sent, so that the events have the order of their IDs.
        let mut count = self.count.lock().unwrap();
        let id = format!("{}-{}", self.run, *count + 1);
        self.channel.send(&Block::new().id(&id).data(data))?;
        *count += 1;
        Ok(id)
    }
}

async fn publish(State(publisher): State<Arc<Publisher>>, data: String) -> Response {
    match publisher.publish(&data) {
        Ok(id) => (StatusCode::CREATED, id + "\n").into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

/// Serves until Ctrl-C or SIGTERM.
pub async fn serve(listener: TcpListener, router: Router, channel: Arc<Channel>) -> io::Result<()> {
    let interrupted = interrupted()?;
    // Whoever has started this may have asked for any free port, so say which it is.
    println!("listening on http://{}", listener.local_addr()?);
    // Events are small, and shall not wait for more to come.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    let (closing, mut closed) = (channel.clone(), channel.news.subscribe());
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        interrupted.await;
        closing.close();
    });
    tokio::select! {
        result = server => result,
        // Who has not taken the end of its stream in five seconds is not waited for.
        () = async {
            _ = closed.wait_for(|closing| *closing).await;
            tokio::time::sleep(Duration::from_secs(5)).await;
        } => Ok(()),
    }
}

/// What is ready when the server has to end. Signals are caught from the call on.
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

    let channel = Channel::new(Bounds::new().blocks(10_000));
    let run = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let publisher = Arc::new(Publisher { channel: channel.clone(), run, count: Mutex::new(0) });

    if let Some(tick) = tick {
        let publisher = publisher.clone();
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(Duration::from_millis(tick));
            loop {
                interval.tick().await;
                let data = format!("{} ms", publisher.channel.start.elapsed().as_millis());
                publisher.publish(&data).expect("a small event");
            }
        });
    }

    let events =
        async |State(channel): State<Arc<Channel>>, headers: HeaderMap| channel.respond(&headers);
    let stats = async |State(channel): State<Arc<Channel>>| channel.stats();
    let router = Router::new()
        .route("/events", get(events))
        .route("/stats", get(stats))
        .with_state(channel.clone())
        // On a server that others can reach, ask who publishes.
        .route("/publish", post(publish))
        .with_state(publisher);
    serve(TcpListener::bind(address).await?, router, channel).await
}
