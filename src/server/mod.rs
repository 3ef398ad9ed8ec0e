//! The server's side of Server-Sent Events, without I/O, runtime or clock: what to answer with,
//! what to replay, when to break a silence.
//!
//! | a server's duty | here |
//! | --- | --- |
//! | the response's head | [`RESPONSE_HEADERS`] |
//! | events into bytes | [`Block`](crate::Block) |
//! | the request's `Last-Event-ID` | [`last_event_id`], [`survives_header`] |
//! | what a client that comes back has missed | `ReplayBuffer` (with `alloc`, where there are atomic pointers) |
//! | a sign of life after silence | [`KeepAlive`] |
//!
//! # A server
//!
//! One publisher, one buffer, and for each client a position in it. This is the loop of one client,
//! with threads; with tasks it is the same, a `Notify` in place of the `Condvar`.
//!
//! ```
//! use std::io::{self, Write};
//! use std::sync::{Condvar, Mutex};
//! use std::time::Instant;
//! use sse_wire::Block;
//! use sse_wire::server::{KeepAlive, RESPONSE_HEADERS, ReplayBuffer, Resume};
//!
//! struct Channel {
//!     begin: Instant,
//!     buffer: Mutex<ReplayBuffer>,
//!     pushed: Condvar,
//! }
//!
//! fn publish(channel: &Channel, id: u64, data: &str) -> io::Result<()> {
//!     let block = Block { id: Some(&id.to_string()), data: Some(data), ..Block::new() };
//!     let mut buffer = channel.buffer.lock().unwrap();
//!     buffer.push(&block, channel.begin.elapsed()).map_err(io::Error::other)?;
//!     channel.pushed.notify_all();
//!     Ok(())
//! }
//!
//! fn serve(channel: &Channel, last_event_id: &str, client: &mut impl Write) -> io::Result<()> {
//!     let now = || channel.begin.elapsed();
//!     for (name, value) in RESPONSE_HEADERS {
//!         write!(client, "{name}: {value}\r\n")?;
//!     }
//!     client.write_all(b"\r\n")?;
//!     let mut keep_alive = KeepAlive::new(now());
//!
//!     let mut buffer = channel.buffer.lock().unwrap();
//!     let mut position = match buffer.resume(last_event_id, now()) {
//!         Resume::UpToDate(position) | Resume::Missed(position) => position,
//!         Resume::New => buffer.end(),
//!         Resume::Gap => buffer.start(), // or a snapshot, and then what comes after it
//!     };
//!     loop {
//!         // A client that is too slow is let go; it may come back.
//!         let mut blocks = buffer.after(position).map_err(io::Error::other)?;
//!         if let Some(block) = blocks.next().cloned() {
//!             position = blocks.position();
//!             drop(buffer); // nobody waits for this client
//!             client.write_all(&block)?;
//!             keep_alive.sent(now());
//!         } else if let Some(block) = keep_alive.due(now()) {
//!             drop(buffer);
//!             let mut comment = Vec::new();
//!             block.encode(&mut comment).map_err(io::Error::other)?;
//!             client.write_all(&comment)?;
//!             keep_alive.sent(now());
//!         } else {
//!             let silence = keep_alive.next_at().saturating_sub(now());
//!             drop(channel.pushed.wait_timeout(buffer, silence).unwrap());
//!         }
//!         buffer = channel.buffer.lock().unwrap();
//!     }
//! }
//!
//! // A client that hangs up after the third event.
//! struct Client(Vec<u8>);
//!
//! impl Write for Client {
//!     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
//!         if self.0.ends_with(b"data: three\n\n") {
//!             return Err(io::ErrorKind::BrokenPipe.into());
//!         }
//!         self.0.write(bytes)
//!     }
//!
//!     fn flush(&mut self) -> io::Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! let channel = Channel {
//!     begin: Instant::now(),
//!     buffer: Mutex::default(),
//!     pushed: Condvar::new(),
//! };
//! publish(&channel, 1, "one")?;
//! publish(&channel, 2, "two")?;
//! let mut client = Client(Vec::new());
//! std::thread::scope(|scope| {
//!     let connection = scope.spawn(|| serve(&channel, "1", &mut client));
//!     publish(&channel, 3, "three").unwrap();
//!     publish(&channel, 4, "four").unwrap();
//!     assert_eq!(connection.join().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
//! });
//! assert!(client.0.ends_with(b"\r\n\r\nid: 2\ndata: two\n\nid: 3\ndata: three\n\n"));
//! # Ok::<(), io::Error>(())
//! ```
//!
//! # What is not here
//!
//! Connections, who may read what, and topics: one buffer is one stream, and a server with many
//! streams has as many buffers.

mod headers;
#[cfg(feature = "server")]
mod hub;
mod keep_alive;
mod last_event_id;
#[cfg(feature = "server")]
pub(crate) mod relay;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod replay;
#[cfg(feature = "server")]
mod silence;
#[cfg(feature = "server")]
mod write_timeout;

pub use headers::RESPONSE_HEADERS;
#[cfg(feature = "server")]
pub use hub::{Counts, Hub, PublishError, Retention, Settings, Subscriber, Subscription};
pub use keep_alive::KeepAlive;
#[cfg(feature = "alloc")]
pub use last_event_id::last_event_id_from_latin1;
pub use last_event_id::{HeaderError, LAST_EVENT_ID, last_event_id, survives_header};
#[cfg(feature = "server")]
pub use relay::EventBody;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use replay::{Blocks, Bounds, Lagged, Position, PushError, ReplayBuffer, Resume};
#[cfg(feature = "server")]
pub use write_timeout::WriteTimeout;
