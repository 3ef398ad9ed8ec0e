//! How long an open connection may be silent, by what counts as a sign of life.
//!
//! # Implementation notes
//!
//! A second tokenizer reads each chunk before the parser does, but only if a time limit needs it. So it does not matter
//! whether the caller wants events or all items, or takes a chunk piecewise. The position in the stream shows what has
//! been read, so a rest that is pushed again counts once. The poll after a sign of life sets the clocks, not the sign
//! itself: the time that the caller spends on an event is not the server's silence.

use core::time::Duration;

use super::policy::Silence;
use crate::decode::{Line, Token, Tokenizer};
use crate::field::Field;

/// A sign that the server is alive, from the weakest to the strongest: see [`Silence`](crate::Silence).
///
/// A sign also counts for the time limits of all weaker classes, since a server that sends events may omit keep-alive
/// comments.
///
/// ```
/// use sse_wire::{Interruption, Liveness};
///
/// assert!(Liveness::Events > Liveness::Bytes);
/// let reason = Interruption::Silence(Liveness::Events);
/// assert_eq!(reason.to_string(), "no event arrived in time");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Liveness {
    /// Any byte of the stream.
    Bytes,
    /// The end of a comment line.
    Comments,
    /// The blank line of a block with a field of the specification, for example `id` or `retry` alone. A block of
    /// comments and unknown fields counts as its comments do.
    Blocks,
    /// The blank line of a block with data, even if the block is refused because of its size.
    Events,
}

const CLASSES: [Liveness; 4] =
    [Liveness::Bytes, Liveness::Comments, Liveness::Blocks, Liveness::Events];

#[derive(Clone, Debug)]
pub(crate) struct Idle {
    clocks: [Clock; CLASSES.len()],
    /// The strongest sign of life since the last poll.
    sign: Option<Liveness>,
    tokenizer: Tokenizer,
    /// The position in the stream up to which the tokenizer has read.
    seen: u64,
    /// The class of the unfinished block so far.
    block: Option<Liveness>,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    timeout: Option<Duration>,
    since: Duration,
}

impl Idle {
    pub(crate) const fn new(silence: Silence) -> Self {
        let Silence { bytes, comments, blocks, events } = silence;
        Idle {
            clocks: [
                Clock::new(bytes),
                Clock::new(comments),
                Clock::new(blocks),
                Clock::new(events),
            ],
            sign: None,
            tokenizer: Tokenizer::new(),
            seen: 0,
            block: None,
        }
    }

    /// Starts a stream and all clocks.
    pub(crate) fn begin(&mut self) {
        _ = self.tokenizer.finish();
        self.seen = 0;
        self.block = None;
        self.sign = Some(Liveness::Events);
    }

    /// Reads a chunk that begins at `position`.
    pub(crate) fn look_at(&mut self, chunk: &[u8], position: u64) {
        let known = usize::try_from(self.seen.saturating_sub(position)).unwrap_or(usize::MAX);
        let Some(new @ [_, ..]) = chunk.get(known..) else { return };
        self.seen = position + chunk.len() as u64;
        self.sign = self.sign.max(Some(Liveness::Bytes));
        if self.clocks.iter().skip(1).all(|clock| clock.timeout.is_none()) {
            return;
        }
        for token in self.tokenizer.push(new) {
            let sign = match token {
                Token::Line { line: Line::Comment, complete: true, .. } => Some(Liveness::Comments),
                Token::Line { line: Line::Field(field), .. } => {
                    let block =
                        if field == Field::Data { Liveness::Events } else { Liveness::Blocks };
                    self.block = self.block.max(Some(block));
                    None
                }
                Token::BlankLine { .. } => self.block.take(),
                _ => None,
            };
            self.sign = self.sign.max(sign);
        }
    }

    /// Sets the clocks, and returns the class of the one that has run out. Of several it is the one that ran out first,
    /// then the one of the weakest class.
    pub(crate) fn check(&mut self, now: Duration) -> Option<Liveness> {
        if let Some(sign) = self.sign.take() {
            for clock in self.clocks.iter_mut().take(sign as usize + 1) {
                clock.since = now;
            }
        }
        let (deadline, class) = self.next()?;
        (deadline <= now).then_some(class)
    }

    /// Returns when the next clock runs out.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.next().map(|(deadline, _)| deadline)
    }

    fn next(&self) -> Option<(Duration, Liveness)> {
        let running = CLASSES.iter().zip(&self.clocks);
        running.filter_map(|(&class, clock)| Some((clock.deadline()?, class))).min()
    }
}

impl Clock {
    const fn new(timeout: Option<Duration>) -> Self {
        Clock { timeout, since: Duration::ZERO }
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.since.saturating_add(self.timeout?))
    }
}
