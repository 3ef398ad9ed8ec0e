//! Cases of all kinds, and the requests for each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sse_wire_vectors::{ConnectionCase, DecoderCase, EncoderCase, Response, Step};

/// Streams of up to this length are cut at every position.
const SHORT: usize = 2000;
/// How many positions at each end of a longer stream are cut.
const EDGE: usize = 40;
/// How many more positions in the middle are cut.
const WITHIN: usize = 20;

pub(crate) enum Case {
    Decoder(DecoderCase),
    Connection(ConnectionCase),
    Encoder(EncoderCase),
}

/// One request of a case.
#[derive(Default)]
pub(crate) struct Trial {
    pub(super) request: Value,
    /// The chunks in which it is sent.
    pub(super) how: String,
    /// For a decoder: how many events must have been delivered after each chunk.
    pub(super) after: Vec<usize>,
    /// For a connection: the step of the case to which each step of the request belongs.
    pub(super) steps: Vec<usize>,
}

pub(crate) fn all() -> Vec<Case> {
    let decoder = sse_wire_vectors::decoder().into_iter().map(Case::Decoder);
    // The protocol does not support policies.
    let connection = sse_wire_vectors::connection().into_iter();
    let connection = connection.filter(|case| case.policy.is_none()).map(Case::Connection);
    let encoder = sse_wire_vectors::encoder().into_iter().map(Case::Encoder);
    decoder.chain(connection).chain(encoder).collect()
}

impl Case {
    pub(super) fn about(&self) -> &sse_wire_vectors::Case {
        match self {
            Case::Decoder(case) => case,
            Case::Connection(case) => case,
            Case::Encoder(case) => case,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Case::Decoder(_) => "decoder",
            Case::Connection(_) => "connection",
            Case::Encoder(_) => "encoder",
        }
    }

    /// Returns the requests; with `quick`, only the first one.
    pub(super) fn trials(&self, quick: bool) -> Box<dyn Iterator<Item = Trial> + '_> {
        let most = if quick { 1 } else { usize::MAX };
        match self {
            Case::Decoder(case) => Box::new(decoder(case).take(most)),
            Case::Connection(case) => Box::new(connection(case).take(most)),
            Case::Encoder(case) => Box::new(std::iter::once(encoder(case))),
        }
    }

    /// Returns the input, for display.
    pub(super) fn input(&self, trial: &Trial) -> Value {
        let text = |bytes: &[u8]| Value::from(bytes.escape_ascii().to_string());
        match self {
            Case::Decoder(case) => case.chunks.iter().map(|chunk| text(chunk)).collect(),
            Case::Connection(case) => case
                .steps
                .iter()
                .map(|(step, _)| match step {
                    Step::Bytes(bytes) => json!({"op": "bytes", "bytes": text(bytes)}),
                    step => request_of(step),
                })
                .collect(),
            Case::Encoder(_) => trial.request["serialize"].clone(),
        }
    }
}

/// Returns the positions at which to cut this many bytes in two.
fn cuts(len: usize) -> impl Iterator<Item = usize> {
    let (edge, step) = if len <= SHORT { (len, 1) } else { (EDGE, len / WITHIN) };
    (1..len).filter(move |at| *at < edge || len - at < edge || at % step == 0)
}

fn decoder(case: &DecoderCase) -> impl Iterator<Item = Trial> + '_ {
    let stream = case.chunks.concat();
    let request = |chunks: &[&[u8]]| {
        let chunks: Vec<String> = chunks.iter().map(|chunk| STANDARD.encode(chunk)).collect();
        let mut request = json!({"chunks": chunks, "observe": true});
        if let Some(id) = &case.carried_over {
            request["last_event_id"] = json!(id);
        }
        if let Some(limit) = case.limit {
            request["limit"] = json!(limit);
        }
        request
    };
    // An event is delivered with the byte that ends its range.
    let after = |chunks: &[&[u8]]| {
        let ends = case.events.iter().filter_map(|event| Some(event.range.as_ref()?.end));
        let ends: Vec<u64> = ends.collect();
        let mut fed = 0;
        let counts = chunks.iter().map(|chunk| {
            fed += chunk.len() as u64;
            ends.iter().filter(|end| **end <= fed).count()
        });
        counts.collect()
    };
    let trial = move |chunks: &[&[u8]], how: String| Trial {
        request: request(chunks),
        how,
        after: after(chunks),
        steps: Vec::new(),
    };
    let given: Vec<&[u8]> = case.chunks.iter().map(Vec::as_slice).collect();
    let first = Trial { after: case.after.clone(), ..trial(&given, "in its own chunks".into()) };
    let whole = trial(&[&stream], "whole".into());
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    let bytes = trial(&single, "byte by byte".into());
    let len = stream.len();
    let halves = cuts(len).map(move |at| {
        let (head, tail) = stream.split_at(at);
        trial(&[head, tail], format!("cut after byte {at}"))
    });
    [first, whole, bytes].into_iter().chain(halves)
}

fn request_of(step: &Step) -> Value {
    match step {
        Step::Request => json!({"op": "request"}),
        Step::Response(Response { status, content_type, .. }) => {
            json!({"op": "response", "status": status, "content_type": content_type})
        }
        Step::Bytes(bytes) => json!({"op": "bytes", "b64": STANDARD.encode(bytes)}),
        Step::End => json!({"op": "end"}),
        Step::NetworkError => json!({"op": "network_error"}),
        Step::Close => json!({"op": "close"}),
        Step::Time(_) | Step::Reconnect | Step::LateEnd => unreachable!("only with a policy"),
    }
}

/// Returns the chunks in which the bytes of a step are sent.
type Cut<'a> = dyn Fn(usize, &[u8]) -> Vec<Vec<u8>> + 'a;

fn connection(case: &ConnectionCase) -> impl Iterator<Item = Trial> + '_ {
    let trial = |cut: &Cut<'_>, how: String| {
        let (mut requests, mut steps) = (Vec::new(), Vec::new());
        for (n, (step, _)) in case.steps.iter().enumerate() {
            let parts: Vec<Step> = match step {
                Step::Bytes(bytes) => cut(n, bytes).into_iter().map(Step::Bytes).collect(),
                step => vec![step.clone()],
            };
            requests.extend(parts.iter().map(request_of));
            steps.resize(requests.len(), n);
        }
        Trial { request: json!({"steps": requests}), how, after: Vec::new(), steps }
    };
    let whole = trial(&|_, bytes| vec![bytes.to_vec()], "as they are".into());
    let single = trial(
        &|_, bytes| bytes.chunks(1).map(<[u8]>::to_vec).chain([Vec::new()]).collect(),
        "byte by byte".into(),
    );
    let places = case.steps.iter().enumerate().flat_map(|(n, (step, _))| {
        let len = if let Step::Bytes(bytes) = step { bytes.len() } else { 0 };
        cuts(len).map(move |at| (n, at))
    });
    let halves = places.map(move |(cut_step, at)| {
        let cut = |n: usize, bytes: &[u8]| match bytes.split_at_checked(at) {
            Some((head, tail)) if n == cut_step => vec![head.to_vec(), tail.to_vec()],
            _ => vec![bytes.to_vec()],
        };
        trial(&cut, format!("step {} cut after byte {at}", cut_step + 1))
    });
    [whole, single].into_iter().chain(halves)
}

fn encoder(case: &EncoderCase) -> Trial {
    let texts = [
        ("type", &case.event_type),
        ("data", &case.data),
        ("id", &case.id),
        ("comment", &case.comment),
    ];
    let texts =
        texts.into_iter().filter_map(|(key, text)| Some((key.into(), json!(text.as_ref()?))));
    let mut values: Map<String, Value> = texts.collect();
    if let Some(retry) = case.retry {
        values.insert("retry".into(), json!(retry));
    }
    let mut request = json!({"serialize": values});
    if case.strict {
        request["strict"] = json!(true);
    }
    Trial { request, how: "as it is".into(), ..Trial::default() }
}
