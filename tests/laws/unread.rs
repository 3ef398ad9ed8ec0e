//! Nothing lost in silence: what a cursor has not taken is returned if it is ended, and reported if it is dropped.

use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::{End, Growable, Item, ParseError, Parser, Refused, Token, Tokenizer};

use crate::support::model::{self, Limits};
use crate::support::outcome::{self, Output, push, push_items};
use crate::support::shapes::{cut, places};
use crate::{events_of, hostile_stream, joined, lines, support, texts};

const NO_LIMITS: Limits = Limits { all: usize::MAX, id: usize::MAX, arrays: None };

/// Returns what follows the first blank line of `stream` that ends in `after`, which continues it.
fn after_the_next_blank_line<'s>(stream: &[u8], after: &'s [u8]) -> Option<&'s [u8]> {
    let (mut last, mut line_is_blank) = (*stream.last()?, stream.ends_with(b"\n"));
    line_is_blank |= last == b'\r';
    for (at, &byte) in after.iter().enumerate() {
        match byte {
            b'\n' if last == b'\r' => {}
            b'\n' | b'\r' if line_is_blank => {
                let rest = &after[at + 1..];
                return Some(if byte == b'\r' {
                    rest.strip_prefix(b"\n").unwrap_or(rest)
                } else {
                    rest
                });
            }
            _ => line_is_blank = matches!(byte, b'\n' | b'\r'),
        }
        last = byte;
    }
    None
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn nothing_lost_in_silence_a_cursor_that_is_ended_anywhere_returns_what_it_has_not_taken(
        stream in hostile_stream(),
        calls in vec((any::<bool>(), 0_usize..3), 1..20),
        limit in prop_oneof![Just(usize::MAX), 1_usize..90],
    ) {
        // The rest is pushed again and taken by `next` or `next_item`, after 0, 1 or 2 calls each time.
        let limits = Limits { all: limit, id: usize::MAX, arrays: None };
        let mut parser = Parser::with_limits(Growable::new(), limits.of_parser());
        let (mut rest, mut output) = (stream.as_slice(), Vec::new());
        let all = [(false, usize::MAX)];
        for (items, calls) in calls.iter().cycle().take(4 * stream.len() + 20).chain(&all) {
            let before = parser.position();
            let take = if *items { push_items } else { push };
            let (_, left) = take(&mut parser, *calls, rest, &mut output);
            prop_assert_eq!(parser.position() - before, (rest.len() - left.len()) as u64);
            prop_assert_eq!(left, &stream[parser.position() as usize..]);
            rest = left;
        }
        prop_assert!(rest.is_empty());
        prop_assert_eq!(outcome::end(&mut parser, output).of_push(), model::decode(&stream, "", limits).of_push());
    }

    #[test]
    fn nothing_lost_in_silence_a_dropped_cursor_is_reported_once_and_parsing_continues_after_the_next_blank_line(
        before in hostile_stream(),
        left in hostile_stream(),
        after in hostile_stream(),
        calls in 0_usize..3,
        items in any::<bool>(),
        places in places(),
    ) {
        let (mut parser, mut output) = (Parser::new(), Vec::new());
        push(&mut parser, usize::MAX, &before, &mut output);
        let mut events = parser.push(&left);
        for _ in 0..calls {
            if events.next().unwrap().is_none() {
                break;
            }
        }
        let stream = [&before[..], &left].concat();
        let unread = stream.len() - parser.position() as usize;
        let (id, time) = (parser.last_event_id().to_owned(), parser.reconnection_time());

        output.clear();
        let take = if items { push_items } else { push };
        for chunk in cut(&after, &places) {
            prop_assert_eq!(take(&mut parser, usize::MAX, chunk, &mut output), (true, &b""[..]));
        }
        let reported = output.iter().filter(|output| matches!(output, Output::Unread { .. })).count();
        prop_assert_eq!(reported, usize::from(unread > 0));
        if unread > 0 {
            prop_assert_eq!(output.remove(0), Output::Unread { bytes: unread });
            let rest = after_the_next_blank_line(&stream, &after);
            // As in a separate stream in which that ID is in force.
            let alone = [b"id: ", id.as_bytes(), b"\n\n", rest.unwrap_or_default()].concat();
            let parsed = outcome::end(&mut parser, output);
            let expected = model::decode(&alone, "", NO_LIMITS);
            prop_assert_eq!(texts(&parsed.output), texts(&expected.output));
            prop_assert_eq!(parsed.last_event_id, expected.last_event_id);
            prop_assert_eq!(parsed.reconnection_time, expected.reconnection_time.or(time));
            prop_assert_eq!(parsed.pending.is_some(), rest.is_none() || expected.pending.is_some());
        }
    }

    #[test]
    fn nothing_lost_in_silence_tokens_that_are_ended_anywhere_return_what_they_have_not_taken(
        stream in hostile_stream(),
        calls in vec(0_usize..3, 1..20),
    ) {
        let (mut tokenizer, mut rest) = (Tokenizer::new(), stream.as_slice());
        let mut pieces = Vec::new();
        for &calls in calls.iter().cycle().take(4 * stream.len() + 20).chain(&[usize::MAX]) {
            let mut tokens = tokenizer.push(rest);
            pieces.extend(tokens.by_ref().take(calls));
            rest = tokens.into_rest();
            prop_assert_eq!(rest, &stream[tokenizer.position() as usize..]);
        }
        prop_assert!(rest.is_empty());
        prop_assert_eq!(joined(pieces.into_iter(), tokenizer.finish()), lines(&[&stream]));
    }

    #[test]
    fn nothing_lost_in_silence_dropped_tokens_are_reported_by_their_range_and_lines_continue(
        before in hostile_stream(),
        left in hostile_stream(),
        after in hostile_stream(),
        calls in 0_usize..3,
    ) {
        let mut tokenizer = Tokenizer::new();
        tokenizer.push(&before).for_each(drop);
        tokenizer.push(&left).take(calls).for_each(drop);
        let at = tokenizer.position();
        let end = (before.len() + left.len()) as u64;
        let mut tokens = tokenizer.push(&after);
        if at < end {
            prop_assert_eq!(tokens.next().map(|token| token.range()), Some(at..end));
        }
        let mut last_end = if at < end { end } else { 0 };
        let mut blocks = Vec::new();
        for token in tokens {
            let range = token.range();
            prop_assert!(last_end <= range.start);
            last_end = range.end;
            match token {
                Token::BlankLine { block, .. } => blocks.push(block),
                Token::Unread { range, .. } => prop_assert!(false, "again: {:?}", range),
                _ => {}
            }
        }
        if at < end {
            // The lines determine the first blank line, and the next block starts after it.
            let stream = [&before[..], &left].concat();
            let rest = after_the_next_blank_line(&stream, &after);
            prop_assert_eq!(blocks.is_empty(), rest.is_none());
            let next = rest.map(|rest| end + (after.len() - rest.len()) as u64);
            prop_assert_eq!(blocks.get(1).map(|block| block.start), next.filter(|_| blocks.len() > 1));
        }
    }
}

/// Returns how many unread bytes the error reports.
fn unread<T: std::fmt::Debug>(result: Result<T, ParseError>) -> usize {
    match result {
        Err(error @ ParseError::Unread { bytes, .. }) => {
            assert!(error.to_string().contains(&format!("the last {bytes} bytes")), "{error}");
            bytes
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_lost_in_silence_a_dropped_cursor_is_reported_by_the_end_of_the_stream_as_well() {
    for items in [false, true] {
        let mut parser = Parser::new();
        let stream = b"id: 1\ndata: 1\n\nid: 2\nretry: 5\n\ndata: 3\n\n";
        let first = match items {
            false => parser.push(stream).next().map(|event| event.is_some()),
            true => parser.push(stream).next_item().map(|item| item.is_some()),
        };
        assert_eq!(first, Ok(true));
        assert_eq!(unread(parser.finish()), 25);
        assert_eq!((parser.last_event_id(), parser.reconnection_time()), ("1", None));
        // Reported once, and the next stream is whole.
        let mut events = parser.push(b"\xEF\xBB\xBFdata: x\n\n");
        let event = events.next().unwrap().unwrap();
        assert_eq!((event.data, event.last_event_id, event.range), ("x", "1", 3..12));
        assert_eq!(parser.finish(), Ok(End::Clean));
    }
}

#[test]
fn nothing_lost_in_silence_a_refusal_that_no_cursor_has_reported_is_reported_by_finish() {
    let mut parser = Parser::with_limit(16);
    assert!(parser.push(b"data: 1234567890123\nid: 123456\n").next().is_err());
    let error = parser.finish().unwrap_err();
    assert!(matches!(error, ParseError::Limit(error) if error.refused() == Refused::Id), "{error}");
    assert_eq!(parser.finish(), Ok(End::Clean));
}

#[test]
fn nothing_lost_in_silence_dropped_tokens_make_the_end_unclean() {
    let mut tokenizer = Tokenizer::new();
    tokenizer.push(b"data: x\n\ndata: y\n\n").take(2).for_each(drop);
    assert_eq!(tokenizer.position(), 9);
    assert_eq!(tokenizer.finish(), 9..18);
    assert_eq!(tokenizer.finish(), 0..0, "the next stream is whole");
    for chunk in [&b"data: x\n\n"[..], b"data: y\n\n", b""] {
        let _ = tokenizer.push(chunk);
    }
    assert_eq!(tokenizer.finish(), 0..18, "whether or not a later chunk was begun");
}

#[test]
fn nothing_lost_in_silence_a_blank_line_right_after_unread_bytes_ends_their_block() {
    for (chunk, next, events) in [
        (&b"data: a\n\ndata: b\r"[..], &b"\rdata: c\n\n"[..], 1),
        (b"data: a\n\ndata: b\n", b"\ndata: c\n\n", 1),
        (b"data: a\n\ndata: b\r", b"\ndata: c\n\n", 0),
        (b"data: a\n\ndata: b", b"\ndata: c\n\n", 0),
    ] {
        let mut parser = Parser::new();
        assert!(parser.push(chunk).next().unwrap().is_some());
        let mut cursor = parser.push(next);
        assert_eq!(unread(cursor.next()), chunk.len() - 9);
        let mut count = 0;
        while cursor.next().unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, events, "{chunk:?} {next:?}");
    }
}

#[test]
fn nothing_lost_in_silence_the_rest_of_a_block_of_which_bytes_were_unread_is_lost_as_well() {
    let mut parser = Parser::new();
    assert!(parser.push(b"data: 1\n\nid: 2\ndata: 2\n").next().unwrap().is_some());
    let mut events = parser.push(b": 2\nid: 2\nretry: 2\nevent: 2\ndata: 2\n\n: 3\n");
    assert_eq!(unread(events.next_item()), 14);
    assert!(matches!(events.next_item(), Ok(Some(Item::Comment { text: "3", .. }))));
    assert_eq!(events.next_item(), Ok(None));
    assert_eq!((parser.last_event_id(), parser.reconnection_time()), ("", None));

    // The end of the stream before the blank line.
    let _ = parser.push(b"data: 3\n");
    assert_eq!(unread(parser.push(b"").next()), 8);
    assert!(matches!(parser.finish(), Ok(End::Incomplete(pending)) if pending.refused));
    assert_eq!(parser.finish(), Ok(End::Clean));
}

#[test]
fn nothing_lost_in_silence_all_unread_bytes_are_reported_and_none_twice() {
    let mut parser = Parser::new();
    let _ = parser.push(b"data: 1\n\n");
    let _ = parser.push(b"data: 2\n\nda");
    assert_eq!(unread(parser.push(b"").next()), 20);
    // Dropped again after the report: the rest of the lost block and the event after it.
    assert_eq!(parser.push(b"ta: 3\n\ndata: 4\n\n").next().unwrap().unwrap().data, "4");
    let _ = parser.push(b"data: 5\n\n");
    let mut events = parser.push(b"data: 6\n\n");
    assert_eq!(unread(events.next()), 9);
    let _ = events;
    assert_eq!(unread(parser.push(b"data: 7\n\n").next()), 9, "byte 6 was not taken either");
    // `discard` reads the rest, and reports it too; `into_rest` takes nothing.
    let _ = parser.push(b"data: 8\n\nid: 8");
    let events = parser.push(b"8\n\nid: 9\n\nda");
    assert_eq!(events.into_rest(), b"8\n\nid: 9\n\nda");
    let events = parser.push(b"8\n\nid: 9\n\nda");
    assert_eq!(unread(events.discard()), 23);
    let event = Output::from(parser.push(b"ta: 9\n\n").next().unwrap().unwrap());
    assert_eq!(texts(&[event]), [["message", "9", "9"]]);
    assert_eq!(parser.finish(), Ok(End::Clean));
}

#[test]
fn nothing_lost_in_silence_one_event_for_each_chunk_is_not_a_false_alarm() {
    for chunks in [
        ["data: x\n\n", "data: x\n\n", ": c\ndata: x\n\n"],
        ["data: x\r\r", "data: x\r\r", "id: 1\rdata: x\r\r"],
        ["data: x\r\n\r\n", "\u{FEFF}\r\ndata: x\r\n\r\n", "data: x\r\n\r\n"],
        // The LF of a CRLF arrives with the next chunk.
        ["data: x\r\n\r", "\ndata: x\r\n\r", "\ndata: x\r\r\n"],
    ] {
        let mut parser = Parser::new();
        for chunk in chunks {
            let data = parser.push(chunk.as_bytes()).next().unwrap().map(|event| event.data == "x");
            assert_eq!(data, Some(true), "{chunks:?}");
        }
        assert_eq!(parser.finish(), Ok(End::Clean), "{chunks:?}");
    }
}

#[test]
fn nothing_lost_in_silence_one_item_or_error_for_each_chunk_is_not_a_false_alarm() {
    for line_end in ["\n", "\r", "\r\n"] {
        let mut parser = Parser::with_limit(40);
        for (line, expected) in [
            ("event: e", None),
            (": kept while the event is not", Some("Comment")),
            ("data: x", None),
            (": as well", Some("Comment")),
            ("retry: 5", Some("ReconnectionTime")),
            (": a comment that is longer than the limit", Some("Comment")),
            ("id: an id of more than ten", Some("Id")),
            ("", Some("Event")),
            ("id: 7", None),
            ("", Some("Block")),
            ("data: data that is longer than the whole limit", Some("Event")),
            ("", None),
        ] {
            let chunk = format!("{line}{line_end}");
            let shown = match parser.push(chunk.as_bytes()).next_item() {
                Ok(item) => item.map(|item| format!("{item:?}")),
                Err(ParseError::Limit(error)) => Some(format!("{:?}", error.refused())),
                Err(other) => panic!("{other}"),
            };
            let name = shown.as_ref().map(|shown| shown.split([' ', '(']).next().unwrap());
            assert_eq!(name, expected, "{chunk:?}: {shown:?}");
        }
        assert_eq!(parser.finish(), Ok(End::Clean));
        assert_eq!(parser.last_event_id(), "7");
    }
}

#[test]
fn nothing_lost_in_silence_a_cursor_that_is_ended_within_a_block_keeps_what_the_block_had() {
    let stream = b"id: 7\nevent: e\n: one\ndata: x\nretry: 5\ndata: y\n: two\n\ndata: z\n\n";
    let expected = events_of(stream);
    assert_eq!(expected.len(), 2);
    // One item for each push, the rest after other bytes or alone, and with an empty push in between.
    for between in [false, true] {
        let (mut parser, mut rest, mut output) = (Parser::new(), &stream[..], Vec::new());
        while !rest.is_empty() {
            // The memory that lends it is different each time.
            let chunk = rest.to_vec();
            let (_, left) = push_items(&mut parser, 1, &chunk, &mut output);
            rest = &rest[rest.len() - left.len()..];
            if between {
                let (_, left) = push(&mut parser, 1, b"", &mut output);
                assert_eq!(left, b"");
            }
        }
        let expected = model::decode(stream, "", NO_LIMITS);
        assert_eq!(outcome::end(&mut parser, output), expected);
    }
}
