//! Two servers of `examples/redis_server.rs` behind nginx, with its configuration from `examples/`: clients get the
//! same events whichever server they are connected to, and however often they lose it.
//!
//! It needs the programs `redis-server` and `nginx`, which `.ci/install redis-server nginx` installs on Debian; then
//! `cargo test -p sse-wire-examples --test redis_cluster -- --ignored` runs the tests.
#![cfg(unix)]

#[path = "support/example.rs"]
mod example;

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use example::{PATIENCE, Process, start};
use redis::Commands;
use redis::streams::StreamMaxlen;
use sse_wire::io::EventReader;
use ureq::BodyReader;

/// A temporary directory, and a Redis whose socket and data are in it.
struct Redis {
    connection: redis::Connection,
    url: String,
    directory: PathBuf,
    _process: Process,
}

impl Redis {
    fn start(name: &str) -> Redis {
        let name = format!("sse-wire-{name}-{}", std::process::id());
        let directory = env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let socket = directory.join("redis.sock");
        let mut process = Process::start(
            Command::new("redis-server")
                .args(["--port", "0", "--save", "", "--unixsocket"])
                .arg(&socket)
                .arg("--dir")
                .arg(&directory)
                .stdout(Stdio::piped()),
        );
        process.line_with("eady to accept connections");
        let url = format!("redis+unix://{}", socket.display());
        let connection = redis::Client::open(&*url).unwrap().get_connection().unwrap();
        Redis { connection, url, directory, _process: process }
    }

    /// Adds an event and returns its ID.
    fn add(&mut self, id: &str, data: &str) -> String {
        let added: Option<String> = self.connection.xadd("events", id, &[("data", data)]).unwrap();
        added.unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.directory);
    }
}

/// The part of an address after `http://`.
fn host(address: &str) -> &str {
    address.strip_prefix("http://").unwrap()
}

/// nginx with the configuration of the example, with different addresses.
fn start_nginx(directory: &Path, servers: [&str; 2]) -> (String, Process) {
    // nginx does not report its port, so it gets one that was free just before.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("redis_nginx.conf");
    let mut configuration = fs::read_to_string(example).unwrap();
    let addresses = [
        ("127.0.0.1:3000", &*free),
        ("127.0.0.1:3001", servers[0]),
        ("127.0.0.1:3002", servers[1]),
    ];
    for (from, to) in addresses {
        assert_eq!(configuration.matches(from).count(), 1);
        configuration = configuration.replace(from, to);
    }
    let prefix = configuration.replace("http {", "http {\naccess_log off;");
    fs::write(directory.join("nginx.conf"), prefix).unwrap();
    let mut process = Process::start(
        Command::new("nginx")
            .arg("-p")
            .arg(directory)
            .args(["-c", "nginx.conf", "-e", "stderr", "-g"])
            .arg("daemon off; worker_processes 1; pid nginx.pid; error_log stderr notice;")
            .stderr(Stdio::piped()),
    );
    process.line_with("start worker process ");
    (format!("http://{free}"), process)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into()
}

fn clients(server: &str) -> u64 {
    let mut response = agent().get(format!("{server}/stats")).call().unwrap();
    let stats = response.body_mut().read_to_string().unwrap();
    serde_json::from_str::<serde_json::Value>(&stats).unwrap()["clients"].as_u64().unwrap()
}

const EVENTS: usize = 240;
/// The largest number of events in flight to the client.
const AHEAD: usize = 20;
/// The client's server is killed each time it has received this many more events.
const KILL_EACH: usize = 40;

#[test]
#[ignore = "needs redis-server and nginx, which .ci/install installs"]
fn a_client_that_loses_its_server_repeatedly_gets_each_event_once_and_in_order() {
    let mut redis = Redis::start("cluster");
    let url = redis.url.clone();
    let run = |address: &str| {
        let mut process = start(env!("CARGO_BIN_EXE_redis_server"), &[&url, address]);
        (process.address(), process)
    };
    let mut servers = [run("127.0.0.1:0"), run("127.0.0.1:0")];
    let addresses = servers.each_ref().map(|(address, _)| host(address).to_owned());
    let (nginx, _nginx) = start_nginx(&redis.directory, addresses.each_ref().map(String::as_str));

    let mut client = start(env!("CARGO_BIN_EXE_blocking_client"), &[&format!("{nginx}/events")]);
    // The client has no ID yet, and starts with the next event.
    let start_of_wait = Instant::now();
    while servers.iter().all(|(server, _)| clients(server) == 0) {
        assert!(start_of_wait.elapsed() < PATIENCE, "the client does not connect");
    }

    let (mut sent, mut killed) = (Vec::new(), 0);
    for received in 0..EVENTS {
        while sent.len() < EVENTS.min(received + AHEAD) {
            let data = format!("event {}", sent.len());
            sent.push((redis.add("*", &data), data));
        }
        let (id, data) = &sent[received];
        assert_eq!(client.line().unwrap(), format!("{id} message {data:?}"));

        if received % KILL_EACH == KILL_EACH - 1 {
            // A client that has reconnected is subscribed by its first event.
            let on: Vec<_> = (0..2).filter(|&at| clients(&servers[at].0) > 0).collect();
            assert_eq!(on.len(), 1, "the client is on one server");
            servers[on[0]].1.kill();
            servers[on[0]] = run(&addresses[on[0]]);
            killed += 1;
        }
    }
    assert_eq!(killed, EVENTS / KILL_EACH);
}

fn connect(server: &str, last_event_id: &str) -> EventReader<BodyReader<'static>> {
    let request = agent().get(format!("{server}/events")).header("last-event-id", last_event_id);
    EventReader::new(request.call().unwrap().into_body().into_reader())
}

fn next(events: &mut EventReader<BodyReader<'static>>) -> (String, String, String) {
    let event = events.next().unwrap().expect("the stream continues");
    (event.event_type.into(), event.last_event_id.into(), event.data.into())
}

#[test]
#[ignore = "needs redis-server, which .ci/install installs"]
fn a_client_whose_position_was_trimmed_gets_a_gap_event_and_others_do_not() {
    let mut redis = Redis::start("trimmed");
    let ids: Vec<String> = (0..30).map(|at| redis.add("*", &at.to_string())).collect();
    let _: usize = redis.connection.xtrim("events", StreamMaxlen::Equals(10)).unwrap();
    let mut process = start(env!("CARGO_BIN_EXE_redis_server"), &[&redis.url, "127.0.0.1:0"]);
    let server = process.address();

    let mut held = connect(&server, &ids[25]);
    assert_eq!(next(&mut held), ("message".into(), ids[26].clone(), "26".into()));

    let mut trimmed = connect(&server, &ids[5]);
    assert_eq!(next(&mut trimmed).0, "gap");
    for (at, id) in ids.iter().enumerate().skip(20) {
        assert_eq!(next(&mut trimmed), ("message".into(), id.clone(), at.to_string()));
    }
}

#[test]
#[ignore = "needs redis-server, which .ci/install installs"]
fn a_server_that_is_behind_a_new_client_catches_up_without_a_gap_event() {
    let mut redis = Redis::start("ahead");
    redis.add("1-1", "seen");
    let mut process = start(env!("CARGO_BIN_EXE_redis_server"), &[&redis.url, "127.0.0.1:0"]);
    let server = process.address();
    // It got 2-1 from another server. This one has not read it yet.
    let client = std::thread::spawn(move || next(&mut connect(&server, "2-1")));
    redis.add("2-1", "seen");
    redis.add("3-1", "new");
    assert_eq!(client.join().unwrap(), ("message".into(), "3-1".into(), "new".into()));
}

#[test]
#[ignore = "needs redis-server, which .ci/install installs"]
fn entries_that_were_trimmed_before_a_server_read_them_are_a_gap() {
    let mut redis = Redis::start("hole");
    redis.add("1-1", "seen");
    let mut process = start(env!("CARGO_BIN_EXE_redis_server"), &[&redis.url, "127.0.0.1:0"]);
    let mut client = connect(&process.address(), "1-1");
    process.signal("STOP");
    for id in ["2-1", "3-1", "4-1"] {
        redis.add(id, "");
    }
    let _: usize = redis.connection.xtrim("events", StreamMaxlen::Equals(1)).unwrap();
    process.signal("CONT");
    // Redis may have answered with 2-1 already.
    let mut before = String::new();
    loop {
        let (event_type, id, _) = next(&mut client);
        if id == "4-1" {
            break;
        }
        before = event_type;
    }
    assert_eq!(before, "gap");
}
