//! The test vectors for encoders as data.

use serde_json::Value;
use sse_wire::{Block, EncodeError, Part};

use super::{bytes, text, vector_files};

pub struct EncoderCase {
    pub name: String,
    pub block: Value,
    pub strict: bool,
    pub expected: Result<Vec<u8>, (String, String)>,
}

pub fn encoder_cases() -> Vec<EncoderCase> {
    let cases = |file: Value| file["cases"].as_array().unwrap().clone();
    vector_files("encoder")
        .into_iter()
        .flat_map(|(_, file)| cases(file))
        .map(|case| EncoderCase {
            name: case["name"].as_str().unwrap().to_owned(),
            block: case["serialize"].clone(),
            strict: case.get("strict").is_some_and(|strict| strict.as_bool().unwrap()),
            expected: match case["expect"].get("error") {
                None => Ok(bytes(&case["expect"]["bytes"])),
                Some(error) => Err((text(&error["field"]), text(&error["reason"]))),
            },
        })
        .collect()
}

/// Gives the block of a case to `check`, and its data once more, cut off.
pub fn with_block(case: &EncoderCase, mut check: impl FnMut(Block<'_>, Block<'_>, Option<&str>)) {
    let get = |key: &str| case.block.get(key).map(text);
    let (comment, event_type, id, data) = (get("comment"), get("type"), get("id"), get("data"));
    let head = Block {
        comment: comment.as_deref(),
        event_type: event_type.as_deref(),
        id: id.as_deref(),
        retry: case.block.get("retry").map(|retry| retry.as_u64().unwrap()),
        data: None,
        strict: case.strict,
    };
    check(Block { data: data.as_deref(), ..head }, head, data.as_deref());
}

pub fn names(error: EncodeError) -> (String, String) {
    match error {
        EncodeError::Nul { .. } => ("id".into(), "nul".into()),
        EncodeError::LineBreak { part, .. } => {
            let field = match part {
                Part::Comment => "comment",
                Part::EventType => "type",
                Part::Id => "id",
                Part::Data => "data",
                other => panic!("{other:?}"),
            };
            (field.into(), "line_break".into())
        }
        other => panic!("{other:?}"),
    }
}
