//! The parts of a response that decide about the connection: its status and four of its headers.

use core::time::Duration;

use super::action::Failure;
use super::content_type::is_of_type;
use super::retry_after::retry_after;

/// The part of a response's head that a [`Connection`](crate::Connection) needs.
///
/// With the feature `http`, a `&http::Response<_>` or `&http::response::Parts` converts to it.
///
/// ```
/// use sse_wire::ResponseHead;
///
/// let head = ResponseHead {
///     status: 503,
///     retry_after: Some(b"120"),
///     ..ResponseHead::default()
/// };
/// ```
///
/// If a response has several headers with the same name, join their values with commas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    /// The status.
    pub status: u16,
    /// The value of `Content-Type`; `None` if there is no such header.
    pub content_type: Option<&'a [u8]>,
    /// The value of `Content-Encoding`, where `identity` means none. A driver that decodes the body omits it.
    pub content_encoding: Option<&'a [u8]>,
    /// The value of `Retry-After`.
    pub retry_after: Option<&'a [u8]>,
    /// The value of `Date`, with which a date in `Retry-After` is compared.
    pub date: Option<&'a [u8]>,
}

impl ResponseHead<'_> {
    /// Checks whether the response opens a stream
    /// ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)): its
    /// status is 200, its type is `text/event-stream` or the additional one, and it is not compressed.
    ///
    /// ```
    /// use sse_wire::{Failure, ResponseHead};
    ///
    /// let head = ResponseHead {
    ///     status: 200,
    ///     content_type: Some(b"Text/Event-Stream; charset=utf-8"),
    ///     ..ResponseHead::default()
    /// };
    /// assert_eq!(head.check(None), Ok(()));
    /// let head = ResponseHead { content_encoding: Some(b"gzip"), ..head };
    /// assert_eq!(head.check(None), Err(Failure::ContentEncoding));
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the [`Failure`] of a connection that gets this response.
    pub fn check(&self, additional_type: Option<&str>) -> Result<(), Failure> {
        let of_type = |name| self.content_type.is_some_and(|value| is_of_type(value, name));
        if self.status != 200 {
            return Err(Failure::Status(self.status));
        }
        if !of_type("text/event-stream") && !additional_type.is_some_and(of_type) {
            return Err(Failure::ContentType);
        }
        let mut encodings = self.content_encoding.unwrap_or_default().split(|&byte| byte == b',');
        let is_none = |name: &[u8]| name.is_empty() || name.eq_ignore_ascii_case(b"identity");
        if !encodings.all(|name| is_none(name.trim_ascii())) {
            return Err(Failure::ContentEncoding);
        }
        Ok(())
    }

    /// Returns how long the server asks the client to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.retry_after?, self.date)
    }
}

#[cfg(feature = "http")]
mod of_http {
    use http::header::{
        CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    };
    use http::{Response, StatusCode, response::Parts};

    use super::super::content_type::has_type;
    use super::ResponseHead;

    /// Of several `Content-Type` headers the last one with a valid type counts, as if they were joined; of
    /// several `Content-Encoding` headers the first one that is not `identity`.
    impl<'a, B> From<&'a Response<B>> for ResponseHead<'a> {
        fn from(response: &'a Response<B>) -> Self {
            head(response.status(), response.headers())
        }
    }

    /// As for a `Response`.
    impl<'a> From<&'a Parts> for ResponseHead<'a> {
        fn from(parts: &'a Parts) -> Self {
            head(parts.status, &parts.headers)
        }
    }

    fn head(status: StatusCode, headers: &HeaderMap) -> ResponseHead<'_> {
        let all = |name: HeaderName| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
        let first = |name| all(name).next();
        let is_encoded =
            |value: &&[u8]| !value.is_empty() && !value.eq_ignore_ascii_case(b"identity");
        ResponseHead {
            status: status.as_u16(),
            content_type: all(CONTENT_TYPE).rfind(|value| has_type(value)),
            content_encoding: all(CONTENT_ENCODING).find(is_encoded),
            retry_after: first(RETRY_AFTER),
            date: first(DATE),
        }
    }

    #[cfg(test)]
    mod tests {
        use http::{Response, header::CONTENT_TYPE};

        use super::ResponseHead;

        fn opens(headers: &[(&str, &str)]) -> bool {
            let mut response = Response::new(());
            for (name, value) in headers {
                let name: http::HeaderName = name.parse().unwrap();
                response.headers_mut().append(name, value.parse().unwrap());
            }
            let of_response = ResponseHead::from(&response).check(None).is_ok();
            let (parts, ()) = response.into_parts();
            assert_eq!(ResponseHead::from(&parts).check(None).is_ok(), of_response);
            of_response
        }

        #[test]
        fn several_headers_of_a_name_count_as_if_they_were_joined() {
            let name = CONTENT_TYPE.as_str();
            let (stream, html) = ((name, "text/event-stream"), (name, "text/html"));
            assert!(opens(&[stream]) && opens(&[html, stream]) && opens(&[stream, (name, "x")]));
            assert!(!opens(&[]) && !opens(&[stream, html]) && !opens(&[(name, "x")]));
            let (identity, gzip) = (("content-encoding", "Identity"), ("content-encoding", "gzip"));
            assert!(opens(&[stream, identity]) && opens(&[stream, ("content-encoding", "")]));
            assert!(!opens(&[stream, gzip]) && !opens(&[stream, identity, gzip]));
        }
    }
}
