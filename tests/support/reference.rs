//! The reference as one more way to decode.

use sse_wire_reference::{Interpretation, Verdict, interpret};

use super::{Decoded, Driver};

/// Runs the reference over a stream that arrives in these chunks.
pub fn decoded(meaning: &Interpretation, chunks: &[&[u8]]) -> Decoded {
    let comments = meaning.lines.iter().filter_map(|line| match &line.verdict {
        Verdict::Comment { text } => Some(text.strip_prefix(' ').unwrap_or(text).to_owned()),
        _ => None,
    });
    let arrived = chunks.iter().scan(0, |arrived, chunk| {
        *arrived += chunk.len();
        Some(*arrived)
    });
    let events = meaning.events.iter().map(|event| {
        let range = event.range.start as u64..event.range.end as u64;
        (event.event_type.clone(), event.data.clone(), event.last_event_id.clone(), range)
    });
    Decoded {
        events: events.collect(),
        last_event_id: meaning.last_event_id.clone(),
        retry: meaning.reconnection_time,
        after: arrived.map(|arrived| meaning.events_within(arrived)).collect(),
        clean: meaning.unfinished.is_none(),
        errors: 0,
        comments: Some(comments.collect()),
    }
}

pub struct ReferenceDriver;

impl Driver for ReferenceDriver {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded {
        assert_eq!(limit, None, "the reference has no limit");
        decoded(&interpret(&chunks.concat(), last_event_id.unwrap_or_default()), chunks)
    }
}
