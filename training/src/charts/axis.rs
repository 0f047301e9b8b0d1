//! Axes: where they begin and end, and which round numbers are written beside them.

use std::ops::Range;

use lapwing_features::parted;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::WIDE;

/// Width of a character of a label, in CSS pixels.
pub(super) const CHARACTER: f64 = 7.2;
/// More ticks than that nobody reads.
const MOST_TICKS: usize = 12;

/// How the numbers of an axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// `0.25`, `12`, `3.4k`.
    Number,
    /// With its sign: `+0.5`.
    Signed,
    /// A share: `25 %`.
    Percent,
}

/// One direction of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    /// Written under or before the axis.
    pub(super) name: String,
    /// Values within the axis and what is written there.
    pub(super) ticks: Vec<(f64, String)>,
    /// Whether the grid is drawn.
    pub(super) grid: bool,
}

impl Axis {
    /// From `low` to `high` with some `wanted` round numbers.
    ///
    /// Ends that are not finite, or not in order, are moved until there is room between them.
    ///
    /// ```
    /// use lapwing_training::charts::axis::{Axis, Write};
    /// let axis = Axis::new("share", 0.0, 1.0, 5, Write::Percent);
    /// assert_eq!(axis.labels(), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
    /// assert_eq!(Axis::new("", 5.0, 5.0, 2, Write::Number).labels(), ["4", "5", "6"]);
    /// ```
    #[must_use]
    pub fn new(name: &str, low: f64, high: f64, wanted: usize, write: Write) -> Self {
        let (low, high) = room(low, high);
        let step = round_step((high - low) / wanted.max(1) as f64);
        let mut axis = Self { low, high, name: name.to_owned(), ticks: Vec::new(), grid: true };
        let first = (low / step - 1e-9).ceil();
        let values = (0..=MOST_TICKS).map(|index| (first + index as f64) * step).take_while(|value| *value <= high + 1e-9 * step);
        axis.ticks = values.map(|value| (value, written(value, step, write))).collect();
        axis
    }

    /// One place for each of `labels`, at 0, 1, 2 and so on; only so many are written as fit the width.
    #[must_use]
    pub fn of_labels(name: &str, labels: &[String]) -> Self {
        let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
        let fit = (f64::from(WIDE) - 60.0) / (CHARACTER * (longest as f64 + 1.5));
        let every = (labels.len() as f64 / fit.max(1.0)).ceil().max(1.0) as usize;
        let last = labels.len().saturating_sub(1);
        let mut axis = Self { low: -0.5, high: last as f64 + 0.5, name: name.to_owned(), ticks: Vec::new(), grid: true };
        // Counted from the newest, which is the one to be named.
        axis.ticks = labels
            .iter()
            .enumerate()
            .filter(|(index, _)| (last - index).is_multiple_of(every))
            .map(|(index, label)| (index as f64, label.clone()))
            .collect();
        axis
    }

    /// Without numbers and lines.
    #[must_use]
    pub fn bare(low: f64, high: f64) -> Self {
        let (low, high) = room(low, high);
        Self { low, high, name: String::new(), ticks: Vec::new(), grid: false }
    }

    /// With words at some of its values, and no lines across the chart.
    #[must_use]
    pub fn with_words(self, ticks: Vec<(f64, String)>) -> Self {
        Self { ticks, ..self }
    }

    /// With nothing written: for a panel above another with the same axis.
    #[must_use]
    pub fn without_words(self) -> Self {
        Self { ticks: Vec::new(), ..self.unnamed() }
    }

    /// Without its name.
    #[must_use]
    pub fn unnamed(self) -> Self {
        Self { name: String::new(), ..self }
    }

    /// Without lines across the chart.
    #[must_use]
    pub fn without_grid(self) -> Self {
        Self { grid: false, ..self }
    }

    /// What is written beside it, from low to high.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        self.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    /// Where `value` lies, 0 at the low end to 1 at the high one; beyond an end, at the end.
    #[must_use]
    pub fn unit(&self, value: f64) -> f64 {
        // Halves, since the whole distance between two huge numbers is not finite.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// Its ends.
    #[must_use]
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}

/// What the plotting crate asks of an axis; it has its own for numbers, whose ticks can be neither given nor named.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * self.unit(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Those of any weight are lines between the ticks, of which there are none.
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.iter().map(|(value, _)| *value).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|(at, _)| at == value).map_or_else(String::new, |(_, label)| label.clone())
    }
}

/// The ends that hold all finite `values`, `None` when there is none.
#[must_use]
pub fn ends(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |ends, value| match ends {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// `share` of the distance more at both ends.
#[must_use]
pub fn padded((low, high): (f64, f64), share: f64) -> (f64, f64) {
    let more = share * (high / 2.0 - low / 2.0) * 2.0;
    (low - more, high + more)
}

fn room(low: f64, high: f64) -> (f64, f64) {
    let most = f64::MAX / 1e6;
    let known = |value: f64, other: f64| if value.is_nan() { other } else { value.clamp(-most, most) };
    let (low, high) = (known(low, 0.0), known(high, 1.0));
    let least = low.abs().max(high.abs()) * 1e-9;
    if high - low > least.max(f64::MIN_POSITIVE * 1e6) {
        return (low, high);
    }
    let more = if low.abs() < 1e-300 { 1.0 } else { (0.2 * low.abs()).max(1e-300) };
    (low - more, low + more)
}

/// 1, 2 or 5 times a power of ten, not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|round| *round >= step * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// `value`, with as many decimals as a step of `step` needs.
pub(super) fn written(value: f64, step: f64, write: Write) -> String {
    match write {
        Write::Percent => format!("{} %", number(100.0 * value, 100.0 * step)),
        Write::Signed if value > 0.0 => format!("+{}", number(value, step)),
        Write::Number | Write::Signed => number(value, step),
    }
}

fn number(value: f64, step: f64) -> String {
    let value = if value.abs() < step / 1e6 { 0.0 } else { value };
    let (size, step) = (value.abs(), step.abs());
    if value != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{value:.1e}").replace(".0e", "e").replace('-', "\u{2212}");
    }
    let (by, unit) = match size {
        size if size >= 1e12 && step >= 1e10 => (1e12, "T"),
        size if size >= 1e9 && step >= 1e7 => (1e9, "G"),
        size if size >= 1e6 && step >= 1e4 => (1e6, "M"),
        size if size >= 1e4 && step >= 10.0 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let decimals = (-(step / by).log10() - 1e-9).ceil().clamp(0.0, 4.0) as usize;
    let text = parted(format_args!("{:.decimals$}", value / by));
    format!("{}{unit}", text.replace('-', "\u{2212}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        for (low, high) in [(0.0, 0.013), (-3.0, 4.0), (1e-7, 2e-7), (0.0, 1e300), (-1e15, 1e15), (99.0, 101.0), (0.0, 12_345.0)] {
            let axis = Axis::new("", low, high, 4, Write::Number);
            assert!((2..=10).contains(&axis.ticks.len()), "{low} {high}: {:?}", axis.ticks);
            assert!(axis.ticks.iter().all(|(value, _)| (low..=high).contains(value)), "{:?}", axis.ticks);
            let labels = axis.labels();
            assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
        }
    }

    #[test]
    fn numbers_are_short() {
        let labels = |low, high, write| Axis::new("", low, high, 4, write).labels().join(" ");
        assert_eq!(labels(0.0, 20_000.0, Write::Number), "0 5,000 10k 15k 20k");
        assert_eq!(labels(0.0, 4e6, Write::Number), "0 1M 2M 3M 4M");
        assert_eq!(labels(-1.0, 1.0, Write::Signed), "\u{2212}1.0 \u{2212}0.5 0.0 +0.5 +1.0");
        assert_eq!(labels(0.0, 0.02, Write::Percent), "0.0 % 0.5 % 1.0 % 1.5 % 2.0 %");
    }

    #[test]
    fn ends_that_make_no_axis_are_moved() {
        for (low, high) in [(0.0, 0.0), (5.0, 5.0), (f64::NAN, f64::NAN), (f64::NEG_INFINITY, f64::INFINITY), (2.0, 1.0), (1e300, 1e300)] {
            let (low, high) = Axis::new("", low, high, 4, Write::Number).ends();
            assert!(low < high && (high - low).is_finite(), "{low} {high}");
        }
    }

    #[test]
    fn only_so_many_labels_are_written_as_fit_and_the_newest_is_among_them() {
        let labels: Vec<String> = (1..=24).map(|month| format!("2011-{month:02}-01")).collect();
        let axis = Axis::of_labels("", &labels);
        assert!(axis.ticks.len() <= 5, "{:?}", axis.ticks);
        assert_eq!(axis.labels().last(), Some(&"2011-24-01"));
        assert_eq!(Axis::of_labels("", &labels[..1]).labels(), ["2011-01-01"]);
    }
}
