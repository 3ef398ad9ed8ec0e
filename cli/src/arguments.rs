//! Values of options that several commands have.

use std::time::Duration;

use sse_wire::{Growable, Limits, Parser};

/// A number of bytes, or one with a unit: `16MB`, `64KiB`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize =
        text.parse().map_err(|_| "not a size; write 65536, 64KiB, or 16MB, for example")?;
    // A number beyond any memory means no limit.
    Ok(usize::try_from(size.as_u64()).unwrap_or(usize::MAX))
}

/// A time with its unit, `500ms` or `1m 30s`; a number alone is in seconds.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
        Err(_) => with_unit(text),
    }
}

/// A reconnection time; a number alone is in milliseconds, as in a `retry` line.
#[cfg(feature = "http")]
pub(crate) fn reconnection_time(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(milliseconds) => Ok(Duration::from_millis(milliseconds)),
        Err(_) => with_unit(text),
    }
}

fn with_unit(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "not a time; write 500ms, 3s, or 1m, for example".to_owned())
}

/// A time that is not zero.
pub(crate) fn some_time(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("zero is not a time limit; write at least 1ms".into()),
        time => Ok(time),
    }
}

/// Creates the parser for `--limit`, a quarter of which is the limit for IDs.
pub(crate) fn parser(limit: Option<usize>) -> Parser {
    let limits = limit.map(|retained| Limits { retained, id: usize::MAX });
    Parser::with_limits(Growable::new(), limits.unwrap_or(Limits::DEFAULT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_a_thousand_and_of_1024_and_are_bytes_without() {
        for (text, bytes) in
            [("0", 0), ("65536", 65536), ("16MB", 16_000_000), ("16 MiB", 16 << 20), ("1.5k", 1500)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert_eq!(size(&u64::MAX.to_string()), Ok(usize::MAX));
        for bad in ["", "x", "-1", "16 apples"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_limit_is_not_zero() {
        assert_eq!(some_time("1ms"), Ok(Duration::from_millis(1)));
        assert!(some_time("0").is_err() && some_time("0s").is_err());
    }

    #[cfg(feature = "http")]
    #[test]
    fn times_have_units_and_are_seconds_without_or_milliseconds_in_a_retry() {
        for (text, milliseconds) in
            [("0", 0), ("1.5", 1500), ("3s", 3000), ("500ms", 500), ("1m 30s", 90_000)]
        {
            assert_eq!(time(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for (text, milliseconds) in [("3000", 3000), ("3s", 3000), ("500ms", 500)] {
            assert_eq!(reconnection_time(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for bad in ["", "x", "-1", "3 apples", "NaN", "inf"] {
            assert!(time(bad).is_err() && reconnection_time(bad).is_err(), "{bad}");
        }
    }
}
