//! A line of the size of a word, for a cell of a table.

use super::axis::Axis;
use super::draw::svg;
use super::ink::Ink;
use super::{Chart, Mark, Panel};

/// Width in CSS pixels.
const WIDTH: u32 = 90;

/// `values` from left to right on a scale of their own, with 0 as a line in the middle and a dot at the last one.
///
/// ```
/// use lapwing_training::charts::trace;
/// assert_eq!(trace("-1, 2", &[-1.0, 2.0]).matches("<circle ").count(), 1);
/// ```
#[must_use]
pub fn trace(title: &str, values: &[f64]) -> String {
    let reach = values.iter().copied().map(f64::abs).filter(|height| height.is_finite()).fold(0.0, f64::max);
    let last = values.len().saturating_sub(1) as f64;
    let points: Vec<(f64, f64)> = values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
    let dot = points.last().map(|at| Mark::Dot(*at, Ink::Dot(0)));
    let known = points.into_iter().filter(|(_, value)| value.is_finite()).collect();
    let lines = [Mark::Line(vec![(0.0, 0.0), (last, 0.0)], Ink::Grid), Mark::Line(known, Ink::Line(0))];
    let marks = lines.into_iter().chain(dot).collect();
    let panel = Panel { height: 26, x: Axis::bare(0.0, last), y: Axis::bare(-reach, reach), marks };
    svg(&Chart { title: title.to_owned(), desc: String::new(), width: WIDTH, panels: vec![panel] })
}
