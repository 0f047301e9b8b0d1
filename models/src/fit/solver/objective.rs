//! The objective with its gradient and curvature, in passes over the rows on several threads.
//!
//! The rows are cut into lanes whose number depends on the shape of the design only. A thread takes one lane after the other,
//! and the sums of the lanes are added in their order, so the result is the same to the bit for any number of threads. A pass
//! keeps a block of rows and a lane's sums, and no number for each row.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{panic, thread};

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};

use super::rows::Rows;

/// Rows of a block: they stay in the cache while they are used several times, and make one step of the matrix product.
const BLOCK: usize = 256;
/// Lanes at most.
const LANES: usize = 64;
/// A design with fewer values is passed by one thread, for starting another takes longer.
const SMALL: usize = 1 << 16;
/// Columns of the curvature that are computed together; what lies right of the diagonal is not.
const PANEL: usize = 32;

/// What is minimised: the weighted mean log loss and the penalties.
pub(super) struct Objective<'a> {
    pub(super) rows: Rows<'a>,
    /// One for each column.
    pub(super) penalties: Vec<f64>,
    pub(super) threads: usize,
}

/// A point and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// The intercept first.
    pub(super) at: Array1<f64>,
    pub(super) value: f64,
    pub(super) gradient: Array1<f64>,
}

impl Point {
    pub(super) fn gradient_norm(&self) -> f64 {
        self.gradient.dot(&self.gradient).sqrt()
    }

    pub(super) fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient_norm().is_finite()
    }
}

impl Objective<'_> {
    /// Value and gradient at a point.
    pub(super) fn at(&self, at: Array1<f64>) -> Point {
        self.pass(at, false).0
    }

    /// Value and gradient, and the lower triangle of the second derivatives of the mean log loss, without the penalties.
    pub(super) fn curved_at(&self, at: Array1<f64>) -> (Point, Array2<f64>) {
        self.pass(at, true)
    }

    /// Adds the penalties to second derivatives of the mean log loss.
    pub(super) fn penalised(&self, curvature: &Array2<f64>) -> Array2<f64> {
        let mut curvature = curvature.clone();
        for (cell, penalty) in curvature.diag_mut().iter_mut().skip(1).zip(&self.penalties) {
            *cell += penalty;
        }
        curvature
    }

    fn pass(&self, at: Array1<f64>, curved: bool) -> (Point, Array2<f64>) {
        let lanes = self.lanes();
        let threads = if self.rows.len() * self.rows.width() < SMALL { 1 } else { self.threads.min(lanes) };
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            let mut desk = Desk::new(&self.rows, curved);
            loop {
                let lane = next.fetch_add(1, Ordering::Relaxed);
                if lane >= lanes {
                    return done;
                }
                done.push((lane, self.lane(lane, lanes, &at, curved, &mut desk)));
            }
        };
        let mut done = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                done.extend(other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
            }
            done
        });
        done.sort_unstable_by_key(|(lane, _)| *lane);
        let mut sums = Sums::new(self.rows.width() + 1, curved);
        for (_, lane) in done {
            sums.add(&lane);
        }
        self.finish(at, sums)
    }

    /// Few enough that their sums take little memory beside the design.
    fn lanes(&self) -> usize {
        (self.rows.len() / (8 * (self.rows.width() + 1))).clamp(1, LANES)
    }

    fn lane(&self, lane: usize, lanes: usize, at: &Array1<f64>, curved: bool, desk: &mut Desk) -> Sums {
        let mut sums = Sums::new(at.len(), curved);
        let bound = |lane: usize| lane * self.rows.len() / lanes;
        for first in (bound(lane)..bound(lane + 1)).step_by(BLOCK) {
            desk.block(&self.rows, first..(first + BLOCK).min(bound(lane + 1)), at, &mut sums);
        }
        sums
    }

    /// From sums over the rows to the mean with the penalties.
    fn finish(&self, at: Array1<f64>, sums: Sums) -> (Point, Array2<f64>) {
        let share = 1.0 / self.rows.total();
        let mut value = sums.value * share;
        let mut gradient = Array1::from_vec(sums.gradient) * share;
        for ((slope, weight), penalty) in gradient.iter_mut().zip(&at).skip(1).zip(&self.penalties) {
            value += 0.5 * penalty * weight * weight;
            *slope += penalty * weight;
        }
        (Point { at, value, gradient }, sums.curvature * share)
    }
}

/// Sums over rows; the intercept first.
struct Sums {
    value: f64,
    gradient: Vec<f64>,
    /// Lower triangle; nothing when it was not asked for.
    curvature: Array2<f64>,
}

impl Sums {
    fn new(width: usize, curved: bool) -> Self {
        let side = if curved { width } else { 0 };
        Self { value: 0.0, gradient: vec![0.0; width], curvature: Array2::zeros((side, side)) }
    }

    fn add(&mut self, other: &Self) {
        self.value += other.value;
        self.gradient.iter_mut().zip(&other.gradient).for_each(|(sum, value)| *sum += value);
        self.curvature += &other.curvature;
    }
}

/// What a thread needs beside the rows for a block of them.
struct Desk {
    /// The rows, where they do not lie one after the other.
    copied: Vec<f64>,
    /// The rows times the roots of their curvatures.
    scaled: Vec<f64>,
    /// Log-odds, then derivatives by them.
    slopes: Vec<f64>,
    /// Second derivatives by the log-odds, where they are asked for.
    curvatures: Vec<f64>,
    /// Sums of the rows times their curvatures.
    crossed: Vec<f64>,
}

impl Desk {
    fn new(rows: &Rows<'_>, curved: bool) -> Self {
        let block = BLOCK * rows.width();
        let when = |wanted: bool, len: usize| vec![0.0; if wanted { len } else { 0 }];
        Self {
            copied: when(!rows.design().is_standard_layout(), block),
            scaled: when(curved, block),
            slopes: vec![0.0; BLOCK],
            curvatures: when(curved, BLOCK),
            crossed: when(curved, rows.width()),
        }
    }

    fn block(&mut self, rows: &Rows<'_>, range: Range<usize>, at: &Array1<f64>, sums: &mut Sums) {
        let (many, width) = (range.len(), rows.width());
        let values = rows.values(range.clone(), &mut self.copied);
        let slopes = &mut self.slopes[..many];
        let coefficients: Vec<f64> = at.iter().skip(1).copied().collect();
        log_odds(values, &coefficients, at[0], slopes);
        let labels = &rows.labels()[range.clone()];
        let weights = rows.weights().map(|weights| &weights[range]);
        let curvatures = if sums.curvature.is_empty() { &mut [][..] } else { &mut self.curvatures[..many] };
        sums.value += losses(labels, weights, slopes, curvatures);
        sums.gradient[0] += slopes.iter().sum::<f64>();
        add_rows(&mut sums.gradient[1..], values, slopes);
        if curvatures.is_empty() {
            return;
        }
        self.crossed.fill(0.0);
        add_rows(&mut self.crossed, values, curvatures);
        sums.curvature[[0, 0]] += curvatures.iter().sum::<f64>();
        sums.curvature.column_mut(0).iter_mut().skip(1).zip(&self.crossed).for_each(|(sum, value)| *sum += value);
        if width == 0 {
            return;
        }
        let scaled = &mut self.scaled[..many * width];
        for ((out, row), curvature) in scaled.chunks_exact_mut(width).zip(values.chunks_exact(width)).zip(curvatures.iter()) {
            let root = curvature.sqrt();
            out.iter_mut().zip(row).for_each(|(out, value)| *out = root * value);
        }
        if let Ok(scaled) = ArrayView2::from_shape((many, width), scaled) {
            add_square(&mut sums.curvature, &scaled);
        }
    }
}

/// Turns log-odds into derivatives by them, fills in second derivatives where there is room for them, and adds up the losses.
fn losses(labels: &[bool], weights: Option<&[f64]>, slopes: &mut [f64], curvatures: &mut [f64]) -> f64 {
    let mut loss = 0.0;
    // One logarithm for a block: each factor is 2 at most.
    let mut product = 1.0;
    for (i, (slope, label)) in slopes.iter_mut().zip(labels).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[i]);
        // Positive where the row is on its own side.
        let margin = if *label { *slope } else { -*slope };
        let e = (-margin.abs()).exp();
        let share = 1.0 / (1.0 + e);
        let missed = if margin >= 0.0 { e * share } else { share };
        if weights.is_some() {
            loss += weight * (e.ln_1p() + (-margin).max(0.0));
        } else {
            product *= 1.0 + e;
            loss += (-margin).max(0.0);
        }
        *slope = if *label { -weight * missed } else { weight * missed };
        if let Some(curvature) = curvatures.get_mut(i) {
            *curvature = weight * e * share * share;
        }
    }
    loss + product.ln()
}

/// The dot product of each row with the coefficients, plus the intercept.
fn log_odds(values: &[f64], coefficients: &[f64], intercept: f64, out: &mut [f64]) {
    let width = coefficients.len();
    out.fill(intercept);
    if width == 0 {
        return;
    }
    let (eights, rest) = coefficients.as_chunks::<8>();
    for (out, row) in out.iter_mut().zip(values.chunks_exact(width)) {
        let (row, row_rest) = row.as_chunks::<8>();
        let mut sums = [0.0; 8];
        for (one, two) in row.iter().zip(eights) {
            for lane in 0..8 {
                sums[lane] += one[lane] * two[lane];
            }
        }
        let tail: f64 = row_rest.iter().zip(rest).map(|(one, two)| one * two).sum();
        *out += ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + tail;
    }
}

/// Adds each row times its factor.
fn add_rows(out: &mut [f64], values: &[f64], factors: &[f64]) {
    let width = out.len();
    if width == 0 {
        return;
    }
    let (fours, rest) = factors.as_chunks::<4>();
    let (many, few) = values.split_at(4 * fours.len() * width);
    for (rows, factor) in many.chunks_exact(4 * width).zip(fours) {
        let (ab, cd) = rows.split_at(2 * width);
        let ((a, b), (c, d)) = (ab.split_at(width), cd.split_at(width));
        for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *out += (factor[0] * a + factor[1] * b) + (factor[2] * c + factor[3] * d);
        }
    }
    for (row, factor) in few.chunks_exact(width).zip(rest) {
        out.iter_mut().zip(row).for_each(|(out, value)| *out += factor * value);
    }
}

/// Adds `scaled' scaled` below the first row and column of `sum`: the lower triangle, and what shares a panel with it.
fn add_square(sum: &mut Array2<f64>, scaled: &ArrayView2<'_, f64>) {
    let width = scaled.ncols();
    for first in (0..width).step_by(PANEL) {
        let last = (first + PANEL).min(width);
        let mut panel = sum.slice_axis_mut(Axis(0), Slice::from(first + 1..=last));
        let mut panel = panel.slice_axis_mut(Axis(1), Slice::from(1..=last));
        let own = scaled.slice_axis(Axis(1), Slice::from(first..last));
        general_mat_mul(1.0, &own.t(), &scaled.slice_axis(Axis(1), Slice::from(..last)), 1.0, &mut panel);
    }
}
