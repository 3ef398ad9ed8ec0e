//! A client that stays connected, without async, with ureq.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin blocking_client http://127.0.0.1:3000/events
//! ```
//!
//! `EventSource` decides which response is a stream, when to connect again, and from which event on. For one stream
//! without reconnection, `sse_wire::io::EventReader` over the body is enough.

use std::env;
use std::error::Error;
use std::time::Duration;

use sse_wire::{Incoming, OwnedEvent, blocking::EventSource};
use ureq::Agent;

/// Gives each event to `on_event`, until the server wants no more of this client.
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
        // Which status is an error is for the source to decide.
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        // Servers send something every 15 seconds or so: one that doesn't is gone.
        .timeout_per_read(Some(Duration::from_secs(45)))
        .build()
        .into()
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = env::args().nth(1).ok_or("which address? http://…")?;
    listen(&http(), &url, |event| {
        println!("{} {} {:?}", event.last_event_id, event.event_type, event.data);
    })
}
