//! The recorded streams, which do not come with the project: every event arrives, in any chunking.

#![cfg(feature = "alloc")]

mod support;

use std::fs;
use std::path::Path;

use sse_wire::{End, Parser};
use support::{Driver, GrowableDriver, TokenizerDriver, Way, drivers};

#[test]
#[ignore = "needs recorded streams in a folder beside the project"]
fn every_data_line_of_a_recorded_stream_is_an_event_in_any_chunking_and_it_ends_clean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/streams");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut checked = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "sse") {
            continue;
        }
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

        // Cut before its last blank line, a stream is incomplete, and what was pending can be had.
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
    assert!(checked > 0, "a folder for recorded streams without one: {}", folder.display());
}
