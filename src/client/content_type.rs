//! The type in a response's `Content-Type`: "extract a MIME type" of the
//! [Fetch Standard](https://fetch.spec.whatwg.org/#concept-header-extract-mime-type) and "parse a
//! MIME type" of the [MIME Sniffing Standard](https://mimesniff.spec.whatwg.org/#parse-a-mime-type),
//! as far as they determine it.

/// Returns whether the header's value has this type.
///
/// Several headers with this name are one value, joined by commas. Of several types the last valid one counts, and
/// `*/*` never does. A comma within a quoted string is not a separator.
pub(super) fn is_of_type(header: &[u8], name: &str) -> bool {
    let (header, name) = (last_type(header), essence(name.as_bytes()));
    header.zip(name).is_some_and(|((r#type, subtype), (other_type, other_subtype))| {
        r#type.eq_ignore_ascii_case(other_type) && subtype.eq_ignore_ascii_case(other_subtype)
    })
}

/// Returns whether the header's value has a type that counts.
#[cfg(feature = "http")]
pub(super) fn has_type(header: &[u8]) -> bool {
    last_type(header).is_some()
}

/// Returns the type and the subtype that count.
fn last_type(header: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = Some(header);
    let mut last = None;
    while let Some(values) = rest {
        let (value, behind) = split_at_comma(values);
        rest = behind;
        last = essence(value).filter(|&value| value != (b"*", b"*")).or(last);
    }
    last
}

/// Returns the value before the first comma outside quotes, and the rest after that comma.
fn split_at_comma(values: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut quoted = false;
    let mut bytes = values.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            // It escapes the next byte.
            b'\\' if quoted => _ = bytes.next(),
            b',' if !quoted => {
                let behind = bytes.as_slice();
                let len = values.len() - behind.len() - 1;
                return (values.get(..len).unwrap_or_default(), Some(behind));
            }
            _ => {}
        }
    }
    (values, None)
}

/// Returns the type and the subtype of a valid MIME type. No parameter can make it invalid.
fn essence(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = trim(value).splitn(2, |&byte| byte == b'/');
    let (r#type, rest) = (parts.next()?, parts.next()?);
    let subtype = trim_end(rest.split(|&byte| byte == b';').next()?);
    (is_token(r#type) && is_token(subtype)).then_some((r#type, subtype))
}

fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Removes HTTP whitespace from both ends. Unlike Rust's ASCII whitespace, it excludes form feed.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b'\t' | b'\n' | b'\r' | b' ', rest @ ..] = value {
        value = rest;
    }
    trim_end(value)
}

fn trim_end(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., b'\t' | b'\n' | b'\r' | b' '] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::is_of_type;

    fn is_event_stream(header: &[u8]) -> bool {
        is_of_type(header, "text/event-stream")
    }

    #[test]
    fn of_several_types_the_last_valid_one_counts() {
        for (header, expected) in [
            ("text/event-stream, text/html", false),
            ("text/html, text/event-stream", true),
            ("text/html,text/event-stream;charset=utf-8", true),
            ("text/event-stream,", true),
            (",text/event-stream", true),
            ("text/event-stream, ", true),
            ("text/event-stream, html", true),
            ("text/event-stream, */*", true),
            ("text/event-stream, */*;q=1", true),
            ("text/event-stream, text/*", false),
            ("text/event-stream, te xt/html", true),
            ("text/event-stream, text/h tml", true),
            ("text/event-stream, /html", true),
            ("text/event-stream, text/", true),
            ("*/*", false),
            (",", false),
        ] {
            assert_eq!(is_event_stream(header.as_bytes()), expected, "{header}");
        }
    }

    #[test]
    fn a_comma_within_quotes_is_not_a_separator() {
        for (header, expected) in [
            (r#"text/event-stream;a="x,text/html""#, true),
            (r#"text/event-stream;a="x\",text/html""#, true),
            (r#"text/event-stream;a="x\\",text/html"#, false),
            (r#"text/event-stream;a="x,text/html"#, true),
            (r#"text/event-stream;a="x\"#, true),
            (r#"text/html;a="x,text/event-stream""#, false),
            (r#"text/html;a="x",text/event-stream"#, true),
            (r"text/html;a=\,text/event-stream", true),
        ] {
            assert_eq!(is_event_stream(header.as_bytes()), expected, "{header}");
        }
    }

    #[test]
    fn any_other_byte_makes_a_different_type() {
        let name = b"text/event-stream";
        for at in 0..=name.len() {
            for byte in 0..=u8::MAX {
                let mut header = name.to_vec();
                header.insert(at, byte);
                let expected = match byte {
                    b'\t' | b'\n' | b'\r' | b' ' => at == 0 || at == name.len(),
                    b';' => at == name.len(),
                    b',' => at == 0 || at == name.len(),
                    _ => false,
                };
                assert_eq!(is_event_stream(&header), expected, "{}", header.escape_ascii());
            }
        }
    }
}
