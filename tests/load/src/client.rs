//! One client: drives a `Connection` over hyper, and checks what it receives.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sse_wire::{Action, Connection, Event, Notice, Policy};
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until};

/// The behavior of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Habit {
    /// Reads everything.
    Keen,
    /// Pauses after each piece, with a small receive buffer, so that the server has to wait for it.
    Slow,
    /// Loses its connection from time to time, and reconnects.
    Unsteady,
    /// Leaves after a while.
    Leaving,
}

/// The state that all clients share.
pub struct Shared {
    /// The address of the server.
    pub address: SocketAddr,
    /// When each event was sent, by its number, in nanoseconds from `start`.
    pub sent: Vec<AtomicU64>,
    /// When the last client received each event, in nanoseconds from `start`.
    pub given: Vec<AtomicU64>,
    /// The start of the clock.
    pub start: Instant,
    /// How many connections are open.
    pub open: AtomicUsize,
    /// The number of events that all clients have received together.
    pub deliveries: AtomicU64,
    /// Whether the clients should stop.
    pub over: watch::Receiver<bool>,
}

/// The result of a client.
#[derive(Debug)]
pub struct Outcome {
    /// Its behavior.
    pub habit: Habit,
    /// The number of the last event that it received.
    pub last: u64,
    /// How many gap events it received.
    pub gaps: u64,
    /// How often it lost its connection.
    pub reconnections: u64,
    /// Microseconds from just before an event was published until it was received.
    pub latencies: Histogram<u32>,
    /// What was wrong, if anything.
    pub complaint: Option<String>,
}

/// A running client.
pub struct Client {
    shared: Arc<Shared>,
    /// The number of the last event, which others read.
    last: Arc<AtomicU64>,
    last_id: (u64, u64),
    /// Whether the next event may skip some, after a gap event.
    told: bool,
    rng: fastrand::Rng,
    outcome: Outcome,
}

/// The body of a response, and the task that drives its connection.
struct Stream {
    response: Response<Incoming>,
    task: AbortHandle,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Creates a client, which stores the number of its last event in `last`.
    pub fn new(shared: Arc<Shared>, habit: Habit, seed: u64, last: Arc<AtomicU64>) -> Self {
        let outcome = Outcome {
            habit,
            last: 0,
            gaps: 0,
            reconnections: 0,
            latencies: Histogram::new(3).expect("three digits"),
            complaint: None,
        };
        let rng = fastrand::Rng::with_seed(seed);
        Client { shared, last, last_id: (0, 0), told: false, rng, outcome }
    }

    /// Runs until the end of the test, until the client leaves, or until something is wrong.
    pub async fn run(mut self) -> Outcome {
        let mut source = Connection::new(Policy::specification());
        let mut over = self.shared.over.clone();
        let mut stream = None;
        while self.outcome.complaint.is_none() {
            let action = source.poll(self.shared.start.elapsed());
            while let Some(notice) = source.next_notice() {
                match notice {
                    Notice::Open => _ = self.shared.open.fetch_add(1, Ordering::Relaxed),
                    Notice::Reconnecting { .. } => {
                        if stream.take().is_some() {
                            self.shared.open.fetch_sub(1, Ordering::Relaxed);
                        }
                        self.outcome.reconnections += 1;
                    }
                    other => self.complain(other.to_string()),
                }
            }
            match action {
                Action::Connect => {
                    let id = source.last_event_id_header();
                    match connect(self.shared.address, id, self.outcome.habit).await {
                        Ok(new) => {
                            source.handle_response(&new.response);
                            stream = Some(new);
                        }
                        Err(_) => _ = source.handle_network_error(),
                    }
                }
                Action::Wait { until } => tokio::select! {
                    () = sleep_until(self.shared.start + until) => {}
                    _ = over.wait_for(|&over| over) => break,
                },
                Action::Receive { .. } => {
                    let Some(Stream { response, .. }) = &mut stream else { unreachable!() };
                    let frame = tokio::select! {
                        frame = response.frame() => frame,
                        _ = over.wait_for(|&over| over) => break,
                    };
                    match frame {
                        Some(Ok(frame)) => {
                            let Ok(chunk) = frame.into_data() else { continue };
                            self.take(&mut source, &chunk);
                        }
                        Some(Err(_)) => _ = source.handle_network_error(),
                        None => _ = source.handle_end(),
                    }
                    if !self.live_up_to_habit(&mut source).await {
                        break;
                    }
                }
                Action::Stop => break,
            }
        }
        if stream.is_some() {
            self.shared.open.fetch_sub(1, Ordering::Relaxed);
        }
        self.outcome
    }

    fn take(&mut self, source: &mut Connection, chunk: &Bytes) {
        let mut events = source.push(chunk);
        loop {
            match events.next() {
                Ok(Some(event)) if event.event_type == "gap" => {
                    self.outcome.gaps += 1;
                    self.told = true;
                }
                Ok(Some(event)) => self.judge(&event),
                Ok(None) => return,
                Err(error) => return self.complain(error.to_string()),
            }
        }
    }

    /// Checks that an event is the next one, by the number in its data and by its ID.
    fn judge(&mut self, event: &Event<'_>) {
        let number = event.data.split(' ').next().and_then(|number| number.parse::<u64>().ok());
        let id = event.last_event_id.split_once('-');
        let id = id.and_then(|(a, b)| Some((u64::from_str_radix(a, 16).ok()?, b.parse().ok()?)));
        let (Some(number), Some(id)) = (number, id) else {
            return self.complain(format!("an event that nobody sent: {event:?}"));
        };
        let last = self.outcome.last;
        if number <= last || (number > last + 1 && !self.told) || id <= self.last_id {
            let (told, last_id) = (self.told, self.last_id);
            return self.complain(format!(
                "event {number} with id {id:?} behind {last} with id {last_id:?}, told of a gap: {told}"
            ));
        }
        self.told = false;
        self.last_id = id;
        self.outcome.last = number;
        self.last.store(number, Ordering::Relaxed);
        self.shared.deliveries.fetch_add(1, Ordering::Relaxed);
        let now = self.shared.start.elapsed().as_nanos() as u64;
        self.shared.given[number as usize].fetch_max(now, Ordering::Relaxed);
        // A slow client would measure its own pauses, and one that reconnected its absence.
        if self.outcome.habit == Habit::Keen {
            let sent = self.shared.sent[number as usize].load(Ordering::Relaxed);
            let latency = now.saturating_sub(sent) / 1000;
            self.outcome.latencies.record(latency).expect("it grows");
        }
    }

    /// Behaves according to the habit after each read. Returns whether the client stays.
    async fn live_up_to_habit(&mut self, source: &mut Connection) -> bool {
        match self.outcome.habit {
            // Clients leave only after the first event, so that all are connected first.
            _ if self.outcome.last == 0 => {}
            Habit::Keen => {}
            Habit::Slow => sleep(Duration::from_millis(self.rng.u64(20..100))).await,
            Habit::Unsteady if self.rng.u32(..100) == 0 => _ = source.handle_network_error(),
            Habit::Leaving if self.rng.u32(..50) == 0 => return false,
            Habit::Unsteady | Habit::Leaving => {}
        }
        true
    }

    fn complain(&mut self, complaint: String) {
        self.outcome.complaint = Some(complaint);
    }
}

/// Sends the request of a client, and waits for the head of the response.
async fn connect(
    address: SocketAddr,
    last_event_id: Option<&str>,
    habit: Habit,
) -> Result<Stream, Box<dyn std::error::Error + Send + Sync>> {
    let socket = TcpSocket::new_v4()?;
    if habit == Habit::Slow {
        socket.set_recv_buffer_size(4096)?;
    }
    let stream = TokioIo::new(socket.connect(address).await?);
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(8192).handshake(stream).await?;
    let task = tokio::spawn(async move { _ = connection.await }).abort_handle();
    let mut request =
        Request::get("/events").header("host", "localhost").header("accept", "text/event-stream");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    match sender.send_request(request.body(Empty::<Bytes>::new())?).await {
        Ok(response) => Ok(Stream { response, task }),
        Err(error) => {
            task.abort();
            Err(error.into())
        }
    }
}

/// Returns the number of clients of each habit.
pub fn habits(clients: usize) -> BTreeMap<Habit, usize> {
    let (slow, unsteady, leaving) = (clients / 20, clients / 10, clients / 10);
    let keen = clients - slow - unsteady - leaving;
    BTreeMap::from([
        (Habit::Keen, keen),
        (Habit::Slow, slow),
        (Habit::Unsteady, unsteady),
        (Habit::Leaving, leaving),
    ])
}
