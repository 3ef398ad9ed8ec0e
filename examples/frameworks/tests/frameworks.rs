//! What each framework sends: the head, the events without delay, and the events that a client has missed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use sse_wire::Block;
use sse_wire::server::{Hub, RESPONSE_HEADERS, Settings};
use tokio::runtime::Runtime;

/// Sends a request, and reads until the response contains a text.
fn ask(address: SocketAddr, path: &str, last_event_id: &str, until: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nlast-event-id: {last_event_id}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let (mut answer, mut buffer) = (String::new(), [0; 4096]);
    while !answer.contains(until) {
        let len = stream.read(&mut buffer).unwrap();
        assert!(len > 0, "it ends without {until:?}: {answer}");
        answer += std::str::from_utf8(&buffer[..len]).unwrap();
    }
    answer
}

fn check(address: SocketAddr, hub: &Hub) {
    let relayed = ask(address, "/relay", "", "data: two\n\n");
    assert!(relayed.starts_with("HTTP/1.1 200 OK\r\n"), "{relayed}");
    let (head, body) = relayed.split_once("\r\n\r\n").unwrap();
    for (name, value) in RESPONSE_HEADERS {
        let field = format!("{name}: {value}");
        let has = head.lines().filter(|line| line.eq_ignore_ascii_case(&field)).count();
        assert_eq!(has, 1, "{field}: {head}");
    }
    assert!(body.contains("data: one\n\n"), "{body}");

    // The head and the first comment come before any event.
    ask(address, "/hub", "", ": \n\n");
    for id in ["1", "größe", "3"] {
        hub.publish(&Block::new().id(id).data(id)).unwrap();
    }
    let missed = ask(address, "/hub", "größe", "data: 3\n\n");
    assert!(!missed.contains("data: größe"), "{missed}");
    assert!(ask(address, "/hub", "unknown", "data: 3\n\n").contains("event: gap\n"));
}

/// Serves on a thread that ends with the test process.
fn check_served(serve: impl FnOnce(TcpListener, Hub) -> std::io::Result<()> + Send + 'static) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let hub = Hub::new(Settings::new());
    let events = hub.clone();
    std::thread::spawn(|| serve(listener, events));
    check(address, &hub);
}

macro_rules! check_each {
    ($($framework:ident)*) => {$(
        #[test]
        fn $framework() {
            check_served(|listener, hub| {
                Runtime::new()?.block_on(frameworks::$framework::serve(listener, hub))
            });
        }
    )*};
}

check_each!(axum hyper poem salvo warp);

#[test]
fn actix() {
    check_served(frameworks::actix::serve);
}
