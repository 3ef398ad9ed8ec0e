//! The initial corpus: the test vectors, as inputs of the laws.

use serde_json::Value;
use sse_wire_vectors::FILES;

use crate::laws::input::{Cuts, SEPARATOR, byte_of_limit};

/// libFuzzer would cut longer inputs.
const LONGEST: usize = 1000;

/// An input and its law.
pub struct Seed {
    pub law: &'static str,
    pub name: String,
    pub input: Vec<u8>,
}

/// All seeds of the vectors.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for case in sse_wire_vectors::decoder() {
        let name = case.case.id;
        let stream = case.chunks.concat();
        let cuts = Cuts::of(&case.chunks);
        let limit = case.limit.map_or(0, |limit| byte_of_limit(limit as usize));
        let with = |controls: &[u8]| [&stream[..], &cuts, controls].concat();
        let ample = 255;
        for (law, input) in [
            ("chunking", with(&[limit, 1])),
            ("reference", with(&[case.carried_over.is_some().into()])),
            ("positions", with(&[])),
            ("limits", with(&[if limit == 0 { ample } else { limit }, 8, ample, ample, ample])),
            // Pushed, observed, dropped early; a lower limit, and the ample one again.
            (
                "fixed_buffers",
                [&stream[..], b"\x05\x51\x30\x82\xA1\x01\xC1\x13\x70\xD0\xE3\x11\x91\x40\xF0\x70"]
                    .concat(),
            ),
        ] {
            seeds.push(Seed { law, name: name.clone(), input });
        }
        if let Some(id) = case.carried_over {
            seeds.push(Seed { law: "last_event_id", name, input: id.into_bytes() });
        }
    }
    for case in sse_wire_vectors::encoder() {
        let name = case.case.id;
        let set = |text: &Option<String>| {
            text.as_ref().map_or(Vec::new(), |text| format!("={text}").into_bytes())
        };
        let retry = case.retry.map(|retry| retry.to_string());
        let strict = case.strict.then(String::new);
        let values = [&case.comment, &case.event_type, &case.id, &retry, &case.data, &strict];
        // And an event with data alone after it.
        let input = [&values.map(set).join(&SEPARATOR)[..], &[SEPARATOR; 5], b"=behind"].concat();
        seeds.push(Seed { law: "encoding", name: name.clone(), input });
        if let Some(data) = &case.data {
            let input = [data.as_bytes(), &[1, 0, 3, 7, 2, 0, 64, 5], &[200, 0]].concat();
            seeds.push(Seed { law: "data_writer", name: name.clone(), input });
        }
        if let Some(id) = case.id {
            seeds.push(Seed { law: "last_event_id", name, input: id.into_bytes() });
        }
    }
    // With those that have a policy.
    for (_, file) in FILES.iter().filter(|(path, _)| path.starts_with("connection/")) {
        let file: Value = serde_json::from_str(file).unwrap();
        for case in list(&file["cases"]) {
            let name = case["id"].as_str().unwrap().to_owned();
            let mut steps: Vec<Vec<u8>> = list(&case["steps"]).iter().map(step).collect();
            let input = [steps.join(&SEPARATOR), vec![0; 9]].concat();
            seeds.push(Seed { law: "event_source", name: name.clone(), input });
            // Again, polled only when time passes.
            steps
                .iter_mut()
                .filter(|step| step[0] != b't')
                .for_each(|step| step[0].make_ascii_uppercase());
            let input = [steps.join(&SEPARATOR), vec![0; 9]].concat();
            seeds.push(Seed { law: "event_source", name: name + "-unpolled", input });
        }
    }
    seeds.retain(|seed| seed.input.len() <= LONGEST);
    seeds
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

/// Bytes as in the vectors.
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
