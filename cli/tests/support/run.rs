//! Runs of the command `sse-wire`: what goes in, what comes out, and the exit code.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long a live answer may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a run of the command gave.
#[derive(Debug)]
pub struct Done {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Done {
    /// The output of a run that succeeded and had nothing to complain about.
    #[track_caller]
    pub fn fine(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// The lines of JSON of such a run.
    #[track_caller]
    pub fn json(self) -> Vec<Value> {
        json_lines(&self.fine())
    }
}

#[track_caller]
pub fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sse-wire"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn run(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Done {
    finish(command(arguments).spawn().unwrap(), stdin.as_ref())
}

/// Gives the rest of its input to a child and waits for it.
pub fn finish(mut child: Child, stdin: &[u8]) -> Done {
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
pub fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A child whose output is read while its input is open.
pub struct Live {
    pub child: Child,
    pub lines: mpsc::Receiver<String>,
}

impl Live {
    pub fn new(arguments: &[&str]) -> Self {
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

    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes.as_ref()).unwrap();
        stdin.flush().unwrap();
    }

    #[track_caller]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line while the input is still open")
    }

    /// No line is there that was not asked for.
    #[track_caller]
    pub fn end(self) {
        assert_eq!(finish(self.child, b"").fine(), "");
        assert_eq!(self.lines.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
    }
}

/// A child whose reader goes away after one line, `| head -1`; it is fed until it ends.
#[track_caller]
pub fn ends_quietly_if_nobody_reads(arguments: &[&str], input: &'static str) {
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

/// A number that the system has about a child.
#[cfg(target_os = "linux")]
pub fn system_number(child: &Child, file: &str, label: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(label)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
