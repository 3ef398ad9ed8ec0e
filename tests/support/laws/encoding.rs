//! The encoder: round trip, and no injection.

use std::time::Duration;

use sse_wire::{Block, EncodeError, Event, FmtSink, Parser, Part, SliceSink};

use super::super::outcome::{Output, Way, outcome};
use super::input::SEPARATOR;

/// What an input sets in its blocks: texts with [`SEPARATOR`] between them, in the order comment, type, ID,
/// reconnection time, data, strictness, and then the next block. An empty text is not set; otherwise its first byte is
/// dropped, and ill-formed UTF-8 is replaced.
struct Texts(Vec<Option<String>>);

impl Texts {
    const IN_A_BLOCK: usize = 6;

    fn read(input: &[u8]) -> Self {
        let text =
            |text: &[u8]| text.get(1..).map(|text| String::from_utf8_lossy(text).into_owned());
        Texts(input.split(|&byte| byte == SEPARATOR).map(text).collect())
    }

    fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        self.0.chunks(Self::IN_A_BLOCK).take(8).map(|texts| {
            let text = |at: usize| texts.get(at).and_then(Option::as_deref);
            Block {
                comment: text(0),
                event_type: text(1),
                id: text(2),
                retry: text(3)
                    .map(|digits| digits.parse().unwrap_or(digits.len() as u64))
                    .map(Duration::from_millis),
                data: text(4),
                strict: text(5).is_some(),
            }
        })
    }
}

pub fn encoding(input: &[u8]) {
    let texts = Texts::read(input);
    round_trip(texts.blocks());
}

/// A block is rejected, for the right reason and without output, or it decodes to itself and nothing else, alone and
/// between others.
pub fn round_trip<'b>(blocks: impl IntoIterator<Item = Block<'b>>) {
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    let mut last_event_id = String::new();
    for block in blocks {
        let refused = refusal(&block);
        let start = stream.len();
        assert_eq!(block.encode(&mut stream).err(), refused);
        every_sink(&block, refused.map_or(Ok(&stream[start..]), Err));
        if refused.is_some() {
            assert_eq!(stream.len(), start, "a rejected block writes nothing");
            continue;
        }
        let mut alone = String::new();
        let items = items(&block, 0, stream.len() - start, &mut alone);
        let decoded = outcome(Parser::new(), Way::Items, &[&stream[start..]]);
        assert_eq!((&decoded.output, &decoded.last_event_id), (&items, &alone));
        assert_eq!((decoded.reconnection_time, decoded.pending), (block.retry, None));
        expected.extend(self::items(&block, start, stream.len(), &mut last_event_id));
    }
    let bytewise: Vec<&[u8]> = stream.chunks(1).collect();
    for chunks in [&[&stream[..]][..], &bytewise] {
        let decoded = outcome(Parser::new(), Way::Items, chunks);
        assert_eq!(decoded.output, expected);
        assert_eq!(decoded.last_event_id, last_event_id);
        assert_eq!(decoded.pending, None);
    }
    // A decoded event, encoded again, decodes to the same.
    let mut copy = Vec::new();
    for output in &expected {
        if let Output::Event(event) = output {
            Block::from(&event.as_event()).strict().encode(&mut copy).unwrap();
        }
    }
    let events = |output: &[Output]| -> Vec<(String, String)> {
        output
            .iter()
            .filter_map(|output| match output {
                Output::Event(event) => Some((event.event_type.to_string(), event.data.clone())),
                _ => None,
            })
            .collect()
    };
    assert_eq!(events(&outcome(Parser::new(), Way::Push, &[&copy]).output), events(&expected));
}

/// Why a block has to be rejected: the first character, in the order of the lines, that its line can't have.
fn refusal(block: &Block<'_>) -> Option<EncodeError> {
    let line_break = |part, text: Option<&str>, breaks: &[char]| {
        text?.find(breaks).map(|at| EncodeError::LineBreak { part, at })
    };
    let comment = line_break(Part::Comment, block.comment, &['\n', '\r']);
    let event_type = line_break(Part::EventType, block.event_type, &['\n', '\r']);
    let id = block.id.and_then(|id| {
        let at = id.find(['\n', '\r', '\0'])?;
        Some(match id.as_bytes()[at] {
            0 => EncodeError::Nul { at },
            _ => EncodeError::LineBreak { part: Part::Id, at },
        })
    });
    let data = line_break(Part::Data, block.data.filter(|_| block.strict), &['\r']);
    comment.or(event_type).or(id).or(data)
}

/// What a block at `start..end` decodes to.
fn items(block: &Block<'_>, start: usize, end: usize, last_event_id: &mut String) -> Vec<Output> {
    let mut items = Vec::new();
    if let Some(comment) = block.comment {
        items.push(Output::Comment { text: comment.to_owned(), position: start as u64 });
    }
    if let Some(time) = block.retry {
        items.push(Output::ReconnectionTime(time));
    }
    if let Some(id) = block.id {
        id.clone_into(last_event_id);
    }
    let range = start as u64..end as u64;
    items.push(match block.data {
        Some(data) => {
            let event_type = block.event_type.filter(|text| !text.is_empty());
            let data = data.replace("\r\n", "\n").replace('\r', "\n");
            let mut event = Event::new(event_type.unwrap_or("message"), &data);
            event.last_event_id = last_event_id;
            (event.sets_id, event.range) = (block.id.is_some(), range);
            event.into()
        }
        None => Output::Block { id: block.id.map(str::to_owned), range },
    });
    items
}

/// All sinks get the same, and a block without room writes nothing.
fn every_sink(block: &Block<'_>, expected: Result<&[u8], EncodeError>) {
    let mut string = "before".to_owned();
    assert_eq!(block.encode(&mut string).map(|()| &string.as_bytes()[6..]), expected);
    let mut target = FmtSink(String::new());
    assert_eq!(block.encode(&mut target).map(|()| target.0.as_bytes()), expected);
    assert_eq!(block.encoded_len(), expected.map(<[u8]>::len));
    let Ok(bytes) = expected else { return };
    let mut memory = vec![0; bytes.len()];
    assert_eq!(block.encode_to_slice(&mut memory), Ok(bytes.len()));
    assert_eq!(memory, bytes);
    for room in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut sink = SliceSink::new(&mut memory[..room]);
        assert_eq!(block.encode(&mut sink), Err(EncodeError::NoRoom { needed: bytes.len() }));
        assert!(sink.written().is_empty());
    }
}
