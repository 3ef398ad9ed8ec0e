//! The lines from a tokenizer, interpreted by the rules of the reference.

use std::ops::Range;

use sse_wire::{Line, Token, Tokenizer};
use sse_wire_reference::{State, Verdict};

use super::equality::{Dispatched, Returned};

/// What happens in a fold.
pub enum Step<'a> {
    Returned(Returned<'a>),
    /// A chunk of this many bytes was taken.
    Taken(usize),
}

/// Folds the reference's state over the tokens of a stream in these chunks. Returns the state at the end, and the
/// bytes of the unfinished block.
pub fn fold<E>(
    id: &str,
    chunks: &[&[u8]],
    mut on: impl FnMut(Step<'_>) -> Result<(), E>,
) -> Result<(State, Range<u64>), E> {
    let (mut state, mut tokenizer) = (State::new(id), Tokenizer::new());
    let (mut value, mut comment_at) = (Vec::new(), None);
    let byte = |at: usize| *chunks.iter().copied().flatten().nth(at).expect("a byte of the stream");
    for chunk in chunks {
        for token in tokenizer.push(chunk) {
            if let Token::Line { line, bytes, complete, position, .. } = token {
                if line == Line::Comment {
                    // The colon, and perhaps a space, come before the first piece.
                    comment_at.get_or_insert_with(|| {
                        let before = position as usize - 1;
                        (before - usize::from(byte(before) == b' ')) as u64
                    });
                }
                value.extend_from_slice(bytes);
                if !complete {
                    continue;
                }
            }
            let text = String::from_utf8_lossy(&value);
            match token {
                Token::Line { line: Line::Field(field), .. } => {
                    if let Verdict::Retry { milliseconds } =
                        state.process_field(field.name(), &text)
                    {
                        let milliseconds = milliseconds.unwrap_or(u64::MAX);
                        on(Step::Returned(Returned::ReconnectionTime { milliseconds }))?;
                    }
                }
                Token::Line { line: Line::Comment, .. } => {
                    let position = comment_at.take().unwrap();
                    on(Step::Returned(Returned::Comment { text: &text, position }))?;
                }
                Token::BlankLine { block: range, .. } => {
                    let dispatched = state.dispatch();
                    let (last_event_id, sets_id) = (&*state.last_event_id, dispatched.sets_id);
                    on(Step::Returned(match &dispatched.data {
                        None => Returned::Block { id: sets_id.then_some(last_event_id), range },
                        Some(data) => {
                            let event_type = &dispatched.event_type;
                            Returned::Event(Dispatched {
                                event_type,
                                data,
                                last_event_id,
                                sets_id,
                                range,
                            })
                        }
                    }))?;
                }
                Token::Line { .. } => {}
                other => panic!("{other:?}"),
            }
            value.clear();
        }
        on(Step::Taken(chunk.len()))?;
    }
    Ok((state, tokenizer.finish()))
}
