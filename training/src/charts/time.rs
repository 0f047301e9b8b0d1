//! What changed from cutoff to cutoff.

use super::axis::{Axis, Write, ends, padded};
use super::draw::svg;
use super::ink::Ink;
use super::{Chart, Mark, Panel, WIDE};

/// One number of one cutoff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimePoint {
    /// Place of the cutoff, from 0 for the oldest.
    pub at: usize,
    /// The number.
    pub value: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
}

/// One line over the cutoffs.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// From old to new; cutoffs may be missing.
    pub points: Vec<TimePoint>,
    /// Which of the looks it has, see [`Ink`].
    pub look: u8,
}

/// Lines with dots and the intervals of the dots, over cutoffs that are written as `labels`, old to new. With `guide`, a line at
/// that height. Series stand a little beside each other, that no interval hides another.
///
/// ```
/// use lapwing_training::charts::axis::Write;
/// use lapwing_training::charts::{Series, TimePoint, over_time};
/// let point = TimePoint { at: 0, value: 0.75, interval: Some((0.7, 0.8)) };
/// let auc = Series { points: vec![point], look: 0 };
/// let svg = over_time("AUC", "one cutoff", "AUC", Write::Number, &["2024-06-01".to_owned()], Some(0.5), &[auc]);
/// assert!(svg.contains(">2024-06-01<"));
/// ```
#[must_use]
pub fn over_time(title: &str, desc: &str, name: &str, write: Write, labels: &[String], guide: Option<f64>, series: &[Series]) -> String {
    let points = series.iter().flat_map(|one| &one.points);
    let heights = points.flat_map(|point| {
        [point.value, point.interval.map_or(point.value, |(low, _)| low), point.interval.map_or(point.value, |(_, high)| high)]
    });
    let (low, high) = padded(ends(heights.chain(guide)).unwrap_or((0.0, 1.0)), 0.06);
    let low = if write == Write::Percent { low.max(0.0) } else { low };
    let x = Axis::of_labels("cutoff", labels).without_grid();
    let (from, to) = x.ends();
    let mut marks: Vec<Mark> = guide.map(|at| Mark::Line(vec![(from, at), (to, at)], Ink::Guide)).into_iter().collect();
    for (index, one) in series.iter().enumerate() {
        let beside = 0.16 * (index as f64 - (series.len() as f64 - 1.0) / 2.0);
        let place = |point: &TimePoint| point.at as f64 + beside;
        let known = |point: &&TimePoint| point.value.is_finite();
        marks.push(Mark::Line(one.points.iter().filter(known).map(|point| (place(point), point.value)).collect(), Ink::Line(one.look)));
        for point in &one.points {
            if let Some((low, high)) = point.interval {
                marks.push(Mark::Whisker((place(point), low), (place(point), high), Ink::Whisker(one.look)));
            }
            marks.push(Mark::Dot((place(point), point.value), Ink::Dot(one.look)));
        }
    }
    let panel = Panel { height: 220, x, y: Axis::new(name, low, high, 5, write), marks };
    svg(&Chart { title: title.to_owned(), desc: desc.to_owned(), width: WIDE, panels: vec![panel] })
}
