//! `sse-wire serve`: lines of stdin as events, to every client that connects. Here are the
//! connections; how a request is answered is in `answer`, and who may ask in `access`.

mod access;
mod answer;
mod input;

use std::convert::Infallible;
use std::error::Error;
use std::future::ready;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use sse_wire::server::{Hub, KeepAlive, Retention, Settings, WriteTimeout};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::sleep;

use self::access::{Cors, Hosts};
use self::answer::{Answers, Clients};
use crate::arguments::{reconnection_time, size, time};
use crate::complain;
use crate::runtime::{self, Interruption};

/// How much of a stream is held for a client beside the block it is being given, at most.
const BUFFER: usize = 64 * 1024;

/// How long clients may take to read the end of their streams, once the server was asked to end.
const GRACE: Duration = Duration::from_secs(2);

/// How long all of the end may take.
const END: Duration = Duration::from_secs(5);

/// How long a client may take to send its request.
const HEAD: Duration = Duration::from_secs(10);

/// How long to wait if no connection can be taken, for want of file descriptors for example.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The port to listen on; 0 is any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,

    /// The address or name to listen on; 0.0.0.0 or :: for all
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    host: String,

    /// Serve this path alone [default: any]
    #[arg(long, value_name = "PATH", value_parser = path)]
    path: Option<String>,

    /// Lines are JSON objects, as `encode` takes them
    #[arg(long)]
    json: bool,

    /// Give no ids to events that have none: clients that come back get what new ones get
    #[arg(long)]
    no_ids: bool,

    /// Give new clients only what comes after them, not what is held
    #[arg(long)]
    live_only: bool,

    /// Hold at most so many events, but at least one [default: any number]
    ///
    /// What is held is also how far a client may be behind: with very few events, lines that come
    /// in bursts are a gap for clients.
    #[arg(long, value_name = "N")]
    replay_events: Option<usize>,

    /// Hold at most so many bytes; each event counts 384 more than it has, and no line is longer
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = size)]
    replay_bytes: usize,

    /// Hold events no longer than this [default: any time]
    #[arg(long, value_name = "TIME", value_parser = time)]
    replay_age: Option<Duration>,

    /// Write a comment after so much silence; 0 for never
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time)]
    keep_alive: Duration,

    /// Tell each client to wait so long before it connects again; a number alone is of milliseconds
    #[arg(long, value_name = "TIME", value_parser = reconnection_time)]
    retry: Option<Duration>,

    /// End a connection that nothing could be written to for so long; 0 for never
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    write_timeout: Duration,

    /// Serve at most so many clients at once; others are answered 503
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_clients: usize,

    /// Let pages of this origin read the stream, also with credentials; `*` for all, without
    #[arg(long, value_name = "ORIGIN")]
    cors: Vec<HeaderValue>,

    /// On loopback, answer to this name too; `*` for any
    ///
    /// By default only `localhost` and loopback addresses are answered there: a page could point a
    /// name of its own at 127.0.0.1 and read the stream.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// At the end of stdin, end all streams and exit
    #[arg(long)]
    exit_on_eof: bool,

    /// Say on stderr who connects and disconnects
    #[arg(long, short)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Each line of stdin is the data of one event. A new client gets what is held and then what comes; one
that comes back with Last-Event-ID, or with ?lastEventId= in the URL, gets what it has missed, or, if
that is no longer held, an event of the type `gap` and all that is. Ids that are given begin with the
time of the start, so that those of an earlier run count as gone. A browser that is sent to the URL
shows the stream. A time has a unit, 500ms, 3s or 1m, and is of seconds without.

`listening on http://127.0.0.1:8080/` is said on stderr. After the end of stdin it goes on serving
until SIGINT or SIGTERM, which end all streams. A line that is refused is said with its number.

Exit codes: 0 asked to end, or end of stdin with --exit-on-eof; 1 a line was refused, or the port is
not to be had; 130 a second SIGINT or SIGTERM.

Examples:
  seq 3 | sse-wire serve
  tail -f log | sse-wire serve --port 9000 --cors '*' --replay-events 1000
  sse-wire parse --json in.sse | sse-wire serve --json --retry 500ms";

fn path(text: &str) -> Result<String, &'static str> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err("a path begins with `/`") }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    runtime::run(END, async |interruption| Ok(serve(arguments, interruption).await))
}

async fn serve(arguments: &Arguments, mut interruption: Interruption) -> ExitCode {
    let Some(listener) = listen(arguments).await else { return ExitCode::FAILURE };
    let hub = Hub::new(settings(arguments));
    let answers = Arc::new(Answers {
        hub: hub.clone(),
        path: arguments.path.clone(),
        hosts: hosts(arguments, &listener),
        cors: Cors(arguments.cors.clone()),
        clients: Clients::new(arguments.verbose),
    });
    let places = Arc::new(Semaphore::new(arguments.max_clients.min(Semaphore::MAX_PERMITS)));
    let failed = Arc::new(AtomicBool::new(false));
    let mut input = read(arguments, hub.clone(), failed.clone());
    let connections = GracefulShutdown::new();
    let stdin_ended = loop {
        tokio::select! {
            biased;
            () = interruption.wait() => break false,
            _ = &mut input, if arguments.exit_on_eof => break true,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let place = places.clone().try_acquire_owned().ok();
                    let time = arguments.write_timeout;
                    connect(stream, place, time, &answers, &connections);
                }
                Err(error) => {
                    complain(format_args!("cannot take a connection: {error}"));
                    sleep(PAUSE).await;
                }
            }
        }
    };
    drop(listener);
    // There is no last event that could be refused.
    let _ = hub.close(None);
    // At the end of stdin all clients get all that was read, however long they take.
    let deadline = async {
        if stdin_ended {
            interruption.wait().await;
        }
        sleep(GRACE).await;
    };
    tokio::select! {
        () = connections.shutdown() => {}
        () = deadline => {}
    }
    ExitCode::from(u8::from(failed.load(Ordering::Relaxed)))
}

fn settings(arguments: &Arguments) -> Settings {
    let mut settings = Settings::from(Retention {
        events: arguments.replay_events,
        bytes: arguments.replay_bytes,
        age: arguments.replay_age,
    });
    settings =
        settings.keep_alive(KeepAlive::default().interval(never_if_zero(arguments.keep_alive)));
    if let Some(retry) = arguments.retry {
        settings = settings.retry(retry);
    }
    if arguments.no_ids {
        settings = settings.own_ids();
    }
    if !arguments.live_only {
        settings = settings.replay_to_new();
    }
    settings
}

fn never_if_zero(time: Duration) -> Duration {
    if time.is_zero() { Duration::MAX } else { time }
}

/// The names that are answered where the server listens.
fn hosts(arguments: &Arguments, listener: &TcpListener) -> Hosts {
    let others = &arguments.allow_host;
    let loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    if others.iter().any(|host| host == "*") || (others.is_empty() && !loopback) {
        return Hosts::Any;
    }
    Hosts::Loopback(others.clone())
}

/// Listens, and says where.
async fn listen(arguments: &Arguments) -> Option<TcpListener> {
    let (host, port) = (arguments.host.as_str(), arguments.port);
    let listening = async {
        let listener = TcpListener::bind((host, port)).await?;
        let address = listener.local_addr()?;
        Ok::<_, io::Error>((listener, address))
    };
    match listening.await {
        Ok((listener, address)) => {
            let path = arguments.path.as_deref().unwrap_or("/");
            // Nobody is left to tell that stderr is gone.
            let _ = writeln!(io::stderr(), "listening on http://{address}{path}");
            Some(listener)
        }
        Err(error) => {
            complain(format_args!(
                "cannot listen on port {port} of {host}: {error}; choose others by --port and --host"
            ));
            None
        }
    }
}

/// Reads stdin on a thread of its own, since nothing ends a read. Tells when stdin has ended.
fn read(arguments: &Arguments, hub: Hub, failed: Arc<AtomicBool>) -> oneshot::Receiver<()> {
    let (ended, input) = oneshot::channel();
    let (json, longest) = (arguments.json, arguments.replay_bytes);
    thread::spawn(move || {
        input::read(json, longest, &hub, &failed);
        let _ = ended.send(());
    });
    input
}

/// Serves one connection; without a place, to say so.
fn connect(
    stream: TcpStream,
    place: Option<OwnedSemaphorePermit>,
    write_timeout: Duration,
    answers: &Arc<Answers>,
    connections: &GracefulShutdown,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    // Events are small, and wanted at once.
    let _ = stream.set_nodelay(true);
    let stream = WriteTimeout::new(stream, never_if_zero(write_timeout));
    let answers = answers.clone();
    let has_place = place.is_some();
    let service = service_fn(move |request| {
        let answer = match has_place {
            true => answers.answer(&request, peer),
            false => Answers::full(),
        };
        ready(Ok::<_, Infallible>(answer))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        // A client that got a stream to its end has no other request on this connection.
        .keep_alive(false)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        let _place = place;
        // A client that breaks off is as good as one that leaves.
        if let Err(error) = connection.await {
            let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
            if let Some(error) = cause.filter(|error| error.kind() == io::ErrorKind::TimedOut) {
                complain(format_args!("client {peer} is let go: {error} (--write-timeout)"));
            }
        }
    });
}
