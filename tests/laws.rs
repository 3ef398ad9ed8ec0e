//! The laws of the parser, the tokenizer, and the encoder, each under its name, on streams of hostile pieces in random
//! order. (Linear time is in `src/work.rs`, memory in `tests/memory.rs`, and limits in `tests/limits.rs`, including that
//! no input wedges a parser.)

#![cfg(feature = "std")]

#[path = "support/laws/mod.rs"]
mod laws;
mod support;

use std::ops::Range;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{
    Block, End, Event, Field, Item, OwnedEvent, ParseError, Parser, Refused, Token, Tokenizer,
};
use support::model::Limits;
use support::outcome::{Output, observe, push};
use support::shapes::{cut, places};
use support::{
    Decoded, Driver, GrowableDriver, Way, arrays, decode, decoder_cases, drivers, equality,
    every_chunking, model, outcome,
};

/// Pieces that exercise every rule, in an order that no server would choose.
fn hostile_stream() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b"data",
        b"event",
        b"id",
        b"retry",
        b":",
        b" ",
        b": ",
        b"data: x",
        b"data:\n",
        b"data: two words\n",
        b"event: e\n",
        b"id: 1\n",
        b"id: \xC3\xA9\n",
        b"id:\0",
        b"retry: 10\n",
        b"retry: 18446744073709551616\n",
        b": comment\n",
        b"unknown: x\n",
        b"dat",
        b"datax",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xE2\x82\xAC",
        b"\xE2\x82",
        b"\xF0\x9F\x98\x80",
        b"\xF0\x9F",
        b"\xFF",
        b"\0",
        b"7",
        b"some longer text that fills a block of sixty-four bytes and a little more",
    ];
    vec(select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

/// UTF-8 sequences, whole, cut, and invalid.
const SEQUENCES: [&[u8]; 12] = [
    b"a",
    b"\xC3\xA9",
    b"\xC3",
    b"\xE2\x82\xAC",
    b"\xE2\x82",
    b"\xE2",
    b"\xF0\x9F\x98\x80",
    b"\xF0\x9F\x98",
    b"\xED\xA0",
    b"\xF4\x90",
    b"\x80",
    b"\xFF",
];

/// Everything that must not depend on the chunks.
fn outcome(decoded: Decoded) -> Decoded {
    Decoded { after: Vec::new(), comments: None, ..decoded }
}

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

/// The texts of the events.
fn texts(output: &[Output]) -> Vec<[&str; 3]> {
    let texts = output.iter().filter_map(|output| match output {
        Output::Event(event) => Some([&event.event_type, &*event.data, &event.last_event_id]),
        _ => None,
    });
    texts.collect()
}

fn events_of(stream: &[u8]) -> Vec<support::Returned> {
    GrowableDriver(Way::Push, "").decode(&[stream], None, None).events
}

#[test]
fn an_owned_event_equals_the_event_and_can_lend_it() {
    let mut parser = Parser::new();
    let mut events = parser.push(b"event: tick\nid: 7\ndata: a\n\ndata: b\n\n");
    for event_type in ["tick", "message"] {
        let event = events.next().unwrap().unwrap();
        let owned = event.clone().into_owned();
        assert_eq!(owned.event_type, event_type);
        assert_eq!((&*owned.data, &*owned.last_event_id), (event.data, "7"));
        assert_eq!(owned.as_event(), event);
        assert_eq!(OwnedEvent::from(event), owned);
    }
}

#[test]
fn an_owned_event_has_the_id_in_force_and_never_an_earlier_one() {
    let next_id = |parser: &mut Parser, chunk: &[u8]| {
        let mut events = parser.push(chunk);
        let event = events.next_owned().unwrap().unwrap();
        assert_eq!(events.next(), Ok(None));
        assert_eq!(event.last_event_id, parser.last_event_id());
        event.last_event_id.to_string()
    };
    let mut parser = Parser::new();
    assert_eq!(next_id(&mut parser, b"data\n\n"), "");
    assert_eq!(next_id(&mut parser, b"id: 1\ndata\n\n"), "1");
    assert_eq!(parser.push(b"id: 2\n\n").next(), Ok(None));
    assert_eq!(next_id(&mut parser, b"data\n\n"), "2", "by a block without an event");
    parser.set_last_event_id("3").unwrap();
    assert_eq!(next_id(&mut parser.clone(), b"data\n\n"), "3", "by the caller");
    assert_eq!(next_id(&mut parser, b"data\n\n"), "3");
    assert_eq!(parser.push(b"id: 4\ndata\n\n").discard(), Ok(()));
    assert_eq!(next_id(&mut parser, b"data\n\n"), "4", "by an event that was not returned");
    assert_eq!(next_id(&mut parser, b"id\ndata\n\n"), "");
}

#[test]
fn round_trip_an_event_becomes_a_block_with_its_own_id_and_no_default_type() {
    let blocks = ["event: tick\nid: 7\ndata: a\ndata: b\n\n", "data: c\n\n", "id: \ndata: d\n\n"];
    let stream = blocks.concat();
    let mut parser = Parser::new();
    let mut events = parser.push(stream.as_bytes());
    for block in blocks {
        let mut encoded = String::new();
        Block::from(&events.next().unwrap().unwrap()).encode(&mut encoded).unwrap();
        assert_eq!(encoded, block);
    }
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn chunk_invariance_and_promptness_any_split_gives_the_same_as_early_as_it_can_at_every_entry_point(
        stream in hostile_stream(),
        places in places(),
        limit in prop_oneof![Just(usize::MAX), 1_usize..90],
        calls in 0_u8..4,
    ) {
        laws::chunking::any_split(&stream, &cut(&stream, &places), limit, calls);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        laws::chunking::any_split(&stream, &bytes, limit, calls);
    }

    #[test]
    fn every_law_holds_for_random_bytes(
        stream in hostile_stream(),
        steering in vec(any::<u8>(), 0..20),
    ) {
        let input = [stream, steering].concat();
        laws::reference(&input);
        laws::fixed_buffers(&input);
        laws::data_writer(&input);
        laws::last_event_id(&input);
        laws::event_source(&input);
    }

    #[test]
    fn positions_the_tokens_and_their_ranges_are_the_stream(stream in hostile_stream(), places in places()) {
        laws::positions::rebuilt(&stream, &cut(&stream, &places));
    }

    #[test]
    fn bounded_memory_events_within_the_limits_are_whole_and_others_are_one_error(
        stream in hostile_stream(),
        places in places(),
        all in 0_usize..60,
        calls in 0_u8..4,
    ) {
        let limits = Limits { all, id: usize::MAX, arrays: None };
        laws::limits::agree(limits, &stream, &cut(&stream, &places), calls);
    }

    #[test]
    fn round_trip_blocks_decode_to_themselves_alone_and_between_others_or_are_rejected(
        blocks in vec(any_block(), 0..5),
    ) {
        laws::encoding::round_trip(blocks.iter().map(AnyBlock::as_block));
    }

    #[test]
    fn decoding_gives_each_field_and_comment_the_text_of_its_bytes_wherever_they_are_cut(
        sequences in vec(select(&SEQUENCES[..]), 0..5),
    ) {
        let bytes = sequences.concat();
        // The same decoder (Encoding Standard): one U+FFFD for each maximal subpart.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let parts: [&[u8]; 5] = [b"id: ", b"\nevent: ", b"\ndata: ", b"\n: ", b"\n\n"];
        let stream = parts.join(&bytes[..]);
        let event_type = if text.is_empty() { "message" } else { &text };
        for driver in &mut drivers() {
            every_chunking(&stream, |chunks| {
                let decoded = driver.decode(chunks, None, None);
                let (told_type, data, id, _) = &decoded.events[0];
                assert_eq!([told_type, data, id], [event_type, &text, &text], "{}", driver.name());
                if let Some(comments) = &decoded.comments {
                    assert_eq!(comments, &[text.as_str()]);
                }
            });
        }
    }

    #[test]
    fn chunk_invariance_any_split_gives_the_same_values_of_tokens_at_the_same_positions(
        stream in hostile_stream(),
        places in places(),
    ) {
        prop_assert_eq!(lines(&[&stream]), lines(&cut(&stream, &places)));
    }

    #[test]
    fn positions_the_bytes_of_an_events_range_decode_to_that_event(stream in hostile_stream()) {
        let mut last_end = 0;
        let mut last_event_id = String::new();
        for item in items(&stream) {
            let (id, range, event) = item;
            prop_assert!(last_end <= range.start, "blocks come in order and do not overlap");
            let between = &stream[last_end as usize..range.start as usize];
            prop_assert!(matches!(between, b"" | b"\n" | b"\xEF\xBB\xBF"), "nothing is lost between blocks");
            last_end = range.end;
            let mut parser = Parser::new();
            parser.set_last_event_id(&last_event_id).unwrap();
            // A byte order mark here is data, but would be removed at the start of a separate stream.
            let block = [b":\n", &stream[range.start as usize..range.end as usize]].concat();
            let alone = decode(parser, Way::Push, &[&block]);
            let returned = alone.events.first().map(|(event_type, data, id, _)| {
                (event_type.clone(), data.clone(), id.clone())
            });
            prop_assert_eq!(returned, event);
            prop_assert!(alone.clean && alone.events.len() <= 1);
            last_event_id = id.unwrap_or(last_event_id);
            prop_assert_eq!(&alone.last_event_id, &last_event_id);
        }
    }

    #[test]
    fn nothing_lost_in_silence_a_cursor_that_is_ended_anywhere_returns_what_it_has_not_taken(
        stream in hostile_stream(),
        calls in vec((any::<bool>(), 0_usize..3), 1..20),
        limit in prop_oneof![Just(usize::MAX), 1_usize..90],
    ) {
        // The rest is pushed or observed again, after 0, 1 or 2 calls each time.
        let limits = Limits { all: limit, id: usize::MAX, arrays: None };
        let mut parser = Parser::with_limit(limit);
        parser.set_id_limit(usize::MAX).unwrap();
        let (mut rest, mut output) = (stream.as_slice(), Vec::new());
        let all = [(false, usize::MAX)];
        for (observed, calls) in calls.iter().cycle().take(4 * stream.len() + 20).chain(&all) {
            let before = parser.position();
            let take = if *observed { observe } else { push };
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
        observed in any::<bool>(),
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
        let take = if observed { observe } else { push };
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

    #[test]
    fn no_panic_and_no_error_on_any_bytes(stream in vec(any::<u8>(), 0..300), places in places()) {
        let chunks = cut(&stream, &places);
        let whole = outcome(GrowableDriver(Way::Push, "").decode(&[&stream], None, None));
        prop_assert_eq!(whole.errors, 0);
        for driver in &mut drivers() {
            prop_assert_eq!(&outcome(driver.decode(&chunks, None, None)), &whole, "{}", driver.name());
        }
    }

    #[test]
    fn round_trip_every_event_of_any_stream_encodes_to_itself(stream in hostile_stream()) {
        let mut copy = Vec::new();
        let mut parser = Parser::new();
        let mut items = parser.observe(&stream);
        while let Some(item) = items.next().unwrap() {
            match item {
                Item::Event(event) => Block::from(&event).encode(&mut copy).unwrap(),
                Item::Block { id: Some(id), .. } => Block::new().id(id).encode(&mut copy).unwrap(),
                _ => {}
            }
        }
        let returned = |stream: &[u8]| -> Vec<_> {
            events_of(stream).into_iter().map(|event| (event.0, event.1, event.2)).collect()
        };
        prop_assert_eq!(returned(&copy), returned(&stream));
    }
}

#[derive(Clone, Debug)]
struct AnyBlock {
    /// Comment, type, id, data.
    texts: [Option<String>; 4],
    retry: Option<u64>,
    strict: bool,
}

impl AnyBlock {
    fn as_block(&self) -> Block<'_> {
        let [comment, event_type, id, data] = self.texts.each_ref().map(Option::as_deref);
        Block {
            comment,
            event_type,
            id,
            data,
            retry: self.retry.map(Duration::from_millis),
            strict: self.strict,
        }
    }
}

fn any_block() -> impl Strategy<Value = AnyBlock> {
    let texts = [(); 4].map(|()| prop::option::of(any_text()));
    (texts, prop::option::of(any::<u64>()), any::<bool>())
        .prop_map(|(texts, retry, strict)| AnyBlock { texts, retry, strict })
}

/// Text of lines, spaces, colons and characters of every length.
fn any_text() -> impl Strategy<Value = String> {
    const PIECES: [&str; 13] = [
        "\n", "\r", "\r\n", " ", ":", "data: x", "\0", "é", "漢", "😀", "\u{FEFF}", "\u{2028}", "x",
    ];
    prop_oneof![
        vec(select(&PIECES[..]), 0..8).prop_map(|pieces| pieces.concat()),
        vec(select(&PIECES[3..]), 0..4).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

/// The field, its kind, its bytes, and its range.
type Line = (Option<Field>, &'static str, Vec<u8>, Range<u64>);

/// The lines of a stream, joined from a tokenizer's pieces, with the kind, the bytes, and the position of each.
fn lines(chunks: &[&[u8]]) -> Vec<Line> {
    let mut tokenizer = Tokenizer::new();
    let mut pieces = Vec::new();
    for chunk in chunks {
        pieces.extend(tokenizer.push(chunk));
    }
    joined(pieces.into_iter(), tokenizer.finish())
}

fn joined<'c>(pieces: impl Iterator<Item = Token<'c>>, unfinished: Range<u64>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut open = false;
    for token in pieces {
        let range = token.range();
        let (field, kind, bytes, complete) = match token {
            Token::Value { field, bytes, complete, .. } => (Some(field), "value", bytes, complete),
            Token::Comment { bytes, complete, .. } => (None, "comment", bytes, complete),
            Token::Unknown { bytes, complete, .. } => (None, "unknown", bytes, complete),
            Token::BlankLine { block, .. } => {
                lines.push((None, "block", Vec::new(), block));
                continue;
            }
            other => panic!("{other:?}"),
        };
        if open {
            let line = lines.last_mut().unwrap();
            assert_eq!((line.0, line.1, line.3.end), (field, kind, range.start));
            line.2.extend_from_slice(bytes);
            line.3.end = range.end;
        } else {
            lines.push((field, kind, bytes.to_vec(), range));
        }
        open = !complete;
    }
    lines.push((None, "unfinished block", Vec::new(), unfinished));
    lines
}

/// The ID that a block sets, its range, and its event.
type BlockOf = (Option<String>, Range<u64>, Option<(String, String, String)>);

/// The blocks of a stream: the ID that each sets, its range, and its event.
fn items(stream: &[u8]) -> Vec<BlockOf> {
    let mut parser = Parser::new();
    let mut items = parser.observe(stream);
    let mut blocks = Vec::new();
    while let Some(item) = items.next().unwrap() {
        match item {
            Item::Event(event) => {
                let id = event.sets_id.then(|| event.last_event_id.to_owned());
                let returned =
                    (event.event_type.into(), event.data.into(), event.last_event_id.into());
                blocks.push((id, event.range, Some(returned)));
            }
            Item::Block { id, range, .. } => blocks.push((id.map(str::to_owned), range, None)),
            _ => {}
        }
    }
    blocks
}

#[test]
fn an_id_with_a_nul_at_any_place_among_any_other_bytes_is_ignored() {
    for other in (1..0x80).filter(|byte| !b"\n\r".contains(byte)) {
        for nul in 0..17 {
            let mut id = [other; 17];
            id[nul] = 0;
            let stream = [b"id: good\nid: ", &id[..], b"\ndata: x\n\n"].concat();
            assert_eq!(events_of(&stream)[0].2, "good", "{other:#x}, NUL at {nul}");
        }
    }
}

#[test]
fn an_event_made_by_hand_equals_one_of_a_stream() {
    let mut made = Event::new("tick", "a\nb");
    (made.last_event_id, made.sets_id, made.range) = ("7", true, 0..35);
    let mut parser = Parser::new();
    let mut events = parser.push(b"id: 7\nevent: tick\ndata: a\ndata: b\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!(made, event);
    let owned = OwnedEvent::from(Event::new("message", ""));
    assert_eq!(owned, OwnedEvent::default());
    assert_eq!((&*owned.event_type, &*owned.data, &*owned.last_event_id), ("message", "", ""));
}

/// Returns how many unread bytes the error reports.
fn unread<T: std::fmt::Debug>(result: Result<T, ParseError>) -> usize {
    match result {
        Err(ParseError::Unread { bytes, .. }) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_lost_in_silence_a_dropped_cursor_is_reported_by_the_end_of_the_stream_as_well() {
    for observed in [false, true] {
        let mut parser = Parser::new();
        let stream = b"id: 1\ndata: 1\n\nid: 2\nretry: 5\n\ndata: 3\n\n";
        let first = match observed {
            false => parser.push(stream).next().map(|event| event.is_some()),
            true => parser.observe(stream).next().map(|item| item.is_some()),
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
}

#[test]
fn nothing_lost_in_silence_all_unread_bytes_are_reported_and_none_twice() {
    let mut parser = Parser::new();
    let _ = parser.push(b"data: 1\n\n");
    let _ = parser.observe(b"data: 2\n\nda");
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
            ("", Some("Block")),
        ] {
            let chunk = format!("{line}{line_end}");
            let shown = match parser.observe(chunk.as_bytes()).next() {
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
            let (_, left) = observe(&mut parser, 1, &chunk, &mut output);
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

#[test]
fn a_discarded_chunk_sets_ids_and_reconnection_times_without_its_events() {
    let stream = b"data: 1\n\nid: 2\nretry: 2\ndata: 2\n\nid: 3\n\nretry: 4\nid: 4\ndata: 4";
    let mut parser = Parser::new();
    let mut events = parser.push(stream);
    assert_eq!(events.next().unwrap().unwrap().data, "1");
    assert_eq!(events.discard(), Ok(()));
    assert_eq!(parser.last_event_id(), "3");
    assert_eq!(parser.reconnection_time(), Some(Duration::from_millis(4)));
    assert_eq!(parser.position(), stream.len() as u64);
    // The block that it has started continues.
    let event = Output::from(parser.push(b"5\n\n").next().unwrap().unwrap());
    assert_eq!(texts(&[event]), [["message", "45", "4"]]);

    // Refusals are dropped with their events.
    let mut parser = Parser::with_limit(8);
    let items = parser.observe(b"data: 123456789\n: 123456789\nid: 123\nid: 1\n\n: 123456789");
    assert_eq!(items.discard(), Ok(()));
    assert_eq!(parser.observe(b"\n").next(), Ok(None), "a comment that was discarded in part");
    assert_eq!(parser.last_event_id(), "1");
}

#[test]
fn the_last_event_id_is_that_of_the_last_block_that_the_cursor_has_passed() {
    let stream = b"id: 1\ndata: 1\n\nid: 2\n\nid: 3\ndata: 3\n\nid: 4\n\nid: 5\n";
    let mut parser = Parser::new();
    // Directly after an event it is that event's ID.
    let mut events = parser.push(stream);
    assert_eq!(events.next().unwrap().unwrap().last_event_id, "1");
    let rest = events.into_rest();
    assert_eq!(parser.last_event_id(), "1", "a block without an event is not passed before");
    let mut events = parser.push(rest);
    assert_eq!(events.next().unwrap().unwrap().last_event_id, "3");
    let rest = events.into_rest();
    assert_eq!(parser.last_event_id(), "3");
    // After `None` all blocks of the chunk are passed.
    let mut events = parser.push(rest);
    assert_eq!(events.next(), Ok(None));
    assert_eq!(parser.last_event_id(), "4", "the last block has no blank line yet");

    let mut parser = Parser::new();
    assert_eq!(parser.push(stream).into_rest(), stream);
    assert_eq!(parser.last_event_id(), "", "nothing is passed");
    let mut items = parser.observe(stream);
    for id in ["1", "2", "3", "4"] {
        match items.next().unwrap() {
            Some(Item::Event(event)) => assert_eq!(event.last_event_id, id),
            item => assert!(
                matches!(item, Some(Item::Block { id: Some(of_block), .. }) if of_block == id)
            ),
        }
    }
    assert_eq!(items.into_rest(), b"id: 5\n");
    assert_eq!(parser.last_event_id(), "4");

    let mut parser = Parser::new();
    assert_eq!(parser.push(stream).discard(), Ok(()));
    assert_eq!(parser.last_event_id(), "4", "everything is passed");
}

#[test]
fn zero_copy_an_event_is_lent_from_its_chunk_even_if_comments_and_times_in_it_are_observed() {
    let stream = "event: tick\n: one\nid: 7\nretry: 5\ndata: größe\n: two\n\n";
    let mut parser = Parser::new();
    let mut items = parser.observe(stream.as_bytes());
    let within = stream.as_bytes().as_ptr_range();
    let mut seen = 0;
    while let Some(item) = items.next().unwrap() {
        seen += 1;
        match item {
            Item::Event(event) => {
                assert_eq!((event.event_type, event.data), ("tick", "größe"));
                assert!(within.contains(&event.event_type.as_ptr()), "type copied");
                assert!(within.contains(&event.data.as_ptr()), "data copied");
            }
            Item::Comment { text, .. } => assert!(within.contains(&text.as_ptr())),
            _ => {}
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn zero_copy_an_event_in_one_chunk_is_lent_from_it() {
    for case in decoder_cases().iter().filter(|case| case.limit.is_none()) {
        let stream = case.chunks.concat();
        let within = stream.as_ptr_range();
        let mut parser = Parser::new();
        let mut events = parser.push(&stream);
        while let Some(event) = events.next().unwrap() {
            let block = &stream[event.range.start as usize..event.range.end as usize];
            let data_lines = Tokenizer::new()
                .push(block)
                .filter(|token| matches!(token, Token::Value { field: Field::Data, .. }))
                .count();
            if data_lines == 1 && std::str::from_utf8(block).is_ok() {
                assert!(within.contains(&event.data.as_ptr()), "{}: data copied", case.name);
                if event.event_type != "message" {
                    assert!(
                        within.contains(&event.event_type.as_ptr()),
                        "{}: type copied",
                        case.name
                    );
                }
            }
        }
    }
}

#[test]
fn state_after_finish_only_the_last_event_id_and_the_reconnection_time_stay() {
    for case in decoder_cases().iter().filter(|case| case.limit.is_none()) {
        let stream = case.chunks.concat();
        every_chunking(&stream[..stream.len().min(40)], |chunks| {
            let mut parser = Parser::new();
            for chunk in chunks {
                let mut events = parser.push(chunk);
                while events.next().unwrap().is_some() {}
            }
            let _ = parser.finish().unwrap();
            let (id, retry) = (parser.last_event_id().to_owned(), parser.reconnection_time());
            assert_eq!(parser.retained(), id.len());
            let mut events = parser.push(b"\xEF\xBB\xBFdata: fresh\n\n");
            let event = events.next().unwrap().unwrap();
            assert_eq!(
                (event.event_type, event.data, event.last_event_id),
                ("message", "fresh", &*id)
            );
            assert_eq!(event.range, 3..16);
            assert_eq!(parser.finish(), Ok(End::Clean));
            assert_eq!((parser.last_event_id(), parser.reconnection_time()), (&*id, retry));
        });
    }
}

#[test]
fn the_end_has_what_was_pending_and_whether_its_line_was_cut() {
    let pending = |stream: &'static str| {
        let mut parser = Parser::new();
        let mut events = parser.push(stream.as_bytes());
        while events.next().unwrap().is_some() {}
        match parser.finish().unwrap() {
            End::Clean => None,
            End::Incomplete(pending) => Some((
                pending.event_type.to_owned(),
                pending.data.map(str::to_owned),
                pending.last_event_id.to_owned(),
                (pending.sets_id, pending.in_line, pending.refused),
                pending.range,
            )),
        }
    };
    let returned = |event_type: &str, data: Option<&str>, id: &str, flags, range| {
        Some((event_type.to_owned(), data.map(str::to_owned), id.to_owned(), flags, range))
    };
    assert_eq!(pending("data: x\n\n"), None);
    assert_eq!(pending("data: x\n"), returned("", Some("x"), "", (false, false, false), 0..8));
    assert_eq!(pending("data: x"), returned("", Some("x"), "", (false, true, false), 0..7));
    assert_eq!(pending("data: x\nda"), returned("", Some("x"), "", (false, true, false), 0..10));
    assert_eq!(pending("event: e\nid: 1\n"), returned("e", None, "1", (true, false, false), 0..15));
    assert_eq!(pending("id: 1\n\nid: 2"), returned("", None, "1", (false, true, false), 7..12));
    assert_eq!(pending("id: 1\n\nid: 1\r"), returned("", None, "1", (true, false, false), 7..13));
    assert_eq!(
        pending("data: \u{FEFF}x\ndata: y"),
        returned("", Some("\u{FEFF}x\ny"), "", (false, true, false), 0..18)
    );
    assert_eq!(pending(":c"), returned("", None, "", (false, true, false), 0..2));
}

#[test]
fn a_reconnection_time_is_written_in_whole_milliseconds_and_saturates() {
    for (time, expected) in [
        (Duration::ZERO, "retry: 0\n\n"),
        (Duration::from_micros(1_999), "retry: 1\n\n"),
        (Duration::from_millis(u64::MAX), "retry: 18446744073709551615\n\n"),
        (Duration::MAX, "retry: 18446744073709551615\n\n"),
    ] {
        let mut stream = String::new();
        Block::new().retry(time).encode(&mut stream).unwrap();
        assert_eq!(stream, expected);
    }
}
