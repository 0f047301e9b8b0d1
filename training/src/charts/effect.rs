//! Small multiples: what the model believes of one input, and where its data is.

use super::axis::{Axis, Write, ends};
use super::draw::svg;
use super::ink::Ink;
use super::{Chart, Mark, Panel, SMALL};

/// So many characters fit below a chart.
const FIT: usize = 20;
/// Names of fewer characters tell nothing.
const LEAST: usize = 4;

/// The effect of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape<'a> {
    /// Value of the input and what it adds to the log-odds, in order of the value.
    pub line: &'a [(f64, f64)],
    /// The interval of the line: value, low, high; empty where there is none.
    pub band: &'a [(f64, f64, f64)],
    /// Where the rows are: from, to, share of the rows; in order, not overlapping.
    pub density: &'a [(f64, f64, f64)],
}

/// The line of `shape` over its data density. The axis of the effect ends at `reach` on both sides, the same for charts that are
/// to be compared.
///
/// ```
/// use lapwing_training::charts::{Shape, effect};
/// let shape = Shape { line: &[(0.0, -0.5), (90.0, 0.8)], band: &[], density: &[(0.0, 30.0, 0.9), (30.0, 90.0, 0.1)] };
/// assert!(effect("days since last purchase", "rises", 1.0, shape).contains(">+0.5<"));
/// ```
#[must_use]
pub fn effect(title: &str, desc: &str, reach: f64, shape: Shape<'_>) -> String {
    let values = shape.line.iter().map(|(x, _)| *x).chain(shape.density.iter().flat_map(|(from, to, _)| [*from, *to]));
    let (low, high) = ends(values).unwrap_or((0.0, 1.0));
    let x = Axis::new("", low, high, 3, Write::Number).without_grid();
    let (from, to) = x.ends();
    let line = shape.line.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let marks = vec![
        Mark::Line(vec![(from, 0.0), (to, 0.0)], Ink::Guide),
        Mark::Area(band(shape.band), Ink::Band(0)),
        Mark::Line(line, Ink::Line(0)),
    ];
    let bare = x.clone().without_words();
    let above = Panel { height: 84, x: bare, y: height(reach), marks };
    let below = Panel { height: 40, x, y: Axis::bare(0.0, 1.0), marks: vec![Mark::Area(density(shape.density), Ink::Bar(5))] };
    svg(&Chart { title: title.to_owned(), desc: desc.to_owned(), width: SMALL, panels: vec![above, below] })
}

/// Along the low ends and back along the high ones.
fn band(points: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
    let along = points.iter().map(|(x, low, _)| (*x, *low));
    let back = points.iter().rev().map(|(x, _, high)| (*x, *high));
    along.chain(back).collect()
}

/// The outline of bars whose areas are the shares; the highest fills the panel. A bar without width has no area: it is as high as
/// the highest.
fn density(bins: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
    let bins = bins.iter().filter(|(from, to, _)| from.is_finite() && to.is_finite());
    let thick = |(from, to, share): (f64, f64, f64)| if to > from { share / (to - from) } else { f64::INFINITY };
    let most = bins.clone().copied().map(thick).filter(|thick| thick.is_finite()).fold(0.0, f64::max);
    let mut outline: Vec<(f64, f64)> = Vec::new();
    for bin in bins {
        let height = thick(*bin) / most;
        let height = if height.is_nan() { 0.0 } else { height.min(1.0) };
        match outline.last() {
            Some((end, _)) if *end == bin.0 => {}
            Some((end, _)) => outline.extend([(*end, 0.0), (bin.0, 0.0)]),
            None => outline.push((bin.0, 0.0)),
        }
        outline.extend([(bin.0, height), (bin.1, height)]);
    }
    let end = outline.last().map(|(end, _)| (*end, 0.0));
    outline.into_iter().chain(end).collect()
}

/// The effect of each level: name, what it adds to the log-odds, share of the rows. A dot a level, whose share is the bar below it;
/// names are shortened to what fits, and left out where that is too little.
///
/// ```
/// use lapwing_training::charts::levels;
/// let svg = levels("region", "north leaves less", 1.0, &[("north", -0.4, 0.7), ("south", 0.3, 0.3)]);
/// assert!(svg.contains(">north<") && svg.contains(">south<"));
/// ```
#[must_use]
pub fn levels(title: &str, desc: &str, reach: f64, levels: &[(&str, f64, f64)]) -> String {
    let last = levels.len().max(1) as f64 - 0.5;
    let x = Axis::bare(-0.5, last);
    let mut marks = vec![Mark::Line(vec![(-0.5, 0.0), (last, 0.0)], Ink::Guide)];
    let mut shares = Vec::new();
    for (index, (_, effect, share)) in levels.iter().enumerate() {
        let at = index as f64;
        marks.push(Mark::Whisker((at, 0.0), (at, *effect), Ink::Whisker(0)));
        marks.push(Mark::Dot((at, *effect), Ink::Dot(0)));
        shares.push(Mark::Bar((at - 0.3, 0.0), (at + 0.3, *share), Ink::Bar(5)));
    }
    let most = ends(levels.iter().map(|(_, _, share)| *share)).map_or(1.0, |(_, most)| most);
    let room = FIT / levels.len().max(1);
    let named = levels.iter().enumerate().map(|(index, (name, ..))| (index as f64, shortened(name, room)));
    let below = x.clone().with_words(if room < LEAST { Vec::new() } else { named.collect() });
    let above = Panel { height: 84, x, y: height(reach), marks };
    let below = Panel { height: 40, x: below, y: Axis::bare(0.0, most), marks: shares };
    svg(&Chart { title: title.to_owned(), desc: desc.to_owned(), width: SMALL, panels: vec![above, below] })
}

fn height(reach: f64) -> Axis {
    // Five asks for a step that always leaves a number above and below 0.
    Axis::new("", -reach, reach, 5, Write::Signed)
}

/// At most `room` characters.
fn shortened(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        return name.to_owned();
    }
    name.chars().take(room - 1).chain(['…']).collect()
}
