//! The values of options for the request, which mean the same as in curl.

use std::fs;
use std::io::{self, Read};

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use reqwest::{Certificate, Url};
use sse_wire::server::LAST_EVENT_ID;

use super::error::chain;

/// A header to send, or a default header to remove.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header(pub(super) HeaderName, pub(super) Option<HeaderValue>);

/// Certificate authorities.
#[derive(Clone)]
pub(crate) struct Certificates(pub(super) Vec<Certificate>);

/// The value of `--header`: one, or all in a file.
pub(super) fn headers(text: &str) -> Result<Vec<Header>, String> {
    let Some(name) = text.strip_prefix('@') else { return Ok(vec![header(text)?]) };
    let content = read(name)?;
    let content = String::from_utf8(content).map_err(|_| format!("{name} is not UTF-8"))?;
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| header(line).map_err(|error| format!("{name}: line {}: {error}", n + 1)))
        .collect()
}

fn header(text: &str) -> Result<Header, String> {
    let (name, value) = match (text.split_once(':'), text.trim_end().strip_suffix(';')) {
        (Some((name, value)), _) => (name, Some(value.trim()).filter(|value| !value.is_empty())),
        (None, Some(name)) => (name, Some("")),
        (None, None) => return Err("no colon; write it as `Name: value`".into()),
    };
    let name: HeaderName =
        name.trim().parse().map_err(|_| "the text before the colon is not a header name")?;
    if name == LAST_EVENT_ID {
        return Err("this header changes with each event; use --last-event-id".into());
    }
    Ok(Header(name, value.map(header_value).transpose()?))
}

/// A header's value, which can have any characters except control characters.
fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| "it has a control character, which a header cannot carry".into())
}

pub(super) fn last_event_id(text: &str) -> Result<String, String> {
    header_value(text)?;
    Ok(text.to_owned())
}

pub(super) fn method(text: &str) -> Result<Method, String> {
    text.parse().map_err(|_| "not a method; write GET or POST, for example".into())
}

/// The value of `--data`.
pub(super) fn data(text: &str) -> Result<Vec<u8>, String> {
    let Some(name) = text.strip_prefix('@') else { return Ok(text.into()) };
    let mut content = read(name)?;
    content.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    Ok(content)
}

/// The value of `--cacert`.
pub(super) fn certificates(name: &str) -> Result<Certificates, String> {
    let content = fs::read(name).map_err(|error| format!("cannot read {name}: {error}"))?;
    let certificates = Certificate::from_pem_bundle(&content).map_err(|error| chain(&error))?;
    if certificates.is_empty() {
        return Err(format!("{name} has no certificate in PEM form"));
    }
    Ok(Certificates(certificates))
}

fn read(name: &str) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    match name {
        "-" => io::stdin().read_to_end(&mut content).map(|_| content),
        name => fs::read(name),
    }
    .map_err(|error| format!("cannot read {name}: {error}"))
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

/// Formats an address for messages: without a password, and without the query, which may contain a token.
pub(crate) fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("//").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let slashes = if url.contains("//") { "//" } else { "" };
    format!("{scheme}{slashes}{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn headers_are_set_emptied_and_removed_as_in_curl() {
        for (text, value) in [
            ("Accept: a: b ", Some("a: b")),
            ("accept:x", Some("x")),
            ("Accept;", Some("")),
            ("Accept:", None),
            ("Accept: ", None),
        ] {
            let value = value.map(HeaderValue::from_static);
            assert_eq!(headers(text), Ok(vec![Header(hyper::header::ACCEPT, value)]), "{text}");
        }
    }
}
