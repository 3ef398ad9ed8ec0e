//! The corpus to begin with: the test vectors, as the laws read them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::laws::input::{Cuts, SEPARATOR, byte_of_limit};

/// Longer inputs would be cut by libFuzzer.
const LONGEST: usize = 1000;

/// An input, and the law that it is for.
pub struct Seed {
    pub law: &'static str,
    pub name: String,
    pub input: Vec<u8>,
}

/// All seeds of the vectors in a folder as `test-vectors` is.
pub fn seeds(vectors: &Path) -> Vec<Seed> {
    let mut seeds = Vec::new();
    cases(vectors, "decoder", |name, case| {
        let chunks: Vec<Vec<u8>> = list(&case["chunks"]).iter().map(bytes).collect();
        let stream = chunks.concat();
        let cuts = Cuts::of(&chunks);
        let limit = case["limit"].as_u64().map_or(0, |limit| byte_of_limit(limit as usize));
        let behind = |controls: &[u8]| [&stream[..], &cuts, controls].concat();
        let ample = 255;
        for (law, input) in [
            ("chunking", behind(&[limit, 1])),
            ("reference", behind(&[case.get("last_event_id").is_some().into()])),
            ("positions", behind(&[])),
            ("limits", behind(&[if limit == 0 { ample } else { limit }, 8, ample, ample, ample])),
            // Pushed, observed, dropped early; a lower limit, and the ample one again.
            (
                "fixed_buffers",
                [&stream[..], b"\x05\x51\x30\x82\xA1\x01\xC1\x13\x70\xD0\xE3\x11\x91\x40\xF0\x70"]
                    .concat(),
            ),
        ] {
            seeds.push(Seed { law, name: name.clone(), input });
        }
        if let Some(id) = case.get("last_event_id") {
            seeds.push(Seed { law: "last_event_id", name, input: bytes(id) });
        }
    });
    cases(vectors, "encoder", |name, case| {
        let block = &case["serialize"];
        let text = |key: &str| match block.get(key) {
            None => Vec::new(),
            Some(Value::Number(number)) => format!("={number}").into_bytes(),
            Some(text) => [b"=".to_vec(), bytes(text)].concat(),
        };
        let strict = if case.get("strict").is_some() { b"=".to_vec() } else { Vec::new() };
        let texts =
            [text("comment"), text("type"), text("id"), text("retry"), text("data"), strict];
        // And an event with data alone behind it.
        let input = [&texts.join(&SEPARATOR)[..], &[SEPARATOR; 5], b"=behind"].concat();
        seeds.push(Seed { law: "encoding", name: name.clone(), input });
        if let Some(data) = block.get("data") {
            let input = [&bytes(data)[..], &[1, 0, 3, 7, 2, 0, 64, 5], &[200, 0]].concat();
            seeds.push(Seed { law: "data_writer", name: name.clone(), input });
        }
        if let Some(id) = block.get("id") {
            seeds.push(Seed { law: "last_event_id", name, input: bytes(id) });
        }
    });
    cases(vectors, "connection", |name, case| {
        let mut steps: Vec<Vec<u8>> = list(&case["steps"]).iter().map(step).collect();
        let input = [steps.join(&SEPARATOR), vec![0; 9]].concat();
        seeds.push(Seed { law: "event_source", name: name.clone(), input });
        // Once more, polled only where time passes.
        steps
            .iter_mut()
            .filter(|step| step[0] != b't')
            .for_each(|step| step[0].make_ascii_uppercase());
        let input = [steps.join(&SEPARATOR), vec![0; 9]].concat();
        seeds.push(Seed { law: "event_source", name: name + "-unpolled", input });
    });
    seeds.retain(|seed| seed.input.len() <= LONGEST);
    seeds
}

/// Calls `take` with each case of a folder, and a name for it.
fn cases(vectors: &Path, folder: &str, mut take: impl FnMut(String, &Value)) {
    let folder = vectors.join(folder);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in files.map(|entry| entry.unwrap().path()) {
        let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        for (at, case) in list(&file["cases"]).iter().enumerate() {
            take(format!("{stem}-{at}"), case);
        }
    }
}

/// A step of a connection: see `laws::event_source`.
fn step(step: &Value) -> Vec<u8> {
    match step["op"].as_str().unwrap() {
        // The delay is over.
        "request" => format!("t{}", u64::MAX).into_bytes(),
        "response" => {
            let content_type = step["content_type"].as_str().unwrap_or_default();
            format!("r{:03}{content_type}", step["status"]).into_bytes()
        }
        "bytes" => [b"b".to_vec(), bytes(&step["bytes"])].concat(),
        "end" => b"e".to_vec(),
        "network_error" => b"n".to_vec(),
        "time" => format!("t{}", step["ms"]).into_bytes(),
        "late_end" => b"e".to_vec(),
        "reconnect" => b"a".to_vec(),
        "close" => b"c".to_vec(),
        other => panic!("{other}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

/// Bytes as the vectors write them.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.as_bytes().to_vec(),
        Value::Array(parts) => parts.iter().flat_map(bytes).collect(),
        _ => match value["hex"].as_str() {
            Some(hex) => hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect(),
            None => bytes(&value["repeat"]).repeat(value["times"].as_u64().unwrap() as usize),
        },
    }
}
