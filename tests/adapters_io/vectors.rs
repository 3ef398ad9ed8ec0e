//! The vectors through a reader.

use std::io;

use sse_wire::io::EventReader;
use sse_wire::{End, Item, ParseError, Parser, ReadError, Refused, Storage};

use crate::support::script::{Fault, ReadItem, Script, collect};
use crate::support::{
    AMPLE, Decoded, Driver, FixedDriver, check_decoder_vectors, growable, milliseconds, seeded,
    values,
};

#[derive(Clone, Copy)]
enum Way {
    Next,
    OwnedEvents,
    Events,
    Items,
}

fn fault(error: &ReadError<io::Error>) -> Result<ParseError, Fault> {
    match error {
        ReadError::Parse(error) => Ok(*error),
        ReadError::Transport(error) => Err(error.into()),
    }
}

fn decode<S: Storage>(parser: Parser<S>, way: Way, buffer: usize, chunks: &[&[u8]]) -> Decoded {
    let mut reader = EventReader::with_buffer(Script::of(chunks), parser, vec![0; buffer]);
    let mut comments = Vec::new();
    let mut decoded = collect(|| match way {
        Way::Next => ReadItem::of(reader.next(), |error| fault(&error)),
        Way::OwnedEvents => match reader.owned_events().next() {
            Some(event) => {
                let event = event.as_ref().map(|event| Some(event.as_event()));
                ReadItem::of(event, fault)
            }
            None => ReadItem::End,
        },
        // Cursors that are dropped after each event.
        Way::Events => loop {
            match reader.next_events() {
                Ok(Some(mut events)) => match events.next() {
                    Ok(None) => {}
                    Ok(Some(event)) => return ReadItem::Event(values(&event)),
                    Err(_) => return ReadItem::Refused,
                },
                Ok(None) => return ReadItem::End,
                Err(error) => return ReadItem::of(Err(error), |error| Err((&error).into())),
            }
        },
        Way::Items => loop {
            match reader.next_events() {
                Ok(Some(mut items)) => match items.next_item() {
                    Ok(Some(Item::Event(event))) => return ReadItem::Event(values(&event)),
                    Ok(Some(Item::Comment { text, .. })) => comments.push(text.to_owned()),
                    Ok(_) => {}
                    Err(ParseError::Limit(error)) if error.refused() == Refused::Comment => {}
                    Err(_) => return ReadItem::Refused,
                },
                Ok(None) => return ReadItem::End,
                Err(error) => return ReadItem::of(Err(error), |error| Err((&error).into())),
            }
        },
    });
    decoded.comments = matches!(way, Way::Items).then_some(comments);
    decoded.clean = matches!(reader.finish().unwrap(), End::Clean);
    decoded.last_event_id = reader.last_event_id().to_owned();
    decoded.retry = reader.reconnection_time().map(milliseconds);
    decoded
}

struct ReaderDriver {
    name: &'static str,
    way: Way,
    buffer: usize,
    fixed: Option<FixedDriver>,
}

impl Driver for ReaderDriver {
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
                let parser = seeded(fixed.parser(limit.unwrap_or(AMPLE)), last_event_id);
                decode(parser, self.way, self.buffer, chunks)
            }
            None => {
                let parser = seeded(growable(limit), last_event_id);
                decode(parser, self.way, self.buffer, chunks)
            }
        }
    }
}

#[test]
fn every_decoder_vector_holds_through_a_reader_that_is_blocked_after_each_chunk() {
    let driver = |name, way, buffer| -> Box<dyn Driver> {
        Box::new(ReaderDriver { name, way, buffer, fixed: None })
    };
    let fixed = Some(FixedDriver::new(crate::support::Way::Push, ""));
    check_decoder_vectors(&mut [
        driver("next", Way::Next, 256),
        driver("next, 3 bytes a read", Way::Next, 3),
        driver("owned events", Way::OwnedEvents, 64),
        driver("events", Way::Events, 256),
        driver("items", Way::Items, 256),
        Box::new(ReaderDriver { name: "fixed arrays", way: Way::Next, buffer: 100, fixed }),
    ]);
}
