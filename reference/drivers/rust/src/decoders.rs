//! The decoders. Each returns the last event ID at the end, if it has it.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_executor::block_on;
use futures_util::stream::iter;
use futures_util::{StreamExt, TryStreamExt};

use crate::{Failure, Stream, text};

pub type Decode = fn(&mut Stream) -> Result<Option<String>, Failure>;

pub const ALL: &[(&str, Decode)] = &[
    ("async-sse", async_sse),
    ("eventsource-stream", eventsource_stream),
    ("eventsource-stream2", eventsource_stream2),
    ("eventsrc", eventsrc),
    ("reqwest-sse", reqwest_sse),
    ("russe", russe),
    ("sse-codec", sse_codec),
    ("sse-core", sse_core),
    ("sse-parse", sse_parse),
    ("sse-stream", sse_stream),
    ("sseer", sseer),
    ("tokio_sse_codec", tokio_sse_codec),
];

fn milliseconds(retry: Option<Duration>) -> Option<u64> {
    retry.map(|retry| u64::try_from(retry.as_millis()).unwrap_or(u64::MAX))
}

macro_rules! pulls {
    ($name:ident, $chunk:ty) => {
        fn $name(stream: &mut Stream) -> Result<Option<String>, Failure> {
            let chunks = iter(stream.chunks::<$chunk>().map(Ok::<_, Infallible>));
            let mut events = ::$name::EventStream::new(chunks);
            events.set_last_event_id(stream.last_event_id.clone());
            let mut events = pin!(events);
            while let Some(event) = block_on(events.next()) {
                let event = event.map_err(text)?;
                stream.retry(milliseconds(event.retry));
                stream.event(Some(&event.event), &event.data, &event.id);
            }
            Ok(Some(events.last_event_id().to_string()))
        }
    };
}

pulls!(eventsource_stream, Vec<u8>);
pulls!(eventsource_stream2, Vec<u8>);
pulls!(sseer, Bytes);

fn sse_stream(stream: &mut Stream) -> Result<Option<String>, Failure> {
    stream.shows_every_retry();
    let chunks = iter(stream.chunks::<Bytes>().map(Ok::<_, Infallible>));
    let mut blocks = pin!(::sse_stream::SseByteStream::new(chunks));
    while let Some(block) = block_on(blocks.next()) {
        let block = block.map_err(text)?;
        stream.retry(block.retry);
        // It returns blocks without data, which are not events, but their ids count.
        match &block.data {
            Some(data) => stream.block(block.event.as_deref(), data, block.id.as_deref()),
            None => stream.last_event_id = block.id.unwrap_or(stream.last_event_id.clone()),
        }
    }
    Ok(Some(stream.last_event_id.clone()))
}

fn russe(stream: &mut Stream) -> Result<Option<String>, Failure> {
    use tokio_util::codec::Decoder;

    stream.shows_every_retry();
    let (mut decoder, mut left) = (::russe::Decoder::default(), BytesMut::new());
    for chunk in stream.chunks::<Vec<u8>>() {
        left.extend_from_slice(&chunk);
        while let Some(event) = decoder.decode(&mut left).map_err(text)? {
            match event {
                ::russe::Event::Message(message) => {
                    stream.retry(milliseconds(message.retry));
                    let id = message.id.as_deref();
                    stream.block(message.event.as_deref(), &message.data, id);
                }
                ::russe::Event::Retry(retry) => stream.retry(milliseconds(Some(retry))),
                _ => {}
            }
        }
    }
    Ok(None)
}

fn sse_codec(stream: &mut Stream) -> Result<Option<String>, Failure> {
    use futures_codec::Decoder;

    stream.shows_every_retry();
    let (mut codec, mut left) = (::sse_codec::SSECodec::default(), futures_codec::BytesMut::new());
    for chunk in stream.chunks::<Vec<u8>>() {
        left.extend_from_slice(&chunk);
        while let Some(event) = codec.decode(&mut left).map_err(text)? {
            match event {
                ::sse_codec::Event::Message { id, event, data } => {
                    stream.block(Some(&event), &data, id.as_deref());
                }
                ::sse_codec::Event::Retry { retry } => stream.retry(Some(retry)),
            }
        }
    }
    Ok(None)
}

fn sse_core(stream: &mut Stream) -> Result<Option<String>, Failure> {
    use ::sse_core::{SseDecoder, SseEvent};

    stream.shows_every_retry();
    if !stream.last_event_id.is_empty() {
        return Err(Failure::Unsupported("it takes no last event ID to begin with"));
    }
    let mut decoder = SseDecoder::with_limit(NonZeroUsize::new(16 << 20).expect("not zero"));
    for chunk in stream.chunks::<Vec<u8>>() {
        let mut chunk = &chunk[..];
        while let Some(event) = decoder.next(&mut chunk) {
            match event.map_err(text)? {
                SseEvent::Message(event) => {
                    let id = event.last_event_id.as_deref().unwrap_or_default();
                    stream.event(Some(&event.event), &event.data, id);
                }
                SseEvent::Retry(retry) => stream.retry(Some(retry.into())),
            }
        }
    }
    Ok(Some(decoder.last_event_id().map(|id| id.to_string()).unwrap_or_default()))
}

fn sse_parse(stream: &mut Stream) -> Result<Option<String>, Failure> {
    stream.shows_every_retry();
    let mut parser = ::sse_parse::SseParser::with_last_event_id(&*stream.last_event_id);
    for chunk in stream.chunks::<Vec<u8>>() {
        parser.feed(&chunk);
        while let Some(event) = parser.next_event() {
            stream.event(Some(&event.event), &event.data, &event.id);
        }
    }
    stream.retry(milliseconds(parser.retry()));
    Ok(Some(parser.last_event_id().to_owned()))
}

fn eventsrc(stream: &mut Stream) -> Result<Option<String>, Failure> {
    stream.shows_every_retry();
    let chunks = iter(stream.chunks::<Vec<u8>>().map(Ok::<_, Infallible>));
    let frames = ::eventsrc::FrameStream::new(chunks).with_last_event_id(&stream.last_event_id);
    let mut frames = pin!(frames);
    while let Some(frame) = block_on(frames.next()) {
        match frame.map_err(text)? {
            ::eventsrc::Frame::Event(event) => {
                stream.event(Some(event.event()), event.data(), event.id());
            }
            ::eventsrc::Frame::Retry(retry) => stream.retry(milliseconds(Some(retry))),
        }
    }
    Ok(Some(frames.last_event_id().to_owned()))
}

fn tokio_sse_codec(stream: &mut Stream) -> Result<Option<String>, Failure> {
    use ::tokio_sse_codec::{Frame, SseDecoder};
    use tokio_util::codec::Decoder;

    stream.shows_every_retry();
    let (mut decoder, mut left) = (SseDecoder::<String>::with_max_size(16 << 20), BytesMut::new());
    for chunk in stream.chunks::<Vec<u8>>() {
        left.extend_from_slice(&chunk);
        while let Some(frame) = decoder.decode(&mut left).map_err(text)? {
            match frame {
                Frame::Event(event) => {
                    stream.block(Some(&event.name), &event.data, event.id.as_deref());
                }
                Frame::Retry(retry) => stream.retry(milliseconds(Some(retry))),
                Frame::Comment(_) => {}
            }
        }
    }
    Ok(None)
}

fn async_sse(stream: &mut Stream) -> Result<Option<String>, Failure> {
    stream.shows_every_retry();
    let chunks = iter(stream.chunks::<Vec<u8>>().map(Ok::<_, std::io::Error>));
    let mut events = ::async_sse::decode(chunks.into_async_read());
    while let Some(event) = block_on(events.next()) {
        match event.map_err(text)? {
            ::async_sse::Event::Message(message) => {
                let data = std::str::from_utf8(message.data()).map_err(text)?;
                stream.block(Some(message.name()), data, message.id().as_deref());
            }
            ::async_sse::Event::Retry(retry) => stream.retry(milliseconds(Some(retry))),
        }
    }
    Ok(None)
}

fn reqwest_sse(stream: &mut Stream) -> Result<Option<String>, Failure> {
    use ::reqwest_sse::EventSource;

    let chunks = iter(stream.chunks::<Vec<u8>>().map(Ok::<_, Infallible>));
    let body = reqwest::Body::wrap_stream(chunks);
    let response = http::Response::builder().header("content-type", "text/event-stream");
    let response = reqwest::Response::from(response.body(body).map_err(text)?);
    let mut events = block_on(response.events()).map_err(text)?;
    while let Some(event) = block_on(events.next()) {
        let event = event.map_err(text)?;
        stream.retry(milliseconds(event.retry));
        stream.block(Some(&event.event_type), &event.data, event.last_event_id.as_deref());
    }
    Ok(None)
}
