//! Data that is written piecewise: cut line breaks and characters, errors, and rollback.
#![cfg(feature = "std")]

use std::io::{self, Write as _};

use sse_wire::{Block, DataWriter, EncodeError, FmtSink, Part, SliceSink};

fn writer(stream: &mut Vec<u8>) -> DataWriter<'_, Vec<u8>> {
    Block::new().event_type("e").data_writer(stream).unwrap()
}

#[test]
fn characters_and_line_breaks_may_be_cut_between_pieces() {
    let mut stream = Vec::new();
    let mut data = writer(&mut stream);
    for piece in ["\u{20AC}".as_bytes(), b"a\r", b"", b"\nb\r", b"c\n"] {
        for byte in piece.chunks(1) {
            data.write_bytes(byte).unwrap();
        }
    }
    data.write("").unwrap();
    data.finish().unwrap();
    assert_eq!(stream, "event: e\ndata: \u{20AC}a\ndata: b\ndata: c\ndata: \n\n".as_bytes());
}

#[test]
fn an_empty_piece_changes_nothing_even_in_the_middle_of_a_character() {
    let mut stream = Vec::new();
    let mut data = writer(&mut stream);
    data.write_bytes(b"\xE2\x82").unwrap();
    data.write("").unwrap();
    data.write_bytes(b"").unwrap();
    data.write_bytes(b"\xAC").unwrap();
    data.finish().unwrap();
    assert!(stream.ends_with("data: \u{20AC}\n\n".as_bytes()));
}

#[test]
fn the_first_error_is_kept_and_the_block_is_rolled_back() {
    let mut stream = b"before".to_vec();
    let mut data = writer(&mut stream);
    data.write("ok").unwrap();
    let error = EncodeError::NotUtf8 { at: 2 };
    assert_eq!(data.write_bytes(b"\xFF"), Err(error));
    for piece in [&b""[..], b"x", b"\xE2", b"\xFF"] {
        assert_eq!(data.write_bytes(piece), Err(error));
    }
    assert_eq!(data.write(""), Err(error));
    assert_eq!(data.finish(), Err(error));
    assert_eq!(stream, b"before");
}

#[test]
fn text_or_an_end_in_the_middle_of_a_character_is_rejected() {
    let mut stream = Vec::new();
    let mut data = writer(&mut stream);
    data.write_bytes(b"a\xE2").unwrap();
    assert_eq!(data.write("b"), Err(EncodeError::NotUtf8 { at: 1 }));
    drop(data);
    // At once, wherever the character is cut.
    for (cut, next) in
        [(&b"\xE2"[..], &b"b"[..]), (b"\xE2\x82", b"\xE2\x82\xAC"), (b"\xF0", b"\xFF")]
    {
        let mut data = writer(&mut stream);
        data.write_bytes(b"a").unwrap();
        data.write_bytes(cut).unwrap();
        assert_eq!(data.write_bytes(next), Err(EncodeError::NotUtf8 { at: 1 }));
    }
    let mut data = writer(&mut stream);
    data.write_bytes(b"\xE2").unwrap();
    assert_eq!(data.finish(), Err(EncodeError::NotUtf8 { at: 0 }));
    assert!(stream.is_empty());
}

#[test]
fn a_strict_block_rejects_a_carriage_return_and_reports_its_offset() {
    let mut stream = String::new();
    let mut data = Block::new().strict().data("12").data_writer(&mut stream).unwrap();
    data.write("3\n4").unwrap();
    let error = EncodeError::LineBreak { part: Part::Data, at: 6 };
    assert_eq!(data.write("5\r"), Err(error));
    assert_eq!(data.finish(), Err(error));
    assert!(stream.is_empty());
}

#[test]
fn a_lack_of_room_reports_what_the_block_needs_so_far_and_writes_nothing() {
    let mut memory = [0; 24];
    let mut sink = SliceSink::new(&mut memory);
    Block::new().data("1").encode(&mut sink).unwrap();
    assert_eq!(
        Block::new().event_type("too-long").data_writer(&mut sink).unwrap_err(),
        EncodeError::NoRoom { needed: 16 }
    );
    let mut data = Block::new().data_writer(&mut sink).unwrap();
    data.write("1234").unwrap();
    assert_eq!(data.write("567890"), Err(EncodeError::NoRoom { needed: 16 }));
    drop(data);
    assert_eq!(sink.written(), b"data: 1\n\n");
    let error = Block::new().data("123456789012345").encode(&mut sink).unwrap_err();
    assert_eq!(error, EncodeError::NoRoom { needed: 23 });
    assert_eq!(error.to_string(), "the block needs 23 bytes, and fewer are free; give more memory");
    assert_eq!(sink.into_written(), b"data: 1\n\n");
}

#[test]
fn an_io_error_has_the_kind_and_the_source_of_its_cause() {
    let mut stream = Vec::new();
    let error = io::Write::write_all(&mut writer(&mut stream), b"\xFF").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.get_ref().unwrap().is::<EncodeError>());
    let mut memory = [0; 8];
    let mut sink = SliceSink::new(&mut memory);
    let mut data = Block::new().data_writer(&mut sink).unwrap();
    assert_eq!(data.write_all(b"12345").unwrap_err().kind(), io::ErrorKind::StorageFull);

    struct Broken;
    impl std::fmt::Write for Broken {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            if text.contains('x') { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    let mut sink = FmtSink(Broken);
    let mut data = Block::new().data_writer(&mut sink).unwrap();
    assert_eq!(data.write_all(b"x").unwrap_err().kind(), io::ErrorKind::Other);
    assert_eq!(data.finish(), Err(EncodeError::Sink));
}

#[test]
fn a_serializer_that_fails_writes_nothing() {
    struct Fails;
    impl std::fmt::Display for Fails {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("half")?;
            Err(std::fmt::Error)
        }
    }
    let mut stream = String::from("before");
    let mut data = Block::new().data_writer(&mut stream).unwrap();
    assert!(std::fmt::Write::write_fmt(&mut data, format_args!("{Fails}")).is_err());
    drop(data);
    assert_eq!(stream, "before");
}

#[test]
fn formatted_text_goes_into_the_data() {
    let mut stream = Vec::new();
    let mut data = writer(&mut stream);
    std::fmt::Write::write_fmt(&mut data, format_args!("{}\n{}", 1, 2)).unwrap();
    data.finish().unwrap();
    assert_eq!(stream, b"event: e\ndata: 1\ndata: 2\n\n");
}

#[test]
fn a_writer_of_bytes_takes_each_piece_whole() {
    let mut stream = Vec::new();
    let mut data = writer(&mut stream);
    assert_eq!(io::Write::write(&mut data, b"").unwrap(), 0);
    assert_eq!(io::Write::write(&mut data, b"one\ntwo").unwrap(), 7);
    data.flush().unwrap();
    data.finish().unwrap();
    assert_eq!(stream, b"event: e\ndata: one\ndata: two\n\n");
}

#[test]
fn the_debug_output_of_a_writer_shows_its_first_error() {
    let mut stream = Vec::new();
    let mut data = writer(&mut stream);
    assert_eq!(format!("{data:?}"), "DataWriter { failed: None, .. }");
    data.write_bytes(b"\xFF").unwrap_err();
    assert_eq!(format!("{data:?}"), "DataWriter { failed: Some(NotUtf8 { at: 0 }), .. }");
}

#[test]
fn a_line_break_is_rejected_anywhere_in_a_line_of_any_length_and_starts_a_line_in_data() {
    for len in 1..40 {
        for at in 0..len {
            for line_break in ['\n', '\r'] {
                let text: String =
                    (0..len).map(|i| if i == at { line_break } else { 'x' }).collect();
                let refused = |part| Err(EncodeError::LineBreak { part, at });
                for (block, part) in [
                    (Block::new().comment(&text), Part::Comment),
                    (Block::new().event_type(&text), Part::EventType),
                    (Block::new().id(&text), Part::Id),
                ] {
                    let mut stream = b"before".to_vec();
                    assert_eq!(block.data(&text).encode(&mut stream), refused(part));
                    assert_eq!(stream, b"before");
                }
                let (first, second) = (&text[..at], &text[at + 1..]);
                let right = format!("data: {first}\ndata: {second}\n\n");
                let mut stream = Vec::new();
                Block::new().data(&text).encode(&mut stream).unwrap();
                assert_eq!(stream, right.as_bytes());
                let mut data = Block::new().data(first).data_writer(&mut stream).unwrap();
                data.write_bytes(&text.as_bytes()[at..]).unwrap();
                data.finish().unwrap();
                assert_eq!(stream, right.repeat(2).as_bytes());
            }
        }
    }
}

#[test]
fn a_rejected_line_break_has_its_part_and_its_offset() {
    for (block, part, name) in [
        (Block::new().comment("a\n"), Part::Comment, "comment"),
        (Block::new().event_type("a\n"), Part::EventType, "event type"),
        (Block::new().id("a\n"), Part::Id, "id"),
        (Block::new().data("a\r").strict(), Part::Data, "data"),
    ] {
        let error = block.encode(&mut Vec::new()).unwrap_err();
        assert_eq!(error, EncodeError::LineBreak { part, at: 1 });
        assert_eq!(part.to_string(), name);
        assert!(error.to_string().starts_with(&format!("the {name} has a ")), "{error}");
        assert!(error.to_string().contains("at byte 1, "), "{error}");
    }
}
