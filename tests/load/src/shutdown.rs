//! A server that shuts down while clients are connected.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::Arguments;
use crate::client::Habit;
use crate::fleet::Fleet;
use crate::server::{Error, Server};

/// Shuts a server down while all clients are connected and others connect.
pub async fn shutdown(arguments: &Arguments, name: &str, options: &[&str]) -> Result<(), Error> {
    let program = arguments.examples.join(name);
    let options: Vec<String> = ["127.0.0.1:0"].iter().chain(options).map(|&it| it.into()).collect();
    let server = Server::start(&program, &options).await?;
    let keen = BTreeMap::from([(Habit::Keen, arguments.clients)]);
    // Disconnected clients try to reconnect, and fail, until the end.
    let mut fleet = Fleet::start(server.address, keen, 1);
    fleet.opened().await?;
    let begin = Instant::now();
    let arriving = tokio::spawn(arrive(server.address));
    server.interrupt().await?;
    // The last one to arrive may notice only after a second, when TCP tries again.
    let shut_down = begin.elapsed().as_millis();
    println!(
        "{name}, {} open streams, {} that came meanwhile: shut down in {shut_down} ms",
        arguments.clients,
        arriving.await?,
    );
    Ok(())
}

/// Connects and requests events until the server is gone, at most a thousand times. Returns how often.
async fn arrive(address: SocketAddr) -> usize {
    for count in 0..1000 {
        let Ok(mut stream) = TcpStream::connect(address).await else { return count };
        tokio::spawn(async move {
            _ = stream.write_all(b"GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
            _ = stream.read_to_end(&mut Vec::new()).await;
        });
    }
    1000
}
