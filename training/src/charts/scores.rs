//! Distribution of the probabilities by what then happened.

use super::axis::{Axis, Write};
use super::draw::svg;
use super::ink::Ink;
use super::{Chart, Mark, Panel, WIDE};

/// Rows whose probability lies in one interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreBin {
    /// Least probability.
    pub from: f64,
    /// Highest probability.
    pub to: f64,
    /// Rows with a positive label.
    pub positives: usize,
    /// Other rows.
    pub negatives: usize,
}

/// Bars of the positive rows above those of the other rows, over the probability, on one scale. `names` say what the positive rows
/// and the others are.
///
/// ```
/// use lapwing_training::charts::{ScoreBin, scores};
/// let bin = ScoreBin { from: 0.3, to: 0.35, positives: 30, negatives: 0 };
/// assert_eq!(scores("Scores", "all left", ("left", "stayed"), &[bin]).matches("<rect ").count(), 1);
/// ```
#[must_use]
pub fn scores(title: &str, desc: &str, names: (&str, &str), bins: &[ScoreBin]) -> String {
    let most = bins.iter().map(|bin| bin.positives.max(bin.negatives)).max().unwrap_or(0).max(1) as f64;
    let panel = |name: &str, last: bool, ink: Ink, rows: fn(&ScoreBin) -> usize| {
        let x = Axis::new("what the model said", 0.0, 1.0, 5, Write::Percent);
        let bars = bins.iter().filter(|bin| rows(bin) > 0).map(|bin| {
            let gap = 0.06 * (bin.to - bin.from);
            Mark::Bar((bin.from + gap, 0.0), (bin.to - gap, rows(bin) as f64), ink)
        });
        let y = Axis::new(&format!("rows: {name}"), 0.0, most, 3, Write::Number);
        if last {
            return Panel { height: 140, x, y, marks: bars.collect() };
        }
        Panel { height: 112, marks: Mark::grid(&x, &y).into_iter().chain(bars).collect(), x: x.without_words(), y }
    };
    let above = panel(names.0, false, Ink::Bar(3), |bin| bin.positives);
    let below = panel(names.1, true, Ink::Bar(2), |bin| bin.negatives);
    svg(&Chart { title: title.to_owned(), desc: desc.to_owned(), width: WIDE, panels: vec![above, below] })
}
