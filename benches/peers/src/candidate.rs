//! What is measured: one interface for parsers that lend, parsers that own, and loops without any.

use std::any::Any;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::check::Digest;
use crate::input::{Input, Part};

/// A parser behind its cheapest interface.
///
/// It lives on from pass to pass, as it does on a long connection, so that its buffers have grown
/// before the clock starts. It is never told that the stream ends.
pub trait Decode: 'static {
    const NAME: &'static str;
    /// What it takes and gives, and what it doesn't do.
    const NOTE: &'static str;

    fn new() -> Self;

    /// Feeds the chunks, and shows each event as soon as it is there.
    ///
    /// # Panics
    ///
    /// On an error: no input has any reason for one.
    fn feed(&mut self, part: Part, see: impl FnMut(Seen<'_>));
}

/// An event as a candidate gives it; what a candidate doesn't have is empty.
#[derive(Default)]
pub struct Seen<'a> {
    pub event_type: &'a str,
    pub data: &'a str,
    pub id: &'a str,
    /// All else that there is, in one sum.
    pub number: u64,
}

impl Seen<'_> {
    /// Makes every field of an event needed, by one sum: handing each field to `black_box` would
    /// cost as much as a small event does.
    #[inline(always)]
    fn touch(&self) -> u64 {
        let touch_text =
            |text: &str| text.len() as u64 + text.as_bytes().first().map_or(0, |&b| u64::from(b));
        touch_text(self.event_type) + touch_text(self.data) + touch_text(self.id) + self.number
    }
}

/// A [`Decode`], without its type.
pub trait Candidate {
    fn name(&self) -> &'static str;
    fn note(&self) -> &'static str;
    /// Feeds the whole input once, and looks at each event.
    fn pass(&mut self, input: &'static Input);
    /// Feeds the whole input once, and says why its events are not the right ones, if so. Starts
    /// afresh where it went wrong.
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

    /// Chunk by chunk, since some parsers need minutes.
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
        // Twice: a parser lives on from pass to pass.
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

/// Loops without a parser: what the measuring itself costs.
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
