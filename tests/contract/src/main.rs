//! The test service for [sse-contract-tests](https://github.com/launchdarkly/sse-contract-tests): it starts the
//! streams that the suite requests, and reports their events and errors.
//!
//! ```sh
//! cargo run -p contract -- ready 127.0.0.1:8000 &   # or `rules`, or `shim`
//! sse-contract-tests -url http://127.0.0.1:8000
//! ```
//!
//! `ready` is `EventSource`, `rules` is a driver of `Connection`, and `shim` is the API of reqwest-eventsource over
//! this crate, as in `docs/migration.md`.

mod ready;
mod rules;
mod shim;

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::LOCATION};
use axum::routing::{delete, get};
use axum::{Json, Router};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use sse_wire::{Parser, Policy, Silence};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The suite's request for a stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    stream_url: String,
    callback_url: String,
    initial_delay_ms: Option<u64>,
    read_timeout_ms: Option<u64>,
    last_event_id: Option<String>,
    #[serde(default)]
    headers: HashMap<String, String>,
    method: Option<String>,
    body: Option<String>,
}

/// A stream that the suite requests, and how to report its events.
struct Stream {
    http: reqwest::Client,
    wanted: Wanted,
    reports: u32,
    /// Each message requests a reconnection.
    restarts: mpsc::UnboundedReceiver<()>,
}

impl Stream {
    fn request(&self) -> RequestBuilder {
        let method = self.wanted.method.as_deref().unwrap_or("GET");
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let headers: HeaderMap = self
            .wanted
            .headers
            .iter()
            .filter_map(|(name, value)| {
                Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
            })
            .collect();
        let request = self.http.request(method, &self.wanted.stream_url).headers(headers);
        request.body(self.wanted.body.clone().unwrap_or_default())
    }

    fn policy(&self) -> Policy {
        let time = |milliseconds: Option<u64>| milliseconds.map(Duration::from_millis);
        let delay = time(self.wanted.initial_delay_ms);
        let bytes = time(self.wanted.read_timeout_ms);
        Policy {
            reconnection_time: delay.unwrap_or(Duration::from_secs(3)),
            // The suite requests a shorter one.
            floor: Duration::ZERO,
            silence: Silence { bytes, ..Silence::default() },
            ..Policy::default()
        }
    }

    fn parser(&self) -> Parser {
        let mut parser = Parser::new();
        if let Some(id) = &self.wanted.last_event_id {
            parser.set_last_event_id(id).expect("the suite sends an ID");
        }
        parser
    }

    async fn report(&mut self, message: Value) {
        self.reports += 1;
        let url = format!("{}/{}", self.wanted.callback_url, self.reports);
        _ = self.http.post(url).json(&message).send().await;
    }

    async fn report_event(&mut self, event_type: &str, data: &str, id: &str) {
        let event = json!({"type": event_type, "data": data, "id": id});
        self.report(json!({"kind": "event", "event": event})).await;
    }

    async fn report_comment(&mut self, text: &str) {
        self.report(json!({"kind": "comment", "comment": text})).await;
    }

    async fn report_error(&mut self, error: &str) {
        self.report(json!({"kind": "error", "error": error})).await;
    }
}

#[derive(Clone, Copy)]
enum Client {
    Ready,
    Rules,
    Shim,
}

struct Service {
    client: Client,
    http: reqwest::Client,
    streams: Mutex<HashMap<usize, (AbortHandle, mpsc::UnboundedSender<()>)>>,
}

async fn create(
    State(service): State<Arc<Service>>,
    Json(wanted): Json<Wanted>,
) -> (StatusCode, [(HeaderName, String); 1]) {
    let (restart, restarts) = mpsc::unbounded_channel();
    let stream = Stream { http: service.http.clone(), wanted, reports: 0, restarts };
    let task = match service.client {
        Client::Ready => tokio::spawn(ready::run(stream)),
        Client::Rules => tokio::spawn(rules::run(stream)),
        Client::Shim => tokio::spawn(shim::run(stream)),
    };
    let mut streams = service.streams.lock().expect("no panic");
    let number = streams.len();
    streams.insert(number, (task.abort_handle(), restart));
    (StatusCode::CREATED, [(LOCATION, format!("/streams/{number}"))])
}

async fn command(
    State(service): State<Arc<Service>>,
    Path(number): Path<usize>,
    Json(command): Json<Value>,
) -> StatusCode {
    let streams = service.streams.lock().expect("no panic");
    match (streams.get(&number), command["command"].as_str()) {
        (None, _) => StatusCode::NOT_FOUND,
        (Some((_, restart)), Some("restart")) => {
            _ = restart.send(());
            StatusCode::ACCEPTED
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

async fn close(State(service): State<Arc<Service>>, Path(number): Path<usize>) -> StatusCode {
    match service.streams.lock().expect("no panic").get(&number) {
        Some((task, _)) => {
            task.abort();
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let client = match arguments.next().as_deref() {
        Some("ready") => Client::Ready,
        Some("rules") => Client::Rules,
        Some("shim") => Client::Shim,
        _ => return Err("which client? ready, rules or shim".into()),
    };
    let capabilities: &[&str] = match client {
        Client::Ready | Client::Rules => &[
            "bom",
            "comments",
            "headers",
            "last-event-id",
            "post",
            "read-timeout",
            "report",
            "restart",
            "server-directed-shutdown-request",
        ],
        // The capabilities of reqwest-eventsource.
        Client::Shim => &["bom", "headers", "post", "report", "server-directed-shutdown-request"],
    };
    let listener =
        TcpListener::bind(arguments.next().as_deref().unwrap_or("127.0.0.1:8000")).await?;
    let http = reqwest::Client::builder().no_proxy().referer(false).build()?;
    let streams = Mutex::default();
    let service = Arc::new(Service { client, http, streams });
    let status = move || async move { Json(json!({"capabilities": capabilities})) };
    let app = Router::new()
        .route("/", get(status).post(create))
        .route("/streams/{number}", delete(close).post(command))
        .with_state(service);
    axum::serve(listener, app).await?;
    Ok(())
}
