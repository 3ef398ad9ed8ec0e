//! Prints the results and the goals.

use crate::decoders::{FLOOR, LENT, OWNED};
use crate::encoders;
use crate::goals;
use crate::growth;
use crate::results::{Parse, Ratio, Results};

pub fn print(results: &Results, all: bool) {
    let machine = &results.machine;
    println!(
        "{}, {} cores, {}, {}, commit {}; medians of {} rounds",
        machine.cpu, machine.cores, machine.rustc, machine.date, machine.commit, machine.rounds
    );
    if !results.parse.is_empty() {
        parse(&results.parse);
    }
    if all {
        results.parse.iter().for_each(every);
    }
    if !results.encode.is_empty() {
        encode(results);
    }
    if !results.growth.is_empty() {
        growth(results);
    }
}

fn parse(cells: &[Parse]) {
    println!("\nDecoding: MB/s, and ratios with their goals\n");
    println!(
        "{:<24} {:>6} {:>8}  {:<22}  {:<42}  owned to the same",
        "stream", "chunk", "sse-wire", "to the floor", "to the fastest crate"
    );
    for cell in cells {
        let speed = cell.speeds.get(LENT).map_or("-".to_owned(), |speed| format!("{speed:.0}"));
        let name = cell.fastest_peer.as_deref().unwrap_or("-");
        println!(
            "{:<24} {:>6} {speed:>8}  {:<22}  {:<42}  {}",
            cell.stream,
            cell.chunk,
            ratio(cell.to_floor),
            format!("{} {name}", ratio(cell.to_peer)),
            ratio(cell.owned_to_peer),
        );
    }
    let met = |select: fn(&Parse) -> Ratio| {
        let met: Vec<bool> = cells.iter().filter_map(|cell| select(cell).is_met()).collect();
        format!("{} of {}", met.iter().filter(|&&met| met).count(), met.len())
    };
    println!(
        "\ngoals met: {} to the floor, {} to the fastest crate, {} owned",
        met(|cell| cell.to_floor),
        met(|cell| cell.to_peer),
        met(|cell| cell.owned_to_peer)
    );
}

fn ratio(ratio: Ratio) -> String {
    let is = ratio.is.map_or("-".to_owned(), |is| format!("{is:.2}"));
    match (ratio.goal, ratio.is_met()) {
        (Some(goal), Some(true)) => format!("{is:>5} (≥ {goal}: ok)   "),
        (Some(goal), _) => format!("{is:>5} (≥ {goal}: short)"),
        _ => format!("{is:>5}"),
    }
}

/// Prints all candidates of a cell, the fastest first.
fn every(cell: &Parse) {
    println!("\n{} in chunks of {}: MB/s", cell.stream, cell.chunk);
    let mut speeds: Vec<_> = cell.speeds.iter().collect();
    speeds.sort_by(|a, b| b.1.total_cmp(a.1));
    for (name, speed) in speeds {
        let mark = if [LENT, OWNED, FLOOR].contains(&name.as_str()) { "*" } else { " " };
        println!("{mark} {name:<24} {speed:>10.1}");
    }
    for (name, to_base) in &cell.adapters {
        println!("  {name:<24} {} of the parser alone", ratio(*to_base));
    }
    for (name, why) in &cell.left_out {
        println!("  {name:<24} {:>10}  {why}", "-");
    }
}

fn encode(results: &Results) {
    println!(
        "\nEvents into bytes: ns, and the part of the fastest crate's time (goal: ≤ {})\n",
        goals::ENCODER
    );
    for event in &results.encode {
        let verdict = if event.time_to_peer <= goals::ENCODER { "ok" } else { "short" };
        print!(
            "{:<6} {:>5} bytes  {:.2} {verdict:<5} ",
            event.event, event.bytes, event.time_to_peer
        );
        print!(" {} {:.1}", encoders::OWN, event.nanoseconds[encoders::OWN]);
        let mut peers: Vec<_> =
            event.nanoseconds.iter().filter(|(name, _)| *name != encoders::OWN).collect();
        peers.sort_by(|a, b| a.1.total_cmp(b.1));
        peers.iter().for_each(|(name, time)| print!(", {name} {time:.1}"));
        println!();
    }
}

fn growth(results: &Results) {
    println!(
        "\nGrowth: ns for a byte, in brackets what memory costs; beyond that at most ×{}\n",
        goals::GROWTH
    );
    let sizes = &results.growth;
    for of_shape in sizes.chunk_by(|a, b| a.shape == b.shape) {
        let factor = growth::factor(sizes, &of_shape[0].shape);
        let verdict = if factor <= goals::GROWTH { "ok" } else { "short" };
        println!("{}: ×{factor:.2} {verdict}", of_shape[0].shape);
        for size in of_shape {
            print!("  {} KiB: {:.3} ({:.3})", size.bytes / 1024, size.parser, size.memory);
        }
        println!();
    }
}
