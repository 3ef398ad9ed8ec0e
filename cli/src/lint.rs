//! What is valid in a stream but probably a mistake: for `sse-wire explain --lint`.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use serde::Serialize;
use sse_wire_reference::{End, Line, Step, Verdict};

/// An event with more data than this is called huge.
const HUGE: usize = 256 * 1024;

/// Many servers reject requests with headers of more than about 8 KiB.
const LONG_ID: usize = 4096;

/// A problem. Displayed, it is one line, in which text of the stream is quoted.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    code: &'static str,
    bytes: [usize; 2],
    problem: String,
    fix: &'static str,
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Finding { code, bytes: [start, end], problem, fix } = self;
        write!(f, "bytes {start}..{end} {code}: {problem}; {fix}")
    }
}

/// Checks a stream, line by line.
#[derive(Default)]
pub(crate) struct Linter {
    /// Whether there was a line that is not blank.
    begun: bool,
    /// Whether the input is not an event stream, so that its lines are not checked.
    other_format: bool,
    /// Codes that were reported and are reported only once, because they concern the whole stream.
    reported: Vec<&'static str>,
    findings: Vec<Finding>,
}

impl Linter {
    /// Checks a line.
    pub(crate) fn step(&mut self, step: &Step) -> Vec<Finding> {
        let Line { source, range, ill_formed, verdict, .. } = &step.line;
        if !matches!(verdict, Verdict::ByteOrderMark) && source.trim_ascii() != "" {
            if !self.begun {
                self.first_line(source, range);
            }
            self.begun = true;
        }
        if self.other_format {
            // Findings about its lines would be of no use.
            return std::mem::take(&mut self.findings);
        }
        if source.ends_with('\r') {
            self.once(
                "cr-only",
                range,
                "a line ends with a lone CR, which many clients do not recognize",
                "end lines with LF",
            );
        }
        let late = source.starts_with('\u{feff}') && !matches!(verdict, Verdict::ByteOrderMark);
        if late {
            self.find(
                "late-byte-order-mark",
                range,
                "a byte order mark that does not begin the stream is part of the field's name",
                "do not write one; remove it when you join files",
            );
        }
        if let Some(first) = ill_formed.first() {
            let more = match ill_formed.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more in this line"),
            };
            self.find(
                "ill-formed-utf-8",
                first,
                format!("ill-formed UTF-8, which is decoded as U+FFFD{more}"),
                "write UTF-8, and do not cut characters in two",
            );
        }
        if !late {
            self.verdict(source, range, verdict);
        }
        if let Some(event) = &step.event {
            if event.data.len() > HUGE {
                let problem = format!(
                    "an event with {} bytes of data, which every client keeps in memory until the event ends",
                    event.data.len()
                );
                self.huge(range, problem);
            }
        }
        std::mem::take(&mut self.findings)
    }

    fn first_line(&mut self, source: &str, range: &Range<usize>) {
        // Bytes that are not UTF-8 are U+FFFD here.
        let what = match source.trim_ascii_start() {
            text if text.starts_with('<') => "HTML or XML",
            text if text.starts_with(['{', '[']) => "bare JSON",
            text if text.starts_with("\u{1f}\u{fffd}\u{8}") => "gzip",
            text if text.starts_with("\u{fffd}\u{fffd}") && text.contains('\0') => "UTF-16",
            _ => return,
        };
        self.other_format = true;
        let problem = format!("this is not an event stream; it looks like {what}");
        self.find(
            "no-event-stream",
            range,
            problem,
            "check the status, content type, and content encoding of the response",
        );
    }

    fn verdict(&mut self, source: &str, range: &Range<usize>, verdict: &Verdict) {
        match verdict {
            Verdict::UnknownField { .. } => {
                // The verdict begins with "ignored: ".
                let problem = format!("the line is {verdict}");
                self.find(
                    "unknown-field",
                    range,
                    problem,
                    "name it data, event, id, or retry, or make it a comment with a leading colon",
                );
            }
            Verdict::Data { value } => {
                if value.starts_with(['{', '[', '"'])
                    && source.starts_with("data:")
                    && !source.starts_with("data: ")
                {
                    self.once(
                        "no-space",
                        range,
                        "no space after the colon, and clients that look for \"data: \" find nothing",
                        "write `data: ` with a space",
                    );
                }
                self.nul("the data", value, range);
            }
            Verdict::EventType { value } => {
                self.white_space("the event type", value, range);
                self.nul("the event type", value, range);
            }
            Verdict::Id { value } => self.id(value, range),
            Verdict::IdWithNul => {
                self.find("id-with-nul", range, "an ID with a NUL is ignored", "leave out the NUL")
            }
            Verdict::RetryNotDigits { .. } | Verdict::EmptyRetry => {
                self.find(
                    "retry-not-digits",
                    range,
                    format!("the reconnection time is {verdict}"),
                    "write milliseconds in digits, without a unit",
                );
            }
            Verdict::NothingToDispatch { event_type, .. } if !event_type.is_empty() => {
                self.find(
                    "no-data",
                    range,
                    format!("a block of the type {event_type:?} without data is not an event"),
                    "write a `data` line, which may be empty",
                );
            }
            Verdict::OverLimit { limit } => {
                self.huge(range, format!("a line or its block is longer than {limit} bytes"));
            }
            _ => {}
        }
    }

    fn huge(&mut self, range: &Range<usize>, problem: String) {
        self.find("huge-event", range, problem, "send a URL for it, or send it in parts");
    }

    fn id(&mut self, value: &str, range: &Range<usize>) {
        self.white_space("the ID", value, range);
        let problem = if value.chars().any(|c| c.is_control() && c != '\t') {
            "an ID with control characters cannot be sent as Last-Event-ID"
        } else if !value.is_ascii() {
            "some clients send an ID that is not ASCII in a different encoding, and some do not send it"
        } else if value.len() > LONG_ID {
            "an ID of this length makes request headers too long for many servers"
        } else {
            return;
        };
        self.find(
            "id-not-for-header",
            range,
            problem,
            "use a short ID of visible ASCII characters",
        );
    }

    fn white_space(&mut self, what: &str, value: &str, range: &Range<usize>) {
        if value.trim() != value {
            let problem =
                format!("{what} {value:?} begins or ends with white space, which is kept");
            self.find(
                "white-space",
                range,
                problem,
                "remove it; decoders remove only one space after the colon",
            );
        }
    }

    fn nul(&mut self, what: &str, value: &str, range: &Range<usize>) {
        if value.contains('\0') {
            self.find(
                "nul",
                range,
                format!("{what} has a NUL, at which some clients cut it"),
                "encode binary data",
            );
        }
    }

    /// Checks the end.
    pub(crate) fn end(&mut self, end: &End) -> Vec<Finding> {
        if let Some(unfinished) = end.unfinished.as_ref().filter(|_| !self.other_format) {
            self.find(
                "unfinished",
                &unfinished.range,
                "the stream ends without a blank line, so this is discarded",
                "end each event with a blank line, the last one too",
            );
        }
        std::mem::take(&mut self.findings)
    }

    fn find(
        &mut self,
        code: &'static str,
        range: &Range<usize>,
        problem: impl Into<String>,
        fix: &'static str,
    ) {
        let bytes = [range.start, range.end];
        self.findings.push(Finding { code, bytes, problem: problem.into(), fix });
    }

    fn once(&mut self, code: &'static str, range: &Range<usize>, problem: &str, fix: &'static str) {
        if !self.reported.contains(&code) {
            self.reported.push(code);
            self.find(code, range, problem, fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use sse_wire_reference::Interpreter;

    use super::*;

    fn codes(stream: impl AsRef<[u8]>) -> Vec<&'static str> {
        let (mut interpreter, mut linter) =
            (Interpreter::new("").with_limit(1 << 20), Linter::default());
        let mut chunk = stream.as_ref();
        let mut findings = Vec::new();
        while let Some(step) = interpreter.next(&mut chunk) {
            findings.extend(linter.step(&step));
        }
        let (step, end) = interpreter.finish();
        findings.extend(step.iter().flat_map(|step| linter.step(step)));
        findings.extend(linter.end(&end));
        findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn each_code_is_found_in_its_bad_example_and_not_in_its_good_one() {
        let long = "7".repeat(LONG_ID);
        let data = |len: usize| format!("data: {}\n\n", "x".repeat(len));
        for (bad, good, code) in [
            ("dat: x\n\n", ": x\n\n", "unknown-field"),
            ("data: a\n\u{feff}data: x\n\n", "\u{feff}data: x\n\n", "late-byte-order-mark"),
            ("data:{}\n\n", "data: {}\n\n", "no-space"),
            ("data: x\n", "data: x\n\n", "unfinished"),
            ("id: a\u{1}\n\n", "id: a\tb\n\n", "id-not-for-header"),
            ("id: é\n\n", "id: ~\n\n", "id-not-for-header"),
            (&format!("id: 7{long}\n\n"), &format!("id: {long}\n\n"), "id-not-for-header"),
            ("id: \0\n\n", "id\n\n", "id-with-nul"),
            ("retry: 3s\n\n", "retry: 3\n\n", "retry-not-digits"),
            ("retry\n\n", "retry: 0\n\n", "retry-not-digits"),
            (&data(HUGE + 1), &data(HUGE), "huge-event"),
            (&data(2 << 20), ": x\n\n", "huge-event"),
            ("data: x\r\r", "data: x\r\n\r\n", "cr-only"),
            ("<!doctype html>\n<p>\n\n", "data: <!doctype html>\n\n", "no-event-stream"),
            ("\n {\"error\": 1}\n\n", "data: {\"error\": 1}\n\n", "no-event-stream"),
            ("<p>\r<p>\ndata:{}\0", "data: <p>\n\n", "no-event-stream"),
            ("event: a\n\n", "event: a\ndata\n\n", "no-data"),
            ("event: a \ndata\n\n", "event: a\ndata: b \n\n", "white-space"),
            ("id:  a\n\n", "id: a\n\n", "white-space"),
            ("data: \0\n\n", ": \0\n\n", "nul"),
        ] {
            assert_eq!(codes(bad), [code], "{}", &bad[..bad.len().min(60)]);
            assert_eq!(codes(good), [""; 0], "{}", &good[..good.len().min(60)]);
        }
        assert_eq!(codes(b"data: \xFF\n\n"), ["ill-formed-utf-8"]);
        assert_eq!(
            codes(b"data: \xFF\xFF\ndata: \xFF\n\n"),
            ["ill-formed-utf-8"; 2],
            "once a line"
        );
        assert_eq!(codes(b"\x1f\x8b\x08\0\xFF\n\xFF\n"), ["no-event-stream"], "gzip");
        assert_eq!(codes(b"\xFF\xFEd\0a\0\n\0"), ["no-event-stream"], "UTF-16");
    }

    #[test]
    fn what_concerns_the_whole_stream_is_reported_once_and_a_mistake_each_time() {
        assert_eq!(
            codes("data:{}\rdata:{}\r\rx\n\ny\n\n"),
            ["cr-only", "no-space", "unknown-field", "unknown-field"]
        );
    }
}
