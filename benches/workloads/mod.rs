//! The inputs of the benches: typical shapes of streams, and recorded streams.
//!
//! Every generated stream is the same in each run, has at least [`SIZE`] bytes, and ends with a blank line. The events
//! are counted while they are written, so that `tests/workloads.rs` can check the parser and the inputs against each
//! other.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// A generated stream has at least this many bytes: more than a core's first cache, and less than its last.
const SIZE: usize = 512 * 1024;
/// A recorded stream is repeated until it has this many bytes.
const RECORDED_SIZE: usize = 256 * 1024;
/// The length of the line of a big event.
const BIG_LINE: usize = 1024 * 1024;

/// One input.
pub(crate) struct Workload {
    /// Short and stable: part of the benches' ids.
    pub(crate) name: &'static str,
    /// The stream.
    pub(crate) bytes: Vec<u8>,
    /// The number of events that an `EventSource` would dispatch.
    pub(crate) events: usize,
    /// The approximate number of bytes per event, including comments.
    pub(crate) event_size: usize,
}

/// Returns all inputs, the generated ones first.
pub(crate) fn all() -> Vec<Workload> {
    let mut all = generated();
    all.extend(recorded());
    all
}

/// Returns one stream for each shape.
pub(crate) fn generated() -> Vec<Workload> {
    vec![
        llm(),
        anthropic(),
        tiny(),
        big(),
        multiline(),
        crlf(),
        cjk(),
        comments(),
        full(),
        resumable(),
    ]
}

/// Chat completions: only `data`, each value a JSON object with much around one word.
fn llm() -> Workload {
    generate("llm", 260, |stream, words| {
        let word = words.next();
        write!(
            stream,
            "data: {{\"id\":\"chatcmpl-Dx0Xq5Xx9rHB2ehcHZCRDsnuymUXc\",\
             \"object\":\"chat.completion.chunk\",\"created\":1782955818,\
             \"model\":\"gpt-4o-mini-2024-07-18\",\"system_fingerprint\":\"fp_d0469e1700\",\
             \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" {word}\"}},\
             \"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
        )
    })
}

/// Typed deltas: an `event` line and a `data` line.
fn anthropic() -> Workload {
    generate("anthropic", 130, |stream, words| {
        let word = words.next();
        write!(
            stream,
            "event: content_block_delta\n\
             data: {{\"type\":\"content_block_delta\",\"index\":0,\
             \"delta\":{{\"type\":\"text_delta\",\"text\":\" {word}\"}}}}\n\n"
        )
    })
}

/// The smallest events with data: all cost is per event.
fn tiny() -> Workload {
    generate("tiny", 9, |stream, _| stream.write_str("data: x\n\n"))
}

/// One line that is longer than any chunk: all cost is per byte, and every chunk border cuts the line.
fn big() -> Workload {
    generate("big", BIG_LINE, |stream, words| {
        stream.write_str("data:")?;
        while stream.len() < BIG_LINE - 16 {
            write!(stream, " {}", words.next())?;
        }
        stream.write_str("\n\n")
    })
}

/// Text of 50 lines in each event, so that the parser has to join the data.
fn multiline() -> Workload {
    generate("multiline", 50 * 87, |stream, words| {
        for _ in 0..50 {
            let mut line = String::new();
            while line.len() < 80 {
                line.push_str(words.next());
                line.push(' ');
            }
            line.truncate(80);
            writeln!(stream, "data: {line}")?;
        }
        stream.write_str("\n")
    })
}

/// Short events whose lines end with CRLF.
fn crlf() -> Workload {
    generate("crlf", 60, |stream, words| {
        let (n, word) = (stream.len(), words.next());
        write!(stream, "event: progress\r\ndata: {{\"step\":{n:06},\"name\":\"{word}\"}}\r\n\r\n")
    })
}

/// Text with three bytes in each character: most of the cost is the check of UTF-8.
fn cjk() -> Workload {
    const TEXT: &str = "服务器推送的事件流由数据行和空行组成浏览器会自动重新连接日本語の文章も同様に処理される한국어도";
    let characters: Vec<char> = TEXT.chars().collect();
    generate("cjk", 250, |stream, words| {
        stream.write_str("data: ")?;
        stream.extend((0..80).map(|_| characters[words.below(characters.len())]));
        stream.write_str("\n\n")
    })
}

/// Three keep-alive comments, each in a separate block, before each small event.
fn comments() -> Workload {
    generate("comments", 70, |stream, words| {
        for _ in 0..3 {
            stream.write_str(": keep-alive\n\n")?;
        }
        write!(stream, "data: {{\"word\":\"{}\"}}\n\n", words.next())
    })
}

/// Events with every field.
fn full() -> Workload {
    generate("full", 80, |stream, words| {
        let (n, word) = (stream.len(), words.next());
        write!(
            stream,
            "id: {n:08}\nevent: update\nretry: 3000\ndata: {{\"n\":{n:08},\"word\":\"{word}\"}}\n\n"
        )
    })
}

/// Events to resume from: an id of 18 bytes, a type, and 190 bytes of data.
fn resumable() -> Workload {
    generate("resumable", 240, |stream, words| {
        let n = stream.len();
        let mut data = format!("{{\"n\":{n:08},\"text\":\"");
        while data.len() < 190 {
            data.push_str(words.next());
            data.push(' ');
        }
        data.truncate(188);
        write!(stream, "id: 1782955818{n:08}\nevent: changed\ndata: {data}\"}}\n\n")
    })
}

/// Data to encode: the smallest, a kilobyte in one line, 50 lines.
pub(crate) fn data() -> [(&'static str, String); 3] {
    let json =
        "{\"id\":123456,\"name\":\"sensor-17-east\",\"value\":3.14159,\"ok\":true},".repeat(16);
    let line = "One line of text that is sent as it stands, eighty characters with its line end";
    [("small", "{\"text\":\"Hi\"}".to_owned()), ("json", json), ("lines", [line; 50].join("\n"))]
}

/// Calls `event`, which writes one event, until the stream is long enough.
fn generate(
    name: &'static str,
    event_size: usize,
    mut event: impl FnMut(&mut String, &mut Words) -> std::fmt::Result,
) -> Workload {
    let (mut stream, mut words, mut events) = (String::new(), Words { seed: 1 }, 0);
    while stream.len() < SIZE {
        event(&mut stream, &mut words).expect("writing to a string can't fail");
        events += 1;
    }
    Workload { name, bytes: stream.into_bytes(), events, event_size }
}

/// Words of different lengths in a fixed pseudorandom order, so that branch predictors can't learn it.
struct Words {
    seed: u64,
}

impl Words {
    const WORDS: [&'static str; 12] = [
        "a",
        "of",
        "the",
        "line",
        "event",
        "stream",
        "carries",
        "whatever",
        "something",
        "connection",
        "information",
        "specification",
    ];

    fn next(&mut self) -> &'static str {
        Self::WORDS[self.below(Self::WORDS.len())]
    }

    fn below(&mut self, end: usize) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) as usize % end
    }
}

/// The recorded streams and their numbers of events. They are not part of the repository, and are optional.
const RECORDED: [(&str, usize); 10] = [
    ("anthropic-messages", 240),
    ("deepseek", 212),
    ("gemini-crlf", 3),
    ("gemini-crlf-long-lines", 5),
    ("mistral", 159),
    ("openai-chat", 12),
    ("openai-responses", 676),
    ("openrouter-comments", 103),
    ("openrouter-error", 5),
    ("zai", 94),
];

/// Returns the recorded streams, repeated, and `recorded`, which is their concatenation; none if they are absent.
pub(crate) fn recorded() -> Vec<Workload> {
    let recording = |(name, events)| {
        let bytes = fs::read(recordings()?.join(name).with_extension("sse")).ok()?;
        Some((name, bytes, events))
    };
    let mut recordings: Vec<(_, Vec<u8>, _)> = RECORDED.into_iter().filter_map(recording).collect();
    if !recordings.is_empty() {
        let all = recordings.iter().flat_map(|(_, bytes, _)| bytes).copied().collect();
        let events = recordings.iter().map(|(_, _, events)| events).sum();
        recordings.push(("recorded", all, events));
    }
    let workload = |(name, bytes, events): (_, Vec<u8>, usize)| {
        let times = RECORDED_SIZE.div_ceil(bytes.len());
        let event_size = bytes.len() / events;
        Workload { name, bytes: bytes.repeat(times), events: events * times, event_size }
    };
    recordings.into_iter().map(workload).collect()
}

/// Returns the folder of the recorded streams, which is next to the repository.
fn recordings() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut beside = package.ancestors().map(|directory| directory.join("../shared/streams"));
    beside.find(|path| path.is_dir())
}
