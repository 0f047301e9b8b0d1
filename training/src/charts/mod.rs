//! Charts of the report as SVG text that scales with the page and takes its colours from the page's style sheet.
//!
//! Each file makes one kind of chart out of plain slices; [`axis`] chooses ticks, [`ink`] names the colours and `draw` is the only
//! place that speaks to the plotting crate. All are pure: the same numbers give the same bytes. Numbers that are not finite are left
//! out, empty slices give an empty frame, and values beyond an axis are drawn at its end, so no chart can fail or overflow.

pub mod axis;
mod curves;
mod draw;
mod effect;
pub mod ink;
mod reliability;
mod scores;
mod time;
mod trace;

#[cfg(test)]
mod tests;

pub use curves::{Curve, curves};
pub use effect::{Shape, effect, levels};
pub use reliability::{Bin, reliability};
pub use scores::{ScoreBin, scores};
pub use time::{Series, TimePoint, over_time};
pub use trace::trace;

use axis::Axis;
use ink::Ink;

/// Width of a chart that fills a phone, in CSS pixels at its natural size.
pub const WIDE: u32 = 360;
/// Width of a small multiple.
pub const SMALL: u32 = 180;

/// One drawing: panels below each other with a common left edge.
#[derive(Clone, Debug, PartialEq)]
struct Chart {
    /// What a screen reader says first, and the tooltip.
    title: String,
    /// What the chart shows, in words with its main numbers.
    desc: String,
    width: u32,
    panels: Vec<Panel>,
}

/// One pair of axes and what is drawn on it.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    /// In CSS pixels, with its labels.
    height: u32,
    x: Axis,
    y: Axis,
    /// In drawing order.
    marks: Vec<Mark>,
}

/// What can be drawn, in the units of the axes.
#[derive(Clone, Debug, PartialEq)]
enum Mark {
    /// Through points from left to right.
    Line(Vec<(f64, f64)>, Ink),
    /// What points go around.
    Area(Vec<(f64, f64)>, Ink),
    /// A rectangle between two corners.
    Bar((f64, f64), (f64, f64), Ink),
    /// A dot.
    Dot((f64, f64), Ink),
    /// From one point to another, as the interval of a dot.
    Whisker((f64, f64), (f64, f64), Ink),
}

impl Mark {
    /// The lines of a grid at the numbers of `x`, for a panel that stands above the one where they are written.
    fn grid(x: &Axis, y: &Axis) -> Vec<Self> {
        let (low, high) = y.ends();
        x.ticks.iter().map(|(at, _)| Self::Line(vec![(*at, low), (*at, high)], Ink::Grid)).collect()
    }

    fn is_finite(&self) -> bool {
        let both = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite();
        match self {
            Self::Line(points, _) | Self::Area(points, _) => points.iter().all(both),
            Self::Bar(one, other, _) | Self::Whisker(one, other, _) => both(one) && both(other),
            Self::Dot(at, _) => both(at),
        }
    }
}
