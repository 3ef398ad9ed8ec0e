//! The grammar of an event stream, one function for one production
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).
//!
//! Names and order are the specification's. Each function takes what it can from the front of the text, and returns
//! the rest and what it took. The text has to be the whole stream.
//!
//! ```
//! use sse_wire_reference::grammar::{Line, stream};
//!
//! let (rest, stream) = stream("data: x\n:\n\ndata: unfinished\n").unwrap();
//! assert_eq!(rest, "data: unfinished\n");
//! assert!(matches!(stream.events[0].lines[0], Line::Field { name: "data", value: "x", .. }));
//! ```

use alloc::vec::Vec;

use nom::branch::alt;
use nom::character::complete::{char, satisfy};
use nom::combinator::{consumed, opt, recognize};
use nom::multi::{many0, many0_count, many1_count};
use nom::{IResult, Parser};

/// The result of [`stream`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream<'t> {
    /// The byte order mark, if there is one.
    pub bom: Option<char>,
    /// The events, in order.
    pub events: Vec<Event<'t>>,
}

/// The result of [`event`]: a block, with or without data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'t> {
    /// The comments and fields.
    pub lines: Vec<Line<'t>>,
    /// The end of its blank line.
    pub end_of_line: &'t str,
}

/// The result of [`comment`] or [`field`]. `source` is the whole line with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The names are the specification's.
pub enum Line<'t> {
    /// Without its colon, `text`.
    Comment { source: &'t str, text: &'t str },
    /// `value` is empty if there is no colon.
    Field { source: &'t str, name: &'t str, value: &'t str },
}

/// `stream = [ bom ] *event`
pub fn stream(input: &str) -> IResult<&str, Stream<'_>> {
    (opt(bom), many0(event)).map(|(bom, events)| Stream { bom, events }).parse(input)
}

/// `event = *( comment / field ) end-of-line`
pub fn event(input: &str) -> IResult<&str, Event<'_>> {
    (lines, end_of_line).map(|(lines, end_of_line)| Event { lines, end_of_line }).parse(input)
}

/// `*( comment / field )`, which has no name in the specification: an [`event`] without its end.
pub fn lines(input: &str) -> IResult<&str, Vec<Line<'_>>> {
    many0(alt((comment, field))).parse(input)
}

/// `comment = colon *any-char end-of-line`
pub fn comment(input: &str) -> IResult<&str, Line<'_>> {
    consumed((colon, recognize(many0_count(any_char)), end_of_line))
        .map(|(source, (_, text, _))| Line::Comment { source, text })
        .parse(input)
}

/// `field = 1*name-char [ colon [ space ] *any-char ] end-of-line`
pub fn field(input: &str) -> IResult<&str, Line<'_>> {
    let name = recognize(many1_count(name_char));
    let value = (colon, opt(space), recognize(many0_count(any_char))).map(|(_, _, value)| value);
    consumed((name, opt(value), end_of_line))
        .map(|(source, (name, value, _))| Line::Field {
            source,
            name,
            value: value.unwrap_or_default(),
        })
        .parse(input)
}

/// `end-of-line = ( cr lf / cr / lf )`, tried in this order.
pub fn end_of_line(input: &str) -> IResult<&str, &str> {
    alt((recognize((cr, lf)), recognize(cr), recognize(lf))).parse(input)
}

/// `lf = %x000A`
pub fn lf(input: &str) -> IResult<&str, char> {
    char('\u{A}').parse(input)
}

/// `cr = %x000D`
pub fn cr(input: &str) -> IResult<&str, char> {
    char('\u{D}').parse(input)
}

/// `space = %x0020`
pub fn space(input: &str) -> IResult<&str, char> {
    char('\u{20}').parse(input)
}

/// `colon = %x003A`
pub fn colon(input: &str) -> IResult<&str, char> {
    char('\u{3A}').parse(input)
}

/// `bom = %xFEFF`
pub fn bom(input: &str) -> IResult<&str, char> {
    char('\u{FEFF}').parse(input)
}

/// `name-char = %x0000-0009 / %x000B-000C / %x000E-0039 / %x003B-10FFFF`
pub fn name_char(input: &str) -> IResult<&str, char> {
    satisfy(|c| {
        matches!(c,
            '\u{0}'..='\u{9}' | '\u{B}'..='\u{C}' | '\u{E}'..='\u{39}' | '\u{3B}'..='\u{10FFFF}')
    })
    .parse(input)
}

/// `any-char = %x0000-0009 / %x000B-000C / %x000E-10FFFF`
pub fn any_char(input: &str) -> IResult<&str, char> {
    satisfy(|c| matches!(c, '\u{0}'..='\u{9}' | '\u{B}'..='\u{C}' | '\u{E}'..='\u{10FFFF}'))
        .parse(input)
}
