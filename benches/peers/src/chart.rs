//! The chart: a group of bars for each generated stream, in chunks of 64 KiB.
//!
//! Speeds of different streams differ by a factor of 40, so each group has its own scale, in which the fastest other
//! crate is 1.

use std::fmt::{self, Write};

use crate::decoders::LENT;
use crate::results::{Parse, Results};

const WIDTH: f64 = 760.0;
/// Where the bars begin, and the length of the longest one.
const LEFT: f64 = 96.0;
const LONGEST: f64 = 480.0;
const TOP: f64 = 92.0;
const BAR: f64 = 13.0;
const GROUP: f64 = 4.0 * BAR + 16.0;

/// The colors for light and dark pages. The chart has its own background, so it is legible on any page.
const STYLE: &str = "
text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.quiet { fill: #59636e; }
.page { fill: #ffffff; }
.line { stroke: #d1d9e0; }
.lent { fill: #0969da; }
.owned { fill: #80b8f5; }
.peer { fill: #d4772c; }
.floor { fill: #a5adb6; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.quiet { fill: #9198a1; }
.page { fill: #0d1117; }
.line { stroke: #3d444d; }
.lent { fill: #4493f8; }
.owned { fill: #28548c; }
.peer { fill: #e08b45; }
.floor { fill: #656c76; }
}
";

/// Returns the chart as SVG.
pub fn svg(results: &Results, groups: &[&Parse]) -> String {
    let mut svg = String::new();
    draw(&mut svg, results, groups).expect("writing to a string can't fail");
    svg
}

fn draw(svg: &mut String, results: &Results, groups: &[&Parse]) -> fmt::Result {
    let height = TOP + GROUP * groups.len() as f64 + 28.0;
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"Speed of sse-wire, of the fastest published crate and of \
         a floor, by stream\">"
    )?;
    writeln!(svg, "<style>{STYLE}</style>")?;
    writeln!(svg, "<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>")?;
    text(
        svg,
        16.0,
        26.0,
        "title",
        "Parsing in chunks of 64 KiB, relative to the fastest published crate",
    )?;
    legend(svg)?;

    let largest =
        groups.iter().flat_map(|group| bars(group)).map(|bar| bar.ratio).fold(1.0, f64::max);
    let unit = LONGEST / largest;
    let bottom = TOP + GROUP * groups.len() as f64 - 8.0;
    for tick in 0..=largest as usize {
        let x = LEFT + tick as f64 * unit;
        writeln!(
            svg,
            "<line class=\"line\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\"/>",
            TOP - 6.0
        )?;
        text(svg, x - 7.0, TOP - 12.0, "quiet", &format!("{tick}×"))?;
    }
    for (number, group) in groups.iter().enumerate() {
        let y = TOP + GROUP * number as f64;
        text(svg, 16.0, y + 2.0 * BAR + 4.0, "", &group.stream)?;
        for (number, bar) in bars(group).iter().enumerate() {
            let (y, length) = (y + BAR * number as f64, bar.ratio * unit);
            writeln!(
                svg,
                "<rect class=\"{}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{:.1}\"/>",
                bar.class,
                BAR - 1.5
            )?;
            text(svg, LEFT + length + 5.0, y + BAR - 3.0, "quiet", &bar.label)?;
        }
    }
    let machine = &results.machine;
    let source = format!("{}, {}, {}", machine.cpu, machine.rustc, machine.date);
    text(svg, 16.0, height - 12.0, "quiet", &source)?;
    writeln!(svg, "</svg>")
}

struct Bar {
    class: &'static str,
    ratio: f64,
    label: String,
}

/// Returns the bars of a group: the ratios in the table, which may differ a little from those of the median speeds.
fn bars(group: &Parse) -> Vec<Bar> {
    let (Some(lent), Some(owned), Some(floor)) =
        (group.to_peer.is, group.owned_to_peer.is, group.to_floor.is)
    else {
        return Vec::new();
    };
    let (speed, peer) = (group.speeds[LENT], group.fastest_peer.as_deref().unwrap_or_default());
    let floor = lent / floor;
    let bar = |class, ratio, label| Bar { class, ratio, label };
    vec![
        bar("lent", lent, format!("{lent:.2}, {speed:.0} MB/s")),
        bar("owned", owned, format!("{owned:.2}")),
        bar("peer", 1.0, peer.to_owned()),
        bar("floor", floor, format!("{floor:.2}")),
    ]
}

fn legend(svg: &mut String) -> fmt::Result {
    let mut x = 16.0;
    for (class, label) in [
        ("lent", "sse-wire, lent events"),
        ("owned", "sse-wire, owned events"),
        ("peer", "fastest published crate"),
        ("floor", "floor (no parser)"),
    ] {
        writeln!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"41\" width=\"11\" height=\"11\"/>")?;
        text(svg, x + 16.0, 51.0, "", label)?;
        x += 32.0 + 6.1 * label.len() as f64;
    }
    Ok(())
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, text: &str) -> fmt::Result {
    writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>")
}
