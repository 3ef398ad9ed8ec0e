//! One stream of events from several servers, for more clients than one machine can serve.
//!
//! ```sh
//! redis-server &
//! cargo run -p sse-wire-examples --bin redis_server redis://127.0.0.1 127.0.0.1:3001 &
//! cargo run -p sse-wire-examples --bin redis_server redis://127.0.0.1 127.0.0.1:3002 &
//! nginx -c "$PWD/examples/redis_nginx.conf"
//!
//! curl -N http://127.0.0.1:3000/events
//! curl --data "hello" http://127.0.0.1:3000/publish
//! ```
//!
//! The events are the entries of a Redis Stream, with its IDs. Each server reads the stream into its hub. So a client
//! that loses its server resumes at another one after its last event, and gets every event exactly once.

#[path = "axum_server.rs"]
#[allow(dead_code)] // Its `main`.
mod axum_server;

use std::env;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use redis::aio::ConnectionManager;
use redis::streams::{StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, Client, RedisResult};
use sse_wire::Block;
use sse_wire::server::{Hub, Settings, Subscription};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// The stream's key in Redis. The field `data` of an entry is the event's data.
const KEY: &str = "events";

type Server = State<(Hub, ConnectionManager)>;

async fn events(State((hub, _)): Server, headers: HeaderMap) -> Response<Subscription> {
    // The client may come from a server that has read more than this one.
    hub.wait_for(&headers, Duration::from_secs(2)).await;
    hub.subscribe(&headers)
}

async fn publish(State((_, mut redis)): Server, data: String) -> (StatusCode, String) {
    let (history, data) = (StreamMaxlen::Approx(10_000), [("data", data)]);
    let id: RedisResult<Option<String>> = redis.xadd_maxlen(KEY, history, "*", &data).await;
    match id {
        Ok(id) => (StatusCode::CREATED, id.unwrap_or_default() + "\n"),
        // It may have been added anyway, if only the answer was lost.
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")),
    }
}

/// Publishes the entries after `last` to the hub, if any arrive soon. Returns how many.
async fn feed(hub: &Hub, redis: &mut ConnectionManager, last: &mut String) -> RedisResult<usize> {
    let options = StreamReadOptions::default().count(1000).block(200);
    let reply: Option<StreamReadReply> = redis.xread_options(&[KEY], &[&*last], &options).await?;
    let keys = reply.into_iter().flat_map(|reply| reply.keys);
    let entries: Vec<_> = keys.flat_map(|key| key.ids).collect();
    if !entries.is_empty() && last != "0-0" {
        // Redis trims the oldest entries. While it has the last one that was read, it has all later ones.
        let held: StreamRangeReply = redis.xrange_count(KEY, &*last, &*last, 1).await?;
        if held.ids.is_empty() {
            hub.gap();
        }
    }
    for entry in &entries {
        let data: String = entry.get("data").unwrap_or_default();
        if let Err(error) = hub.publish(&Block::new().id(&entry.id).data(&data)) {
            eprintln!("{KEY} {} was skipped: {error}", entry.id);
        }
        last.clone_from(&entry.id);
    }
    Ok(entries.len())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let redis = Client::open(arguments.next().unwrap_or("redis://127.0.0.1".into()))?;
    let address = arguments.next().unwrap_or("127.0.0.1:3001".into());

    let hub = Hub::new(Settings::new().own_ids().retry(Duration::from_secs(1)));
    let (publisher, mut last) = (hub.clone(), String::from("0-0"));
    // Reading waits for entries, so it has a separate connection.
    let mut reader = redis.get_connection_manager().await?;
    // Reads everything before the first request.
    while feed(&hub, &mut reader, &mut last).await? > 0 {}
    tokio::spawn(async move {
        loop {
            if let Err(error) = feed(&publisher, &mut reader, &mut last).await {
                eprintln!("Redis: {error}; retrying");
                sleep(Duration::from_secs(1)).await;
            }
        }
    });

    let stats = async |State((hub, _)): Server| axum_server::stats(&hub);
    let router = Router::new()
        .route("/events", get(events))
        .route("/publish", post(publish))
        .route("/stats", get(stats))
        .with_state((hub.clone(), redis.get_connection_manager().await?));
    Ok(axum_server::serve(TcpListener::bind(address).await?, router, hub).await?)
}
