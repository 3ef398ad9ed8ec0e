//! A connection whose writes have to make progress.
//!
//! Implementation notes. The timer runs while a write waits, and only then: the task that writes has
//! its waker in it, so it is polled when the time is up although the transport is still full.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{self, IoSlice};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

pin_project! {
    /// A connection that fails if what is written to it makes no progress for some time.
    ///
    /// A client that stops reading is otherwise kept for ever: the transport is full, so the server
    /// waits, and no longer polls the response's body; so the body can't see it, whatever it checks.
    /// Here the write fails with [`io::ErrorKind::TimedOut`], and the server drops the connection and
    /// with it the body. A client that reads slowly, but reads, is kept.
    ///
    /// It wraps any connection between the socket and the server:
    ///
    /// ```
    /// use std::time::Duration;
    /// use sse_wire::server::WriteTimeout;
    /// use tokio::net::TcpListener;
    ///
    /// # async fn serve(listener: TcpListener) -> std::io::Result<()> {
    /// let (stream, _) = listener.accept().await?;
    /// let stream = WriteTimeout::new(stream, Duration::from_secs(30));
    /// // hyper: http1::Builder::new().serve_connection(TokioIo::new(stream), service)
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// For `axum::serve`, implement `axum::serve::Listener` for a struct around a `TcpListener`, with
    /// `type Io = WriteTimeout<TcpStream>`.
    ///
    /// # What it doesn't see
    ///
    /// - What the kernel takes counts as written. So the time begins when the socket's buffer is full,
    ///   which takes some hundred KiB; a quiet stream never fills it. A machine that has vanished without
    ///   a word is found by TCP itself: within minutes, or after the socket option `TCP_USER_TIMEOUT`.
    /// - Over HTTP/2 many streams share the connection. A stream that the client no longer reads stops
    ///   by its own flow control, while the others, and so the connection, make progress.
    /// - It needs tokio's timer, and has to be polled in a runtime that has time enabled.
    #[derive(Debug)]
    pub struct WriteTimeout<T> {
        #[pin]
        inner: T,
        time: Duration,
        // While a write waits.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<T> WriteTimeout<T> {
    /// Wraps a connection. A write that waits for longer than `time` fails.
    pub const fn new(inner: T, time: Duration) -> Self {
        WriteTimeout { inner, time, timer: None }
    }

    /// The connection.
    pub const fn get_ref(&self) -> &T {
        &self.inner
    }

    /// The connection.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn poll_write_with<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let this = self.project();
        let written = write(this.inner, cx);
        if written.is_ready() {
            *this.timer = None;
            return written;
        }
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(*this.time)));
        timer.as_mut().poll(cx).map(|()| {
            let what = std::format!("the client has taken nothing for {:?}", this.time);
            Err(io::Error::new(io::ErrorKind::TimedOut, what))
        })
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteTimeout<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |inner, cx| inner.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |inner, cx| inner.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_with(cx, |inner, cx| inner.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_with(cx, |inner, cx| inner.poll_shutdown(cx))
    }
}

impl<T: AsyncRead> AsyncRead for WriteTimeout<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().inner.poll_read(cx, into)
    }
}
