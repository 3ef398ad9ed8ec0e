//! The README's part about speed, made from the data of the last two full runs.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::fs;
use std::io;

use crate::chart;
use crate::decoders::LENT;
use crate::drive::{CHUNK_SIZES, LARGE_CHUNK};
use crate::encoders;
use crate::goals;
use crate::growth;
use crate::results::{About, Encode, Machine, Parse, Ratio, Results};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/speed.svg");
const BEGIN: &str = "<!-- speed: written by `benches/peers/run report` -->\n";
const END: &str = "<!-- speed: end -->\n";

/// The recorded streams that stand in the table: the largest ones.
const RECORDED: [&str; 2] = ["anthropic-messages", "openai-responses"];

/// The two runs: each ratio stands there as the one before found it and as the last did.
struct Runs<'r> {
    last: &'r Results,
    before: &'r Results,
}

pub fn write(results: &Results, before: &Results) -> io::Result<()> {
    let readme = fs::read_to_string(README)?;
    let parts = readme
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)))
        .ok_or_else(|| io::Error::other(format!("{README} needs the lines {BEGIN}and {END}")))?;
    let mut part = String::new();
    speed(&mut part, &Runs { last: results, before }).expect("a string takes all");
    fs::write(README, [parts.0, BEGIN, &part, END, parts.1].concat())?;
    println!("written: the part about speed in README.md");

    let is_drawn = |cell: &&Parse| cell.chunk == LARGE_CHUNK && cell.to_peer.goal.is_some();
    let groups: Vec<&Parse> = results.parse.iter().filter(is_drawn).collect();
    fs::write(CHART, chart::svg(results, &groups))?;
    println!("written: {CHART}");
    Ok(())
}

fn speed(part: &mut String, runs: &Runs) -> fmt::Result {
    let machine = &runs.last.machine;
    let run = |machine: &Machine| format!("{}, commit {}", machine.date, machine.commit);
    writeln!(
        part,
        "\n![Speed by stream in chunks of 64 KiB: sse-wire, the fastest published crate, the floor]\
         (benches/peers/speed.svg)\n\n\
         `benches/peers/run`, twice, on {}, {}, {} cores, {}: {}, then {}.\n",
        machine.cpu,
        machine.architecture,
        machine.cores,
        machine.rustc,
        run(&runs.before.machine),
        run(machine)
    )?;
    parse(part, runs)?;
    encode(part, runs.last)?;
    growth(part, &runs.last.growth)?;
    shortfalls(part, runs)?;
    versions(part, runs.last)
}

/// A row for each stream, a column for each chunk size.
fn parse(part: &mut String, runs: &Runs) -> fmt::Result {
    writeln!(
        part,
        "Lent events in MB/s, in brackets the ratio to the fastest other crate in that cell, in both runs; and for\n\
         64 KiB the ratio to the floor.\n"
    )?;
    writeln!(
        part,
        "| stream | bytes an event | to the floor | 64 KiB chunks | 1460 B | 64 B | 1 B |"
    )?;
    writeln!(part, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for row in runs.last.parse.chunk_by(|a, b| a.stream == b.stream) {
        let first = &row[0];
        if first.to_peer.goal.is_none() && !RECORDED.contains(&first.stream.as_str()) {
            continue;
        }
        let floor = runs.ratios(first, |cell| cell.to_floor);
        write!(part, "| {} | {} | {floor} |", first.stream, first.bytes_an_event)?;
        for size in CHUNK_SIZES {
            match row.iter().find(|cell| cell.chunk == size) {
                Some(cell) => write!(part, " {} |", runs.speed_and_ratios(cell))?,
                None => write!(part, " |")?,
            }
        }
        writeln!(part)?;
    }
    writeln!(part)
}

impl Runs<'_> {
    fn both(&self, cell: &Parse, of: impl Fn(&Parse) -> Ratio) -> [Option<f64>; 2] {
        [self.before.cell(cell).and_then(|cell| of(cell).is), of(cell).is]
    }

    fn ratios(&self, cell: &Parse, of: impl Fn(&Parse) -> Ratio) -> String {
        let [before, last] = self
            .both(cell, of)
            .map(|ratio| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")));
        format!("{before}, {last}")
    }

    fn speed_and_ratios(&self, cell: &Parse) -> String {
        let (Some(speed), Some(peer)) = (cell.speeds.get(LENT), &cell.fastest_peer) else {
            return "-".to_owned();
        };
        format!("{speed:.0} ({} × {peer})", self.ratios(cell, |cell| cell.to_peer))
    }

    /// The cells that miss a goal in one run or both.
    fn short(&self, of: impl Fn(&Parse) -> Ratio + Copy) -> Vec<String> {
        let cells = self.last.parse.iter();
        let is_short = |cell: &&Parse| {
            let Some(goal) = of(cell).goal else { return false };
            self.both(cell, of).into_iter().flatten().any(|ratio| ratio < goal)
        };
        cells
            .filter(is_short)
            .map(|cell| {
                let goal = of(cell).goal.unwrap_or_default();
                let chunk = match cell.chunk {
                    LARGE_CHUNK => "64 KiB".to_owned(),
                    size => format!("{size} B"),
                };
                format!("{} {chunk} {} of {goal}", cell.stream, self.ratios(cell, of))
            })
            .collect()
    }
}

/// Every cell that misses its goal, by goal.
fn shortfalls(part: &mut String, runs: &Runs) -> fmt::Result {
    let slow = |encode: &&Encode| encode.time_to_peer > goals::ENCODER;
    let encoders = runs.last.encode.iter().filter(slow);
    let lists = [
        ("to the floor", runs.short(|cell| cell.to_floor)),
        ("to the fastest crate", runs.short(|cell| cell.to_peer)),
        ("owned, to the fastest crate", runs.short(|cell| cell.owned_to_peer)),
        (
            "encoder's time, to the fastest one's",
            encoders
                .map(|event| {
                    format!("{} {:.2} of {}", event.event, event.time_to_peer, goals::ENCODER)
                })
                .collect(),
        ),
    ];
    writeln!(part, "Short of the goals in one run or both:\n")?;
    for (goal, cells) in lists {
        let cells = if cells.is_empty() { "none".to_owned() } else { cells.join("; ") };
        writeln!(part, "- {goal}: {cells}")?;
    }
    writeln!(part)
}

fn encode(part: &mut String, results: &Results) -> fmt::Result {
    let Some(first) = results.encode.first() else { return Ok(()) };
    let peers = || first.nanoseconds.keys().filter(|name| *name != encoders::OWN);
    writeln!(part, "Encoding one event, in nanoseconds:\n")?;
    write!(part, "| event | bytes | {} |", encoders::OWN)?;
    peers().try_for_each(|name| write!(part, " {name} |"))?;
    write!(part, "\n| --- | ---: | ---: |")?;
    peers().try_for_each(|_| write!(part, " ---: |"))?;
    writeln!(part)?;
    for event in &results.encode {
        let time = |name: &str| format!("{:.0}", event.nanoseconds[name]);
        write!(part, "| {} | {} | {} |", event.event, event.bytes, time(encoders::OWN))?;
        peers().try_for_each(|name| write!(part, " {} |", time(name)))?;
        writeln!(part)?;
    }
    writeln!(part)
}

fn growth(part: &mut String, sizes: &[growth::Size]) -> fmt::Result {
    if sizes.is_empty() {
        return Ok(());
    }
    writeln!(
        part,
        "From 64 KiB to 16 MiB, what a byte costs beyond what memory itself costs grows so many times at most:\n"
    )?;
    for of_shape in sizes.chunk_by(|a, b| a.shape == b.shape) {
        let shape = &of_shape[0].shape;
        writeln!(part, "- {:.2} for {shape}", growth::factor(sizes, shape))?;
    }
    writeln!(part)
}

fn versions(part: &mut String, results: &Results) -> fmt::Result {
    let published = |about: &BTreeMap<String, About>| {
        let versions =
            about.iter().filter(|(name, _)| !name.starts_with(LENT) && !name.contains(':'));
        let versions = versions.filter(|(_, about)| !about.version.is_empty());
        versions
            .map(|(name, about)| format!("{name} {}", about.version))
            .collect::<Vec<_>>()
            .join(", ")
    };
    writeln!(
        part,
        "Compared: {};\nencoders: {}.\n",
        published(&results.parsers),
        published(&results.encoders)
    )
}
