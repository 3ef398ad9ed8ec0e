//! The requests of `sse-wire listen`: redirects, proxies, and which headers go where.

use std::future::Future;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Method, Response, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Body, NoProxy, Proxy, Url};
use sse_wire::{Attempt, FinalError};

use super::error::{BoxError, chain, request_error};
use super::options::Request;
use super::request::{Certificates, Header};
use crate::loopback::is_loopback;

/// How many redirects a request follows.
const REDIRECTS: usize = 10;

/// The default content type of a body, as in curl.
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Sends requests to one address.
#[derive(Clone)]
pub(crate) struct Client {
    /// The client that uses the proxy, if there is one.
    proxied: reqwest::Client,
    direct: reqwest::Client,
    /// Whether the proxy is used for loopback addresses, too.
    proxies_loopback: bool,
    /// The hosts for which no proxy is used.
    no_proxy: String,
    url: Url,
    method: Method,
    /// The body and its type.
    body: Option<(Bytes, Option<HeaderValue>)>,
    /// The user's headers, only for the origin of the address.
    headers: Vec<Header>,
}

impl Client {
    pub(crate) fn new(url: Url, options: &Request) -> Result<Self, String> {
        let builder = || {
            let mut builder = reqwest::Client::builder()
                .connect_timeout(options.connect_timeout)
                .danger_accept_invalid_certs(options.insecure)
                .referer(false)
                .redirect(Policy::none())
                // A connection that lost a stream is not reused.
                .pool_max_idle_per_host(0);
            if let Some(Certificates(certificates)) = &options.cacert {
                builder = builder.tls_built_in_root_certs(false);
                for certificate in certificates {
                    builder = builder.add_root_certificate(certificate.clone());
                }
            }
            builder
        };
        let mut proxied = builder();
        if let Some(proxy) = &options.proxy {
            let proxy = Proxy::all(proxy).map_err(|error| {
                format!("--proxy: {}; write it as http://host:port", chain(&error))
            })?;
            proxied = proxied.proxy(proxy.no_proxy(NoProxy::from_env()));
        }
        let has_body = !options.data.is_empty();
        let default = if has_body { Method::POST } else { Method::GET };
        let (types, headers): (Vec<Header>, Vec<Header>) = options
            .headers
            .concat()
            .into_iter()
            .partition(|Header(name, _)| has_body && name == CONTENT_TYPE);
        let content_type = types.into_iter().next_back().map_or(Some(FORM), |header| header.1);
        Ok(Client {
            proxied: proxied.build().map_err(|error| chain(&error))?,
            direct: builder().no_proxy().build().map_err(|error| chain(&error))?,
            proxies_loopback: options.proxy.is_some(),
            no_proxy: options.no_proxy.clone().unwrap_or_default(),
            url,
            method: options.method.clone().unwrap_or(default),
            body: has_body.then(|| (Bytes::from(options.data.join(&b'&')), content_type)),
            headers,
        })
    }

    /// Returns whether the request can be sent again without a side effect.
    pub(crate) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }

    /// Sends a request, and follows redirects.
    pub(crate) fn send(
        &self,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<Response<Body>, BoxError>> + use<> {
        let mut client = self.clone();
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
                    FinalError::new("the redirect does not lead to an http or https address")
                })?;
                if becomes_get(response.status(), &client.method) {
                    (client.method, client.body) = (Method::GET, None);
                }
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
        if let Some((_, Some(content_type))) = &self.body {
            all.insert(CONTENT_TYPE, content_type.clone());
        }
        if url.origin() == self.url.origin() {
            // They replace the default headers with the same name.
            for Header(name, _) in &self.headers {
                all.remove(name);
            }
            for Header(name, value) in &self.headers {
                all.extend(value.iter().map(|value| (name.clone(), value.clone())));
            }
            if url.username().is_empty() && url.password().is_none() {
                _ = url.set_username(self.url.username());
                _ = url.set_password(self.url.password());
            }
        }
        let mut request = client.request(self.method.clone(), url).headers(all);
        if let Some((body, _)) = &self.body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(request_error)
    }

    /// Returns whether no proxy is used, by curl's rules, and for loopback addresses unless a proxy was named.
    fn is_direct(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let names = self.no_proxy.split([',', ' ']).filter(|name| !name.is_empty());
        let mut names = names.map(|name| name.trim_start_matches('.'));
        (!self.proxies_loopback && is_loopback(host))
            || names.any(|name| {
                let domain = host.strip_suffix(name);
                name == "*" || domain.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

/// Returns whether a redirect with this status is followed by GET, as in browsers and curl.
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => method == Method::POST,
        StatusCode::SEE_OTHER => method != Method::HEAD,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::options::Arguments;
    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
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
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            let mut arguments = vec!["listen", "http://x/", "--noproxy", no_proxy];
            arguments.extend(proxy.into_iter().flat_map(|proxy| ["--proxy", proxy]));
            let options = Command::parse_from(arguments).arguments.request;
            let client = Client::new(url.clone(), &options).unwrap();
            assert_eq!(client.is_direct(&url), expected, "{proxy:?} {no_proxy} {host}");
        }
    }
}
