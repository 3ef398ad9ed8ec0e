//! The policy of a connection, from the options.

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use sse_wire::{Liveness, Policy, SendAgain, Silence};

use super::options::Arguments;

/// The statuses of `--retry-status`, which are static because a policy has a function that captures nothing.
static RETRIED: OnceLock<Vec<RangeInclusive<u16>>> = OnceLock::new();

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
