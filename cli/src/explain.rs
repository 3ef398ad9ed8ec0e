//! `sse-wire explain`: prints each line of a stream as it arrives, with its effect and the rule for it, as the
//! reference interprets them, not the library's parser.

use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Serialize;
use sse_wire_reference::{End, Interpreter, Line, Step, Verdict};

use crate::arguments::size;
use crate::input::{Input, Source, feed};
use crate::lint::{Finding, Linter};
use crate::messages::log;
use crate::{escape, json};

/// Shorter silences are not reported, because reading a file has them too.
const SILENCE: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Stream to explain; `-` is stdin [default: -]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Print one JSON object per line
    ///
    /// For each line of the stream {"bytes": [start, end], "line", "reason", "section"}, and
    /// "ill_formed": [[start, end], …] if it has ill-formed UTF-8. At the end {"last_event_id",
    /// "retry", "discarded": [start, end] or null, "lines", "events", "comments", "ids"}, and
    /// {"longest_silence_ms", "at"} if the stream paused. With --lint {"code", "bytes", "problem",
    /// "fix"} for each finding.
    #[arg(long)]
    json: bool,

    /// Show only what is valid but probably a mistake; exit with 1 if there is any
    #[arg(long)]
    lint: bool,

    /// Do not interpret lines that are longer than this, and blocks with more data
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = size)]
    limit: usize,
}

const EXAMPLES: &str = r#"Example:
  $ printf 'data: x\nId: 7\n\n' | sse-wire explain
  bytes 0..8 "data: x\n": appends "x" and an LF to the data buffer (9.2.6)
  bytes 8..14 "Id: 7\n": ignored: no field has the name "Id"; case counts, so it is not "id" (9.2.6)
  bytes 14..15 "\n": a blank line: an event of the type "message" (9.2.6)
  the stream ends: the last event ID is ""; nothing is unfinished
  3 lines, 1 event, 0 comments, 0 ids

  curl -sN https://example.com/stream | sse-wire explain
  sse-wire explain --lint answer.sse

The sections are those of the WHATWG HTML standard; "our choice" marks what it
leaves open. A line that ends with CR is shown when the next byte arrives: an LF
would belong to it."#;

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let Some(Source { name, mut reader }) = Source::open(arguments.file.as_ref()) else {
        return Ok(ExitCode::FAILURE);
    };
    let mut interpreter = Interpreter::new("").with_limit(arguments.limit);
    let mut report = Report {
        out: io::BufWriter::new(io::stdout().lock()),
        json: arguments.json,
        linter: arguments.lint.then(Linter::default),
        summary: Summary::default(),
        findings: 0,
    };
    let mut last_read = Instant::now();
    let read = feed(&mut reader, None, |input| match input {
        Input::Chunk(mut chunk) => {
            report.summary.wait(last_read.elapsed());
            report.summary.bytes += chunk.len();
            while let Some(step) = interpreter.next(&mut chunk) {
                report.step(&step)?;
            }
            Ok(())
        }
        Input::Dry => {
            last_read = Instant::now();
            report.out.flush()
        }
    })?;
    // What was read before an error is explained too.
    if read.is_ok() || report.summary.bytes > 0 {
        let (step, end) = interpreter.finish();
        if let Some(step) = step {
            report.step(&step)?;
        }
        report.end(&end)?;
    }
    if let Err(error) = read {
        log(format_args!("cannot read {name}: {error}"));
        return Ok(ExitCode::FAILURE);
    }
    Ok(if report.findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The output for a stream.
struct Report<W> {
    out: W,
    json: bool,
    linter: Option<Linter>,
    summary: Summary,
    findings: u64,
}

impl<W: Write> Report<W> {
    fn step(&mut self, step: &Step) -> io::Result<()> {
        if let Some(linter) = &mut self.linter {
            let findings = linter.step(step);
            return self.findings(&findings);
        }
        self.summary.count(&step.line.verdict);
        if !self.json {
            return self.text(&step.line.to_string());
        }
        let Line { source, range, ill_formed, verdict, .. } = &step.line;
        let explained = Explained {
            bytes: pair(range),
            line: source,
            reason: verdict.to_string(),
            section: verdict.section(),
            ill_formed: ill_formed.iter().map(pair).collect(),
        };
        json::write_line(&explained, &mut self.out)
    }

    fn end(&mut self, end: &End) -> io::Result<()> {
        let Summary { lines, events, comments, ids, .. } = self.summary;
        if let Some(linter) = &mut self.linter {
            let findings = linter.end(end);
            self.findings(&findings)?;
        } else if self.json {
            let at_end = AtEnd {
                last_event_id: &end.last_event_id,
                retry: end.reconnection_time,
                discarded: end.unfinished.as_ref().map(|it| pair(&it.range)),
                lines,
                events,
                comments,
                ids,
            };
            json::write_line(&at_end, &mut self.out)?;
            if let Some((longest, at)) = self.summary.longest_silence {
                let silence = Silence { longest_silence_ms: longest.as_millis(), at };
                json::write_line(&silence, &mut self.out)?;
            }
        } else {
            self.text(&end.to_string())?;
            let mut summary =
                [(lines, "line"), (events, "event"), (comments, "comment"), (ids, "id")]
                    .map(|(number, what)| match number {
                        1 => format!("1 {what}"),
                        _ => format!("{number} {what}s"),
                    })
                    .join(", ");
            if let Some((longest, at)) = self.summary.longest_silence {
                summary +=
                    &format!("; the longest silence: {} ms before byte {at}", longest.as_millis());
            }
            self.text(&summary)?;
        }
        self.out.flush()
    }

    fn findings(&mut self, findings: &[Finding]) -> io::Result<()> {
        for finding in findings {
            self.findings += 1;
            if self.json {
                json::write_line(finding, &mut self.out)?;
            } else {
                self.text(&finding.to_string())?;
            }
        }
        Ok(())
    }

    fn text(&mut self, line: &str) -> io::Result<()> {
        let mut text = String::new();
        escape::line(line, &mut text);
        text.push('\n');
        self.out.write_all(text.as_bytes())
    }
}

/// The contents of a stream, as counts.
#[derive(Default)]
struct Summary {
    bytes: usize,
    lines: u64,
    events: u64,
    comments: u64,
    ids: u64,
    /// Its length, and the byte that ended it.
    longest_silence: Option<(Duration, usize)>,
}

impl Summary {
    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::ByteOrderMark | Verdict::Unfinished => return,
            Verdict::Dispatch { .. } => self.events += 1,
            Verdict::Comment { .. } => self.comments += 1,
            Verdict::Id { .. } => self.ids += 1,
            _ => {}
        }
        self.lines += 1;
    }

    /// Records a silence. A wait before the first byte does not count.
    fn wait(&mut self, time: Duration) {
        let longest = self.longest_silence.map_or(SILENCE, |(longest, _)| longest);
        if self.bytes > 0 && time > longest {
            self.longest_silence = Some((time, self.bytes));
        }
    }
}

const fn pair(range: &Range<usize>) -> [usize; 2] {
    [range.start, range.end]
}

#[derive(Serialize)]
struct Explained<'a> {
    bytes: [usize; 2],
    line: &'a str,
    reason: String,
    section: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ill_formed: Vec<[usize; 2]>,
}

#[derive(Serialize)]
struct AtEnd<'a> {
    last_event_id: &'a str,
    retry: Option<u64>,
    discarded: Option<[usize; 2]>,
    lines: u64,
    events: u64,
    comments: u64,
    ids: u64,
}

#[derive(Serialize)]
struct Silence {
    longest_silence_ms: u128,
    at: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_silence_is_reported_with_its_place_and_short_ones_are_not() {
        let mut summary = Summary::default();
        summary.wait(Duration::from_secs(9));
        summary.bytes = 7;
        summary.wait(SILENCE);
        assert_eq!(summary.longest_silence, None);
        summary.wait(Duration::from_secs(2));
        summary.bytes = 8;
        summary.wait(Duration::from_secs(1));
        assert_eq!(summary.longest_silence, Some((Duration::from_secs(2), 7)));
    }
}
