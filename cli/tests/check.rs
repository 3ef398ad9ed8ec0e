//! `sse-wire check`: what it detects, and which faults of a program it handles.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

const SSE_WIRE: &str = env!("CARGO_BIN_EXE_sse-wire");
const CLI: &str = env!("CARGO_MANIFEST_DIR");

/// A time limit for programs that answer, long enough for a busy machine.
const PATIENT: [&str; 2] = ["--time-limit", "300"];

fn check(arguments: &[&str], program: &[&str]) -> Output {
    let mut command = Command::new(SSE_WIRE);
    command.arg("check").args(arguments).arg("--").args(program);
    command.output().unwrap()
}

/// The report as JSON, and the exit code.
#[track_caller]
fn report(arguments: &[&str], program: &[&str]) -> (Value, i32) {
    let output = check(&[&["--json"], arguments].concat(), program);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|error| panic!("{error}: {stderr}")), output.status.code().unwrap())
}

fn failed(report: &Value) -> Vec<&Value> {
    let cases = report["cases"].as_array().unwrap().iter();
    cases.filter(|case| case["verdict"] == "failed").collect()
}

/// A shell script as a program.
fn shell(script: &str) -> [&str; 3] {
    ["sh", "-c", script]
}

#[test]
fn conform_passes_every_case_of_all_kinds_in_every_cut() {
    let (report, code) = report(&PATIENT, &[SSE_WIRE, "conform"]);
    let failed = failed(&report);
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!((&report["unsupported"], code), (&Value::from(0), 0));
    let all = sse_wire_vectors::decoder().len()
        + sse_wire_vectors::connection().iter().filter(|case| case.policy.is_none()).count()
        + sse_wire_vectors::encoder().len();
    assert_eq!(report["passed"], all);
}

#[test]
fn a_crash_is_a_verdict_and_the_next_case_has_a_new_program() {
    let (report, code) = report(&["--only", "block"], &shell("read line; exit 3"));
    let failed = failed(&report);
    assert_eq!((failed.len(), code), (24, 1));
    for case in failed {
        let reason = case["reason"].as_str().unwrap();
        assert!(reason.starts_with("crash: ") && reason.contains('3'), "{reason}");
    }
}

#[test]
fn a_hang_is_a_verdict() {
    let arguments = ["--only", "enc-0001", "--time-limit", "1"];
    let (report, code) = report(&arguments, &shell("exec sleep 60"));
    assert_eq!((failed(&report)[0]["reason"].as_str(), code), (Some("hang: no answer in 1 s"), 1));
}

#[test]
fn a_program_that_does_not_read_a_long_request_is_a_hang() {
    let cases = sse_wire_vectors::decoder();
    // More than a pipe holds.
    let long = cases.iter().find(|case| case.chunks.concat().len() > 99_000).unwrap();
    let arguments = ["--only", &long.id, "--time-limit", "1"];
    let (report, _) = report(&arguments, &shell("exec sleep 60"));
    assert_eq!(failed(&report)[0]["reason"], "hang: no answer in 1 s");
}

#[test]
fn a_line_that_is_not_an_answer_is_noise() {
    for noise in ["hello", "[]", "{", "null"] {
        let script = format!("while read line; do echo '{noise}'; done");
        let (report, code) = report(&["--only", "enc-0001"], &shell(&script));
        let reason = failed(&report)[0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("noise: ") && reason.contains(noise), "{reason}");
        assert_eq!(code, 1);
    }
}

#[test]
fn a_line_after_the_last_answer_is_noise() {
    let script = "while read line; do echo '{\"unsupported\": \"all\"}'; done; echo bye";
    for each in [&[][..], &["--each"]] {
        let arguments = [&["--only", "refused-nul"], each].concat();
        let (report, _) = report(&arguments, &shell(script));
        let failed = failed(&report);
        assert_eq!(failed.len(), if each.is_empty() { 1 } else { 4 });
        assert_eq!(failed[0]["reason"], "noise: a line on stdout is not an answer: \"bye\"");
    }
}

#[test]
fn endless_output_is_noise_and_memory_stays_bounded() {
    let (report, _) = report(&["--only", "enc-0001"], &shell("exec yes"));
    assert!(failed(&report)[0]["reason"].as_str().unwrap().starts_with("noise: "));
}

#[test]
fn unsupported_cases_neither_pass_nor_fail_but_a_run_in_which_none_passed_fails() {
    let script = "while read line; do echo '{\"unsupported\": \"never\"}'; done";
    let (report, code) = report(&["--only", "connection"], &shell(script));
    assert_eq!((&report["passed"], &report["failed"]), (&Value::from(0), &Value::from(0)));
    assert_eq!(report["cases"][0]["reason"], "never");
    assert_eq!(code, 1);
}

#[test]
fn unsupported_is_a_string_and_any_other_value_of_it_is_ignored() {
    let cases = sse_wire_vectors::encoder();
    let case = cases.iter().find(|case| case.expected.is_ok()).unwrap();
    let about: &sse_wire_vectors::Case = case;
    let bytes = STANDARD.encode(case.expected.as_ref().unwrap());
    for value in ["null", "false"] {
        let answers = |answer: &str| {
            let script = format!("while read line; do echo '{answer}'; done");
            report(&["--only", &about.id], &shell(&script))
        };
        let (right, code) = answers(&format!(r#"{{"bytes": "{bytes}", "unsupported": {value}}}"#));
        assert_eq!((&right["passed"], code), (&Value::from(1), 0), "{value}");
        let (wrong, code) = answers(&format!(r#"{{"unsupported": {value}}}"#));
        assert_eq!(failed(&wrong)[0]["reason"], "error: the answer has no `bytes`", "{value}");
        assert_eq!(code, 1);
    }
}

#[test]
fn an_error_that_is_not_a_string_refuses_nothing() {
    let script = r#"while read line; do echo '{"error": null}'; done"#;
    let (report, code) = report(&["--only", "refused-nul"], &shell(script));
    assert_eq!((&report["passed"], code), (&Value::from(0), 1));
    assert_eq!(failed(&report)[0]["reason"], "error: neither `bytes` nor a string `error`");
}

#[test]
fn errors_and_the_events_of_a_piece_are_lists() {
    let actions = r#"{"action": "closed"}, {"action": "none"}, {"action": "none"}"#;
    for (case, answer, reason) in [
        (
            "dec-0163",
            r#"{"events": [], "end": "clean", "errors": 0}"#.to_owned(),
            "error: `errors` is no list",
        ),
        (
            "con-0001",
            format!(r#"{{"results": [{actions}, {{}}]}}"#),
            "error: a result of step 4 has no list `events`",
        ),
    ] {
        let script = format!("while read line; do echo '{answer}'; done");
        let (report, code) = report(&["--only", case], &shell(&script));
        assert_eq!((&failed(&report)[0]["reason"], code), (&Value::from(reason), 1));
    }
}

#[test]
fn a_case_is_unsupported_if_the_answer_lacks_the_member_that_it_checks() {
    let script = "while read line; do echo '{\"events\": []}'; done";
    let (report, _) = report(&["--quick", "--only", "retry,id,promptness"], &shell(script));
    assert_eq!(report["passed"], 0);
    assert_eq!(report["cases"][0]["verdict"], "unsupported");
}

/// A client that reports an event late failed nothing else.
#[test]
fn a_failed_choice_does_not_hide_a_failure_that_the_standard_decides() {
    let late = r#"echo '{"events": [{"type": "message", "data": "x"}], "after": [0]}'"#;
    let wrong = r#"echo '{"events": []}'"#;
    for (later, level, sent) in [(late, "choice", "in its own chunks"), (wrong, "must", "whole")] {
        let script = format!("read line; {late}; while read line; do {later}; done");
        let (report, code) = report(&["--only", "dec-0001"], &shell(&script));
        let failed = failed(&report);
        assert_eq!((failed.len(), code), (1, 1));
        assert_eq!(failed[0]["differences"][0]["level"], level, "{failed:?}");
        assert_eq!(failed[0]["sent"], sent);
    }
}

#[test]
fn a_missing_program_and_an_unknown_case_are_wrong_arguments() {
    for (arguments, program, reason) in [
        (&[][..], "/nowhere/at/all", "cannot start /nowhere/at/all"),
        (&["--only", "dec-9999"], "true", "dec-9999"),
        (&["--skip", "no-such-rule"], "true", "no-such-rule"),
    ] {
        let output = check(arguments, &[program]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(reason));
    }
}

#[test]
fn cases_are_chosen_by_id_rule_kind_and_level() {
    let count = |arguments: &[&str]| {
        let (report, code) = report(&[&["--quick"], arguments].concat(), &[SSE_WIRE, "conform"]);
        assert_eq!(code, 0);
        report["passed"].as_u64().unwrap() as usize
    };
    let encoder = sse_wire_vectors::encoder();
    assert_eq!(count(&["--only", "encoder"]), encoder.len());
    assert_eq!(count(&["--only", "enc-0001,refused-nul"]), 5);
    assert_eq!(count(&["--only", "encoder", "--skip", "refused-nul"]), encoder.len() - 4);
    let must = encoder.iter().filter(|case| case.level == sse_wire_vectors::Level::Must).count();
    assert_eq!(count(&["--only", "encoder", "--level", "must"]), must);
}

#[test]
fn each_format_has_the_failures_with_their_rule_and_what_was_expected() {
    let script =
        r#"while read line; do echo '{"events": [], "last_event_id": "\u001b[2J<&>"}'; done"#;
    for (format, parts) in [
        (
            None,
            &[
                "FAILED dec-0001: One leading BOM is removed",
                "  rule      byte-order-mark (must): One U+FEFF",
                "https://html.spec.whatwg.org/",
                "\\\\xef\\\\xbb\\\\xbfdata: x\\\\n\\\\n",
                "expected  events: [{",
                "got       events: []",
            ][..],
        ),
        (
            Some("--junit"),
            &[
                "<testcase classname=\"byte-order-mark\" name=\"dec-0001 One",
                "<failure message=\"One U+FEFF",
                "&lt;&amp;&gt;",
            ],
        ),
        (
            Some("--markdown"),
            &[
                "| byte-order-mark | ",
                "## dec-0001: One leading BOM is removed",
                "got       events: []",
            ],
        ),
        (Some("--json"), &["\"id\":\"dec-0001\"", "\"member\":\"events\""]),
    ] {
        let arguments = ["--quick", "--only", "byte-order-mark"].into_iter().chain(format);
        let output = check(&arguments.collect::<Vec<_>>(), &shell(script));
        let text = String::from_utf8(output.stdout).unwrap();
        for part in parts {
            assert!(text.contains(part), "{format:?}: no {part} in {text}");
        }
        assert!(!text.contains('\u{1b}'), "nothing that drives a terminal");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
#[ignore = "needs Python"]
fn a_program_that_breaks_one_rule_fails_cases_of_that_rule() {
    let broken = format!("{CLI}/tests/programs/broken.py");
    let run = |rule: &str, only: &[&str]| {
        let program = ["python3", &broken, rule, SSE_WIRE];
        report(&[&PATIENT[..], &["--quick"], only].concat(), &program)
    };
    let (unbroken, code) = run("none", &[]);
    assert_eq!((failed(&unbroken).len(), code), (0, 0));
    for rule in sse_wire_vectors::suite().rules.keys() {
        // The protocol does not support policies.
        if rule.starts_with("policy-") {
            continue;
        }
        let (report, code) = run(rule, &["--only", rule]);
        let failed = failed(&report);
        assert!(!failed.is_empty() && code == 1, "{rule}");
        for case in failed {
            assert_eq!(case.get("reason"), None, "{rule}: it answers");
        }
    }
}

/// The driver in PROTOCOL.md and its decoder, in a separate folder.
fn driver(language: &str, extension: &str) -> PathBuf {
    let protocol = Path::new(CLI).join("../test-vectors/PROTOCOL.md");
    let protocol = fs::read_to_string(protocol).unwrap();
    let (_, code) = protocol.split_once(&format!("\n```{language}\n")).expect("a driver");
    let (code, _) = code.split_once("```\n").unwrap();
    assert!(code.lines().count() <= 30);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("driver-{extension}"));
    fs::create_dir_all(&folder).unwrap();
    let decoder = format!("decoder.{extension}");
    fs::copy(Path::new(CLI).join("tests/programs").join(&decoder), folder.join(decoder)).unwrap();
    let driver = folder.join(format!("driver.{extension}"));
    fs::write(&driver, code).unwrap();
    driver
}

#[track_caller]
fn passes(program: &str, driver: &Path) {
    let arguments = [&PATIENT[..], &["--only", "decoder", "--level", "must,choice"]].concat();
    let (report, code) = report(&arguments, &[program, driver.to_str().unwrap()]);
    let failed = failed(&report);
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(code, 0);
    assert!(report["passed"].as_u64().unwrap() > 500);
}

#[test]
#[ignore = "needs Python"]
fn the_driver_in_python_passes_with_a_decoder_that_follows_the_standard() {
    passes("python3", &driver("python", "py"));
}

#[test]
#[ignore = "needs Node"]
fn the_driver_in_javascript_passes_with_a_decoder_that_follows_the_standard() {
    passes("node", &driver("js", "mjs"));
}
