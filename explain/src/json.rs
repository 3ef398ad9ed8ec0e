//! A JSON writer.

use alloc::string::String;
use core::fmt::Write;

/// JSON text. Each value is preceded by a comma if it needs one.
#[derive(Default)]
pub(crate) struct Json {
    pub(crate) text: String,
}

impl Json {
    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.enclose('{', members, '}');
    }

    pub(crate) fn array(&mut self, elements: impl FnOnce(&mut Self)) {
        self.enclose('[', elements, ']');
    }

    /// Writes the name of a member; its value follows.
    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.text.push(':');
        self
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.comma();
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.text.extend(['\\', c]),
                // Writing to a `String` can't fail.
                '\0'..='\u{1F}' => drop(write!(self.text, "\\u{:04x}", u32::from(c))),
                _ => self.text.push(c),
            }
        }
        self.text.push('"');
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.comma();
        let _ = write!(self.text, "{number}");
    }

    pub(crate) fn range(&mut self, range: [u64; 2]) {
        self.array(|out| range.into_iter().for_each(|number| out.number(number)));
    }

    fn enclose(&mut self, open: char, inside: impl FnOnce(&mut Self), close: char) {
        self.comma();
        self.text.push(open);
        inside(self);
        self.text.push(close);
    }

    fn comma(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[', ':', ',']) {
            self.text.push(',');
        }
    }
}
