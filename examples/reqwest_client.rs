//! A client that connects again, with reqwest and tokio.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin reqwest_client http://127.0.0.1:3000/events
//! ```
//!
//! `Connection` has the rules: which response opens the stream, when to connect again, from which
//! event on. What is left to do here is what it says.

use std::collections::hash_map::RandomState;
use std::env;
use std::error::Error;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use sse_wire::{Action, Connection, Event, Notice, Policy, Silence};
use tokio::time;

/// Reads events until the server wants no more of this client, and says why.
async fn listen(url: &str, mut on_event: impl FnMut(Event<'_>)) -> reqwest::Result<Notice> {
    let client = Client::builder().connect_timeout(Duration::from_secs(10)).build()?;
    // Servers break silence every 15 seconds or so: one that doesn't is gone.
    let silence = Silence { bytes: Some(Duration::from_secs(45)), ..Silence::default() };
    let mut source = Connection::new(Policy { silence, ..Policy::default() }).with_seed(random());
    let start = Instant::now();
    let mut response = None;
    loop {
        let action = source.poll(start.elapsed());
        while let Some(notice) = source.next_notice() {
            match notice {
                Notice::Ended | Notice::Failed(_) => return Ok(notice),
                notice => eprintln!("{notice}"),
            }
        }
        match action {
            Action::Connect => {
                response = None;
                let last_event_id = source.last_event_id_header();
                let mut request = client
                    .get(url)
                    .header("accept", "text/event-stream")
                    .header("cache-control", "no-cache");
                if let Some(id) = last_event_id {
                    // As bytes: an ID may have any characters.
                    request = request.header("last-event-id", id.as_bytes());
                }
                match time::timeout(Duration::from_secs(30), request.send()).await {
                    Ok(Ok(answer)) => {
                        let answer = axum::http::Response::from(answer);
                        source.handle_response(&answer);
                        response = Some(Response::from(answer));
                    }
                    Ok(Err(_)) | Err(_) => _ = source.handle_network_error(),
                }
            }
            Action::Receive { until } => {
                let response: &mut Response = response.as_mut().expect("connected");
                let most =
                    until.map_or(Duration::MAX, |until| until.saturating_sub(start.elapsed()));
                match time::timeout(most, response.chunk()).await {
                    Ok(Ok(Some(chunk))) => {
                        let mut events = source.push(&chunk);
                        loop {
                            match events.next() {
                                Ok(Some(event)) => on_event(event),
                                Ok(None) => break,
                                // An event that is too large; the next one is not.
                                Err(error) => eprintln!("{error}"),
                            }
                        }
                    }
                    Ok(Ok(None)) => _ = source.handle_end(),
                    Ok(Err(_)) => _ = source.handle_network_error(),
                    Err(_) => {} // The time has come that `poll` has named.
                }
            }
            Action::Wait { until } => time::sleep(until.saturating_sub(start.elapsed())).await,
            // There was a notice before.
            Action::Stop => unreachable!(),
        }
    }
}

/// 64 bits that other clients don't have: the standard library's hashes are seeded at random.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("which address? http://…")?;
    let failure = listen(&url, |event| {
        println!("{} {} {:?}", event.last_event_id, event.event_type, event.data);
    });
    eprintln!("{}", failure.await?);
    Ok(())
}
