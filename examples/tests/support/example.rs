//! The examples as processes.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// A time limit that only a hang exceeds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A process that is killed at the end of its test.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

/// Starts the example at this path, which is `env!("CARGO_BIN_EXE_…")`.
pub fn start(program: &str, arguments: &[&str]) -> Process {
    let mut command = Command::new(program);
    // Otherwise, its messages would be mixed with the output of the tests.
    Process::start(command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()))
}

impl Process {
    /// Starts a command that has one pipe, and reads its lines.
    pub fn start(command: &mut Command) -> Process {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let pipe: Box<dyn Read + Send> = match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), _) => Box::new(stdout),
            (None, stderr) => Box::new(stderr.expect("a pipe")),
        };
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        Process { child, lines }
    }

    /// Returns the next line of its output; `None` at the end.
    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
            Err(_) => None,
        }
    }

    /// Reads up to a line that contains this text.
    pub fn line_with(&mut self, text: &str) -> String {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("it ended without {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Returns the address in its message: `http://127.0.0.1:…`.
    pub fn address(&mut self) -> String {
        self.line_with("listening on ").replace("listening on ", "")
    }

    /// Waits for its end, and returns the remaining lines and its exit status.
    pub fn end(mut self) -> (Vec<String>, ExitStatus) {
        let lines = std::iter::from_fn(|| self.line()).collect();
        (lines, self.child.wait().unwrap())
    }

    /// Sends it the signal with this name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Not killed at once, because nginx has to end its children.
            _ = Command::new("kill").arg(self.child.id().to_string()).status();
            _ = self.child.wait();
        }
    }
}
