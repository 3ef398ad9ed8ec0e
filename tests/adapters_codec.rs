//! `sse_wire::codec`: tokio-util's `Decoder` and `Encoder`.
#![cfg(feature = "codec")]

mod support;

use std::cell::RefCell;
use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use futures_util::{FutureExt, SinkExt, Stream};
use sse_wire::codec::{BlockEncoder, EventDecoder, ItemDecoder};
use sse_wire::{Block, End, Item, OwnedEvent, ParseError, Parser, Refused, Storage, WriteError};
use support::encoder::{encoder_cases, names, with_block};
use support::script::{Fault, ReadItem, Script, Step, collect};
use support::{
    AMPLE, Decoded, Driver, FixedDriver, check_decoder_vectors, growable, milliseconds, seeded,
};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder, FramedRead, FramedWrite};

impl AsyncRead for Script<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = loop {
            match Script::read(&mut self, buffer.initialize_unfilled()) {
                Err(Fault::Interrupted) => {}
                Err(Fault::Pause) => return Poll::Pending,
                read => break read?,
            }
        };
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

fn poll_next<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

fn read_result(item: Option<Result<OwnedEvent, ParseError>>) -> ReadItem {
    let event = item.as_ref().map(|event| event.as_ref().map(OwnedEvent::as_event)).transpose();
    ReadItem::of(event, |&error| Ok(error))
}

/// Everything that the decoder returns, without a transport: the buffer grows by a chunk when it has no more events.
fn decode_pieces<S: Storage>(decoder: &mut EventDecoder<S>, chunks: &[&[u8]]) -> Decoded {
    let mut chunks = chunks.iter();
    let mut bytes = BytesMut::new();
    let mut chunk = chunks.next();
    let mut ended = chunk.is_none();
    collect(|| {
        bytes.extend_from_slice(chunk.take().copied().unwrap_or_default());
        if ended {
            return read_result(decoder.decode_eof(&mut bytes).unwrap());
        }
        let item = decoder.decode(&mut bytes).unwrap();
        if item.is_some() {
            return read_result(item);
        }
        assert!(bytes.is_empty(), "everything is taken if there are no more events");
        chunk = chunks.next();
        ended = chunk.is_none();
        ReadItem::Pause
    })
}

fn decode_framed<S: Storage>(
    decoder: EventDecoder<S>,
    chunks: &[&[u8]],
) -> (EventDecoder<S>, Decoded) {
    let mut events = FramedRead::with_capacity(Script::of(chunks), decoder, 64);
    let decoded = collect(|| match poll_next(&mut events) {
        Poll::Pending => ReadItem::Pause,
        Poll::Ready(item) => read_result(item.transpose().unwrap()),
    });
    (events.into_parts().codec, decoded)
}

fn decode<S: Storage>(parser: Parser<S>, framed: bool, chunks: &[&[u8]]) -> Decoded {
    let mut decoder = EventDecoder::with_parser(parser);
    let mut decoded;
    if framed {
        (decoder, decoded) = decode_framed(decoder, chunks);
    } else {
        decoded = decode_pieces(&mut decoder, chunks);
    }
    decoded.clean = matches!(decoder.finish().unwrap(), End::Clean);
    decoded.last_event_id = decoder.last_event_id().to_owned();
    decoded.retry = decoder.reconnection_time().map(milliseconds);
    decoded
}

/// Events and comments through [`ItemDecoder`].
struct ItemDriver;

impl Driver for ItemDriver {
    fn name(&self) -> &'static str {
        "ItemDecoder"
    }

    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded {
        let parser = seeded(growable(limit), last_event_id);
        let comments = RefCell::new(Vec::new());
        let decoder = ItemDecoder::new(parser, |item| match item {
            Item::Event(event) => Some(event.into_owned()),
            Item::Comment { text, .. } => {
                comments.borrow_mut().push(text.to_owned());
                None
            }
            _ => None,
        });
        let mut items = FramedRead::with_capacity(Script::of(chunks), decoder, 64);
        let mut decoded = collect(|| {
            loop {
                match poll_next(&mut items) {
                    Poll::Pending => return ReadItem::Pause,
                    Poll::Ready(Some(Ok(Err(ParseError::Limit(error)))))
                        if error.refused() == Refused::Comment => {}
                    Poll::Ready(item) => return read_result(item.transpose().unwrap()),
                }
            }
        });
        let decoder = items.decoder_mut();
        decoded.clean = matches!(decoder.finish().unwrap(), End::Clean);
        decoded.last_event_id = decoder.last_event_id().to_owned();
        decoded.retry = decoder.reconnection_time().map(milliseconds);
        decoded.comments = Some(comments.take());
        decoded
    }
}

struct CodecDriver {
    name: &'static str,
    framed: bool,
    fixed: Option<FixedDriver>,
}

impl Driver for CodecDriver {
    fn name(&self) -> &'static str {
        self.name
    }

    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded {
        match &mut self.fixed {
            Some(fixed) => {
                let parser = fixed.parser(limit.unwrap_or(AMPLE));
                decode(seeded(parser, last_event_id), self.framed, chunks)
            }
            None => decode(seeded(growable(limit), last_event_id), self.framed, chunks),
        }
    }
}

#[test]
fn every_decoder_vector_holds_as_the_buffer_grows_and_through_framed_read() {
    let driver =
        |name, framed, fixed| -> Box<dyn Driver> { Box::new(CodecDriver { name, framed, fixed }) };
    let fixed = Some(FixedDriver::new(support::Way::Push, ""));
    check_decoder_vectors(&mut [
        driver("decode", false, None),
        driver("decode, fixed arrays", false, fixed),
        driver("FramedRead", true, None),
        Box::new(ItemDriver),
    ]);
}

#[test]
fn linear_time_what_an_event_leaves_of_the_buffer_is_neither_moved_nor_copied() {
    let stream = b"data: x\n\n".repeat(1000);
    let mut bytes = BytesMut::from(&stream[..]);
    let mut decoder = EventDecoder::new();
    // The whole buffer is taken at once, and then shared.
    assert_eq!(decoder.decode(&mut bytes).unwrap().unwrap().unwrap().data, "x");
    assert!(bytes.is_empty());
    let info = measure(|| {
        for _ in 1..1000 {
            assert_eq!(decoder.decode(&mut bytes).unwrap().unwrap().unwrap().data, "x");
        }
    });
    assert_eq!((info.count_total, info.bytes_total), (999, 999), "one byte for each event");
    assert_eq!(decoder.decode(&mut bytes).unwrap(), None);
    assert_eq!(decoder.finish(), Ok(End::Clean));
}

#[test]
fn bounded_memory_the_buffer_does_not_grow_with_an_event() {
    let stream = [b"data: ", &b"x".repeat(1 << 20)[..], b"\n\n"].concat();
    let mut events = FramedRead::with_capacity(&stream[..], EventDecoder::new(), 4096);
    let Poll::Ready(Some(Ok(Ok(event)))) = poll_next(&mut events) else { panic!() };
    assert_eq!(event.data.len(), 1 << 20);
    assert!(events.read_buffer().capacity() <= 8192, "{}", events.read_buffer().capacity());
}

#[test]
fn bounded_memory_the_memory_of_the_buffer_is_reused_for_reading() {
    let (mut decoder, mut bytes) = (EventDecoder::new(), BytesMut::with_capacity(4096));
    let info = measure(|| {
        for _ in 0..1000 {
            bytes.extend_from_slice(b": keep-alive\n\n");
            assert_eq!(decoder.decode(&mut bytes).unwrap(), None);
        }
    });
    assert!(info.bytes_total < 8192, "{info:?}");
}

#[test]
fn promptness_a_refused_event_does_not_delay_others_of_the_same_read() {
    // In one read, with nothing after it; the first pause follows all three.
    for end in [None, Some(Step::Pause)] {
        let steps = [Step::Bytes(b"data: 1\n\ndata: too long\n\ndata: 2\n\n")];
        let source = Script::new(steps.into_iter().chain(end));
        let decoder = EventDecoder::with_parser(Parser::with_limit(4));
        let mut events = FramedRead::new(source, decoder);
        let mut next = || match poll_next(&mut events) {
            Poll::Ready(Some(event)) => event.unwrap().map(|event| event.data),
            other => panic!("{other:?}"),
        };
        assert_eq!(next().unwrap(), "1");
        assert!(matches!(next().unwrap_err(), ParseError::Limit(error) if error.position() == 9));
        assert_eq!(next().unwrap(), "2");
        assert_eq!(poll_next(&mut events).is_pending(), end.is_some());
    }
}

#[test]
fn an_error_of_the_transport_is_returned_and_nothing_is_lost() {
    let source =
        Script::new([Step::Bytes(b"data: \xE2\x82"), Step::Reset, Step::Bytes(b"\xAC\n\n")]);
    let mut events = FramedRead::new(source, EventDecoder::new());
    let Poll::Ready(Some(Err(error))) = poll_next(&mut events) else { panic!() };
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(matches!(poll_next(&mut events), Poll::Ready(None)), "as tokio-util documents");
    let Poll::Ready(Some(Ok(Ok(event)))) = poll_next(&mut events) else { panic!() };
    assert_eq!(event.data, "\u{20AC}");
}

#[test]
fn finish_reports_the_end_after_none_and_the_decoder_continues_with_the_next_stream() {
    let mut parser = Parser::new();
    parser.set_last_event_id("before").unwrap();
    let decoder = EventDecoder::with_parser(parser);
    let mut events = FramedRead::new(&b"data: 1\n\nid: x\ndata: cut"[..], decoder);
    let Poll::Ready(Some(Ok(Ok(event)))) = poll_next(&mut events) else { panic!() };
    assert_eq!(event.last_event_id, "before");
    assert!(matches!(poll_next(&mut events), Poll::Ready(None)));
    match events.decoder_mut().finish().unwrap() {
        End::Incomplete(pending) => assert_eq!(pending.data, Some("cut")),
        End::Clean => panic!("clean"),
    }
    let decoder = events.into_parts().codec;
    assert_eq!(decoder.last_event_id(), "before");
    let mut events = FramedRead::new(&b"data: 2\n\n"[..], decoder);
    let Poll::Ready(Some(Ok(Ok(event)))) = poll_next(&mut events) else { panic!() };
    assert_eq!((event.data.as_str(), event.range), ("2", 0..9));
}

#[test]
fn nothing_is_returned_twice_whatever_is_called_between_two_events() {
    let stream: String = (0..60).map(|n| format!("id: {n}\ndata: {n}\n\n")).collect();
    let mut events = FramedRead::with_capacity(stream.as_bytes(), EventDecoder::new(), 64);
    for n in 0..60 {
        let Poll::Ready(Some(Ok(Ok(event)))) = poll_next(&mut events) else { panic!("{n}") };
        assert_eq!((event.data, &*event.last_event_id), (n.to_string(), &*n.to_string()));
        let decoder = events.decoder_mut();
        match n % 2 {
            1 => decoder.set_last_event_id("x").unwrap(),
            _ => _ = decoder.parser().clone().push(b"data: y\n\n").next(),
        }
    }
    assert!(matches!(poll_next(&mut events), Poll::Ready(None)));
}

#[test]
fn bytes_not_decoded_when_a_stream_is_ended_are_reported_and_dropped() {
    let mut decoder = EventDecoder::new();
    let mut bytes = BytesMut::from("data: 1\n\ndata: 2\n\n");
    assert_eq!(decoder.decode(&mut bytes).unwrap().unwrap().unwrap().data, "1");
    assert_eq!(decoder.finish(), Err(ParseError::Unread { bytes: 9 }));
    assert_eq!(decoder.decode(&mut bytes).unwrap(), None);
    bytes.extend_from_slice(b"data: 3\n\n");
    let event = decoder.decode(&mut bytes).unwrap().unwrap().unwrap();
    assert_eq!((event.data.as_str(), event.range), ("3", 0..9));
}

#[test]
fn every_encoder_vector_holds_and_injections_write_nothing() {
    for case in encoder_cases() {
        with_block(&case, |block, _, _| {
            let mut bytes = BytesMut::from("before");
            let written = BlockEncoder.encode(block, &mut bytes);
            match &case.expected {
                Ok(expected) => assert_eq!(bytes[6..], expected[..], "{}", case.name),
                Err(expected) => {
                    let WriteError::Encode(error) = written.unwrap_err() else { panic!() };
                    assert_eq!(names(error), *expected, "{}", case.name);
                    assert_eq!(bytes, "before", "{}", case.name);
                }
            }
        });
    }
}

#[test]
fn an_event_is_encoded_so_that_it_decodes_to_itself_or_rejected() {
    let mut decoder = EventDecoder::new();
    let mut next = |bytes: &mut BytesMut| decoder.decode(bytes).unwrap().unwrap().unwrap();
    let event = next(&mut BytesMut::from("event: e\nid: 1\ndata: a\ndata: b\n\n"));
    let mut bytes = BytesMut::new();
    BlockEncoder.encode(event.as_event(), &mut bytes).unwrap();
    BlockEncoder.encode(event.clone(), &mut bytes).unwrap();
    for _ in 0..2 {
        let OwnedEvent { event_type, data, last_event_id, sets_id, .. } = next(&mut bytes);
        assert_eq!((event_type, data), (event.event_type.clone(), event.data.clone()));
        assert_eq!((last_event_id, sets_id), ("1".into(), true));
    }
    let mut injects = OwnedEvent::default();
    injects.event_type = "e\ndata: injected".into();
    assert!(matches!(BlockEncoder.encode(injects, &mut bytes), Err(WriteError::Encode(_))));
    assert!(bytes.is_empty());
}

#[test]
fn framed_write_continues_after_a_rejected_block_and_returns_a_transport_error_with_its_source() {
    let mut blocks = FramedWrite::new(Vec::new(), BlockEncoder);
    blocks.send(Block::new().data("1")).now_or_never().unwrap().unwrap();
    let error = blocks.send(Block::new().id("1\0")).now_or_never().unwrap().unwrap_err();
    assert_eq!(io::Error::from(error).kind(), ErrorKind::InvalidData);
    blocks.send(Block::new().data("2")).now_or_never().unwrap().unwrap();
    assert_eq!(blocks.get_ref(), b"data: 1\n\ndata: 2\n\n");

    let mut full = [0; 4];
    let mut blocks = FramedWrite::new(io::Cursor::new(&mut full[..]), BlockEncoder);
    let error = blocks.send(Block::new().data("1")).now_or_never().unwrap().unwrap_err();
    let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), ErrorKind::WriteZero);
}

#[test]
fn bytes_reserve_their_room_at_once_and_a_dropped_data_writer_rolls_its_block_back() {
    let text = "x".repeat(1000);
    let info = measure(|| Block::new().data(&text).encode(&mut BytesMut::new()).unwrap());
    assert_eq!(info.count_total, 1);

    let mut bytes = BytesMut::from(&b"before"[..]);
    let mut data = Block::new().data("x").data_writer(&mut bytes).unwrap();
    data.write("y").unwrap();
    drop(data);
    assert_eq!(&bytes[..], b"before");
}

#[test]
fn the_last_event_without_its_blank_line_is_decoded_on_request() {
    for (stream, expected) in [
        (&b"data: 1\n\nevent: e\ndata: 2"[..], &["1", "2"][..]),
        (b"data: 1\n\ndata: 2\n", &["1", "2"]),
        (b"data: 1\n\nid: 2\n", &["1"]),
        (b"data: 1\n\n", &["1"]),
        (b"", &[]),
    ] {
        let decoder = EventDecoder::new().deliver_unfinished();
        let events = FramedRead::new(stream, decoder);
        let events: Vec<_> = futures::executor::block_on_stream(events)
            .map(|item| item.unwrap().unwrap().data)
            .collect();
        assert_eq!(events, expected);
    }
}
