//! An example server as a process: its address, its counts, and its memory.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Any error.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A process that is killed when this is dropped.
pub struct Server {
    child: Child,
    /// The address on which it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it listens.
    pub async fn start(program: &Path, arguments: &[String]) -> Result<Self, Error> {
        Self::start_with(program, arguments, None).await
    }

    /// Starts it with jemalloc, a shared library, as its allocator, which returns free memory at once.
    pub async fn start_with(
        program: &Path,
        arguments: &[String],
        allocator: Option<&Path>,
    ) -> Result<Self, Error> {
        let preload = allocator.map(|library| ("LD_PRELOAD", library.as_os_str()));
        let mut child = Command::new(program)
            .args(arguments)
            .envs(preload)
            .env("MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                format!("{}: {error}; start this by tests/load/run", program.display())
            })?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next_line().await?.ok_or("the server ended before it listened")?;
        let address =
            line.strip_prefix("listening on http://").ok_or("it listens nowhere")?.parse()?;
        Ok(Server { child, address })
    }

    /// Kills it, as a loss of power would.
    pub async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Interrupts it, as Ctrl-C does, and waits for its end.
    pub async fn interrupt(mut self) -> Result<(), Error> {
        let pid = self.child.id().ok_or("the server has ended")?;
        Command::new("kill").args(["-s", "INT", &pid.to_string()]).status().await?;
        match self.child.wait().await?.success() {
            true => Ok(()),
            false => Err("the server did not end in good order".into()),
        }
    }

    /// Returns the processor time that its threads have taken so far.
    pub fn processor_time(&self) -> Result<Duration, Error> {
        let pid = self.child.id().ok_or("the server has ended")?;
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Returns the resident memory in KiB.
    pub fn memory(&self) -> Result<u64, Error> {
        let pid = self.child.id().ok_or("the server has ended")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

/// A connection for sequential requests: to publish events, and to read the server's counts.
pub struct Requests(SendRequest<Full<Bytes>>);

impl Requests {
    /// Connects.
    pub async fn to(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move { _ = connection.await });
        Ok(Requests(sender))
    }

    /// Publishes an event.
    pub async fn publish(&mut self, data: String) -> Result<(), Error> {
        let request =
            Request::post("/publish").header("host", "localhost").body(Full::from(data))?;
        let (status, text) = self.send(request).await?;
        match status {
            StatusCode::CREATED => Ok(()),
            status => Err(format!("publishing: {status} {text}").into()),
        }
    }

    /// Returns how many clients the server has.
    pub async fn clients(&mut self) -> Result<usize, Error> {
        let request = Request::get("/stats").header("host", "localhost").body(Full::default())?;
        let (_, text) = self.send(request).await?;
        let count = text.split(r#""clients":"#).nth(1).and_then(|rest| rest.split(',').next());
        Ok(count.ok_or_else(|| format!("no number of clients: {text}"))?.parse()?)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, String), Error> {
        self.0.ready().await?;
        let response = self.0.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}
