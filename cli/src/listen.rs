//! `sse-wire listen`: the events of a server, with reconnection. All rules are those of [`EventSource`]; here is
//! what is said about it.

mod http;
mod policy;

use std::future::ready;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use sse_wire::{
    BoxBody, BoxEventSource, EventSource, Incoming, Liveness, OwnedEvent, Refused, SourceError,
    SourceNotice,
};
use tokio::time::timeout;

use self::http::{Client, Header};
use self::policy::{idle_timeout, policy};
use crate::arguments::{self, reconnection_time, size, time};
use crate::complain;
use crate::output::{self, Output, Shown, quote};
use crate::runtime::{self, Interruption};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Where the stream is: http:// or https://
    url: String,

    /// Go on after the event with this id
    #[arg(long, value_name = "ID", value_parser = last_event_id)]
    last_event_id: Option<String>,

    /// Send this header with each request to the address's origin; repeatable
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = Header::parse)]
    headers: Vec<Header>,

    #[command(flatten)]
    output: output::Options,

    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_events: Option<u64>,

    /// End before the event of this type, or with this data; it is not shown
    #[arg(long, value_name = "TYPE|DATA")]
    until: Option<String>,

    /// Skip an event that needs more memory than this, and an id that is longer than a quarter of it
    /// [default: 16MiB, and 64KiB for an id]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    limit: Option<usize>,

    /// How long making a connection may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    timeout: Duration,

    /// How long the head of the response may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    response_timeout: Duration,

    /// How long to wait before connecting again, unless the server says; a number alone is
    /// of milliseconds
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = reconnection_time)]
    retry: Duration,

    /// The shortest wait, whatever the server says; a number alone is of milliseconds
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = reconnection_time)]
    min_wait: Duration,

    /// Double the wait while no connection lasts for 5 seconds, up to this; 0 for never
    #[arg(
        long, value_name = "TIME", default_value = "60s", value_parser = time, overrides_with = "backoff"
    )]
    backoff: Duration,

    /// Make each wait longer by up to so many percent, at random
    #[arg(long, value_name = "PERCENT", default_value_t = 20)]
    jitter: u8,

    /// Fail after so many reconnections in a row without a connection that lasted for 5 seconds [default: never]
    #[arg(long, value_name = "N")]
    max_reconnections: Option<u32>,

    /// Connect again after so much silence [default: never]; once for each class
    ///
    /// The class says what breaks the silence: `bytes` of any kind (if none is named), `comments`,
    /// `blocks` (also those that only set an id or a reconnection time) or `events`. Each counts for those
    /// before it, too.
    #[arg(long = "idle-timeout", value_name = "[CLASS=]TIME", value_parser = idle_timeout)]
    idle_timeouts: Vec<(Liveness, Duration)>,

    /// Use this proxy [default: http_proxy, https_proxy or all_proxy of the environment, and none for this
    /// machine]
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,

    /// Use no proxy for these hosts and their subdomains, `*` for all [default: no_proxy of the environment]
    #[arg(long = "noproxy", value_name = "HOST,…")]
    no_proxy: Option<String>,
}

const EXAMPLES: &str = "\
It connects again whenever the connection is lost or can't be made, with the last event ID, and after
the statuses 408, 425, 429, 500, 502, 503 and 504. It ends at any other response that is no event
stream, or when asked to. stderr says what happens. A time has a unit, 500ms, 3s or 1m, and is of
seconds without.

Exit codes: 0 asked to end (status 204, SIGINT, SIGTERM, --max-events, --until, nobody reads stdout); 1 failed,
or an event or an id was skipped for the limit; 130 a second SIGINT or SIGTERM.

Examples:
  sse-wire listen https://example.com/stream
  sse-wire listen --json --max-events 10 http://127.0.0.1:8080/ | jq -r .data
  sse-wire listen -H 'Authorization: Bearer …' --backoff 5m https://example.com/stream
  sse-wire listen --idle-timeout 45s --idle-timeout events=10m https://example.com/stream";

/// How long it may take to write what is left, asked to end.
const END: Duration = Duration::from_millis(100);

/// How long the beginning of a body may take that is only quoted.
const PATIENCE: Duration = Duration::from_secs(2);

fn last_event_id(text: &str) -> Result<String, String> {
    http::header_value(text)?;
    Ok(text.to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let shown = http::shown(&arguments.url);
    let client =
        http::url(&arguments.url).map_err(|reason| format!("{shown}: {reason}")).and_then(|url| {
            let (proxy, no_proxy) = (arguments.proxy.as_deref(), arguments.no_proxy.as_deref());
            Client::new(url, &arguments.headers, arguments.timeout, proxy, no_proxy)
        });
    let made = client.and_then(|client| Ok((client, parser(arguments)?)));
    let (client, parser) = match made {
        Ok(made) => made,
        Err(reason) => {
            complain(format_args!("{reason}"));
            return Ok(ExitCode::FAILURE);
        }
    };
    runtime::run(END, async |interruption| {
        let mut source = EventSource::new(move |attempt| client.send(&attempt))
            .with_policy(policy(arguments))
            .with_parser(parser);
        if arguments.output.comments {
            source = source.observe();
        }
        Listener {
            source: source.boxed(),
            url: shown,
            output: Output::new(&arguments.output),
            events: 0,
            max_events: arguments.max_events.unwrap_or(u64::MAX),
            until: arguments.until.clone(),
            refused: [0; 2],
            unsent: 0,
            failed: false,
        }
        .listen(interruption)
        .await
    })
}

fn parser(arguments: &Arguments) -> Result<sse_wire::Parser, String> {
    let mut parser = arguments::parser(arguments.limit);
    if let Some(id) = &arguments.last_event_id {
        parser.set_last_event_id(id).map_err(|error| format!("--last-event-id: {error}"))?;
    }
    Ok(parser)
}

/// Says what happens, and shows events.
struct Listener {
    source: BoxEventSource,
    /// The address, as messages have it.
    url: String,
    output: Output,
    /// How many were shown.
    events: u64,
    max_events: u64,
    until: Option<String>,
    /// How many events and ids were skipped and not said.
    refused: [u64; 2],
    /// How many requests were sent without an id that no header can carry, and not said.
    unsent: u64,
    /// Whether the exit code has to be 1.
    failed: bool,
}

impl Listener {
    async fn listen(mut self, mut interruption: Interruption) -> io::Result<ExitCode> {
        while self.events < self.max_events {
            let item = tokio::select! {
                biased;
                () = interruption.wait() => break,
                item = self.source.next() => item,
                // Nothing more is there at the moment.
                () = ready(()), if self.output.is_pending() => {
                    self.output.flush()?;
                    continue;
                }
            };
            match item {
                Some(Ok(Incoming::Event(event))) => {
                    if self
                        .until
                        .as_ref()
                        .is_some_and(|it| *it == event.event_type || *it == event.data)
                    {
                        break;
                    }
                    self.events += u64::from(self.output.shows(&event.event_type));
                    self.output.show(Shown::Event(event.as_event()))?;
                }
                Some(Ok(Incoming::Notice(notice))) => self.announce(notice)?,
                Some(Err(error)) => {
                    self.failed = true;
                    self.output.flush()?;
                    let said = fail(error).await;
                    complain(format_args!("{}: {said}", self.url));
                }
                None => break,
            }
        }
        self.output.flush()?;
        self.say_refused();
        Ok(if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// Says or shows a notice. The error is one of the output.
    fn announce(&mut self, notice: SourceNotice) -> io::Result<()> {
        // So that what is said stands after what was shown.
        self.output.flush()?;
        match notice {
            SourceNotice::Comment { text, position, .. } => {
                return self.output.show(Shown::Comment(&text, position));
            }
            SourceNotice::ReconnectionTime { time, .. } => {
                return self.output.show(Shown::ReconnectionTime(time));
            }
            SourceNotice::LastEventId { id, range, .. } => {
                return self.output.show(Shown::Id(&id, range));
            }
            SourceNotice::Refused(error) => {
                self.failed = true;
                // The first is said, the others are counted.
                let count = &mut self.refused[usize::from(error.refused() == Refused::Id)];
                *count += 1;
                if *count == 1 {
                    complain(format_args!("{error} (--limit)"));
                }
            }
            SourceNotice::Open => complain(format_args!("connected to {}", self.url)),
            SourceNotice::Reconnecting { reason, delay, error, unfinished, .. } => {
                self.say_refused();
                if let Some(event) = unfinished {
                    complain(format_args!("{}", cut(&event)));
                }
                let error = error.map_or_else(String::new, |error| format!(" ({error})"));
                let id = self.source.last_event_id();
                let after = match self.source.connection().last_event_id_header() {
                    Some(id) => format!(", after id {}", quote(id)),
                    None => String::new(),
                };
                let delay = delay.as_millis();
                complain(format_args!("{reason}{error}; connecting again in {delay} ms{after}"));
                if after.is_empty() && !id.is_empty() {
                    self.unsent += 1;
                    if self.unsent == 1 {
                        complain(format_args!(
                            "the last event ID {} is not sent: it has a control character, which no header can carry; the server may repeat or leave out events",
                            quote(id)
                        ));
                    }
                }
            }
            notice => complain(format_args!("{}: {notice}", self.url)),
        }
        Ok(())
    }

    /// Says how many were skipped since the last time, beyond those that were said.
    fn say_refused(&mut self) {
        for (count, what) in self.refused.iter_mut().zip(["events", "ids"]) {
            if *count > 1 {
                complain(format_args!("{} more {what} were skipped (--limit)", *count - 1));
                *count = 1;
            }
        }
    }
}

/// Why it failed, with the beginning of the response if there is one.
async fn fail(error: SourceError<BoxBody>) -> String {
    let SourceError::Response(error) = error else { return error.to_string() };
    let said = error.to_string();
    // A body may never come.
    match timeout(PATIENCE, error.body_text(200)).await {
        Ok(text) if !text.is_empty() => format!("{said}; its body begins with {}", quote(&text)),
        _ => said,
    }
}

/// What was lost when a stream was cut.
fn cut(event: &OwnedEvent) -> String {
    let mut parts = Vec::new();
    if event.event_type != "message" {
        parts.push(format!("type {}", quote(&event.event_type)));
    }
    if event.sets_id {
        parts.push(format!("id {}", quote(&event.last_event_id)));
    }
    parts.push(format!("data {}", quote(&event.data)));
    format!(
        "the stream was cut inside the event that begins at byte {}: no blank line ends it, so it was discarded; pending: {}",
        event.range.start,
        parts.join(", ")
    )
}
