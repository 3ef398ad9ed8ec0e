//! Runs all test vectors for which the machine has room, those for decoders in every chunking.
#![no_std]
#![no_main]

mod decoder;
mod encoder;

use core::fmt::{self, Arguments, Write};
use core::panic::PanicInfo;

use bare_metal::{deepest_stack, fail, print, succeed};

include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

use decoder::Event;

/// The memory for the streams and the parsers' arrays.
const ARENA: usize = if cfg!(feature = "mps2-an385") { 2 << 20 } else { 56 << 10 };

/// Bytes as parts, each with the number of its repetitions.
#[derive(Clone, Copy)]
struct Bytes(&'static [(&'static [u8], usize)]);

impl Bytes {
    fn len(self) -> usize {
        self.0.iter().map(|(part, times)| part.len() * times).sum()
    }

    fn iter(self) -> impl Iterator<Item = &'static u8> {
        self.0.iter().flat_map(|(part, times)| (0..*times).flat_map(move |_| *part))
    }

    /// Writes them to the start of `place`, and returns them and the rest.
    fn write_to(self, place: &mut [u8]) -> (&mut [u8], &mut [u8]) {
        let (written, rest) = place.split_at_mut(self.len());
        for (to, from) in written.iter_mut().zip(self.iter()) {
            *to = *from;
        }
        (written, rest)
    }

    fn write_text_to(self, place: &mut [u8]) -> (&str, &mut [u8]) {
        let (written, rest) = self.write_to(place);
        (core::str::from_utf8(written).expect("text in a vector"), rest)
    }
}

impl PartialEq<[u8]> for Bytes {
    fn eq(&self, other: &[u8]) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

/// Prints on the host.
fn say(words: Arguments<'_>) {
    struct Host;

    impl Write for Host {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            print(text.as_bytes());
            Ok(())
        }
    }

    // Errors are handled in `print`.
    let _ = Host.write_fmt(words);
}

/// The result of a case.
enum Verdict {
    /// It passed in this many runs.
    Held(usize),
    /// There is no room for it.
    LeftOut,
    /// What is wrong, and in which run.
    Failed(&'static str, &'static str),
}

#[derive(Default)]
struct Summary {
    held: usize,
    runs: usize,
    left_out: usize,
    failed: usize,
}

impl Summary {
    fn take(&mut self, name: &str, verdict: Verdict) {
        match verdict {
            Verdict::Held(runs) => {
                self.held += 1;
                self.runs += runs;
            }
            Verdict::LeftOut => {
                say(format_args!("left out for want of memory: {name}\n"));
                self.left_out += 1;
            }
            Verdict::Failed(what, way) => {
                say(format_args!("FAILED: {name}: {what} ({way})\n"));
                self.failed += 1;
            }
        }
    }

    fn tell(&self, kind: &str, all: usize) {
        let Summary { held, runs, left_out, failed } = self;
        say(format_args!(
            "{kind}: {held} of {all} vectors held in {runs} runs, {failed} failed, {left_out} left out\n"
        ));
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: [u8; ARENA] = [0; ARENA];
    // A parser starts in memory with earlier contents.
    MEMORY.fill(0xFF);
    let mut decoded = Summary::default();
    for case in DECODER {
        decoded.take(case.name, case.check(MEMORY));
    }
    decoded.tell("decoder", DECODER.len());
    let mut encoded = Summary::default();
    for case in ENCODER {
        encoded.take(case.name, case.check(MEMORY));
    }
    encoded.tell("encoder", ENCODER.len());
    say(format_args!("stack: {} bytes\n", deepest_stack()));
    let all_run = decoded.held + decoded.left_out == DECODER.len()
        && encoded.held + encoded.left_out == ENCODER.len();
    if all_run && decoded.held > 0 && encoded.held > 0 { succeed() } else { fail() }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say(format_args!("{info}\n"));
    fail()
}

/// An invalid access, or a stack that has reached the arena.
#[cortex_m_rt::exception]
unsafe fn HardFault(frame: &cortex_m_rt::ExceptionFrame) -> ! {
    say(format_args!("hard fault at {:x}\n", frame.pc()));
    fail()
}
