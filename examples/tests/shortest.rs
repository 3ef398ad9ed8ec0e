//! The shortest servers: their length, and that they work.

#[path = "../axum_hub.rs"]
#[allow(dead_code)] // Its `main`.
mod axum_hub;
#[path = "../axum_relay.rs"]
#[allow(dead_code)] // Its `main`.
mod axum_relay;

use axum::Router;
use axum::routing::get;
use sse_wire::Parser;
use tokio::net::TcpListener;

/// Returns the lines of a program that are neither empty nor a comment.
fn lines(program: &str) -> usize {
    let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    program.lines().filter(code).count()
}

#[test]
fn a_relay_has_12_lines_and_a_hub_with_resuming_15_at_most() {
    assert!(lines(include_str!("../axum_relay.rs")) <= 12);
    assert!(lines(include_str!("../axum_hub.rs")) <= 15);
}

/// Serves until the test's runtime ends, and returns the address.
async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    format!("http://{address}")
}

struct Client(reqwest::Response, Parser);

impl Client {
    async fn connect(url: &str, last_event_id: &str) -> Self {
        let request = reqwest::Client::new().get(url).header("last-event-id", last_event_id);
        Client(request.send().await.unwrap(), Parser::new())
    }

    /// Returns the ID and the data of the next event.
    async fn next(&mut self) -> (String, String) {
        loop {
            let chunk = self.0.chunk().await.unwrap().expect("the stream continues");
            if let Some(event) = self.1.push(&chunk).next().unwrap() {
                return (event.last_event_id.into(), event.data.into());
            }
        }
    }
}

async fn publish(server: &str, data: &'static str) {
    let request = reqwest::Client::new().post(format!("{server}/publish")).body(data);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_hub_sends_live_events_and_those_that_were_missed() {
    let server = serve(axum_hub::app()).await;
    let url = format!("{server}/events");
    let mut client = Client::connect(&url, "").await;
    publish(&server, "one").await;
    let (id, data) = client.next().await;
    assert_eq!(data, "one");
    drop(client);
    publish(&server, "two").await;
    assert_eq!(Client::connect(&url, &id).await.next().await.1, "two");
}

#[tokio::test]
async fn the_relay_forwards_each_event_as_it_arrives() {
    let server = serve(axum_hub::app()).await;
    let url = format!("{server}/events");
    let app = Router::new().route("/", get(move || axum_relay::relay(url)));
    let mut client = Client::connect(&serve(app).await, "").await;
    for data in ["one", "two"] {
        publish(&server, data).await;
        let (id, relayed) = client.next().await;
        assert_eq!(relayed, data);
        assert!(id.contains('-'), "the id goes with it: {id}");
    }
}
