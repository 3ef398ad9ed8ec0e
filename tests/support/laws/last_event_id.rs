//! The header `Last-Event-ID`.

use sse_wire::Parser;
use sse_wire::server::{
    HeaderError, last_event_id as read, last_event_id_from_latin1, survives_header,
};

/// Any header is an ID that a client can have, or rejected at the first wrong byte; and the ID that a client puts into
/// the header is returned, except for spaces and tabs at its ends.
pub fn last_event_id(header: &[u8]) {
    let wrong = header.iter().position(|byte| matches!(byte, 0 | b'\n' | b'\r'));
    let expected = match (std::str::from_utf8(header), wrong) {
        (Err(error), _) => Err(HeaderError::NotUtf8 { at: error.valid_up_to() }),
        (Ok(_), Some(at)) => Err(HeaderError::Character { character: header[at].into(), at }),
        (Ok(text), None) => Ok(text.trim_matches([' ', '\t'])),
    };
    assert_eq!(read(header), expected);
    // One character for each byte, as in some frameworks.
    let latin1: String = header.iter().copied().map(char::from).collect();
    let from_latin1 = last_event_id_from_latin1(&latin1);
    assert_eq!(from_latin1.as_deref().map_err(|&error| error), expected);

    // What a stream sets.
    let stream = [b"id: ", header, b"\n\n"].concat();
    let mut parser = Parser::new();
    let mut events = parser.push(&stream);
    while let Some(_event) = events.next().unwrap() {}
    let id = parser.last_event_id();
    assert_eq!(read(id.as_bytes()), Ok(id.trim_matches([' ', '\t'])));
    if survives_header(id) {
        assert_eq!(read(id.as_bytes()), Ok(id));
    }
    if let (Ok(text), None) = (std::str::from_utf8(header), wrong) {
        assert_eq!(id, text);
    }
}
