//! A client that stays connected, with reqwest and tokio.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin reqwest_client http://127.0.0.1:3000/events
//! ```
//!
//! `EventSource` decides whether a response is a stream, when to reconnect, and after which event. The function `http`
//! has the settings of reqwest for it.

use std::env;
use std::error::Error;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use sse_wire::{EventSource, Incoming, OwnedEvent};

/// Calls `on_event` for each event until the server ends the stream for good.
pub async fn listen(
    http: &Client,
    url: &str,
    mut on_event: impl FnMut(OwnedEvent),
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut source = EventSource::new(|attempt| http.get(url).headers(attempt.headers()).send());
    while let Some(item) = source.next().await {
        match item? {
            Incoming::Event(event) => on_event(event),
            Incoming::Notice(notice) => eprintln!("{notice}"),
        }
    }
    Ok(())
}

/// An HTTP client for event streams.
pub fn http() -> reqwest::Result<Client> {
    Client::builder()
        // The address may have tokens that other servers must not see.
        .referer(false)
        // This client's headers are not sent to another server, nor over http after https.
        .redirect(Policy::custom(|redirect| {
            let from = redirect.previous().last().map(|url| url.origin());
            match redirect.previous().len() {
                0..10 if from == Some(redirect.url().origin()) => redirect.follow(),
                _ => redirect.stop(),
            }
        }))
        .connect_timeout(Duration::from_secs(10))
        // Servers usually send something every 15 seconds. Don't set `timeout`, which would end each stream.
        .read_timeout(Duration::from_secs(45))
        .build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = env::args().nth(1).ok_or("usage: reqwest_client URL")?;
    let http = http()?;
    listen(&http, &url, |event| {
        println!("{} {} {:?}", event.last_event_id, event.event_type, event.data);
    })
    .await
}
