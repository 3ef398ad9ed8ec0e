//! Generates the test vectors as Rust constants, and selects the memory map of the machine.
//!
//! Repetitions in a vector stay repetitions, because the device has no room for long streams twice.

use std::env;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let machine = match env::var_os("CARGO_FEATURE_MPS2_AN385") {
        Some(_) => "mps2-an385",
        None => "lm3s6965evb",
    };
    let memory = format!("memory-{machine}.x");
    fs::copy(&memory, out.join("memory.x")).unwrap();
    println!("cargo:rerun-if-changed={memory}");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");

    let decoder = cases("decoder").iter().map(decoder_case).collect::<String>();
    let encoder = cases("encoder").iter().map(encoder_case).collect::<String>();
    let source = format!(
        "static DECODER: &[decoder::Case] = &[\n{decoder}];\n\n\
         static ENCODER: &[encoder::Case] = &[\n{encoder}];\n"
    );
    fs::write(out.join("vectors.rs"), source).unwrap();
}

fn cases(folder: &str) -> Vec<Value> {
    let folder = Path::new("../../test-vectors").join(folder);
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            list(&file["cases"]).to_vec()
        })
        .collect()
}

fn decoder_case(case: &Value) -> String {
    let expect = &case["expect"];
    let events = literals(list(&expect["events"]), |event| {
        format!(
            "Event {{ event_type: {}, data: {}, last_event_id: {}, range: ({}, {}) }}",
            Bytes::of(&event["type"]),
            Bytes::of(&event["data"]),
            Bytes::of(&event["last_event_id"]),
            event["bytes"][0],
            event["bytes"][1],
        )
    });
    let bytes = |value: &Value| Bytes::of(value).to_string();
    format!(
        "decoder::Case {{ name: {}, chunks: {}, last_event_id: {}, limit: {}, events: {events}, \
         comments: {}, id_at_end: {}, retry: {}, after: {}, clean: {}, errors: {} }},\n",
        case["name"],
        literals(list(&case["chunks"]), bytes),
        Bytes::of(case.get("last_event_id").unwrap_or(&"".into())),
        option(case.get("limit")),
        literals(list(&expect["comments"]), bytes),
        Bytes::of(&expect["last_event_id"]),
        option(Some(&expect["retry"])),
        literals(list(&expect["after"]), Value::to_string),
        expect["end"] == "clean",
        expect["errors"],
    )
}

fn encoder_case(case: &Value) -> String {
    let block = &case["serialize"];
    let text = |key| match block.get(key) {
        Some(value) => format!("Some({})", Bytes::of(value)),
        None => "None".into(),
    };
    let expect = &case["expect"];
    let expected = match expect.get("error") {
        Some(error) => format!("Err(({}, {}))", error["field"], error["reason"]),
        None => format!("Ok({})", Bytes::of(&expect["bytes"])),
    };
    format!(
        "encoder::Case {{ name: {}, comment: {}, event_type: {}, id: {}, retry: {}, data: {}, \
         strict: {}, expected: {expected} }},\n",
        case["name"],
        text("comment"),
        text("type"),
        text("id"),
        option(block.get("retry")),
        text("data"),
        case.get("strict").is_some_and(|strict| strict == true),
    )
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

fn literals(values: &[Value], literal: impl Fn(&Value) -> String) -> String {
    format!("&[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", "))
}

fn option(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "None".into(),
        Some(value) => format!("Some({value})"),
    }
}

/// Bytes as parts, each with the number of its repetitions.
struct Bytes(Vec<(Vec<u8>, u64)>);

impl Bytes {
    fn of(value: &Value) -> Self {
        let mut bytes = Bytes(Vec::new());
        match value {
            Value::String(text) => bytes.add(text.clone().into_bytes(), 1),
            Value::Array(parts) => {
                for (part, times) in parts.iter().flat_map(|part| Bytes::of(part).0) {
                    bytes.add(part, times);
                }
            }
            Value::Object(object) => match object.get("hex") {
                Some(hex) => {
                    let digits = hex.as_str().unwrap().split_whitespace();
                    let byte = |digits| u8::from_str_radix(digits, 16).unwrap();
                    bytes.add(digits.map(byte).collect(), 1);
                }
                None => {
                    let repeated = Bytes::of(&object["repeat"]).written_out();
                    bytes.add(repeated, object["times"].as_u64().unwrap());
                }
            },
            _ => panic!("bytes, not {value}"),
        }
        bytes
    }

    fn add(&mut self, part: Vec<u8>, times: u64) {
        match self.0.last_mut() {
            _ if part.is_empty() => {}
            Some((last, 1)) if times == 1 => last.extend(part),
            _ => self.0.push((part, times)),
        }
    }

    fn written_out(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(part, times)| part.repeat(*times as usize)).collect()
    }
}

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes(&[")?;
        for (part, times) in &self.0 {
            write!(f, "(b\"{}\", {times}), ", part.escape_ascii())?;
        }
        write!(f, "])")
    }
}
