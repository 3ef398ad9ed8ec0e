//! Zero-copy: what lies in one chunk is not copied and allocates nothing.

use allocation_counter::measure;
use sse_wire::{Item, Parser};

use crate::decode;

#[test]
fn zero_copy_a_lent_event_allocates_nothing() {
    let stream =
        "event: tick\ndata: some text, also é\r\n\r\n: comment\n\ndata: 漢字\n\nretry: 7\n\n"
            .repeat(50);
    let (count, info) = decode(&mut Parser::new(), [stream.as_bytes()].into_iter());
    assert_eq!((count, info.count_total), (100, 0));
}

#[test]
fn zero_copy_ids_of_one_length_allocate_once_for_each_buffer() {
    let stream = "id: 12345678\ndata: x\n\n".repeat(1000);
    let (count, info) = decode(&mut Parser::new(), [stream.as_bytes()].into_iter());
    assert_eq!(count, 1000);
    assert!(info.count_total <= 3, "{info:?}");
}

#[test]
fn zero_copy_items_allocate_nothing_within_a_block_either() {
    let stream = "event: e\n: comment\nretry: 5\ndata: x\n: comment\n\nevent: e\n\n".repeat(25);
    let mut parser = Parser::new();
    let mut items = parser.push(stream.as_bytes());
    let mut comments = 0;
    let info = measure(|| {
        while let Some(item) = items.next_item().unwrap() {
            comments += usize::from(matches!(item, Item::Comment { text: "comment", .. }));
        }
    });
    assert_eq!((comments, info.count_total), (50, 0));
}
