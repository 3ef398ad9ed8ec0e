//! The specification as code: it interprets a stream by the grammar of
//! [9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream) and the rules of
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), and gives a
//! reason for each line.
//!
//! It is slow and keeps everything: it is for reading, and for comparison with other parsers. It shares no code with
//! the parser of [`sse-wire`](https://docs.rs/sse-wire). If a parser returns something that you did not expect, this
//! shows which rule decides it:
//!
//! ```
//! let meaning = sse_wire_reference::interpret(b"data: x\nData: y\nretry: 1s\n\n", "");
//! assert_eq!(meaning.events[0].data, "x");
//! let reasons: Vec<_> = meaning.lines.iter().map(ToString::to_string).collect();
//! assert_eq!(reasons, [
//!     r#"bytes 0..8 "data: x\n": appends "x" and an LF to the data buffer (9.2.6)"#,
//!     r#"bytes 8..16 "Data: y\n": ignored: no field has the name "Data"; case counts, so it is not "data" (9.2.6)"#,
//!     r#"bytes 16..26 "retry: 1s\n": ignored: "1s" is not only ASCII digits (9.2.6)"#,
//!     r#"bytes 26..27 "\n": a blank line: an event of the type "message" (9.2.6)"#,
//! ]);
//! ```
//!
//! # Three steps
//!
//! 1. [`decode`] turns the stream's bytes into [`Text`], characters with their positions.
//! 2. [`grammar`] cuts the text into lines and events, with one function for each production, in the specification's
//!    order and with its names.
//! 3. [`interpret`] folds the specification's three buffers over the lines into an [`Interpretation`].
//!
//! [`Interpreter`] does the same while a stream arrives, one line at a time.
//!
//! # Surprising cases
//!
//! - **The grammar is over characters**, not bytes. So bytes are decoded first, and every byte sequence is a text:
//!   each maximal subpart of ill-formed UTF-8 becomes U+FFFD, and is never an error. A cut sequence does not swallow a
//!   line end or a colon after it.
//! - **One byte order mark, not two**: the specification's decoder removes one, and its grammar has one, which is the
//!   same. Here the grammar takes it. A second one is an ordinary character: with it, `data` is an unknown field name.
//! - **CRLF before CR**: by the grammar alone, CR LF could also be two line ends, the second of a blank line. The text
//!   of 9.2.6 decides: a CR alone ends a line only if no LF follows. So CRLF is tried first.
//! - **The unfinished rest**: a block without its blank line is not an event in the grammar, so [`grammar::stream`]
//!   does not take it. But its lines have arrived, and one of them may have set the reconnection time. So they are
//!   interpreted as well; their buffers are discarded, and [`Unfinished`] has them.
//! - **No syntax error**: productions take everything except a line without an end. Any name is a field's name, though
//!   maybe an unknown one.
//! - **One space** is removed after the colon, and no other whitespace anywhere: `data:  x` has a space in its data,
//!   `data :x` and ` data:x` are unknown fields, and a tab stays.
//! - **An empty `data` line is data**: it appends an LF to the data buffer, which is then not empty. A block with an
//!   `event` and no `data` dispatches nothing, and its type is reset.
//! - **An ID without data counts**: the blank line commits it, with or without an event. Without a blank line it does
//!   not count. An empty value resets the last event ID.
//! - **`retry` counts at once**, without a blank line.
//! - **NUL** is an ordinary character in names and values, except that an `id` line whose value has one is ignored.
//!
//! # Our choices
//!
//! Where the specification is silent or unclear, `sse-wire` and this reference have made the same choices:
//!
//! - an empty `retry` is ignored, and one beyond [`u64::MAX`] is capped; the explanation of such a line has the words
//!   "our choice", and [`Verdict::is_choice`] returns true;
//! - a stream starts with the last event ID string of the previous one in its last event ID buffer, so that a blank
//!   line alone does not reset it;
//! - an event is dispatched with the byte that ends its blank line, even a CR, and its range ends there.
//!
//! There is no memory limit, unless an [`Interpreter`] has one.
//!
//! # Cost
//!
//! Linear in the stream, with some allocations for each line.

#![no_std]

extern crate alloc;

mod explanation;
mod fold;
pub mod grammar;
mod interpretation;
mod interpreter;
mod state;
mod text;

pub use explanation::{Line, Verdict};
pub use interpretation::{End, Event, Interpretation, Unfinished, interpret};
pub use interpreter::{Interpreter, Step};
pub use state::{Dispatched, State};
pub use text::{Text, decode};
