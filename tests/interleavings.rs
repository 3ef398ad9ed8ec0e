//! The laws of the parser for any order of its calls: events and items taken, cursors ended and dropped early,
//! streams ended, IDs set, clones made.

#![cfg(feature = "alloc")]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Growable, LastEventIdError, Limits, ParseError, Parser, Refused, Storage};
use support::outcome::{Output, Pending, drain, pending};
use support::shapes::{mutate, mutations, sent_stream};
use support::{Decoded, Driver, Returned, TokenizerDriver, values, within};

/// What is done with the next bytes, and how.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    len: usize,
    /// How the cursor is called, repeated: `e` for `next`, `o` for `next_owned`, `i` for `next_item`.
    ways: &'static [u8],
    /// How often the cursor is called.
    calls: usize,
}

#[derive(Clone, Debug)]
enum Call {
    /// The cursor is ended with `into_rest`.
    Take(Chunk),
    /// It is ended with `discard`.
    Discard(Chunk),
    /// It is dropped.
    Leave(Chunk),
    Finish,
    SetLastEventId(&'static str),
    Clone,
}

fn chunk() -> impl Strategy<Value = Chunk> {
    let len = prop_oneof![0..4_usize, 0..80_usize, Just(usize::MAX)];
    let calls = prop_oneof![0..4_usize, Just(usize::MAX)];
    const WAYS: [&[u8]; 5] = [b"e", b"o", b"i", b"eio", b"oiie"];
    (len, select(&WAYS[..]), calls).prop_map(|(len, ways, calls)| Chunk { len, ways, calls })
}

/// Steps that lose only what is discarded.
fn harmless() -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => chunk().prop_map(Call::Take),
        1 => chunk().prop_map(Call::Discard),
        1 => Just(Call::Finish),
        1 => Just(Call::Clone),
    ]
}

fn any_call() -> impl Strategy<Value = Call> {
    const IDS: [&str; 5] = ["", "7", "größe", "a long one, of more than any room", "no\nid"];
    prop_oneof![
        12 => harmless(),
        1 => chunk().prop_map(Call::Leave),
        2 => select(&IDS[..]).prop_map(Call::SetLastEventId),
    ]
}

/// The highest limit, and the length of the arrays.
const AMPLE: usize = 300;

/// Everything that a call returns.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    /// How many bytes it has taken, returned or lost.
    taken: usize,
    output: Vec<Output>,
    id_error: Option<LastEventIdError>,
    /// The end of the stream.
    end: Option<Result<Option<Pending>, ParseError>>,
}

fn call<S: Storage + Clone>(parser: &mut Parser<S>, call: &Call, rest: &[u8]) -> Answer {
    let mut answer = Answer::default();
    match *call {
        Call::Take(chunk) | Call::Discard(chunk) | Call::Leave(chunk) => {
            let bytes = &rest[..chunk.len.min(rest.len())];
            let mut cursor = parser.push(bytes);
            let mut ways = chunk.ways.iter().cycle();
            let drained = drain(chunk.calls, &mut answer.output, || match ways.next() {
                Some(b'i') => Ok(cursor.next_item()?.map(Output::from)),
                Some(b'o') => Ok(cursor.next_owned()?.map(Output::Event)),
                _ => Ok(cursor.next()?.map(Output::from)),
            });
            let mut left = &bytes[bytes.len()..];
            match call {
                Call::Take(_) => left = cursor.into_rest(),
                Call::Discard(_) => {
                    answer.output.extend(cursor.discard().err().map(Output::from));
                }
                _ => {}
            }
            assert!(!drained || left.is_empty());
            answer.taken = bytes.len() - left.len();
        }
        Call::Finish => answer.end = Some(parser.finish().map(pending)),
        Call::SetLastEventId(id) => {
            answer.id_error = parser.set_last_event_id(id).err();
            if answer.id_error.is_none() {
                assert_eq!(parser.last_event_id(), id);
            }
        }
        Call::Clone => *parser = parser.clone(),
    }
    answer
}

/// Ends with everything that is left.
fn to_the_end(calls: Vec<Call>) -> impl Iterator<Item = Call> {
    let all = Chunk { len: usize::MAX, ways: b"e", calls: usize::MAX };
    calls.into_iter().chain([Call::Take(all), Call::Finish])
}

fn events(output: &[Output]) -> impl Iterator<Item = Returned> + '_ {
    output.iter().filter_map(|output| match output {
        Output::Event(event) => Some(values(&event.as_event())),
        _ => None,
    })
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn any_order_of_pushes_ended_cursors_and_ends_gives_each_whole_stream(
        mut stream in sent_stream(),
        mutations in mutations(),
        calls in vec(harmless(), 0..40),
    ) {
        mutate(&mut stream.bytes, &mutations);
        let mut parser = Parser::new();
        let mut rest = stream.bytes.as_slice();
        // The stream since the last end, its events so far, and the ID before it.
        let (mut begun, mut returned, mut id) = (Vec::new(), Vec::new(), String::new());
        for next in to_the_end(calls) {
            let before = begun.len();
            let answer = call(&mut parser, &next, rest);
            let (taken, left) = rest.split_at(answer.taken);
            begun.extend_from_slice(taken);
            rest = left;
            returned.extend(events(&answer.output));
            let no_error = |output: &Output| !matches!(output, Output::Refused { .. } | Output::Unread { .. });
            prop_assert!(answer.output.iter().all(no_error));
            let whole = TokenizerDriver.decode(&[&begun], Some(&id), None);
            if let Call::Discard(_) = next {
                // Its events are dropped.
                let asked = returned.last().map_or(before as u64, |event: &Returned| event.3.end);
                let gone = |event: &&Returned| event.3.end > asked.max(before as u64);
                returned.extend(whole.events.iter().filter(gone).cloned());
            }
            prop_assert_eq!(&returned, &whole.events);
            prop_assert_eq!(parser.last_event_id(), &whole.last_event_id, "the blocks that were passed");
            if let Some(end) = answer.end {
                let Decoded { clean, last_event_id, .. } = whole;
                prop_assert_eq!(end.unwrap().is_none(), clean);
                prop_assert_eq!((parser.position(), parser.retained()), (0, last_event_id.len()));
                id = last_event_id;
                begun.clear();
                returned.clear();
            } else {
                prop_assert_eq!(parser.position(), begun.len() as u64);
            }
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn any_order_of_calls_gives_the_same_results_over_arrays_within_the_limit_and_one_for_each_block(
        mut stream in sent_stream(),
        mutations in mutations(),
        retained in 0..AMPLE,
        id in 0..AMPLE,
        calls in vec(any_call(), 0..40),
    ) {
        mutate(&mut stream.bytes, &mutations);
        let limits = Limits { retained, id };
        let mut growable = Parser::with_limits(Growable::new(), limits);
        let mut fixed = within(limits, [0xFF; AMPLE], [0xFF; AMPLE], [0xFF; 3 * AMPLE]);
        let mut rest = stream.bytes.as_slice();
        // The stream since the last end, its events, and the starts of the blocks that returned something.
        let (mut begun, mut returned, mut answered) = (Vec::new(), Vec::new(), Vec::new());
        let mut lost = false;
        for next in to_the_end(calls) {
            let answer = call(&mut growable, &next, rest);
            prop_assert_eq!(&answer, &call(&mut fixed, &next, rest), "{:?}", next);
            let (taken, left) = rest.split_at(answer.taken);
            begun.extend_from_slice(taken);
            rest = left;

            prop_assert!(growable.retained() <= retained);
            prop_assert!(growable.last_event_id().len() <= growable.limits().id);
            prop_assert_eq!(fixed.retained(), growable.retained());
            prop_assert_eq!(growable.last_event_id(), fixed.last_event_id());
            prop_assert_eq!(growable.reconnection_time(), fixed.reconnection_time());

            answered.extend(answer.output.iter().filter_map(|output| match output {
                Output::Refused { what: Refused::Event, position, .. } => Some(*position),
                _ => None,
            }));
            answered.extend(events(&answer.output).map(|event| event.3.start));
            returned.extend(events(&answer.output));
            lost |= matches!(next, Call::Leave(_) | Call::Discard(_));
            if answer.end.is_some() {
                // Complete, or not at all.
                let whole = TokenizerDriver.decode(&[&begun], None, None).events;
                for event in &returned {
                    let same = |other: &&Returned| (&other.0, &other.1, &other.3) == (&event.0, &event.1, &event.3);
                    prop_assert!(whole.iter().find(same).is_some(), "{:?}", event);
                }
                let blocks = answered.len();
                answered.sort_unstable();
                answered.dedup();
                prop_assert_eq!(answered.len(), blocks, "once for each block");
                for event in &whole {
                    prop_assert!(lost || answered.contains(&event.3.start), "handed out or refused: {:?}", event);
                }
                begun.clear();
                answered.clear();
                returned.clear();
                lost = false;
            }
        }
        prop_assert!(rest.is_empty());
    }
}
