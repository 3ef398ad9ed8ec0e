//! Lines of stdin → events of the hub.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use sse_wire::Block;
use sse_wire::server::{Hub, PublishError, survives_header};

use crate::encode::Blocks;
use crate::lines::{Lines, text};
use crate::messages::log;

/// Reads all of stdin, in which no line may be longer than `longest`. Sets `failed` if a line is rejected.
pub(crate) fn read(json: bool, longest: usize, hub: &Hub, failed: &AtomicBool) {
    let log_and_fail = |what: std::fmt::Arguments<'_>| {
        log(what);
        failed.store(true, Ordering::Relaxed);
    };
    let mut blocks = Blocks::new(false);
    let mut lines = Lines::new(io::stdin().lock(), longest);
    for number in 1_u64.. {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(error) => return log_and_fail(format_args!("cannot read stdin: {error}")),
        };
        let publish = |block: &Block<'_>| {
            hub.publish(block)?;
            if let Some(id) = block.id.filter(|id| !survives_header(id)) {
                log(format_args!(
                    "stdin: line {number}: the ID {id:?} does not survive `Last-Event-ID` unchanged; a client that reconnects after it may miss events or get them twice"
                ));
            }
            Ok::<(), PublishError>(())
        };
        let published = line.and_then(|line| match line.trim_ascii() {
            b"" if json => Ok(()),
            line if json => blocks.line(line, publish),
            // A CR at its end belongs to the line end.
            _ => text(line.strip_suffix(b"\r").unwrap_or(line)).and_then(|text| {
                publish(&Block::new().data(text)).map_err(|error| error.to_string())
            }),
        });
        if let Err(reason) = published {
            log_and_fail(format_args!("stdin: line {number}: {reason}"));
        }
    }
}
