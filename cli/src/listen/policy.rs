//! The policy of a connection, from the options.

use std::time::Duration;

use sse_wire::{Liveness, Policy, Silence};

use super::Arguments;
use crate::arguments;

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

pub(super) fn policy(arguments: &Arguments) -> Policy {
    let mut silence = Silence::default();
    for &(class, timeout) in &arguments.idle_timeouts {
        *match class {
            Liveness::Bytes => &mut silence.bytes,
            Liveness::Comments => &mut silence.comments,
            Liveness::Blocks => &mut silence.blocks,
            _ => &mut silence.events,
        } = Some(timeout);
    }
    Policy {
        reconnection_time: arguments.retry,
        floor: arguments.min_wait,
        backoff: Some(arguments.backoff).filter(|most| !most.is_zero()),
        jitter: arguments.jitter,
        max_reconnections: arguments.max_reconnections,
        head_timeout: Some(arguments.response_timeout),
        silence,
        ..Policy::default()
    }
}
