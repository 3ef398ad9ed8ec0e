//! The server's side of Server-Sent Events, without I/O, runtime or clock: what to answer with,
//! when to break a silence.
//!
//! | a server's duty | here |
//! | --- | --- |
//! | the response's head | [`RESPONSE_HEADERS`] |
//! | events into bytes | [`Block`](crate::Block) |
//! | the request's `Last-Event-ID` | [`last_event_id`], [`survives_header`] |
//! | a sign of life after silence | [`KeepAlive`] |
//!
//! # What is not here
//!
//! Connections, who may read what.

mod headers;
mod keep_alive;
mod last_event_id;

pub use headers::{CACHE_CONTROL, CONTENT_TYPE, RESPONSE_HEADERS, X_ACCEL_BUFFERING};
pub use keep_alive::KeepAlive;
#[cfg(feature = "alloc")]
pub use last_event_id::last_event_id_from_latin1;
pub use last_event_id::{HeaderError, LAST_EVENT_ID, last_event_id, survives_header};
