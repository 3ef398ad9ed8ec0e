//! The hot byte-scanning loop: where the lines of a chunk end, and how much of it is ASCII
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! A line ends at LF or CR and at nothing else. A kernel returns the line ends of 64 bytes as a mask, whose
//! bits are taken one by one, so that a short line costs no call. Several masks are made at a time. The
//! same loads also find out whether all 64 bytes are ASCII, so that most text is not checked again.
//!
//! A `Scan` does not borrow its chunk. Every method that takes a chunk must be called with that of the last
//! [`begin`](Scan::begin), with the same bytes: the unchecked text of `text` relies on [`Scan::is_ascii`].

mod kernels;
#[cfg(test)]
mod tests;

pub(crate) const LF: u8 = b'\n';
pub(crate) const CR: u8 = b'\r';

/// Returns whether a byte ends a line.
pub(crate) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, LF | CR)
}

/// The number of bytes for one mask.
const BLOCK: usize = 64;
/// The number of masks that are made at a time: in chunks, which may be short, and in text of many lines.
const WINDOW: usize = 4;
pub(crate) const LONG_WINDOW: usize = 16;

/// The result of a kernel for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    /// Bit `i` is set if byte `i` ends a line.
    ends: u64,
    /// Whether all bytes are ASCII.
    ascii: bool,
}

/// The line ends of one chunk, in order, of which `MASKS` masks are made at a time.
#[derive(Clone, Debug)]
pub(crate) struct Scan<const MASKS: usize = WINDOW> {
    /// The line ends of a block that have not been passed: bit `i` is the byte at `base + i`.
    mask: u64,
    base: usize,
    /// The masks of the blocks from `window_start` on.
    window: [u64; MASKS],
    window_start: usize,
    /// A bit for each mask of the window that has line ends and has not been taken.
    pending: u32,
    /// Everything before this index has been looked at.
    scanned: usize,
    /// Everything from this index up to `scanned` is ASCII.
    ascii_from: usize,
}

impl<const MASKS: usize> Scan<MASKS> {
    pub(crate) const fn new() -> Self {
        Scan {
            mask: 0,
            base: 0,
            window: [0; MASKS],
            window_start: 0,
            pending: 0,
            scanned: 0,
            ascii_from: 0,
        }
    }

    /// Begins a chunk at `at`.
    #[inline]
    pub(crate) fn begin(&mut self, chunk: &[u8], at: usize) {
        self.pending = 0;
        // A single byte needs no kernel.
        (self.mask, self.base, self.scanned, self.ascii_from) = match *chunk {
            [byte] if at == 0 => (is_line_end(byte).into(), 0, 1, (!byte.is_ascii()).into()),
            _ => (0, 0, at, at),
        };
    }

    /// Returns whether everything from `start` to the last line end that was found, or to the end of the chunk
    /// if there was none, is known to be ASCII.
    #[inline]
    pub(crate) fn is_ascii(&self, start: usize) -> bool {
        self.ascii_from <= start
    }

    /// Returns the index of the first line end that has not been passed.
    #[inline]
    pub(crate) fn peek(&mut self, chunk: &[u8]) -> Option<usize> {
        if self.mask == 0 && !self.next_mask(chunk) {
            return None;
        }
        Some(self.base + self.mask.trailing_zeros() as usize)
    }

    /// Passes the line end that [`peek`](Self::peek) found.
    #[inline]
    pub(crate) fn pass(&mut self) {
        self.mask &= self.mask.wrapping_sub(1);
    }

    fn next_mask(&mut self, chunk: &[u8]) -> bool {
        if self.pending == 0 && (self.scanned == chunk.len() || !kernels::fill(self, chunk)) {
            return false;
        }
        let block = self.pending.trailing_zeros() as usize % MASKS;
        self.pending &= self.pending - 1;
        self.mask = self.window[block];
        self.base = self.window_start + block * BLOCK;
        true
    }

    /// Scans windows up to the first one with line ends.
    #[inline(always)]
    fn fill_with(&mut self, chunk: &[u8], look: impl Fn(&[u8; BLOCK]) -> Look) -> bool {
        let (mut at, mut ascii_from, mut pending) = (self.scanned, self.ascii_from, 0);
        while pending == 0 && chunk.len() - at >= BLOCK {
            self.window_start = at;
            for (i, mask) in self.window.iter_mut().enumerate() {
                let Some(block) = chunk[at..].first_chunk() else { break };
                let Look { ends, ascii } = look(block);
                at += BLOCK;
                ascii_from = if ascii { ascii_from } else { at };
                pending |= u32::from(ends != 0) << i;
                *mask = ends;
            }
            crate::work::count_bytes(at - self.window_start);
        }
        let tail = chunk.len() - at;
        if pending == 0 && tail > 0 {
            crate::work::count_bytes(BLOCK.min(chunk.len()));
            let Look { ends, ascii } = match chunk.last_chunk() {
                // The last 64 bytes, without the line ends that were seen before.
                Some(block) => {
                    let Look { ends, ascii } = look(block);
                    Look { ends: ends >> (BLOCK - tail), ascii }
                }
                None => {
                    let mut padded = [0; BLOCK];
                    padded[..tail].copy_from_slice(&chunk[at..]);
                    look(&padded)
                }
            };
            (self.window_start, self.window[0], pending) = (at, ends, u32::from(ends != 0));
            at = chunk.len();
            ascii_from = if ascii { ascii_from } else { at };
        }
        (self.scanned, self.ascii_from, self.pending) = (at, ascii_from, pending);
        pending != 0
    }
}
