//! The runtime of the commands that use HTTP, and their shutdown by signals.
//!
//! The first SIGINT (Ctrl-C) or SIGTERM shuts a command down gracefully. If it cannot end, because nothing reads its
//! output, a second signal or the command's time limit ends it.

use std::io;
use std::process::{self, ExitCode};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::messages::log;

/// The exit code after a second signal: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// Runs a command with a runtime. After a signal it can take this long to end. The error is that of writing to stdout.
pub(crate) fn run(
    patience: Duration,
    command: impl AsyncFnOnce(Interruption) -> io::Result<ExitCode>,
) -> io::Result<ExitCode> {
    let started = Builder::new_multi_thread().enable_all().build().and_then(|runtime| {
        let entered = runtime.enter();
        let interruption = Interruption::watch(patience)?;
        drop(entered);
        Ok((runtime, interruption))
    });
    let (runtime, interruption) = match started {
        Ok(started) => started,
        Err(error) => {
            log(format_args!("cannot start: {error}"));
            return Ok(ExitCode::FAILURE);
        }
    };
    let done = runtime.block_on(command(interruption));
    // Does not wait for a host name that is still being resolved.
    runtime.shutdown_background();
    done
}

/// Whether the command should end.
#[derive(Clone)]
pub(crate) struct Interruption(watch::Receiver<bool>);

impl Interruption {
    fn watch(patience: Duration) -> io::Result<Self> {
        let mut signals = Signals::new()?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signals.next().await;
            sender.send_replace(true);
            tokio::select! {
                () = signals.next() => process::exit(INTERRUPTED),
                () = sleep(patience) => {
                    log(format_args!("ended after {patience:?} with unwritten output, because nothing reads it"));
                    process::exit(1)
                }
            }
        });
        Ok(Interruption(receiver))
    }

    /// Waits until the command should end.
    pub(crate) async fn wait(&mut self) {
        // The sender is never dropped.
        let _ = self.0.wait_for(|&interrupted| interrupted).await;
    }
}

#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Signals(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
