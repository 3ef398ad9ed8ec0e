//! The writer: the vectors, and targets that fail.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use allocation_counter::measure;
use sse_wire::io::BlockWriter;
use sse_wire::{Block, EncodeError, FmtSink, SliceSink, WriteError};

use crate::support::encoder::{encoder_cases, names, with_block};
use crate::support::script::{Fault, Target};

#[test]
fn every_encoder_vector_holds_through_a_writer_with_one_write_and_one_flush_per_block() {
    for case in encoder_cases() {
        with_block(&case, |block, _, _| {
            let mut writer = BlockWriter::new(Target::new(usize::MAX));
            writer.write(&Block::new().data("before")).unwrap();
            writer.get_mut().taken.clear();
            let written = writer.write(&block);
            match &case.expected {
                Ok(bytes) => {
                    written.unwrap();
                    assert_eq!(writer.get_ref().taken, *bytes, "{}", case.name);
                    assert_eq!(writer.get_ref().writes.len(), 2, "{}", case.name);
                    assert_eq!(writer.get_ref().flushes, 2, "{}", case.name);
                }
                Err(expected) => {
                    let WriteError::Encode(error) = written.unwrap_err() else { panic!() };
                    assert_eq!(names(error), *expected, "{}", case.name);
                    assert!(writer.waiting().is_empty() && writer.get_ref().taken.is_empty());
                    let error = io::Error::from(WriteError::Encode(error));
                    assert_eq!(error.kind(), ErrorKind::InvalidData);
                    assert!(error.get_ref().unwrap().is::<EncodeError>());
                }
            }
        });
    }
}

#[test]
fn a_target_that_fails_in_the_middle_of_a_block_loses_nothing() {
    let expected = b"data: 1\n\ndata: 2\n\n";
    for at_once in 1..=expected.len() {
        for fault in [Fault::Pause, Fault::Reset, Fault::Interrupted] {
            let mut target = Target::new(at_once);
            target.faults = (0..40).map(|n| (n % 2 == 0).then_some(fault)).collect();
            let mut writer = BlockWriter::new(target);
            let mut returned = 0;
            for data in ["1", "2"] {
                let mut written = writer.write(&Block::new().data(data));
                while let Err(error) = written {
                    assert!(matches!(error, WriteError::Transport(_)), "{error:?}");
                    let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
                    assert_eq!(Fault::from(source), fault);
                    // In addition to its source, not in place of it.
                    assert_eq!(error.to_string(), "the stream could not be written");
                    returned += 1;
                    written = writer.flush();
                }
            }
            assert_eq!(writer.get_ref().taken, expected);
            assert_eq!(returned == 0, fault == Fault::Interrupted, "{at_once}");
            assert!(writer.waiting().is_empty());
        }
    }
}

#[test]
fn unwritten_blocks_stay_in_order() {
    let mut target = Target::new(5);
    target.faults = [None, Some(Fault::Pause)].into();
    let mut writer = BlockWriter::new(target);
    assert!(writer.write(&Block::new().data("1")).is_err());
    assert_eq!(writer.waiting(), b" 1\n\n");
    Block::new().data("2").encode(&mut writer).unwrap();
    // Rolled back, without the unwritten bytes before it.
    let mut data = Block::new().data_writer(&mut writer).unwrap();
    data.write("half").unwrap();
    drop(data);
    writer.write(&Block::new().data("3")).unwrap();
    assert_eq!(writer.into_inner().taken, b"data: 1\n\ndata: 2\n\ndata: 3\n\n");
}

#[test]
fn a_target_that_takes_no_bytes_is_an_error_and_not_an_endless_loop() {
    let mut writer = BlockWriter::new(Target::new(0));
    let error = writer.write(&Block::new().data("1")).unwrap_err();
    assert!(matches!(error, WriteError::WriteZero));
    assert_eq!(io::Error::from(error).kind(), ErrorKind::WriteZero);
    writer.get_mut().at_once = 100;
    writer.flush().unwrap();
    assert_eq!(writer.get_ref().taken, b"data: 1\n\n");
}

#[test]
fn bounded_memory_a_writer_reuses_its_buffer_and_frees_a_large_one() {
    let mut writer = BlockWriter::new(io::sink());
    let block = Block::new().data("x");
    writer.write(&block).unwrap();
    let info = measure(|| (0..100).for_each(|_| writer.write(&block).unwrap()));
    assert_eq!(info.count_total, 0);
    // The largest block whose buffer is kept.
    let kept = "x".repeat(16 * 1024 - "data: \n\n".len());
    let kept = Block::new().data(&kept);
    writer.write(&kept).unwrap();
    let info = measure(|| writer.write(&kept).unwrap());
    assert_eq!(info.count_total, 0);
    let large = "x".repeat(1 << 20);
    let info = measure(|| writer.write(&Block::new().data(&large)).unwrap());
    assert!(info.bytes_max >= 1 << 20 && info.bytes_current <= 0, "{info:?}");
}

#[test]
fn a_block_reserves_its_room_at_once() {
    let text = "x".repeat(1000);
    let mut writer = BlockWriter::new(io::sink());
    let info = measure(|| Block::new().data(&text).encode(&mut writer).unwrap());
    assert_eq!(info.count_total, 1);
}

/// A target that fails.
struct Broken;

impl std::fmt::Write for Broken {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}

#[test]
fn an_error_of_a_block_becomes_an_io_error_of_the_right_kind() {
    let kind = |error: EncodeError| {
        let text = error.to_string();
        let error = io::Error::from(error);
        assert_eq!(error.to_string(), text);
        error.kind()
    };
    let block = Block::new().data("1");
    let no_room = block.encode(&mut SliceSink::new(&mut [0; 4])).unwrap_err();
    assert_eq!(kind(no_room), ErrorKind::StorageFull);
    assert_eq!(kind(block.encode(&mut FmtSink(Broken)).unwrap_err()), ErrorKind::Other);
    let injects = Block::new().id("1\n").encode(&mut Vec::new()).unwrap_err();
    assert_eq!(kind(injects), ErrorKind::InvalidData);
}
