//! The command `sse-wire`: `text/event-stream` on the command line.
//!
//! This file has the arguments, the dispatch, and the exit codes; each command has its own file.
//!
//! A command reports problems with its input on stderr, with [`log`], and in its exit code. The error that it returns
//! is always an error of writing to stdout.

mod arguments;
mod check;
mod conform;
mod encode;
mod escape;
mod explain;
mod input;
mod json;
mod lines;
mod lint;
#[cfg(feature = "http")]
mod listen;
#[cfg(feature = "http")]
mod loopback;
mod messages;
mod output;
mod parse;
mod readable;
#[cfg(feature = "http")]
mod runtime;
#[cfg(feature = "http")]
mod serve;
mod shell;
mod shown;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};

use crate::messages::log;

/// Parse, encode, and check text/event-stream (Server-Sent Events).
#[derive(Parser)]
#[command(name = "sse-wire", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// When to use colors; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, display_order = 900, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Subcommand)]
enum Command {
    /// Show the events of streams as they arrive.
    Parse(parse::Arguments),
    /// Show what each line of a stream does, and by which rule, as it arrives.
    Explain(explain::Arguments),
    /// Turn JSON lines into a stream.
    Encode(encode::Arguments),
    /// Show the events of a server, and reconnect when the connection is lost.
    #[cfg(feature = "http")]
    Listen(Box<listen::Arguments>),
    /// Serve lines of stdin as events to every client that connects.
    #[cfg(feature = "http")]
    Serve(serve::Arguments),
    /// Answer conformance requests: JSON lines in, JSON lines out.
    ///
    /// A harness in any language can drive the library with this command. Each line of stdin is a
    /// request, and each request gets one line on stdout, in order. There are three kinds:
    ///
    /// Parse a stream: {"chunks": [base64, …], "last_event_id"?, "limit"?, "observe"?}. Without
    /// "limit" there is no limit; with it, IDs can have a quarter of it. With "observe": true the
    /// answer also has the comments and the range of each event in the stream.
    ///
    /// Run a connection: {"steps": [{"op": "request"}, …]}. The steps, each with one result, are
    /// "request", "response" with "status" and "content_type" (null for none), "bytes" with "b64",
    /// "end", "network_error", and "close".
    ///
    /// Serialize: {"serialize": {"type"?, "data"?, "id"?, "retry"?, "comment"?}, "strict"?}.
    ///
    /// The answer to an invalid request is {"error": reason}; for values that cannot be written, it
    /// also has "field" and "reason".
    #[command(after_help = CONFORM_EXAMPLES)]
    Conform,
    /// Test any program that answers conformance requests with the test vectors.
    ///
    /// Each stream is sent in the chunks of its case, as one chunk, byte by byte, and cut in two at
    /// every position. A crash, a hang, or noise on stdout fails the case, and the program is restarted.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(check::Arguments),
    /// Print the completion script of a shell.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// Name of the shell
        shell: clap_complete::Shell,
    },
    /// Print a man page.
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// Command to describe [default: sse-wire itself]
        command: Option<String>,
    },
}

const EXIT_CODES: &str = "\
Exit codes: 0 success; 1 something in the input was rejected or could not be
read (stderr says what), or stdout cannot be written; 2 wrong arguments; 141 the
reader of stdout closed it, as `head` does. `check`, `listen`, and `serve` list
theirs in their own help.";

/// The exit code if stdout is closed: 128 plus the number of SIGPIPE, as with `cat` and `grep`.
const CLOSED: u8 = 141;

const CONFORM_EXAMPLES: &str = r#"Example:
  $ echo '{"chunks": ["ZGF0YTogaGkK", "Cg=="]}' | sse-wire conform
  {"events":[{"type":"message","data":"hi","last_event_id":""}],"last_event_id":"","retry":null,"after":[0,1],"end":"clean","errors":[]}"#;

const CHECK_EXAMPLES: &str = "\
Examples:
  $ sse-wire check -- sse-wire conform
  $ sse-wire check --level must --only line-ends,utf-8 -- python3 driver.py

Exit codes: 0 all cases passed, or were not supported; 1 a case failed, or none
passed, or stdout cannot be written; 2 wrong arguments, or the program cannot be
started; 141 the reader of stdout closed it.

The protocol, and drivers to copy, are in test-vectors/PROTOCOL.md.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  echo 'source <(sse-wire completions bash)' >> ~/.bashrc
  sse-wire completions zsh > ~/.zfunc/_sse-wire
  sse-wire completions fish > ~/.config/fish/completions/sse-wire.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  sse-wire man > /usr/local/share/man/man1/sse-wire.1
  sse-wire man parse | man -l -";

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return without_command(&error),
    };
    match arguments.color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let done = match arguments.command {
        Command::Parse(arguments) => parse::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Encode(arguments) => encode::run(&arguments),
        #[cfg(feature = "http")]
        Command::Listen(arguments) => listen::run(&arguments),
        #[cfg(feature = "http")]
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Conform => conform::run(),
        Command::Check(arguments) => check::run(&arguments),
        Command::Completions { shell } => shell::completions(Arguments::command(), shell),
        Command::Man { command } => shell::man(Arguments::command(), command.as_deref()),
    };
    done.unwrap_or_else(|error| unwritten(&error))
}

/// Returns the exit code after an error of writing to stdout.
fn unwritten(error: &io::Error) -> ExitCode {
    if error.kind() == io::ErrorKind::BrokenPipe {
        // As in `| head -1`: not an error, but not a success either, because the rest of the input was not read.
        return ExitCode::from(CLOSED);
    }
    log(format_args!("cannot write to stdout: {error}"));
    ExitCode::FAILURE
}

/// Prints help, the version, or an error in the arguments.
fn without_command(text: &clap::Error) -> ExitCode {
    match text.print().and_then(|()| io::stdout().flush()) {
        Err(error) if !text.use_stderr() => unwritten(&error),
        _ if text.use_stderr() => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    }
}
