//! Lines of stdin → blocks of the channel.

use std::io::{self, BufRead};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sse_wire::Block;
use sse_wire::server::{PushError, survives_header};

use super::channel::Channel;
use crate::complain;
use crate::encode::Lines;

/// Reads all of stdin. `failed` says, from then on, that a line was refused.
pub(crate) fn read(json: bool, mut ids: Option<Ids>, channel: &Channel, failed: &AtomicBool) {
    let complain_and_fail = |what: std::fmt::Arguments<'_>| {
        complain(what);
        failed.store(true, Ordering::Relaxed);
    };
    let mut lines = Lines::new(false);
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        match stdin.read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => return complain_and_fail(format_args!("cannot read stdin: {error}")),
        }
        let mut push = |block: &Block<'_>| {
            push(block, ids.as_mut(), channel)?;
            if let Some(id) = block.id.filter(|id| !survives_header(id)) {
                complain(format_args!(
                    "stdin: line {number}: the id {id:?} does not come back in `Last-Event-ID` as it is; a client that reconnects behind it may miss events or get them twice"
                ));
            }
            Ok::<(), PushError>(())
        };
        let pushed = if json {
            match line.trim_ascii() {
                b"" => continue,
                line => lines.line(line, push),
            }
        } else {
            text(&line)
                .and_then(|text| push(&Block::new().data(text)).map_err(|error| error.to_string()))
        };
        if let Err(reason) = pushed {
            complain_and_fail(format_args!("stdin: line {number}: {reason}"));
        }
    }
}

/// A line without its end.
fn text(line: &[u8]) -> Result<&str, String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 from byte {} on", error.valid_up_to()))
}

/// Pushes a block; an event that has no id gets one.
fn push(block: &Block<'_>, ids: Option<&mut Ids>, channel: &Channel) -> Result<(), PushError> {
    match ids {
        Some(ids) if block.id.is_none() && block.data.is_some() => {
            channel.push(&block.id(&ids.next()))
        }
        _ => channel.push(block),
    }
}

/// Ids that no other run of the command gives.
pub(crate) struct Ids {
    start: u128,
    count: u64,
}

impl Ids {
    pub(crate) fn new() -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ids { start: start.as_millis(), count: 0 }
    }

    fn next(&mut self) -> String {
        self.count += 1;
        format!("{:x}-{}", self.start, self.count)
    }
}
