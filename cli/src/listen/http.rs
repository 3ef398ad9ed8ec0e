//! The requests of `sse-wire listen`: redirects, proxies, and which headers go where.

use std::error::Error;
use std::future::Future;
use std::io;
use std::iter;
use std::time::Duration;

use hyper::Response;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Body, NoProxy, Proxy, Url};
use sse_wire::server::LAST_EVENT_ID;
use sse_wire::{Attempt, FinalError};

/// How many redirects a request follows.
const REDIRECTS: usize = 10;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Makes requests to one address.
#[derive(Clone)]
pub(crate) struct Client {
    /// By way of a proxy, if there is one.
    proxied: reqwest::Client,
    direct: reqwest::Client,
    /// Whether loopback addresses are a proxy's business, too.
    proxies_loopback: bool,
    /// The hosts that are no proxy's business.
    no_proxy: String,
    url: Url,
    /// The user's headers, for the address's origin alone.
    headers: HeaderMap,
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

/// An address as messages have it: without a password, and without the query, which may have a token.
pub(crate) fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("//").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let slashes = if url.contains("//") { "//" } else { "" };
    format!("{scheme}{slashes}{host}{path}")
}

impl Client {
    pub(crate) fn new(
        url: Url,
        headers: &[Header],
        connect_timeout: Duration,
        proxy: Option<&str>,
        no_proxy: Option<&str>,
    ) -> Result<Self, String> {
        let mut all = HeaderMap::new();
        for Header(name, value) in headers {
            all.append(name, value.clone());
        }
        let builder = || {
            reqwest::Client::builder()
                .connect_timeout(connect_timeout)
                .referer(false)
                .redirect(Policy::none())
                // A connection that has lost a stream is not trusted with the next.
                .pool_max_idle_per_host(0)
        };
        let mut proxied = builder();
        if let Some(proxy) = proxy {
            let proxy = Proxy::all(proxy).map_err(|error| format!("--proxy: {}", chain(&error)))?;
            proxied = proxied.proxy(proxy.no_proxy(NoProxy::from_env()));
        }
        Ok(Client {
            proxied: proxied.build().map_err(|error| chain(&error))?,
            direct: builder().no_proxy().build().map_err(|error| chain(&error))?,
            proxies_loopback: proxy.is_some(),
            no_proxy: no_proxy.unwrap_or_default().to_owned(),
            url,
            headers: all,
        })
    }

    /// Sends a request, and follows redirects.
    pub(crate) fn send(
        &self,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<Response<Body>, BoxError>> + use<> {
        let client = self.clone();
        let headers = attempt.headers();
        async move {
            let mut url = client.url.clone();
            for _ in 0..=REDIRECTS {
                let response = client.send_once(&url, &headers).await?;
                let location = response.headers().get(LOCATION);
                let Some(location) = location.filter(|_| response.status().is_redirection()) else {
                    return Ok(response.into());
                };
                let next = std::str::from_utf8(location.as_bytes())
                    .ok()
                    .and_then(|location| url.join(location).ok())
                    .filter(|next| matches!(next.scheme(), "http" | "https"));
                url = next.ok_or_else(|| {
                    FinalError::new("the redirect leads to no address of http or https")
                })?;
            }
            Err(FinalError::new("there are too many redirects").into())
        }
    }

    async fn send_once(
        &self,
        url: &Url,
        headers: &HeaderMap,
    ) -> Result<reqwest::Response, BoxError> {
        let client = if self.is_direct(url) { &self.direct } else { &self.proxied };
        let mut url = url.clone();
        let mut all = headers.clone();
        all.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("sse-wire/", env!("CARGO_PKG_VERSION"))),
        );
        if url.origin() == self.url.origin() {
            // They replace ours of the same name.
            for name in self.headers.keys() {
                all.remove(name);
            }
            all.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
            if url.username().is_empty() && url.password().is_none() {
                _ = url.set_username(self.url.username());
                _ = url.set_password(self.url.password());
            }
        }
        client.get(url).headers(all).send().await.map_err(trouble)
    }

    /// Whether no proxy is asked, as curl decides it; and never for this machine.
    fn is_direct(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let address: Option<std::net::IpAddr> = host.parse().ok();
        let is_loopback = host == "localhost"
            || host.ends_with(".localhost")
            || address.is_some_and(|address| address.is_loopback());
        let names = self.no_proxy.split([',', ' ']).filter(|name| !name.is_empty());
        let mut names = names.map(|name| name.trim_start_matches('.'));
        (is_loopback && !self.proxies_loopback)
            || names.any(|name| {
                let domain = host.strip_suffix(name);
                name == "*" || domain.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

/// A network error, or a final one, if another attempt would end the same way.
fn trouble(error: reqwest::Error) -> BoxError {
    let error = error.without_url();
    let of_tls = error.is_connect() && sources(&error).any(is_of_tls);
    let mut reason = chain(&error);
    if of_tls {
        reason.push_str("; check the server's certificate, or whether it is http:// there");
    }
    if of_tls || error.is_builder() { FinalError::new(reason).into() } else { reason.into() }
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
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
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

#[cfg(test)]
mod tests {
    use super::{Client, shown, url};
    use std::time::Duration;

    #[test]
    fn a_message_has_no_password_and_no_query() {
        for (address, expected) in [
            ("https://user:pass@host:1/a/b?token=t#f", "https://host:1/a/b"),
            ("http://host", "http://host"),
            ("http://host/@a", "http://host/@a"),
            ("user:pass@nowhere?x", "nowhere"),
            ("", ""),
        ] {
            assert_eq!(shown(address), expected);
        }
    }

    #[test]
    fn hosts_that_no_proxy_is_asked_for_are_those_of_curl_and_this_machine() {
        for (proxy, no_proxy, host, expected) in [
            (None, "", "127.0.0.1", true),
            (None, "", "127.8.8.8", true),
            (None, "", "[::1]", true),
            (None, "", "localhost", true),
            (Some("http://p:1"), "", "localhost", false),
            (Some("http://p:1"), "localhost", "localhost", true),
            (None, "", "example.com", false),
            (None, "example.com", "example.com", true),
            (None, "a, .example.com", "www.example.com", true),
            (None, "example.com", "myexample.com", false),
            (None, "*", "example.com", true),
        ] {
            let address = url(&format!("http://{host}/")).unwrap();
            let client =
                Client::new(address.clone(), &[], Duration::MAX, proxy, Some(no_proxy)).unwrap();
            assert_eq!(client.is_direct(&address), expected, "{proxy:?} {no_proxy} {host}");
        }
    }
}
