//! A connection whose writes have to make progress.

#![cfg(feature = "server")]

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use sse_wire::server::WriteTimeout;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use tokio::time::{Instant, advance, timeout};

const TIME: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn a_write_that_makes_no_progress_for_the_time_fails_and_not_before() {
    let (server, _client) = duplex(10);
    let mut server = WriteTimeout::new(server, TIME);
    server.write_all(b"0123456789").await.unwrap();
    advance(10 * TIME).await;
    let start = Instant::now();
    let error = server.write_all(b"x").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(error.to_string().contains("30s"), "{error}");
    let waited = start.elapsed();
    assert!(waited >= TIME && waited < TIME + Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_kept() {
    let (server, mut client) = duplex(1);
    let mut server = WriteTimeout::new(server, TIME);
    let writer = tokio::spawn(async move { server.write_all(&[b'x'; 100]).await });
    for _ in 0..100 {
        advance(TIME - Duration::from_secs(1)).await;
        client.read_u8().await.unwrap();
    }
    writer.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_writes_stays_open_and_can_be_read() {
    let (server, mut client) = duplex(10);
    let mut server = WriteTimeout::new(server, TIME);
    assert!(timeout(10 * TIME, server.read_u8()).await.is_err(), "only a write has a time");
    client.write_all(b"x").await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'x');
    server.write_all(b"x").await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), b'x');
}

/// A transport that is never ready, and records which method was called.
struct Stuck(&'static str);

impl Stuck {
    fn called<R>(mut self: Pin<&mut Self>, what: &'static str) -> Poll<io::Result<R>> {
        self.0 = what;
        Poll::Pending
    }
}

impl AsyncRead for Stuck {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.called("read")
    }
}

impl AsyncWrite for Stuck {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        self.called("write")
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.called("write_vectored")
    }
    fn is_write_vectored(&self) -> bool {
        self.0 != "not vectored"
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.called("flush")
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.called("shutdown")
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_write_has_the_timeout_and_calls_its_counterpart() {
    for what in ["write", "write_vectored", "flush", "shutdown"] {
        let mut stream = WriteTimeout::new(Stuck(""), TIME);
        assert!(stream.is_write_vectored(), "or each piece would be copied");
        assert!(!WriteTimeout::new(Stuck("not vectored"), TIME).is_write_vectored());
        let done = poll_fn(|cx| {
            let stream = Pin::new(&mut stream);
            match what {
                "write" => stream.poll_write(cx, b"x").map_ok(|_| ()),
                "write_vectored" => {
                    stream.poll_write_vectored(cx, &[IoSlice::new(b"x")]).map_ok(|_| ())
                }
                "flush" => stream.poll_flush(cx),
                _ => stream.poll_shutdown(cx),
            }
        });
        assert_eq!(done.await.unwrap_err().kind(), io::ErrorKind::TimedOut, "{what}");
        assert_eq!(stream.get_ref().0, what);
    }
}
