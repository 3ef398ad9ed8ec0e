//! The hub: which subscriber gets which events, once and in order or with a gap; what it retains and what it costs.

#![cfg(feature = "server")]

mod delivery;
mod end;
#[path = "../support/kept.rs"]
mod kept;
mod memory;
mod order;
mod resuming;
mod topics;
mod wakers;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use sse_wire::server::{Hub, Subscriber, Subscription};
use sse_wire::{Block, Parser};
use tokio::runtime::{Builder, Runtime};

/// Polls the body once; `Err` at its end.
fn frame(body: &mut Subscription, waker: &Waker) -> Poll<Result<Bytes, ()>> {
    let frame = Pin::new(body).poll_frame(&mut Context::from_waker(waker));
    frame.map(|frame| match frame {
        Some(frame) => Ok(frame.unwrap().into_data().unwrap()),
        None => Err(()),
    })
}

/// Everything that the body has by now, without keep-alives, and whether it has ended.
fn read(body: &mut Subscription) -> (String, bool) {
    let mut text = String::new();
    loop {
        match frame(body, Waker::noop()) {
            Poll::Ready(Ok(bytes)) => {
                let block = String::from_utf8(bytes.to_vec()).unwrap();
                assert!(block.ends_with("\n\n"), "whole blocks: {block:?}");
                text += if block == ": \n\n" { "" } else { &block };
            }
            Poll::Ready(Err(())) => return (text, true),
            Poll::Pending => return (text, false),
        }
    }
}

fn live(body: &mut Subscription) -> String {
    let (text, ended) = read(body);
    assert!(!ended);
    text
}

/// The `data` of each event.
fn data(text: &str) -> Vec<String> {
    let mut parser = Parser::new();
    let mut events = parser.push(text.as_bytes());
    let mut data = Vec::new();
    while let Some(event) = events.next().unwrap() {
        data.push(event.data.to_owned());
    }
    data
}

fn last_event_id(text: &str) -> String {
    let mut parser = Parser::new();
    let mut items = parser.push(text.as_bytes());
    while items.next_item().unwrap().is_some() {}
    parser.last_event_id().to_owned()
}

fn subscribe<'a>(hub: &Hub, subscriber: impl Into<Subscriber<'a>>) -> Subscription {
    hub.subscribe(subscriber).into_body()
}

fn with_id(id: &str) -> Subscriber<'_> {
    Subscriber::new().or_last_event_id(Some(id))
}

fn publish(hub: &Hub, data: &str) -> String {
    hub.publish(&Block::new().data(data)).unwrap().to_string()
}

const GAP: &str = "event: gap\ndata: events were lost: load the whole state\n\n";

const SECOND: Duration = Duration::from_secs(1);

/// A runtime for properties: its time is paused unless it is advanced.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
