//! The command `sse-wire`, from outside: what goes in, what comes out, and the exit code.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::connection::{Outcome, Response, Step, connection_cases};

/// How long a live answer may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a run of the command gave.
#[derive(Debug)]
struct Done {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Done {
    /// The output of a run that succeeded and had nothing to complain about.
    #[track_caller]
    fn fine(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// The lines of JSON of such a run.
    #[track_caller]
    fn json(self) -> Vec<Value> {
        json_lines(&self.fine())
    }
}

#[track_caller]
fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sse-wire"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Done {
    finish(command(arguments).spawn().unwrap(), stdin.as_ref())
}

/// Gives the rest of its input to a child and waits for it.
fn finish(mut child: Child, stdin: &[u8]) -> Done {
    let mut pipe = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // It may end before it has read all.
        scope.spawn(move || pipe.write_all(stdin).ok());
        child.wait_with_output().unwrap()
    });
    Done {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().expect("an exit code, not a signal"),
    }
}

/// A file for one test.
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A child whose output is read while its input is open.
struct Live {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Live {
    fn new(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Live { child, lines }
    }

    fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes.as_ref()).unwrap();
        stdin.flush().unwrap();
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line while the input is still open")
    }

    /// No line is there that was not asked for.
    #[track_caller]
    fn end(self) {
        assert_eq!(finish(self.child, b"").fine(), "");
        assert_eq!(self.lines.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
    }
}

/// A child whose reader goes away after one line, `| head -1`; it is fed until it ends.
#[track_caller]
fn ends_quietly_behind_head(arguments: &[&str], input: &'static str) {
    let mut child = command(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Much more than a pipe holds.
    let feeder =
        thread::spawn(move || (0..1_000_000).all(|_| stdin.write_all(input.as_bytes()).is_ok()));
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
    assert!(!feeder.join().unwrap(), "it ends when nobody reads");
}

// parse

#[test]
fn events_are_readable() {
    let stream = ": hi\nretry: 5\nid: 1\ndata: one\ndata:\ndata:  two\n\nevent: tick\ndata: {}\n\n\
                  id: 2\n\nevent: ping\nid\ndata\n\ndata: \ttab é日\u{1f30a}\n\n";
    let events = "message  id: 1\n  one\n  \n   two\ntick\n  {}\n\
                  ping  (id reset)  (empty data)\nmessage\n  \ttab é日\u{1f30a}\n";
    assert_eq!(run(&["parse"], stream).fine(), events);
    assert_eq!(run(&["parse", "-"], stream).fine(), events);
    assert_eq!(run(&["parse", &file("readable.sse", stream)], "").fine(), events);
}

#[test]
fn comments_reconnection_times_and_ids_without_an_event_are_shown_on_demand() {
    let stream = ": hi\nretry: 5\nid: 7\n\ndata: x\n: in between\n\nid\n\nevent: none\n\n";
    assert_eq!(
        run(&["parse", "--comments"], stream).fine(),
        ": hi\nretry: 5 ms\nid: 7\n: in between\nmessage\n  x\n(id reset)\n"
    );
    assert_eq!(
        run(&["parse", "--json", "--comments"], stream).json(),
        [
            json!({"comment": "hi", "position": 0}),
            json!({"retry": 5}),
            json!({"id": "7", "bytes": [0, 21]}),
            json!({"comment": "in between", "position": 29}),
            json!({"type": "message", "data": "x", "last_event_id": "7", "bytes": [21, 43]}),
            json!({"id": "", "bytes": [43, 47]}),
        ]
    );
    assert_eq!(
        run(&["parse", "--json"], stream).json(),
        [json!({"type": "message", "data": "x", "last_event_id": "7", "bytes": [21, 43]})]
    );
}

#[test]
fn a_stream_cannot_drive_the_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{9b}2J\u{7f}\u{8}\u{202e}";
    let stream = format!(
        ": c{hostile}\nevent: e{hostile}\nid: i{hostile}\ndata: d{hostile}\0\n\ndata: \u{1b}cut"
    );
    for arguments in [
        &["parse", "--comments"][..],
        &["parse", "--comments", "--json"],
        &["parse", "--comments", "--chunk", "1"],
    ] {
        let done = run(arguments, &stream);
        for text in [&done.stdout, &done.stderr] {
            let bad = text.chars().find(|&c| c != '\n' && c.is_control() || c == '\u{202e}');
            assert_eq!(bad, None, "{arguments:?} {text}");
        }
        assert!(done.stdout.lines().count() >= 2 && done.stderr.contains("cut"), "{done:?}");
    }
    let readable = run(&["parse", "--comments"], &stream).stdout;
    let shown = r"\u{1b}]0;x\u{7}\u{9b}2J\u{7f}\u{8}\u{202e}";
    assert_eq!(readable, format!(": c{shown}\ne{shown}  id: i{shown}\n  d{shown}\\u{{0}}\n"));
    let events = json_lines(&run(&["parse", "--json"], &stream).stdout);
    assert_eq!(events[0]["data"], format!("d{hostile}\0"), "JSON keeps the text");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let stream = "event: tick\ndata: x\n\n";
    let coloured = |variables: &[(&str, &str)], arguments: &[&str]| {
        let child = command(arguments).envs(variables.iter().copied()).spawn().unwrap();
        finish(child, stream.as_bytes()).fine().contains('\u{1b}')
    };
    assert!(!coloured(&[], &["parse"]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &["parse"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["parse"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["parse", "--json"]));
}

#[test]
fn events_of_a_type_and_data_alone_are_shown_on_demand() {
    let stream = "event: a\ndata: 1\ndata: \u{1b}2\n\ndata: 3\n\nevent: b\ndata\n\n: c\n\n";
    let shown = |options: &[&str]| run(&[&["parse"], options].concat(), stream).fine();
    assert_eq!(shown(&["--event", "message"]), "message\n  3\n");
    assert_eq!(shown(&["--event", "a", "--event=b"]).lines().count(), 4);
    assert_eq!(shown(&["--event", "message", "--comments"]), "message\n  3\n: c\n");
    assert_eq!(shown(&["--data-only"]), "1\n\u{1b}2\n3\n\n", "a pipe gets it as it is");
    assert_eq!(shown(&["--data-only", "--event", "message"]), "3\n");
    for other in ["--json", "--comments", "--timestamps"] {
        assert_eq!(run(&["parse", "--data-only", other], "").code, 2, "{other}");
    }
}

#[test]
fn timestamps_are_in_both_forms_and_encode_takes_them() {
    let stream = ": c\ndata: x\n\n";
    let is_time = |text: &str| {
        let form: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        form == "9999-99-99T99:99:99.999Z"
    };
    let shown = run(&["parse", "--timestamps", "--comments"], stream).fine();
    let lines: Vec<_> = shown.lines().collect();
    let (time, comment) = lines[0].split_once("  ").unwrap();
    assert!(is_time(time) && comment == ": c", "{shown}");
    let (time, event_type) = lines[1].split_once("  ").unwrap();
    assert!(is_time(time) && event_type == "message" && lines[2] == "  x", "{shown}");
    let printed = run(&["parse", "--timestamps", "--json", "--comments"], stream).fine();
    for line in json_lines(&printed) {
        assert!(is_time(line["time"].as_str().unwrap()), "{line}");
    }
    assert_eq!(run(&["encode"], printed).fine(), ": c\n\ndata: x\n\n");
}

#[test]
fn color_is_an_option_of_every_command() {
    let shown = |arguments: &[&str]| run(arguments, "event: tick\ndata: x\n\n").fine();
    assert!(shown(&["parse", "--color", "always"]).contains('\u{1b}'));
    assert!(shown(&["--color=always", "parse"]).contains('\u{1b}'));
    let child = command(&["parse", "--color=never"]).env("CLICOLOR_FORCE", "1").spawn().unwrap();
    assert!(!finish(child, b"data: x\n\n").fine().contains('\u{1b}'));
}

/// A number that the system has about a child.
#[cfg(target_os = "linux")]
fn system_number(child: &Child, file: &str, label: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(label)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn events_of_a_stream_that_is_all_there_are_written_together_and_memory_is_flat() {
    const EVENTS: usize = 200_000;
    let path = file("many.sse", "data: x\n\n".repeat(EVENTS));
    for options in [&[][..], &["--json"]] {
        // The input stays open behind the file, so that the process is still there.
        let mut live = Live::new(&[&["parse"], options, &[path.as_str(), "-"]].concat());
        live.write("data: the end\n\n");
        while !live.line().contains("the end") {}
        let writes = system_number(&live.child, "io", "syscw:");
        assert!(writes < EVENTS as u64 / 20, "{writes} writes");
        let peak = system_number(&live.child, "status", "VmHWM:");
        assert!(peak < 32 * 1024, "{peak} KiB");
        live.end();
    }
}

#[test]
fn an_event_is_out_while_the_stream_is_still_open() {
    let mut live = Live::new(&["parse", "--json"]);
    for n in ["1", "2"] {
        live.write(format!("data: {n}\n\nda"));
        let event: Value = serde_json::from_str(&live.line()).unwrap();
        assert_eq!(event["data"], n);
        live.write("ta: discarded by the blank type\ndata\nevent:\n: \n");
        live.write("\n");
        live.line();
    }
    live.end();

    let mut live = Live::new(&["parse", "--chunk", "1000000", "--comments"]);
    live.write(": hi\n");
    assert_eq!(live.line(), ": hi");
    // A CR is enough.
    live.write("data: x\r\r");
    assert_eq!([live.line(), live.line()], ["message", "  x"]);
    live.end();
}

#[test]
fn parse_ends_quietly_when_nobody_reads() {
    ends_quietly_behind_head(&["parse"], "data: x\n\n");
    ends_quietly_behind_head(&["parse", "--json"], "data: x\n\n");
}

#[test]
fn several_files_are_several_streams_and_the_id_carries_over() {
    let first = file("first.sse", "\u{feff}id: 1\ndata: a\n\ndata: cut");
    let second = file("second.sse", "\u{feff}data: b\n\n");
    let done = run(&["parse", "--json", &first, "-", &second], "data: stdin\n\nid: lost\n");
    assert_eq!(
        json_lines(&done.stdout),
        [
            json!({"type": "message", "data": "a", "last_event_id": "1", "bytes": [3, 18]}),
            json!({"type": "message", "data": "stdin", "last_event_id": "1", "bytes": [0, 13]}),
            json!({"type": "message", "data": "b", "last_event_id": "1", "bytes": [3, 12]}),
        ]
    );
    assert_eq!(done.code, 0);
    let complaints: Vec<_> = done.stderr.lines().collect();
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints[0].contains("first.sse: ") && complaints[1].contains("stdin: "));
}

#[test]
fn what_cannot_be_opened_or_read_is_said_and_the_rest_is_shown() {
    let good = file("good.sse", "data: good\n\n");
    let directory = env!("CARGO_TARGET_TMPDIR");
    let done = run(&["parse", "/nowhere/x.sse", directory, &good], "");
    assert_eq!((done.stdout.as_str(), done.code), ("message\n  good\n", 1));
    assert!(done.stderr.starts_with("sse-wire: cannot open /nowhere/x.sse: "), "{}", done.stderr);
    assert_eq!(run(&["parse", "/nowhere/x.sse", &good], "").code, 1);
    assert_eq!(run(&["parse", directory, &good], "").code, 1);
    if cfg!(unix) {
        let reason = format!("sse-wire: cannot read {directory}: ");
        assert!(done.stderr.contains(&reason), "{}", done.stderr);
    }
}

#[test]
fn a_url_in_place_of_a_file_is_a_hint_at_listen() {
    let done = run(&["parse", "https://example.com/stream"], "");
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    let hint = "; did you mean `sse-wire listen https://example.com/stream`?\n";
    assert!(done.stderr.ends_with(hint), "{}", done.stderr);
}

#[test]
fn a_limit_skips_the_event_and_is_an_exit_code() {
    let stream = "data: 12345678\n\ndata: 123456789\n\ndata: after\n\n";
    let path = file("limit.sse", stream);
    let done = run(&["parse", "--limit", "8", &path], "");
    assert_eq!((done.stdout.as_str(), done.code), ("message\n  12345678\nmessage\n  after\n", 1));
    assert_eq!(
        done.stderr,
        format!(
            "sse-wire: {path}: the event that begins at byte 16 was skipped: it needs more than the \
             limit of 8 retained bytes; raise the limit to receive it (--limit)\n"
        )
    );
    assert!(run(&["parse", "--limit", "9"], stream).fine().contains("123456789"));
    run(&["parse", "--limit", &u64::MAX.to_string()], stream).fine();
}

#[test]
fn the_default_limit_is_16_mib() {
    const LIMIT: usize = 16 * 1024 * 1024;
    let event = |len: usize| format!("data: {}\n\n", "x".repeat(len));
    run(&["parse"], event(LIMIT)).fine();
    let done = run(&["parse"], event(LIMIT + 1));
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert!(done.stderr.contains("16777216"), "{}", done.stderr);
}

#[test]
fn an_id_beyond_the_limit_for_ids_is_said_and_an_exit_code_and_its_event_is_shown() {
    const LIMIT: usize = 64 * 1024;
    let event = |len: usize| format!("id: {}\ndata: x\n\n", "7".repeat(len));
    for options in [&[][..], &["--comments"]] {
        run(&[&["parse"], options].concat(), event(LIMIT)).fine();
        let done = run(&[&["parse"], options].concat(), event(LIMIT + 1));
        assert_eq!((done.stdout.as_str(), done.code), ("message\n  x\n", 1));
        assert_eq!(
            done.stderr,
            "sse-wire: stdin: the id that begins at byte 0 was skipped: it needs more than the limit of \
             65536 bytes for ids; raise the limits to receive it (--limit)\n"
        );
        // With a limit, ids have a quarter of it.
        let limit = (4 * (LIMIT + 1)).to_string();
        run(&[&["parse", "--limit", &limit], options].concat(), event(LIMIT + 1)).fine();
        let done = run(&[&["parse", "--limit", "8"], options].concat(), event(3));
        assert_eq!((done.stdout.as_str(), done.code), ("message\n  x\n", 1));
        run(&[&["parse", "--limit", "12"], options].concat(), event(3)).fine();
    }
}

#[test]
fn comments_count_for_the_limit_only_when_they_are_shown() {
    let stream = ": 123456789\ndata: x\n\n";
    assert_eq!(run(&["parse", "--limit", "8"], stream).fine(), "message\n  x\n");
    let done = run(&["parse", "--limit", "8", "--comments"], stream);
    assert_eq!((done.stdout.as_str(), done.code), ("message\n  x\n", 1));
    assert!(done.stderr.contains("comment that begins at byte 0"), "{}", done.stderr);
}

#[test]
fn chunks_of_any_size_give_the_same_events() {
    let stream =
        "\u{feff}: c\r\nevent: é日\r\nid: \u{1f30a}\r\ndata: a\r\ndata: b\r\n\r\ndata: c\r\r";
    let whole = run(&["parse", "--json", "--comments"], stream).fine();
    assert_eq!(whole.lines().count(), 3);
    for chunk in ["1", "2", "3", "7", "65537", "1073741824"] {
        let arguments = ["parse", "--json", "--comments", "--chunk", chunk];
        assert_eq!(run(&arguments, stream).fine(), whole, "{chunk}");
    }
}

#[test]
fn a_chunk_without_a_byte_or_beyond_a_gib_is_refused() {
    for chunk in ["0", "1073741825", "-1", "x"] {
        let done = run(&["parse", &format!("--chunk={chunk}")], "data: 1\n\n");
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{chunk}");
        assert!(done.stderr.contains("--chunk <N>"), "{}", done.stderr);
    }
}

#[test]
fn a_stream_that_is_cut_inside_an_event_is_said_with_what_was_pending() {
    let long = "é".repeat(100);
    for (stream, said) in [
        ("data: a\n\nevent: e\nid: 7\ndata: half", r#"byte 9: no blank line ends it, so it was discarded; pending: type "e", id "7", data "half""#.into()),
        ("data: a\n", r#"byte 0: no blank line ends it, so it was discarded; pending: data "a""#.into()),
        ("id: 1\n\n: c", "byte 7: no blank line ends it, so it was discarded; pending: no data".into()),
        (&format!("data: {long}\n"), format!(r#"pending: data "{}"… (200 bytes)"#, "é".repeat(60))),
    ] {
        let done = run(&["parse"], stream);
        assert_eq!(done.code, 0);
        assert!(
            done.stderr.starts_with("sse-wire: stdin: the stream was cut inside the event that begins at byte "),
            "{}", done.stderr
        );
        let said: String = said;
        assert!(done.stderr.ends_with(&format!("{said}\n")), "{}", done.stderr);
        let strict = run(&["parse", "--require-clean-end"], stream);
        assert_eq!((strict.code, strict.stderr), (1, done.stderr));
    }
    for clean in ["", "\u{feff}", "data: a\n\n", "data: a\r\n\r", "\n"] {
        run(&["parse", "--require-clean-end"], clean).fine();
    }
    let skipped = run(&["parse", "--limit", "3"], "data: 1234\n");
    assert!(
        skipped.stderr.ends_with("begins at byte 0, which needs more than the limit\n"),
        "{skipped:?}"
    );
}

#[test]
fn a_cut_in_one_of_several_files_is_an_exit_code() {
    let cut = file("cut.sse", "data: cut\n");
    let good = file("clean.sse", "data: good\n\n");
    assert_eq!(run(&["parse", "--require-clean-end", &cut, &good], "").code, 1);
    assert_eq!(run(&["parse", &cut, &good], "").code, 0);
    assert_eq!(run(&["parse", "--require-clean-end", &good, &good], "").code, 0);
    assert_eq!(run(&["parse", "--limit", "3", &good, &cut], "").code, 1, "for the limit");
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_is_an_error() {
    for (arguments, input) in [
        (&["parse"][..], "data: x\n\n"),
        (&["parse", "--json"], "data: x\n\n"),
        (&["encode"], "{}\n"),
        (&["conform"], "{}\n"),
        (&["help"], ""),
        (&["listen", "--help"], ""),
        (&["--version"], ""),
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let done = finish(command(arguments).stdout(full).spawn().unwrap(), input.as_bytes());
        assert_eq!(done.code, 1, "{arguments:?}");
        assert!(done.stderr.starts_with("sse-wire: cannot write to stdout: "), "{}", done.stderr);
    }
}

#[test]
fn json_has_what_the_decoder_vectors_expect() {
    let mut count = 0;
    for case in support::decoder_cases() {
        if case.limit.is_some() || case.last_event_id.is_some() {
            continue;
        }
        count += 1;
        let stream = case.chunks.concat();
        // No limit, for ids either.
        let limit = u64::MAX.to_string();
        let arguments = ["parse", "--json", "--comments", "--limit", &limit];
        let lines = json_lines(&run(&arguments, &stream).stdout);
        let comments: Vec<&Value> = lines.iter().filter_map(|line| line.get("comment")).collect();
        assert_eq!(json!(comments), json!(case.expected.comments), "{}", case.name);
        let events: Vec<_> = lines.iter().filter(|line| line.get("type").is_some()).collect();
        let expected: Vec<_> = case
            .expected
            .events
            .iter()
            .map(|(event_type, data, last_event_id, range)| {
                json!({
                    "type": event_type,
                    "data": data,
                    "last_event_id": last_event_id,
                    "bytes": [range.start, range.end],
                })
            })
            .collect();
        assert_eq!(json!(events), json!(expected), "{}", case.name);
    }
    assert!(count > 100, "{count} cases");
}

// encode

#[test]
fn a_json_line_becomes_a_block() {
    let lines = concat!(
        r#"{"comment": "c", "type": "e", "id": "1", "retry": 18446744073709551615, "data": "a\nb"}"#,
        "\n\r\n  \n",
        r#"{"data": ""}"#,
        "\r\n",
        r#"{"id": ""}"#,
        "\n{}\n",
        r#"{"type": "message", "data": "no line end"}"#,
    );
    let stream = ": c\nevent: e\nid: 1\nretry: 18446744073709551615\ndata: a\ndata: b\n\n\
                  data: \n\nid: \n\n\nevent: message\ndata: no line end\n\n";
    assert_eq!(run(&["encode"], lines).fine(), stream);
    assert_eq!(run(&["encode", "-"], lines).fine(), stream);
    assert_eq!(run(&["encode", &file("lines.jsonl", lines)], "").fine(), stream);
}

#[test]
fn a_last_event_id_is_written_where_it_is_another_one() {
    let lines = [
        json!({"data": "none", "last_event_id": ""}),
        json!({"data": "set", "last_event_id": "1"}),
        json!({"data": "kept", "last_event_id": "1"}),
        json!({"data": "both", "id": "2", "last_event_id": "2"}),
        json!({"data": "kept", "last_event_id": "2"}),
        json!({"data": "says nothing"}),
        json!({"data": "again", "id": "2"}),
        json!({"data": "reset", "last_event_id": ""}),
        json!({"data": "kept", "last_event_id": ""}),
    ];
    assert_eq!(
        run(&["encode"], lines.map(|line| format!("{line}\n")).concat()).fine(),
        "data: none\n\nid: 1\ndata: set\n\ndata: kept\n\nid: 2\ndata: both\n\ndata: kept\n\n\
         data: says nothing\n\nid: 2\ndata: again\n\nid: \ndata: reset\n\ndata: kept\n\n"
    );
}

#[test]
fn what_parse_prints_encodes_to_a_stream_with_the_same_events() {
    let sample = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/chat.sse")).unwrap();
    let cases = support::decoder_cases().into_iter();
    let cases = cases.filter(|case| case.limit.is_none() && case.last_event_id.is_none());
    let streams = cases.map(|case| (case.name, case.chunks.concat(), &["--comments"][..]));
    let streams = streams.chain([
        ("sample".into(), sample.clone(), &["--comments"][..]),
        ("sample, events only".into(), sample, &[]),
    ]);
    for (name, stream, options) in streams {
        let parse = [&["parse", "--json"], options].concat();
        let printed = run(&parse, &stream).stdout;
        let encoded = run(&["encode"], &printed).fine();
        let again = run(&[&parse[..], &["--require-clean-end"]].concat(), encoded).json();
        let without_positions = |mut line: Value| {
            let object = line.as_object_mut().unwrap();
            object.remove("bytes");
            object.remove("position");
            line
        };
        let [before, after] = [json_lines(&printed), again]
            .map(|lines| lines.into_iter().map(without_positions).collect::<Vec<_>>());
        assert_eq!(before, after, "{name}");
    }
}

#[test]
fn the_default_type_that_parse_prints_writes_no_line() {
    let stream = "id: 1\ndata: x\n\ndata: y\n\nevent: z\ndata: z\n\n";
    assert_eq!(run(&["encode"], run(&["parse", "--json"], stream).fine()).fine(), stream);
}

#[test]
fn a_bad_line_is_named_and_nothing_of_it_is_written() {
    let after = r#"{"data": "after"}"#;
    for (bad, reason) in [
        (r#"{"data": 5}"#, "`data`: invalid type: integer `5`, expected a string"),
        (r#"{"data": null}"#, "`data`: invalid type: null, expected a string"),
        (r#"{"data": {"a": 1}}"#, "`data`: invalid type: map, expected a string"),
        (r#"{"data": "x", "dat": "y"}"#, "unknown field `dat`, expected one of `type`, `data`"),
        (r#"{"data": "x", "data": "y"}"#, "duplicate field `data`"),
        (r#"{"id": 7}"#, "`id`: invalid type: integer `7`, expected a string"),
        (r#"{"type": null}"#, "`type`: invalid type: null"),
        (r#"{"comment": []}"#, "`comment`: invalid type: sequence"),
        (r#"{"last_event_id": 1}"#, "`last_event_id`: invalid type: integer `1`"),
        (
            r#"{"retry": -1}"#,
            "`retry`: invalid type: integer `-1`, expected an integer from 0 to 18446744073709551615",
        ),
        (
            r#"{"retry": 18446744073709551616}"#,
            "expected an integer from 0 to 18446744073709551615",
        ),
        (r#"{"retry": 1.5}"#, "`retry`: invalid type: floating point `1.5`"),
        (r#"{"retry": "5"}"#, "`retry`: invalid type: string \"5\""),
        (r#"{"data": "x", "id": "1\ndata: injected"}"#, "the id has a line break at byte 1"),
        (r#"{"data": "x", "id": "a\u0000"}"#, "the id has a NUL at byte 1"),
        (r#"{"data": "x", "last_event_id": "a\r"}"#, "the id has a line break at byte 1"),
        (r#"{"data": "x", "type": "a\r"}"#, "the event type has a line break at byte 1"),
        (r#"{"data": "x", "comment": "a\n"}"#, "the comment has a line break at byte 1"),
        (r#"{"id": "1", "last_event_id": "2"}"#, "`id` and `last_event_id` differ"),
        (r#"["e", "x"]"#, "expected a JSON object"),
        (r#""x""#, "expected a JSON object"),
        (r#"{"data": "x""#, "not valid JSON at column 12: EOF"),
        (r#"{"data": "x"} {}"#, "not valid JSON at column 15: trailing characters"),
        ("data: x", "not valid JSON at column 1: expected value"),
    ] {
        let done = run(&["encode"], format!("{{\"data\": \"before\"}}\n\n{bad}\n{after}\n"));
        assert_eq!((done.stdout.as_str(), done.code), ("data: before\n\n", 1), "{bad}");
        assert!(done.stderr.starts_with("sse-wire: stdin: line 3: "), "{}", done.stderr);
        assert!(done.stderr.contains(reason), "{bad} {}", done.stderr);
        assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
        assert!(!done.stderr.contains(" at line "), "a second line number: {}", done.stderr);
    }
    let done = run(&["encode"], b"{\"data\": \"\xff\"}\n");
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert_eq!(done.stderr, "sse-wire: stdin: line 1: not UTF-8 from byte 10 on\n");
    let done = run(&["encode"], "{\"\\u001b[31m\": 1}\n");
    assert!(!done.stderr.contains('\u{1b}'), "{:?}", done.stderr);

    let done = run(&["encode", "/nowhere/x.jsonl"], "");
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert!(done.stderr.starts_with("sse-wire: cannot open /nowhere/x.jsonl: "), "{}", done.stderr);
}

#[test]
fn strict_refuses_a_carriage_return_in_data() {
    let line = r#"{"data": "a\r\nb"}"#;
    assert_eq!(run(&["encode"], line).fine(), "data: a\ndata: b\n\n");
    let done = run(&["encode", "--strict"], line);
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert!(done.stderr.contains("line 1: the data has a CR at byte 1"), "{}", done.stderr);
    assert_eq!(run(&["encode", "--strict"], r#"{"data": "a\nb"}"#).fine(), "data: a\ndata: b\n\n");
}

#[test]
fn a_block_is_out_while_the_lines_still_come() {
    let mut live = Live::new(&["encode"]);
    for n in ["1", "2"] {
        live.write(format!("{{\"data\": \"{n}\"}}\n{{\"da"));
        assert_eq!([live.line(), live.line()], [format!("data: {n}"), String::new()]);
        live.write("ta\": \"x\"}\n");
        assert_eq!([live.line(), live.line()], ["data: x", ""]);
    }
    live.end();
}

#[test]
fn encode_ends_quietly_when_nobody_reads() {
    ends_quietly_behind_head(&["encode"], "{\"data\": \"x\"}\n");
}

#[test]
fn every_encoder_vector_holds() {
    let mut requests = Vec::new();
    for (_, vectors) in support::vector_files("encoder") {
        for case in vectors["cases"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap().to_owned();
            let values: serde_json::Map<String, Value> = case["serialize"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, value)| match key.as_str() {
                    "retry" => (key.clone(), value.clone()),
                    _ => (key.clone(), json!(support::text(value))),
                })
                .collect();
            let expected = case["expect"].get("bytes").map(support::bytes);

            let strict = case.get("strict").is_some();
            let arguments = if strict { &["encode", "--strict"][..] } else { &["encode"] };
            let done = run(arguments, json!(values).to_string());
            match &expected {
                Some(bytes) => assert_eq!(done.fine().as_bytes(), bytes, "{name}"),
                None => assert_eq!((done.stdout.as_str(), done.code), ("", 1), "{name}"),
            }
            let mut request = json!({"serialize": values});
            if strict {
                request["strict"] = json!(true);
            }
            let refused = case["expect"].get("error").cloned();
            requests.push((name, request, expected, refused));
        }
    }
    assert!(requests.len() > 30, "{} cases", requests.len());
    let answers = conform(requests.iter().map(|(_, request, ..)| request));
    for ((name, _, expected, refused), answer) in requests.iter().zip(answers) {
        let expected = match (expected, refused) {
            (Some(bytes), None) => json!({"bytes": STANDARD.encode(bytes)}),
            (None, Some(refused)) => {
                let error = reason(&answer).unwrap_or_else(|| panic!("{name} {answer}"));
                json!({"error": error, "field": refused["field"], "reason": refused["reason"]})
            }
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(answer, expected, "{name}");
    }
}

// explain

#[test]
fn explain_says_of_each_line_what_it_did_and_why() {
    let stream = b"\xEF\xBB\xBFdata: \x1B[2J\nData: y\n\nretry: 9\nid: 7";
    assert_eq!(
        run(&["explain"], stream).fine(),
        r#"bytes 0..3 "\u{feff}": removed: a byte order mark begins the stream (9.2.5)
bytes 3..14 "data: \u{1b}[2J\n": appends "\u{1b}[2J" and a LF to the data buffer (9.2.6)
bytes 14..22 "Data: y\n": ignored: no field has the name "Data"; case counts, so it is not "data" (9.2.6)
bytes 22..23 "\n": a blank line: an event of the type "message" (9.2.6)
bytes 23..32 "retry: 9\n": sets the reconnection time to 9 ms, at once (9.2.6)
bytes 32..37 "id: 7": discarded: the stream ends before the line does (9.2.6)
the stream ends: the last event ID is "", the reconnection time 9 ms; discarded: bytes 23..37, which have no blank line
4 lines, 1 event, 0 comments, 0 ids
"#
    );
    let path = file("explain.sse", "id\n\n");
    assert_eq!(
        run(&["explain", "--json", &path], "").json(),
        [
            json!({"bytes": [0, 3], "line": "id\n", "section": "9.2.6",
                "reason": "sets the last event ID buffer to \"\"; a blank line will commit it (9.2.6)"}),
            json!({"bytes": [3, 4], "line": "\n", "section": "9.2.6",
                "reason": "a blank line: no event, since the data buffer is empty; the last event ID is now \"\" (9.2.6)"}),
            json!({"last_event_id": "", "retry": null, "discarded": null,
                "lines": 2, "events": 0, "comments": 0, "ids": 1}),
        ]
    );
}

#[test]
fn explain_shows_ill_formed_bytes_nul_and_trailing_spaces() {
    let stream = b"data: \xE2\x82 \0 \r\n\n";
    let shown = run(&["explain"], stream).fine();
    let expected = "bytes 0..13 \"data: \u{fffd} \\0 \\r\\n\": appends \"\u{fffd} \\0 \" and a LF to the data buffer \
                    (9.2.6); bytes 6..8 are ill-formed UTF-8: U+FFFD\n";
    assert!(shown.starts_with(expected), "{shown}");
    let lines = run(&["explain", "--json"], stream).json();
    assert_eq!(lines[0]["ill_formed"], json!([[6, 8]]));
    assert_eq!(lines[1].get("ill_formed"), None);
}

#[test]
fn explain_shows_a_line_while_the_stream_is_still_open() {
    let mut live = Live::new(&["explain"]);
    live.write("data: x\n\nda");
    assert!(live.line().starts_with("bytes 0..8 "));
    assert!(live.line().starts_with("bytes 8..9 "));
    live.write("ta: y\r");
    live.write("\n");
    assert!(live.line().starts_with("bytes 9..18 "));
    drop(live.child.stdin.take());
    assert!(live.line().contains("discarded: bytes 9..18"));
    assert!(live.line().starts_with("3 lines, 1 event"));
    assert!(live.child.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn memory_of_explain_does_not_grow_with_the_stream_a_line_or_an_event() {
    let long = format!("data: {}\n", "x".repeat(1000));
    for (input, times) in [("\n", 1 << 20), (&long, 1 << 16), ("data: \u{FEFF}x", 1 << 23)] {
        let mut child = command(&["explain"]);
        let mut child = child.stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for part in input.repeat(times).as_bytes().chunks(1 << 16) {
            stdin.write_all(part).unwrap();
        }
        // All but what the pipe holds has been read.
        let peak = system_number(&child, "status", "VmHWM:");
        drop(stdin);
        assert!(child.wait().unwrap().success());
        assert!(peak < 32 * 1024, "{} bytes, {times} times: {peak} KiB", input.len());
    }
}

#[test]
fn explain_leaves_out_what_is_over_the_limit_and_goes_on() {
    let stream = format!("data: {}\n\ndata: x\n\n", "x".repeat(2000));
    let shown = run(&["explain", "--limit", "1kB"], &stream).fine();
    assert!(
        shown.contains("not interpreted: the block needs more than the limit of 1000 bytes"),
        "{shown}"
    );
    assert!(shown.ends_with("4 lines, 1 event, 0 comments, 0 ids\n"), "{shown}");
}

#[test]
fn lint_is_an_exit_code_and_names_code_problem_and_fix() {
    let clean = "data: {}\n\n";
    assert_eq!(run(&["explain", "--lint"], clean).fine(), "");
    let stream = "data: {}\nretry: 3s\n\u{1b}: x\n\n";
    let done = run(&["explain", "--lint"], stream);
    assert_eq!((done.code, done.stderr.as_str()), (1, ""));
    assert_eq!(
        done.stdout,
        "bytes 9..19 retry-not-digits: the reconnection time is ignored: \"3s\" is not only ASCII digits (9.2.6); write milliseconds in digits, without a unit\n\
         bytes 19..24 unknown-field: the line is ignored: no field has the name \"\\u{1b}\" (9.2.6); name it data, event, id or retry, or make it a comment with a colon in front\n"
    );
    let done = run(&["explain", "--lint", "--json"], stream);
    let findings = json_lines(&done.stdout);
    assert_eq!((done.code, findings.len()), (1, 2));
    assert_eq!(
        (&findings[0]["code"], &findings[0]["bytes"]),
        (&json!("retry-not-digits"), &json!([9, 19]))
    );
    assert!(findings[0]["fix"].is_string() && findings[0]["problem"].is_string());
}

#[test]
fn explain_gives_a_terminal_no_orders() {
    let stream: String = ('\0'..='\u{2100}').map(|c| format!("data{c}: {c}\n\n")).collect();
    for arguments in [&["explain"][..], &["explain", "--json"]] {
        let shown = run(arguments, &stream).fine();
        let orders =
            |c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c);
        assert_eq!(shown.chars().find(|&c| orders(c)), None);
    }
}

#[test]
fn explain_says_what_it_cannot_read() {
    let done = run(&["explain", "no/such/file"], "");
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert!(done.stderr.starts_with("sse-wire: cannot open no/such/file: "), "{}", done.stderr);
    let done = run(&["explain", env!("CARGO_TARGET_TMPDIR")], "");
    assert_eq!(done.code, 1, "a folder");
    assert!(done.stderr.contains("cannot read"), "{}", done.stderr);
}

#[test]
fn the_help_example_of_explain_is_what_it_says() {
    let help = run(&["explain", "--help"], "").fine();
    let (_, example) = help.split_once("| sse-wire explain\n").unwrap();
    let (answer, _) = example.split_once("\n\n").unwrap();
    let answer: String = answer.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    assert!(help.contains(r"$ printf 'data: x\nId: 7\n\n' |"), "{help}");
    assert_eq!(run(&["explain"], "data: x\nId: 7\n\n").fine(), answer);
}

// conform

/// The answers to requests, one each.
fn conform<'a>(requests: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let lines: Vec<String> = requests.map(|request| format!("{request}\n")).collect();
    let answers = run(&["conform"], lines.concat()).json();
    assert_eq!(answers.len(), lines.len());
    answers
}

/// The reason of an answer that is an error and nothing else; of one for values that can't be
/// written, which field and why stand beside it.
fn reason(answer: &Value) -> Option<&str> {
    let reason = answer.get("error")?.as_str()?;
    let beside = ["field", "reason"].map(|key| answer.get(key).is_some());
    let is_error = match answer.as_object()?.len() {
        1 => true,
        3 => beside == [true; 2],
        _ => false,
    };
    (is_error && !reason.is_empty()).then_some(reason)
}

#[test]
fn every_decoder_vector_holds_observed_or_not() {
    let cases = support::decoder_cases();
    assert!(cases.len() > 200, "{} cases", cases.len());
    let request = |case: &support::DecoderCase, observe: bool| {
        let chunks: Vec<String> = case.chunks.iter().map(|chunk| STANDARD.encode(chunk)).collect();
        let mut request = json!({"chunks": chunks, "observe": observe});
        if let Some(id) = &case.last_event_id {
            request["last_event_id"] = json!(id);
        }
        if let Some(limit) = case.limit {
            request["limit"] = json!(limit);
        }
        request
    };
    let mut failed = Vec::new();
    for observe in [false, true] {
        let requests: Vec<Value> = cases.iter().map(|case| request(case, observe)).collect();
        for (case, mut answer) in cases.iter().zip(conform(requests.iter())) {
            let expected = &case.expected;
            let events: Vec<Value> = expected
                .events
                .iter()
                .map(|(event_type, data, last_event_id, range)| {
                    let mut event =
                        json!({"type": event_type, "data": data, "last_event_id": last_event_id});
                    if observe {
                        event["bytes"] = json!([range.start, range.end]);
                    }
                    event
                })
                .collect();
            if let Some(errors) = answer["errors"].as_array() {
                assert!(errors.iter().all(Value::is_string));
                answer["errors"] = json!(errors.len());
            }
            let mut expected = json!({
                "events": events,
                "last_event_id": expected.last_event_id,
                "retry": expected.retry,
                "after": expected.after,
                "end": if expected.clean { "clean" } else { "incomplete" },
                "errors": expected.errors,
            });
            if observe {
                // A comment that is observed counts for the limit, and may be left out for it.
                let limited = case.limit.and_then(|_| answer.get("comments").cloned());
                expected["comments"] = limited.unwrap_or(json!(case.expected.comments));
            }
            if answer != expected {
                failed.push(format!("{}, observe: {observe}\n  {answer}\n  {expected}", case.name));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), 2 * cases.len(), failed.join("\n"));
}

/// Steps as the protocol writes them.
fn request_of(steps: &[(Step, Outcome)]) -> Value {
    let steps = steps.iter().map(|(step, _)| match step {
        Step::Request => json!({"op": "request"}),
        Step::Response(Response { status, content_type, .. }) => {
            json!({"op": "response", "status": status, "content_type": content_type})
        }
        Step::Bytes(bytes) => json!({"op": "bytes", "b64": STANDARD.encode(bytes)}),
        Step::End => json!({"op": "end"}),
        Step::NetworkError => json!({"op": "network_error"}),
        Step::Close => json!({"op": "close"}),
        other => panic!("{other:?}"),
    });
    json!({"steps": steps.collect::<Vec<_>>()})
}

#[test]
fn every_connection_vector_is_answered() {
    let mut cases = connection_cases();
    // The protocol has the bare specification alone.
    cases.retain(|case| case.policy.is_none());
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let requests: Vec<Value> = cases.iter().map(|case| request_of(&case.steps)).collect();
    for (case, answer) in cases.iter().zip(conform(requests.iter())) {
        let results = case.steps.iter().map(|(_, outcome)| match outcome {
            Outcome::Header(header) => json!({"last_event_id_header": header}),
            Outcome::Action { action, .. } => json!({"action": action}),
            Outcome::Reconnect { delay_ms, header, .. } => json!({
                "action": "reconnect", "delay_ms": delay_ms, "last_event_id_header": header
            }),
            Outcome::Events(events) => {
                let events = events.iter().map(|(event_type, data, last_event_id)| {
                    json!({"type": event_type, "data": data, "last_event_id": last_event_id})
                });
                json!({"events": events.collect::<Vec<_>>()})
            }
        });
        let expected = json!({"results": results.collect::<Vec<_>>()});
        assert_eq!(answer, expected, "{}", case.name);
    }
}

#[test]
fn a_connection_request_is_answered_exactly() {
    let request = json!({"steps": [
        {"op": "request"},
        {"op": "response", "status": 200, "content_type": "Text/Event-Stream ; x"},
        {"op": "bytes", "b64": STANDARD.encode("id: é\ndata: a\n\nretry: 18446744073709551615\nid: 2")},
        {"op": "end"},
        {"op": "request"},
        {"op": "response", "status": 204, "content_type": null},
        {"op": "network_error"},
        {"op": "close"},
    ]});
    assert_eq!(
        run(&["conform"], request.to_string()).fine(),
        concat!(
            r#"{"results":[{"last_event_id_header":null},{"action":"open"},"#,
            r#"{"events":[{"type":"message","data":"a","last_event_id":"é"}]},"#,
            r#"{"action":"reconnect","delay_ms":18446744073709551615,"last_event_id_header":"é"},"#,
            r#"{"last_event_id_header":"é"},{"action":"fail"},{"action":"none"},"#,
            r#"{"action":"closed"}]}"#,
            "\n"
        )
    );
    assert_eq!(run(&["conform"], r#"{"steps": []}"#).json(), [json!({"results": []})]);
    // A response without a type may leave the key out.
    let absent = run(&["conform"], r#"{"steps": [{"op": "response", "status": 200}]}"#).json();
    assert_eq!(absent, [json!({"results": [{"action": "fail"}]})]);
}

#[test]
fn without_a_limit_requests_deliver_events_of_any_size() {
    let data = "x".repeat(17 << 20);
    let bytes = STANDARD.encode(format!("data: {data}\n\n"));
    let parse = json!({"chunks": [bytes]});
    let connection = json!({"steps": [
        {"op": "response", "status": 200, "content_type": "text/event-stream"},
        {"op": "bytes", "b64": bytes},
    ]});
    let answers = conform([parse, connection].iter());
    // Compared so that a failure doesn't print it.
    for events in [&answers[0]["events"], &answers[1]["results"][1]["events"]] {
        assert!(events[0]["data"].as_str() == Some(&*data), "an event of {} bytes", data.len());
    }
}

#[test]
fn a_parse_request_is_answered_exactly() {
    let request = json!({
        "chunks": ["ZGF0YTogYQoK", "", "ZGF0YTogYg==", "DQ0KDXJldHJ5OiAxODQ0Njc0NDA3MzcwOTU1MTYxNQ1pZDogaGFsZg0="],
        "last_event_id": "é",
        "limit": 1000,
    });
    assert_eq!(
        run(&["conform"], request.to_string()).fine(),
        concat!(
            r#"{"events":[{"type":"message","data":"a","last_event_id":"é"},"#,
            r#"{"type":"message","data":"b","last_event_id":"é"}],"#,
            r#""last_event_id":"é","retry":18446744073709551615,"#,
            r#""after":[1,1,1,2],"end":"incomplete","errors":[]}"#,
            "\n"
        )
    );
    let none = json!({"events": [], "last_event_id": "", "retry": null, "after": [], "end": "clean", "errors": []});
    assert_eq!(run(&["conform"], r#"{"chunks": []}"#).json(), [none]);
}

#[test]
fn a_limit_in_a_request_is_told_in_the_answer() {
    let chunk = STANDARD.encode("data: 123456789\n\ndata: x\n\n");
    let request = |limit: u64| json!({"chunks": [chunk], "limit": limit});
    let answers = conform([request(8), request(9), request(u64::MAX)].iter());
    assert_eq!(
        answers[0]["errors"],
        json!([
            "the event that begins at byte 0 was skipped: it needs more than the limit of 8 retained bytes; raise the limit to receive it"
        ])
    );
    assert_eq!(answers[0]["after"], json!([1]));
    assert_eq!((&answers[1]["errors"], &answers[1]["after"]), (&json!([]), &json!([2])));
    assert_eq!((&answers[2]["errors"], &answers[2]["after"]), (&json!([]), &json!([2])));
}

#[test]
fn ids_have_a_quarter_of_the_limit_in_a_request_and_none_without_it() {
    let id = "7".repeat(65_537);
    let chunk = STANDARD.encode(format!("id: {id}\ndata: x\n\n"));
    let limited = |limit: usize| json!({"chunks": [chunk], "limit": limit});
    let answers = conform(
        [json!({"chunks": [chunk]}), limited(4 * id.len()), limited(4 * id.len() - 1)].iter(),
    );
    for answer in &answers[..2] {
        // Compared so that a failure doesn't print it.
        assert!(answer["events"][0]["last_event_id"] == id, "an id of {} bytes", id.len());
        assert_eq!(answer["errors"], json!([]));
    }
    let event = json!({"type": "message", "data": "x", "last_event_id": ""});
    assert_eq!(answers[2]["events"], json!([event]));
    assert_eq!(
        answers[2]["errors"],
        json!([
            "the id that begins at byte 0 was skipped: it needs more than the limit of 65536 bytes for ids; raise the limits to receive it"
        ])
    );
}

#[test]
fn an_observed_request_has_comments_and_ranges_and_no_error_for_a_comment() {
    let chunk = STANDARD.encode(": hi\n: 123456789\ndata: x\n\n");
    let request = json!({"chunks": [chunk], "limit": 8, "observe": true});
    assert_eq!(
        run(&["conform"], request.to_string()).fine(),
        concat!(
            r#"{"events":[{"type":"message","data":"x","last_event_id":"","bytes":[0,26]}],"#,
            r#""comments":["hi"],"last_event_id":"","retry":null,"after":[1],"end":"clean","errors":[]}"#,
            "\n"
        )
    );
}

#[test]
fn every_line_gets_one_answer_whatever_it_is() {
    let deep = "[".repeat(100_000);
    let lines: Vec<(&[u8], &str)> = vec![
        (b"", "an empty line"),
        (b" \r", "an empty line"),
        (b"garbage", "not valid JSON at column 1"),
        (b"\xff\xfe", "not UTF-8 from byte 0 on"),
        (b"{\"chunks\": [\"\xc3\"]}", "not UTF-8 from byte 13 on"),
        (b"{}", "needs one of `chunks`, `steps` and `serialize`"),
        (b"{\"limit\": 5}", "needs one of"),
        (b"[]", "expected a JSON object"),
        (b"{\"chunks\": []} {}", "trailing characters"),
        (deep.as_bytes(), "expected a JSON object"),
        (br#"{"steps": null}"#, "`steps`: invalid type: null"),
        (br#"{"steps": {"op": "request"}}"#, "`steps`: invalid type: map"),
        (br#"{"steps": ["request"]}"#, "`steps[0]`: invalid type: string"),
        (br#"{"steps": [["request"]]}"#, "`steps[0]`: invalid type: sequence"),
        (br#"{"steps": [{"op": "end"}, {"op": "open"}]}"#, "`steps[1].op`: unknown variant `open`"),
        (br#"{"steps": [{"status": 200}]}"#, "`steps[0]`: missing field `op`"),
        (br#"{"steps": [{"op": "close", "op": "end"}]}"#, "`steps[0]`: duplicate field `op`"),
        (br#"{"steps": [{"op": "request", "id": 1}]}"#, "`steps[0]`: unknown field `id`"),
        (br#"{"steps": [{"op": "response"}]}"#, "`steps[0]`: missing field `status`"),
        (
            br#"{"steps": [{"op": "response", "status": "200"}]}"#,
            "`steps[0]`: invalid type: string",
        ),
        (br#"{"steps": [{"op": "response", "status": -1}]}"#, "`steps[0]`: invalid type: integer"),
        (
            br#"{"steps": [{"op": "response", "status": 65736}]}"#,
            "`steps[0]`: 65736 is no status of a response",
        ),
        (
            br#"{"steps": [{"op": "response", "status": 200, "content_type": 5}]}"#,
            "`steps[0]`: invalid type: integer `5`",
        ),
        (br#"{"steps": [{"op": "bytes"}]}"#, "`steps[0]`: missing field `b64`"),
        (br#"{"steps": [{"op": "bytes", "b64": "YQ"}]}"#, "`steps[0]`: not standard Base64"),
        (br#"{"steps": [], "last_event_id": ""}"#, "belong to a request with `chunks`"),
        (br#"{"serialize": {}, "limit": 5}"#, "belong to a request with `chunks`"),
        (br#"{"serialize": {}, "observe": true}"#, "belong to a request with `chunks`"),
        (br#"{"chunks": [], "observe": 1}"#, "`observe`: invalid type: integer `1`"),
        (br#"{"chunks": [], "strict": true}"#, "`strict` belongs to a request with `serialize`"),
        (br#"{"steps": [], "strict": true}"#, "`strict` belongs to a request with `serialize`"),
        (br#"{"serialize": {}, "strict": null}"#, "`strict`: invalid type: null"),
        (br#"{"chunks": [], "steps": []}"#, "has only one of"),
        (br#"{"chunks": [], "serialize": {}}"#, "has only one of"),
        (br#"{"steps": [], "serialize": {}}"#, "has only one of"),
        (br#"{"chunks": [], "chunks": []}"#, "duplicate field `chunks`"),
        (br#"{"chunks": [], "foo": 1}"#, "unknown field `foo`"),
        (br#"{"chunks": "ZGF0YQ=="}"#, "`chunks`: invalid type: string"),
        (br#"{"chunks": null}"#, "`chunks`: invalid type: null"),
        (br#"{"chunks": ["", 5]}"#, "`chunks[1]`: invalid type: integer `5`"),
        (br#"{"chunks": ["YQ"]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": ["_-8="]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": ["YR=="]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": ["YQ==\n"]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": [], "limit": -1}"#, "`limit`: invalid type: integer `-1`"),
        (br#"{"chunks": [], "limit": null}"#, "`limit`: invalid type: null"),
        (
            br#"{"chunks": [], "limit": 18446744073709551616}"#,
            "`limit`: invalid type: floating point",
        ),
        (br#"{"chunks": [], "last_event_id": 5}"#, "`last_event_id`: invalid type"),
        (
            br#"{"chunks": [], "last_event_id": "a\n"}"#,
            "`last_event_id`: the last event ID has '\\n' at byte 1",
        ),
        (
            br#"{"chunks": [], "last_event_id": "abc", "limit": 11}"#,
            "`last_event_id`: the last event ID has 3 bytes, and there is room for 2",
        ),
        (br#"{"serialize": null}"#, "`serialize`: invalid type: null"),
        (br#"{"serialize": ["message"]}"#, "`serialize`: invalid type: sequence"),
        (br#"{"serialize": {"event": "x"}}"#, "unknown field `event`"),
        (
            br#"{"serialize": {"data": 5}}"#,
            "`serialize.data`: invalid type: integer `5`, expected a string",
        ),
        (br#"{"serialize": {"data": null}}"#, "`serialize.data`: invalid type: null"),
        (br#"{"serialize": {"retry": "5"}}"#, "`serialize.retry`: invalid type: string"),
        (br#"{"serialize": {"id": "\ud800"}}"#, "not valid JSON"),
        (br#"{"serialize": {"id": "a\u0000"}}"#, "the id has a NUL at byte 1"),
        (br#"{"serialize": {"type": "a\n"}}"#, "the event type has a line break at byte 1"),
    ];
    let good: &[u8] = br#"{"serialize": {"retry": 18446744073709551615}}"#;
    let mut input = Vec::new();
    for (line, _) in &lines {
        input.extend([line, good].into_iter().flat_map(|line| [line, b"\n"].concat()));
    }
    let answers = run(&["conform"], input).json();
    assert_eq!(answers.len(), 2 * lines.len());
    for ((line, expected), answers) in lines.iter().zip(answers.chunks(2)) {
        let line = String::from_utf8_lossy(line);
        let reason = reason(&answers[0]).unwrap_or_else(|| panic!("{line} {}", answers[0]));
        assert!(reason.contains(expected), "{line} {reason}");
        let bytes = STANDARD.encode("retry: 18446744073709551615\n\n");
        assert_eq!(answers[1], json!({"bytes": bytes}), "the run goes on behind {line}");
    }
}

#[test]
fn answers_are_out_while_a_harness_waits_for_them() {
    let mut live = Live::new(&["conform"]);
    for _ in 0..2 {
        // Half a request is at hand when the answers are due.
        live.write("{\"chunks\": []}\n{}\n{\"chu");
        assert!(live.line().starts_with("{\"events\":[]"));
        assert!(live.line().starts_with("{\"error\":"));
        live.write("nks\": [\"\"]}\n");
        assert!(live.line().contains("\"after\":[0]"));
    }
    live.end();
}

#[test]
fn a_last_request_without_a_line_end_is_answered_and_no_request_is_not() {
    assert_eq!(run(&["conform"], "{}\n{}").json().len(), 2);
    assert_eq!(run(&["conform"], "").fine(), "");
}

#[test]
fn conform_ends_quietly_when_nobody_reads() {
    ends_quietly_behind_head(&["conform"], "{\"chunks\": []}\n");
}

// help

#[test]
fn help_and_version_are_there_and_wrong_arguments_are_refused() {
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
    assert_eq!(done.stderr, "sse-wire: no command is named explode\n");
}

#[test]
fn the_sample_stream_reads_well() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/chat.sse");
    let shown = run(&["parse", "--require-clean-end", path], "").fine();
    assert_eq!(shown.lines().filter(|line| !line.starts_with("  ")).count(), 8);
    assert!(shown.ends_with("message\n  [DONE]\n"), "{shown}");
}

#[test]
fn the_help_example_of_conform_is_what_it_says() {
    let help = run(&["conform", "--help"], "").fine();
    let (command, answer) = help.split_once("  $ echo '").unwrap().1.split_once('\n').unwrap();
    let (request, _) = command.split_once('\'').unwrap();
    assert_eq!(run(&["conform"], request).fine().trim(), answer.trim());
}

/// A line of 400 MB was held as a whole.
#[test]
fn a_line_that_is_longer_than_may_be_held_is_refused_and_conform_goes_on() {
    let mut input = vec![b' '; (64 << 20) + 1];
    input.extend(b"\n{\"serialize\": {}}\n");
    let refused = "it has 67108865 bytes, and a line may have 67108864";
    let conform = run(&["conform"], &input);
    let [refusal, answer] = &conform.json()[..] else { panic!("one answer a line") };
    assert!(refusal["error"].as_str().unwrap().contains(refused), "{refusal}");
    assert_eq!(answer["bytes"], "Cg==");
    let encode = run(&["encode"], &input);
    assert_eq!(encode.code, 1);
    assert!(encode.stderr.contains(&format!("line 1: {refused}")), "{}", encode.stderr);
}
