//! The WebAssembly of `explain.html`: takes a stream and the ends of its chunks, and returns JSON with the
//! reference's explanation of each line, and the events of both the library and the reference, for comparison.
//!
//! It implements no rule of the format: lines, fields, buffers, and events come from the reference, and the library
//! parses the chunks.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod json;
#[cfg(target_arch = "wasm32")]
mod wasm;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use sse_wire::{End, Growable, Limits, Parser};
use sse_wire_reference::{Interpreter, Step, Verdict, decode, grammar};

use crate::json::Json;

/// Explains a stream whose chunks end at these offsets, in ascending order; other offsets are ignored.
///
/// The result is an object:
///
/// - `lines`: for each line `bytes`, `source`, `reason`, `section`, `ill_formed`, `parts`, and the `buffers` after it;
///   a part is `[role, start, end]`;
/// - `reference` and `library`: the events of each, with `type`, `data`, `last_event_id`, and `bytes`;
/// - `end`: the reference's description of the end, and `library_end`: `clean`, `incomplete`, or the error.
pub fn explain(stream: &[u8], chunk_ends: &[u32]) -> String {
    let chunks = chunks(stream, chunk_ends);
    let mut out = Json::default();
    out.object(|out| {
        let mut events = Vec::new();
        let mut interpreter = Interpreter::new("");
        out.key("lines").array(|out| {
            for mut chunk in chunks.iter().copied() {
                while let Some(step) = interpreter.next(&mut chunk) {
                    line(&step, stream, &interpreter, out);
                    events.extend(step.event);
                }
            }
            // An unfinished line does not change the buffers.
            let (last, _) = interpreter.clone().finish();
            if let Some(step) = last {
                line(&step, stream, &interpreter, out);
                events.extend(step.event);
            }
        });
        let (_, end) = interpreter.finish();
        out.key("reference").array(|out| {
            for it in &events {
                let bytes = [it.range.start as u64, it.range.end as u64];
                event(&it.event_type, &it.data, &it.last_event_id, bytes, out);
            }
        });
        out.key("end").string(&end.to_string());
        library(&chunks, out);
    });
    out.text
}

/// Writes the library's events in the same form as the reference's.
fn library(chunks: &[&[u8]], out: &mut Json) {
    let limits = Limits { retained: usize::MAX, id: usize::MAX };
    let mut parser = Parser::with_limits(Growable::new(), limits);
    let mut failed = None;
    out.key("library").array(|out| {
        for chunk in chunks {
            let mut events = parser.push(chunk);
            loop {
                match events.next() {
                    Ok(Some(it)) => {
                        let bytes = [it.range.start, it.range.end];
                        event(it.event_type, it.data, it.last_event_id, bytes, out);
                    }
                    Ok(None) => break,
                    Err(error) => failed = Some(error.to_string()),
                }
            }
        }
    });
    let end = match (failed, parser.finish()) {
        (Some(error), _) => error,
        (None, Ok(End::Clean)) => "clean".into(),
        (None, Ok(_)) => "incomplete".into(),
        (None, Err(error)) => error.to_string(),
    };
    out.key("library_end").string(&end);
}

fn event(event_type: &str, data: &str, last_event_id: &str, bytes: [u64; 2], out: &mut Json) {
    out.object(|out| {
        out.key("type").string(event_type);
        out.key("data").string(data);
        out.key("last_event_id").string(last_event_id);
        out.key("bytes").range(bytes);
    });
}

fn chunks<'a>(stream: &'a [u8], ends: &[u32]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    let mut start = 0;
    for end in ends.iter().map(|&end| end as usize).chain([stream.len()]) {
        if (start..=stream.len()).contains(&end) {
            chunks.push(&stream[start..end]);
            start = end;
        }
    }
    chunks
}

fn line(step: &Step, stream: &[u8], interpreter: &Interpreter, out: &mut Json) {
    let line = &step.line;
    out.object(|out| {
        out.key("bytes").range(pair(&line.range));
        out.key("source").string(&line.source);
        out.key("reason").string(&line.verdict.to_string());
        out.key("section").string(line.verdict.section());
        out.key("ill_formed").array(|out| {
            for bytes in &line.ill_formed {
                out.range(pair(bytes));
            }
        });
        out.key("parts").array(|out| {
            for (role, bytes) in parts(&line.verdict, &stream[line.range.clone()]) {
                out.array(|out| {
                    out.string(role);
                    out.number((line.range.start + bytes.start) as u64);
                    out.number((line.range.start + bytes.end) as u64);
                });
            }
        });
        let state = interpreter.state();
        out.key("buffers").object(|out| {
            out.key("data").string(&state.data_buffer);
            out.key("event_type").string(&state.event_type_buffer);
            out.key("last_event_id").string(&state.last_event_id_buffer);
            out.key("last_event_id_string").string(&state.last_event_id);
            out.key("reconnection_time")
                .string(&state.reconnection_time.map_or_else(String::new, |time| time.to_string()));
        });
    });
}

/// Returns the role of each byte of a line by the grammar, as ranges in order and without gaps.
fn parts(verdict: &Verdict, line: &[u8]) -> Vec<(&'static str, Range<usize>)> {
    let text = decode(line);
    let whole = text.characters.as_str();
    let (name, value_role, value) = match grammar::lines(whole).map(|(_, lines)| lines).as_deref() {
        _ if *verdict == Verdict::ByteOrderMark => return [("bom", 0..line.len())].into(),
        _ if *verdict == Verdict::Unfinished => return [("unfinished", 0..line.len())].into(),
        Ok([grammar::Line::Comment { text, .. }]) => ("", "comment", *text),
        Ok([grammar::Line::Field { name, value, .. }]) => (*name, role(verdict), *value),
        // A blank line.
        _ => return [("end", 0..line.len())].into(),
    };
    let name_role = if role(verdict) == "ignored" { "ignored" } else { "name" };
    let after_line = whole.trim_end_matches(['\r', '\n']).len();
    let value_start = after_line - value.len();
    let borders = [0, name.len(), value_start, after_line, whole.len()];
    let roles = [name_role, "separator", value_role, "end"];
    let parts = roles.into_iter().zip(borders.windows(2).map(|it| text.bytes(it[0]..it[1])));
    parts.filter(|(_, bytes)| !bytes.is_empty()).collect()
}

/// Returns the role of a line's value.
fn role(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::EventType { .. } => "event",
        Verdict::Data { .. } => "data",
        Verdict::Id { .. } => "id",
        Verdict::Retry { .. } => "retry",
        _ => "ignored",
    }
}

const fn pair(range: &Range<usize>) -> [u64; 2] {
    [range.start as u64, range.end as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_line_has_one_role() {
        let stream =
            b"\xEF\xBB\xBFdata: x\xFF\r\n:c\nevent:e\rid\nretry:  1\nDATA: y\n\nretry: 7\ndata: cut";
        let mut roles = Vec::new();
        let mut chunk = &stream[..];
        let mut interpreter = Interpreter::new("");
        let mut at = 0;
        while let Some(step) = interpreter.next(&mut chunk) {
            for (role, bytes) in parts(&step.line.verdict, &stream[step.line.range.clone()]) {
                assert_eq!(step.line.range.start + bytes.start, at);
                at += bytes.len();
                roles.push((role, bytes.len()));
            }
            assert_eq!(at, step.line.range.end);
        }
        assert_eq!(
            roles,
            [
                ("bom", 3),
                ("name", 4),
                ("separator", 2),
                ("data", 2),
                ("end", 2),
                ("separator", 1),
                ("comment", 1),
                ("end", 1),
                ("name", 5),
                ("separator", 1),
                ("event", 1),
                ("end", 1),
                ("name", 2),
                ("end", 1),
                ("ignored", 5),
                ("separator", 2),
                ("ignored", 2),
                ("end", 1),
                ("ignored", 4),
                ("separator", 2),
                ("ignored", 1),
                ("end", 1),
                ("end", 1),
                ("name", 5),
                ("separator", 2),
                ("retry", 1),
                ("end", 1),
            ]
        );
    }

    #[test]
    fn chunks_change_nothing_and_invalid_ends_are_ignored() {
        let stream = b"data: a\r\n\r\nid: \xC3\xA9\ndata: b\n\nretry: 9";
        let whole = explain(stream, &[]);
        for at in 0..=stream.len() as u32 {
            assert_eq!(explain(stream, &[at]), whole, "{at}");
        }
        let all: Vec<u32> = (0..stream.len() as u32).collect();
        assert_eq!(explain(stream, &all), whole);
        assert_eq!(explain(stream, &[9, 3, 1000]), whole);
    }

    #[test]
    fn the_result_is_json_with_both_lists_of_events() {
        let result = explain(b"id: \"\\\x01\ndata: x\n\ndata", &[]);
        let event =
            r#"[{"type":"message","data":"x","last_event_id":"\"\\\u0001","bytes":[0,17]}]"#;
        assert!(result.contains(&["\"reference\":", event].concat()), "{result}");
        assert!(result.contains(&["\"library\":", event].concat()), "{result}");
        assert!(result.ends_with(r#","library_end":"incomplete"}"#), "{result}");
    }
}
