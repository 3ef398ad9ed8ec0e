//! `sse-wire parse`: streams in, events out, each as soon as its blank line has been read.
//!
//! Reading is by plain `read`, which gives what is there, and each event is flushed: so a live
//! stream is shown live.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use sse_wire::{End, Item, ParseError, Parser};

use crate::output::{Output, cut};
use crate::{Source, arguments, complain};

/// How many bytes are read at once, at least.
const BUFFER: usize = 64 * 1024;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Streams to read, one after the other; `-` is stdin [default: -]
    ///
    /// The last event ID carries over from each stream to the next.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print one JSON object a line
    ///
    /// {"type", "data", "last_event_id", "bytes": [start, end]}, with the range of the event in its
    /// stream.
    #[arg(long)]
    json: bool,

    /// Also show comments, reconnection times, and blocks that only set the last event ID
    ///
    /// In JSON: {"comment", "position"}, {"retry"} and {"id", "bytes"}.
    #[arg(long)]
    comments: bool,

    /// Skip an event that needs more memory than this, and an id that is longer than a quarter of it
    /// [default: 16 MiB, and 64 KiB for an id]
    #[arg(long, value_name = "BYTES")]
    limit: Option<usize>,

    /// Feed the parser at most so many bytes at a time
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
        Replay { arguments, parser, output: Output::new(arguments.json), failed: false };
    if arguments.files.is_empty() {
        replay.stream(None)?;
    }
    for file in &arguments.files {
        replay.stream(Some(file))?;
    }
    Ok(if replay.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The way through the streams.
struct Replay<'a> {
    arguments: &'a Arguments,
    parser: Parser,
    output: Output,
    /// Whether the exit code has to be 1.
    failed: bool,
}

impl Replay<'_> {
    /// Shows one stream. The error is one of the output.
    fn stream(&mut self, file: Option<&PathBuf>) -> io::Result<()> {
        let Some(Source { name, mut reader }) = Source::open(file) else {
            self.failed = true;
            return Ok(());
        };
        let size = self.arguments.chunk.map_or(BUFFER, |size| size as usize);
        if let Err(error) = feed(&mut reader, size, |chunk| self.chunk(&name, chunk))? {
            complain(format_args!("cannot read {name}: {error}"));
            self.failed = true;
        }
        self.finish(&name);
        Ok(())
    }

    fn chunk(&mut self, name: &str, chunk: &[u8]) -> io::Result<()> {
        let mut refused = |error: ParseError| {
            complain(format_args!("{name}: {error} (--limit)"));
            self.failed = true;
        };
        if self.arguments.comments {
            let mut items = self.parser.observe(chunk);
            loop {
                match items.next() {
                    Ok(Some(item)) => self.output.show(item)?,
                    Ok(None) => return Ok(()),
                    Err(error) => refused(error),
                }
            }
        }
        // Not the same loop: comments that nobody asked for are not even retained.
        let mut events = self.parser.push(chunk);
        loop {
            match events.next() {
                Ok(Some(event)) => self.output.show(Item::Event(event))?,
                Ok(None) => return Ok(()),
                Err(error) => refused(error),
            }
        }
    }

    fn finish(&mut self, name: &str) {
        match self.parser.finish() {
            Ok(End::Clean) => {}
            Ok(End::Incomplete(pending)) => {
                complain(format_args!("{name}: {}", cut(&pending)));
                self.failed |= self.arguments.require_clean_end;
            }
            Err(error) => {
                complain(format_args!("{name}: {error}"));
                self.failed = true;
            }
        }
    }
}

/// Gives all that comes from `reader` to `take`, as soon as it is there, at most `size` bytes at
/// a time. The outer error is one of `take`, the inner one of `reader`.
fn feed(
    reader: &mut impl Read,
    size: usize,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<io::Result<()>> {
    // A multiple of the size: the end of the buffer cuts nothing.
    let mut buffer = vec![0; BUFFER.next_multiple_of(size)];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(len) => buffer[..len].chunks(size).try_for_each(&mut take)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::feed;

    fn chunks(mut reader: impl Read, size: usize) -> (Vec<Vec<u8>>, io::Result<()>) {
        let mut chunks = Vec::new();
        let read = feed(&mut reader, size, |chunk| {
            chunks.push(chunk.to_vec());
            Ok(())
        });
        (chunks, read.expect("nothing fails in taking"))
    }

    #[test]
    fn all_chunks_but_the_last_have_the_size() {
        let stream: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        for size in [1, 2, 3, 1000, 65_535, 65_536, 65_537, 150_000, 300_000] {
            let (chunks, read) = chunks(&stream[..], size);
            assert!(read.is_ok());
            assert_eq!(chunks.concat(), stream);
            assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk.len() == size), "{size}");
        }
    }

    /// A reader that has its input in pieces, is interrupted before each, and fails at the end.
    struct Dribble<'a>(&'a [&'a [u8]], bool);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match *self.0 {
                _ if self.1 => Err(io::ErrorKind::Interrupted.into()),
                [piece, ref rest @ ..] => {
                    self.0 = rest;
                    (&mut &*piece).read(buffer)
                }
                [] => Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
    }

    #[test]
    fn what_is_there_is_taken_at_once_and_an_error_is_told() {
        let (chunks, read) = chunks(Dribble(&[b"abc", b"d", b"efgh"], false), 3);
        assert_eq!(chunks, [&b"abc"[..], b"d", b"efg", b"h"]);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}
