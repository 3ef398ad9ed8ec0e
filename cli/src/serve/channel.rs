//! What all clients are given: the latest blocks, and the news that there are more. A client is a
//! position in them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, Stream};
use sse_wire::Block;
use sse_wire::server::{Bounds, Lagged, Position, PushError, ReplayBuffer, Resume};
use tokio::sync::watch;

use crate::complain;

/// One stream, with one who writes and many who read.
pub(crate) struct Channel {
    begin: Instant,
    buffer: Mutex<ReplayBuffer>,
    /// Whether the stream has ended. Also touched whenever a block has come.
    ended: watch::Sender<bool>,
}

impl Channel {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Channel {
            begin: Instant::now(),
            buffer: Mutex::new(ReplayBuffer::new(bounds)),
            ended: watch::Sender::new(false),
        }
    }

    fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    fn buffer(&self) -> MutexGuard<'_, ReplayBuffer> {
        // Nothing that panics is done under the lock.
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a block for all clients.
    pub(crate) fn push(&self, block: &Block<'_>) -> Result<(), PushError> {
        self.buffer().push(block, self.now())?;
        self.ended.send_modify(|_| {});
        Ok(())
    }

    /// Ends the stream of each client behind the blocks that are there.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Where a client stands that comes with this last event ID.
    pub(crate) fn resume(&self, last_event_id: &str) -> Resume {
        self.buffer().resume(last_event_id, self.now())
    }

    /// Before all that is held.
    pub(crate) fn start(&self) -> Position {
        self.buffer().start()
    }

    /// Behind all that came.
    pub(crate) fn end_position(&self) -> Position {
        self.buffer().end()
    }

    /// The greeting, and then the blocks behind a position, those that will come included. A client
    /// that is `new` misses nothing where its first block is a later one. `name` is what to call
    /// the client; `guard` goes with it.
    pub(crate) fn blocks<G: Send>(
        self: Arc<Self>,
        position: Position,
        new: bool,
        greeting: Option<Arc<[u8]>>,
        name: String,
        guard: G,
    ) -> impl Stream<Item = Arc<[u8]>> + Send {
        let ended = self.ended.subscribe();
        let client = Client { channel: self, position, new, greeting, ended, name, _guard: guard };
        stream::unfold(client, async |mut client| Some((client.next().await?, client)))
    }
}

struct Client<G> {
    channel: Arc<Channel>,
    position: Position,
    new: bool,
    greeting: Option<Arc<[u8]>>,
    ended: watch::Receiver<bool>,
    name: String,
    _guard: G,
}

impl<G> Client<G> {
    /// The next block, as soon as there is one; `None` at the end.
    async fn next(&mut self) -> Option<Arc<[u8]>> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        loop {
            // Before the buffer is asked: news that come behind that are not missed.
            let ended = *self.ended.borrow_and_update();
            match self.next_held() {
                Ok(None) => {}
                Ok(block) => return block,
                Err(lagged) => {
                    complain(format_args!(
                        "client {} reads too slowly and is let go: {} blocks that it was not given are no longer held (--replay-bytes, --replay-events, --replay-age)",
                        self.name,
                        lagged.missed()
                    ));
                    return None;
                }
            }
            if ended {
                return None;
            }
            self.ended.changed().await.ok()?;
        }
    }

    /// The next block that is there already.
    fn next_held(&mut self) -> Result<Option<Arc<[u8]>>, Lagged> {
        let buffer = self.channel.buffer();
        let mut blocks = match buffer.after(self.position) {
            Err(_) if self.new => buffer.after(buffer.start())?,
            blocks => blocks?,
        };
        let block = blocks.next().cloned();
        self.position = blocks.position();
        self.new &= block.is_none();
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};

    use super::*;

    /// What a client of a channel that holds two blocks is given that began before four were pushed.
    fn given(new: bool) -> Vec<Arc<[u8]>> {
        let channel = Arc::new(Channel::new(Bounds { blocks: Some(2), ..Bounds::default() }));
        let blocks = channel.clone().blocks(channel.start(), new, None, "here".to_owned(), ());
        for data in ["1", "2", "3", "4"] {
            channel.push(&Block::new().data(data)).unwrap();
        }
        channel.end();
        blocks.collect().now_or_never().expect("the channel has ended")
    }

    #[test]
    fn a_new_client_is_given_what_is_held_by_the_time_it_is_served() {
        let expected: [Arc<[u8]>; 2] = [(*b"data: 3\n\n").into(), (*b"data: 4\n\n").into()];
        assert_eq!(given(true), expected);
    }

    #[test]
    fn a_client_that_came_back_is_let_go_rather_than_miss_blocks_unseen() {
        assert!(given(false).is_empty());
    }
}
