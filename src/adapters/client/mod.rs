//! Clients: the events of one response, and an `EventSource` that reconnects, for asynchronous code and for threads.
//! [`Connection`](crate::Connection) decides everything.

mod attempt;
pub mod blocking;
#[cfg(feature = "http-body")]
mod boxed;
#[cfg(feature = "http-body")]
mod event_source;
mod incoming;
mod response_error;
#[cfg(feature = "http-body")]
mod response_events;
mod session;
#[cfg(feature = "http-body")]
mod stream_error;
#[cfg(feature = "http-body")]
mod timer;

use alloc::boxed::Box;
use core::error::Error;

pub use self::attempt::Attempt;
#[cfg(feature = "http-body")]
pub use self::boxed::{BoxBody, BoxEventSource, LocalBoxBody, LocalBoxEventSource};
#[cfg(feature = "http-body")]
pub use self::event_source::EventSource;
pub use self::incoming::{FinalError, Incoming, SourceError, SourceNotice};
pub use self::response_error::ResponseError;
#[cfg(feature = "http-body")]
pub use self::response_events::{ResponseEvents, events};
#[cfg(feature = "http-body")]
pub use self::stream_error::{StreamEnd, StreamError};
#[cfg(feature = "http-body")]
pub use self::timer::Timer;
#[cfg(feature = "client")]
pub use self::timer::TokioTimer;

/// An error of a request or of a body.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;
