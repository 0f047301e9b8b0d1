//! How good an order by uplift is: what it brings to contact the first of it and not any others.

use serde::Serialize;

use crate::fit::bootstrap::{each_draw, interval};
use crate::report::Estimate;

/// Points of the curve that are told.
const POINTS: usize = 20;

/// A row in an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked {
    pub(super) uplift: f64,
    pub(super) treated: bool,
    pub(super) outcome: bool,
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Share of the customers who are contacted, those of the largest uplift first.
    pub contacted: f64,
    /// Outcomes for each treated customer that would not have come otherwise.
    pub gained: f64,
}

/// What an order is worth; intervals are by bootstrap over customers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Qini {
    /// The Qini coefficient: the area between Radcliffe's curve and the straight line of a random order, in outcomes for each treated
    /// customer. 0 is no order at all.
    pub qini: Estimate,
    /// The area under the uplift curve, difference of the rates among the first times their share.
    pub auuc: Estimate,
    /// The same less that of a random order.
    pub auuc_above_random: Estimate,
    /// Radcliffe's curve.
    pub curve: Vec<CurvePoint>,
}

/// Sums over the rows of an order so far.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    treated: f64,
    treated_hits: f64,
    control: f64,
    control_hits: f64,
}

impl Sums {
    fn add(&mut self, row: &Ranked, weight: f64) {
        let hit = if row.outcome { weight } else { 0.0 };
        if row.treated {
            self.treated += weight;
            self.treated_hits += hit;
        } else {
            self.control += weight;
            self.control_hits += hit;
        }
    }

    fn rows(self) -> f64 {
        self.treated + self.control
    }

    /// Outcomes of the treated beyond those that as many controls had.
    fn gained(self) -> f64 {
        if self.control > 0.0 { self.treated_hits - self.control_hits * self.treated / self.control } else { 0.0 }
    }

    /// Difference of the rates.
    fn lift(self) -> f64 {
        if self.control > 0.0 && self.treated > 0.0 { self.treated_hits / self.treated - self.control_hits / self.control } else { 0.0 }
    }
}

/// Areas under both curves, Radcliffe's first, then those of a random order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Areas {
    gained: f64,
    lift: f64,
    random_gained: f64,
    random_lift: f64,
}

/// The curve at the end of each block of rows of the same uplift: share contacted, gained, lift times share.
fn curve(rows: &[Ranked], order: &[usize], weights: &[f64]) -> Vec<[f64; 3]> {
    let mut all = Sums::default();
    rows.iter().zip(weights).for_each(|(row, weight)| all.add(row, *weight));
    let (mut sums, mut points) = (Sums::default(), vec![[0.0; 3]]);
    let mut places = order.iter().peekable();
    while let Some(place) = places.next() {
        sums.add(&rows[*place], weights[*place]);
        if places.peek().is_none_or(|next| rows[**next].uplift != rows[*place].uplift) {
            let share = sums.rows() / all.rows();
            points.push([share, sums.gained() / all.treated.max(1.0), sums.lift() * share]);
        }
    }
    points
}

fn areas(points: &[[f64; 3]]) -> Areas {
    let mut areas = Areas::default();
    for pair in points.windows(2) {
        let ([from, gained, lift], [to, next_gained, next_lift]) = (pair[0], pair[1]);
        areas.gained += 0.5 * (to - from) * (gained + next_gained);
        areas.lift += 0.5 * (to - from) * (lift + next_lift);
    }
    if let Some([_, gained, lift]) = points.last() {
        (areas.random_gained, areas.random_lift) = (0.5 * gained, 0.5 * lift);
    }
    areas
}

/// Judges an order; row `i` belongs to `people[i]`.
pub(super) fn judge(rows: &[Ranked], people: &[u32], seed: u64) -> Qini {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|one, other| rows[*other].uplift.total_cmp(&rows[*one].uplift));
    let points = curve(rows, &order, &vec![1.0; rows.len()]);
    let whole = areas(&points);
    let mut drawn = Vec::new();
    each_draw(people, seed, |weights| drawn.push(areas(&curve(rows, &order, weights))));
    let estimate = |of: &dyn Fn(&Areas) -> f64| interval(of(&whole), drawn.iter().map(of).collect());
    Qini {
        qini: estimate(&|areas| areas.gained - areas.random_gained),
        auuc: estimate(&|areas| areas.lift),
        auuc_above_random: estimate(&|areas| areas.lift - areas.random_lift),
        curve: told(&points),
    }
}

/// The curve at even shares.
fn told(points: &[[f64; 3]]) -> Vec<CurvePoint> {
    let at = |share: f64| {
        let after = points.partition_point(|point| point[0] < share).clamp(1, points.len().max(2) - 1);
        let (before, after) = (points[after - 1], points.get(after).copied().unwrap_or(points[after - 1]));
        let way = if after[0] > before[0] { ((share - before[0]) / (after[0] - before[0])).clamp(0.0, 1.0) } else { 1.0 };
        CurvePoint { contacted: share, gained: before[1] + way * (after[1] - before[1]) }
    };
    (0..=POINTS).map(|point| at(point as f64 / POINTS as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(uplift: f64, treated: bool, outcome: bool) -> Ranked {
        Ranked { uplift, treated, outcome }
    }

    /// By hand: of the first half both treated and no control have the outcome, of the second half nobody differs.
    #[test]
    fn areas_are_those_of_a_sheet_of_paper() {
        let half = |uplift: f64, treated: [bool; 2], control: [bool; 2]| {
            treated.map(|hit| row(uplift, true, hit)).into_iter().chain(control.map(|hit| row(uplift, false, hit)))
        };
        let rows: Vec<Ranked> = half(0.9, [true, true], [false, false]).chain(half(0.1, [true, false], [true, false])).collect();
        let order: Vec<usize> = (0..8).collect();
        let points = curve(&rows, &order, &[1.0; 8]);
        // gained: 2 of 4 treated at one half; at the end 3 - 1 = 2 of 4. lift x share: 1 x 1/2, then (3/4 - 1/4) x 1.
        assert_eq!(points, [[0.0; 3], [0.5, 0.5, 0.5], [1.0, 0.5, 0.5]]);
        let found = areas(&points);
        assert_eq!((found.gained, found.random_gained), (0.375, 0.25));
        assert_eq!((found.lift, found.random_lift), (0.375, 0.25));
        let whole = judge(&rows, &(0..8).collect::<Vec<_>>(), 1);
        assert_eq!(whole.qini.value, 0.125);
        assert_eq!(whole.curve.len(), POINTS + 1);
        assert_eq!((whole.curve[5].gained, whole.curve[20].gained), (0.25, 0.5));
    }

    #[test]
    fn the_same_uplift_for_all_is_no_order() {
        let rows: Vec<Ranked> = (0..40).map(|place| row(0.1, place % 2 == 0, place % 3 == 0)).collect();
        let found = judge(&rows, &(0..40).collect::<Vec<_>>(), 1);
        assert_eq!((found.qini.value, found.qini.low, found.qini.high), (0.0, 0.0, 0.0));
        assert_eq!(found.auuc_above_random.value, 0.0);
    }
}
