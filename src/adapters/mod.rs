//! Adapters: each connects [`Parser`](crate::Parser) and [`Block`](crate::Block) to the traits of another crate, by a
//! loop and without a rule of the format. Each has one file and one feature; `intake` and `outgoing` are the parts that
//! blocking and asynchronous ones share.

#[cfg(feature = "http")]
pub mod client;
#[cfg(feature = "codec")]
pub mod codec;
#[cfg(feature = "embedded-io")]
pub mod embedded_io;
#[cfg(feature = "embedded-io-async")]
pub mod embedded_io_async;
#[cfg(any(
    feature = "std",
    feature = "stream",
    feature = "embedded-io",
    feature = "embedded-io-async"
))]
mod error;
#[cfg(any(feature = "http", feature = "json"))]
mod excerpt;
#[cfg(feature = "http-body")]
pub mod http_body;
#[cfg(any(feature = "std", feature = "embedded-io", feature = "embedded-io-async"))]
mod intake;
#[cfg(feature = "std")]
pub mod io;
#[cfg(feature = "json")]
mod json;
#[cfg(all(test, feature = "std"))]
mod linear_time;
#[cfg(any(feature = "embedded-io", feature = "embedded-io-async"))]
mod outgoing;
#[cfg(feature = "stream")]
pub mod stream;

#[cfg(any(
    feature = "std",
    feature = "stream",
    feature = "embedded-io",
    feature = "embedded-io-async"
))]
pub use error::{ReadError, WriteError};
#[cfg(feature = "json")]
pub use json::{DecodeJsonError, EncodeJsonError};
