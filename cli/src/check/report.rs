//! The results of the cases, and the report on them in each format.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};

use serde_json::{Value, json};
use sse_wire_vectors::Suite;

use super::cases::{Case, Trial};
use super::judge::Difference;
use crate::{escape, json};

/// The number of characters of a value that are shown.
const SHOWN: usize = 300;

/// The result of a case.
pub(super) enum Verdict {
    Passed,
    /// The program does not support what the case needs.
    Unsupported(String),
    Failed(Failure),
}

pub(super) struct Failure {
    /// The chunks in which the stream was sent.
    pub(super) trial: Trial,
    /// A crash, a hang, noise, or an answer that is an error.
    pub(super) reason: Option<String>,
    pub(super) differences: Vec<Difference>,
}

pub(super) struct Report<'a> {
    suite: &'a Suite,
    command: String,
    cases: Vec<(&'a Case, Verdict)>,
}

/// The numbers of cases of a rule that passed, failed, and were not supported.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) passed: usize,
    pub(super) failed: usize,
    unsupported: usize,
}

impl Count {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Unsupported(_) => self.unsupported += 1,
            Verdict::Failed(_) => self.failed += 1,
        }
    }
}

impl<'a> Report<'a> {
    pub(super) fn new(suite: &'a Suite, command: &[OsString]) -> Self {
        let words = command.iter().map(|word| word.to_string_lossy());
        let command = words.collect::<Vec<_>>().join(" ");
        Report { suite, command, cases: Vec::new() }
    }

    pub(super) fn add(&mut self, case: &'a Case, verdict: Verdict) {
        self.cases.push((case, verdict));
    }

    pub(super) fn total(&self) -> Count {
        let mut count = Count::default();
        self.cases.iter().for_each(|(_, verdict)| count.add(verdict));
        count
    }

    fn by_rule(&self) -> BTreeMap<&str, Count> {
        let mut counts = BTreeMap::<_, Count>::new();
        for (case, verdict) in &self.cases {
            counts.entry(&*case.about().rule).or_default().add(verdict);
        }
        counts
    }

    fn failures(&self) -> impl Iterator<Item = (&Case, &Failure)> {
        self.cases.iter().filter_map(|(case, verdict)| match verdict {
            Verdict::Failed(failure) => Some((*case, failure)),
            _ => None,
        })
    }

    /// Returns the address of the rule of a case, and its text.
    fn rule(&self, case: &Case) -> [&str; 2] {
        let about = case.about();
        [&self.suite.rules[&about.rule], &self.suite.sections[&about.section]]
    }

    pub(super) fn text(&self, requests: usize, out: &mut impl Write) -> io::Result<()> {
        for (case, failure) in self.failures() {
            let about = case.about();
            let [rule, url] = self.rule(case);
            writeln!(out, "FAILED {}: {}", about.id, about.name)?;
            writeln!(out, "  rule      {} ({}): {rule}", about.rule, about.level.name())?;
            writeln!(out, "            {url}")?;
            if let Some(choice) = &about.choice {
                writeln!(out, "  choice    {choice}")?;
            }
            writeln!(out, "  input     {}", shown(&case.input(&failure.trial)))?;
            writeln!(out, "  sent      {}", failure.trial.how)?;
            for line in lines(failure) {
                writeln!(out, "  {line}")?;
            }
            writeln!(out)?;
        }
        writeln!(out, "{:24}{:>8}{:>8}{:>13}", "rule", "passed", "failed", "unsupported")?;
        for (rule, count) in self.by_rule() {
            let Count { passed, failed, unsupported } = count;
            writeln!(out, "{rule:24}{passed:8}{failed:8}{unsupported:13}")?;
        }
        let Count { passed, failed, unsupported } = self.total();
        let version = &self.suite.version;
        writeln!(out, "{:24}{passed:8}{failed:8}{unsupported:13}", "all")?;
        writeln!(out, "suite {version}, {} cases, {requests} requests", self.cases.len())
    }

    pub(super) fn json(&self, out: &mut impl Write) -> io::Result<()> {
        let cases = self.cases.iter().map(|(case, verdict)| {
            let about = case.about();
            let mut value = json!({
                "id": about.id,
                "name": about.name,
                "rule": about.rule,
                "section": about.section,
                "level": about.level.name(),
            });
            match verdict {
                Verdict::Passed => value["verdict"] = json!("passed"),
                Verdict::Unsupported(why) => {
                    value["verdict"] = json!("unsupported");
                    value["reason"] = json!(why);
                }
                Verdict::Failed(failure) => {
                    value["verdict"] = json!("failed");
                    value["input"] = case.input(&failure.trial);
                    value["sent"] = json!(failure.trial.how);
                    if let Some(reason) = &failure.reason {
                        value["reason"] = json!(reason);
                    }
                    let differences = failure.differences.iter().map(|difference| {
                        json!({
                            "member": difference.member,
                            "level": difference.level.name(),
                            "expected": difference.expected,
                            "got": difference.got,
                        })
                    });
                    value["differences"] = differences.collect();
                }
            }
            value
        });
        let cases: Vec<Value> = cases.collect();
        let Count { passed, failed, unsupported } = self.total();
        let report = json!({
            "suite": self.suite.version,
            "command": self.command,
            "passed": passed,
            "failed": failed,
            "unsupported": unsupported,
            "cases": cases,
        });
        json::write_line(&report, out)
    }

    pub(super) fn junit(&self, out: &mut impl Write) -> io::Result<()> {
        let Count { failed, unsupported, .. } = self.total();
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(
            out,
            r#"<testsuite name="{}" tests="{}" failures="{failed}" skipped="{unsupported}">"#,
            xml(&format!("text/event-stream: {}", self.command)),
            self.cases.len()
        )?;
        for (case, verdict) in &self.cases {
            let about = case.about();
            let name = xml(&format!("{} {}", about.id, about.name));
            write!(out, r#"  <testcase classname="{}" name="{name}""#, about.rule)?;
            match verdict {
                Verdict::Passed => writeln!(out, "/>")?,
                Verdict::Unsupported(why) => {
                    writeln!(out, r#"><skipped message="{}"/></testcase>"#, xml(why))?;
                }
                Verdict::Failed(failure) => {
                    let [rule, url] = self.rule(case);
                    let input = shown(&case.input(&failure.trial));
                    let text = format!("{url}\n{input}\n{}", lines(failure).join("\n"));
                    let text = text.lines().map(xml).collect::<Vec<_>>().join("\n");
                    writeln!(
                        out,
                        r#"><failure message="{}">{text}</failure></testcase>"#,
                        xml(rule)
                    )?;
                }
            }
        }
        writeln!(out, "</testsuite>")
    }

    pub(super) fn markdown(&self, out: &mut impl Write) -> io::Result<()> {
        let version = &self.suite.version;
        writeln!(out, "# `{}` and suite {version}\n", self.command.replace('`', "'"))?;
        writeln!(out, "| rule | passed | failed | unsupported |\n| --- | --- | --- | --- |")?;
        let total = [("**all**", self.total())];
        for (rule, Count { passed, failed, unsupported }) in self.by_rule().into_iter().chain(total)
        {
            writeln!(out, "| {rule} | {passed} | {failed} | {unsupported} |")?;
        }
        for (case, failure) in self.failures() {
            let about = case.about();
            let [rule, url] = self.rule(case);
            let code = |text: &str| format!("`` {} ``", text.replace('`', "'"));
            writeln!(out, "\n## {}: {}\n", about.id, about.name)?;
            writeln!(out, "[{}]({url}) ({}): {rule}\n", about.rule, about.level.name())?;
            let input = shown(&case.input(&failure.trial));
            writeln!(out, "- input, {}: {}", failure.trial.how, code(&input))?;
            for line in lines(failure) {
                writeln!(out, "- {}", code(line.trim()))?;
            }
        }
        Ok(())
    }
}

/// Describes a failure in lines.
fn lines(failure: &Failure) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reason) = &failure.reason {
        let mut line = String::new();
        escape::line(reason, &mut line);
        lines.push(line);
    }
    for difference in &failure.differences {
        lines.push(format!("expected  {}: {}", difference.member, shown(&difference.expected)));
        lines.push(format!("got       {}: {}", difference.member, shown(&difference.got)));
    }
    lines
}

/// Returns the beginning of a value as JSON that is safe on a terminal.
fn shown(value: &Value) -> String {
    let mut json = Vec::new();
    // Writing to a vector can't fail.
    let _ = json::write_line(value, &mut json);
    let text = String::from_utf8_lossy(&json);
    let text = text.trim_end();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

fn xml(text: &str) -> String {
    let mut escaped = String::new();
    escape::line(text, &mut escaped);
    let text = escaped.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}
