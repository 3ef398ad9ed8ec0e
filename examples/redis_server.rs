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
//! The events are the entries of a Redis Stream, and have their IDs, which are in order. Each server
//! reads the stream once, into a buffer, and serves its clients from there, as `axum_server.rs`
//! does: that part is taken from it. So a client that loses one server goes on at another one,
//! behind the event that it had last: it misses none and gets none twice.

#[path = "axum_server.rs"]
#[allow(dead_code)] // Its `main`, and how it publishes.
mod axum_server;

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_server::Channel;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::streams::{
    StreamId, StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply,
};
use redis::{AsyncCommands, Client, RedisResult};
use sse_wire::Block;
use sse_wire::server::{Bounds, LAST_EVENT_ID};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time;

/// The stream's key in Redis. Its entries have the fields `data` and, if they like, `type`.
const KEY: &str = "events";

/// An entry's ID: milliseconds, and a number in them.
type EntryId = (u64, u64);

fn entry_id(text: &str) -> Option<EntryId> {
    let (milliseconds, number) = text.split_once('-')?;
    Some((milliseconds.parse().ok()?, number.parse().ok()?))
}

struct Server {
    channel: Arc<Channel>,
    redis: ConnectionManager,
    /// How many events are kept, here and in Redis.
    history: usize,
    /// Up to where this server has read the stream.
    read: watch::Receiver<EntryId>,
}

async fn events(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    // The client may come from a server that has read more than this one, which will be there in a
    // moment. An ID that does not come is none of this stream, and is answered as one.
    let id = headers.get(LAST_EVENT_ID).and_then(|id| entry_id(id.to_str().ok()?));
    if let Some(id) = id {
        let mut read = server.read.clone();
        _ = time::timeout(Duration::from_secs(5), read.wait_for(|read| *read >= id)).await;
    }
    server.channel.respond(&headers)
}

async fn publish(State(server): State<Arc<Server>>, data: String) -> Response {
    let history = StreamMaxlen::Approx(server.history);
    let mut redis = server.redis.clone();
    let added: RedisResult<Option<String>> =
        redis.xadd_maxlen(KEY, history, "*", &[("data", data)]).await;
    match added {
        Ok(id) => (StatusCode::CREATED, id.unwrap_or_default() + "\n").into_response(),
        // It may have been added nevertheless: the answer can be what was lost.
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

/// Reads the stream into a channel.
struct Follower {
    redis: ConnectionManager,
    channel: Arc<Channel>,
    /// The last entry that was read.
    last: String,
    read: watch::Sender<EntryId>,
}

impl Follower {
    /// Waits up to so many milliseconds for entries, and says how many came.
    async fn read(&mut self, wait: usize) -> RedisResult<usize> {
        let options = StreamReadOptions::default().count(1000).block(wait);
        let reply: Option<StreamReadReply> =
            self.redis.xread_options(&[KEY], &[&self.last], &options).await?;
        let entries: Vec<StreamId> =
            reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect();
        if !entries.is_empty() && self.last != "0-0" {
            // Only the oldest entries are trimmed. As long as the last one that was read is there,
            // none behind it can be gone.
            let last: StreamRangeReply =
                self.redis.xrange_count(KEY, &self.last, &self.last, 1).await?;
            if last.ids.is_empty() {
                let hole = "entries were trimmed before they were read; start again";
                return Err((redis::ErrorKind::Client, hole).into());
            }
        }
        for entry in &entries {
            let (kind, data) = (entry.get::<String>("type"), entry.get::<String>("data"));
            let data = data.unwrap_or_default();
            let mut event = Block::new().id(&entry.id).data(&data);
            event.event_type = kind.as_deref();
            if let Err(error) = self.channel.send(&event) {
                eprintln!("{KEY} {} is no event, and passed over: {error}", entry.id);
            }
            self.last.clone_from(&entry.id);
        }
        self.read.send_replace(entry_id(&self.last).unwrap_or_default());
        Ok(entries.len())
    }

    /// Follows the stream until it can't be followed without a hole. Then this server can't serve
    /// its clients: it ends, and they are told of the gap when they come back.
    async fn follow(&mut self) -> redis::RedisError {
        loop {
            match self.read(5000).await {
                Ok(_) => {}
                Err(error) if error.kind() == redis::ErrorKind::Client => return error,
                Err(error) => {
                    eprintln!("Redis: {error}; trying again");
                    time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let redis = Client::open(arguments.next().unwrap_or("redis://127.0.0.1".into()))?;
    let address = arguments.next().unwrap_or("127.0.0.1:3001".into());
    let history = arguments.next().map_or(Ok(10_000), |history| history.parse())?;

    let channel = Channel::new(Bounds::new().blocks(history));
    let (sender, read) = watch::channel((0, 0));
    // Reading waits for entries, so it has a connection of its own.
    let patient =
        ConnectionManagerConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
    let mut follower = Follower {
        redis: redis.get_connection_manager_with_config(patient).await?,
        channel: channel.clone(),
        last: "0-0".into(),
        read: sender,
    };
    // All that there is, before anybody asks for it.
    while follower.read(1).await? > 0 {}

    let redis = redis.get_connection_manager().await?;
    let server = Arc::new(Server { channel: channel.clone(), redis, history, read });
    let router = Router::new()
        .route("/events", get(events))
        .route("/publish", post(publish))
        .route("/stats", get(async |State(server): State<Arc<Server>>| server.channel.stats()))
        .with_state(server);
    let listener = TcpListener::bind(address).await?;
    tokio::select! {
        result = axum_server::serve(listener, router, channel) => Ok(result?),
        error = follower.follow() => Err(error.into()),
    }
}
