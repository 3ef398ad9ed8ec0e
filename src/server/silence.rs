//! The keep-alive schedule on tokio's timer, for bodies.
//!
//! Implementation notes. Resetting a timer for each subscriber at each event would cost more than the event. So a
//! timer is not reset, and when it fires, the body checks whether anything was written since. Until then the time is
//! not needed.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

use super::KeepAlive;
use crate::encode::Block;

/// The keep-alive schedule of a body, and whether it has written anything yet.
#[derive(Debug)]
pub(super) struct Silence {
    keep_alive: KeepAlive<'static>,
    start: Instant,
    begun: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    /// Starts a silence now. The times of `keep_alive` start at zero.
    pub(super) fn new(keep_alive: KeepAlive<'static>) -> Self {
        Silence { keep_alive, start: Instant::now(), begun: false, timer: None }
    }

    /// Call this whenever something is written.
    pub(super) fn end(&mut self, now: Instant) {
        self.begun = true;
        self.keep_alive.sent(now.saturating_duration_since(self.start));
    }

    /// Returns what to write, if nothing was written yet or for too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Block<'static>> {
        while self.begun {
            let due = self.keep_alive.next_at();
            let Some(deadline) = self.start.checked_add(due) else { return Poll::Pending };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            ready!(timer.as_mut().poll(cx));
            if self.start.elapsed() >= due {
                break;
            }
            timer.as_mut().reset(deadline);
        }
        self.end(Instant::now());
        Poll::Ready(self.keep_alive.text())
    }
}
