//! Escapes characters that control a terminal, such as ESC and CSI, which text of a stream can contain.

use std::fmt::Write;

/// Returns whether a terminal could interpret the character as a command or a line break: control characters, separators
/// of lines and paragraphs, and characters that change the direction of text.
pub(crate) const fn needs_escape(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends text on one line: each character that [needs escaping](needs_escape) is written like `\u{1b}`.
pub(crate) fn line(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|&(_, c)| needs_escape(c)) {
        // Writing to a `String` can't fail.
        let _ = write!(out, "{}{}", &rest[..at], c.escape_unicode());
        rest = &rest[at + c.len_utf8()..];
    }
    out.push_str(rest);
}

/// Appends one line of data, in which all control characters except tabs are escaped.
pub(crate) fn data(text: &str, out: &mut String) {
    for (index, part) in text.split('\t').enumerate() {
        if index > 0 {
            out.push('\t');
        }
        line(part, out);
    }
}

#[cfg(test)]
mod tests {
    use super::{data, line};

    #[test]
    fn what_could_control_a_terminal_is_escaped_and_all_else_stays() {
        let mut out = String::new();
        line("\0\u{1b}[2J\u{7f}\u{9b}1m\u{9d}\u{202e}\u{61c}\u{200e}\u{200f}\r\n\t", &mut out);
        assert_eq!(
            out,
            r"\u{0}\u{1b}[2J\u{7f}\u{9b}1m\u{9d}\u{202e}\u{61c}\u{200e}\u{200f}\u{d}\u{a}\u{9}",
        );
        for c in ('\0'..=char::MAX).filter(|c| c.is_control()) {
            out.clear();
            line(c.encode_utf8(&mut [0; 4]), &mut out);
            assert!(out.is_ascii() && out.starts_with(r"\u{"), "{c:?}");
        }
        out.clear();
        line(" ~é\u{a0}日\u{feff}\u{10ffff}\\", &mut out);
        assert_eq!(out, " ~é\u{a0}日\u{feff}\u{10ffff}\\");
    }

    #[test]
    fn a_tab_in_data_stays() {
        let mut out = String::new();
        data("a\t\tb\u{1b}", &mut out);
        assert_eq!(out, "a\t\tb\\u{1b}");
    }
}
