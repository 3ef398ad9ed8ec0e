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
    let by_shape = match workload {
        "llm" | "anthropic" | "tiny" | "crlf" | "comments" | "full" => 2.0,
        "multiline" => 1.5,
        "cjk" => 3.0,
        "big" => 1.0,
        // Recorded streams only check the generated ones.
        _ => return Goals::default(),
    };
    let floor = if workload == "big" { 0.7 } else { 1.0 };
    match chunk_size {
        1 => Goals { peer: Some(1.0), ..Goals::default() },
        64 => Goals { peer: Some(1.3), ..Goals::default() },
        1460 => Goals { peer: Some(by_shape), floor: Some(floor), owned: None },
        _ => Goals { peer: Some(by_shape), floor: Some(floor), owned: Some(1.2) },
    }
}
