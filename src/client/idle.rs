//! How long an open connection may be silent, by what counts as a sign of life.
//!
//! # Implementation notes
//!
//! A tokenizer of its own looks at each chunk before the parser does,
//! and only where a clock is there that needs it: so it does not matter whether the caller wants
//! events or all items, or takes a chunk piecewise. What was looked at is known by its position in
//! the stream, and rests that are pushed again count once. Clocks are set by the poll that follows
//! a sign of life, not by the sign: what the caller does with an event is not the server's silence.

use core::time::Duration;

use super::policy::Silence;
use crate::decode::{Field, Token, Tokenizer};

/// What shows that the server is alive, from the weakest sign to the strongest. Each counts for the
/// clocks of its own class and of all weaker ones: a server that sends keep-alive comments only
/// while it has nothing else to say is alive when it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Liveness {
    /// Any byte of the stream.
    Bytes,
    /// The end of a comment line.
    Comments,
    /// The blank line of a block with a field of the specification, `id` or `retry` alone for
    /// example. A block of comments and unknown fields counts as its comments do.
    Blocks,
    /// The blank line of a block with data; also of one that is refused for its size.
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
    /// Up to where in the stream the tokenizer has looked.
    seen: u64,
    /// What the unfinished block will be, so far.
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

    /// A stream begins, and all clocks with it.
    pub(crate) fn begin(&mut self) {
        _ = self.tokenizer.finish();
        self.seen = 0;
        self.block = None;
        self.sign = Some(Liveness::Events);
    }

    /// Looks at a chunk that begins at `position`.
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
                Token::Comment { complete: true, .. } => Some(Liveness::Comments),
                Token::Value { field, .. } => {
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

    /// Sets the clocks, and says which one has run out: of several the one that did so first, and
    /// of those the one of the weakest class.
    pub(crate) fn check(&mut self, now: Duration) -> Option<Liveness> {
        if let Some(sign) = self.sign.take() {
            for clock in self.clocks.iter_mut().take(sign as usize + 1) {
                clock.since = now;
            }
        }
        let (deadline, class) = self.next()?;
        (deadline <= now).then_some(class)
    }

    /// When the next clock runs out.
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
