//! The request's header `Last-Event-ID`
//! ([9.2.4](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header)).
//!
//! Implementation notes. Clients send the UTF-8 bytes of the last event ID string, with any characters except NUL, LF,
//! and CR. HTTP removes spaces and tabs at both ends of a value, and the specification does not define what happens to
//! such IDs ([whatwg/html#7363]). Only [`as_sent`] decides that here, and the hub uses it too.
//!
//! [whatwg/html#7363]: https://github.com/whatwg/html/issues/7363

#[cfg(feature = "alloc")]
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::decode::scan::{CR, LF};

/// The name of the request's header with the last event ID.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// Returns the last event ID from the bytes of the header's value. If the value is empty, so is the ID, as for a
/// client without the header, which is new.
///
/// ```
/// use sse_wire::server::{HeaderError, last_event_id};
///
/// assert_eq!(last_event_id(b"42"), Ok("42"));
/// assert_eq!(last_event_id("größe-7".as_bytes()), Ok("größe-7"));
/// assert_eq!(last_event_id(b" 42\t"), Ok("42"));
/// assert_eq!(last_event_id(b"4\xFF2"), Err(HeaderError::NotUtf8 { at: 1 }));
/// ```
///
/// Spaces and tabs at both ends are removed, as HTTP does when it reads a header, so an ID with them comes back
/// changed ([`survives_header`]).
///
/// If a framework has headers as text, prefer their bytes (`as_bytes` of `http::HeaderValue`, not `to_str`, which
/// accepts ASCII only). If there is only text in which each character is one byte, use `last_event_id_from_latin1`.
///
/// # Errors
///
/// [`HeaderError`] if the bytes are not UTF-8, or have a NUL, LF, or CR, which an ID of a stream can't have. Offsets
/// are those in `value`.
pub fn last_event_id(value: &[u8]) -> Result<&str, HeaderError> {
    match core::str::from_utf8(value) {
        Ok(text) => {
            check(value)?;
            Ok(as_sent(text))
        }
        Err(error) => Err(HeaderError::NotUtf8 { at: error.valid_up_to() }),
    }
}

/// Returns the last event ID from a header that was decoded as Latin-1: each character of the text is one byte of the
/// value.
///
/// Node, Python's WSGI, and similar HTTP stacks decode headers this way, which changes every ID that is not ASCII.
///
/// ```
/// use sse_wire::server::last_event_id_from_latin1;
///
/// assert_eq!(last_event_id_from_latin1("42")?, "42");
/// assert_eq!(last_event_id_from_latin1("grÃ¶Ã\u{9F}e-7")?, "größe-7");
/// # Ok::<(), sse_wire::server::HeaderError>(())
/// ```
///
/// # Errors
///
/// Those of [`last_event_id`], with offsets in bytes of the header's value; and [`HeaderError::NotLatin1`] if a
/// character is beyond Latin-1.
///
/// # Memory
///
/// A value in ASCII is borrowed; any other allocates once.
#[cfg(feature = "alloc")]
pub fn last_event_id_from_latin1(value: &str) -> Result<Cow<'_, str>, HeaderError> {
    if value.is_ascii() {
        return last_event_id(value.as_bytes()).map(Cow::Borrowed);
    }
    let mut bytes = Vec::with_capacity(value.len());
    for character in value.chars() {
        let Ok(byte) = u8::try_from(character) else {
            return Err(HeaderError::NotLatin1 { character, at: bytes.len() });
        };
        bytes.push(byte);
    }
    last_event_id(&bytes).map(|id| Cow::Owned(String::from(id)))
}

/// Returns whether clients send an ID back in `Last-Event-ID` unchanged. Check this when you generate IDs.
///
/// ```
/// use sse_wire::server::survives_header;
///
/// assert!(survives_header("order 7, größe"));
/// assert!(!survives_header(" 7"), "HTTP removes spaces and tabs at both ends");
/// assert!(!survives_header("7\u{1}"), "HTTP stacks refuse control characters");
/// ```
///
/// It does not check the length: servers and proxies reject headers of more than a few kilobytes, and a client with
/// such an ID can't reconnect.
pub fn survives_header(id: &str) -> bool {
    as_sent(id) == id && !id.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t')
}

/// Returns the ID that a client's header has for this ID.
pub(super) fn as_sent(id: &str) -> &str {
    id.trim_matches([' ', '\t'])
}

fn check(value: &[u8]) -> Result<(), HeaderError> {
    match memchr::memchr3(0, LF, CR, value) {
        Some(at) => Err(HeaderError::Character { character: char::from(value[at]), at }),
        None => Ok(()),
    }
}

/// A value of `Last-Event-ID` that can't be an ID.
///
/// Answer with the status 400, or treat the client as one whose position is unknown.
///
/// ```
/// use sse_wire::server::{HeaderError, last_event_id};
///
/// assert_eq!(last_event_id(b"7\0"), Err(HeaderError::Character { character: '\0', at: 1 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The value is not UTF-8.
    NotUtf8 {
        /// The byte offset: everything before it is well-formed.
        at: usize,
    },
    /// The value has a NUL, LF, or CR.
    Character {
        /// The character.
        character: char,
        /// Its byte offset.
        at: usize,
    },
    /// The text was not decoded as Latin-1: it has a character that is not a byte.
    NotLatin1 {
        /// The character.
        character: char,
        /// How many characters are before it.
        at: usize,
    },
}

impl Display for HeaderError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { at } => write!(
                f,
                "`Last-Event-ID` is not UTF-8 from byte {at} on; answer 400, or treat the client's position as unknown"
            ),
            Self::Character { character, at } => write!(
                f,
                "`Last-Event-ID` has {character:?} at byte {at}, which an ID of a stream can't have; answer 400, or treat the client's position as unknown"
            ),
            Self::NotLatin1 { character, at } => write!(
                f,
                "`Last-Event-ID` has {character:?} at character {at}, so it was not decoded as Latin-1; if it is text already, read its UTF-8 bytes"
            ),
        }
    }
}

impl Error for HeaderError {}
