//! The test vectors, through every public entry point and in every chunking.

#![cfg(feature = "alloc")]

mod support;

use std::time::Duration;

use sse_wire::{EncodeError, Parser, SliceSink};
use support::encoder::{encoder_cases, names, with_block};
use support::model::{self, Limits};
use support::outcome::Output;
use support::{Decoded, check_decoder_vectors, decoder_cases, drivers, milliseconds, values};

#[test]
fn every_decoder_vector_holds_in_every_chunking_through_every_entry_point() {
    check_decoder_vectors(&mut drivers());
}

#[test]
fn every_decoder_vector_holds_in_the_model_of_limits() {
    for case in decoder_cases() {
        let limits = Limits { all: case.limit.unwrap_or(usize::MAX), id: usize::MAX, arrays: None };
        let before = case.last_event_id.as_deref().unwrap_or_default();
        let outcome = model::decode(&case.chunks.concat(), before, limits);
        let mut decoded = Decoded {
            last_event_id: outcome.last_event_id.clone(),
            retry: outcome.reconnection_time.map(milliseconds),
            after: case.expected.after.clone(),
            clean: outcome.pending.is_none(),
            comments: case.expected.comments.clone(),
            ..Decoded::default()
        };
        for output in outcome.of_push().output {
            match output {
                Output::Event(event) => decoded.events.push(values(&event.as_event())),
                _ => decoded.errors += 1,
            }
        }
        assert_eq!(decoded, case.expected, "{}", case.name);
    }
}

#[test]
fn every_encoder_vector_holds_for_every_sink() {
    let cases = encoder_cases();
    assert!(cases.len() >= 30, "{} cases", cases.len());
    for case in &cases {
        let expected = case.expected.as_deref().map_err(Clone::clone);
        with_block(case, |block, _, _| {
            let mut vec = b"before".to_vec();
            let written = block.encode(&mut vec).map(|()| &vec[6..]).map_err(names);
            assert_eq!(written, expected, "{}", case.name);
            if written.is_err() {
                assert_eq!(vec, b"before", "{}: a refused block leaves no trace", case.name);
            }

            let mut string = String::new();
            let written = block.encode(&mut string).map(|()| string.as_bytes()).map_err(names);
            assert_eq!(written, expected, "{}", case.name);

            let mut target = sse_wire::FmtSink(String::new());
            let written = block.encode(&mut target).map(|()| target.0.as_bytes()).map_err(names);
            assert_eq!(written, expected, "{}", case.name);

            let len = block.encoded_len().map_err(names);
            assert_eq!(len, expected.clone().map(<[u8]>::len), "{}", case.name);

            let Ok(bytes) = &expected else { return };
            let mut memory = vec![0; bytes.len() + 3];
            assert_eq!(block.encode_to_slice(&mut memory), Ok(bytes.len()));
            assert_eq!(&memory[..bytes.len()], *bytes, "{}", case.name);
            assert_eq!(block.encode_to_slice(&mut memory[..bytes.len()]), Ok(bytes.len()));
            for room in 0..bytes.len().min(64) {
                let mut sink = SliceSink::new(&mut memory[..room]);
                let too_small = EncodeError::NoRoom { needed: bytes.len() };
                assert_eq!(block.encode(&mut sink), Err(too_small), "{}", case.name);
                assert!(sink.written().is_empty());
            }
        });
    }
}

#[test]
fn every_encoder_vector_with_data_holds_when_the_data_is_written_piecewise() {
    for case in encoder_cases() {
        let expected = case.expected.as_deref().map_err(Clone::clone);
        with_block(&case, |_, head, data| {
            let Some(data) = data else { return };
            let write = |pieces: &mut dyn Iterator<Item = &[u8]>| -> Result<Vec<u8>, EncodeError> {
                let mut vec = Vec::new();
                let mut writer = head.data_writer(&mut vec)?;
                for piece in pieces {
                    // `finish` returns the error of a write again.
                    let _ = writer.write_bytes(piece);
                }
                let finished = writer.finish();
                assert!(finished.is_ok() || vec.is_empty(), "{}: taken back", case.name);
                finished.map(|()| vec)
            };
            let data = data.as_bytes();
            let check = |written: Result<Vec<u8>, EncodeError>| {
                assert_eq!(
                    written.as_deref().map_err(|&error| names(error)),
                    expected,
                    "{}",
                    case.name
                );
            };
            check(write(&mut data.chunks(1)));
            for at in (0..=data.len()).step_by(1 + data.len() / 300) {
                let (head, tail) = data.split_at(at);
                check(write(&mut [head, b"", tail].into_iter()));
            }
        });
    }
}

#[test]
fn every_accepted_encoder_vector_decodes_to_itself_alone_and_between_others() {
    for case in encoder_cases() {
        let Ok(block_bytes) = &case.expected else { continue };
        with_block(&case, |_, _, _| {
            let before = b"id: before\ndata: a\n\n";
            let after = b"data: b\n\n";
            let stream = [before.as_slice(), block_bytes, after].concat();
            for stream in [block_bytes.as_slice(), &stream] {
                let alone = stream.len() == block_bytes.len();
                let id_before = if alone { "" } else { "before" };
                let id = case.id.clone().unwrap_or(id_before.into());
                let mut expected: Vec<(String, String, String)> = Vec::new();
                if !alone {
                    expected.push(("message".into(), "a".into(), "before".into()));
                }
                if let Some(data) = &case.data {
                    let event_type = case.event_type.clone().filter(|name| !name.is_empty());
                    let data = data.replace("\r\n", "\n").replace('\r', "\n");
                    expected.push((event_type.unwrap_or("message".into()), data, id.clone()));
                }
                if !alone {
                    expected.push(("message".into(), "b".into(), id.clone()));
                }
                let mut parser = Parser::new();
                let mut events = parser.push(stream);
                let mut decoded = Vec::new();
                while let Some(event) = events.next().unwrap() {
                    decoded.push((
                        event.event_type.to_owned(),
                        event.data.to_owned(),
                        event.last_event_id.to_owned(),
                    ));
                }
                assert_eq!(decoded, expected, "{}", case.name);
                assert_eq!(parser.last_event_id(), id, "{}", case.name);
                let retry = case.retry.map(Duration::from_millis);
                assert_eq!(parser.reconnection_time(), retry, "{}", case.name);
                assert_eq!(parser.finish(), Ok(sse_wire::End::Clean), "{}", case.name);
            }
        });
    }
}
