//! The names of the fields
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#processField)), for both
//! directions.

use core::fmt::{self, Display, Formatter};

/// A field of the specification (9.2.6).
///
/// ```
/// use sse_wire::Field;
///
/// assert_eq!(Field::Id.to_string(), "id");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `data`: a line of the event's data.
    Data,
    /// `event`: the type of the event.
    Event,
    /// `id`: the last event ID.
    Id,
    /// `retry`: the reconnection time.
    Retry,
}

impl Field {
    /// Returns the field's name in the stream.
    ///
    /// ```
    /// assert_eq!(sse_wire::Field::Retry.name(), "retry");
    /// ```
    pub const fn name(self) -> &'static str {
        let (head, colon_and_space) = (self.head().as_bytes(), ": ".len());
        match core::str::from_utf8(head.split_at(head.len() - colon_and_space).0) {
            Ok(name) => name,
            Err(_) => "",
        }
    }

    /// The name, the colon and the space that may follow it.
    pub(crate) const fn head(self) -> &'static str {
        match self {
            Field::Event => "event: ",
            Field::Data => "data: ",
            Field::Id => "id: ",
            Field::Retry => "retry: ",
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
