//! The connection below `sse-wire listen`: requests by an HTTP client, which follows redirects, and
//! what comes of them.

use std::error::Error;
use std::future::Future;
use std::io;
use std::iter;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use reqwest::{Response, Url};
use sse_wire::server::LAST_EVENT_ID;
use tokio::time::timeout;

/// Makes connections to one address.
pub(crate) struct Client {
    client: reqwest::Client,
    url: Url,
    response_timeout: Duration,
}

/// A header as an option gives it.
#[derive(Clone, Debug)]
pub(crate) struct Header(HeaderName, HeaderValue);

impl Header {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').ok_or("no colon; write it as `Name: value`")?;
        let name: HeaderName =
            name.trim().parse().map_err(|_| "the name before the colon is no header's name")?;
        if name == LAST_EVENT_ID {
            return Err("this header changes with each event; use --last-event-id".into());
        }
        Ok(Header(name, header_value(value.trim())?))
    }
}

/// A header's value, which may have any character but controls.
pub(crate) fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| "it has a control character, which no header can carry".into())
}

/// The address of a stream.
pub(crate) fn url(text: &str) -> Result<Url, String> {
    const ADVICE: &str = "write it with http:// or https:// in front";
    let url = Url::parse(text).map_err(|error| format!("{error}; {ADVICE}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!("the scheme `{scheme}` is not supported; {ADVICE}")),
    }
}

impl Client {
    pub(crate) fn new(
        url: Url,
        headers: &[Header],
        connect_timeout: Duration,
        response_timeout: Duration,
    ) -> Result<Self, String> {
        let mut all = HeaderMap::new();
        all.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        all.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        all.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("sse-wire/", env!("CARGO_PKG_VERSION"))),
        );
        // The first of a name takes the place of ours, others join it.
        for (n, Header(name, value)) in headers.iter().enumerate() {
            if headers[..n].iter().any(|Header(earlier, _)| earlier == name) {
                all.append(name, value.clone());
            } else {
                all.insert(name, value.clone());
            }
        }
        let client = reqwest::Client::builder()
            .default_headers(all)
            .connect_timeout(connect_timeout)
            // A connection that has lost a stream is not trusted with the next.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| chain(&error))?;
        Ok(Client { client, url, response_timeout })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Sends a request.
    pub(crate) fn connect(&self, last_event_id: Option<HeaderValue>) -> Connection {
        let mut request = self.client.get(self.url.clone());
        if let Some(id) = last_event_id {
            request = request.header(LAST_EVENT_ID, id);
        }
        let limit = self.response_timeout;
        Connection::Requested(Box::pin(async move {
            match timeout(limit, request.send()).await {
                Ok(response) => response.map_err(Trouble::from),
                Err(_) => Err(Trouble { reason: "no response came in time".into(), futile: false }),
            }
        }))
    }
}

/// A request, or the response to it.
pub(crate) enum Connection {
    None,
    Requested(Pin<Box<dyn Future<Output = Result<Response, Trouble>>>>),
    Open(Response),
}

/// What comes on a connection.
pub(crate) enum Input {
    Response { status: u16, content_type: Option<Vec<u8>> },
    Chunk(Bytes),
    End,
    Trouble(Trouble),
}

/// A network error.
pub(crate) struct Trouble {
    /// What it was, in words.
    pub(crate) reason: String,
    /// Whether another attempt would end the same way.
    pub(crate) futile: bool,
}

impl From<reqwest::Error> for Trouble {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let of_tls = error.is_connect() && sources(&error).any(is_of_tls);
        let futile = of_tls || error.is_redirect() || error.is_builder();
        let mut reason = chain(&error);
        if of_tls {
            reason.push_str("; check the server's certificate, or whether it is http:// there");
        }
        Trouble { reason, futile }
    }
}

impl Connection {
    /// The next input. A future of it that is dropped has lost nothing.
    pub(crate) async fn next(&mut self) -> Input {
        match self {
            Connection::None => std::future::pending().await,
            Connection::Requested(request) => match request.await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let content_type = content_type(response.headers());
                    *self = Connection::Open(response);
                    Input::Response { status, content_type }
                }
                Err(trouble) => {
                    *self = Connection::None;
                    Input::Trouble(trouble)
                }
            },
            Connection::Open(response) => match response.chunk().await {
                Ok(Some(chunk)) => Input::Chunk(chunk),
                Ok(None) => Input::End,
                Err(error) => Input::Trouble(error.into()),
            },
        }
    }
}

/// The value of all headers of the name.
fn content_type(headers: &HeaderMap) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> =
        headers.get_all(CONTENT_TYPE).iter().map(HeaderValue::as_bytes).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

fn sources<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// Whether TLS has refused something, or taken it for no TLS: that comes as invalid data, maybe in
/// another error of I/O, which is no source of its own.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let Some(error) = error.downcast_ref::<io::Error>() else { return false };
    error.kind() == io::ErrorKind::InvalidData
        || error.get_ref().is_some_and(|inner| is_of_tls(inner))
}

/// An error and what it comes from, each thing said once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for error in sources(error) {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&part);
        }
    }
    text
}
