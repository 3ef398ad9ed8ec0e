//! What all commands have in common: help, arguments, colors, and an output that fails.

#[path = "support/run.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod run;

use std::fs;
#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixStream};

use run::*;

#[test]
fn colors_are_for_terminals_unless_forced_or_disabled() {
    let stream = "event: tick\ndata: x\n\n";
    let colored = |variables: &[(&str, &str)], arguments: &[&str]| {
        let child = command(arguments).envs(variables.iter().copied()).spawn().unwrap();
        finish(child, stream.as_bytes()).fine().contains('\u{1b}')
    };
    assert!(!colored(&[], &["parse"]));
    assert!(colored(&[("CLICOLOR_FORCE", "1")], &["parse"]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["parse"]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1")], &["parse", "--json"]));
}

#[test]
fn color_is_an_option_of_every_command() {
    let shown = |arguments: &[&str]| run(arguments, "event: tick\ndata: x\n\n").fine();
    assert!(shown(&["parse", "--color", "always"]).contains('\u{1b}'));
    assert!(shown(&["--color=always", "parse"]).contains('\u{1b}'));
    let child = command(&["parse", "--color=never"]).env("CLICOLOR_FORCE", "1").spawn().unwrap();
    assert!(!finish(child, b"data: x\n\n").fine().contains('\u{1b}'));
}

/// Every command that writes to stdout, with an input that makes it write.
const WRITERS: [(&[&str], &str); 14] = [
    (&["parse"], "data: x\n\n"),
    (&["parse", "--color", "always"], "data: x\n\n"),
    (&["parse", "--json"], "data: x\n\n"),
    (&["parse", "--data-only"], "data: x\n\n"),
    (&["explain"], "data: x\n\n"),
    (&["explain", "--lint"], "dat: x\n\n"),
    (&["encode"], "{}\n"),
    (&["conform"], "{}\n"),
    (&["check", "--only", "enc-0001", "--", "cat"], ""),
    (&["completions", "bash"], ""),
    (&["man"], ""),
    (&["help"], ""),
    (&["parse", "--help"], ""),
    (&["--version"], ""),
];

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    for (arguments, input) in WRITERS {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let done = finish(command(arguments).stdout(full).spawn().unwrap(), input.as_bytes());
        assert_eq!(done.code, 1, "{arguments:?}");
        assert!(done.stderr.starts_with("sse-wire: cannot write to stdout: "), "{}", done.stderr);
    }
}

#[cfg(unix)]
#[test]
fn an_output_that_its_reader_has_closed_is_a_failure_without_a_message() {
    for (arguments, input) in WRITERS {
        let (output, _) = UnixStream::pair().unwrap();
        let output = OwnedFd::from(output);
        let done = finish(command(arguments).stdout(output).spawn().unwrap(), input.as_bytes());
        assert_eq!((done.code, done.stderr.as_str()), (CLOSED, ""), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_printed_and_wrong_arguments_are_rejected() {
    let version = run(&["--version"], "").fine();
    assert_eq!(version, format!("sse-wire {}\n", env!("CARGO_PKG_VERSION")));
    for (arguments, words) in [
        (&["--help"][..], &["parse", "encode", "conform", "Exit codes"][..]),
        (&["parse", "--help"], &["--json", "--comments", "--limit", "--chunk", "Examples:"]),
        (&["explain", "--help"], &["--json", "discarded", "Example:"]),
        (&["encode", "--help"], &["--strict", "last_event_id", "Examples:"]),
        (&["conform", "--help"], &["chunks", "steps", "serialize", "Example:"]),
    ] {
        let help = run(arguments, "").fine();
        assert!(words.iter().all(|word| help.contains(word)), "{help}");
    }
    for arguments in [&[][..], &["pars"], &["parse", "--jsn"], &["encode", "a", "b"]] {
        let done = run(arguments, "");
        assert_eq!((done.stdout.as_str(), done.code), ("", 2), "{arguments:?}");
        assert!(done.stderr.contains("Usage:"), "{}", done.stderr);
    }
}

#[test]
fn completions_and_man_pages_know_every_command_and_option() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell], "").fine();
        for word in ["explain", "conform", "lint", "require-clean-end"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let page = run(&["man"], "").fine();
    assert!(page.contains(".TH sse-wire 1") && page.contains("sse\\-wire\\-explain(1)"), "{page}");
    let page = run(&["man", "explain"], "").fine();
    assert!(page.contains(".TH sse-wire-explain 1") && page.contains("\\-\\-lint"), "{page}");
    assert!(page.contains(".SH NOTES\n.nf\nExample"), "{page}");
    let done = run(&["man", "explode"], "");
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert_eq!(done.stderr, "sse-wire: there is no command explode; `sse-wire help` lists them\n");
}
