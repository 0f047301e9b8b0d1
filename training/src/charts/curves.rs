//! Curves on common axes: gains, lift, profit.

use super::axis::{Axis, Write, ends, padded};
use super::draw::svg;
use super::ink::Ink;
use super::{Chart, Mark, Panel, WIDE};

/// One curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve<'a> {
    /// From left to right.
    pub points: &'a [(f64, f64)],
    /// What it is drawn with.
    pub ink: Ink,
}

/// Curves over a share of the customers, 0 to 1.
///
/// `names` are those of the axes, across and upwards; the one upwards is written as `write` says, and holds all points and the
/// numbers of `hold` too.
///
/// ```
/// use lapwing_training::charts::axis::Write;
/// use lapwing_training::charts::ink::Ink;
/// use lapwing_training::charts::{Curve, curves};
/// let gains = Curve { points: &[(0.0, 0.0), (0.5, 0.8), (1.0, 1.0)], ink: Ink::Line(0) };
/// let svg = curves("Gains", "half finds 80 %", ("contacted", "found"), Write::Percent, &[0.0, 1.0], &[gains]);
/// assert!(svg.contains("class=\"l0\""));
/// ```
#[must_use]
pub fn curves(title: &str, desc: &str, names: (&str, &str), write: Write, hold: &[f64], curves: &[Curve<'_>]) -> String {
    let heights = curves.iter().flat_map(|curve| curve.points).map(|(_, y)| *y).chain(hold.iter().copied());
    let (low, high) = ends(heights).unwrap_or((0.0, 1.0));
    let (under, over) = padded((low, high), 0.03);
    // An axis that begins at 0 or ends at 1 keeps that end.
    let low = if hold.contains(&low) { low } else { under };
    let high = if hold.contains(&high) { high } else { over };
    let marks = curves.iter().map(|curve| {
        let points = curve.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
        Mark::Line(points.collect(), curve.ink)
    });
    let panel = Panel {
        height: 250,
        x: Axis::new(names.0, 0.0, 1.0, 5, Write::Percent),
        y: Axis::new(names.1, low, high, 5, write),
        marks: marks.collect(),
    };
    svg(&Chart { title: title.to_owned(), desc: desc.to_owned(), width: WIDE, panels: vec![panel] })
}
