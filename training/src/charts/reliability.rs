//! Reliability diagram: what was said against what happened, with how often it was said below.

use super::axis::{Axis, Write, ends};
use super::draw::svg;
use super::ink::Ink;
use super::{Chart, Mark, Panel, WIDE};

/// Rows that were told much the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Mean of what was said, 0 to 1.
    pub predicted: f64,
    /// Share of it that happened, 0 to 1.
    pub observed: f64,
    /// The interval of `observed`.
    pub interval: Option<(f64, f64)>,
    /// Rows.
    pub rows: usize,
}

/// Dots with intervals around the diagonal of perfect calibration, and a bar for the rows of each.
///
/// Both axes begin at 0 and end at the same number, not far above the highest dot or interval. `title` and `desc` are what a screen
/// reader says.
///
/// ```
/// use lapwing_training::charts::{Bin, reliability};
/// let bin = Bin { predicted: 0.3, observed: 0.35, interval: Some((0.31, 0.39)), rows: 400 };
/// let svg = reliability("Reliability", "one bin, too low", &[bin]);
/// assert!(svg.starts_with("<svg ") && svg.contains("<circle "));
/// ```
#[must_use]
pub fn reliability(title: &str, desc: &str, bins: &[Bin]) -> String {
    let highest = bins.iter().flat_map(|bin| [bin.predicted, bin.observed, bin.interval.map_or(0.0, |(_, high)| high)]);
    let top = ends(highest).map_or(1.0, |(_, top)| (1.04 * top).clamp(0.01, 1.0));
    let said = Axis::new("what the model said", 0.0, top, 5, Write::Percent);
    let happened = Axis::new("what happened", 0.0, top, 5, Write::Percent);
    let mut marks = vec![Mark::Line(vec![(0.0, 0.0), (top, top)], Ink::Guide)];
    for bin in bins {
        if let Some((low, high)) = bin.interval {
            marks.push(Mark::Whisker((bin.predicted, low), (bin.predicted, high), Ink::Whisker(0)));
        }
        marks.push(Mark::Dot((bin.predicted, bin.observed), Ink::Dot(0)));
    }
    let most = bins.iter().map(|bin| bin.rows).max().unwrap_or(0).max(1) as f64;
    let half = 0.008 * top;
    let bars = bins.iter().map(|bin| Mark::Bar((bin.predicted - half, 0.0), (bin.predicted + half, bin.rows as f64), Ink::Bar(0)));
    let counts = Panel { height: 96, x: said.clone(), y: Axis::new("rows", 0.0, most, 2, Write::Number), marks: bars.collect() };
    let marks = Mark::grid(&said, &happened).into_iter().chain(marks).collect();
    let diagram = Panel { height: 250, x: said.without_words(), y: happened, marks };
    svg(&Chart { title: title.to_owned(), desc: desc.to_owned(), width: WIDE, panels: vec![diagram, counts] })
}
