//! The line that a chunk border cuts: what is known of it between two chunks
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).

use crate::token::Field;

/// The line whose end has not come, as far as it concerns what is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// None, or nothing of its value has come.
    Start,
    /// Part of a `data` or `event` value stands at the end of its buffer.
    Value(Field),
    /// Part of a value stands at the end of the ids.
    Id,
    /// Part of a reconnection time.
    Retry(ReconnectionTime),
    /// Part of a comment stands behind the data, from `start` on; its colon is at `position`.
    Comment { start: usize, position: u64 },
    /// None: a whole comment that was handed out still stands there.
    AfterComment { start: usize },
    /// Nothing that comes can matter.
    Ignored,
}

/// A reconnection time as far as it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReconnectionTime {
    Empty,
    /// The digits' value in milliseconds, capped at the largest integer.
    Digits(u64),
    /// Something else than ASCII digits.
    Invalid,
}

impl ReconnectionTime {
    /// The milliseconds that a whole value says.
    #[inline(always)]
    pub(crate) fn of(value: &[u8]) -> Option<u64> {
        // So many digits can't pass the largest integer.
        if value.is_empty() || value.len() > 19 {
            return Self::of_long(value);
        }
        value.iter().try_fold(0, |milliseconds: u64, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| milliseconds.wrapping_mul(10).wrapping_add(u64::from(digit)))
        })
    }

    #[inline(never)]
    fn of_long(value: &[u8]) -> Option<u64> {
        match Self::Empty.read(value) {
            Self::Digits(milliseconds) => Some(milliseconds),
            _ => None,
        }
    }

    pub(crate) fn read(self, piece: &[u8]) -> Self {
        piece.iter().fold(self, |time, byte| {
            let milliseconds = match time {
                Self::Invalid => return time,
                Self::Empty => 0,
                Self::Digits(milliseconds) => milliseconds,
            };
            match byte {
                b'0'..=b'9' => Self::Digits(
                    milliseconds.saturating_mul(10).saturating_add(u64::from(byte - b'0')),
                ),
                _ => Self::Invalid,
            }
        })
    }
}
