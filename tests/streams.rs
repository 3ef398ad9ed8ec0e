//! The recorded streams, which are not part of the repository: every event is returned, in any chunking.

#![cfg(feature = "alloc")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use sse_wire::{End, Parser};
use support::{Driver, GrowableDriver, TokenizerDriver, Way, drivers};

/// The files of the recorded streams.
fn recorded() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/streams");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "sse")).collect()
}

#[test]
#[ignore = "needs recorded streams in a folder next to the repository"]
fn every_data_line_of_a_recorded_stream_is_an_event_in_any_chunking_and_it_ends_clean() {
    let mut checked = 0;
    for path in recorded() {
        let stream = fs::read(&path).unwrap();
        let data_lines =
            stream.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"data:")).count();
        let done = stream.windows(12).any(|bytes| bytes == b"data: [DONE]");
        let whole = GrowableDriver(Way::Push, "").decode(&[&stream], None, None);
        let name = path.display();
        assert_eq!(whole.events.len(), data_lines, "{name}");
        assert_eq!(whole.events.last().unwrap().1 == "[DONE]", done, "{name}");
        assert!(whole.clean, "{name}");
        for driver in &mut drivers() {
            for size in [1, 7, 64, 1460] {
                let chunks: Vec<&[u8]> = stream.chunks(size).collect();
                let decoded = driver.decode(&chunks, None, None);
                assert_eq!(decoded.events, whole.events, "{name}, {}", driver.name());
                assert!(decoded.clean);
            }
        }
        assert_eq!(TokenizerDriver.decode(&[&stream], None, None).events, whole.events);

        // A stream that is cut before its last blank line is incomplete, and `finish` returns the pending event.
        let cut = whole.events.last().unwrap().3.end as usize - 1;
        let mut parser = Parser::new();
        let mut events = parser.push(&stream[..cut]);
        while events.next().unwrap().is_some() {}
        match parser.finish().unwrap() {
            End::Incomplete(pending) => {
                assert_eq!(
                    pending.data,
                    whole.events.last().map(|event| event.1.as_str()),
                    "{name}"
                );
            }
            End::Clean => panic!("{name}"),
        }
        checked += 1;
    }
    assert!(checked > 0, "the folder has no recorded streams");
}

#[cfg(feature = "client")]
#[tokio::test(start_paused = true)]
#[ignore = "needs recorded streams in a folder next to the repository"]
async fn cancellation_every_event_of_a_recorded_stream_is_returned_even_if_each_next_loses_a_select()
 {
    use std::future::ready;

    use futures::stream::{self, StreamExt};
    use sse_wire::http_body::ChunkBody;
    use sse_wire::{EventSource, Incoming, Policy};

    let mut checked = 0;
    for path in recorded() {
        let bytes = fs::read(&path).unwrap();
        let whole = GrowableDriver(Way::Push, "").decode(&[&bytes], None, None);
        let request = move |_| {
            let chunks: Vec<_> = bytes.chunks(100).map(<[u8]>::to_vec).collect();
            let chunks = stream::iter(chunks).then(|chunk| async {
                tokio::task::yield_now().await;
                Ok::<_, std::io::Error>(chunk)
            });
            let response = http::Response::builder().header("content-type", "text/event-stream");
            ready(response.body(ChunkBody::new(chunks.boxed())))
        };
        let policy = Policy { max_reconnections: Some(0), ..Policy::default() };
        let mut source = EventSource::new(request).with_policy(policy);
        let mut data = Vec::new();
        let mut dropped = 0;
        loop {
            tokio::select! {
                biased;
                item = source.next() => match item.unwrap() {
                    Ok(Incoming::Event(event)) => data.push(event.data),
                    Ok(Incoming::Notice(_)) => {}
                    Err(_) => break,
                },
                () = ready(()) => {
                    dropped += 1;
                    tokio::task::yield_now().await;
                }
            }
        }
        let expected: Vec<_> = whole.events.into_iter().map(|(_, data, ..)| data).collect();
        assert_eq!(data, expected, "{}", path.display());
        assert!(dropped > 0);
        checked += 1;
    }
    assert!(checked > 0, "no streams");
}
