//! The policy of a connection, from the options.

use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::time::Duration;

use sse_wire::{Liveness, Policy, SendAgain, Silence};

use super::options::Arguments;
use crate::arguments;

/// The statuses of `--retry-status`, which are static because a policy has a function that captures nothing.
static RETRIED: OnceLock<Vec<RangeInclusive<u16>>> = OnceLock::new();

/// A part of the value of `--retry-status`.
#[allow(clippy::reversed_empty_ranges)] // The range of no status.
pub(super) fn statuses(text: &str) -> Result<RangeInclusive<u16>, String> {
    if text == "none" {
        return Ok(1..=0);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if 100 <= first && first <= last && last <= 599 => {
            let statuses = first..=last;
            match [200, 204].iter().find(|status| statuses.contains(status)) {
                Some(status) => Err(format!(
                    "{status} cannot be retried: 200 opens the stream, and 204 ends it"
                )),
                None => Ok(statuses),
            }
        }
        _ => Err("not a status like 503, a range like 500-599, or none".into()),
    }
}

/// The value of `--idle-timeout`.
pub(super) fn idle_timeout(text: &str) -> Result<(Liveness, Duration), String> {
    let (class, time) = match text.split_once('=') {
        Some((class, time)) => (class, time),
        None => ("bytes", text),
    };
    let class = match class {
        "bytes" => Liveness::Bytes,
        "comments" => Liveness::Comments,
        "blocks" => Liveness::Blocks,
        "events" => Liveness::Events,
        _ => return Err("the class is one of bytes, comments, blocks and events".into()),
    };
    Ok((class, arguments::time(time)?))
}

pub(super) fn policy(arguments: &Arguments, is_safe: bool) -> Policy {
    let options = &arguments.reconnection;
    let mut silence = Silence::default();
    for &(class, timeout) in &options.idle_timeouts {
        *match class {
            Liveness::Bytes => &mut silence.bytes,
            Liveness::Comments => &mut silence.comments,
            Liveness::Blocks => &mut silence.blocks,
            _ => &mut silence.events,
        } = Some(timeout);
    }
    // With --once any other status is the end, and the message shows the beginning of the body.
    let retried = if arguments.end.once { Vec::new() } else { options.retry_status.clone() };
    let _ = RETRIED.set(retried);
    Policy {
        reconnection_time: options.retry,
        floor: options.min_wait,
        backoff: Some(options.backoff).filter(|most| !most.is_zero()),
        jitter: options.jitter,
        max_reconnections: options.max_reconnections,
        retry_status: |status| {
            RETRIED.get().is_some_and(|retried| retried.iter().any(|it| it.contains(&status)))
        },
        send_again: if is_safe { SendAgain::Always } else { SendAgain::IfSafe },
        head_timeout: Some(arguments.request.response_timeout),
        silence,
        ..Policy::default()
    }
}
