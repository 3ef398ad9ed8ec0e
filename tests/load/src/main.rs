//! Connects thousands of clients to the example servers, and checks that each that stays gets every event once and in
//! order.
//!
//! `tests/load/run` builds the servers and starts this.

mod client;
mod fleet;
mod server;
mod shutdown;

use std::collections::BTreeMap;
use std::env;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::time::{Instant, sleep, timeout};

use crate::client::{Habit, habits};
use crate::fleet::{Fleet, Publisher, Summary};
use crate::server::{Error, Requests, Server};
use crate::shutdown::shutdown;

/// The time limit of the whole run.
const BOUND: Duration = Duration::from_secs(180);

/// Connect many clients to the example servers, and check what they receive.
#[derive(Parser)]
struct Arguments {
    /// Number of clients
    #[arg(long, default_value_t = 2000)]
    clients: usize,

    /// Events per second while latencies are measured
    #[arg(long, default_value_t = 25)]
    rate: u32,

    /// Seconds during which latencies are measured
    #[arg(long, default_value_t = 8)]
    seconds: u32,

    /// Events that are published as fast as possible
    #[arg(long, default_value_t = 500)]
    burst: usize,

    /// Folder of the built examples
    #[arg(long, default_value = "target/release")]
    examples: PathBuf,

    /// Path of redis-server; without it, the part with a killed server is skipped
    #[arg(long)]
    redis: Option<String>,

    /// Path of the jemalloc library; without it, the part about freed memory is skipped
    #[arg(long)]
    jemalloc: Option<PathBuf>,
}

impl Arguments {
    fn paced(&self) -> usize {
        (self.rate * self.seconds) as usize
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let run = async {
        one_server(&arguments).await?;
        if let Some(redis) = &arguments.redis {
            killed_server(&arguments, redis).await?;
        }
        if let Some(jemalloc) = &arguments.jemalloc {
            memory_goes_back(&arguments, jemalloc).await?;
        }
        shutdown(&arguments, "axum_server", &[]).await?;
        // Without events, because clients would not expect this server's.
        shutdown(&arguments, "hyper_server", &["3600000"]).await?;
        beside_broadcast(&arguments).await?;
        Ok::<(), Error>(())
    };
    match timeout(BOUND, run).await {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            println!("FAIL  {error}");
            ExitCode::FAILURE
        }
        Err(_) => {
            println!("FAIL  not finished after {} s", BOUND.as_secs());
            ExitCode::FAILURE
        }
    }
}

/// Tests `axum_server` with clients that are slow, that reconnect, and that leave, and measures its memory during and after
/// that.
async fn one_server(arguments: &Arguments) -> Result<(), Error> {
    let server =
        Server::start(&arguments.examples.join("axum_server"), &["127.0.0.1:0".into()]).await?;
    let mut stats = Requests::to(server.address).await?;
    stats.clients().await?;
    let before = server.memory()?;

    let events = arguments.paced() + arguments.burst;
    let mut fleet = Fleet::start(server.address, habits(arguments.clients), events);
    fleet.opened().await?;
    let connected = server.memory()?;
    println!(
        "clients: {}; memory of the server {before} KiB before, {connected} KiB with them: {:.1} KiB a client",
        arguments.clients,
        (connected - before) as f64 / arguments.clients as f64
    );

    let mut publisher = Publisher::new(Requests::to(server.address).await?, &fleet);
    publisher.paced(arguments.paced(), arguments.rate).await?;
    fleet.reached(publisher.count, |_| true).await?;
    println!(
        "{} events, {} a second: {} deliveries",
        publisher.count,
        arguments.rate,
        fleet.deliveries()
    );

    let (begin, earlier) = (Instant::now(), fleet.deliveries());
    for _ in 0..arguments.burst {
        publisher.publish().await?;
    }
    let published = begin.elapsed();
    fleet.reached(publisher.count, |habit| habit == Habit::Keen).await?;
    let delivered = begin.elapsed();
    let deliveries = fleet.deliveries() - earlier;
    let most = server.memory()?;
    fleet.reached(publisher.count, |_| true).await?;
    println!(
        "{} events at once: published at {:.0} a second, delivered at {:.0} events and {:.0} deliveries a second; memory {most} KiB",
        arguments.burst,
        arguments.burst as f64 / published.as_secs_f64(),
        arguments.burst as f64 / delivered.as_secs_f64(),
        deliveries as f64 / delivered.as_secs_f64()
    );

    let summary = fleet.end(publisher.count).await?;
    drop(publisher);
    all_left(&mut stats).await?;
    report(&summary);
    no_gap(&summary)?;
    server.kill().await?;
    Ok(())
}

/// Compares the hub with axum's `Sse` over `tokio::sync::broadcast`: all clients read, and one event follows the other.
async fn beside_broadcast(arguments: &Arguments) -> Result<(), Error> {
    const EVENTS: usize = 100;
    let own = env::current_exe()?;
    let servers = [
        ("hub", arguments.examples.join("axum_server")),
        ("Sse over broadcast", own.with_file_name("broadcast")),
    ];
    let clients = arguments.clients;
    println!(
        "\n{clients} clients, {EVENTS} events of 200 bytes one after the other; median, and 99 %:"
    );
    println!(
        "| server | memory per client | CPU time per delivery | until published | until the slowest has it |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (name, program) in servers {
        let server = Server::start(&program, &["127.0.0.1:0".into()]).await?;
        Requests::to(server.address).await?.clients().await?;
        let before = server.memory()?;
        let mut fleet =
            Fleet::start(server.address, BTreeMap::from([(Habit::Keen, clients)]), EVENTS);
        fleet.opened().await?;
        let with = server.memory()?;
        let mut publisher = Publisher::new(Requests::to(server.address).await?, &fleet);
        let begin = server.processor_time()?;
        let mut published = Vec::with_capacity(EVENTS);
        for number in 1..=EVENTS {
            let begin = Instant::now();
            publisher.publish().await?;
            published.push(begin.elapsed());
            fleet.reached(number as u64, |_| true).await?;
        }
        let taken = server.processor_time()?.saturating_sub(begin);
        published.sort();
        let until_all = fleet.until_all_had_it();
        let times = |times: &[Duration]| {
            let at =
                |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
            format!("{:.2}, {:.2} ms", at(50), at(99))
        };
        println!(
            "| {name} | {:.1} KiB | {:.2} µs | {} | {} |",
            with.saturating_sub(before) as f64 / clients as f64,
            taken.as_secs_f64() * 1e6 / (clients * EVENTS) as f64,
            times(&published),
            times(&until_all)
        );
        fleet.end(publisher.count).await?;
        server.kill().await?;
    }
    Ok(())
}

/// Runs two of `redis_server`: all clients are connected to one, which is killed and restarted while the other continues.
async fn killed_server(arguments: &Arguments, redis: &str) -> Result<(), Error> {
    let program = arguments.examples.join("redis_server");
    let start = |port: u16| {
        let arguments = [redis.to_owned(), format!("127.0.0.1:{port}")];
        let program = &program;
        async move { Server::start(program, &arguments).await }
    };
    let (other, first) = (start(0).await?, start(port()?).await?);
    let port = first.address.port();
    let events = arguments.paced();
    let mut fleet = Fleet::start(first.address, habits(arguments.clients), events);
    fleet.opened().await?;
    let mut publisher = Publisher::new(Requests::to(other.address).await?, &fleet);

    publisher.paced(events / 3, arguments.rate).await?;
    first.kill().await?;
    publisher.paced(events / 3, arguments.rate).await?;
    let again = start(port).await?;
    publisher.paced(events - 2 * (events / 3), arguments.rate).await?;
    fleet.reached(publisher.count, |_| true).await?;

    println!(
        "the server killed and started again, {} events: {} deliveries",
        publisher.count,
        fleet.deliveries()
    );
    let summary = fleet.end(publisher.count).await?;
    report(&summary);
    no_gap(&summary)?;
    if summary.reconnections < summary.stayed as u64 {
        return Err("the server was killed, and some did not notice".into());
    }
    again.kill().await?;
    other.kill().await?;
    Ok(())
}

/// Runs `axum_server` with an allocator that returns free memory to the system, and checks that the memory of clients is
/// free after they have left. (glibc's allocator keeps free memory below allocations that are in use, such as the events.)
async fn memory_goes_back(arguments: &Arguments, jemalloc: &Path) -> Result<(), Error> {
    let program = arguments.examples.join("axum_server");
    let server = Server::start_with(&program, &["127.0.0.1:0".into()], Some(jemalloc)).await?;
    let mut stats = Requests::to(server.address).await?;
    stats.clients().await?;
    let before = server.memory()?;
    for round in 1..=2 {
        let events = 20;
        let mut fleet = Fleet::start(server.address, habits(arguments.clients), events);
        fleet.opened().await?;
        let mut publisher = Publisher::new(Requests::to(server.address).await?, &fleet);
        publisher.paced(events, arguments.rate).await?;
        fleet.reached(publisher.count, |_| true).await?;
        let with = server.memory()?;
        no_gap(&fleet.end(publisher.count).await?)?;
        drop(publisher);
        all_left(&mut stats).await?;
        let after = server.memory()?;
        println!(
            "memory with jemalloc, round {round}: {before} KiB before, {with} KiB with them, {after} KiB after"
        );
        // The stacks of threads and the tables of connections are not small compared with a few clients.
        let taken = with.saturating_sub(before);
        if after.saturating_sub(before) > taken / 4 + 2048 {
            return Err(format!("the server keeps {} of {taken} KiB", after - before).into());
        }
    }
    server.kill().await?;
    Ok(())
}

/// Waits until the server counts no clients.
async fn all_left(stats: &mut Requests) -> Result<(), Error> {
    while stats.clients().await? > 0 {
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Returns a free port outside the range of ephemeral ports, on which a client could connect to itself.
fn port() -> Result<u16, Error> {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (20_000..30_000).find(free).ok_or_else(|| "no port from 20000 to 29999 is free".into())
}

fn report(summary: &Summary) {
    let habits: Vec<String> =
        summary.habits.iter().map(|(habit, count)| format!("{count} {habit:?}")).collect();
    println!(
        "{}; {} stayed, {} reconnections; each that stayed got every event once and in order, gaps: {}",
        habits.join(", "),
        summary.stayed,
        summary.reconnections,
        summary.gaps
    );
    let milliseconds = |percent| summary.latencies.value_at_percentile(percent) as f64 / 1000.0;
    println!(
        "latency of {} deliveries to keen clients in ms: median {:.1}, 90 % {:.1}, 99 % {:.1}, most {:.1}",
        summary.latencies.len(),
        milliseconds(50.0),
        milliseconds(90.0),
        milliseconds(99.0),
        summary.latencies.max() as f64 / 1000.0
    );
}

/// Checks that no client was sent a gap event, because everything that was published is retained.
fn no_gap(summary: &Summary) -> Result<(), Error> {
    match summary.gaps {
        0 => Ok(()),
        gaps => Err(format!("clients were told of {gaps} gaps").into()),
    }
}
