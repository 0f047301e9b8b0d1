//! What is fitted to: the rows of a design, their labels and weights.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, Slice};

use super::SolveError;
use crate::logit;

/// The rows to fit to; every method keeps to their order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    design: ArrayView2<'a, f64>,
    labels: &'a [bool],
    weights: Option<&'a [f64]>,
    /// Sum of the weights.
    total: f64,
    /// Sum of the weights of positive rows.
    positive: f64,
}

impl<'a> Rows<'a> {
    /// # Errors
    /// [`SolveError::Shape`] for lengths that differ, [`SolveError::SampleWeight`] for one below 0,
    /// [`SolveError::OneClass`] when the rows that count are of one class.
    pub(super) fn of(design: ArrayView2<'a, f64>, labels: &'a [bool], weights: Option<&'a [f64]>) -> Result<Self, SolveError> {
        let rows = design.nrows();
        let shape = |what, found| if found == rows { Ok(()) } else { Err(SolveError::Shape { what, found, expected: rows, of: "row" }) };
        shape("labels", labels.len())?;
        if let Some(weights) = weights {
            shape("sample weights", weights.len())?;
            if let Some(row) = weights.iter().position(|weight| !(*weight >= 0.0 && weight.is_finite())) {
                return Err(SolveError::SampleWeight { row, weight: weights[row] });
            }
        }
        let sum =
            |class| labels.iter().enumerate().filter(|(_, label)| **label == class).map(|(row, _)| weights.map_or(1.0, |w| w[row])).sum();
        let (positive, negative): (f64, f64) = (sum(true), sum(false));
        if positive == 0.0 || negative == 0.0 {
            return Err(SolveError::OneClass(rows));
        }
        let total = positive + negative;
        if total.is_finite() { Ok(Self { design, labels, weights, total, positive }) } else { Err(SolveError::NotFinite) }
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(super) fn width(&self) -> usize {
        self.design.ncols()
    }

    pub(super) fn total(&self) -> f64 {
        self.total
    }

    pub(super) fn design(&self) -> ArrayView2<'a, f64> {
        self.design
    }

    pub(super) fn labels(&self) -> &'a [bool] {
        self.labels
    }

    pub(super) fn weights(&self) -> Option<&'a [f64]> {
        self.weights
    }

    /// Log-odds of the base rate.
    pub(super) fn base(&self) -> f64 {
        logit((self.positive / self.total).clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON))
    }

    /// The values of `range`, row after row: where they lie, or copied to `scratch` when they do not lie so.
    pub(super) fn values<'b>(&'b self, range: Range<usize>, scratch: &'b mut [f64]) -> &'b [f64] {
        let width = self.width();
        if let Some(all) = self.design.as_slice() {
            return &all[range.start * width..range.end * width];
        }
        let out = &mut scratch[..range.len() * width];
        for (j, column) in self.design.slice_axis(Axis(0), Slice::from(range)).columns().into_iter().enumerate() {
            column.iter().zip(out.iter_mut().skip(j).step_by(width)).for_each(|(value, cell)| *cell = *value);
        }
        out
    }

    /// About `many` rows, spread evenly but not regularly, the same ones every time.
    pub(super) fn sample(&self, many: usize) -> Sample {
        let stride = self.len() / many;
        let places: Vec<usize> = (0..many).map(|i| i * self.len() / many + mixed(i as u64) as usize % stride).collect();
        let mut design = Array2::zeros((many, self.width()));
        for (mut row, place) in design.rows_mut().into_iter().zip(&places) {
            row.assign(&self.design.row(*place));
        }
        Sample {
            design,
            labels: places.iter().map(|place| self.labels[*place]).collect(),
            weights: self.weights.map(|weights| places.iter().map(|place| weights[*place]).collect()),
        }
    }
}

/// Copied rows.
pub(super) struct Sample {
    design: Array2<f64>,
    labels: Vec<bool>,
    weights: Option<Vec<f64>>,
}

impl Sample {
    /// # Errors
    /// [`SolveError::OneClass`] when the sample has one class only.
    pub(super) fn rows(&self) -> Result<Rows<'_>, SolveError> {
        Rows::of(self.design.view(), &self.labels, self.weights.as_deref())
    }

    /// Of the less frequent class.
    pub(super) fn fewest(&self) -> usize {
        let positives = self.labels.iter().filter(|label| **label).count();
        positives.min(self.labels.len() - positives)
    }
}

/// Bits that look random, of `number`. Source: Steele, Lea and Flood (2014), the finaliser of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
