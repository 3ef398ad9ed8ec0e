//! The parser and the encoder where bytes come from and go to: a loop each, and no rule.

#[cfg(feature = "http-body")]
pub mod http_body;
#[cfg(feature = "stream")]
pub mod stream;
