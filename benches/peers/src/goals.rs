//! How fast is fast enough: the least ratios, cell by cell.

/// The least ratios of one cell; `None` where there is none.
#[derive(Clone, Copy, Default)]
pub struct Goals {
    /// Lent events, to the fastest published crate.
    pub peer: Option<f64>,
    /// Lent events, to the floor.
    pub floor: Option<f64>,
    /// Owned events, to the fastest published crate.
    pub owned: Option<f64>,
}

/// The encoder's most time, as part of what the fastest published one takes.
pub const ENCODER: f64 = 0.5;
/// How much the time for a byte may grow with the size, beyond what memory itself costs.
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
        // Recorded streams only check the generated ones.
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
