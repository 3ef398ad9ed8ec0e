//! Streams as servers send them, whole and damaged in transit: whole ones decode to what was sent, and the laws hold
//! for all.

#![cfg(feature = "alloc")]

mod support;

use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;

use proptest::prelude::*;
use sse_wire::{End, Item, ParseError, Parser, Refused};
use support::shapes::{cut, mutate, mutations, places, sent_stream};
use support::{Decoded, Driver, GrowableDriver, Returned, Way, drivers, growable, values};

/// Checks what each entry point returns for a stream. Their arrays are large, so they are made once.
fn by_each_driver(
    mut check: impl FnMut(&mut dyn Driver) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    thread_local!(static DRIVERS: RefCell<Vec<Box<dyn Driver>>> = RefCell::new(drivers()));
    DRIVERS
        .with_borrow_mut(|drivers| drivers.iter_mut().try_for_each(|driver| check(&mut **driver)))
}

/// Everything that must not depend on the chunks or the entry point.
fn outcome(decoded: Decoded) -> Decoded {
    Decoded { after: Vec::new(), comments: None, ..decoded }
}

/// The range of a block in the stream, and its event, if it has one.
type Block = (Range<u64>, Option<Returned>);

/// All blocks of a stream, the unfinished one included.
fn blocks(stream: &[u8]) -> Vec<Block> {
    let mut parser = Parser::with_limit(usize::MAX);
    let mut blocks = Vec::new();
    let mut items = parser.push(stream);
    while let Some(item) = items.next_item().unwrap() {
        match item {
            Item::Event(event) => blocks.push((event.range.clone(), Some(values(&event)))),
            Item::Block { range, .. } => blocks.push((range, None)),
            _ => {}
        }
    }
    blocks.push((parser.unfinished_block(), None));
    blocks
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn sent_streams_decode_to_their_events_at_every_entry_point_in_any_chunks(stream in sent_stream(), places in places()) {
        let mut id = String::new();
        let mut expected = Vec::new();
        for block in &stream.blocks {
            if let Some(sets_id) = &block.id {
                id.clone_from(sets_id);
            }
            expected.extend(block.event.clone().map(|(event_type, data)| (event_type, data, id.clone())));
        }
        let retry = stream.blocks.iter().filter_map(|block| block.retry).next_back();
        by_each_driver(|driver| {
            let decoded = driver.decode(&cut(&stream.bytes, &places), None, None);
            let returned: Vec<_> = decoded.events.into_iter().map(|returned| (returned.0, returned.1, returned.2)).collect();
            prop_assert_eq!(&returned, &expected, "{}", driver.name());
            prop_assert_eq!((&decoded.last_event_id, decoded.retry), (&id, retry), "{}", driver.name());
            prop_assert!(decoded.clean && decoded.errors == 0);
            Ok(())
        })?;
    }

    #[test]
    fn chunk_invariance_a_damaged_stream_gives_the_same_in_any_chunks_at_every_entry_point(
        mut stream in sent_stream(),
        mutations in mutations(),
        places in places(),
        limit in prop_oneof![Just(None), (1_usize..400).prop_map(Some)],
    ) {
        mutate(&mut stream.bytes, &mutations);
        let whole = outcome(GrowableDriver(Way::Push, "").decode(&[&stream.bytes], None, limit));
        by_each_driver(|driver| {
            if limit.is_none() || driver.name() != "tokenizer" {
                let decoded = driver.decode(&cut(&stream.bytes, &places), None, limit);
                prop_assert_eq!(&outcome(decoded), &whole, "{}", driver.name());
            }
            Ok(())
        })?;
    }

    #[test]
    fn equality_with_the_reference_on_damaged_streams(
        mut stream in sent_stream(),
        mutations in mutations(),
        places in places(),
        id in prop::option::of("[a-z]{0,3}"),
    ) {
        mutate(&mut stream.bytes, &mutations);
        let chunks = cut(&stream.bytes, &places);
        let parsed = GrowableDriver(Way::Items, "").decode(&chunks, id.as_deref(), None);
        let reference = support::reference::ReferenceDriver.decode(&chunks, id.as_deref(), None);
        let why = sse_wire_reference::interpret(&stream.bytes, id.as_deref().unwrap_or_default());
        prop_assert_eq!(parsed, reference, "\n{}", why);
    }

    #[test]
    fn limits_an_event_is_whole_or_refused_once_and_the_next_one_follows(
        mut stream in sent_stream(),
        mutations in mutations(),
        places in places(),
        limit in 0_usize..300,
    ) {
        mutate(&mut stream.bytes, &mutations);
        let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let lines = stream.bytes.split(is_line_end);
        let longest_id = lines.filter(|line| line.starts_with(b"id")).map(<[u8]>::len).max().unwrap_or(0);
        let mut parser = Parser::with_limit(limit);
        let (mut returned, mut errors) = (Vec::new(), Vec::new());
        for chunk in cut(&stream.bytes, &places) {
            let mut events = parser.push(chunk);
            loop {
                match events.next() {
                    Ok(Some(event)) => returned.push(values(&event)),
                    Ok(None) => break,
                    Err(ParseError::Limit(error)) => errors.push(error),
                    Err(other) => panic!("{other}"),
                }
            }
        }
        let (mut refused, mut refused_ids) = (Vec::new(), Vec::new());
        for error in errors {
            let of = if error.refused() == Refused::Id { &mut refused_ids } else { &mut refused };
            of.push(error.position());
        }
        for at in refused_ids {
            prop_assert!(stream.bytes[at as usize..].starts_with(b"id"));
        }
        prop_assert!(refused.windows(2).all(|pair| pair[0] < pair[1]), "once each: {:?}", refused);
        let (mut returned, mut refused) = (returned.into_iter(), refused.into_iter().peekable());
        for (range, event) in blocks(&stream.bytes) {
            if refused.next_if_eq(&range.start).is_some() {
                // Each of its bytes, and of the previous ID, may have become U+FFFD.
                let need = 3 * ((range.end - range.start) as usize + longest_id);
                prop_assert!(need > limit, "refused without need: {:?}", event);
            } else if let Some(event) = event {
                let next = returned.next();
                let next = next.as_ref().map(|returned| (&returned.0, &returned.1, &returned.3));
                prop_assert_eq!(next, Some((&event.0, &event.1, &event.3)));
            }
        }
        prop_assert_eq!(refused.next(), None, "no block begins there");
        prop_assert_eq!(returned.next(), None, "no event that is not returned without a limit");
    }

    #[test]
    fn a_damaged_stream_does_not_affect_the_next_one(
        mut stream in sent_stream(),
        mutations in mutations(),
        next in sent_stream(),
        limit in 0_usize..300,
    ) {
        mutate(&mut stream.bytes, &mutations);
        let mut parser = growable(Some(limit));
        let mut events = parser.push(&stream.bytes);
        while !matches!(events.next(), Ok(None)) {}
        let _ = parser.finish().unwrap();
        let (id, retry) = (parser.last_event_id().to_owned(), parser.reconnection_time());
        let expected = GrowableDriver(Way::Push, "").decode(&[&next.bytes], Some(&id), Some(limit));
        let mut events = parser.push(&next.bytes);
        let (mut returned, mut errors) = (Vec::new(), 0);
        while let Some(event) = events.next().transpose() {
            match event {
                Ok(event) => returned.push(values(&event)),
                Err(_) => errors += 1,
            }
        }
        prop_assert_eq!((returned, errors), (expected.events, expected.errors));
        prop_assert_eq!(parser.last_event_id(), expected.last_event_id);
        prop_assert_eq!(parser.reconnection_time(), expected.retry.map(Duration::from_millis).or(retry));
        prop_assert_eq!(parser.finish(), Ok(End::Clean));
    }
}
