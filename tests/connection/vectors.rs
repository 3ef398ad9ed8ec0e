//! The vectors, for every kind of connection and in every chunking.

use sse_wire::Policy;

use crate::support::connection::{Outcome, Step, connection_cases, connections};
use crate::support::every_chunking;

#[test]
fn every_connection_vector_holds_for_every_kind_of_connection() {
    let cases = connection_cases();
    assert!(cases.len() >= 150, "{} cases", cases.len());
    for case in &cases {
        case.set_retried();
        for (connection, mut take) in connections(case.policy.as_ref()) {
            for (at, (step, expected)) in case.steps.iter().enumerate() {
                let outcome = take(step);
                let place = format!("{}\nstep {at}, {connection}", case.name);
                assert!(outcome.is(expected), "{place}\n{outcome:?}\n{expected:?}");
            }
        }
    }
}

#[test]
fn the_default_policy_does_what_the_vectors_of_the_policy_for_programs_have() {
    let mut cases = connection_cases();
    cases.retain(|case| case.name.starts_with("The policy for programs "));
    assert_eq!(cases.len(), 2);
    for case in cases {
        for (connection, mut take) in connections(Some(&Policy::default())) {
            for (at, (step, expected)) in case.steps.iter().enumerate() {
                let outcome = take(step);
                let place = format!("{}\nstep {at}, {connection}", case.name);
                assert!(outcome.is(expected), "{place}\n{outcome:?}\n{expected:?}");
            }
        }
    }
}

#[test]
fn chunk_invariance_every_connection_vector_holds_in_every_chunking() {
    for case in connection_cases() {
        case.set_retried();
        let steps = |step: &(Step, Outcome)| matches!(step.0, Step::Bytes(_));
        for cut in case.steps.iter().enumerate().filter(|(_, step)| steps(step)).map(|(at, _)| at) {
            let Step::Bytes(bytes) = &case.steps[cut].0 else { unreachable!() };
            every_chunking(bytes, |chunks| {
                for (connection, mut take) in connections(case.policy.as_ref()) {
                    for (at, (step, expected)) in case.steps.iter().enumerate() {
                        let outcome =
                            if at == cut { in_chunks(&mut take, chunks) } else { take(step) };
                        let place = format!("{}\nstep {at}, {connection}", case.name);
                        assert!(outcome.is(expected), "{place}\n{outcome:?}\n{expected:?}");
                    }
                }
            });
        }
    }
}

/// Pushes bytes piecewise.
fn in_chunks(take: &mut dyn FnMut(&Step) -> Outcome, chunks: &[&[u8]]) -> Outcome {
    let mut all = Vec::new();
    for chunk in chunks {
        match take(&Step::Bytes(chunk.to_vec())) {
            Outcome::Events(events) => all.extend(events),
            other => panic!("{other:?}"),
        }
    }
    Outcome::Events(all)
}
