//! A connection whose writes have to make progress.
//!
//! Implementation notes. The timer runs only while a write waits. It has the waker of the writing task, so the task is
//! polled when the time is up, even if the transport is still full.

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
    /// A connection whose writes fail if they make no progress for some time.
    ///
    /// Without it, a client that stops reading stays connected forever: the transport is full, so the server waits and
    /// no longer polls the response's body, and the body can't detect that. With it, the write fails with
    /// [`io::ErrorKind::TimedOut`], and the server drops the connection and the body. A client that reads slowly stays
    /// connected.
    ///
    /// Put it between the socket and the server:
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
    /// # What it does not detect
    ///
    /// - Bytes that the kernel takes count as written. So the time starts when the socket's buffer is full, after a
    ///   few hundred KiB; a quiet stream never fills it. TCP itself detects a machine that is unreachable, within
    ///   minutes or after the socket option `TCP_USER_TIMEOUT`.
    /// - In HTTP/2 many streams share the connection. Flow control stops a stream that the client no longer reads,
    ///   while the others, and so the connection, make progress.
    ///
    /// # Panics
    ///
    /// A write that has to wait panics outside a tokio runtime with time enabled.
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
    /// Wraps a connection. A write that waits longer than `time` fails.
    pub const fn new(inner: T, time: Duration) -> Self {
        WriteTimeout { inner, time, timer: None }
    }

    /// Returns the connection.
    pub const fn get_ref(&self) -> &T {
        &self.inner
    }

    /// Returns the connection.
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
