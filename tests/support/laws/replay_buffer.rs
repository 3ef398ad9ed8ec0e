//! What a client that comes back is given.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use sse_wire::Block;
use sse_wire::server::{Bounds, Position, PushError, ReplayBuffer, Resume};

#[derive(Arbitrary, Debug)]
enum Step {
    /// A block with this ID, of the few there are, and so much data.
    Push { id: Option<u8>, data: u8 },
    /// A client comes back with an ID.
    Resume { id: u8 },
    /// A client goes on from the position that it was given, of the last ones.
    After { client: u8 },
    /// So many seconds pass.
    Pass { seconds: u8 },
}

#[derive(Arbitrary, Debug)]
struct Start {
    blocks: Option<u8>,
    bytes: Option<u16>,
    age: Option<u8>,
}

/// A block as it was pushed.
struct Pushed {
    id: Option<String>,
    /// The first block that had its ID, of those that followed each other while one was held.
    first: usize,
    bytes: Vec<u8>,
}

/// A client misses no block: it is given all from where it can have been cut, or it is told. The
/// bounds hold, and the newest block is there.
pub fn replay_buffer(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(Start { blocks, bytes, age }) = Start::arbitrary(&mut input) else { return };
    let mut bounds = Bounds::new();
    bounds.blocks = blocks.map(usize::from);
    bounds.bytes = bytes.map(usize::from);
    bounds.age = age.map(|seconds| Duration::from_secs(seconds.into()));
    let mut buffer = ReplayBuffer::new(bounds);
    let mut history: Vec<Pushed> = Vec::new();
    let mut clients: Vec<(usize, Position)> = vec![(0, buffer.start())];
    let mut now = Duration::ZERO;
    while let Ok(step) = Step::arbitrary(&mut input) {
        if input.is_empty() {
            break;
        }
        match step {
            Step::Push { id, data } => {
                let id = id.map(name);
                let data = "x".repeat(data.into());
                let block = Block { id: id.as_deref(), ..Block::new().data(&data) };
                match buffer.push(&block, now) {
                    Ok(bytes) => {
                        let id = id.map(|id| id.trim_matches([' ', '\t']).to_owned());
                        let start = history.len() + 1 - buffer.len();
                        let held =
                            history[start..].iter().find(|held| id.is_some() && held.id == id);
                        let first = held.map_or(history.len(), |held| held.first);
                        history.push(Pushed { id, first, bytes: bytes.to_vec() });
                        assert!(!buffer.is_empty(), "the newest block is held");
                    }
                    Err(PushError::TooLarge { needed, bound, .. }) => {
                        assert!(needed > bound && bounds.bytes == Some(bound));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Resume { id } => {
                let id = name(id);
                let resume = buffer.resume(&id, now);
                let id = id.trim_matches([' ', '\t']);
                clients.extend(check_resume(&buffer, &history, id, resume));
            }
            Step::After { client } => {
                let at = clients.len() - 1 - usize::from(client) % clients.len();
                let (behind, position) = clients[at];
                check_after(&buffer, &history, behind, position);
            }
            Step::Pass { seconds } => {
                now += Duration::from_secs(seconds.into());
                buffer.expire(now);
                assert!(buffer.next_expiry().is_none_or(|expiry| expiry > now));
            }
        }
        assert!(bounds.blocks.is_none_or(|blocks| buffer.len() <= blocks.max(1)));
        assert!(bounds.bytes.is_none_or(|bytes| buffer.bytes() <= bytes));
        assert!(buffer.len() <= history.len());
    }
}

/// Few IDs, so that they come again; some have spaces, which headers lose, and one is empty.
fn name(id: u8) -> String {
    match id {
        0..=127 => (id % 8).to_string(),
        128..=191 => format!(" {}\t", id % 8),
        192 => String::new(),
        _ => id.to_string(),
    }
}

/// Checks an answer, and gives the position in it with the number of blocks before it.
fn check_resume(
    buffer: &ReplayBuffer,
    history: &[Pushed],
    id: &str,
    resume: Resume,
) -> Option<(usize, Position)> {
    let uses = || history.iter().enumerate().filter(|(_, pushed)| pushed.id.as_deref() == Some(id));
    let start = history.len() - buffer.len();
    let position = match resume {
        Resume::New => {
            assert_eq!(id, "");
            return None;
        }
        Resume::Gap => {
            let first = uses().next();
            assert!(
                uses().count() != 1 || first.is_none_or(|(at, _)| at < start),
                "the only block of an ID that is held is where the client was"
            );
            return None;
        }
        Resume::UpToDate(position) => {
            assert_eq!(position, buffer.end());
            position
        }
        Resume::Missed(position) => {
            assert!(position < buffer.end());
            position
        }
    };
    assert_ne!(id, "");
    let given = buffer.after(position).expect("it is there").len();
    let behind = history.len() - given;
    let last = uses().next_back().expect("an ID that was pushed").0;
    // The client may be at each of the blocks that have it, also at one that is gone.
    let first = history[last].first;
    assert!(behind <= first + 1, "no hole: behind {behind}, the ID is at {first} to {last}");
    if uses().count() == 1 {
        assert_eq!(behind, last + 1, "exactly once");
    }
    assert_eq!(history[behind - 1].id.as_deref(), Some(id));
    check_after(buffer, history, behind, position);
    Some((behind, position))
}

/// Behind a position come the blocks that were pushed behind it, or their lack is told.
fn check_after(buffer: &ReplayBuffer, history: &[Pushed], behind: usize, position: Position) {
    let start = history.len() - buffer.len();
    match buffer.after(position) {
        Ok(blocks) => {
            assert!(behind >= start);
            let expected = history[behind..].iter().map(|pushed| &pushed.bytes[..]);
            assert!(blocks.map(|block| &block[..]).eq(expected), "all, and in order");
        }
        Err(lagged) => {
            assert!(behind < start);
            assert_eq!(lagged.missed(), (start - behind) as u64);
        }
    }
}
