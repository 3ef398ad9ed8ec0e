//! Bytes → events
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)):
//! one file for each stage.

mod parser;

mod block;
mod cursor;
mod ids;
mod limits;
mod line;
mod lines;
pub(crate) mod scan;
mod step;
mod storage;
mod text;
mod tokenizer;

pub use self::cursor::Events;
pub use self::limits::Limits;
pub use self::line::Line;
pub use self::parser::Parser;
pub use self::storage::{Arrays, Growable, Memory, Storage};
pub use self::tokenizer::{Token, Tokenizer, Tokens};
