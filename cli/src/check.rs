//! `sse-wire check`: tests a program with the test vectors, through the conformance protocol.

mod cases;
mod judge;
mod program;
mod report;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;

use crate::arguments::some_time;
use crate::messages::log;
use cases::Case;
use judge::Answered;
use program::Program;
use report::{Count, Failure, Report, Verdict};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Program that implements the protocol, and its arguments.
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// Restart the program for each case.
    #[arg(long)]
    each: bool,
    /// Send each stream only in the chunks of its case.
    #[arg(long)]
    quick: bool,
    /// Run only these cases: IDs, rules, or kinds (decoder, connection, encoder).
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    only: Vec<String>,
    /// Skip these cases: IDs, rules, or kinds.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    skip: Vec<String>,
    /// Compare only results of these levels.
    #[arg(long, value_enum, value_delimiter = ',')]
    level: Vec<Level>,
    /// Time limit for each answer.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = some_time)]
    time_limit: Duration,
    #[command(flatten)]
    format: Format,
}

#[derive(clap::Args)]
#[group(multiple = false)]
pub(crate) struct Format {
    /// Write the report as JSON.
    #[arg(long)]
    json: bool,
    /// Write the report as JUnit XML.
    #[arg(long)]
    junit: bool,
    /// Write the report as Markdown.
    #[arg(long)]
    markdown: bool,
}

/// The level of a result: what decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// The standard decides.
    Must,
    /// The vectors decide: the standard is silent or unclear.
    Choice,
    /// Limits on memory.
    Limit,
    /// Positions of events.
    Position,
}

impl From<Level> for sse_wire_vectors::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Must => Self::Must,
            Level::Choice => Self::Choice,
            Level::Limit => Self::Limit,
            Level::Position => Self::Position,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let suite = sse_wire_vectors::suite();
    let all = cases::all();
    let named = |case: &Case, what: &String| {
        [&*case.about().id, &case.about().rule, case.kind()].contains(&&**what)
    };
    if let Some(unknown) = arguments
        .only
        .iter()
        .chain(&arguments.skip)
        .find(|what| !all.iter().any(|case| named(case, what)))
    {
        log(format_args!("no case has the ID, rule, or kind {unknown}"));
        return Ok(ExitCode::from(2));
    }
    let cases = all.iter().filter(|case| {
        let only = &arguments.only;
        (only.is_empty() || only.iter().any(|what| named(case, what)))
            && !arguments.skip.iter().any(|what| named(case, what))
            && arguments.judges(case.about().level)
    });
    let cases: Vec<&Case> = cases.collect();

    let mut check = Check { arguments, suite: &suite, program: None, requests: 0 };
    let mut report = Report::new(&suite, &arguments.command);
    let progress = io::stderr().is_terminal();
    for (n, case) in cases.iter().enumerate() {
        if progress {
            let _ = write!(io::stderr(), "\r\x1b[K{n}/{} {}", cases.len(), case.about().rule);
        }
        let mut verdict = match check.case(case) {
            Ok(verdict) => verdict,
            Err(error) => {
                let program = arguments.command[0].to_string_lossy();
                log(format_args!("cannot start {program}: {error}"));
                return Ok(ExitCode::from(2));
            }
        };
        if arguments.each || n + 1 == cases.len() {
            verdict = check.finish(case, verdict);
        }
        report.add(case, verdict);
    }
    if progress {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }

    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let format = &arguments.format;
    if format.json {
        report.json(&mut stdout)?;
    } else if format.junit {
        report.junit(&mut stdout)?;
    } else if format.markdown {
        report.markdown(&mut stdout)?;
    } else {
        report.text(check.requests, &mut stdout)?;
    }
    stdout.flush()?;
    let Count { passed, failed, .. } = report.total();
    if passed == 0 {
        log(format_args!("no case passed"));
    }
    Ok(if passed > 0 && failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    fn judges(&self, level: sse_wire_vectors::Level) -> bool {
        self.level.is_empty() || self.level.iter().any(|&asked| level == asked.into())
    }
}

struct Check<'a> {
    arguments: &'a Arguments,
    suite: &'a sse_wire_vectors::Suite,
    program: Option<Program>,
    requests: usize,
}

impl Check<'_> {
    /// Sends a case in each way, and returns the first failure that the standard decides, or else the first one. The error
    /// means that the program can't be started.
    fn case(&mut self, case: &Case) -> io::Result<Verdict> {
        let needs = self.suite.needs.get(&case.about().rule).map_or(&[][..], Vec::as_slice);
        let mut failed = None;
        for trial in case.trials(self.arguments.quick) {
            let time_limit = self.arguments.time_limit;
            let program = match &mut self.program {
                Some(program) => program,
                none => none.insert(Program::start(&self.arguments.command)?),
            };
            self.requests += 1;
            let (reason, differences) = match program.ask(&trial.request, time_limit) {
                Err(fault) => {
                    self.program = None;
                    (Some(fault.to_string()), Vec::new())
                }
                Ok(answer) => match judge::judge(case, &trial, &answer, needs) {
                    Answered::Unsupported(why) => {
                        return Ok(failed.map_or(Verdict::Unsupported(why), Verdict::Failed));
                    }
                    Answered::Wrong(reason) => (Some(reason), Vec::new()),
                    Answered::Differs(mut differences) => {
                        differences.retain(|difference| self.arguments.judges(difference.level));
                        (None, differences)
                    }
                },
            };
            if reason.is_none() && differences.is_empty() {
                continue;
            }
            let must = |level| level == sse_wire_vectors::Level::Must;
            // Another cut may show what the standard decides.
            let may_be_worse = reason.is_none()
                && must(case.about().level)
                && !differences.iter().any(|difference| must(difference.level));
            let failure = Failure { trial, reason, differences };
            if !may_be_worse {
                return Ok(Verdict::Failed(failure));
            }
            failed.get_or_insert(failure);
        }
        Ok(failed.map_or(Verdict::Passed, Verdict::Failed))
    }

    /// Ends the program after this case. Anything that it then writes is noise.
    fn finish(&mut self, case: &Case, verdict: Verdict) -> Verdict {
        let time_limit = self.arguments.time_limit;
        match (self.program.take().map(|program| program.finish(time_limit)), verdict) {
            (Some(Err(fault)), Verdict::Passed | Verdict::Unsupported(_)) => {
                let trial = case.trials(true).next().unwrap_or_default();
                let reason = Some(fault.to_string());
                Verdict::Failed(Failure { trial, reason, differences: Vec::new() })
            }
            (_, verdict) => verdict,
        }
    }
}
