//! `sse-wire listen`: shows the events of a server, and reconnects. [`EventSource`] has the rules; this file has the
//! messages.

mod error;
mod http;
mod options;
mod policy;
mod request;

use std::future::ready;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use sse_wire::{
    BoxBody, BoxEventSource, EventSource, Failure, Incoming, Interruption as Loss, Refused,
    SourceError, SourceNotice,
};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::timeout;

use self::error::chain;
use self::http::Client;
pub(crate) use self::options::Arguments;
use self::policy::policy;
use crate::arguments;
use crate::messages::{cut, log, quote};
use crate::output::Output;
use crate::runtime::{self, Interruption};
use crate::shown::Shown;

/// The exit codes, as in the help.
#[derive(Clone, Copy)]
enum Exit {
    Asked = 0,
    Failed = 1,
    Arguments = 2,
    Ended = 3,
    Refused = 4,
    Limit = 5,
    ErrorEvent = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Time limit for writing what is left after a signal.
const END: Duration = Duration::from_millis(100);

/// Time limit for the beginning of a body that is only quoted.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let url = request::shown(&arguments.url);
    let client = request::url(&arguments.url)
        .map_err(|reason| format!("{url}: {reason}"))
        .and_then(|url| Client::new(url, &arguments.request));
    let made = client.and_then(|client| Ok((client, parser(arguments)?)));
    let (client, parser) = match made {
        Ok(made) => made,
        Err(reason) => {
            log(format_args!("{reason}"));
            return Ok(Exit::Arguments.into());
        }
    };
    runtime::run(END, async |interruption| {
        let policy = policy(arguments, client.is_safe());
        let (sender, bytes) = mpsc::unbounded_channel();
        let sender = arguments.raw.then_some(sender);
        let mut source = EventSource::new(move |attempt| {
            let (response, sender) = (client.send(&attempt), sender.clone());
            async move { response.await.map(|response| response.map(|body| copied(body, sender))) }
        })
        .with_policy(policy)
        .with_parser(parser);
        if arguments.output.comments {
            source = source.observe();
        }
        Listener {
            arguments,
            source: source.boxed(),
            bytes,
            url,
            output: Output::new(&arguments.output),
            events: 0,
            refused: [0; 2],
            unsent: 0,
        }
        .listen(interruption)
        .await
    })
}

/// A body whose bytes are also sent to a channel.
fn copied(
    body: reqwest::Body,
    channel: Option<UnboundedSender<Bytes>>,
) -> impl Body<Data = Bytes, Error = reqwest::Error> {
    body.map_frame(move |frame| {
        if let (Some(channel), Some(bytes)) = (&channel, frame.data_ref()) {
            // The receiver lives as long as the source.
            let _ = channel.send(bytes.clone());
        }
        frame
    })
}

fn parser(arguments: &Arguments) -> Result<sse_wire::Parser, String> {
    let mut parser = arguments::parser(arguments.end.limit);
    if let Some(id) = &arguments.request.last_event_id {
        parser.set_last_event_id(id).map_err(|error| format!("--last-event-id: {error}"))?;
    }
    Ok(parser)
}

/// Shows events, and logs what happens.
struct Listener<'a> {
    arguments: &'a Arguments,
    source: BoxEventSource,
    /// What was received and has to be written unchanged. The source is polled only while this is empty.
    bytes: UnboundedReceiver<Bytes>,
    /// The address without secrets, for messages.
    url: String,
    output: Output,
    /// The number of events that were shown.
    events: u64,
    /// How many events and IDs were skipped since the last message about them.
    refused: [u64; 2],
    /// How many requests were sent without the ID, which a header cannot carry.
    unsent: u64,
}

impl Listener<'_> {
    async fn listen(mut self, mut interruption: Interruption) -> io::Result<ExitCode> {
        let mut exit = Exit::Asked;
        while self.arguments.end.max_events.is_none_or(|most| self.events < most) {
            let item = tokio::select! {
                biased;
                () = interruption.wait() => break,
                Some(bytes) = self.bytes.recv() => {
                    self.output.write_bytes(&bytes)?;
                    continue;
                }
                item = self.source.next() => item,
                // Nothing more is available at the moment.
                () = ready(()), if self.output.is_pending() => {
                    self.output.flush()?;
                    continue;
                }
            };
            match item {
                Some(Ok(Incoming::Event(event))) => {
                    let until = self.arguments.end.until.as_ref();
                    if until.is_some_and(|it| *it == event.event_type || *it == event.data) {
                        break;
                    }
                    self.events += u64::from(self.output.shows(&event.event_type));
                    self.show(Shown::Event(event.as_event()))?;
                    if self.arguments.end.fail_on_error
                        && (event.event_type == "error" || event.is_error_object())
                    {
                        self.output.flush()?;
                        log(format_args!("the server sent an error event: {}", quote(&event.data)));
                        exit = Exit::ErrorEvent;
                        break;
                    }
                }
                Some(Ok(Incoming::Notice(notice))) => {
                    if let Some(end) = self.announce(notice)? {
                        exit = end;
                        break;
                    }
                }
                Some(Err(error)) => {
                    self.output.flush()?;
                    exit = match &error {
                        SourceError::Response(error)
                            if !matches!(error.failure(), Failure::Reconnections { .. }) =>
                        {
                            Exit::Refused
                        }
                        _ => Exit::Failed,
                    };
                    let said = fail(error).await;
                    log(format_args!("{}: {said}", self.url));
                }
                None => break,
            }
        }
        while let Ok(bytes) = self.bytes.try_recv() {
            self.output.write_bytes(&bytes)?;
        }
        self.output.flush()?;
        self.log_refused();
        if matches!(exit, Exit::Asked) && self.refused != [0; 2] {
            exit = Exit::Limit;
        }
        Ok(exit.into())
    }

    fn show(&mut self, item: Shown<'_>) -> io::Result<()> {
        if self.arguments.raw { Ok(()) } else { self.output.show(item) }
    }

    /// Logs or shows a notice, and returns an exit code if it is the end. The error is that of the output.
    fn announce(&mut self, notice: SourceNotice) -> io::Result<Option<Exit>> {
        // Writes the earlier events before the message.
        self.output.flush()?;
        match notice {
            SourceNotice::Comment { text, position, .. } => {
                self.show(Shown::Comment(&text, position))?;
            }
            SourceNotice::ReconnectionTime { time, .. } => {
                self.show(Shown::ReconnectionTime(time))?;
            }
            SourceNotice::LastEventId { id, range, .. } => self.show(Shown::Id(&id, range))?,
            SourceNotice::Refused(error) => {
                // The first is logged, the others are counted.
                let count = &mut self.refused[usize::from(error.refused() == Refused::Id)];
                *count += 1;
                if *count == 1 {
                    log(format_args!("{error} (--limit)"));
                }
            }
            SourceNotice::Open => log(format_args!("connected to {}", self.url)),
            SourceNotice::Reconnecting { reason, delay, error, unfinished, .. } => {
                self.log_refused();
                if let Some(event) = &unfinished {
                    let event_type = Some(&*event.event_type).filter(|it| *it != "message");
                    let id = event.sets_id.then_some(&*event.last_event_id);
                    let lost = cut(event.range.start, event_type, id, Some(&event.data));
                    log(format_args!("{lost}"));
                }
                let error =
                    error.map_or_else(String::new, |error| format!(" ({})", chain(&*error)));
                if self.arguments.end.once {
                    log(format_args!("{reason}{error}"));
                    return Ok(Some(self.end_once(reason, unfinished.is_some())));
                }
                self.log_reconnecting(&format!("{reason}{error}"), delay);
            }
            SourceNotice::Ended => {
                log(format_args!("{}: {}", self.url, SourceNotice::Ended));
                return Ok(Some(Exit::Ended));
            }
            notice => log(format_args!("{}: {notice}", self.url)),
        }
        Ok(None)
    }

    /// The exit code after the only stream.
    fn end_once(&self, reason: Loss, is_cut: bool) -> Exit {
        match &self.arguments.end.until {
            _ if is_cut || reason != Loss::End => Exit::Failed,
            Some(until) => {
                log(format_args!("no event with the type or data {} arrived", quote(until)));
                Exit::Failed
            }
            None => Exit::Asked,
        }
    }

    fn log_reconnecting(&mut self, why: &str, delay: Duration) {
        let id = self.source.last_event_id();
        let after = match self.source.connection().last_event_id_header() {
            Some(id) => format!(", after ID {}", quote(id)),
            None => String::new(),
        };
        let delay = delay.as_millis();
        log(format_args!("{why}; reconnecting in {delay} ms{after}"));
        if after.is_empty() && !id.is_empty() {
            self.unsent += 1;
            if self.unsent == 1 {
                log(format_args!(
                    "the last event ID {} is not sent: it has a control character, which a header cannot carry; the server may repeat or skip events",
                    quote(id)
                ));
            }
        }
    }

    /// Logs how many more were skipped since the last message.
    fn log_refused(&mut self) {
        for (count, what) in self.refused.iter_mut().zip(["event", "ID"]) {
            match count.saturating_sub(1) {
                0 => continue,
                1 => log(format_args!("1 more {what} was skipped (--limit)")),
                more => log(format_args!("{more} more {what}s were skipped (--limit)")),
            }
            *count = 1;
        }
    }
}

/// Returns the message of a final error, with the beginning of the response if there is one.
async fn fail(error: SourceError<BoxBody>) -> String {
    let said = error.to_string();
    let error = match error {
        SourceError::Response(error) => error,
        SourceError::GaveUp { failure: Failure::NotSafe { .. }, .. } => {
            return format!("{said}; to receive one stream only, use --once");
        }
        _ => return said,
    };
    match timeout(PATIENCE, error.body_text(200)).await {
        Ok(text) if !text.is_empty() => format!("{said}; its body begins with {}", quote(&text)),
        _ => said,
    }
}
