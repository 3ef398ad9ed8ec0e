//! The clock of an `EventSource`.

use alloc::boxed::Box;
use core::future::Future;
use core::time::Duration;

/// A clock that can wait: what an [`EventSource`](crate::EventSource) needs from a runtime.
///
/// With the feature `client`, `TokioTimer` implements it. For another runtime, here that of async-io:
///
/// ```
/// # mod async_io {
/// #     pub struct Timer;
/// #     impl Timer { pub fn after(_: std::time::Duration) -> std::future::Ready<()> { std::future::ready(()) } }
/// # }
/// use std::pin::Pin;
/// use std::time::{Duration, Instant};
///
/// struct AsyncIoTimer(Instant);
///
/// impl sse_wire::Timer for AsyncIoTimer {
///     type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;
///
///     fn now(&self) -> Duration {
///         self.0.elapsed()
///     }
///
///     fn sleep(&self, time: Duration) -> Self::Sleep {
///         Box::pin(async move { _ = async_io::Timer::after(time).await })
///     }
/// }
/// ```
///
/// In a browser, use `performance.now()` and `setTimeout`.
pub trait Timer {
    /// A future that is ready once the time has passed.
    type Sleep: Future<Output = ()>;

    /// Returns the time since a fixed moment. It is monotonic.
    fn now(&self) -> Duration;

    /// Returns a future that is ready after this time.
    fn sleep(&self, time: Duration) -> Self::Sleep;
}

impl<T: Timer + ?Sized> Timer for Box<T> {
    type Sleep = T::Sleep;

    fn now(&self) -> Duration {
        (**self).now()
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        (**self).sleep(time)
    }
}

/// Tokio's timer, which needs a tokio runtime with time enabled (feature `client`).
///
/// [`EventSource::new`](crate::EventSource::new) uses it.
///
/// ```
/// use sse_wire::{Timer, TokioTimer};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let timer = TokioTimer::new();
/// timer.sleep(std::time::Duration::from_secs(3)).await;
/// assert_eq!(timer.now().as_secs(), 3);
/// # }
/// ```
#[cfg(feature = "client")]
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer(tokio::time::Instant);

#[cfg(feature = "client")]
impl TokioTimer {
    /// Creates a timer whose time starts at zero now.
    pub fn new() -> Self {
        TokioTimer(tokio::time::Instant::now())
    }
}

#[cfg(feature = "client")]
impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "client")]
impl Timer for TokioTimer {
    type Sleep = tokio::time::Sleep;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        tokio::time::sleep(time)
    }
}
