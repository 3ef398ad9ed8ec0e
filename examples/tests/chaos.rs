//! A connection that is cut a thousand times, in nine ways, over loopback sockets: every event is delivered exactly
//! once, because each has an ID after which the server can resume.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Client;
use sse_wire::{Attempt, EventSource, Incoming, Interruption, Policy, Silence, SourceNotice};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

const CUTS: usize = 1000;

/// The ways in which a connection is cut, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cut {
    /// The body ends in the middle of an event.
    Fin,
    Reset,
    /// The connection is refused.
    Refused,
    /// In the middle of the response's head.
    Head,
    /// In the middle of a chunk of the transfer encoding.
    Chunk,
    /// Each byte separately, and then the end.
    ByteByByte,
    /// Pieces with pauses between them, and then the end.
    Delayed,
    /// Nothing more is sent.
    Stalled,
    /// A proxy answers that its server is down.
    Upstream,
}

const WAYS: [Cut; 9] = [
    Cut::Fin,
    Cut::Reset,
    Cut::Refused,
    Cut::Head,
    Cut::Chunk,
    Cut::ByteByByte,
    Cut::Delayed,
    Cut::Stalled,
    Cut::Upstream,
];

/// Returns the events after this one, as many as a connection sends, and the beginning of another.
fn events(after: usize) -> String {
    let event = |id: usize| format!("id: {id}\r\nevent: e\r\ndata: {id}\r\ndata: x\r\n\r\n");
    let whole: String = (after + 1..after + 4).map(event).collect();
    let cut = event(after + 4);
    whole + &cut[..5 + after % (cut.len() - 7)]
}

async fn serve(mut stream: TcpStream, cut: Cut) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let id = head.lines().find_map(|line| line.strip_prefix("last-event-id: "));
    let body = events(id.map_or(0, |id| id.parse().unwrap()));
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
    let whole = format!("{ok}connection: close\r\n\r\n{body}");
    // A client that has disconnected is not an error here.
    _ = match cut {
        Cut::Refused => return,
        Cut::Fin => stream.write_all(whole.as_bytes()).await,
        Cut::Reset => {
            _ = stream.write_all(whole.as_bytes()).await;
            stream.set_zero_linger()
        }
        Cut::Head => stream.write_all(&ok.as_bytes()[..ok.len() - 9]).await,
        Cut::Chunk => {
            let len = body.len() + 7;
            let chunk = format!("{ok}transfer-encoding: chunked\r\n\r\n{len:x}\r\n{body}");
            stream.write_all(chunk.as_bytes()).await
        }
        Cut::ByteByByte => {
            _ = stream.set_nodelay(true);
            for byte in whole.bytes() {
                _ = stream.write_all(&[byte]).await;
            }
            Ok(())
        }
        Cut::Delayed => {
            for piece in whole.as_bytes().chunks(40) {
                _ = stream.write_all(piece).await;
                sleep(Duration::from_millis(1)).await;
            }
            Ok(())
        }
        Cut::Stalled => {
            _ = stream.write_all(whole.as_bytes()).await;
            stream.read_to_end(&mut Vec::new()).await.map(|_| ())
        }
        Cut::Upstream => {
            let gone = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(gone.as_bytes()).await
        }
    };
}

/// A server that cuts each connection as requested.
async fn server(cut: Arc<Mutex<Cut>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, *cut.lock().unwrap()));
        }
    });
    address
}

#[tokio::test]
async fn a_thousand_cuts_of_nine_kinds_deliver_every_event_exactly_once() {
    let way = Arc::new(Mutex::new(Cut::Fin));
    let address = server(way.clone()).await;
    let refused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let http = Client::builder().no_proxy().referer(false).build().unwrap();
    let request = |attempt: Attempt| {
        let cut = WAYS[attempt.number() as usize % WAYS.len()];
        *way.lock().unwrap() = cut;
        let address = if cut == Cut::Refused { refused } else { address };
        http.get(format!("http://{address}/")).headers(attempt.headers()).send()
    };
    let policy = Policy {
        reconnection_time: Duration::ZERO,
        floor: Duration::ZERO,
        backoff: None,
        jitter: 0,
        silence: Silence { bytes: Some(Duration::from_millis(100)), ..Silence::default() },
        ..Policy::default()
    };
    let mut source = EventSource::new(request).with_policy(policy);
    let (mut last, mut cuts, mut reasons) = (0, 0, HashMap::new());
    let all = async {
        while cuts < CUTS {
            match source.next().await.expect("it goes on").unwrap() {
                Incoming::Event(event) => {
                    last += 1;
                    assert_eq!(event.data, format!("{last}\nx"));
                    assert_eq!(event.last_event_id, last.to_string().as_str());
                }
                Incoming::Notice(SourceNotice::Reconnecting { reason, .. }) => {
                    cuts += 1;
                    *reasons.entry(reason).or_insert(0) += 1;
                }
                Incoming::Notice(_) => {}
            }
        }
    };
    timeout(Duration::from_secs(120), all).await.expect("no connection hangs");
    // Two of the nine ways send no response, and one sends a different status.
    assert!(last >= 3 * CUTS * 5 / 9, "{last} events");
    assert!(reasons[&Interruption::Status(502)] >= CUTS / 9, "{reasons:?}");
    assert!(reasons[&Interruption::NetworkError] >= 4 * (CUTS / 9), "{reasons:?}");
    assert!(reasons[&Interruption::End] >= 2 * (CUTS / 9), "{reasons:?}");
    assert!(reasons.contains_key(&Interruption::Silence(sse_wire::Liveness::Bytes)), "{reasons:?}");
}
