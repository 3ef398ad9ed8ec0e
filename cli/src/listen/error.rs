//! The errors of requests: which are final, and their text.

use std::error::Error;
use std::io;
use std::iter;

use sse_wire::FinalError;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Returns a network error, or a final error if another attempt would fail in the same way.
pub(super) fn request_error(error: reqwest::Error) -> BoxError {
    let error = error.without_url();
    let of_tls = error.is_connect() && sources(&error).any(is_of_tls);
    let mut reason = chain(&error);
    if of_tls {
        reason.push_str(match reason.contains("certificate") {
            true => {
                "; --cacert names an authority to trust, and --insecure accepts any certificate"
            }
            false => "; the server may be an http:// one",
        });
    }
    if of_tls || error.is_builder() { FinalError::new(reason).into() } else { reason.into() }
}

fn sources<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// Returns whether it is a TLS error, which is invalid data, possibly wrapped in another I/O error that does not have it
/// as its source.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let Some(error) = error.downcast_ref::<io::Error>() else { return false };
    error.kind() == io::ErrorKind::InvalidData
        || error.get_ref().is_some_and(|inner| is_of_tls(inner))
}

/// Formats an error and its sources, without repetitions.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
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
