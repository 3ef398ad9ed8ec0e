//! The encoder allocates only the memory of its target, at once.

use std::time::Duration;

use allocation_counter::measure;
use sse_wire::{Block, SliceSink};

#[test]
fn encoding_into_warm_or_fixed_memory_allocates_nothing() {
    let block = Block::new()
        .event_type("e")
        .id("1")
        .retry(Duration::from_millis(5))
        .comment("c")
        .data("one\ntwo\rthree");
    let mut vec = Vec::with_capacity(200);
    let mut memory = [0; 200];
    let info = measure(|| {
        block.encode(&mut vec).unwrap();
        assert_eq!(block.encode_to_slice(&mut memory), block.encoded_len());
        let mut sink = SliceSink::new(&mut memory);
        let mut data = block.data_writer(&mut sink).unwrap();
        data.write("more\n").unwrap();
        data.finish().unwrap();
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_block_reserves_its_room_in_a_sink_at_once() {
    let text = "x".repeat(1000);
    for block in
        [Block::new().data(&text), Block::new().comment(&text), Block::new().id("1").data(&text)]
    {
        let bytes = measure(|| block.encode(&mut Vec::new()).unwrap());
        let string = measure(|| block.encode(&mut String::new()).unwrap());
        assert_eq!((bytes.count_total, string.count_total), (1, 1), "{block:?}");
    }
}
