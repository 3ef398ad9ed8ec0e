//! This crate's adapters, each with the parser alone to compare it with: the same reads, and events of
//! the same kind.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame};
use sse_wire::codec::EventDecoder;
use sse_wire::http_body::BodyData;
use sse_wire::stream::EventStream;
use sse_wire::{Event, OwnedEvent, Parser, embedded_io, embedded_io_async};
use tokio_util::codec::FramedRead;

use super::sse_wire::{LENT, OWNED, WITHIN_THE_LIMIT};
use crate::candidate::{Candidate, Decode, Seen};
use crate::feed::{Feed, Source, Supply, poll_all};
use crate::input::Part;

/// Each adapter, and the candidate to compare it with.
pub const BASES: [(&str, &str); 9] = [
    (Next::NAME, ReadLent::NAME),
    (NextEvents::NAME, ReadLent::NAME),
    (EmbeddedNext::NAME, ReadLent::NAME),
    (EmbeddedNextEvents::NAME, ReadLent::NAME),
    (EmbeddedAsyncNext::NAME, ReadLent::NAME),
    (Lending::NAME, LENT),
    (Owning::NAME, OWNED),
    (OwningBody::NAME, OWNED),
    (Framed::NAME, ReadOwned::NAME),
];

pub fn all() -> Vec<Box<dyn Candidate>> {
    use crate::candidate::Parser;
    vec![
        Parser::<ReadLent>::boxed(),
        Parser::<ReadOwned>::boxed(),
        Parser::<Next>::boxed(),
        Parser::<NextEvents>::boxed(),
        Parser::<EmbeddedNext>::boxed(),
        Parser::<EmbeddedNextEvents>::boxed(),
        Parser::<EmbeddedAsyncNext>::boxed(),
        Parser::<Lending>::boxed(),
        Parser::<Owning>::boxed(),
        Parser::<OwningBody>::boxed(),
        Parser::<Framed>::boxed(),
    ]
}

/// At least the largest chunk.
const BUFFER: usize = 64 * 1024;

fn see_lent(see: &mut impl FnMut(Seen<'_>), event: &Event<'_>) {
    see(Seen {
        event_type: event.event_type,
        data: event.data,
        id: event.last_event_id,
        number: u64::from(event.sets_id) + event.range.start + event.range.end,
    });
}

/// Polls a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("all bytes are there"),
    }
}

macro_rules! read {
    ($name:ident, $title:literal, $note:literal, $next:ident, $lent:expr) => {
        pub struct $name(Parser, Vec<u8>);

        impl Decode for $name {
            const NAME: &'static str = $title;
            const NOTE: &'static str = $note;

            fn new() -> Self {
                $name(Parser::new(), vec![0; BUFFER])
            }

            #[inline]
            fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
                let (mut source, Self(parser, buffer)) = (Source(part), self);
                loop {
                    let len = io::Read::read(&mut source, buffer).expect("a slice has no errors");
                    if len == 0 {
                        return;
                    }
                    let mut events = parser.push(&buffer[..len]);
                    while let Some(event) = events.$next().expect(WITHIN_THE_LIMIT) {
                        see_lent(&mut see, &$lent(&event));
                    }
                }
            }
        }
    };
}

read!(ReadLent, "sse-wire, read", "`push` after each read into a buffer.", next, Event::clone);
read!(
    ReadOwned,
    "sse-wire, read, owned",
    "The same with `next_owned`.",
    next_owned,
    OwnedEvent::as_event
);

/// A reader that lends events one by one.
macro_rules! reader_next {
    ($name:ident, $title:literal, $reader:ty, $new:expr, |$call:ident| $next:expr) => {
        pub struct $name($reader);

        impl Decode for $name {
            const NAME: &'static str = $title;
            const NOTE: &'static str = "Reads into a buffer, lends events one by one.";

            fn new() -> Self {
                $name($new)
            }

            #[inline]
            fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
                *self.0.get_mut() = Source(part);
                let $call = &mut self.0;
                while let Some(event) = $next.expect(WITHIN_THE_LIMIT) {
                    see_lent(&mut see, &event);
                }
            }
        }
    };
}

type IoReader = sse_wire::io::EventReader<Source>;
type EmbeddedReader = embedded_io::EventReader<Source, sse_wire::Growable, Vec<u8>>;
type EmbeddedAsyncReader = embedded_io_async::EventReader<Source, sse_wire::Growable, Vec<u8>>;

fn io_reader() -> IoReader {
    IoReader::with_buffer(Source::EMPTY, Parser::new(), vec![0; BUFFER])
}

fn embedded_reader() -> EmbeddedReader {
    EmbeddedReader::new(Source::EMPTY, Parser::new(), vec![0; BUFFER])
}

fn embedded_async_reader() -> EmbeddedAsyncReader {
    EmbeddedAsyncReader::new(Source::EMPTY, Parser::new(), vec![0; BUFFER])
}

reader_next!(Next, "io: next", IoReader, io_reader(), |reader| reader.next());
reader_next!(EmbeddedNext, "embedded-io: next", EmbeddedReader, embedded_reader(), |reader| reader
    .next());
reader_next!(
    EmbeddedAsyncNext,
    "embedded-io-async: next",
    EmbeddedAsyncReader,
    embedded_async_reader(),
    |reader| ready(reader.next())
);

macro_rules! reader_next_events {
    ($name:ident, $title:literal, $reader:ty, $new:expr) => {
        pub struct $name($reader);

        impl Decode for $name {
            const NAME: &'static str = $title;
            const NOTE: &'static str = "Reads into a buffer, returns a cursor for each read.";

            fn new() -> Self {
                $name($new)
            }

            #[inline]
            fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
                *self.0.get_mut() = Source(part);
                while let Some(mut events) = self.0.next_events().expect("a slice has no errors") {
                    while let Some(event) = events.next().expect(WITHIN_THE_LIMIT) {
                        see_lent(&mut see, &event);
                    }
                }
            }
        }
    };
}

reader_next_events!(NextEvents, "io: next_events", IoReader, io_reader());
reader_next_events!(
    EmbeddedNextEvents,
    "embedded-io: next_events",
    EmbeddedReader,
    embedded_reader()
);

/// A stream of `Bytes`, with events lent chunk by chunk.
pub struct Lending(Supply, Pin<Box<EventStream<Feed<Bytes>>>>);

impl Decode for Lending {
    const NAME: &'static str = "stream: next_events";
    const NOTE: &'static str = "Pulls `Bytes`, returns a cursor for each chunk.";

    fn new() -> Self {
        let (supply, feed) = Supply::new();
        Lending(supply, Box::pin(EventStream::new(feed)))
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        self.0.put(part);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let Poll::Ready(events) = pin!(self.1.next_events()).poll(&mut context) else { return };
            let Ok(mut events) = events.expect("the stream never ends");
            while let Some(event) = events.next().expect(WITHIN_THE_LIMIT) {
                see_lent(&mut see, &event);
            }
        }
    }
}

/// A stream, polled for owned events.
macro_rules! owning {
    ($name:ident, $title:literal, $note:literal, $stream:ty, $new:expr, |$event:ident| $owned:expr) => {
        pub struct $name(Supply, Pin<Box<$stream>>);

        impl Decode for $name {
            const NAME: &'static str = $title;
            const NOTE: &'static str = $note;

            fn new() -> Self {
                let (supply, feed) = Supply::new();
                $name(supply, Box::pin($new(feed)))
            }

            #[inline]
            fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
                self.0.put(part);
                poll_all(self.1.as_mut(), |$event| see_lent(&mut see, &$owned.as_event()));
            }
        }
    };
}

owning!(
    Owning,
    "stream: next",
    "Pulls `Bytes`, returns owned events.",
    EventStream<Feed<Bytes>>,
    EventStream::new,
    |event| event.expect(WITHIN_THE_LIMIT)
);
owning!(
    OwningBody,
    "body: next",
    "Pulls frames of `Bytes`, returns owned events.",
    EventStream<BodyData<Frames>>,
    |feed| sse_wire::http_body::events(Frames(feed)),
    |event| event.expect(WITHIN_THE_LIMIT)
);

/// The chunks as a body.
pub struct Frames(Feed<Bytes>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0)
            .poll_next(context)
            .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

pub struct Framed(Pin<Box<FramedRead<Source, EventDecoder>>>);

impl Decode for Framed {
    const NAME: &'static str = "codec: next";
    const NOTE: &'static str = "`FramedRead` with `EventDecoder`: reads, returns owned events.";

    fn new() -> Self {
        Framed(Box::pin(FramedRead::with_capacity(Source::EMPTY, EventDecoder::new(), BUFFER)))
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        *self.0.get_mut() = Source(part);
        poll_all(self.0.as_mut(), |event| {
            let event = event.expect("a slice has no errors").expect(WITHIN_THE_LIMIT);
            see_lent(&mut see, &event.as_event());
        });
    }
}
