//! `sse-wire parse`: shows the events of streams, each as soon as its blank line has been read.
//!
//! A `read` returns what is available, and after it the output is flushed. So a live stream is shown live, and a file
//! takes few writes.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use sse_wire::{End, ParseError, Parser};

use crate::arguments;
use crate::input::{Input, Source, feed};
use crate::messages::{cut, log};
use crate::output::{self, Output};
use crate::shown::Shown;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Streams to read, one after the other; `-` is stdin [default: -]
    ///
    /// The last event ID carries over from one stream to the next.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    output: output::Options,

    /// Skip events that need more memory than this, and IDs longer than a quarter of it
    /// [default: 16MiB, and 64KiB for an ID]
    #[arg(long, value_name = "SIZE", value_parser = arguments::size)]
    limit: Option<usize>,

    /// Feed the parser at most this many bytes at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 30))]
    chunk: Option<u32>,

    /// Exit with 1 if a stream is cut inside an event
    #[arg(long)]
    require_clean_end: bool,
}

const EXAMPLES: &str = "\
Examples:
  curl -sN https://example.com/stream | sse-wire parse
  sse-wire parse --json answer.sse | jq -r .data
  sse-wire parse --require-clean-end answer.sse > /dev/null";

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let parser = arguments::parser(arguments.limit);
    let mut replay =
        Replay { arguments, parser, output: Output::new(&arguments.output), failed: false };
    if arguments.files.is_empty() {
        replay.stream(None)?;
    }
    for file in &arguments.files {
        replay.stream(Some(file))?;
    }
    Ok(if replay.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The state for all streams.
struct Replay<'a> {
    arguments: &'a Arguments,
    parser: Parser,
    output: Output,
    /// Whether the exit code has to be 1.
    failed: bool,
}

impl Replay<'_> {
    /// Shows one stream. The error is that of the output.
    fn stream(&mut self, file: Option<&PathBuf>) -> io::Result<()> {
        let Some(Source { name, mut reader }) = Source::open(file) else {
            self.failed = true;
            return Ok(());
        };
        let size = self.arguments.chunk.map(|size| size as usize);
        let read = feed(&mut reader, size, |input| match input {
            Input::Chunk(chunk) => self.chunk(&name, chunk),
            Input::Dry => self.output.flush(),
        })?;
        if let Err(error) = read {
            log(format_args!("cannot read {name}: {error}"));
            self.failed = true;
        }
        self.finish(&name);
        Ok(())
    }

    fn chunk(&mut self, name: &str, chunk: &[u8]) -> io::Result<()> {
        let mut refused = |error: ParseError| {
            log(format_args!("{name}: {error} (--limit)"));
            self.failed = true;
        };
        let mut events = self.parser.push(chunk);
        if self.arguments.output.comments {
            loop {
                match events.next_item() {
                    Ok(Some(item)) => self.output.show(item)?,
                    Ok(None) => return Ok(()),
                    Err(error) => refused(error),
                }
            }
        }
        // A separate loop, in which comments are not retained.
        loop {
            match events.next() {
                Ok(Some(event)) => self.output.show(Shown::Event(event))?,
                Ok(None) => return Ok(()),
                Err(error) => refused(error),
            }
        }
    }

    fn finish(&mut self, name: &str) {
        match self.parser.finish() {
            Ok(End::Clean) => {}
            Ok(End::Incomplete(pending)) => {
                let start = pending.range.start;
                let event_type = Some(pending.event_type).filter(|it| !it.is_empty());
                let id = pending.sets_id.then_some(pending.last_event_id);
                let lost = match pending.refused {
                    true => format!(
                        "the stream was cut inside the event that begins at byte {start}, which is over the limit"
                    ),
                    false => cut(start, event_type, id, pending.data),
                };
                log(format_args!("{name}: {lost}"));
                self.failed |= self.arguments.require_clean_end;
            }
            Err(error) => {
                log(format_args!("{name}: {error}"));
                self.failed = true;
            }
        }
    }
}
