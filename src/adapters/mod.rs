//! The parser and the encoder where bytes come from and go to: a loop each, and no rule.

#[cfg(feature = "http-body")]
pub mod http_body;
#[cfg(feature = "stream")]
pub mod stream;
//! Adapters: each joins [`Parser`](crate::Parser) and [`Block`](crate::Block) to somebody else's
//! traits, by a loop and without a rule of the format. One file and one feature each.
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
mod intake;
#[cfg(feature = "std")]
pub mod io;
#[cfg(feature = "std")]
pub use error::{ReadError, WriteError};
