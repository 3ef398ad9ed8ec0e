//! The specification as code: what a whole stream means, by the grammar of
//! [9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)
//! and the rules of
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation),
//! and why.
//!
//! It is slow and keeps everything, and is there to be read, and to be compared with: it shares
//! nothing with the parser of [`sse-wire`](https://docs.rs/sse-wire). If a parser reports something
//! that you did not expect, this shows which rule decided it:
//!
//! ```
//! let meaning = sse_wire_reference::interpret(b"data: x\nData: y\nretry: 1s\n\n", "");
//! assert_eq!(meaning.events[0].data, "x");
//! let reasons: Vec<_> = meaning.lines.iter().map(ToString::to_string).collect();
//! assert_eq!(reasons, [
//!     r#"bytes 0..8 "data: x\n": appends "x" and a LF to the data buffer (9.2.6)"#,
//!     r#"bytes 8..16 "Data: y\n": ignored: no field has the name "Data"; case counts, so it is not "data" (9.2.6)"#,
//!     r#"bytes 16..26 "retry: 1s\n": ignored: "1s" is not only ASCII digits (9.2.6)"#,
//!     r#"bytes 26..27 "\n": a blank line: an event of the type "message" (9.2.6)"#,
//! ]);
//! ```
//!
//! # Three steps
//!
//! 1. [`decode`]: the stream's bytes → [`Text`], characters that know their bytes.
//! 2. [`grammar`]: the text → lines and events, one function for each production, with the
//!    specification's names and in its order.
//! 3. [`interpret`]: a fold over the lines, with the specification's three buffers →
//!    [`Interpretation`].
//!
//! [`Interpreter`] does the same for a stream that is still coming, a line at a time.
//!
//! # What surprises
//!
//! - **The grammar is over characters**, not bytes. So bytes are decoded first, and then every
//!   sequence of bytes is some text: ill-formed UTF-8 is U+FFFD, one for each maximal subpart, and
//!   never an error. A cut sequence can't swallow a line end or a colon behind it.
//! - **One byte order mark, not two**: the specification's decoder removes one, and its grammar has
//!   one. They are the same one. Here the grammar takes it. A second one is a character like any
//!   other: with it, `data` is no name that a field has.
//! - **CRLF before CR**: by the grammar alone, CR LF could also be two line ends, the second of a
//!   blank line. The prose of 9.2.6 decides: a CR ends a line by itself where no LF follows.
//!   So CRLF is tried first.
//! - **The unfinished tail is left over**: what has not seen its blank line is no event by the
//!   grammar, so [`grammar::stream`] leaves it. But its lines came, and one of them may have set the
//!   reconnection time. So they are interpreted as well; what they leave in the buffers is discarded,
//!   and [`Unfinished`] tells of it.
//! - **No syntax error**: what no production takes is a line that has no end yet, and nothing else.
//!   Any name is a field's, if an unknown one's.
//! - **One space** is removed behind the colon, and no other white space anywhere: `data:  x` has a
//!   space in its data, `data :x` and ` data:x` are unknown fields, a tab stays.
//! - **An empty `data` line is data**: it makes the data buffer one LF, which is not empty. A block
//!   with an `event` and no `data` dispatches nothing, and its type is forgotten.
//! - **An ID without data counts**: the blank line commits it, event or not. Without a blank line it
//!   does not count. Its value may be empty: then there is no last event ID any more.
//! - **`retry` counts at once**, without a blank line.
//! - **NUL** is a character like any other in names and values, but for an `id` line, which is
//!   ignored where its value has one.
//!
//! # Our choices
//!
//! Where the specification is silent or unclear, this crate has decided, and so has its reference:
//!
//! - an empty `retry` is ignored, and one beyond [`u64::MAX`] is that; the explanation of such a line
//!   has the words "our choice", and [`Verdict::is_choice`] says so;
//! - a stream begins with the last event ID string of the one before in its last event ID buffer, so
//!   that a blank line alone does not forget it;
//! - an event is out with the byte that ends its blank line, a CR too: there its range ends.
//!
//! There is no limit of memory here, unless an [`Interpreter`] is given one.
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
