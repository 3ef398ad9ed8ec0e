//! One stream of events from several servers: for those who outgrow one machine.
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
//! The events are the entries of a Redis Stream, and have their ids, which are in order. Each server
//! reads the stream once, into its hub. So a client that loses one server goes on at another one,
//! after the event that it had last: it misses none and gets none twice.

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
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::streams::{StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, Client, RedisResult};
use sse_wire::Block;
use sse_wire::server::{Hub, LAST_EVENT_ID, Retention, Settings, Subscription};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time;

/// The stream's key in Redis. Its entries have the fields `data` and, optionally, `type`.
const KEY: &str = "events";

/// An entry's id: milliseconds, and a number in them.
type EntryId = (u64, u64);

fn entry_id(text: &str) -> Option<EntryId> {
    let (milliseconds, number) = text.split_once('-')?;
    Some((milliseconds.parse().ok()?, number.parse().ok()?))
}

#[derive(Clone)]
struct Server {
    hub: Hub,
    redis: ConnectionManager,
    /// How many events are kept, here and in Redis.
    history: usize,
    /// Up to where the stream has been read.
    read: watch::Receiver<EntryId>,
}

async fn events(State(mut server): State<Server>, headers: HeaderMap) -> Response<Subscription> {
    // The client may come from a server that has read more than this one, which will be there in a
    // moment. An id that does not come is none of this stream: a gap.
    if let Some(id) = headers.get(LAST_EVENT_ID).and_then(|id| entry_id(id.to_str().ok()?)) {
        _ = time::timeout(Duration::from_secs(5), server.read.wait_for(|read| *read >= id)).await;
    }
    server.hub.subscribe(&headers)
}

async fn publish(State(mut server): State<Server>, data: String) -> (StatusCode, String) {
    let history = StreamMaxlen::Approx(server.history);
    let added: RedisResult<Option<String>> =
        server.redis.xadd_maxlen(KEY, history, "*", &[("data", data)]).await;
    match added {
        Ok(id) => (StatusCode::CREATED, id.unwrap_or_default() + "\n"),
        // It may have been added nevertheless: the answer can be what was lost.
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")),
    }
}

/// Feeds the hub with entries after the one that was read last, waiting for them up to so many
/// milliseconds. Returns how many came.
async fn feed(
    hub: &Hub,
    redis: &mut ConnectionManager,
    last: &mut String,
    wait: usize,
) -> RedisResult<usize> {
    let options = StreamReadOptions::default().count(1000).block(wait);
    let reply: Option<StreamReadReply> = redis.xread_options(&[KEY], &[&*last], &options).await?;
    let entries: Vec<_> =
        reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect();
    if !entries.is_empty() && last != "0-0" {
        // Only the oldest entries are trimmed. As long as the last one that was read is there, none
        // after it can be gone.
        let held: StreamRangeReply = redis.xrange_count(KEY, &*last, &*last, 1).await?;
        if held.ids.is_empty() {
            let hole = "entries were trimmed before they were read; start again";
            return Err((redis::ErrorKind::Client, hole).into());
        }
    }
    for entry in &entries {
        let (event_type, data) = (entry.get::<String>("type"), entry.get::<String>("data"));
        let data = data.unwrap_or_default();
        let event = Block { event_type: event_type.as_deref(), ..Block::new().id(&entry.id) };
        if let Err(error) = hub.publish(&event.data(&data)) {
            eprintln!("{KEY} {} is no event, and left out: {error}", entry.id);
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
    let history = arguments.next().map_or(Ok(10_000), |history| history.parse())?;

    let settings = Settings::from(Retention::new().events(history));
    let hub = Hub::new(settings.own_ids().retry(Duration::from_secs(1)));
    // Reading waits for entries, so it has a connection of its own.
    let patient =
        ConnectionManagerConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
    let mut reader = redis.get_connection_manager_with_config(patient).await?;
    let mut last = String::from("0-0");
    // All that there is, before anybody asks for it.
    while feed(&hub, &mut reader, &mut last, 1).await? > 0 {}
    let (sender, read) = watch::channel(entry_id(&last).unwrap_or_default());

    let redis = redis.get_connection_manager().await?;
    let router = Router::new()
        .route("/events", get(events))
        .route("/publish", post(publish))
        .route("/stats", get(async |State(server): State<Server>| axum_server::stats(&server.hub)))
        .with_state(Server { hub: hub.clone(), redis, history, read });
    let server = axum_server::serve(TcpListener::bind(address).await?, router, hub.clone());
    let following = async {
        loop {
            match feed(&hub, &mut reader, &mut last, 5000).await {
                Ok(_) => _ = sender.send_replace(entry_id(&last).unwrap_or_default()),
                // It can't serve its clients without a hole: they are told of it where they go.
                Err(error) if error.kind() == redis::ErrorKind::Client => return error,
                Err(error) => {
                    eprintln!("Redis: {error}; trying again");
                    time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    };
    tokio::select! {
        result = server => Ok(result?),
        error = following => Err(error.into()),
    }
}
