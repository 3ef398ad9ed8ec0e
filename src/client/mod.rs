//! The rules of a connection, which is reestablished after it was lost, without I/O
//! ([9.2.2](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface)
//! to 9.2.4), and the policies around them.

mod action;
mod connection;
mod content_type;
mod delivery;
mod idle;
mod jitter;
mod policy;
mod response;
mod retry_after;
mod rules;

pub use self::action::{Action, Failure, Interruption, Notice, ReadyState};
pub use self::connection::Connection;
pub use self::delivery::ConnectionEvents;
pub use self::idle::Liveness;
pub use self::policy::{Policy, SendAgain, Silence};
pub use self::response::ResponseHead;
