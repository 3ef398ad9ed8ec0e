//! How the bytes of an input are read.

use arbitrary::{Arbitrary, Unstructured};

/// A byte that UTF-8 never has, which separates the texts of an input.
pub const SEPARATOR: u8 = 0xFF;

/// A stream, and the bytes after it that control the run: the last `C::LEN` ones, all zero if the input is shorter
/// than that.
pub fn stream_and_controls<C: Controls>(input: &[u8]) -> (&[u8], C) {
    let (stream, controls) = match input.len().checked_sub(C::LEN) {
        Some(len) => input.split_at(len),
        None => (input, &[][..]),
    };
    // Missing bytes are read as zero.
    let controls = C::arbitrary_take_rest(Unstructured::new(controls));
    (stream, controls.expect("numbers can be made of any bytes"))
}

/// What controls a run.
pub trait Controls: for<'a> Arbitrary<'a> {
    /// The number of its bytes.
    const LEN: usize;
}

/// Where a stream is cut: the lengths of its chunks, repeated.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Cuts([u8; 8]);

impl Cuts {
    pub const LEN: usize = 8;

    /// The bytes that cut a stream into these chunks, as far as they can.
    pub fn of(chunks: &[Vec<u8>]) -> [u8; 8] {
        let mut cuts = [0; 8];
        for (cut, chunk) in cuts.iter_mut().zip(chunks) {
            *cut = (0..=255).find(|&byte| length_of_chunk(byte) >= chunk.len()).unwrap_or(255);
        }
        cuts
    }

    /// The chunks. All lengths zero cut nothing; one zero is an empty chunk.
    pub fn chunks<'s>(&self, stream: &'s [u8]) -> Vec<&'s [u8]> {
        let mut chunks = Vec::new();
        let mut rest = stream;
        if self.0 != [0; 8] {
            for length in self.0.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, behind) = rest.split_at(length_of_chunk(length).min(rest.len()));
                chunks.push(chunk);
                rest = behind;
            }
        }
        chunks.push(rest);
        chunks
    }
}

/// Short lengths one by one, longer ones in steps.
pub fn length_of_chunk(byte: u8) -> usize {
    match byte {
        0..=127 => usize::from(byte),
        128..=255 => usize::from(byte - 127) * 16 + 112,
    }
}

/// Short limits one by one, longer ones in steps.
pub fn limit(byte: u8) -> usize {
    match byte {
        0..=127 => usize::from(byte),
        128..=255 => usize::from(byte - 127) * 32 + 96,
    }
}

/// The byte of the smallest limit that is at least this one.
pub fn byte_of_limit(wanted: usize) -> u8 {
    (0..=255).find(|&byte| limit(byte) >= wanted).unwrap_or(255)
}
