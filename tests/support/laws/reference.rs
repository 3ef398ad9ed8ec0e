//! Equality with the reference.

use std::time::Duration;

use arbitrary::Arbitrary;
use sse_wire::{Event, Parser, Storage};
use sse_wire_reference::{Interpretation, Verdict, interpret};

use super::super::arrays::over_arrays;
use super::super::outcome::{Outcome, Output, Way, outcome};
use super::input::{Controls, Cuts, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    /// Whether there was a stream before that left an ID.
    second: u8,
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 1;
}

/// The length of the arrays: enough for what an input of 4 KiB decodes to.
const AMPLE: usize = 16 * 1024;

/// On every stream, in any chunks, over growable buffers and arrays, the parser gives just what the
/// specification as code does: events, IDs, reconnection times, comments, blocks, and what is left.
pub fn reference(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let id = if steering.second % 2 == 1 { "before" } else { "" };
    let meaning = interpret(stream, id);
    let chunks = steering.cuts.chunks(stream);
    agree(&meaning, Parser::new(), id, &chunks);
    if stream.len() <= AMPLE / 4 {
        let [data, event_type, ids] = [1, 1, 3].map(|times| vec![0xFF; times * AMPLE]);
        agree(&meaning, over_arrays(data, event_type, ids), id, &chunks);
    }
}

fn agree<S: Storage>(meaning: &Interpretation, mut parser: Parser<S>, id: &str, chunks: &[&[u8]]) {
    parser.set_id_limit(usize::MAX).unwrap();
    parser.set_last_event_id(id).unwrap();
    let parsed = outcome(parser, Way::Observe, chunks);
    let explained = || -> String { meaning.lines.iter().map(|line| format!("{line}\n")).collect() };
    assert_eq!(parsed.output, output(meaning), "\n{}", explained());
    assert_eq!(parsed.last_event_id, meaning.last_event_id, "\n{}", explained());
    let time = meaning.reconnection_time.map(Duration::from_millis);
    assert_eq!(parsed.reconnection_time, time, "\n{}", explained());
    assert!(same_end(&parsed, meaning), "{:?}\n{}", parsed.pending, explained());
}

/// What the reference's lines and events amount to, in the order of the stream.
fn output(meaning: &Interpretation) -> Vec<Output> {
    let mut output = Vec::new();
    let mut events = meaning.events.iter();
    let (mut block, mut id) = (0, None);
    for line in &meaning.lines {
        match &line.verdict {
            Verdict::ByteOrderMark => block = line.range.end,
            Verdict::Comment { text } => output.push(Output::Comment {
                text: text.strip_prefix(' ').unwrap_or(text).to_owned(),
                position: line.range.start as u64,
            }),
            Verdict::Retry { milliseconds } => {
                let time = Duration::from_millis(milliseconds.unwrap_or(u64::MAX));
                output.push(Output::ReconnectionTime(time));
            }
            Verdict::Id { value } => id = Some(value.clone()),
            Verdict::Dispatch { .. } => {
                let of_reference = events.next().expect("an event for each dispatch");
                id = None;
                block = line.range.end;
                let mut event = Event::new(&of_reference.event_type, &of_reference.data);
                event.last_event_id = &of_reference.last_event_id;
                event.sets_id = of_reference.sets_id;
                event.range = of_reference.range.start as u64..of_reference.range.end as u64;
                output.push(event.into());
            }
            Verdict::NothingToDispatch { .. } => {
                let range = block as u64..line.range.start as u64 + 1;
                output.push(Output::Block { id: id.take(), range });
                block = line.range.end;
            }
            _ => {}
        }
    }
    assert!(events.next().is_none());
    output
}

/// Where the stream ended in a line, the parser hands out what it has of it; the reference does not.
fn same_end(parsed: &Outcome, meaning: &Interpretation) -> bool {
    match (&parsed.pending, &meaning.unfinished) {
        (None, None) => true,
        (Some(pending), Some(unfinished)) => {
            let data = unfinished.data_buffer.strip_suffix('\n');
            let buffers = pending.data.as_deref() == data
                && pending.event_type == unfinished.event_type_buffer;
            (pending.in_line || buffers)
                && pending.in_line != unfinished.line.is_empty()
                && pending.sets_id == unfinished.sets_id
                && pending.last_event_id == unfinished.last_event_id_buffer
                && pending.range.start == unfinished.range.start as u64
                && pending.range.end == unfinished.range.end as u64
                && !pending.refused
        }
        _ => false,
    }
}
