//! `sse-wire listen`: the events of a server, with reconnection. All rules are those of
//! [`sse_wire::Connection`]; here is its driver.

mod http;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use sse_wire::{
    Action, End, Failure, Item, Liveness, Notice, ParseError, Policy, ResponseHead, Silence,
};
use tokio::time::{Instant, sleep_until};

use self::http::{Client, Connection, Header, Input, Trouble};
use crate::arguments::{self, seconds};
use crate::complain;
use crate::output::{Output, cut};
use crate::runtime::{self, Interruption};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Where the stream is: http:// or https://
    url: String,

    /// Go on behind the event with this id
    #[arg(long, value_name = "ID", value_parser = last_event_id)]
    last_event_id: Option<String>,

    /// Send this header with each request; repeatable
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = Header::parse)]
    headers: Vec<Header>,

    /// Print one JSON object a line, as `parse --json` does
    #[arg(long)]
    json: bool,

    /// Also show comments, reconnection times, and blocks that only set the last event ID
    #[arg(long)]
    comments: bool,

    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_events: Option<u64>,

    /// Skip an event that needs more memory than this, and an id that is longer than a quarter of it
    /// [default: 16 MiB, and 64 KiB for an id]
    #[arg(long, value_name = "BYTES")]
    limit: Option<usize>,

    /// How long making a connection may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,

    /// How long the response may take [default: for ever, as its head may wait for an event]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    response_timeout: Option<Duration>,

    /// How long to wait before connecting again, while the server does not say
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 3000)]
    retry: u64,

    /// Double the wait while reconnecting brings no event, up to this
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    backoff: Option<Duration>,

    /// Make each such wait longer by up to so many percent, at random
    #[arg(long, value_name = "PERCENT", default_value_t = 0, requires = "backoff")]
    jitter: u8,

    /// Fail where so many reconnections in a row brought no event [default: never]
    #[arg(long, value_name = "N")]
    max_reconnections: Option<u32>,

    /// Connect again after so much silence [default: never]; once for each class
    ///
    /// The class says what breaks the silence: `bytes` of any kind (where none is named),
    /// `comments`, `blocks` (also those that only set an id or a reconnection time) or `events`.
    /// Each counts for those before it, too.
    #[arg(long = "idle-timeout", value_name = "[CLASS=]SECONDS", value_parser = idle_timeout)]
    idle_timeouts: Vec<(Liveness, Duration)>,
}

const EXAMPLES: &str = "\
It connects again whenever the connection is lost or can't be made, as browsers do, with the last
event ID; it ends at a response that is no event stream, or when asked to. stderr says
what happens.

Exit codes: 0 asked to end (status 204, SIGINT, SIGTERM, --max-events, nobody reads stdout); 1 failed, or an
event or an id was skipped for the limit; 130 a second SIGINT or SIGTERM.

Examples:
  sse-wire listen https://example.com/stream
  sse-wire listen --json --max-events 10 http://127.0.0.1:8080/ | jq -r .data
  sse-wire listen -H 'Authorization: Bearer …' --backoff 60 --jitter 20 https://example.com/stream
  sse-wire listen --idle-timeout 45 --idle-timeout events=600 https://example.com/stream";

fn last_event_id(text: &str) -> Result<String, String> {
    http::header_value(text)?;
    Ok(text.to_owned())
}

fn idle_timeout(text: &str) -> Result<(Liveness, Duration), String> {
    let (class, time) = match text.split_once('=') {
        Some((class, time)) => (class, time),
        None => ("bytes", text),
    };
    let class = match class {
        "bytes" => Liveness::Bytes,
        "comments" => Liveness::Comments,
        "blocks" => Liveness::Blocks,
        "events" => Liveness::Events,
        _ => return Err("the class is one of bytes, comments, blocks and events".into()),
    };
    Ok((class, seconds(time)?))
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let made = http::url(&arguments.url)
        .map_err(|reason| format!("{}: {reason}", arguments.url))
        .and_then(|url| Ok((client(arguments, url)?, source(arguments)?)));
    let (client, source) = match made {
        Ok(made) => made,
        Err(reason) => {
            complain(format_args!("{reason}"));
            return Ok(ExitCode::FAILURE);
        }
    };
    runtime::run(async |interruption| {
        Listener {
            client,
            source,
            connection: Connection::None,
            trouble: None,
            output: Output::new(arguments.json),
            comments: arguments.comments,
            events: 0,
            max_events: arguments.max_events.unwrap_or(u64::MAX),
            failed: false,
        }
        .listen(interruption)
        .await
    })
}

fn client(arguments: &Arguments, url: reqwest::Url) -> Result<Client, String> {
    let response_timeout = arguments.response_timeout.unwrap_or(Duration::MAX);
    Client::new(url, &arguments.headers, arguments.timeout, response_timeout)
}

fn source(arguments: &Arguments) -> Result<sse_wire::Connection, String> {
    let mut parser = arguments::parser(arguments.limit);
    if let Some(id) = &arguments.last_event_id {
        parser.set_last_event_id(id).map_err(|error| format!("--last-event-id: {error}"))?;
    }
    let mut silence = Silence::default();
    for &(class, timeout) in &arguments.idle_timeouts {
        *match class {
            Liveness::Bytes => &mut silence.bytes,
            Liveness::Comments => &mut silence.comments,
            Liveness::Blocks => &mut silence.blocks,
            _ => &mut silence.events,
        } = Some(timeout);
    }
    let policy = Policy {
        reconnection_time: Duration::from_millis(arguments.retry),
        backoff: arguments.backoff,
        jitter: arguments.jitter,
        max_reconnections: arguments.max_reconnections,
        silence,
        ..Policy::specification()
    };
    // Its keys are random.
    let seed = RandomState::new().build_hasher().finish();
    Ok(sse_wire::Connection::with_parser(parser, policy).with_seed(seed))
}

/// The driver of a connection.
struct Listener {
    client: Client,
    source: sse_wire::Connection,
    connection: Connection,
    /// The network error that the source will speak of.
    trouble: Option<String>,
    output: Output,
    comments: bool,
    /// How many there were.
    events: u64,
    max_events: u64,
    /// Whether the exit code has to be 1.
    failed: bool,
}

impl Listener {
    async fn listen(mut self, mut interruption: Interruption) -> io::Result<ExitCode> {
        let start = Instant::now();
        loop {
            let action = self.source.poll(start.elapsed());
            while let Some(notice) = self.source.next_notice() {
                self.announce(notice);
            }
            let until = match action {
                Action::Connect => {
                    self.connection = self.client.connect(self.header());
                    continue;
                }
                Action::Stop => break,
                Action::Wait { until } => Some(until),
                Action::Receive { until } => until,
            };
            // Beyond what a clock can say is for ever.
            let until = until.and_then(|until| start.checked_add(until));
            tokio::select! {
                biased;
                () = interruption.wait() => break,
                input = self.connection.next() => self.take(input)?,
                () = async {
                    match until {
                        Some(until) => sleep_until(until).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
        }
        Ok(if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn announce(&mut self, notice: Notice) {
        match notice {
            Notice::Open => complain(format_args!("connected to {}", self.client.url())),
            Notice::Reconnecting { reason, delay, .. } => {
                let delay = delay.as_millis();
                self.connection = Connection::None;
                let trouble = self.trouble();
                let from = match self.source.last_event_id_header() {
                    Some(id) => format!(", behind id {id:?}"),
                    None => String::new(),
                };
                complain(format_args!("{reason}{trouble}; connecting again in {delay} ms{from}"));
            }
            notice => {
                let trouble = match notice {
                    Notice::Failed(Failure::Reconnections { .. }) => self.trouble(),
                    _ => String::new(),
                };
                complain(format_args!("{}: {notice}{trouble}", self.client.url()));
                self.failed |= notice != Notice::Ended;
            }
        }
    }

    /// The header's value for the last event ID. Without one the server takes the client for a new one:
    /// that is better than none.
    fn header(&self) -> Option<hyper::header::HeaderValue> {
        let id = self.source.parser().last_event_id();
        if id.is_empty() {
            return None;
        }
        http::header_value(id)
            .map_err(|reason| {
                complain(format_args!(
                    "the last event ID {id:?} is not sent: {reason}; the server may repeat or leave out events"
                ));
            })
            .ok()
    }

    /// The network error, to be said behind what comes of it.
    fn trouble(&mut self) -> String {
        self.trouble.take().map_or_else(String::new, |trouble| format!(" ({trouble})"))
    }

    /// Hands an input in. The error is one of the output.
    fn take(&mut self, input: Input) -> io::Result<()> {
        let end = match input {
            Input::Response { status, content_type } => {
                let content_type = content_type.as_deref();
                let head = ResponseHead { status, content_type, ..ResponseHead::default() };
                self.source.handle_response(head);
                return Ok(());
            }
            Input::Chunk(chunk) => return self.show(&chunk),
            Input::Trouble(Trouble { reason, futile: true }) => {
                complain(format_args!("{}: {reason}", self.client.url()));
                self.failed = true;
                self.source.close();
                return Ok(());
            }
            Input::Trouble(Trouble { reason, .. }) => {
                self.trouble = Some(reason);
                self.source.handle_network_error()
            }
            Input::End => self.source.handle_end(),
        };
        match end {
            Ok(End::Clean) => {}
            Ok(End::Incomplete(pending)) => complain(format_args!("{}", cut(&pending))),
            Err(error) => {
                complain(format_args!("{error}"));
                self.failed = true;
            }
        }
        Ok(())
    }

    /// Shows what a chunk completes.
    fn show(&mut self, chunk: &[u8]) -> io::Result<()> {
        let mut refused = |error: ParseError| {
            complain(format_args!("{error} (--limit)"));
            self.failed = true;
        };
        if self.comments {
            let mut items = self.source.observe(chunk);
            loop {
                match items.next() {
                    Ok(Some(item)) => {
                        self.events += u64::from(matches!(item, Item::Event(_)));
                        self.output.show(item)?;
                        if self.events == self.max_events {
                            items.close();
                        }
                    }
                    Ok(None) => return Ok(()),
                    Err(error) => refused(error),
                }
            }
        }
        // Not the same loop: comments that nobody asked for are not even retained.
        let mut events = self.source.push(chunk);
        loop {
            match events.next() {
                Ok(Some(event)) => {
                    self.events += 1;
                    self.output.show(Item::Event(event))?;
                    if self.events == self.max_events {
                        events.close();
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => refused(error),
            }
        }
    }
}
