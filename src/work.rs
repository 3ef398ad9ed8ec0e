//! Counts the bytes that are read or moved, so that a test can check linear time without a clock. Outside this crate's
//! own tests it does nothing.

#[cfg(not(all(test, feature = "alloc")))]
#[inline(always)]
pub(crate) const fn count_bytes(_bytes: usize) {}

#[cfg(all(test, feature = "alloc"))]
pub(crate) use counted::count_bytes;
#[cfg(all(test, feature = "std"))]
pub(crate) use counted::{counted, streams};

#[cfg(all(test, feature = "alloc"))]
mod counted {
    use std::cell::Cell;
    use std::string::String;
    use std::vec::Vec;
    use std::{format, vec};

    use crate::{Arrays, Limits, Parser, Storage, Tokenizer};

    std::thread_local! {
        static BYTES: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn count_bytes(bytes: usize) {
        BYTES.set(BYTES.get() + bytes);
    }

    /// How many bytes are counted while it runs.
    #[cfg(feature = "std")]
    pub(crate) fn counted(run: impl FnOnce()) -> usize {
        let before = BYTES.get();
        run();
        BYTES.get() - before
    }

    /// Streams in which work could be repeated.
    pub(crate) fn streams(len: usize) -> Vec<(&'static str, Vec<u8>)> {
        let repeat = |unit: &str| unit.repeat(len / unit.len() + 1).into_bytes();
        let one = |head: &str, unit: &str, tail: &str| {
            [head.as_bytes(), &repeat(unit), tail.as_bytes()].concat()
        };
        vec![
            ("one data line", one("data: ", "x", "\n\n")),
            ("one data line that never ends", one("data: ", "x", "")),
            ("one comment", one(":", "x", "\n\n")),
            ("one unknown line", one("datax", "x", "\n\n")),
            ("one id", one("id: ", "x", "\n\ndata: y\n\n")),
            ("one type", one("event: ", "x", "\ndata: y\n\n")),
            ("many data lines", one("", "data: x\n", "\n")),
            ("many empty data lines", one("", "data\n", "\n")),
            ("many tiny events", repeat("data: x\n\n")),
            ("many blank lines", repeat("\n")),
            ("many CRLF blank lines", repeat("\r\n")),
            ("many ids in a block", repeat("id: a\n")),
            ("many ids, a block each", repeat("id: a\n\n")),
            (
                "many short ids after long data",
                one("", "data: xxxxxxxxx\n", &"id: a\n".repeat(len / 8)),
            ),
            (
                "many short types after long data",
                one("", "data: xxxxxxxxx\n", &"event: a\n".repeat(len / 8)),
            ),
            (
                "many short ids after a long one",
                one("id: ", "x", &format!("\n{}", "id: a\n".repeat(len / 8))),
            ),
            (
                "a long id, then many ids, a block each",
                one("id: ", "x", &format!("\n\n{}", "id: a\n\n".repeat(len / 8))),
            ),
            (
                "a long id, then many events",
                one("id: ", "x", &format!("\n\n{}", "data\n\n".repeat(len / 6))),
            ),
            (
                "many comments after long data",
                one("data: ", "x", &format!("\n{}", ": c\n".repeat(len / 8))),
            ),
            ("many ill-formed comments after long data", {
                let mut stream = one("data: ", "x", "\n");
                stream.extend(b":\xFF\n".repeat(len / 8));
                stream
            }),
            (
                "a long id that is dropped, then many events",
                one("id: ", "x", &format!("\0\n\n{}", "data\n\n".repeat(len / 8))),
            ),
            ("characters of three bytes", one("data: ", "漢", "\n\n")),
            ("events of characters of three bytes", repeat("data: 漢字\n\n")),
            ("ill-formed bytes", {
                let mut stream = b"data: ".to_vec();
                stream.resize(len, 0xFF);
                stream
            }),
            (
                "an ill-formed byte an event",
                "data: aaaaaaaa\u{1}\n\n"
                    .repeat(len / 17)
                    .bytes()
                    .map(|byte| if byte == 1 { 0xFF } else { byte })
                    .collect(),
            ),
            (
                "half of all events ill-formed",
                "data: aaa\n\ndata: \u{1}\n\n"
                    .repeat(len / 20)
                    .bytes()
                    .map(|byte| if byte == 1 { 0xFF } else { byte })
                    .collect(),
            ),
            ("many ill-formed ids after long data", {
                let mut stream = one("data: ", "x", "\n");
                stream.extend(b"id:\xFF\n".repeat(len / 8));
                stream
            }),
            ("many ill-formed lines", { b"data:\xFF\nevent:\xFF\nid:\xFF\n".repeat(len / 20) }),
            ("a long id, then many ill-formed ids, a block each", {
                let mut stream = one("id: ", "x", "\n\n");
                stream.extend(b"id:\xFF\ndata\n\n".repeat(len / 12));
                stream
            }),
            ("lines of the length of a block", repeat(&format!("data: {}\n\n", "x".repeat(56)))),
            ("lines as long as a long line", repeat(&format!("data: {}\n\n", "x".repeat(512)))),
        ]
    }

    #[derive(Clone, Copy, Debug)]
    enum Way {
        Push,
        PushOwned,
        Items,
        /// By `next` and `next_item` in turn.
        Alternate,
        /// One event, then the rest unread.
        Left,
        /// One event, then the rest read without it.
        Discard,
        OneEventAPush,
        OneItemAPush,
        Tokens,
        OneTokenAPush,
    }

    fn run<S: Storage>(mut parser: Parser<S>, way: Way, stream: &[u8], size: usize) -> usize {
        let mut tokenizer = Tokenizer::new();
        let before = BYTES.get();
        for (at, chunk) in stream.chunks(size).enumerate() {
            let mut rest = chunk;
            loop {
                let more = match way {
                    Way::Alternate if at % 2 == 1 => {
                        let mut events = parser.push(rest);
                        while !matches!(events.next_item(), Ok(None)) {}
                        false
                    }
                    Way::Push | Way::Alternate => {
                        let mut events = parser.push(rest);
                        while !matches!(events.next(), Ok(None)) {}
                        false
                    }
                    Way::PushOwned => {
                        let mut events = parser.push(rest);
                        while !matches!(events.next_owned(), Ok(None)) {}
                        false
                    }
                    Way::Items => {
                        let mut events = parser.push(rest);
                        while !matches!(events.next_item(), Ok(None)) {}
                        false
                    }
                    Way::Left => {
                        let _ = parser.push(rest).next();
                        false
                    }
                    Way::Discard => {
                        let mut events = parser.push(rest);
                        let _ = events.next();
                        let _ = events.discard();
                        false
                    }
                    Way::Tokens => tokenizer.push(rest).count() == usize::MAX,
                    Way::OneEventAPush => {
                        let mut events = parser.push(rest);
                        let more = !matches!(events.next(), Ok(None));
                        rest = events.into_rest();
                        more
                    }
                    Way::OneItemAPush => {
                        let mut events = parser.push(rest);
                        let more = !matches!(events.next_item(), Ok(None));
                        rest = events.into_rest();
                        more
                    }
                    Way::OneTokenAPush => {
                        let mut tokens = tokenizer.push(rest);
                        let more = tokens.next().is_some();
                        rest = tokens.into_rest();
                        more
                    }
                };
                if !more {
                    break;
                }
            }
        }
        BYTES.get() - before
    }

    /// Every way, chunk size and limit, and what each costs at most.
    fn check(len: usize, most: impl Fn(Way) -> usize) {
        use Way::{
            Alternate, Discard, Items, Left, OneEventAPush, OneItemAPush, OneTokenAPush, Push,
            PushOwned, Tokens,
        };
        const WAYS: [Way; 10] = [
            Push,
            PushOwned,
            Items,
            Alternate,
            Left,
            Discard,
            OneEventAPush,
            OneItemAPush,
            Tokens,
            OneTokenAPush,
        ];
        let mut failures = String::new();
        for (name, stream) in streams(len) {
            for way in WAYS {
                for size in [1, 3, 64, 1460, usize::MAX] {
                    for limit in [usize::MAX, len, len / 2, 10] {
                        let mut memory = vec![0; 5 * len];
                        let (data, rest) = memory.split_at_mut(len);
                        let (event_type, ids) = rest.split_at_mut(len);
                        let work = run(Parser::with_limit(limit), way, &stream, size);
                        let arrays = Arrays { data, event_type, ids };
                        let limits = Limits { retained: limit, ..Limits::DEFAULT };
                        let fixed = Parser::with_limits(arrays, limits);
                        let work = work.max(run(fixed, way, &stream, size));
                        if work > most(way) * stream.len() {
                            let ratio = work / stream.len();
                            failures += &format!(
                                "{name}, {way:?}, chunks of {size}, limit {limit}: {ratio} for each byte\n"
                            );
                        }
                    }
                }
            }
        }
        assert!(failures.is_empty(), "{failures}");
    }

    #[test]
    fn linear_time_each_byte_is_read_and_moved_a_bounded_number_of_times() {
        check(20_000, |way| match way {
            // Line ends, text, NUL, a copy into a buffer, and one within it.
            Way::Push | Way::PushOwned | Way::Items | Way::Alternate => 8,
            Way::Left | Way::Discard | Way::Tokens => 8,
            // A cursor reads ahead at most a window of 256 bytes, and the next one reads it again.
            Way::OneEventAPush | Way::OneItemAPush | Way::OneTokenAPush => 264,
        });
    }
}
