//! The specification as code: what a whole stream means, by the grammar of
//! [9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)
//! and the rules of
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation),
//! and why.
//!
//! It is slow and keeps everything, and is there to be read, and to be compared with: nothing of it is
//! shared with [`Parser`](crate::Parser) or [`Tokenizer`](crate::Tokenizer). Where a parser says
//! something else than you expect of a stream, this says what decided it:
//!
//! ```
//! let meaning = sse_wire::reference::interpret(b"data: x\nData: y\nretry: 1s\n\n", "");
//! assert_eq!(meaning.events[0].data, "x");
//! let reasons: Vec<_> = meaning.lines.iter().map(ToString::to_string).collect();
//! assert_eq!(reasons, [
//!     r#"bytes 0..8 "data: x\n": appends "x" and a LF to the data buffer (9.2.6)"#,
//!     r#"bytes 8..16 "Data: y\n": ignored: no field has the name "Data"; case counts, so it is not "data" (9.2.6)"#,
//!     r#"bytes 16..26 "retry: 1s\n": ignored: "1s" is not only ASCII digits (9.2.6)"#,
//!     r#"bytes 26..27 "\n": a blank line: dispatches an event of the type "message" (9.2.6)"#,
//! ]);
//! ```
//!
//! # Three steps
//!
//! 1. [`decode`]: the stream's bytes → [`Text`], characters that know their bytes.
//! 2. [`grammar`]: the text → its productions, one function each, with the specification's names and in its order.
//! 3. [`interpret`]: a fold over the lines, with the specification's three buffers → [`Interpretation`].
//!
//! # What surprises
//!
//! - **The grammar is over characters**, not bytes. So bytes are decoded first, and then every
//!   sequence of bytes is some text: ill-formed UTF-8 is U+FFFD, one for each maximal subpart, and
//!   never an error. It cannot swallow a line end or a colon behind it, since these are ASCII.
//! - **One byte order mark, not two**: the decoder of the specification removes one, and its grammar has one
//!   as well. They are the same one. Here the grammar takes it, and a second one is a character like any other: with
//!   it a line `data` has a name that no field has.
//! - **CRLF before CR**: as a grammar, `end-of-line` is ambiguous, and CR LF could be two line ends, the second a
//!   blank line. The prose of 9.2.6 isn't: only a CR with no LF behind it ends a line alone. So
//!   CRLF is tried first.
//! - **The unfinished tail is left over**: an event that has not seen its blank line is not one by the grammar, so `stream`
//!   leaves it. But its whole lines have been read as they came, and one of them may have set the reconnection time.
//!   So they are interpreted too; what they left in the buffers is discarded, [`Unfinished`] tells it.
//! - **No syntax error**: what no production takes is a line that has no end yet, and nothing else. Every name is
//!   a field's name, if only an unknown one's.
//! - **One space** is removed behind the colon, and no other white space anywhere: `data:  x` is `" x"`,
//!   `data :x` and ` data:x` are unknown fields, a tab stays.
//! - **An empty `data` line is data**: it makes the data buffer one LF, which is not empty. A block with an `event` and no
//!   `data` dispatches nothing, and its type is forgotten.
//! - **An ID without data** counts: the blank line commits it, event or not. Without a blank line it does not.
//! - **`retry` counts at once**, without a blank line.
//! - **A NUL** in an `id` line makes the line ignored; in names and other values it is a character.
//!
//! # Our choices
//!
//! Where the specification is silent or unclear, this crate has decided, and so has the reference; the words
//! "our choice" stand in the explanation of such a line. An empty `retry` is ignored. One beyond [`u64::MAX`] is
//! that. A stream begins with the last event ID of the one before in its last event ID buffer too.
//! An event's range ends behind the first byte that ends its blank line. A CR ends it at once: an
//! event is out with the last byte of its range, [`Interpretation::events_within`].
//!
//! # Cost
//!
//! Linear in the stream, with some allocations for each line.

mod explanation;
pub mod grammar;
mod interpretation;
mod text;

pub use explanation::{Line, Verdict};
pub use interpretation::{Event, Interpretation, Unfinished, interpret};
pub use text::{Text, decode};
