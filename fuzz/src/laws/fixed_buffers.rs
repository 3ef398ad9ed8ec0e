//! Fixed arrays against growable buffers.

use arbitrary::Arbitrary;
use sse_wire::{Buffers, LastEventIdError, LimitError, Parser};

use crate::input::{Controls, stream_and_controls};
use crate::told::{Pending, Told, pending, tell};

/// What is called, over and over: what it is in the upper four bits, how much in the lower ones.
#[derive(Arbitrary, Debug)]
struct Calls([u8; 16]);

impl Controls for Calls {
    const LEN: usize = 16;
}

/// The largest limit here, and the length of each array.
const AMPLE: usize = 240;

/// Parsers over fixed arrays and over growable buffers answer alike, whatever is called in whatever
/// order: chunks pushed and observed, cursors dropped early, limits changed, IDs set, streams ended.
/// And a clone goes on as its original.
pub fn fixed_buffers(input: &[u8]) {
    let (stream, Calls(calls)) = stream_and_controls(input);
    let mut growable = Parser::with_limit(AMPLE);
    let (mut data, mut event_type, mut ids) = ([0xFF; AMPLE], [0xFF; AMPLE], [0xFF; AMPLE]);
    let mut fixed = Parser::with_arrays(&mut data[..], &mut event_type[..], &mut ids[..]);
    fixed.set_limit(AMPLE).unwrap();
    let mut rest = stream;
    let mut retained = 0;
    for &call in calls.iter().cycle().take(stream.len() + calls.len()) {
        let answer = answer(&mut growable, call, rest);
        assert_eq!(answer, self::answer(&mut fixed, call, rest), "{call:#04x}");
        rest = &rest[answer.taken..];
        assert_eq!(growable.retained(), fixed.retained());
        assert_eq!(growable.position(), fixed.position());
        assert_eq!(growable.unfinished_block(), fixed.unfinished_block());
        assert_eq!(growable.last_event_id(), fixed.last_event_id());
        assert_eq!(growable.reconnection_time(), fixed.reconnection_time());
        // IDs that were retained before the limit became less may stay.
        let most = growable.limit().max(retained);
        assert!(growable.retained() <= most, "{} > {most} after {call:#04x}", growable.retained());
        retained = growable.retained();
        if call == 0xF0 {
            growable = growable.clone();
        }
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(pending(growable.finish()), pending(fixed.finish()));
}

/// All that a call says.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    taken: usize,
    told: Vec<Told>,
    limit_error: Option<LimitError>,
    id_error: Option<LastEventIdError>,
    pending: Option<Pending>,
}

fn answer<B: Buffers>(parser: &mut Parser<B>, call: u8, rest: &[u8]) -> Answer {
    let mut answer = Answer::default();
    let much = usize::from(call & 15);
    let told = &mut answer.told;
    let piece = |len: usize| &rest[..len.min(rest.len())];
    match call >> 4 {
        // Few bytes and many, to the end of the chunk.
        0..=2 => {
            let mut events = parser.push(piece(much));
            tell(usize::MAX, told, || Ok(events.next()?.map(Told::from)));
            answer.taken = events.taken();
        }
        3 | 4 => {
            let mut events = parser.push(piece(much * 16));
            tell(usize::MAX, told, || Ok(events.next()?.map(Told::from)));
            answer.taken = events.taken();
        }
        5 | 6 => {
            let mut items = parser.observe(piece(much));
            tell(usize::MAX, told, || Ok(items.next()?.map(Told::from)));
            answer.taken = items.taken();
        }
        7 => {
            let mut items = parser.observe(piece(much * 16));
            tell(usize::MAX, told, || Ok(items.next()?.map(Told::from)));
            answer.taken = items.taken();
        }
        // All that is left, and dropped after some calls.
        8 | 9 => {
            let mut events = parser.push(rest);
            tell(much, told, || Ok(events.next()?.map(Told::from)));
            answer.taken = events.taken();
        }
        10 | 11 => {
            let mut items = parser.observe(rest);
            tell(much, told, || Ok(items.next()?.map(Told::from)));
            answer.taken = items.taken();
        }
        12 => answer.limit_error = parser.set_limit(much * 16).err(),
        13 => answer.limit_error = parser.set_limit(AMPLE - much).err(),
        14 => {
            let id = String::from_utf8_lossy(piece(much));
            answer.id_error = parser.set_last_event_id(&id).err();
            if answer.id_error.is_none() {
                assert_eq!(parser.last_event_id(), id);
            }
        }
        _ => {
            // Seldom, since it forgets so much.
            if much == 15 {
                answer.pending = pending(parser.finish());
                assert_eq!(parser.retained(), parser.last_event_id().len());
            }
        }
    }
    answer
}
