//! `sse-wire explain`: a stream in, each of its lines out, with what it did and the rule that says so.
//! All of it is told by the library's reference, not by its parser.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use sse_wire_reference::{Interpretation, Line, interpret};

use crate::{Source, complain, escape, json};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The stream to explain; `-` is stdin [default: -]
    ///
    /// All of it is read first.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Print one JSON object a line
    ///
    /// {"bytes": [start, end], "line", "reason", "section"} for each line of the stream, then
    /// {"last_event_id", "retry", "discarded": [start, end] or null}.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = r#"Example:
  $ printf 'data: x\nid : 7\n\n' | sse-wire explain
  bytes 0..8 "data: x\n": appends "x" and a LF to the data buffer (9.2.6)
  bytes 8..15 "id : 7\n": ignored: no field has the name "id "; white space belongs to the name, so it is not "id" (9.2.6)
  bytes 15..16 "\n": a blank line: an event of the type "message" (9.2.6)
  the stream ends: the last event ID is ""; nothing is unfinished

The sections are those of the WHATWG HTML standard; "our choice" says that it leaves this open."#;

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let Some(Source { name, mut reader }) = Source::open(arguments.file.as_ref()) else {
        return Ok(ExitCode::FAILURE);
    };
    let mut stream = Vec::new();
    let read = reader.read_to_end(&mut stream);
    let meaning = interpret(&stream, "");
    let mut out = io::BufWriter::new(io::stdout().lock());
    if arguments.json {
        write_json(&meaning, &mut out)?;
    } else {
        write_text(&meaning, &mut out)?;
    }
    out.flush()?;
    // What did come is explained all the same.
    Ok(match read {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("cannot read {name}: {error}"));
            ExitCode::FAILURE
        }
    })
}

fn write_text(meaning: &Interpretation, out: &mut impl Write) -> io::Result<()> {
    let mut text = String::new();
    for line in meaning.to_string().lines() {
        escape::line(line, &mut text);
        text.push('\n');
    }
    out.write_all(text.as_bytes())
}

fn write_json(meaning: &Interpretation, out: &mut impl Write) -> io::Result<()> {
    for Line { source, range, verdict, .. } in &meaning.lines {
        let explained = Explained {
            bytes: [range.start, range.end],
            line: source,
            reason: verdict.to_string(),
            section: verdict.section(),
        };
        json::write_line(&explained, out)?;
    }
    let end = End {
        last_event_id: &meaning.last_event_id,
        retry: meaning.reconnection_time,
        discarded: meaning.unfinished.as_ref().map(|it| [it.range.start, it.range.end]),
    };
    json::write_line(&end, out)
}

#[derive(Serialize)]
struct Explained<'a> {
    bytes: [usize; 2],
    line: &'a str,
    reason: String,
    section: &'static str,
}

#[derive(Serialize)]
struct End<'a> {
    last_event_id: &'a str,
    retry: Option<u64>,
    discarded: Option<[usize; 2]>,
}
