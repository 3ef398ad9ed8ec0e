//! The server's side of Server-Sent Events: what to answer with, what a client that comes back has
//! missed, when to send a keep-alive.
//!
//! | a server's task | here |
//! | --- | --- |
//! | the response's head | [`RESPONSE_HEADERS`] |
//! | events into bytes | [`Block`](crate::Block) |
//! | the request's `Last-Event-ID` | [`last_event_id`], [`survives_header`] |
//! | a keep-alive after silence | [`KeepAlive`] |
//!
//! Those need no I/O, runtime or clock. With the feature `server`, on tokio's timer:
//!
//! | | |
//! | --- | --- |
//! | a stream for one client, as a response | `sse_wire::response` |
//! | a stream for many clients, who resume | `Hub` |
//! | a connection that fails if the client stops reading | `WriteTimeout` |
//!
//! # What is not here
//!
//! The HTTP server, and who may read what.

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
