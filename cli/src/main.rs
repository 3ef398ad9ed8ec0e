//! The command `sse-wire`: `text/event-stream` on the command line.
//!
//! Here are the arguments, the dispatch and the exit codes; each command has its own file.
//!
//! A command says what is wrong with its input on stderr as it goes, by [`complain`], and tells by
//! its exit code whether it did. The error that it returns is always one in writing to stdout.

mod arguments;
mod check;
mod conform;
mod connection;
mod encode;
mod escape;
mod explain;
mod input;
mod json;
mod lines;
mod lint;
#[cfg(feature = "http")]
mod listen;
mod output;
mod parse;
mod readable;
#[cfg(feature = "http")]
mod runtime;
#[cfg(feature = "http")]
mod serve;
mod shell;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};

/// Parse, encode and check text/event-stream (Server-Sent Events).
#[derive(Parser)]
#[command(name = "sse-wire", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// When to use colors: `auto` is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Subcommand)]
enum Command {
    /// Show the events of streams, as they arrive.
    Parse(parse::Arguments),
    /// Show what each line of a stream does, and by which rule, as they arrive.
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
    /// A harness in any language can drive the library with it: a parse request
    /// {"chunks": [base64, …], "last_event_id"?, "limit"?, "observe"?}, a connection request
    /// {"steps": [{"op": "request"}, …]} or a serialize request
    /// {"serialize": {"type"?, "data"?, "id"?, "retry"?, "comment"?}, "strict"?} a line on stdin
    /// gives one answer a line on stdout, in order. A line that is no valid request is answered with
    /// {"error": reason}; values that can't be written, also with "field" and "reason".
    ///
    /// Without "limit" there is none; with it ids have a quarter of it. With "observe": true the
    /// answer also has the comments, and the range of each event in the stream.
    ///
    /// The steps of a connection, each with one result: "request", "response" with "status" and
    /// "content_type" (null for none), "bytes" with "b64", "end", "network_error" and "close".
    #[command(after_help = CONFORM_EXAMPLES)]
    Conform,
    /// Check any program by the test vectors: it answers conformance requests.
    ///
    /// Each case is sent in its own chunks, whole, byte by byte and cut at every place. A crash, a
    /// hang or noise on stdout fails the case, and the program is started again. Exits with 1 if a
    /// case fails; `--level must` judges only what the standard decides.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(check::Arguments),
    /// Print completions for a shell.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a man page.
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The command that it is about [default: all of them]
        command: Option<String>,
    },
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 something in the input was refused or could not be read (stderr says what);
2 wrong arguments. `help listen` and `help serve` say how those end.";

const CONFORM_EXAMPLES: &str = r#"Example:
  $ echo '{"chunks": ["ZGF0YTogaGkK", "Cg=="]}' | sse-wire conform
  {"events":[{"type":"message","data":"hi","last_event_id":""}],"last_event_id":"","retry":null,"after":[0,1],"end":"clean","errors":[]}"#;

const CHECK_EXAMPLES: &str = "\
Examples:
  $ sse-wire check -- sse-wire conform
  $ sse-wire check --level must --only line-ends,utf-8 -- python3 driver.py
The protocol, and drivers to copy: test-vectors/PROTOCOL.md.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  sse-wire completions bash > ~/.local/share/bash-completion/completions/sse-wire
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
    match done {
        Ok(code) => code,
        // Whoever reads stdout has seen enough: `| head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("cannot write to stdout: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints help, the version, or what is wrong with the arguments.
fn without_command(text: &clap::Error) -> ExitCode {
    match text.print().and_then(|()| io::stdout().flush()) {
        Err(error) if !text.use_stderr() => {
            complain(format_args!("cannot write to stdout: {error}"));
            ExitCode::FAILURE
        }
        _ if text.use_stderr() => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    }
}

/// Says on stderr what is wrong. The text may have parts of the input in it.
fn complain(what: fmt::Arguments<'_>) {
    let mut line = String::from("sse-wire: ");
    escape::line(&what.to_string(), &mut line);
    line.push('\n');
    // Nobody is left to tell that stderr is gone.
    let _ = io::stderr().write_all(line.as_bytes());
}
