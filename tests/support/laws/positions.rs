//! Positions of tokens: the pieces and their ranges are the stream.

use arbitrary::Arbitrary;
use sse_wire::{Line, Token, Tokenizer};

use super::input::{Controls, Cuts, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN;
}

pub fn positions(input: &[u8]) {
    let (stream, Steering { cuts }) = stream_and_controls(input);
    rebuilt(stream, &cuts.chunks(stream));
}

/// The stream is rebuilt from its tokens and their ranges alone, with only names, colons, single spaces, line ends,
/// and one byte order mark between them, each where the grammar allows it.
pub fn rebuilt(stream: &[u8], chunks: &[&[u8]]) {
    let mut tokenizer = Tokenizer::new();
    let mut rebuilt = Rebuilt { stream, at: 0, block: 0, open: None, line_has_ended: false };
    rebuilt.byte_order_mark();
    for chunk in chunks {
        let mut tokens = tokenizer.push(chunk);
        for token in tokens.by_ref() {
            rebuilt.take(&token);
        }
        assert!(tokens.next().is_none() && tokens.into_rest().is_empty());
    }
    assert_eq!(tokenizer.position(), stream.len() as u64);
    let unfinished = tokenizer.finish();
    rebuilt.finish(unfinished);
}

struct Rebuilt<'s> {
    stream: &'s [u8],
    /// Everything before it was rebuilt.
    at: usize,
    /// The start of the block.
    block: usize,
    /// The line that continues.
    open: Option<Line>,
    /// Returns whether a line ends at `at`.
    line_has_ended: bool,
}

impl Rebuilt<'_> {
    fn rest(&self) -> &[u8] {
        &self.stream[self.at..]
    }

    fn byte_order_mark(&mut self) {
        if self.rest().starts_with(b"\xEF\xBB\xBF") {
            self.at = 3;
            self.block = 3;
        }
    }

    /// Skips the end of a complete line.
    fn end_line(&mut self) {
        if std::mem::take(&mut self.line_has_ended) {
            self.at += match self.rest() {
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                other => panic!("no line end: {}", other.escape_ascii()),
            };
        }
    }

    fn take(&mut self, token: &Token<'_>) {
        let range = token.range().start as usize..token.range().end as usize;
        self.end_line();
        let (line, bytes, complete) = match token {
            Token::Line { line, bytes, complete, .. } => (*line, *bytes, *complete),
            Token::BlankLine { block, .. } => {
                assert_eq!(self.open, None, "a blank line is not part of another block");
                assert_eq!(range, self.at..self.at + 1);
                assert_eq!(*block, self.block as u64..self.at as u64 + 1);
                self.line_has_ended = true;
                self.end_line();
                self.block = self.at;
                return;
            }
            other => panic!("{other:?}"),
        };
        match self.open.take() {
            Some(open) => assert_eq!(open, line, "a line has one kind"),
            None => self.begin(line),
        }
        assert_eq!(range, self.at..self.at + bytes.len(), "without a gap");
        assert_eq!(bytes, &self.stream[range.clone()]);
        assert!(!bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')));
        self.at = range.end;
        if complete {
            self.line_has_ended = true;
        } else {
            self.open = Some(line);
        }
    }

    /// Skips what comes before the first byte of a line's token.
    fn begin(&mut self, line: Line) {
        let rest = self.rest();
        self.at += match line {
            Line::Field(field) => {
                let name = field.name();
                let value = rest.strip_prefix(name.as_bytes()).expect("the name");
                match value {
                    [b':', b' ', ..] => name.len() + 2,
                    [b':', ..] => name.len() + 1,
                    [b'\n' | b'\r', ..] => name.len(),
                    _ => panic!("{}", rest.escape_ascii()),
                }
            }
            Line::Comment => {
                assert_eq!(rest.first(), Some(&b':'));
                if rest.starts_with(b": ") { 2 } else { 1 }
            }
            Line::Unknown => {
                let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b':'));
                let name = &rest[..end.unwrap_or(rest.len())];
                assert!(!name.is_empty());
                assert!(
                    !matches!(name, b"data" | b"event" | b"id" | b"retry"),
                    "{}",
                    rest.escape_ascii()
                );
                0
            }
        };
    }

    /// What no token has returned yet can only be the start of a known line, or of a byte order mark.
    fn finish(mut self, unfinished: std::ops::Range<u64>) {
        if self.line_has_ended {
            self.end_line();
        }
        let rest = self.rest();
        let starts_line = ["data: ", "event: ", "id: ", "retry: ", ": "]
            .iter()
            .any(|whole| whole.as_bytes().starts_with(rest));
        let starts_mark = self.at == 0 && b"\xEF\xBB".starts_with(rest);
        let hidden = self.open.is_none() && (starts_line || starts_mark);
        assert!(rest.is_empty() || hidden, "{}", rest.escape_ascii());
        assert_eq!(unfinished, self.block as u64..self.stream.len() as u64);
    }
}
