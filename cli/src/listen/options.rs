//! The options of `sse-wire listen`.

use std::ops::RangeInclusive;
use std::time::Duration;

use hyper::Method;
use sse_wire::Liveness;

use super::request::{self, Certificates, Header};
use crate::arguments::{reconnection_time, size, time};
use crate::output;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Address of the stream, with http:// or https://
    pub(super) url: String,

    #[command(flatten)]
    pub(super) request: Request,

    #[command(flatten)]
    #[command(next_help_heading = "Output")]
    pub(super) output: output::Options,

    /// Write the bytes of the stream unchanged, even to a terminal
    #[arg(
        long,
        conflicts_with_all = ["json", "data_only", "event_types", "comments", "timestamps"]
    )]
    pub(super) raw: bool,

    #[command(flatten)]
    pub(super) end: End,

    #[command(flatten)]
    pub(super) reconnection: Reconnection,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Request")]
pub(super) struct Request {
    /// Method [default: GET, or POST with --data]
    ///
    /// Requests with methods other than GET and HEAD are sent again only if nothing of a stream was
    /// received, or if an event had an ID.
    #[arg(short = 'X', long = "request", value_name = "METHOD", value_parser = request::method)]
    pub(super) method: Option<Method>,

    /// Send this text, or the content of a file, as the body; `@-` is stdin
    ///
    /// As in curl: line breaks and NULs of a file are removed; several values are joined with `&`; the
    /// Content-Type is application/x-www-form-urlencoded unless a header sets it.
    #[arg(short, long, value_name = "TEXT|@FILE", value_parser = request::data)]
    pub(super) data: Vec<Vec<u8>>,

    /// Send this header to the origin of the URL, or those in a file, one per line; repeatable
    ///
    /// As in curl: it replaces a header that is sent by default; `NAME:` removes that one, and `NAME;`
    /// sends an empty one. `@-` is stdin. A redirect to another origin does not get these headers.
    #[arg(
        short = 'H', long = "header", value_name = "NAME: VALUE|@FILE", value_parser = request::headers
    )]
    pub(super) headers: Vec<Vec<Header>>,

    /// Resume after the event with this ID
    #[arg(long, value_name = "ID", value_parser = request::last_event_id)]
    pub(super) last_event_id: Option<String>,

    /// Trust the certificate authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE", value_parser = request::certificates)]
    pub(super) cacert: Option<Certificates>,

    /// Accept any certificate: anyone on the network path can read and change the stream
    #[arg(short = 'k', long)]
    pub(super) insecure: bool,

    /// Use this proxy [default: http_proxy, https_proxy, or all_proxy from the environment, but none
    /// for loopback addresses]
    #[arg(short = 'x', long, value_name = "URL")]
    pub(super) proxy: Option<String>,

    /// Use no proxy for these hosts and their subdomains; `*` for all [default: no_proxy from the
    /// environment]
    #[arg(long = "noproxy", value_name = "HOST,…")]
    pub(super) no_proxy: Option<String>,

    /// Time limit for connecting
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    pub(super) connect_timeout: Duration,

    /// Time limit for the head of the response
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub(super) response_timeout: Duration,
}

#[derive(clap::Args)]
#[command(next_help_heading = "End")]
pub(super) struct End {
    /// Receive one stream and do not reconnect; exit with 0 if it ends between two events
    #[arg(long, conflicts_with_all = ["retry_status", "max_reconnections"])]
    pub(super) once: bool,

    /// End before the event of this type or with this data, such as `[DONE]`
    ///
    /// With --once, a stream that ends without it is an error.
    #[arg(long, value_name = "TYPE|DATA")]
    pub(super) until: Option<String>,

    /// Exit with 6 after an event of the type `error`, or one whose data is a JSON object with an
    /// `error`
    ///
    /// The event is shown like any other. An `error` that is null does not count.
    #[arg(long)]
    pub(super) fail_on_error: bool,

    /// End after this many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_events: Option<u64>,

    /// Skip events that need more memory than this, and IDs longer than a quarter of it
    /// [default: 16MiB, and 64KiB for an ID]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) limit: Option<usize>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Reconnection")]
pub(super) struct Reconnection {
    /// Wait this long before reconnecting, unless the server sets a time; a number alone is in ms
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = reconnection_time)]
    pub(super) retry: Duration,

    /// Wait at least this long, whatever the server sets; a number alone is in ms
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = reconnection_time)]
    pub(super) min_wait: Duration,

    /// Double the wait up to this while no connection lasts for 5 seconds; 0 for never
    #[arg(
        long, value_name = "TIME", default_value = "60s", value_parser = time, overrides_with = "backoff"
    )]
    pub(super) backoff: Duration,

    /// Lengthen each wait at random by up to this many percent
    #[arg(long, value_name = "PERCENT", default_value_t = 20)]
    pub(super) jitter: u8,

    /// Reconnect after these statuses, such as 401,500-599; `none` for none
    #[arg(
        long, value_name = "STATUS,…", default_value = "408,425,429,500,502-504",
        value_delimiter = ',', value_parser = statuses
    )]
    pub(super) retry_status: Vec<RangeInclusive<u16>>,

    /// Fail after this many reconnections in a row without a connection that lasted for 5 seconds
    /// [default: no limit]
    #[arg(long, value_name = "N")]
    pub(super) max_reconnections: Option<u32>,

    /// Reconnect after this much silence [default: never]; repeatable, once for each class
    ///
    /// The class is what ends the silence: `bytes` of any kind (the default), `comments`, `blocks`
    /// (including those that only set an ID or a reconnection time), or `events`. Each also counts for
    /// those before it.
    #[arg(long = "idle-timeout", value_name = "[CLASS=]TIME", value_parser = idle_timeout)]
    pub(super) idle_timeouts: Vec<(Liveness, Duration)>,
}

const EXAMPLES: &str = "\
If the connection is lost or cannot be made, listen reconnects and resumes after
the last event ID. Progress and problems go to stderr. Times have a unit (500ms,
3s, 1m); without one they are seconds.

Exit codes:
  0    ended as asked: --once, --until, --max-events, a signal
  1    the connection failed or was cut, or stdout cannot be written
  2    wrong arguments
  3    the server asked not to reconnect (status 204)
  4    refused: not an event stream (status, content type, or encoding)
  5    as 0, but an event or an ID was over --limit and skipped
  6    an error event, with --fail-on-error
  130  a second SIGINT or SIGTERM
  141  the reader of stdout closed it, as `head` does

Examples:
  sse-wire listen https://example.com/stream
  sse-wire listen --json --max-events 10 https://example.com/ | jq -r .data
  sse-wire listen --once --until '[DONE]' --fail-on-error -d @request.json URL
  sse-wire listen --retry-status 401,500-599 --idle-timeout events=10m URL
  sse-wire listen --once --raw https://example.com/stream > recorded.sse";

/// A part of the value of `--retry-status`.
#[allow(clippy::reversed_empty_ranges)] // The range of no status.
fn statuses(text: &str) -> Result<RangeInclusive<u16>, String> {
    if text == "none" {
        return Ok(1..=0);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if 100 <= first && first <= last && last <= 599 => {
            let statuses = first..=last;
            match [200, 204].iter().find(|status| statuses.contains(status)) {
                Some(status) => Err(format!(
                    "{status} cannot be retried: 200 opens the stream, and 204 ends it"
                )),
                None => Ok(statuses),
            }
        }
        _ => Err("not a status like 503, a range like 500-599, or none".into()),
    }
}

/// The value of `--idle-timeout`.
fn idle_timeout(text: &str) -> Result<(Liveness, Duration), String> {
    let (class, timeout) = text.split_once('=').unwrap_or(("bytes", text));
    let class = match class {
        "bytes" => Liveness::Bytes,
        "comments" => Liveness::Comments,
        "blocks" => Liveness::Blocks,
        "events" => Liveness::Events,
        _ => return Err("the class is one of bytes, comments, blocks and events".into()),
    };
    Ok((class, time(timeout)?))
}
