//! A client that connects again, without async, with ureq.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin blocking_client http://127.0.0.1:3000/events
//! ```
//!
//! `Connection` has the rules: which response opens the stream, when to connect again, from which
//! event on. What is left to do here is what it says. For one stream without reconnection,
//! `sse_wire::io::EventReader` over the body is enough.

use std::env;
use std::error::Error;
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use sse_wire::{Action, Connection, Event, Notice, Policy};
use ureq::http::HeaderValue;
use ureq::{Agent, BodyReader};

/// Reads events until the server wants no more of this client, and says why.
fn listen(url: &str, mut on_event: impl FnMut(Event<'_>)) -> Notice {
    let agent: Agent = Agent::config_builder()
        // Which status is an error is for the connection to say.
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        // Servers break silence every 15 seconds or so: this one is gone.
        .timeout_per_read(Some(Duration::from_secs(45)))
        .build()
        .into();
    let mut source = Connection::new(Policy::default());
    let start = Instant::now();
    let mut body: Option<BodyReader<'static>> = None;
    let mut buffer = [0; 16 * 1024];
    loop {
        let action = source.poll(start.elapsed());
        while let Some(notice) = source.next_notice() {
            match notice {
                Notice::Ended | Notice::Failed(_) => return notice,
                notice => eprintln!("{notice}"),
            }
        }
        match action {
            Action::Connect => {
                body = None;
                let last_event_id = source.last_event_id_header();
                let mut request = agent
                    .get(url)
                    .header("accept", "text/event-stream")
                    .header("cache-control", "no-cache");
                // As bytes: an ID may have any characters. One with control characters, which HTTP
                // does not carry, is left out.
                let id = last_event_id.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
                if let Some(id) = id {
                    request = request.header("last-event-id", id);
                }
                match request.call() {
                    Ok(response) => {
                        source.handle_response(&response);
                        body = Some(response.into_body().into_reader());
                    }
                    Err(_) => _ = source.handle_network_error(),
                }
            }
            // There is no time to watch for: the socket's timeout does that.
            Action::Receive { until: _ } => {
                match body.as_mut().expect("connected").read(&mut buffer) {
                    Ok(0) => _ = source.handle_end(),
                    Ok(len) => {
                        let mut events = source.push(&buffer[..len]);
                        loop {
                            match events.next() {
                                Ok(Some(event)) => on_event(event),
                                Ok(None) => break,
                                // An event that is too large; the next one is not.
                                Err(error) => eprintln!("{error}"),
                            }
                        }
                    }
                    Err(_) => _ = source.handle_network_error(),
                }
            }
            Action::Wait { until } => thread::sleep(until.saturating_sub(start.elapsed())),
            // There was a notice before.
            Action::Stop => unreachable!(),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("which address? http://…")?;
    let failure = listen(&url, |event| {
        println!("{} {} {:?}", event.last_event_id, event.event_type, event.data);
    });
    eprintln!("{failure}");
    Ok(())
}
