//! Which hosts are this machine: `serve` accepts their names, and `listen` uses no proxy for them.

use std::net::IpAddr;

/// Returns whether a host of a URL is a name or an address of loopback. An IPv6 address can have brackets.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
