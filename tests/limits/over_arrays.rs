//! Arrays of different sizes: what fits each, and which is named if it is too small.

use sse_wire::{Arrays, Field, Limits, Parser, Refused};

use crate::support::{over_arrays, within};
use crate::{facts, limit_error};

#[test]
fn an_array_that_is_too_small_is_named_and_its_event_skipped_even_if_it_could_be_lent() {
    for (stream, limit, array) in [
        ("data: 123456789\n\n", 8, Field::Data),
        ("data: 1234\ndata: 5678\n\n", 8, Field::Data),
        ("data\nevent: 12345\n\n", 4, Field::Event),
    ] {
        let stream = format!("data: first\n\n{stream}data: last\n\n");
        let (data, errors, _) = outcome!(over_arrays([0; 8], [0; 4], [0; 6]), stream);
        assert_eq!(data, ["first", "last"], "{stream}");
        let returned: Vec<_> = errors.iter().map(facts).collect();
        assert_eq!(returned, [(limit, 13, Some(array), Refused::Event)], "{stream}");
        let text = errors[0].to_string();
        assert!(text.contains(&format!("array of {limit} bytes for `{}`", array.name())), "{text}");
    }
}

#[test]
fn an_id_longer_than_a_third_of_its_array_is_refused_and_its_event_is_returned() {
    // A third, so that the ID in force, the block's and the one that is being read fit.
    let stream = "id: 12\ndata: a\n\nid: 34\nid: 567\ndata: b\n\nid: 8901\nid: 23\ndata: c\n\n";
    let (data, errors, id) = outcome!(over_arrays([0; 8], [0; 4], [0; 6]), stream);
    assert_eq!((data, &*id), (vec!["a".into(), "b".into(), "c".into()], "23"));
    let returned: Vec<_> = errors.iter().map(facts).collect();
    let refused = |position| (2, position, Some(Field::Id), Refused::Id);
    assert_eq!(returned, [refused(23), refused(40)]);
    assert_eq!(
        errors[0].to_string(),
        "the id that begins at byte 23 was skipped: it needs more than the 2 bytes that the array \
         for `id` has for each id; give a larger array to receive it"
    );
}

#[test]
fn an_empty_array_refuses_all_but_empty_values_and_is_named() {
    for (stream, array, refused) in [
        ("data: x\n\n", Field::Data, Refused::Event),
        ("data\ndata\n\n", Field::Data, Refused::Event),
        ("event: x\ndata\n\n", Field::Event, Refused::Event),
        ("id: x\n\n", Field::Id, Refused::Id),
    ] {
        let stream = format!("event\nid\ndata:\n\n{stream}data\n\n");
        let (data, errors, id) = outcome!(over_arrays([], [], []), stream);
        assert_eq!((data, &*id), (vec![String::new(), String::new()], ""), "{stream}");
        let returned: Vec<_> = errors.iter().map(facts).collect();
        assert_eq!(returned, [(0, 16, Some(array), refused)], "{stream}");
    }
    let mut parser = over_arrays([], [], []);
    let error = limit_error(parser.push(b": x\n").next_item());
    assert_eq!(facts(&error), (0, 0, Some(Field::Id), Refused::Comment));
}

#[test]
fn parsers_over_arrays_can_be_const_and_static() {
    use std::sync::Mutex;
    type Small = Arrays<[u8; 16], [u8; 0], [u8; 24]>;
    const PARSER: Parser<Small> = over_arrays([0; 16], [], [0; 24]);
    static SHARED: Mutex<Parser<Small>> = Mutex::new(PARSER);
    static GROWABLE: Mutex<Parser> = Mutex::new(Parser::with_limit(16));
    let (data, errors, id) = outcome!(PARSER, "id: 12345678\ndata: x\n\nevent: e\ndata\n\n");
    assert_eq!((data, &*id), (vec!["x".into()], "12345678"));
    assert_eq!(facts(&errors[0]), (0, 22, Some(Field::Event), Refused::Event));
    let mut shared = SHARED.lock().unwrap();
    assert_eq!(shared.push(b"data: x").next(), Ok(None));
    assert_eq!(shared.push(b"\n\n").next().unwrap().unwrap().data, "x");
    let mut growable = GROWABLE.lock().unwrap();
    assert!(growable.push(b"data: x\n\n").next().unwrap().is_some());
}

#[test]
fn the_bound_that_is_reached_first_is_named_if_the_limit_and_an_array_are_too_small() {
    for limit in 0..12 {
        for stream in
            ["data: 1234567890\n\n", "data: 12\ndata: 34567\n\n", "event: 1234567890\ndata\n\n"]
        {
            // Whole and byte by byte: the macro compares the errors.
            let (data, errors, _) = outcome!(
                within(Limits { retained: limit, ..Limits::DEFAULT }, [0; 4], [0; 4], [0; 4]),
                stream
            );
            assert_eq!((data.len(), errors.len()), (0, 1), "{stream} {limit}");
            assert_eq!(errors[0].array().is_none(), limit <= 4, "{stream} {limit}");
        }
        // For an ID they are a quarter of the limit and a third of the array.
        let (data, errors, _) = outcome!(
            within(Limits { retained: limit, ..Limits::DEFAULT }, [0; 4], [0; 4], [0; 7]),
            "id: 123\ndata\n\n"
        );
        assert_eq!((data.len(), errors.len()), (1, 1), "{limit}");
        let expected = (2.min(limit / 4), Some(Field::Id).filter(|_| limit >= 12));
        assert_eq!((errors[0].limit(), errors[0].array()), expected, "{limit}");
    }
}

#[test]
fn the_bound_that_is_reached_first_is_named_with_an_id_in_force_as_well() {
    for limit in 12..24 {
        let (data, errors, _) = outcome!(
            {
                let mut parser =
                    within(Limits { retained: limit, ..Limits::DEFAULT }, [0; 8], [0; 8], [0; 9]);
                parser.set_last_event_id("123").unwrap();
                parser
            },
            "event: abc\ndata: 1234567890\n\n"
        );
        assert_eq!((data.len(), errors.len()), (0, 1), "{limit}");
        let array = Some(Field::Data).filter(|_| 3 + 3 + 8 < limit);
        assert_eq!(errors[0].array(), array, "{limit}");
    }
}

#[test]
fn events_that_fit_each_array_exactly_are_returned() {
    let stream = "id: 123\nevent: type\ndata: 1234\ndata: 678\n\n";
    let (data, errors, id) = outcome!(over_arrays([0; 8], [0; 4], [0; 9]), stream);
    assert_eq!((data, errors, id), (vec!["1234\n678".into()], vec![], "123".into()));
}
