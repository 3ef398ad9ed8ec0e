//! Generated streams as servers send them, and what can happen to them in transit.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A block as servers write it, without its line ends.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub lines: Vec<String>,
    /// The event in it: type and data.
    pub event: Option<(String, String)>,
    /// The ID that it sets.
    pub id: Option<String>,
    pub retry: Option<u64>,
}

/// A stream, and the blocks that it was made of.
#[derive(Clone, Debug)]
pub struct SentStream {
    pub bytes: Vec<u8>,
    pub blocks: Vec<Sent>,
}

/// A text as from a language model.
fn words() -> impl Strategy<Value = String> {
    const WORDS: [&str; 12] = [
        "Hello", " world", ",", " \\n\\n", "é", "漢字", " 😀", "```", " data: x", ":", " {}",
        "\u{2028}",
    ];
    vec(select(&WORDS[..]), 0..12).prop_map(|words| words.concat())
}

/// Lines of fields, with and without the space after the colon.
fn field(name: &str, value: &str, space: bool) -> String {
    // A value that starts with a space keeps it only after another space.
    let space = if space || value.starts_with(' ') { " " } else { "" };
    format!("{name}:{space}{value}")
}

/// `data` alone, as in chat completions, with `[DONE]` among them.
fn completion() -> impl Strategy<Value = Sent> {
    let delta = (words(), 0..3_u8).prop_map(|(text, index)| {
        format!(r#"{{"id":"chatcmpl-1","choices":[{{"index":{index},"delta":{{"content":"{text}"}}}}]}}"#)
    });
    (prop_oneof![9 => delta, 1 => Just("[DONE]".to_owned())], any::<bool>()).prop_map(
        |(data, space)| Sent {
            lines: vec![field("data", &data, space)],
            event: Some(("message".into(), data)),
            ..Sent::default()
        },
    )
}

/// A type and `data`, as in streamed messages, with pings.
fn message_part() -> impl Strategy<Value = Sent> {
    let kinds = select(&["message_start", "content_block_delta", "content_block_stop", "ping"][..]);
    (kinds, words(), any::<bool>()).prop_map(|(kind, text, space)| {
        let data =
            format!(r#"{{"type":"{kind}","delta":{{"type":"text_delta","text":"{text}"}}}}"#);
        Sent {
            lines: vec![field("event", kind, space), field("data", &data, space)],
            event: Some((kind.into(), data)),
            ..Sent::default()
        }
    })
}

/// Only a sign of life.
fn keep_alive() -> impl Strategy<Value = Sent> {
    select(&[":", ": keep-alive", ":ping - 2026-11-21", ": OPENROUTER PROCESSING"][..])
        .prop_map(|comment| Sent { lines: vec![comment.into()], ..Sent::default() })
}

/// All fields, in any order, and several lines of data.
fn feed() -> impl Strategy<Value = Sent> {
    let id = prop_oneof!["[0-9]{1,12}-[0-9]", Just("größe".to_owned()), Just(String::new())];
    let parts = (
        prop::option::of(id),
        prop::option::of(0..100_000_u64),
        vec(words(), 0..4),
        prop::option::of(select(&["update", "add", "message"][..])),
        any::<bool>(),
    );
    parts
        .prop_flat_map(|(id, retry, data, kind, space)| {
            let mut lines = Vec::new();
            lines.extend(id.iter().map(|id| field("id", id, space)));
            lines.extend(retry.map(|retry| field("retry", &retry.to_string(), space)));
            lines.extend(kind.map(|kind| field("event", kind, space)));
            let order = Just(lines).prop_shuffle();
            (order, Just((id, retry, data, kind, space)))
        })
        .prop_map(|(mut lines, (id, retry, data, kind, space))| {
            lines.extend(data.iter().map(|line| field("data", line, space)));
            let kind = kind.unwrap_or("message").to_owned();
            let event = (!data.is_empty()).then(|| (kind, data.join("\n")));
            Sent { lines, event, id, retry }
        })
}

/// A stream as servers send it: mostly one kind of block, keep-alives in between, one kind of line end, sometimes a
/// byte order mark.
pub fn sent_stream() -> impl Strategy<Value = SentStream> {
    let blocks = prop_oneof![
        vec(prop_oneof![8 => completion().boxed(), 1 => keep_alive().boxed()], 0..12),
        vec(prop_oneof![8 => message_part().boxed(), 1 => keep_alive().boxed()], 0..12),
        vec(prop_oneof![4 => feed().boxed(), 1 => keep_alive().boxed()], 0..12),
        vec(
            prop_oneof![
                completion().boxed(),
                message_part().boxed(),
                keep_alive().boxed(),
                feed().boxed()
            ],
            0..12
        ),
    ];
    let line_end = select(&["\n", "\n", "\r\n", "\r\n", "\r"][..]);
    let mark = prop_oneof![9 => Just(""), 1 => Just("\u{FEFF}")];
    (blocks, line_end, mark).prop_map(|(blocks, line_end, mark)| {
        let mut bytes = mark.as_bytes().to_vec();
        for block in &blocks {
            for line in &block.lines {
                bytes.extend_from_slice(line.as_bytes());
                bytes.extend_from_slice(line_end.as_bytes());
            }
            bytes.extend_from_slice(line_end.as_bytes());
        }
        SentStream { bytes, blocks }
    })
}

/// What happens to bytes in transit.
#[derive(Clone, Debug)]
pub enum Mutation {
    Flip(Index, u8),
    /// The bytes between two offsets are lost.
    Cut(Index, Index),
    /// They arrive twice.
    Duplicate(Index, Index),
    Insert(Index, &'static [u8]),
}

pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    const HOSTILE: [&[u8]; 18] = [
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\r",
        b"\0",
        b":",
        b" ",
        b"\xFF",
        b"\xE2\x82",
        b"\xEF\xBB\xBF",
        b"\xF0\x9F",
        b"\ndata",
        b"\nid: \0\n",
        b"\nretry: 1x\n",
        b"\nretry: 18446744073709551616\n",
        b"\nevent\n",
        b"\ndata: \n\n",
    ];
    let place = any::<Index>;
    vec(
        prop_oneof![
            (place(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
            (place(), place()).prop_map(|(a, b)| Mutation::Cut(a, b)),
            (place(), place()).prop_map(|(a, b)| Mutation::Duplicate(a, b)),
            (place(), select(&HOSTILE[..])).prop_map(|(at, token)| Mutation::Insert(at, token)),
        ],
        0..5,
    )
}

pub fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        let len = bytes.len();
        let between = |a: &Index, b: &Index| {
            let (a, b) = (a.index(len + 1), b.index(len + 1));
            // Not much, so that the rest still means something.
            a.min(b)..a.max(b).min(a.min(b) + 40)
        };
        match mutation {
            Mutation::Flip(at, bit) if len > 0 => bytes[at.index(len)] ^= 1 << bit,
            Mutation::Flip(..) => {}
            Mutation::Cut(a, b) => _ = bytes.drain(between(a, b)),
            Mutation::Duplicate(a, b) => {
                let range = between(a, b);
                let twice = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, twice);
            }
            Mutation::Insert(at, token) => {
                let at = at.index(len + 1);
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
}

/// The chunks of `stream` that end at these offsets, in any order and repeated.
pub fn cut<'s>(stream: &'s [u8], places: &[Index]) -> Vec<&'s [u8]> {
    let mut ends: Vec<usize> = places.iter().map(|place| place.index(stream.len() + 1)).collect();
    ends.push(stream.len());
    ends.sort_unstable();
    let starts = [0].into_iter().chain(ends.iter().copied());
    starts.zip(&ends).map(|(start, &end)| &stream[start..end]).collect()
}

pub fn places() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..12)
}
