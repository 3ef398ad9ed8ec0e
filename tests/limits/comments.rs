//! Comments: which are returned, refused or retained, without an effect on the event around them.

use sse_wire::{Item, Parser, Refused};

use crate::{facts, limit_error};

#[test]
fn a_comment_between_data_lines_does_not_change_them_wherever_they_are_cut() {
    let rest = "\u{E9}".repeat(60);
    let data = format!("ab\n{rest}");
    for comment in 0..100 {
        let stream = format!("data: ab\n:{}\ndata: {rest}\n\n", "c".repeat(comment));
        for size in 1..60 {
            let mut parser = Parser::with_limit(data.len());
            let mut returned = Vec::new();
            for chunk in stream.as_bytes().chunks(size) {
                let mut items = parser.push(chunk);
                while let Some(item) = items.next_item().unwrap() {
                    match item {
                        Item::Event(event) => returned.push(event.data.to_owned()),
                        Item::Comment { text, .. } => returned.push(text.to_owned()),
                        other => panic!("{other:?}"),
                    }
                }
            }
            assert_eq!(returned, ["c".repeat(comment), data.clone()], "chunks of {size}");
        }
    }
}

#[test]
fn a_returned_comment_is_not_retained() {
    let mut parser = Parser::new();
    assert!(matches!(parser.push(b"data: abc\n: com").next_item(), Ok(None)));
    assert_eq!(parser.retained(), 6);
    assert!(matches!(parser.push(b"ment\n").next_item(), Ok(Some(Item::Comment { .. }))));
    assert_eq!(parser.retained(), 3);
}

#[test]
fn a_returned_comment_is_not_retained_if_the_rest_is_discarded() {
    for head in ["", "data: a\n"] {
        let mut parser = Parser::new();
        assert_eq!(parser.push(format!("{head}: com").as_bytes()).next_item(), Ok(None));
        let mut items = parser.push(b"ment\ndata: b\n");
        assert!(matches!(items.next_item(), Ok(Some(Item::Comment { text: "comment", .. }))));
        assert_eq!(items.discard(), Ok(()));
        let mut events = parser.push(b"data: c\n\n");
        let event = events.next().unwrap().unwrap();
        assert_eq!(event.data, if head.is_empty() { "b\nc" } else { "a\nb\nc" });
    }
}

#[test]
fn a_comment_beyond_the_limit_is_a_separate_error_and_its_event_is_returned() {
    let stream = b"data: ab\n: a long comment\ndata: c\n: ok\n\n";
    for size in [1, 5, stream.len()] {
        let mut parser = Parser::with_limit(8);
        let mut returned = Vec::new();
        for chunk in stream.chunks(size) {
            let mut items = parser.push(chunk);
            loop {
                match items.next_item() {
                    Ok(Some(Item::Event(event))) => returned.push(event.data.to_owned()),
                    Ok(Some(Item::Comment { text, position, .. })) => {
                        returned.push(format!("{text} {position}"))
                    }
                    Ok(Some(other)) => panic!("{other:?}"),
                    Ok(None) => break,
                    error => {
                        let error = limit_error(error);
                        assert_eq!(facts(&error), (8, 9, None, Refused::Comment));
                        returned.push(error.to_string());
                    }
                }
            }
        }
        let refused = "the comment that begins at byte 9 was skipped: it needs more than the limit \
                       of 8 retained bytes; raise the limit to receive it";
        assert_eq!(returned, [refused, "ok 34", "ab\nc"], "chunks of {size}");
    }
}

#[test]
fn a_comment_is_returned_only_if_all_of_it_was_taken_by_next_item_and_never_affects_the_data() {
    // Whether each part of the stream is taken by `next_item`, and the comments that are then returned.
    let parts = ["data: a\n: on", "e\n: two\n: th", "ree\ndata: b\n\n"];
    for taken in 0..8 {
        let is_taken = |part: usize| taken >> part & 1 == 1;
        let mut parser = Parser::new();
        let (mut comments, mut data) = (Vec::new(), Vec::new());
        for (i, part) in parts.iter().enumerate() {
            if is_taken(i) {
                let mut items = parser.push(part.as_bytes());
                while let Some(item) = items.next_item().unwrap() {
                    match item {
                        Item::Comment { text, .. } => comments.push(text.to_owned()),
                        Item::Event(event) => data.push(event.data.to_owned()),
                        other => panic!("{other:?}"),
                    }
                }
            } else {
                let mut events = parser.push(part.as_bytes());
                while let Some(event) = events.next().unwrap() {
                    data.push(event.data.to_owned());
                }
            }
        }
        let expected: Vec<&str> = [("one", 0, 1), ("two", 1, 1), ("three", 1, 2)]
            .into_iter()
            .filter(|&(_, first, last)| is_taken(first) && is_taken(last))
            .map(|(comment, _, _)| comment)
            .collect();
        assert_eq!(comments, expected, "{taken:03b}");
        assert_eq!(data, ["a\nb"], "{taken:03b}");
    }
}

#[test]
fn a_comment_outlives_empty_chunks_at_any_entry_point() {
    let mut parser = Parser::new();
    assert_eq!(parser.push(b": a").next_item(), Ok(None));
    assert_eq!(parser.push(b"").next(), Ok(None));
    assert_eq!(parser.push(b"").next_item(), Ok(None));
    let mut items = parser.push(b"b\n");
    assert!(matches!(items.next_item(), Ok(Some(Item::Comment { text: "ab", .. }))));
}

#[test]
fn a_comment_of_which_next_takes_the_rest_is_not_retained() {
    let mut parser = Parser::new();
    assert_eq!(parser.push(b"data: ab\n: a long comm").next_item(), Ok(None));
    assert!(parser.retained() > 10);
    assert_eq!(parser.push(b"ent").next(), Ok(None));
    assert_eq!(parser.retained(), 2);
}
