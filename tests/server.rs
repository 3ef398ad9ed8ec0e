//! The laws of the server's side, each under its name: the replay buffer beside a twin that keeps
//! everything, headers, keep-alive.

#![cfg(feature = "std")]

#[path = "support/kept.rs"]
mod kept;

use std::time::Duration;

use allocation_counter::measure;
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::server::{
    Bounds, HeaderError, KeepAlive, Lagged, Position, PushError, RESPONSE_HEADERS, ReplayBuffer,
    Resume, last_event_id, last_event_id_from_latin1, survives_header,
};
use sse_wire::{Block, EncodeError, Item, Parser};

const NOW: Duration = Duration::ZERO;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What happens to a buffer.
#[derive(Clone, Debug)]
enum Step {
    Push {
        id: Option<String>,
        data_len: usize,
    },
    Wait(u64),
    /// The client with this number reads at most so many blocks.
    Read {
        client: usize,
        blocks: usize,
    },
}

fn bounds() -> impl Strategy<Value = Bounds> {
    let bound = |from: u64, to: u64| prop::option::of(from..to);
    (bound(0, 12), bound(2_000, 5_000), bound(0, 40)).prop_map(|(blocks, bytes, age)| Bounds {
        blocks: blocks.map(|blocks| blocks as usize),
        bytes: bytes.map(|bytes| bytes as usize),
        age: age.map(seconds),
    })
}

fn steps(ids: impl Strategy<Value = Option<String>>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (ids, 0..200usize).prop_map(|(id, data_len)| Step::Push { id, data_len }),
        2 => (0..30u64).prop_map(Step::Wait),
        3 => (0..3usize, 0..6usize).prop_map(|(client, blocks)| Step::Read { client, blocks }),
    ];
    vec(step, 0..60)
}

/// Ids that come once, between blocks without any and resets. The number makes them unique later.
fn ids_of_their_own() -> impl Strategy<Value = Option<String>> {
    prop_oneof![4 => Just(Some("#".into())), 1 => Just(None), 1 => Just(Some(String::new()))]
}

/// Ids that come again, also with spaces that do not survive the header.
fn ids_that_come_again() -> impl Strategy<Value = Option<String>> {
    let ids = ["a", "b", "c", " a", "ü", "", " "].map(|id| Some(String::from(id)));
    prop_oneof![4 => prop::sample::select(ids.to_vec()), 1 => Just(None)]
}

/// Keeps everything, and finds out by looking at all of it.
#[derive(Default)]
struct Twin {
    all: Vec<Vec<u8>>,
    /// For each block the id that comes back, and the first position that it may stand for.
    ids: Vec<Option<(String, usize)>>,
    /// The number of the oldest block that is held.
    start: usize,
}

impl Twin {
    fn push(&mut self, id: Option<&str>, encoded: &[u8], held: usize) {
        let id = id.map(|id| id.trim_matches([' ', '\t'])).filter(|id| !id.is_empty());
        let number = self.all.len();
        self.start = number + 1 - held;
        let known = |(before, use_before): (usize, &(String, usize))| {
            let (_, first) = *use_before;
            let held = before >= self.start;
            let evicted_last = before + 1 == self.start && first == self.start;
            (held || evicted_last).then_some(first)
        };
        let last_use = |id: &str| {
            let uses = self.ids.iter().enumerate();
            uses.rev().find_map(|(n, used)| Some((n, used.as_ref().filter(|used| used.0 == id)?)))
        };
        let id = id.map(|id| {
            let first = last_use(id).and_then(known).unwrap_or(number + 1);
            (id.to_owned(), first)
        });
        self.all.push(encoded.to_vec());
        self.ids.push(id);
    }

    /// The last event ID of a client that was cut after so many blocks, as a real client has it and
    /// a real server reads it.
    fn last_event_id_after(&self, blocks: usize) -> String {
        let mut parser = Parser::new();
        let stream = self.all[..blocks].concat();
        let mut items = parser.observe(&stream);
        while items.next().unwrap().is_some() {}
        last_event_id(parser.last_event_id().as_bytes()).unwrap().to_owned()
    }

    /// The block that gave a client its last event ID, if it has one.
    fn use_after(&self, blocks: usize) -> Option<&(String, usize)> {
        let with_id = |n: &usize| self.all[*n].windows(3).any(|window| window == b"id:");
        (0..blocks).rev().find(with_id).and_then(|n| self.ids[n].as_ref())
    }
}

struct Run {
    buffer: ReplayBuffer,
    twin: Twin,
    now: Duration,
}

/// Takes the steps, and checks the clients that are connected all the time on the way.
fn run(bounds: Bounds, steps: &[Step]) -> Result<Run, TestCaseError> {
    let mut buffer = ReplayBuffer::new(bounds);
    let mut twin = Twin::default();
    let mut now = NOW;
    let mut clients = [(buffer.start(), 0); 3];
    for step in steps {
        match step {
            Step::Push { id, data_len } => {
                let id = match id.as_deref() {
                    Some("#") => Some(format!("#{}", twin.all.len())),
                    _ => id.clone(),
                };
                let data = "x".repeat(*data_len);
                let block = Block { id: id.as_deref(), data: Some(&data), ..Block::new() };
                let encoded = buffer.push(&block, now).unwrap();
                twin.push(id.as_deref(), &encoded, buffer.len());
            }
            Step::Wait(time) => {
                now += seconds(*time);
                buffer.expire(now);
                twin.start = twin.all.len() - buffer.len();
            }
            Step::Read { client, blocks } => {
                let (position, got) = &mut clients[*client];
                match buffer.after(*position) {
                    Ok(mut after) => {
                        prop_assert!(*got >= twin.start, "a hole before {}", twin.start);
                        prop_assert_eq!(after.len(), twin.all.len() - *got);
                        for block in after.by_ref().take(*blocks) {
                            prop_assert_eq!(&**block, &twin.all[*got]);
                            *got += 1;
                        }
                        *position = after.position();
                    }
                    Err(lagged) => {
                        prop_assert_eq!(lagged.missed(), (twin.start - *got) as u64);
                        (*position, *got) = (buffer.end(), twin.all.len());
                    }
                }
            }
        }
    }
    buffer.expire(now);
    twin.start = twin.all.len() - buffer.len();
    Ok(Run { buffer, twin, now })
}

#[test]
fn a_header_with_what_no_event_stream_can_have_put_there_is_refused_and_says_what_to_do() {
    for character in ['\0', '\n', '\r'] {
        let error = HeaderError::Character { character, at: 1 };
        assert_eq!(last_event_id(format!("4{character}2").as_bytes()), Err(error));
        let told = format!("`Last-Event-ID` has {character:?} at byte 1, ");
        assert!(error.to_string().starts_with(&told), "{error}");
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
    fn exactly_once_a_client_cut_anywhere_gets_what_it_has_missed_or_a_gap(
        bounds in bounds(), steps in steps(ids_of_their_own())
    ) {
        let Run { mut buffer, twin, now } = run(bounds, &steps)?;
        for cut in 0..=twin.all.len() {
            let id = twin.last_event_id_after(cut);
            let answer = buffer.resume(&id, now);
            let Some((_, behind)) = twin.use_after(cut) else {
                prop_assert_eq!((answer, id.as_str()), (Resume::New, ""));
                continue;
            };
            match answer {
                Resume::Missed(position) => {
                    let given: Vec<&[u8]> = buffer.after(position)?.map(|block| &**block).collect();
                    prop_assert_eq!(given, &twin.all[*behind..], "behind the block with the id");
                    let again = &twin.ids[*behind..cut];
                    prop_assert!(again.iter().all(Option::is_none), "only blocks without id twice");
                    prop_assert!(position < buffer.end());
                }
                Resume::UpToDate(position) => {
                    prop_assert_eq!(*behind, twin.all.len());
                    prop_assert_eq!(position, buffer.end());
                }
                Resume::Gap => prop_assert!(*behind < twin.start, "nothing is missing"),
                Resume::New => prop_assert!(false, "a client with the id {:?}", id),
            }
        }
    }

    #[test]
    fn no_hole_where_ids_come_again_what_follows_the_first_is_given(
        bounds in bounds(), steps in steps(ids_that_come_again())
    ) {
        let Run { mut buffer, twin, now } = run(bounds, &steps)?;
        for cut in 0..=twin.all.len() {
            let id = twin.last_event_id_after(cut);
            let Some((used, behind)) = twin.use_after(cut) else {
                prop_assert_eq!(buffer.resume(&id, now), Resume::New);
                continue;
            };
            prop_assert_eq!(&id, used);
            // An id that was forgotten and came again is another one: no buffer can tell.
            let uses = || twin.ids.iter().flatten().filter(|(other, _)| *other == id);
            if uses().any(|(_, first)| first > behind) {
                continue;
            }
            match buffer.resume(&id, now) {
                Resume::Missed(position) => {
                    let given: Vec<&[u8]> = buffer.after(position)?.map(|block| &**block).collect();
                    let missed: Vec<&[u8]> = twin.all[cut..].iter().map(|block| &**block).collect();
                    prop_assert!(given.ends_with(&missed));
                    prop_assert_eq!(given, &twin.all[*behind..]);
                }
                Resume::UpToDate(_) => prop_assert_eq!(cut, twin.all.len()),
                Resume::Gap => prop_assert!(*behind < twin.start, "nothing is missing"),
                Resume::New => prop_assert!(false, "a client with the id {:?}", id),
            }
        }
    }

    #[test]
    fn bounds_hold_after_each_push_and_no_more_is_evicted_than_they_ask_for(
        bounds in bounds(), pushes in vec((0..200usize, 0..30u64), 1..60)
    ) {
        let mut buffer = ReplayBuffer::new(bounds);
        let mut now = NOW;
        let mut pushed: Vec<(usize, Duration)> = Vec::new();
        for (number, (data_len, wait)) in pushes.into_iter().enumerate() {
            now += seconds(wait);
            let (id, data) = (number.to_string(), "x".repeat(data_len));
            let block = Block::new().id(&id).data(&data);
            let cost = buffer.push(&block, now).unwrap().len() + id.len() + Bounds::BLOCK_OVERHEAD;
            pushed.push((cost, now));

            let fits = |blocks: usize| {
                let held = &pushed[pushed.len() - blocks..];
                let older = &pushed[..pushed.len() - blocks];
                let bytes = held.iter().map(|(cost, _)| cost).sum::<usize>()
                    // The id of the one evicted last.
                    + older.len().checked_sub(1).map_or(0, |last| last.to_string().len());
                let age = now - held[0].1;
                let newest = blocks == 1;
                bounds.blocks.is_none_or(|bound| blocks <= bound || newest)
                    && bounds.age.is_none_or(|bound| age < bound || newest)
                    && bounds.bytes.is_none_or(|bound| bytes <= bound)
            };
            prop_assert!(!buffer.is_empty(), "the newest is held");
            prop_assert!(fits(buffer.len()));
            prop_assert!(bounds.bytes.is_none_or(|bound| buffer.bytes() <= bound));
            // All that was held before and fits is still there.
            prop_assert!((1..=pushed.len()).rev().find(|&blocks| fits(blocks)) == Some(buffer.len()));
        }
    }

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
    fn a_header_of_any_bytes_is_an_id_or_an_error_that_tells_where(
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
    fn a_keep_alive_is_due_where_the_silence_has_lasted_for_the_interval(
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

/// A buffer with a block for each id.
fn buffer_of(bounds: Bounds, ids: &[&str]) -> ReplayBuffer {
    let mut buffer = ReplayBuffer::new(bounds);
    for id in ids {
        buffer.push(&Block::new().id(id).data("x"), NOW).unwrap();
    }
    buffer
}

fn after(buffer: &ReplayBuffer, position: Position) -> String {
    let blocks = buffer.after(position).unwrap().map(|block| &**block);
    String::from_utf8(blocks.collect::<Vec<_>>().concat()).unwrap()
}

#[test]
fn a_block_that_is_larger_than_the_bound_is_refused_and_leaves_all_as_it_was() {
    let mut buffer = buffer_of(Bounds::new().bytes(1000), &["1", "2"]);
    let (before, bytes) = (after(&buffer, buffer.start()), buffer.bytes());
    let large = "x".repeat(1000);
    let error = buffer.push(&Block::new().id("3").data(&large), NOW).unwrap_err();
    let len = Block::new().id("3").data(&large).encoded_len().unwrap();
    let needed = len + 1 + Bounds::BLOCK_OVERHEAD;
    assert_eq!(error, PushError::TooLarge { needed, bound: 1000 });
    assert!(error.to_string().contains(&needed.to_string()) && error.to_string().contains("1000"));

    let error = buffer.push(&Block::new().id("3\n"), NOW).unwrap_err();
    assert!(matches!(error, PushError::Encode(EncodeError::LineBreak { at: 1, .. })), "{error}");
    assert_eq!((after(&buffer, buffer.start()), buffer.bytes()), (before, bytes));
    assert_eq!(buffer.resume("2", NOW), Resume::UpToDate(buffer.end()));
    assert_eq!(buffer.resume("3", NOW), Resume::Gap);
}

#[test]
fn a_block_of_exactly_the_bound_is_held_alone() {
    let block = Block::new().id("2").data("as large as may be");
    let bound = block.encoded_len().unwrap() + 1 + Bounds::BLOCK_OVERHEAD;
    let mut buffer = buffer_of(Bounds::new().bytes(bound), &["1"]);
    buffer.push(&block, NOW).unwrap();
    assert_eq!((buffer.len(), buffer.bytes()), (1, bound));
    assert_eq!(buffer.resume("1", NOW), Resume::Gap, "there was no room for the id");
    assert_eq!(buffer.resume("2", NOW), Resume::UpToDate(buffer.end()));
}

#[test]
fn what_fits_exactly_evicts_nothing_and_leaves_the_id_evicted_last_known() {
    let cost = |id| {
        let block = Block::new().id(id).data("x");
        block.encoded_len().unwrap() + id.len() + Bounds::BLOCK_OVERHEAD
    };
    let both = buffer_of(Bounds::new().bytes(cost("1") + cost("2")), &["1", "2"]);
    assert_eq!((both.len(), both.bytes()), (2, cost("1") + cost("2")));

    let mut newest = buffer_of(Bounds::new().bytes(cost("2") + "1".len()), &["1", "2"]);
    assert_eq!((newest.len(), newest.bytes()), (1, cost("2") + "1".len()));
    assert_eq!(newest.resume("1", NOW), Resume::Missed(newest.start()));
}

#[test]
fn what_is_shown_of_a_buffer_is_how_much_it_holds_and_not_what() {
    let buffer = buffer_of(Bounds::new().blocks(2), &["secret", "secret"]);
    let shown = format!("{buffer:?}");
    assert!(shown.contains(&format!("len: 2, bytes: {}", buffer.bytes())), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_quiet_stream_whose_blocks_have_grown_old_still_knows_who_is_up_to_date() {
    let mut buffer = buffer_of(Bounds::new().age(seconds(60)), &["1", "2"]);
    assert_eq!(buffer.next_expiry(), Some(seconds(60)));
    assert!(matches!(buffer.resume("1", seconds(59)), Resume::Missed(_)));
    assert_eq!(buffer.resume("2", seconds(60)), Resume::UpToDate(buffer.end()));
    assert_eq!(buffer.resume("1", seconds(60)), Resume::Gap);
    assert_eq!((buffer.len(), buffer.next_expiry()), (0, None));
    assert!(buffer.is_empty());
}

#[test]
fn a_time_before_an_earlier_one_counts_as_that() {
    let mut buffer = ReplayBuffer::new(Bounds::new().age(seconds(10)));
    buffer.push(&Block::new().id("1"), seconds(100)).unwrap();
    buffer.push(&Block::new().id("2"), seconds(50)).unwrap();
    buffer.expire(seconds(109));
    assert_eq!(buffer.len(), 2);

    let mut newest = ReplayBuffer::new(buffer.bounds().blocks(1));
    newest.push(&Block::new().id("1"), seconds(100)).unwrap();
    newest.push(&Block::new().id("2"), seconds(50)).unwrap();
    assert_eq!(newest.next_expiry(), Some(seconds(110)));
}

#[test]
fn an_id_counts_as_its_header_can_carry_it() {
    let mut buffer = buffer_of(Bounds::new(), &[" 1\t", "2", "größe"]);
    assert!(after_resume(&mut buffer, "1").starts_with("id: 2\n"));
    assert_eq!(after_resume(&mut buffer, " 1\t"), after_resume(&mut buffer, "1"));
    let header = last_event_id("größe".as_bytes()).unwrap();
    assert_eq!(buffer.resume(header, NOW), Resume::UpToDate(buffer.end()));
}

fn after_resume(buffer: &mut ReplayBuffer, id: &str) -> String {
    match buffer.resume(id, NOW) {
        Resume::Missed(position) => after(buffer, position),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_that_reads_too_slowly_is_told_how_many_blocks_are_gone() {
    let mut buffer = ReplayBuffer::new(Bounds::new().blocks(2));
    let slow = buffer.end();
    for _ in 0..5 {
        buffer.push(&Block::new().data("x"), NOW).unwrap();
    }
    let lagged: Lagged = buffer.after(slow).unwrap_err();
    assert_eq!(lagged.missed(), 3);
    assert!(lagged.to_string().contains("3 blocks are gone"), "{lagged}");
    assert_eq!(buffer.after(buffer.start()).unwrap().len(), 2);
}

/// Blocks of different shapes: how long are id and data?
const SHAPES: [(usize, usize); 5] = [(0, 0), (8, 0), (36, 100), (300, 20), (8, 10_000)];

fn push_many(buffer: &mut ReplayBuffer, (id_len, data_len): (usize, usize), now: Duration) {
    let data = "x".repeat(data_len);
    for number in 0..12_000 {
        let id = format!("{number:0id_len$}");
        let id = (id_len > 0).then_some(&*id);
        buffer.push(&Block { id, data: Some(&data), ..Block::new() }, now).unwrap();
    }
}

#[test]
fn bounded_memory_what_is_allocated_never_passes_the_bound_for_bytes() {
    // Bounds on either side of where the order of blocks doubles its room.
    let bounds = (20..32usize).map(|step| step << 15);
    for (shape, bound) in
        SHAPES.into_iter().flat_map(|shape| bounds.clone().map(move |b| (shape, b)))
    {
        let mut buffer = ReplayBuffer::new(Bounds::new().bytes(bound));
        let info = measure(|| push_many(&mut buffer, shape, NOW));
        let texts_of_the_test = shape.0.max(5) + shape.1;
        assert!(
            info.bytes_max <= (bound + texts_of_the_test) as u64,
            "{shape:?}, {bound}: {info:?}"
        );
        assert!(buffer.bytes() > bound - 11_000, "{shape:?}, {bound}: the bound is made use of");
    }
}

#[test]
fn bounded_memory_what_has_shrunk_has_room_for_as_many_blocks_again() {
    let mut buffer = ReplayBuffer::new(Bounds::new().age(seconds(10)));
    let block = Block::new().data("x");
    for number in 0..1010 {
        buffer.push(&block, if number < 1000 { seconds(0) } else { seconds(5) }).unwrap();
    }
    buffer.expire(seconds(10));
    assert_eq!(buffer.len(), 10);
    // Each block is an allocation of its own, and there is no other.
    let info = measure(|| (0..10).for_each(|_| _ = buffer.push(&block, seconds(10)).unwrap()));
    assert_eq!(info.count_total, 10);
}

#[test]
fn bounded_memory_goes_back_when_blocks_grow_old() {
    for shape in SHAPES {
        let bounds = Bounds { bytes: None, ..Bounds::new().age(seconds(10)) };
        let mut buffer = ReplayBuffer::new(bounds);
        let info = measure(|| {
            push_many(&mut buffer, shape, NOW);
            buffer.expire(seconds(10));
        });
        // The id evicted last, and one node of the index.
        assert!(info.bytes_current <= 512 + shape.0 as i64, "{shape:?}: {info:?}");
    }
}

#[test]
fn zero_copy_a_block_is_allocated_once_for_all_clients() {
    let mut buffer = buffer_of(Bounds::new(), &["0", "1"]);
    let push = measure(|| {
        let block = Block::new().id("2").data("x").event_type("e");
        buffer.push(&block, NOW).unwrap();
    });
    assert!(push.count_total <= 2, "{push:?}");

    let mut given = Vec::with_capacity(3000);
    let info = measure(|| {
        for _ in 0..1000 {
            let Resume::Missed(position) = buffer.resume("0", NOW) else { panic!("held") };
            given.extend(buffer.after(position).unwrap().cloned());
        }
    });
    assert_eq!((info.count_total, given.len()), (0, 2000));
}

#[test]
fn a_keep_alive_is_no_event_and_moves_no_id() {
    let mut stream = b"id: 7\ndata: x\n\n".to_vec();
    let keep_alive = KeepAlive::new(NOW);
    keep_alive.due(KeepAlive::DEFAULT_INTERVAL).unwrap().encode(&mut stream).unwrap();
    let mut parser = Parser::new();
    let mut items = parser.observe(&stream);
    let mut seen = Vec::new();
    while let Some(item) = items.next().unwrap() {
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
fn a_keep_alive_with_an_interval_without_end_is_never_due() {
    let keep_alive = KeepAlive::new(seconds(1)).interval(Duration::MAX);
    assert_eq!(keep_alive.next_at(), Duration::MAX);
    assert_eq!(keep_alive.due(seconds(1 << 40)), None);
}

#[test]
fn text_that_was_not_decoded_as_latin1_is_refused() {
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
