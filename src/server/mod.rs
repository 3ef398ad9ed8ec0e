//! The server side of Server-Sent Events: response headers, resuming after the last event ID, keep-alives, and, with
//! the feature `server`, responses and a hub.
//!
//! | task | here |
//! | --- | --- |
//! | set the response's headers | [`RESPONSE_HEADERS`] |
//! | encode events | [`Block`](crate::Block) |
//! | read the request's `Last-Event-ID` | [`last_event_id`], [`survives_header`] |
//! | send a keep-alive after silence | [`KeepAlive`] |
//!
//! These need no I/O, runtime, or clock. With the feature `server`, on tokio's timer:
//!
//! | | |
//! | --- | --- |
//! | answer with a stream for one client | `sse_wire::response` |
//! | answer with a stream for many clients, which can resume | `Hub` |
//! | disconnect a client that stops reading | `WriteTimeout` |
//!
//! # What is not included
//!
//! The HTTP server, and access control.

mod headers;
#[cfg(feature = "server")]
mod hub;
mod keep_alive;
mod last_event_id;
#[cfg(feature = "server")]
pub(crate) mod relay;
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
#[cfg(feature = "server")]
pub use write_timeout::WriteTimeout;
