//! The test vectors for encoders as data.

use std::time::Duration;

use sse_wire::{Block, EncodeError, Part};
use sse_wire_vectors::{EncoderCase, Refusal};

pub fn encoder_cases() -> Vec<EncoderCase> {
    sse_wire_vectors::encoder()
}

/// Calls `check` with the block of a case, and with its data separately.
pub fn with_block(case: &EncoderCase, mut check: impl FnMut(Block<'_>, Block<'_>, Option<&str>)) {
    let head = Block {
        comment: case.comment.as_deref(),
        event_type: case.event_type.as_deref(),
        id: case.id.as_deref(),
        retry: case.retry.map(Duration::from_millis),
        data: None,
        strict: case.strict,
    };
    let data = case.data.as_deref();
    check(Block { data, ..head }, head, data);
}

pub fn names(error: EncodeError) -> Refusal {
    let (field, reason) = match error {
        EncodeError::Nul { .. } => ("id", "nul"),
        EncodeError::LineBreak { part, .. } => {
            let field = match part {
                Part::Comment => "comment",
                Part::EventType => "type",
                Part::Id => "id",
                Part::Data => "data",
                other => panic!("{other:?}"),
            };
            (field, "line_break")
        }
        other => panic!("{other:?}"),
    };
    Refusal { field: field.into(), reason: reason.into() }
}
