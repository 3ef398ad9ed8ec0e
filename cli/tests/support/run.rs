//! Runs of the command `sse-wire`: input, output, and exit code.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The time limit after which a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The result of a run of the command.
#[derive(Debug)]
pub struct Done {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Done {
    /// Returns the output of a run that succeeded without messages.
    #[track_caller]
    pub fn fine(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// Returns the JSON lines of such a run.
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
    for proxy in
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        command.env_remove(proxy);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn run(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Done {
    finish(command(arguments).spawn().unwrap(), stdin.as_ref())
}

/// Writes the rest of its input to a child and waits for it.
pub fn finish(mut child: Child, stdin: &[u8]) -> Done {
    let mut pipe = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // It may end before it has read everything.
        scope.spawn(move || pipe.write_all(stdin).ok());
        child.wait_with_output().unwrap()
    });
    Done {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().expect("an exit code, not a signal"),
    }
}

/// Creates a file for one test.
pub fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A run whose output is read while its input is open.
pub struct Running {
    pub child: Child,
    /// `None` once it is closed.
    pub stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// The exit code of such a run, and the remaining lines.
#[derive(Debug, PartialEq)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: Vec<String>,
    pub stderr: Vec<String>,
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let _ = sender.send(line.unwrap());
        }
    });
    lines
}

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Running { child, stdin, stdout, stderr }
    }

    /// Starts `serve` on a free port, and returns its address.
    pub fn serve(arguments: &[&str]) -> (Self, String) {
        let running = Running::start(&[&["serve", "--port", "0"], arguments].concat());
        let said = running.error();
        let url = said.strip_prefix("listening on ").expect(&said).to_owned();
        (running, url)
    }

    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes.as_ref()).unwrap();
        stdin.flush().unwrap();
    }

    /// Returns the next line of stdout.
    #[track_caller]
    pub fn line(&self) -> String {
        self.stdout.recv_timeout(PATIENCE).expect("a line of stdout")
    }

    /// Returns the next line of stderr.
    #[track_caller]
    pub fn error(&self) -> String {
        self.stderr.recv_timeout(PATIENCE).expect("a line of stderr")
    }

    /// Returns the first line of stderr that contains a text.
    #[track_caller]
    pub fn error_with(&self, text: &str) -> String {
        loop {
            let line = self.error();
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Closes the input, and waits for the end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        self.stdin = None;
        // Both end when the process does.
        let rest = |lines: &Receiver<String>| {
            let mut rest = Vec::new();
            loop {
                match lines.recv_timeout(PATIENCE) {
                    Ok(line) => rest.push(line),
                    Err(RecvTimeoutError::Disconnected) => return rest,
                    Err(RecvTimeoutError::Timeout) => panic!("it does not end: {rest:?}"),
                }
            }
        };
        let (stdout, stderr) = (rest(&self.stdout), rest(&self.stderr));
        Ended { code: self.child.wait().unwrap().code(), stdout, stderr }
    }

    /// Ends it as [`end`](Self::end) does, and checks that no line remains and that it succeeds.
    #[track_caller]
    pub fn end_fine(self) {
        let nothing = Ended { code: Some(0), stdout: Vec::new(), stderr: Vec::new() };
        assert_eq!(self.end(), nothing);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The exit code of a run whose stdout was closed: that of a program ended by SIGPIPE.
pub const CLOSED: i32 = 141;

/// Runs a child whose output is closed after one line, as by `| head -1`, and writes to its input until it ends.
#[track_caller]
pub fn ends_quietly_if_nobody_reads(arguments: &[&str], input: &'static str) {
    let mut child = command(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Much more than the capacity of a pipe.
    let feeder =
        thread::spawn(move || (0..1_000_000).all(|_| stdin.write_all(input.as_bytes()).is_ok()));
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(CLOSED), ""));
    assert!(!feeder.join().unwrap(), "it ends when nobody reads");
}

/// Returns a number in the status of a child in /proc.
pub fn system_number(child: &Child, file: &str, label: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(label)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
