//! Data that is written piecewise.

use std::fmt;
use std::io;

use arbitrary::Arbitrary;
use sse_wire::{Block, EncodeError, Part, Sink, SliceSink};

use super::input::{Controls, Cuts, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    /// How much room fixed memory has.
    room: u8,
    /// Whether there is a head, whether it is strict, and how pieces are written.
    flags: u8,
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 2;
}

/// Data in pieces, cut anywhere, gives the same block as whole data; or it is rejected for the same reason, and writes
/// nothing.
pub fn data_writer(input: &[u8]) {
    let (data, Steering { cuts, room, flags }) = stream_and_controls(input);
    let head = Block {
        event_type: (flags & 1 == 1).then_some("type"),
        id: (flags & 2 == 2).then_some("id"),
        strict: flags & 4 == 4,
        ..Block::new()
    };
    let pieces = cuts.chunks(data);
    let expected = match std::str::from_utf8(data) {
        Ok(text) => {
            let mut whole = Vec::new();
            head.data(text).encode(&mut whole).map(|()| whole)
        }
        Err(error) => {
            // Earlier data comes first.
            let at = error.valid_up_to();
            match data[..at].iter().position(|&byte| byte == b'\r').filter(|_| head.strict) {
                Some(at) => Err(EncodeError::LineBreak { part: Part::Data, at }),
                None => Err(EncodeError::NotUtf8 { at }),
            }
        }
    };

    let mut stream = b"before".to_vec();
    let written = write(head, &pieces, flags, &mut stream);
    assert_eq!(written.map(|()| stream[6..].to_vec()), expected);
    assert!(expected.is_ok() || stream == b"before", "taken back");

    // A lack of room is one more reason.
    const BEFORE: &[u8] = b": before\n\n";
    let mut memory = vec![0; usize::from(room) + BEFORE.len()];
    let mut sink = SliceSink::new(&mut memory);
    Block::new().comment("before").encode(&mut sink).unwrap();
    let written = write(head, &pieces, flags, &mut sink);
    match (&expected, written) {
        (Ok(whole), Ok(())) => assert_eq!(&sink.written()[BEFORE.len()..], whole),
        (Err(error), Err(other)) if *error == other => {}
        (_, Err(EncodeError::NoRoom { needed })) => {
            assert!(needed > usize::from(room));
            assert!(expected.as_ref().map_or(true, |whole| needed <= whole.len()));
        }
        other => panic!("{other:?}"),
    }
    assert!(sink.written().starts_with(BEFORE));
    let fits = expected.as_ref().is_ok_and(|whole| whole.len() <= usize::from(room));
    assert_eq!(sink.written().len() > BEFORE.len(), fits);
}

/// Writes the pieces in one of the ways; returns the first error.
fn write<S: Sink>(
    head: Block<'_>,
    pieces: &[&[u8]],
    flags: u8,
    sink: &mut S,
) -> Result<(), EncodeError> {
    // The block may have some of its data already.
    let (mut first, mut others) = ("", pieces);
    if let (8, [piece, rest @ ..]) = (flags & 8, pieces) {
        if let Ok(text) = std::str::from_utf8(piece) {
            (first, others) = (text, rest);
        }
    }
    let mut writer = head.data(first).data_writer(sink)?;
    let mut failed = None;
    for piece in others {
        let is_text = std::str::from_utf8(piece).ok();
        let written = match (flags >> 4 & 3, is_text) {
            (1, _) => io::Write::write_all(&mut writer, piece).map_err(|_| None),
            // Text after an unfinished character is rejected, so it is only for pieces without one.
            (2, Some(text)) if std::str::from_utf8(&pieces.concat()).is_ok() && whole(pieces) => {
                fmt::Write::write_str(&mut writer, text).map_err(|_| None)
            }
            (3, Some(text)) if whole(pieces) => writer.write(text).map_err(Some),
            _ => writer.write_bytes(piece).map_err(Some),
        };
        if let Err(error) = written {
            failed.get_or_insert(error);
        } else {
            assert_eq!(failed, None, "nothing is taken after an error");
        }
    }
    let finished = writer.finish();
    match failed {
        Some(Some(error)) => assert_eq!(finished, Err(error)),
        Some(None) => assert!(finished.is_err()),
        None => {}
    }
    finished
}

/// Returns whether no piece cuts a character.
fn whole(pieces: &[&[u8]]) -> bool {
    pieces.iter().all(|piece| std::str::from_utf8(piece).is_ok())
}
