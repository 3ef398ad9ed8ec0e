//! A client that stays connected, without async, with ureq.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin blocking_client http://127.0.0.1:3000/events
//! ```
//!
//! `EventSource` decides whether a response is a stream, when to reconnect, and after which event. For one stream
//! without reconnection, `sse_wire::io::EventReader` over the body is enough.

use std::env;
use std::error::Error;
use std::time::Duration;

use sse_wire::{Incoming, OwnedEvent, blocking::EventSource};
use ureq::Agent;

/// Calls `on_event` for each event until the server ends the stream for good.
fn listen(
    http: &Agent,
    url: &str,
    mut on_event: impl FnMut(OwnedEvent),
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let source = EventSource::new(|attempt| {
        let mut request = http.get(url);
        request.headers_mut().into_iter().for_each(|headers| headers.extend(attempt.headers()));
        request.call().map(|response| response.map(|body| body.into_reader()))
    });
    for item in source {
        match item? {
            Incoming::Event(event) => on_event(event),
            Incoming::Notice(notice) => eprintln!("{notice}"),
        }
    }
    Ok(())
}

/// An HTTP client for event streams.
fn http() -> Agent {
    Agent::config_builder()
        // The source handles all statuses.
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        // Servers usually send something every 15 seconds.
        .timeout_per_read(Some(Duration::from_secs(45)))
        .build()
        .into()
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = env::args().nth(1).ok_or("usage: blocking_client URL")?;
    listen(&http(), &url, |event| {
        println!("{} {} {:?}", event.last_event_id, event.event_type, event.data);
    })
}
