//! An excerpt of a received text for a message: short and escaped.

use core::fmt::{self, Display, Formatter, Write};

/// The largest number of bytes that are quoted.
const QUOTED: usize = 100;

/// Displays the beginning of a text, escaped and between backticks, and its length if it is longer.
pub(crate) struct Excerpt<'a>(pub(crate) &'a str);

impl Display for Excerpt<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let mut end = text.len().min(QUOTED);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        f.write_char('`')?;
        text[..end].chars().try_for_each(|character| match character {
            '"' | '\'' => f.write_char(character),
            _ => write!(f, "{}", character.escape_debug()),
        })?;
        match end == text.len() {
            true => f.write_char('`'),
            false => write!(f, "`… ({} bytes)", text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::Excerpt;

    #[test]
    fn text_that_could_deceive_a_terminal_is_escaped() {
        let text = "a\"é\u{1b}[2J\u{61c}\u{200e}\u{200f}\u{202e}\n";
        assert_eq!(Excerpt(text).to_string(), r#"`a"é\u{1b}[2J\u{61c}\u{200e}\u{200f}\u{202e}\n`"#);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let text = "é".repeat(60);
        assert_eq!(Excerpt(&text).to_string(), std::format!("`{}`… (120 bytes)", "é".repeat(50)));
        let text = std::format!("a{}", "é".repeat(50));
        assert_eq!(Excerpt(&text).to_string(), std::format!("`a{}`… (101 bytes)", "é".repeat(49)));
    }
}
