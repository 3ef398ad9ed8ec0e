//! Limits: equality with the model, the text of each error, arrays of different sizes, and last event IDs and entry
//! points that change in the middle of a line.
#![cfg(feature = "std")]

#[path = "../support/laws/mod.rs"]
mod laws;
#[path = "../support/mod.rs"]
mod support;

use sse_wire::{Field, LimitError, ParseError, Refused};
use support::{arrays, equality, model, outcome};

/// The data of all events, and all errors, for `stream` byte by byte and whole.
macro_rules! outcome {
    ($parser:expr, $stream:expr) => {{
        let outcome = |size: usize| {
            let mut parser = $parser;
            let (mut data, mut errors) = (Vec::new(), Vec::new());
            for chunk in AsRef::<[u8]>::as_ref(&$stream).chunks(size) {
                let mut events = parser.push(chunk);
                loop {
                    match events.next() {
                        Ok(Some(event)) => data.push(event.data.to_owned()),
                        Ok(None) => break,
                        Err(sse_wire::ParseError::Limit(error)) => errors.push(error),
                        Err(other) => panic!("{other}"),
                    }
                }
            }
            (data, errors, parser.last_event_id().to_owned())
        };
        let whole = outcome(usize::MAX);
        assert_eq!(outcome(1), whole, "byte by byte as in one chunk");
        whole
    }};
}

// After `outcome!`, which they use.
mod any_stream;
mod comments;
mod defaults;
mod events;
mod ids;
mod over_arrays;

fn facts(error: &LimitError) -> (usize, u64, Option<Field>, Refused) {
    (error.limit(), error.position(), error.array(), error.refused())
}

/// The limit error that was returned.
fn limit_error<T: std::fmt::Debug>(result: Result<T, ParseError>) -> LimitError {
    match result {
        Err(ParseError::Limit(error)) => error,
        other => panic!("{other:?}"),
    }
}
