//! The program that is checked: its requests and answers, and what it does instead of an answer.

use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};
use std::io::{self, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::lines::{LONGEST, Lines};

/// How long a program that has closed its stdout may take to exit.
const EXIT: Duration = Duration::from_secs(1);

pub(super) struct Program {
    child: Child,
    /// Sends to the thread that writes, because a program that does not read must not block the check.
    requests: Option<Sender<String>>,
    answers: Receiver<Vec<u8>>,
}

/// What happened instead of an answer.
pub(super) enum Fault {
    Crash(Option<ExitStatus>),
    Hang(Duration),
    Noise(Vec<u8>),
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Crash(Some(status)) => write!(f, "crash: the program ended: {status}"),
            Fault::Crash(None) => write!(f, "crash: the program closed its stdout"),
            Fault::Hang(limit) => write!(f, "hang: no answer in {} s", limit.as_secs_f64()),
            Fault::Noise(line) => {
                let shown = &line[..line.len().min(80)];
                write!(f, "noise: a line on stdout is not an answer: \"{}\"", shown.escape_ascii())
            }
        }
    }
}

impl Program {
    pub(super) fn start(command: &[OsString]) -> io::Result<Self> {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no stdin and stdout"));
        };
        let (requests, to_write) = mpsc::channel::<String>();
        thread::spawn(move || {
            // It ends with the sender, or with the program.
            for request in to_write {
                if stdin.write_all(request.as_bytes()).and_then(|()| stdin.flush()).is_err() {
                    return;
                }
            }
        });
        // A small number, so that a full pipe stops a program that writes without end.
        let (read, answers) = mpsc::sync_channel(4);
        thread::spawn(move || {
            let mut lines = Lines::new(BufReader::new(stdout), LONGEST);
            while let Ok(Some(line)) = lines.next() {
                let line = line.map_or_else(String::into_bytes, <[u8]>::to_vec);
                if read.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Program { child, requests: Some(requests), answers })
    }

    /// Sends a request, and waits for its answer.
    pub(super) fn ask(
        &mut self,
        request: &Value,
        limit: Duration,
    ) -> Result<Map<String, Value>, Fault> {
        match self.answers.try_recv() {
            Ok(line) => return Err(Fault::Noise(line)),
            Err(TryRecvError::Disconnected) => return Err(self.crash()),
            Err(TryRecvError::Empty) => {}
        }
        if let Some(requests) = &self.requests {
            // If the program has ended, its stdout has, too.
            let _ = requests.send(format!("{request}\n"));
        }
        match self.answers.recv_timeout(limit) {
            Ok(line) => serde_json::from_slice(&line).map_err(|_| Fault::Noise(line)),
            Err(RecvTimeoutError::Timeout) => Err(Fault::Hang(limit)),
            Err(RecvTimeoutError::Disconnected) => Err(self.crash()),
        }
    }

    fn crash(&mut self) -> Fault {
        let began = Instant::now();
        while began.elapsed() < EXIT {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Fault::Crash(Some(status));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Fault::Crash(None)
    }

    /// Ends the input. Anything that the program then writes is noise.
    pub(super) fn finish(mut self, limit: Duration) -> Result<(), Fault> {
        self.requests = None;
        match self.answers.recv_timeout(limit) {
            Ok(line) => Err(Fault::Noise(line)),
            // After the end of its input it may do anything except write.
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
