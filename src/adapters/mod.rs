//! The parser and the encoder where bytes come from and go to: a loop each, and no rule.

#[cfg(feature = "stream")]
pub mod stream;
