//! The laws of the parser where its calls come in any order: chunks pushed and observed, cursors
//! dropped early, streams ended, limits and IDs changed, clones taken.

#![cfg(feature = "std")]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Buffers, End, Item, LastEventIdError, LimitError, Parser, Refused};
use support::shapes::{mutate, mutations, sent_stream};
use support::{Driver, TokenizerDriver, Told, tell};

#[derive(Clone, Debug)]
enum Call {
    /// So many bytes, the cursor asked so often, all or in part taken.
    Push {
        len: usize,
        calls: usize,
    },
    Observe {
        len: usize,
        calls: usize,
    },
    Finish,
    SetLimit(usize),
    SetLastEventId(&'static str),
    Clone,
}

/// What does not change what is told of a stream.
fn harmless() -> impl Strategy<Value = Call> {
    let len = || prop_oneof![0..4_usize, 0..80_usize, Just(usize::MAX)];
    let calls = || prop_oneof![0..4_usize, Just(usize::MAX)];
    prop_oneof![
        4 => (len(), calls()).prop_map(|(len, calls)| Call::Push { len, calls }),
        4 => (len(), calls()).prop_map(|(len, calls)| Call::Observe { len, calls }),
        1 => Just(Call::Finish),
        1 => Just(Call::Clone),
    ]
}

fn any_call() -> impl Strategy<Value = Call> {
    const IDS: [&str; 5] = ["", "7", "größe", "a long one, of more than any room", "no\nid"];
    prop_oneof![
        6 => harmless(),
        1 => (0..AMPLE).prop_map(Call::SetLimit),
        1 => select(&IDS[..]).prop_map(Call::SetLastEventId),
    ]
}

/// The highest limit here, and the length of arrays.
const AMPLE: usize = 300;

/// All that a call says.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    taken: usize,
    events: Vec<Told>,
    comments: Vec<String>,
    refused: Vec<LimitError>,
    limit_error: Option<LimitError>,
    id_error: Option<LastEventIdError>,
    clean: Option<bool>,
}

fn call<B: Buffers + Clone>(parser: &mut Parser<B>, call: &Call, rest: &[u8]) -> Answer {
    let mut answer = Answer::default();
    match *call {
        Call::Push { len, calls } => {
            let mut events = parser.push(&rest[..len.min(rest.len())]);
            for _ in 0..calls {
                match events.next() {
                    Ok(Some(event)) => answer.events.push(tell(&event)),
                    Ok(None) => break,
                    Err(error) => answer.refused.push(error),
                }
            }
            answer.taken = events.taken();
        }
        Call::Observe { len, calls } => {
            let mut items = parser.observe(&rest[..len.min(rest.len())]);
            for _ in 0..calls {
                match items.next() {
                    Ok(Some(Item::Event(event))) => answer.events.push(tell(&event)),
                    Ok(Some(Item::Comment { text, .. })) => answer.comments.push(text.to_owned()),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) => answer.refused.push(error),
                }
            }
            answer.taken = items.taken();
        }
        Call::Finish => answer.clean = Some(parser.finish() == End::Clean),
        Call::SetLimit(limit) => answer.limit_error = parser.set_limit(limit).err(),
        Call::SetLastEventId(id) => {
            answer.id_error = parser.set_last_event_id(id).err();
            if answer.id_error.is_none() {
                assert_eq!(parser.last_event_id(), id);
            }
        }
        Call::Clone => {}
    }
    answer
}

/// Ends with all that is left.
fn to_the_end(calls: Vec<Call>) -> impl Iterator<Item = Call> {
    calls.into_iter().chain([Call::Push { len: usize::MAX, calls: usize::MAX }, Call::Finish])
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn any_order_of_pushes_dropped_cursors_and_ends_tells_each_stream_as_it_is_whole(
        mut stream in sent_stream(),
        mutations in mutations(),
        calls in vec(harmless(), 0..40),
    ) {
        mutate(&mut stream.bytes, &mutations);
        let mut parser = Parser::new();
        let mut rest = stream.bytes.as_slice();
        // The stream since the last end, what was told of it, and the ID that came before it.
        let (mut begun, mut told, mut id) = (Vec::new(), Vec::new(), String::new());
        for next in to_the_end(calls) {
            let answer = call(&mut parser, &next, rest);
            let (taken, left) = rest.split_at(answer.taken);
            begun.extend_from_slice(taken);
            rest = left;
            told.extend(answer.events);
            prop_assert_eq!(&answer.refused, &[]);
            let whole = TokenizerDriver.decode(&[&begun], Some(&id), None);
            prop_assert_eq!(&told, &whole.events);
            prop_assert_eq!(parser.last_event_id(), &whole.last_event_id);
            if let Some(clean) = answer.clean {
                prop_assert_eq!(clean, whole.clean);
                prop_assert_eq!((parser.position(), parser.retained()), (0, whole.last_event_id.len()));
                id = whole.last_event_id;
                begun.clear();
                told.clear();
            } else {
                prop_assert_eq!(parser.position(), begun.len() as u64);
            }
            if matches!(next, Call::Clone) {
                parser = parser.clone();
            }
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn any_order_of_all_calls_is_answered_alike_over_arrays_within_the_limit_and_once_for_each_block(
        mut stream in sent_stream(),
        mutations in mutations(),
        limit in 0..AMPLE,
        calls in vec(any_call(), 0..40),
    ) {
        mutate(&mut stream.bytes, &mutations);
        let mut growable = Parser::with_limit(limit);
        let mut fixed = Parser::with_arrays([0xFF; AMPLE], [0xFF; AMPLE], [0xFF; AMPLE]);
        fixed.set_limit(limit).unwrap();
        let mut rest = stream.bytes.as_slice();
        // The stream since the last end, and where the blocks begin that were told or refused.
        let (mut begun, mut answered, mut told) = (Vec::new(), Vec::new(), Vec::new());
        let mut retained = 0;
        for next in to_the_end(calls) {
            let answer = call(&mut growable, &next, rest);
            prop_assert_eq!(&answer, &call(&mut fixed, &next, rest), "{:?}", next);
            let (taken, left) = rest.split_at(answer.taken);
            begun.extend_from_slice(taken);
            rest = left;

            // An ID stays though the limit became less than it.
            prop_assert!(growable.retained() <= growable.limit().max(retained));
            retained = growable.retained();
            prop_assert_eq!(fixed.retained(), retained);
            prop_assert_eq!(growable.last_event_id(), fixed.last_event_id());
            prop_assert_eq!(growable.reconnection_time(), fixed.reconnection_time());

            answered.extend(answer.events.iter().map(|event| event.3.start));
            let refused = answer.refused.iter().chain(&answer.limit_error);
            answered.extend(refused.filter(|error| error.refused() == Refused::Event).map(LimitError::position));
            told.extend(answer.events);
            if answer.clean.is_some() {
                // Whole, or not at all.
                let whole = TokenizerDriver.decode(&[&begun], None, None).events;
                for event in &told {
                    let same = |other: &&Told| (&other.0, &other.1, &other.3) == (&event.0, &event.1, &event.3);
                    prop_assert!(whole.iter().find(same).is_some(), "{:?}", event);
                }
                let blocks = answered.len();
                answered.sort_unstable();
                answered.dedup();
                prop_assert_eq!(answered.len(), blocks, "once for each block");
                for event in &whole {
                    prop_assert!(answered.contains(&event.3.start), "told or refused: {:?}", event);
                }
                begun.clear();
                answered.clear();
                told.clear();
            }
            if matches!(next, Call::Clone) {
                (growable, fixed) = (growable.clone(), fixed.clone());
            }
        }
        prop_assert!(rest.is_empty());
    }
}
