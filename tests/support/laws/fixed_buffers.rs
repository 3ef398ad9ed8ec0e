//! Arrays against growable buffers.

use arbitrary::Arbitrary;
use sse_wire::{Growable, LastEventIdError, Limits, ParseError, Parser, Storage};

use super::super::arrays::within;
use super::super::outcome::{Output, Pending, drain, pending, push, push_items};
use super::input::{Controls, limit, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    limit: u8,
    id_limit: u8,
    /// The calls, repeated: the upper four bits select the call, the lower ones how much.
    calls: [u8; 16],
}

impl Controls for Steering {
    const LEN: usize = 18;
}

/// The largest limit here, and how long a value can be in each array.
const AMPLE: usize = 240;

/// Parsers over arrays and over growable buffers return the same for any order of calls: events and items taken,
/// cursors ended and dropped early, IDs set, streams ended. A clone continues like its original.
pub fn fixed_buffers(input: &[u8]) {
    let (stream, Steering { limit: retained, id_limit, calls }) = stream_and_controls(input);
    let limits = Limits { retained: limit(retained).min(AMPLE), id: limit(id_limit) };
    let mut growable = Parser::with_limits(Growable::new(), limits);
    let (mut data, mut event_type, mut ids) = ([0xFF; AMPLE], [0xFF; AMPLE], [0xFF; 3 * AMPLE]);
    let mut fixed = within(limits, &mut data[..], &mut event_type[..], &mut ids[..]);
    let mut rest = stream;
    for &call in calls.iter().cycle().take(stream.len() + calls.len()) {
        let answer = answer(&mut growable, call, rest);
        assert_eq!(answer, self::answer(&mut fixed, call, rest), "{call:#04x}");
        rest = &rest[answer.taken..];
        assert_eq!(growable.retained(), fixed.retained());
        assert_eq!(growable.position(), fixed.position());
        assert_eq!(growable.unfinished_block(), fixed.unfinished_block());
        assert_eq!(growable.last_event_id(), fixed.last_event_id());
        assert_eq!(growable.reconnection_time(), fixed.reconnection_time());
        assert!(
            growable.retained() <= limits.retained,
            "{} after {call:#04x}",
            growable.retained()
        );
        assert!(growable.last_event_id().len() <= growable.limits().id);
        if call == 0xF0 {
            growable = growable.clone();
        }
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(growable.finish().map(pending), fixed.finish().map(pending));
}

/// Everything that a call returns.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    /// How many bytes it has taken, returned or lost.
    taken: usize,
    output: Vec<Output>,
    id_error: Option<LastEventIdError>,
    end: Option<Result<Option<Pending>, ParseError>>,
}

fn answer<S: Storage>(parser: &mut Parser<S>, call: u8, rest: &[u8]) -> Answer {
    let mut answer = Answer::default();
    let much = usize::from(call & 15);
    let output = &mut answer.output;
    let piece = |len: usize| &rest[..len.min(rest.len())];
    let taken = |piece: &[u8], left: &[u8]| piece.len() - left.len();
    match call >> 4 {
        // Few bytes and many, to the end of the chunk.
        0..=2 => answer.taken = taken(piece(much), push(parser, usize::MAX, piece(much), output).1),
        3 | 4 => {
            let piece = piece(much * 16);
            answer.taken = taken(piece, push(parser, usize::MAX, piece, output).1);
        }
        5 | 6 => {
            answer.taken =
                taken(piece(much), push_items(parser, usize::MAX, piece(much), output).1);
        }
        7 => {
            let piece = piece(much * 16);
            answer.taken = taken(piece, push_items(parser, usize::MAX, piece, output).1);
        }
        // Everything that is left, ended after some calls.
        8 | 9 => answer.taken = taken(rest, push(parser, much, rest, output).1),
        10 | 11 => answer.taken = taken(rest, push_items(parser, much, rest, output).1),
        12..=14 => {
            let id = String::from_utf8_lossy(piece(much));
            answer.id_error = parser.set_last_event_id(&id).err();
            if answer.id_error.is_none() {
                assert_eq!(parser.last_event_id(), id);
            }
        }
        _ => match much {
            // A few bytes, of which one item is taken; the others are discarded or left unread.
            1..=12 => {
                let piece = piece(much * much / 4);
                answer.taken = piece.len();
                let mut items = parser.push(piece);
                drain(1, output, || Ok(items.next_item()?.map(Output::from)));
                if much % 2 == 0 {
                    output.extend(items.discard().err().map(Output::from));
                }
            }
            15 => answer.end = Some(parser.finish().map(pending)),
            _ => {}
        },
    }
    answer
}
