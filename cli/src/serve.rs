//! `sse-wire serve`: sends lines of stdin as events to every client. This file has the connections; `answer` has the
//! responses, and `access` decides who may read the stream.

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
use crate::messages::log;
use crate::runtime::{self, Interruption};

/// How much of a stream is buffered for a client, besides the block that is being sent.
const BUFFER: usize = 64 * 1024;

/// Time limit for clients to read the ends of their streams after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// Time limit for the whole shutdown.
const END: Duration = Duration::from_secs(5);

/// Time limit for a client's request.
const HEAD: Duration = Duration::from_secs(10);

/// The wait after a connection could not be accepted, for lack of file descriptors for example.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Port to listen on; 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,

    /// Address or name to listen on; 0.0.0.0 or :: for all addresses
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    host: String,

    /// Serve only this path [default: any]
    #[arg(long, value_name = "PATH", value_parser = path)]
    path: Option<String>,

    /// Read JSON lines, as `encode` does
    #[arg(long)]
    json: bool,

    /// Generate no IDs for events without one; clients that reconnect then start like new ones
    #[arg(long)]
    no_ids: bool,

    /// Send new clients only events that arrive after they have connected
    #[arg(long)]
    live_only: bool,

    /// Keep at most this many events, but at least one [default: any number]
    ///
    /// A client cannot lag by more than what is kept: with very few events, a burst of lines causes a
    /// gap.
    #[arg(long, value_name = "N")]
    replay_events: Option<usize>,

    /// Keep at most this many bytes; each event counts as 384 more, and no line can be longer
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = size)]
    replay_bytes: usize,

    /// Keep events for at most this long [default: any time]
    #[arg(long, value_name = "TIME", value_parser = time)]
    replay_age: Option<Duration>,

    /// Send a comment after this much silence; 0 for never
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time)]
    keep_alive: Duration,

    /// Tell clients to wait this long before they reconnect; a number alone is in ms
    #[arg(long, value_name = "TIME", value_parser = reconnection_time)]
    retry: Option<Duration>,

    /// Disconnect clients that read nothing for this long; 0 for never
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    write_timeout: Duration,

    /// Serve at most this many clients at once; others get status 503
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_clients: usize,

    /// Let pages of this origin read the stream, with credentials; `*` for all origins, without
    #[arg(long, value_name = "ORIGIN")]
    cors: Vec<HeaderValue>,

    /// On a loopback address, also accept requests for this host name; `*` for any
    ///
    /// By default only `localhost` and loopback addresses are accepted there. Otherwise, a page whose
    /// host name resolves to 127.0.0.1 could read the stream.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// End all streams and exit at the end of stdin
    #[arg(long)]
    exit_on_eof: bool,

    /// Report on stderr which clients connect and disconnect
    #[arg(long, short)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Each line of stdin is the data of one event. A new client gets the events that
are kept, and then new ones. A client that reconnects with Last-Event-ID, or
with ?lastEventId= in the URL, gets what it missed; if that is no longer kept,
it gets an event of the type `gap` and everything that is. Generated IDs begin
with the start time, so IDs of an earlier run count as no longer kept. A browser
that opens the URL shows the stream. Times have a unit (500ms, 3s, 1m); without
one they are seconds.

The first line on stderr is `listening on http://127.0.0.1:8080/`. After the end
of stdin, serve goes on until SIGINT or SIGTERM, which end all streams.

Exit codes:
  0    ended as asked: SIGINT, SIGTERM, or end of stdin with --exit-on-eof
  1    a line was rejected, or the port is not available
  2    wrong arguments
  130  a second SIGINT or SIGTERM

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
                    log(format_args!("cannot accept a connection: {error}"));
                    sleep(PAUSE).await;
                }
            }
        }
    };
    drop(listener);
    // This fails only for an invalid last event, and there is none.
    let _ = hub.close(None);
    // After the end of stdin, all clients get everything that was read, however long it takes.
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

/// Returns the host names that are accepted at the address of the server.
fn hosts(arguments: &Arguments, listener: &TcpListener) -> Hosts {
    let others = &arguments.allow_host;
    let loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    if others.iter().any(|host| host == "*") || (others.is_empty() && !loopback) {
        return Hosts::Any;
    }
    Hosts::Loopback(others.clone())
}

/// Listens, and logs the address.
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
            // There is nowhere else to report it.
            let _ = writeln!(io::stderr(), "listening on http://{address}{path}");
            Some(listener)
        }
        Err(error) => {
            log(format_args!(
                "cannot listen on port {port} of {host}: {error}; choose another with --port or --host"
            ));
            None
        }
    }
}

/// Reads stdin on a separate thread, because a read cannot be canceled. The receiver gets the end of stdin.
fn read(arguments: &Arguments, hub: Hub, failed: Arc<AtomicBool>) -> oneshot::Receiver<()> {
    let (ended, input) = oneshot::channel();
    let (json, longest) = (arguments.json, arguments.replay_bytes);
    thread::spawn(move || {
        input::read(json, longest, &hub, &failed);
        let _ = ended.send(());
    });
    input
}

/// Serves one connection; if there is no place for it, with the status 503.
fn connect(
    stream: TcpStream,
    place: Option<OwnedSemaphorePermit>,
    write_timeout: Duration,
    answers: &Arc<Answers>,
    connections: &GracefulShutdown,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    // Sends small events without delay.
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
        // After the end of a stream, a client sends no other request on this connection.
        .keep_alive(false)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        let _place = place;
        // A client can disconnect at any time.
        if let Err(error) = connection.await {
            let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
            if let Some(error) = cause.filter(|error| error.kind() == io::ErrorKind::TimedOut) {
                log(format_args!("client {peer} was dropped: {error} (--write-timeout)"));
            }
        }
    });
}
