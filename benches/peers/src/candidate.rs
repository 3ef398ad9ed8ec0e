//! The interface of everything that is measured: parsers that lend events, parsers that return owned ones, and loops
//! without a parser.

use std::any::Any;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::check::Digest;
use crate::input::{Input, Part};

/// A parser, called through its cheapest interface.
///
/// It is reused from pass to pass, as on a long connection, so its buffers have grown before timing starts. The end of
/// the stream is never signaled.
pub trait Decode: 'static {
    const NAME: &'static str;
    /// What it takes and returns, and what it does not do.
    const NOTE: &'static str;

    fn new() -> Self;

    /// Parses the chunks, and passes on each event as soon as it is complete.
    ///
    /// # Panics
    ///
    /// On an error, because every input is valid.
    fn feed(&mut self, part: Part, see: impl FnMut(Seen<'_>));
}

/// An event that a candidate returns; fields that it does not have are empty.
#[derive(Default)]
pub struct Seen<'a> {
    pub event_type: &'a str,
    pub data: &'a str,
    pub id: &'a str,
    /// The sum of everything else.
    pub number: u64,
}

impl Seen<'_> {
    /// Uses every field of an event in a sum, so that the compiler keeps it: passing each field to `black_box` would
    /// cost as much as parsing a small event.
    #[inline(always)]
    fn touch(&self) -> u64 {
        let touch_text =
            |text: &str| text.len() as u64 + text.as_bytes().first().map_or(0, |&b| u64::from(b));
        touch_text(self.event_type) + touch_text(self.data) + touch_text(self.id) + self.number
    }
}

/// A [`Decode`] whose type is erased.
pub trait Candidate {
    fn name(&self) -> &'static str;
    fn note(&self) -> &'static str;
    /// Parses the whole input once, and uses each event.
    fn pass(&mut self, input: &'static Input);
    /// Parses the whole input once, and returns why its events are wrong, if they are. Creates a new parser after a
    /// failure.
    fn check(
        &mut self,
        input: &'static Input,
        right: &Digest,
        patience: Duration,
    ) -> Result<(), String>;
}

pub struct Parser<D>(D);

impl<D: Decode> Parser<D> {
    pub fn boxed() -> Box<dyn Candidate> {
        Box::new(Parser(D::new()))
    }

    /// Parses chunk by chunk, because some parsers need minutes.
    fn digest(&mut self, input: &'static Input, patience: Duration) -> Result<Digest, String> {
        let (start, mut digest) = (Instant::now(), Digest::default());
        for chunk in 0..input.chunk_count() {
            self.0.feed(input.part(chunk..chunk + 1), |seen| digest.add(&seen));
            if start.elapsed() > patience {
                let fed = ((chunk + 1) * input.chunk_size).min(input.stream.len());
                let speed = fed as f64 / 1e6 / start.elapsed().as_secs_f64();
                return Err(format!("too slow: {speed:.1} MB/s in the first {fed} bytes"));
            }
        }
        Ok(digest)
    }
}

impl<D: Decode> Candidate for Parser<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn note(&self) -> &'static str {
        D::NOTE
    }

    fn pass(&mut self, input: &'static Input) {
        self.0.feed(input.whole(), |seen| {
            black_box(seen.touch());
        });
    }

    fn check(
        &mut self,
        input: &'static Input,
        right: &Digest,
        patience: Duration,
    ) -> Result<(), String> {
        // Twice, because the parser is reused from pass to pass.
        for _ in 0..2 {
            let result = catch_unwind(AssertUnwindSafe(|| self.digest(input, patience)))
                .unwrap_or_else(|panic| Err(format!("panics: {}", message(&*panic))));
            if let Err(reason) = result.and_then(|digest| digest.compare(right)) {
                self.0 = D::new();
                return Err(reason);
            }
        }
        Ok(())
    }
}

fn message(panic: &dyn Any) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// Loops without a parser: the cost of the measurement itself.
pub struct Loop {
    pub name: &'static str,
    pub note: &'static str,
    pub pass: fn(&'static Input),
}

impl Candidate for Loop {
    fn name(&self) -> &'static str {
        self.name
    }

    fn note(&self) -> &'static str {
        self.note
    }

    fn pass(&mut self, input: &'static Input) {
        (self.pass)(input);
    }

    fn check(&mut self, _: &'static Input, _: &Digest, _: Duration) -> Result<(), String> {
        Ok(())
    }
}
