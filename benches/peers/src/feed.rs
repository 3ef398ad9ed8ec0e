//! Chunks that are always ready: a source for parsers that read, and a stream for those that pull. It is polled without a
//! runtime.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use tokio::io::{AsyncRead, ReadBuf};

use crate::input::Part;

/// The chunks of one pass. After them it returns `Pending`, and continues with the next pass, so that a parser that owns
/// it can be reused.
pub struct Feed<C> {
    left: Rc<Cell<Part>>,
    chunk: PhantomData<fn() -> C>,
}

/// The input of a pass.
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

/// The type of a chunk.
pub trait Chunk: Sized {
    /// Removes the first chunk.
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

/// Polls until the stream is pending.
#[inline]
pub fn poll_all<S: Stream>(mut stream: Pin<&mut S>, mut see: impl FnMut(S::Item)) {
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        see(item);
    }
}

/// A source that returns a chunk at each read.
pub struct Source(pub Part);

impl Source {
    pub const EMPTY: Self = Source(Part { stream: &[], chunk_size: 1, bytes: &[] });
}

impl io::Read for Source {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.0.chunk_size.min(self.0.stream.len()).min(buffer.len());
        let (chunk, rest) = self.0.stream.split_at(len);
        buffer[..len].copy_from_slice(chunk);
        self.0.stream = rest;
        Ok(len)
    }
}

impl embedded_io::ErrorType for Source {
    type Error = Infallible;
}

impl embedded_io::Read for Source {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(io::Read::read(self, buffer).expect("a slice has no errors"))
    }
}

impl embedded_io_async::Read for Source {
    #[inline]
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        embedded_io::Read::read(self, buffer)
    }
}

impl AsyncRead for Source {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = self.0.chunk_size.min(self.0.stream.len()).min(buffer.remaining());
        if len == 0 {
            return Poll::Pending;
        }
        let (chunk, rest) = self.0.stream.split_at(len);
        buffer.put_slice(chunk);
        self.0.stream = rest;
        Poll::Ready(Ok(()))
    }
}
