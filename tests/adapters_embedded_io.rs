//! `sse_wire::embedded_io` and its asynchronous counterpart: events from any `Read`, blocks to any `Write`, over fixed
//! arrays.
#![cfg(all(feature = "embedded-io", feature = "embedded-io-async", feature = "std"))]

mod support;

use std::cell::RefCell;
use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use embedded_io::{ErrorKind, ErrorType};
use sse_wire::{
    Block, EncodeError, End, Item, ParseError, Parser, ReadError, Storage, WriteError,
    embedded_io as blocking, embedded_io_async as asynchronous,
};
use support::encoder::{encoder_cases, names, with_block};
use support::script::{Fault, ReadItem, Script, Step, Target, collect};
use support::{
    AMPLE, Decoded, Driver, FixedDriver, check_decoder_vectors, milliseconds, over_arrays, seeded,
    values,
};

impl embedded_io::Error for Fault {
    fn kind(&self) -> ErrorKind {
        match self {
            Fault::Interrupted => ErrorKind::Interrupted,
            Fault::Pause => ErrorKind::TimedOut,
            Fault::Reset => ErrorKind::ConnectionReset,
        }
    }
}

impl ErrorType for Script<'_> {
    type Error = Fault;
}

impl embedded_io::Read for Script<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        Script::read(self, buffer)
    }
}

/// Pending once before each step, so that a future can be dropped in between.
async fn wait<T>(mut call: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    poll_fn(|_| match call() {
        Err(Fault::Pause) => Poll::Pending,
        Err(Fault::Interrupted) => Poll::Ready(call()),
        result => Poll::Ready(result),
    })
    .await
}

impl embedded_io_async::Read for Script<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        wait(|| Script::read(self, buffer)).await
    }
}

impl ErrorType for Target {
    type Error = Fault;
}

impl embedded_io::Write for Target {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        Target::write(self, bytes)
    }

    fn flush(&mut self) -> Result<(), Fault> {
        Target::flush(self)
    }
}

impl embedded_io_async::Write for Target {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        wait(|| Target::write(self, bytes)).await
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        wait(|| Target::flush(self)).await
    }
}

/// Polls a future once and drops it.
fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn fault(error: ReadError<Fault>) -> Result<ParseError, Fault> {
    match error {
        ReadError::Parse(error) => Ok(error),
        ReadError::Transport(error) => Err(error),
    }
}

#[derive(Clone, Copy)]
enum Way {
    Blocking,
    BlockingEvents,
    /// Each future is dropped when it is pending.
    Cancelled,
    CancelledEvents,
}

fn decode<S: Storage>(parser: Parser<S>, way: Way, chunks: &[&[u8]]) -> Decoded {
    let source = Script::of(chunks);
    let mut buffer = [0; 100];
    macro_rules! collect {
        ($reader:ident, $next:expr, $events:expr) => {{
            let one = matches!(way, Way::Blocking | Way::Cancelled);
            let mut decoded = collect(|| {
                if one {
                    return $next;
                }
                loop {
                    match $events {
                        Some(Ok(Some(mut events))) => match events.next() {
                            Ok(None) => {}
                            Ok(Some(event)) => return ReadItem::Event(values(&event)),
                            Err(_) => return ReadItem::Refused,
                        },
                        Some(Ok(None)) => return ReadItem::End,
                        None | Some(Err(Fault::Pause)) => return ReadItem::Pause,
                        Some(Err(error)) => panic!("{error}"),
                    }
                }
            });
            decoded.clean = matches!($reader.finish().unwrap(), End::Clean);
            decoded.last_event_id = $reader.last_event_id().to_owned();
            decoded.retry = $reader.reconnection_time().map(milliseconds);
            decoded
        }};
    }
    match way {
        Way::Blocking | Way::BlockingEvents => {
            let mut reader = blocking::EventReader::new(source, parser, &mut buffer[..]);
            collect!(reader, ReadItem::of(reader.next(), fault), Some(reader.next_events()))
        }
        Way::Cancelled | Way::CancelledEvents => {
            let mut reader = asynchronous::EventReader::new(source, parser, &mut buffer[..]);
            collect!(
                reader,
                match poll_once(reader.next()) {
                    Some(event) => ReadItem::of(event, fault),
                    None => ReadItem::Pause,
                },
                poll_once(reader.next_events())
            )
        }
    }
}

struct ReaderDriver(&'static str, Way, FixedDriver);

impl Driver for ReaderDriver {
    fn name(&self) -> &'static str {
        self.0
    }

    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded {
        let parser = self.2.parser(limit.unwrap_or(AMPLE));
        decode(seeded(parser, last_event_id), self.1, chunks)
    }
}

#[test]
fn every_decoder_vector_holds_blocking_and_with_each_waiting_future_dropped() {
    let driver = |name, way| -> Box<dyn Driver> {
        Box::new(ReaderDriver(name, way, FixedDriver::new(support::Way::Push, "")))
    };
    check_decoder_vectors(&mut [
        driver("blocking", Way::Blocking),
        driver("blocking, events", Way::BlockingEvents),
        driver("asynchronous", Way::Cancelled),
        driver("asynchronous, events", Way::CancelledEvents),
    ]);
}

#[test]
fn nothing_is_allocated_for_reading_and_writing_over_arrays() {
    let stream = "event: tick\ndata: 1\ndata: 2\nid: 7\n\n: c\n\ndata: \u{6F22}\n\n".repeat(50);
    let info = measure(|| {
        let parser = || over_arrays([0; 64], [0; 16], [0; 16]);
        let mut target = [0; 64];
        let mut reader = blocking::EventReader::new(stream.as_bytes(), parser(), [0; 32]);
        let mut count = 0;
        while let Some(event) = reader.next().unwrap() {
            let mut writer = blocking::BlockWriter::new(&mut target[..], [0; 64]);
            writer.write(&Block::from(&event)).unwrap();
            count += 1;
        }
        futures_executor::block_on(async {
            let mut reader = asynchronous::EventReader::new(stream.as_bytes(), parser(), [0; 32]);
            while let Some(event) = reader.next().await.unwrap() {
                let mut writer = asynchronous::BlockWriter::new(&mut target[..], [0; 64]);
                writer.write(&Block::from(&event)).await.unwrap();
                count += 1;
            }
        });
        assert_eq!(count, 200);
    });
    // The executor allocates a waker once for each thread.
    assert!(info.count_total <= 1, "{info:?}");
}

#[test]
fn an_error_of_the_source_is_returned_with_its_source_and_nothing_is_lost() {
    let steps = [
        Step::Bytes(b"data: \xE2\x82"),
        Step::Reset,
        Step::Bytes(b"\xAC\n\ndata: too long\n\ndata: 2\n\n"),
    ];
    let parser = || over_arrays([0; 3], [0; 8], [0; 8]);
    let mut reader = blocking::EventReader::new(Script::new(steps), parser(), [0; 64]);
    let mut twin = asynchronous::EventReader::new(Script::new(steps), parser(), [0; 64]);
    macro_rules! both {
        ($check:expr) => {{
            $check(reader.next());
            $check(poll_once(twin.next()).unwrap());
        }};
    }
    type Next<'a> = Result<Option<sse_wire::Event<'a>>, ReadError<Fault>>;
    both!(|next: Next<'_>| {
        let error = next.unwrap_err();
        assert_eq!(error, ReadError::Transport(Fault::Reset));
        assert_eq!(error.source().unwrap().downcast_ref(), Some(&Fault::Reset));
        assert!(error.to_string().starts_with("the stream could not be read; "), "{error}");
    });
    both!(|next: Next<'_>| assert_eq!(next.unwrap().unwrap().data, "\u{20AC}"));
    both!(|next: Next<'_>| {
        let ReadError::Parse(ParseError::Limit(error)) = next.unwrap_err() else { panic!() };
        assert_eq!((error.position(), error.limit()), (11, 3));
    });
    both!(|next: Next<'_>| assert_eq!(next.unwrap().unwrap().data, "2"));
    both!(|next: Next<'_>| assert_eq!(next, Ok(None)));
    assert_eq!((reader.finish(), twin.finish()), (Ok(End::Clean), Ok(End::Clean)));
}

#[test]
fn both_readers_return_owned_events_that_share_their_id() {
    let parser = || over_arrays([0; 64], [0; 8], [0; 16]);
    let stream = &b"id: 7\ndata: 1\ndata: 2\n\nevent: e\ndata: 3\n\n"[..];
    let mut reader = blocking::EventReader::new(stream, parser(), [0; 5]);
    let mut twin = asynchronous::EventReader::new(stream, parser(), [0; 5]);
    let mut lent = blocking::EventReader::new(stream, parser(), [0; 64]);
    let mut last_event_id = None;
    while let Some(event) = reader.next_owned().unwrap() {
        assert_eq!(poll_once(twin.next_owned()).unwrap().unwrap().unwrap(), event);
        assert_eq!(lent.next().unwrap(), Some(event.as_event()));
        let id = last_event_id.get_or_insert_with(|| event.last_event_id.clone());
        assert_eq!((&**id, id.as_ptr()), ("7", event.last_event_id.as_ptr()));
    }
    assert!(last_event_id.is_some());
    assert_eq!(poll_once(twin.next_owned()).unwrap(), Ok(None));
    assert_eq!(lent.next(), Ok(None));
}

#[test]
fn both_readers_return_comments() {
    let parser = || over_arrays([0; 8], [0; 8], [0; 8]);
    let stream = &b": a\n\n"[..];
    let mut reader = blocking::EventReader::new(stream, parser(), [0; 64]);
    let mut items = reader.next_events().unwrap().unwrap();
    assert!(matches!(items.next_item(), Ok(Some(Item::Comment { text: "a", .. }))));
    let mut reader = asynchronous::EventReader::new(stream, parser(), [0; 64]);
    let mut items = poll_once(reader.next_events()).unwrap().unwrap().unwrap();
    assert!(matches!(items.next_item(), Ok(Some(Item::Comment { text: "a", .. }))));
}

#[test]
fn a_last_event_id_can_be_set_and_stays_in_force() {
    let mut parser = over_arrays([0; 8], [0; 8], [0; 16]);
    parser.set_last_event_id("1").unwrap();
    let mut reader = blocking::EventReader::new(&b"data\n\nid: 2\ndata\n\nda"[..], parser, [0; 64]);
    assert_eq!(reader.next().unwrap().unwrap().last_event_id, "1");
    assert_eq!(reader.next().unwrap().unwrap().last_event_id, "2");
    let (_, parser) = reader.into_parts();
    let mut reader = asynchronous::EventReader::new(&b"data\n\n"[..], parser, [0; 64]);
    let event = poll_once(reader.next()).unwrap().unwrap().unwrap();
    assert_eq!((event.last_event_id, event.range), ("2", 0..6));
}

#[test]
fn every_encoder_vector_holds_through_both_writers() {
    let memory = RefCell::new(vec![0; 1 << 20]);
    for case in encoder_cases() {
        with_block(&case, |block, _, _| {
            let mut memory = memory.borrow_mut();
            let mut writer = blocking::BlockWriter::new(Target::new(usize::MAX), &mut memory[..]);
            let written = writer.write(&block);
            assert!(writer.waiting().is_empty());
            let target = writer.into_inner();
            let mut writer =
                asynchronous::BlockWriter::new(Target::new(usize::MAX), &mut memory[..]);
            assert_eq!(poll_once(writer.write(&block)), Some(written), "{}", case.name);
            assert_eq!(writer.get_ref().taken, target.taken, "{}", case.name);
            match &case.expected {
                Ok(bytes) => {
                    assert_eq!(written, Ok(()), "{}", case.name);
                    assert_eq!((&target.taken, &target.writes), (bytes, &vec![bytes.len()]));
                    assert_eq!(target.flushes, 1);
                }
                Err(expected) => {
                    let Err(WriteError::Encode(error)) = written else { panic!() };
                    assert_eq!(names(error), *expected, "{}", case.name);
                    assert_eq!((target.taken.len(), target.flushes), (0, 0));
                }
            }
        });
    }
}

#[test]
fn a_target_that_fails_in_the_middle_of_a_block_loses_nothing() {
    let expected = b"data: 1\n\ndata: 2\n\n";
    for at_once in 1..=expected.len() {
        for fault in [Fault::Reset, Fault::Interrupted] {
            let mut target = Target::new(at_once);
            target.faults = (0..40).map(|n| (n % 2 == 0).then_some(fault)).collect();
            let mut writer = blocking::BlockWriter::new(target, [0; 16]);
            for data in ["1", "2"] {
                let mut written = writer.write(&Block::new().data(data));
                while let Err(error) = written {
                    assert_eq!(error, WriteError::Transport(fault));
                    assert_eq!(error.source().unwrap().downcast_ref(), Some(&fault));
                    assert_eq!(fault, Fault::Reset, "an interruption is not reported");
                    written = writer.flush();
                }
            }
            assert_eq!(writer.get_ref().taken, expected);
        }
    }
}

#[test]
fn a_future_that_is_dropped_in_the_middle_of_a_block_loses_nothing() {
    let expected = b"data: 1\n\ndata: 2\n\n";
    for at_once in 1..=expected.len() {
        let mut target = Target::new(at_once);
        target.faults = (0..40).map(|n| (n % 2 == 0).then_some(Fault::Pause)).collect();
        let mut writer = asynchronous::BlockWriter::new(target, [0; 16]);
        for data in ["1", "2"] {
            let mut written = poll_once(writer.write(&Block::new().data(data)));
            while written.is_none() {
                written = poll_once(writer.flush());
            }
            assert_eq!(written, Some(Ok(())));
        }
        assert_eq!(writer.get_ref().taken, expected);
    }
}

#[test]
fn a_block_that_does_not_fit_writes_nothing_and_unwritten_bytes_take_room() {
    let mut target = Target::new(5);
    target.faults = [None, Some(Fault::Reset)].into();
    let mut writer = blocking::BlockWriter::new(target, [0; 12]);
    assert_eq!(
        writer.write(&Block::new().data("too long")),
        Err(WriteError::Encode(EncodeError::NoRoom { needed: 16 }))
    );
    assert!(writer.write(&Block::new().data("1")).is_err());
    assert_eq!(writer.waiting(), b" 1\n\n");
    let no_room = WriteError::Encode(EncodeError::NoRoom { needed: 9 });
    assert_eq!(writer.write(&Block::new().data("2")), Err(no_room));
    assert_eq!(writer.waiting(), b" 1\n\n");
    writer.flush().unwrap();
    writer.write(&Block::new().data("2")).unwrap();
    assert_eq!(writer.into_inner().taken, b"data: 1\n\ndata: 2\n\n");
}

#[test]
fn a_target_that_takes_no_bytes_is_an_error_and_not_an_endless_loop() {
    let block = Block::new().data("1");
    let mut writer = blocking::BlockWriter::new(Target::new(0), [0; 12]);
    assert_eq!(writer.write(&block), Err(WriteError::WriteZero));
    let mut writer = asynchronous::BlockWriter::new(Target::new(0), [0; 12]);
    assert_eq!(poll_once(writer.write(&block)), Some(Err(WriteError::WriteZero)));
}
