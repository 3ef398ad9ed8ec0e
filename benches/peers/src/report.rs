//! Writes the tables of `docs/performance.md` from the data of the last full run.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::fs;
use std::io;

use crate::chart;
use crate::decoders::LENT;
use crate::drive::{CHUNK_SIZES, LARGE_CHUNK};
use crate::encoders;
use crate::growth;
use crate::results::{About, Parse, Results};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md");
const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/speed.svg");
const BEGIN: &str = "<!-- speed: written by `benches/peers/run report` -->\n";
const END: &str = "<!-- speed: end -->\n";

/// The recorded streams in the table: the largest ones.
const RECORDED: [&str; 2] = ["anthropic-messages", "openai-responses"];

pub fn write(results: &Results) -> io::Result<()> {
    let page = fs::read_to_string(PAGE)?;
    let parts = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)))
        .ok_or_else(|| io::Error::other(format!("{PAGE} needs the lines {BEGIN}and {END}")))?;
    let mut part = String::new();
    speed(&mut part, results).expect("writing to a string can't fail");
    fs::write(PAGE, [parts.0, BEGIN, &part, END, parts.1].concat())?;
    println!("written: the tables of docs/performance.md");

    let is_drawn = |cell: &&Parse| cell.chunk == LARGE_CHUNK && cell.to_peer.goal.is_some();
    let groups: Vec<&Parse> = results.parse.iter().filter(is_drawn).collect();
    fs::write(CHART, chart::svg(results, &groups))?;
    println!("written: {CHART}");
    Ok(())
}

fn speed(part: &mut String, results: &Results) -> fmt::Result {
    let machine = &results.machine;
    writeln!(
        part,
        "\n![Speed by stream in chunks of 64 KiB: sse-wire, the fastest other crate, finding line ends and checking UTF-8]\
         (../benches/peers/speed.svg)\n\n\
         `benches/peers/run` on {}, {}, {} cores, {}, {}, commit {}.\n",
        machine.cpu,
        machine.architecture,
        machine.cores,
        machine.rustc,
        machine.date,
        machine.commit
    )?;
    parse(part, results)?;
    encode(part, results)?;
    growth(part, &results.growth)?;
    versions(part, results)
}

/// Writes a table with a row for each stream and a column for each chunk size.
fn parse(part: &mut String, results: &Results) -> fmt::Result {
    writeln!(
        part,
        "MB/s with lent events; in parentheses, the ratio to the fastest other crate in that cell. The third column is the ratio\n\
         to the baseline for 64 KiB: finding line ends and checking UTF-8 alone.\n"
    )?;
    writeln!(
        part,
        "| stream | bytes per event | to baseline | 64 KiB chunks | 1460 B | 64 B | 1 B |"
    )?;
    writeln!(part, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for row in results.parse.chunk_by(|a, b| a.stream == b.stream) {
        let first = &row[0];
        if first.to_peer.goal.is_none() && !RECORDED.contains(&first.stream.as_str()) {
            continue;
        }
        let scan = ratio(first.to_floor.is);
        write!(part, "| {} | {} | {scan} |", first.stream, first.bytes_an_event)?;
        for size in CHUNK_SIZES {
            match row.iter().find(|cell| cell.chunk == size) {
                Some(cell) => write!(part, " {} |", speed_and_ratio(cell))?,
                None => write!(part, " |")?,
            }
        }
        writeln!(part)?;
    }
    writeln!(part)
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn speed_and_ratio(cell: &Parse) -> String {
    match (cell.speeds.get(LENT), &cell.fastest_peer) {
        (Some(speed), Some(peer)) => format!("{speed:.0} ({} × {peer})", ratio(cell.to_peer.is)),
        _ => "-".to_owned(),
    }
}

fn encode(part: &mut String, results: &Results) -> fmt::Result {
    let Some(first) = results.encode.first() else { return Ok(()) };
    let peers = || first.nanoseconds.keys().filter(|name| *name != encoders::OWN);
    writeln!(part, "Encoding one event into a new vector, in nanoseconds:\n")?;
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
        "The cost per byte, beyond that of memory itself, grows from 64 KiB to 16 MiB by a factor of at most\n"
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
