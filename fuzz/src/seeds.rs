//! The initial corpus: the test vectors, as inputs of the laws.

use sse_wire_vectors::{Response, Step};

use crate::laws::input::{Cuts, SEPARATOR, byte_of_limit};

/// The length to which libFuzzer cuts longer inputs.
const LONGEST: usize = 1000;

/// An input and its law.
pub struct Seed {
    pub law: &'static str,
    pub name: String,
    pub input: Vec<u8>,
}

/// Returns the seeds for all vectors.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for case in sse_wire_vectors::decoder() {
        let name = case.case.id;
        let stream = case.chunks.concat();
        let cuts = Cuts::of(&case.chunks);
        let limit = case.limit.map_or(0, |limit| byte_of_limit(limit as usize));
        let with = |controls: &[u8]| [&stream[..], &cuts, controls].concat();
        let ample = 255;
        for (law, input) in [
            ("chunking", with(&[limit, 1])),
            ("reference", with(&[case.carried_over.is_some().into()])),
            ("positions", with(&[])),
            ("limits", with(&[if limit == 0 { ample } else { limit }, 8, ample, ample, ample])),
            // Events and items taken, and IDs set.
            (
                "fixed_buffers",
                [
                    &stream[..],
                    b"\xFF\xFF\x05\x51\x30\x82\xA1\x01\xC1\x13\x70\xD0\xE3\x11\x91\x40\xF0\x70",
                ]
                .concat(),
            ),
        ] {
            seeds.push(Seed { law, name: name.clone(), input });
        }
        if let Some(id) = case.carried_over {
            seeds.push(Seed { law: "last_event_id", name, input: id.into_bytes() });
        }
    }
    for case in sse_wire_vectors::encoder() {
        let name = case.case.id;
        let set = |text: &Option<String>| {
            text.as_ref().map_or(Vec::new(), |text| format!("={text}").into_bytes())
        };
        let retry = case.retry.map(|retry| retry.to_string());
        let strict = case.strict.then(String::new);
        let values = [&case.comment, &case.event_type, &case.id, &retry, &case.data, &strict];
        // And followed by an event with only data.
        let input = [&values.map(set).join(&SEPARATOR)[..], &[SEPARATOR; 5], b"=behind"].concat();
        seeds.push(Seed { law: "encoding", name: name.clone(), input });
        if let Some(data) = &case.data {
            let input = [data.as_bytes(), &[1, 0, 3, 7, 2, 0, 64, 5], &[200, 0]].concat();
            seeds.push(Seed { law: "data_writer", name: name.clone(), input });
        }
        if let Some(id) = case.id {
            seeds.push(Seed { law: "last_event_id", name, input: id.into_bytes() });
        }
    }
    for case in sse_wire_vectors::connection() {
        let name = case.case.id;
        let mut steps: Vec<Vec<u8>> = case.steps.iter().map(|(it, _)| step(it)).collect();
        let input = [steps.join(&SEPARATOR), vec![0; 9]].concat();
        seeds.push(Seed { law: "event_source", name: name.clone(), input });
        // Again, but polled only when time passes.
        steps
            .iter_mut()
            .filter(|step| step[0] != b't')
            .for_each(|step| step[0].make_ascii_uppercase());
        let input = [steps.join(&SEPARATOR), vec![0; 9]].concat();
        seeds.push(Seed { law: "event_source", name: name + "-unpolled", input });
    }
    seeds.retain(|seed| seed.input.len() <= LONGEST);
    seeds
}

/// A step of a connection: see `laws::event_source`.
fn step(step: &Step) -> Vec<u8> {
    match step {
        // The delay passes.
        Step::Request => format!("t{}", u64::MAX).into_bytes(),
        Step::Response(Response { status, content_type, .. }) => {
            format!("r{status:03}{}", content_type.as_deref().unwrap_or_default()).into_bytes()
        }
        Step::Bytes(bytes) => [b"b", &bytes[..]].concat(),
        Step::End | Step::LateEnd => b"e".to_vec(),
        Step::NetworkError => b"n".to_vec(),
        Step::Time(milliseconds) => format!("t{milliseconds}").into_bytes(),
        Step::Reconnect => b"a".to_vec(),
        Step::Close => b"c".to_vec(),
    }
}
