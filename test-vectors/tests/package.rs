//! The package has what the folder has, and the loaders of the README read the same.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sse_wire_vectors::{FILES, connection, decoder, encoder, suite};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_file_of_the_folder_is_in_the_package() {
    for kind in ["decoder", "connection", "encoder"] {
        for file in fs::read_dir(Path::new(FOLDER).join(kind)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let path = format!("{kind}/{name}");
            assert!(FILES.iter().any(|(file, _)| *file == path), "{path} is missing in src/lib.rs");
        }
    }
}

#[test]
fn every_file_follows_the_schema() {
    let json = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("schema.json", json(include_str!("../schema.json"))).unwrap();
    let schema = compiler.compile("schema.json", &mut schemas).unwrap();
    for (path, text) in FILES {
        if let Err(error) = schemas.validate(&json(text), schema) {
            panic!("{path}: {error}");
        }
    }
}

#[test]
fn the_version_of_the_package_is_that_of_the_suite() {
    assert_eq!(suite().version, env!("CARGO_PKG_VERSION"));
    let changelog = fs::read_to_string(Path::new(FOLDER).join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains(&format!("\n## {}", suite().version)));
}

#[test]
fn every_case_is_read() {
    let count = |kind: &str, text: &str| -> usize {
        let files = FILES.iter().filter(|(path, _)| path.starts_with(kind));
        files.map(|(_, json)| json.matches(text).count()).sum()
    };
    assert_eq!(decoder().len(), count("decoder", "\n      \"id\": "));
    assert_eq!(encoder().len(), count("encoder", "\n      \"id\": "));
    assert_eq!(connection().len(), count("connection", "\n      \"id\": "));
    let policies = connection().iter().filter(|case| case.policy.is_some()).count();
    assert_eq!(policies, count("connection", "\n      \"policy\": "));
    let suite = suite();
    assert!(decoder().iter().all(|case| suite.rules.contains_key(&case.rule)));
    let largest = decoder().iter().filter_map(|case| case.retry).max();
    assert_eq!(largest, Some(u64::MAX), "integers are exact");
}

#[test]
fn every_vector_has_a_unique_id_and_name_and_known_tags() {
    let json = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let suite = json(include_str!("../suite.json"));
    let known = |what: &str, key: &Value| suite[what].get(key.as_str().unwrap()).is_some();
    let version = |text: &Value| -> Vec<u32> {
        text.as_str().unwrap().split('.').map(|part| part.parse().unwrap()).collect()
    };
    let mut seen = HashSet::new();
    let retired = suite["retired"].as_array().unwrap().iter();
    let mut ids: HashSet<&str> = retired.map(|id| id.as_str().unwrap()).collect();
    let mut rules = HashSet::new();
    let files: Vec<_> = FILES.iter().map(|(path, text)| (path, json(text))).collect();
    for (path, file) in &files {
        let (kind, _) = path.split_once('/').unwrap();
        for case in file["cases"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            assert!(seen.insert(name), "twice: {name}");
            let Some(id) = case["id"].as_str() else {
                panic!("no id: {name}: test-vectors/tag gives it one");
            };
            let number = id.strip_prefix(&kind[..3]).and_then(|rest| rest.strip_prefix('-'));
            let four = |number: &str| number.len() == 4 && number.parse::<u16>().is_ok();
            assert!(number.is_some_and(four), "{id} is no id of {kind}");
            let again = "remove id, tags and since of the newer case, and run test-vectors/tag";
            assert!(ids.insert(id), "{id}, {name}: another case has or had this id: {again}");
            let [rule, section, level] = ["rule", "section", "level"].map(|tag| &case["tags"][tag]);
            assert!(known("rules", rule), "{id}: {rule}");
            assert!(known("sections", section), "{id}: {section}");
            let has = |member: &str| case.get(member).is_some();
            let level_fits = match level.as_str().unwrap() {
                "must" => !has("choice") && !has("limit") && !has("policy"),
                "choice" => has("choice") && !has("limit"),
                "limit" => has("limit"),
                level => level == "position" && rule == "positions",
            };
            assert!(level_fits, "{id}: {level}");
            assert!(version(&case["since"]) <= version(&suite["version"]), "{id}");
            rules.insert(rule.as_str().unwrap());
        }
    }
    for rule in suite["rules"].as_object().unwrap().keys() {
        assert!(rules.contains(&**rule), "no case has the rule {rule}");
    }
    for rule in suite["needs"].as_object().unwrap().keys() {
        assert!(rules.contains(&**rule), "no case has the rule {rule}");
    }
}

#[test]
fn every_case_that_the_table_of_web_platform_tests_names_is_there() {
    let table = fs::read_to_string(Path::new(FOLDER).join("WPT.md")).unwrap();
    let ids = decoder().into_iter().map(|case| case.case.id);
    let ids: Vec<String> = ids.chain(connection().into_iter().map(|case| case.case.id)).collect();
    let (in_scope, _) = table.split_once("\nOut of scope").unwrap();
    let rows: Vec<&str> = in_scope.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() > 30);
    for row in rows {
        let cases = row.trim_end_matches(" |").rsplit_once("| ").unwrap().1;
        for id in cases.split(", ") {
            assert!(ids.iter().any(|known| known == id), "{id} in {row}");
        }
    }
}

/// The code of a language in the README, without its fences.
fn loader(language: &str) -> String {
    let readme = fs::read_to_string(Path::new(FOLDER).join("README.md")).unwrap();
    let (_, code) = readme.split_once(&format!("\n```{language}\n")).expect("a loader");
    code.split_once("```\n").unwrap().0.to_owned()
}

/// What each loader should print: a line for each decoder case.
fn expected() -> String {
    let line = |case: sse_wire_vectors::DecoderCase| {
        let hex: String = case.chunks.concat().iter().map(|byte| format!("{byte:02x}")).collect();
        let retry = case.retry.map_or("none".to_owned(), |retry| retry.to_string());
        let data: usize = case.events.iter().map(|event| event.data.len()).sum();
        format!("{} {hex} {retry} {data}\n", case.id)
    };
    decoder().into_iter().map(line).collect()
}

#[track_caller]
fn prints(program: &mut Command, expected: &str) {
    let output = program.output().unwrap_or_else(|error| panic!("{program:?}: {error}"));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let printed = String::from_utf8(output.stdout).unwrap();
    for (printed, expected) in printed.lines().zip(expected.lines()) {
        assert_eq!(printed, expected);
    }
    assert_eq!(printed.lines().count(), expected.lines().count());
}

#[test]
#[ignore = "needs Python"]
fn the_loader_in_python_reads_the_same() {
    let code = loader("python");
    assert!(code.trim_end().lines().count() <= 25);
    let print = "
import sys
for case in cases(sys.argv[1], 'decoder'):
    expect = case['expect']
    retry = 'none' if expect['retry'] is None else expect['retry']
    data = sum(len(text(event['data']).encode()) for event in expect['events'])
    print(case['id'], octets(case['chunks']).hex(), retry, data)
";
    prints(Command::new("python3").args(["-c", &(code + print), FOLDER]), &expected());
}

#[test]
#[ignore = "needs Node"]
fn the_loader_in_javascript_reads_the_same() {
    let code = loader("js");
    assert!(code.trim_end().lines().count() <= 25);
    let print = "
for (const { id, chunks, expect } of cases(process.argv[1], 'decoder')) {
    const data = expect.events.reduce((sum, event) => sum + octets(event.data).length, 0);
    console.log(id, octets(chunks).toString('hex'), String(expect.retry ?? 'none'), data);
}
";
    let arguments = ["--input-type=module", "--eval", &(code + print), FOLDER];
    prints(Command::new("node").args(arguments), &expected());
}
