//! The goals: the lowest acceptable ratios for each cell.

/// The lowest acceptable ratios of one cell; `None` if there is no goal.
#[derive(Clone, Copy, Default)]
pub struct Goals {
    /// Of lent events to the fastest other crate.
    pub peer: Option<f64>,
    /// Of lent events to the baseline.
    pub floor: Option<f64>,
    /// Of owned events to the fastest other crate.
    pub owned: Option<f64>,
}

/// The lowest acceptable ratio of an adapter to the parser, with large chunks.
pub const ADAPTER: f64 = 0.9;
/// The longest acceptable time of the encoder, relative to the fastest other encoder.
pub const ENCODER: f64 = 0.5;
/// The factor by which the time per byte may grow with the size, beyond the cost of memory itself.
pub const GROWTH: f64 = 1.3;

pub fn of(workload: &str, chunk_size: usize) -> Goals {
    let (peer, [large, small]) = match workload {
        "llm" => (3.0, [1.5, 1.2]),
        "anthropic" => (3.2, [1.2, 1.1]),
        "tiny" => (4.0, [1.5, 1.3]),
        "big" => (1.0, [0.8, 0.8]),
        "multiline" => (2.2, [1.0, 0.8]),
        "crlf" => (3.0, [1.0, 1.0]),
        "cjk" => (5.0, [1.0, 1.0]),
        "comments" => (2.2, [1.0, 1.0]),
        "full" => (3.5, [0.8, 0.8]),
        "resumable" => (3.0, [0.8, 0.8]),
        // There are no goals for recorded streams, which only check the generated ones.
        _ => return Goals::default(),
    };
    let owned = if workload == "big" { 1.0 } else { 1.2 };
    let (peer, floor, owned) = match chunk_size {
        1 => (0.9, None, 0.9),
        64 => (1.3, None, 1.0),
        1460 => (peer, Some(small), owned),
        _ => (peer, Some(large), owned),
    };
    Goals { peer: Some(peer), floor, owned: Some(owned) }
}
