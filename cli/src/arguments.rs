//! Values of options that several commands have.

#[cfg(feature = "http")]
use std::time::Duration;

use sse_wire::Parser;

/// A number of seconds, with a fraction or without.
#[cfg(feature = "http")]
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "no number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// The parser that `--limit` asks for. Such a limit is for ids, too: a quarter of it.
pub(crate) fn parser(limit: Option<usize>) -> Parser {
    let mut parser = Parser::new();
    if let Some(limit) = limit {
        parser = Parser::with_limit(limit);
        // A new parser has no id that could be too long.
        let _ = parser.set_id_limit(usize::MAX);
    }
    parser
}
