//! A stream of ready chunks for the parsers that pull: polled by hand, no runtime.

use std::cell::Cell;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;

use crate::input::Part;

/// The chunks of one pass. It says `Pending` behind them and goes on with the next pass, so that a
/// parser that owns it can live on.
pub struct Feed<C> {
    left: Rc<Cell<Part>>,
    chunk: PhantomData<fn() -> C>,
}

/// Where a pass is put in.
pub struct Supply(Rc<Cell<Part>>);

impl Supply {
    pub fn new<C: Chunk>() -> (Self, Feed<C>) {
        let left = Rc::new(Cell::new(Part { stream: &[], chunk_size: 1, bytes: &[] }));
        (Supply(Rc::clone(&left)), Feed { left, chunk: PhantomData })
    }

    pub fn put(&self, part: Part) {
        self.0.set(part);
    }
}

/// What a chunk can be.
pub trait Chunk: Sized {
    /// Takes the first chunk off.
    fn next(part: &mut Part) -> Option<Self>;
}

impl Chunk for &'static [u8] {
    #[inline]
    fn next(part: &mut Part) -> Option<Self> {
        let (chunk, rest) = part.stream.split_at(part.chunk_size.min(part.stream.len()));
        part.stream = rest;
        (!chunk.is_empty()).then_some(chunk)
    }
}

impl Chunk for Bytes {
    #[inline]
    fn next(part: &mut Part) -> Option<Self> {
        let (chunk, rest) = part.bytes.split_first()?;
        part.bytes = rest;
        Some(chunk.clone())
    }
}

impl<C: Chunk> Stream for Feed<C> {
    type Item = Result<C, Infallible>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut part = self.left.get();
        let chunk = C::next(&mut part);
        self.left.set(part);
        chunk.map_or(Poll::Pending, |chunk| Poll::Ready(Some(Ok(chunk))))
    }
}

/// Polls until nothing is ready.
#[inline]
pub fn poll_all<S: Stream>(mut stream: Pin<&mut S>, mut see: impl FnMut(S::Item)) {
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        see(item);
    }
}
