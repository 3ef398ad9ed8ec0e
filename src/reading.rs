//! The way through a chunk: one that changes little needs no [`Cursor`].
//!
//! A letter to the maintainer. To set up a cursor takes longer than to read a few bytes, and most
//! short chunks lie within one line. Such a chunk is taken here as a whole, where that is simple,
//! and by the same functions; all others have their cursor. Nothing is read before something is
//! asked for: a chunk that nobody looked at is still there as what remains.

use crate::buffer::Buffers;
use crate::cursor::Cursor;
use crate::line::Line;
use crate::retained::Retained;
use crate::scan::{LineEnds, is_line_end};
use crate::size::FAST;
use crate::token::Field;
use crate::tokenizer::Tokenizer;

/// A chunk that is being read.
#[allow(clippy::large_enum_variant)] // There is no allocator to box it with.
#[derive(Debug)]
pub(crate) enum Reading<'p, 'c, B> {
    /// Nothing was asked for yet.
    New {
        tokenizer: &'p mut Tokenizer,
        retained: &'p mut Retained<B>,
        chunk: &'c [u8],
    },
    /// All of it is taken, and there was nothing to hand out.
    Taken(&'c [u8]),
    Begun(Cursor<'p, 'c, B>),
}

impl<'p, 'c, B: Buffers> Reading<'p, 'c, B> {
    #[inline(always)]
    pub(crate) fn new(
        tokenizer: &'p mut Tokenizer,
        retained: &'p mut Retained<B>,
        chunk: &'c [u8],
    ) -> Self {
        Reading::New { tokenizer, retained, chunk }
    }

    /// The cursor, where there may be something to hand out.
    #[inline(always)]
    pub(crate) fn cursor(&mut self) -> Option<&mut Cursor<'p, 'c, B>> {
        if let Reading::New { tokenizer, retained, chunk } = self {
            let mut line_ends = LineEnds::default();
            let taken = match **chunk {
                _ if !FAST => false,
                [byte] => Self::take_byte(tokenizer, retained, byte),
                // An empty chunk begins no value.
                [_, ..]
                    if tokenizer.is_in_value(Field::Data) && line_ends.find(chunk).is_none() =>
                {
                    Self::take_value(tokenizer, retained, Field::Data, chunk)
                }
                _ => false,
            };
            if taken {
                *self = Reading::Taken(chunk);
            } else {
                self.begin(line_ends);
            }
        }
        match self {
            Reading::Begun(cursor) => Some(cursor),
            _ => None,
        }
    }

    /// Takes a chunk of one byte, if it ends no block, and if that is simple.
    #[inline(always)]
    fn take_byte(tokenizer: &mut Tokenizer, retained: &mut Retained<B>, byte: u8) -> bool {
        let Some(field) = tokenizer.value() else {
            let in_ignored_line = retained.line == Line::Ignored;
            let taken = (in_ignored_line || retained.line == Line::Start)
                && tokenizer.take_byte(byte, in_ignored_line);
            if taken && is_line_end(byte) {
                retained.ignore(true);
            }
            return taken;
        };
        if is_line_end(byte) {
            let ended = field == Field::Data && retained.end_data_line();
            if ended {
                tokenizer.end_line(byte);
            }
            return ended;
        }
        Self::take_value(tokenizer, retained, field, &[byte])
    }

    /// Takes a chunk that is part of a value of `field`, if that is simple.
    #[inline(always)]
    fn take_value(
        tokenizer: &mut Tokenizer,
        retained: &mut Retained<B>,
        field: Field,
        chunk: &[u8],
    ) -> bool {
        let put = retained.put_chunk(field, chunk);
        if put {
            tokenizer.pass(chunk.len());
        }
        put
    }

    #[inline(always)]
    fn begin(&mut self, line_ends: LineEnds) {
        if let Reading::New { tokenizer, retained, chunk } =
            core::mem::replace(self, Reading::Taken(&[]))
        {
            *self = Reading::Begun(Cursor::new(tokenizer.push_scanned(chunk, line_ends), retained));
        }
    }

    /// The part of the chunk that has not been taken yet.
    #[inline(always)]
    pub(crate) fn remaining(&self) -> &'c [u8] {
        match self {
            Reading::New { chunk, .. } => chunk,
            Reading::Taken(_) => &[],
            Reading::Begun(cursor) => cursor.remaining(),
        }
    }

    /// How many bytes of the chunk have been taken.
    #[inline(always)]
    pub(crate) fn taken(&self) -> usize {
        match self {
            Reading::New { .. } => 0,
            Reading::Taken(chunk) => chunk.len(),
            Reading::Begun(cursor) => cursor.taken(),
        }
    }
}

#[cfg(all(test, feature = "std", not(sse_wire_small)))]
mod tests {
    use crate::Parser;
    use crate::work::counted;

    #[test]
    fn linear_time_a_chunk_that_ends_a_long_data_line_is_looked_through_once() {
        const LEN: usize = 10_000;
        let mut parser = Parser::new();
        assert!(parser.push(b"data: x").next().unwrap().is_none());
        let chunk = [&[b'x'; LEN][..], b"\n"].concat();
        let work = counted(|| assert!(parser.push(&chunk).next().unwrap().is_none()));
        // And kept.
        assert!((2 * LEN..2 * LEN + 200).contains(&work), "{work}");
    }
}
