//! The clock of an `EventSource`.

use alloc::boxed::Box;
use core::future::Future;
use core::time::Duration;

/// A clock that can wait: what an [`EventSource`](crate::EventSource) needs of a runtime.
///
/// `TokioTimer` is one, with the feature `client`. For another runtime, here async-io's:
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
/// In a browser it is `performance.now()` and `setTimeout`.
pub trait Timer {
    /// A future that is ready once the time has passed.
    type Sleep: Future<Output = ()>;

    /// The time since any moment that stays the same. It never goes back.
    fn now(&self) -> Duration;

    /// Waits for so long.
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

/// The timer of tokio, on whose runtime it has to be used (feature `client`).
#[cfg(feature = "client")]
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer(tokio::time::Instant);

#[cfg(feature = "client")]
impl TokioTimer {
    /// A timer that begins now.
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
