//! `sse-wire encode`: JSON lines in, a stream out.
//!
//! It accepts the members of a serialize request of the conformance protocol, and the output of
//! `sse-wire parse --json`, in which an event has the last event ID in force: if a line has no `id`, an `id` line
//! is written if its `last_event_id` differs from the one that the stream has set so far.

use std::fmt::Display;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::de::IgnoredAny;
use sse_wire::Block;

use crate::input::Source;
use crate::json::{self, present, values};
use crate::lines::{LONGEST, Lines};
use crate::messages::log;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// JSON lines to read; `-` is stdin [default: -]
    ///
    /// Each line is an object and becomes one block. All keys are optional: `type`, `data`, `id`, and
    /// `comment` (strings), and `retry` (milliseconds). The output of `parse --json` is accepted, too:
    /// `last_event_id` writes an `id` line if it differs from the previous one; `bytes`, `position`, and
    /// `time` are ignored. Empty lines are skipped.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Reject data with a carriage return, which would decode as a line feed
    #[arg(long)]
    strict: bool,
}

const EXAMPLES: &str = r#"Examples:
  echo '{"type": "tick", "id": "7", "data": "one\ntwo"}' | sse-wire encode
  sse-wire parse --json in.sse | sse-wire encode > out.sse"#;

values! {
    /// A line of input.
    struct Line {
        #[serde(default, deserialize_with = "present")]
        last_event_id: Option<String>,
        #[serde(default, rename = "bytes")]
        _bytes: Option<IgnoredAny>,
        #[serde(default, rename = "position")]
        _position: Option<IgnoredAny>,
        #[serde(default, rename = "time")]
        _time: Option<IgnoredAny>,
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let Some(Source { name, reader }) = Source::open(arguments.file.as_ref()) else {
        return Ok(ExitCode::FAILURE);
    };
    let mut lines = Lines::new(BufReader::new(reader), LONGEST);
    let mut blocks = Blocks::new(arguments.strict);
    let mut stdout = BufWriter::new(io::stdout().lock());
    for number in 1_u64.. {
        if lines.are_dry() {
            stdout.flush()?;
        }
        let line = match lines.next() {
            Ok(Some(line)) => line.map(<[u8]>::trim_ascii),
            Ok(None) => break,
            Err(error) => {
                stdout.flush()?;
                log(format_args!("cannot read {name}: {error}"));
                return Ok(ExitCode::FAILURE);
            }
        };
        if line == Ok(b"") {
            continue;
        }
        let mut stream = Vec::new();
        let encoded = line.and_then(|line| blocks.line(line, |block| block.encode(&mut stream)));
        if let Err(reason) = encoded {
            stdout.flush()?;
            log(format_args!("{name}: line {number}: {reason}"));
            return Ok(ExitCode::FAILURE);
        }
        stdout.write_all(&stream)?;
    }
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Lines of JSON that become blocks.
pub(crate) struct Blocks {
    strict: bool,
    /// What the stream has set so far.
    last_event_id: String,
}

impl Blocks {
    pub(crate) const fn new(strict: bool) -> Self {
        Blocks { strict, last_event_id: String::new() }
    }

    /// Passes the block of a line to `take`. The error is the reason why there is none, or that of `take`.
    pub(crate) fn line<E: Display>(
        &mut self,
        line: &[u8],
        take: impl FnOnce(&Block<'_>) -> Result<(), E>,
    ) -> Result<(), String> {
        let line: Line = json::read_line(line)?;
        let mut block = line.block(self.strict);
        if let Some(last_event_id) = &line.last_event_id {
            // `parse --json` also prints the default type.
            block.event_type = block.event_type.filter(|&it| it != "message");
            if block.id.is_some_and(|id| id != last_event_id) {
                return Err("`id` and `last_event_id` differ; leave one of them out".into());
            }
            if *last_event_id != self.last_event_id {
                block.id = Some(last_event_id);
            }
        }
        take(&block).map_err(|error| error.to_string())?;
        if let Some(id) = block.id {
            id.clone_into(&mut self.last_event_id);
        }
        Ok(())
    }
}
