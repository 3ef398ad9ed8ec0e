//! The laws of the server side without I/O: headers, `Last-Event-ID`, keep-alives.

#![cfg(feature = "std")]

#[path = "support/kept.rs"]
mod kept;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::server::{
    HeaderError, KeepAlive, RESPONSE_HEADERS, last_event_id, last_event_id_from_latin1,
    survives_header,
};
use sse_wire::{Block, EncodeError, Item, Parser};

const NOW: Duration = Duration::ZERO;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_header_that_cannot_be_from_a_stream_is_rejected_with_advice() {
    for character in ['\0', '\n', '\r'] {
        let error = HeaderError::Character { character, at: 1 };
        assert_eq!(last_event_id(format!("4{character}2").as_bytes()), Err(error));
        let returned = format!("`Last-Event-ID` has {character:?} at byte 1, ");
        assert!(error.to_string().starts_with(&returned), "{error}");
        assert!(error.to_string().contains("answer 400"), "{error}");
    }
}

#[test]
fn an_id_survives_the_header_with_a_tab_inside_and_with_no_other_control_character() {
    for byte in (0..0x20).chain([0x7F]) {
        let id = format!("4{}2", char::from(byte));
        assert_eq!(survives_header(&id), byte == b'\t', "{id:?}");
    }
}

proptest! {
    #![proptest_config(kept::failures())]

    #[test]
    fn an_id_that_survives_the_header_comes_back(id in "\\PC{0,20}|[ \t\u{1}a]{0,3}|(?s).{0,9}") {
        let read = last_event_id(id.as_bytes());
        if survives_header(&id) {
            prop_assert_eq!(read, Ok(id.as_str()));
        } else {
            prop_assert!(read != Ok(id.as_str()) || id.chars().any(char::is_control));
        }
    }

    #[test]
    fn a_header_of_any_bytes_is_an_id_or_an_error_with_its_offset(
        value in vec(prop_oneof![any::<u8>(), Just(0xC3), Just(0xA9), Just(b' '), Just(b'x')], 0..12)
    ) {
        let latin1: String = value.iter().map(|&byte| char::from(byte)).collect();
        let from_latin1 = last_event_id_from_latin1(&latin1);
        prop_assert_eq!(last_event_id(&value), from_latin1.as_deref().map_err(|error| *error));
        match last_event_id(&value) {
            Ok(id) => {
                prop_assert!(!id.contains(['\0', '\n', '\r']));
                prop_assert!(!id.starts_with([' ', '\t']) && !id.ends_with([' ', '\t']));
                prop_assert!(value.windows(id.len().max(1)).any(|part| part == id.as_bytes()) || id.is_empty());
            }
            Err(HeaderError::Character { character, at }) => {
                prop_assert_eq!(char::from(value[at]), character);
                prop_assert!(!value[..at].iter().any(|byte| b"\0\n\r".contains(byte)));
            }
            Err(HeaderError::NotUtf8 { at }) => {
                prop_assert!(std::str::from_utf8(&value[..at]).is_ok());
                prop_assert!(std::str::from_utf8(&value).is_err());
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn a_keep_alive_is_due_after_the_interval_of_silence(
        interval in 0..40u64, writes in vec(0..100u64, 0..8), asked in 0..200u64
    ) {
        let mut keep_alive = KeepAlive::new(seconds(10)).interval(seconds(interval));
        for &time in &writes {
            keep_alive.sent(seconds(time));
        }
        let last = writes.into_iter().max().unwrap_or(0).max(10);
        prop_assert_eq!(keep_alive.next_at(), seconds(last + interval));
        prop_assert_eq!(keep_alive.due(seconds(asked)).is_some(), asked >= last + interval);
    }
}

#[test]
fn a_keep_alive_is_not_an_event_and_sets_no_id() {
    let mut stream = b"id: 7\ndata: x\n\n".to_vec();
    let keep_alive = KeepAlive::new(NOW);
    keep_alive.due(KeepAlive::DEFAULT_INTERVAL).unwrap().encode(&mut stream).unwrap();
    let mut parser = Parser::new();
    let mut items = parser.push(&stream);
    let mut seen = Vec::new();
    while let Some(item) = items.next_item().unwrap() {
        seen.push(match item {
            Item::Event(_) => "event",
            Item::Comment { text: "", .. } => "comment",
            Item::Block { id: None, .. } => "block",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["event", "comment", "block"]);
    assert_eq!(parser.last_event_id(), "7");
}

#[test]
fn a_keep_alive_that_cannot_be_encoded_is_refused_before_it_is_due() {
    let error = KeepAlive::new(NOW).block(Block::new().comment("a\nb")).unwrap_err();
    assert!(matches!(error, EncodeError::LineBreak { at: 1, .. }));
}

#[test]
fn a_keep_alive_with_an_infinite_interval_is_never_due() {
    let keep_alive = KeepAlive::new(seconds(1)).interval(Duration::MAX);
    assert_eq!(keep_alive.next_at(), Duration::MAX);
    assert_eq!(keep_alive.due(seconds(1 << 40)), None);
}

#[test]
fn text_that_was_not_decoded_as_latin1_is_rejected() {
    let error = last_event_id_from_latin1("é漢").unwrap_err();
    assert_eq!(error, HeaderError::NotLatin1 { character: '漢', at: 1 });
}

#[test]
fn response_headers_are_lower_case_and_fit_every_version_of_http() {
    for &(name, value) in RESPONSE_HEADERS {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{value}");
        // RFC 9113, 8.2.2: fields of the connection make a message malformed.
        let of_the_connection =
            ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
        assert!(!of_the_connection.contains(&name));
    }
}
