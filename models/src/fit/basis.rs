//! Where a line may bend: the additive part of the model.

use super::design::{moments, quantile};
use crate::transform::{DesignColumn, Form};

/// Knots lie at these quantiles of the fit rows that have the input.
const KNOTS: [f64; 3] = [0.25, 0.5, 0.75];
/// With fewer different values than this, a line has nowhere to bend.
const LEAST_VALUES: usize = 6;
/// A bend is not scaled up beyond this share of its line's scale.
const LEAST_SCALE: f64 = 1e-3;
/// On either side of a knot there is at least this share of the rows.
const LEAST_SHARE: f64 = 0.03;

/// The bends of `line`, given the sorted known values of its input; none where it is no line, or where the values are too much
/// alike.
///
/// Each is a hinge less the straight line that fits it best, so that a line keeps its meaning beside it and only what is bent is
/// shrunk. Their sum with the line is a piecewise-linear curve with straight tails, which ends where the line is cut.
///
/// Source: Friedman (1991), "Multivariate adaptive regression splines", for the hinges; Hastie and Tibshirani (1986) for the sum.
pub(super) fn bends(line: DesignColumn, known: &[f64]) -> Vec<DesignColumn> {
    let Form::Value { low, high, log } = line.form else { return Vec::new() };
    let values: Vec<f64> = known.iter().filter_map(|value| line.form.of(*value)).collect();
    if values.chunk_by(|one, two| one == two).take(LEAST_VALUES).count() < LEAST_VALUES {
        return Vec::new();
    }
    let n = values.len() as f64;
    let share_above = |knot: f64| (values.len() - values.partition_point(|value| *value <= knot)) as f64 / n;
    let mut knots = KNOTS.map(|share| quantile(&values, share)).to_vec();
    knots.dedup();
    knots.retain(|knot| (LEAST_SHARE..=1.0 - LEAST_SHARE).contains(&share_above(*knot)));
    let bend = |knot: f64| {
        let hinge = |value: f64| (value - knot).max(0.0);
        let tilt = values.iter().map(|value| (value - line.mean) * hinge(*value)).sum::<f64>() / n / (line.scale * line.scale);
        let form = Form::Bend { low, high, log, knot, tilt };
        let (mean, variance, _) = moments(&values.iter().map(|value| hinge(*value) - tilt * value));
        // What is next to straight is not blown up.
        DesignColumn { form, mean, scale: variance.sqrt().max(LEAST_SCALE * line.scale), ..line }
    };
    knots.into_iter().map(bend).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(form: Form) -> DesignColumn {
        DesignColumn { input: 3, form, mean: 50.0, scale: 850.0_f64.sqrt() }
    }

    const VALUE: Form = Form::Value { low: 0.0, high: 100.0, log: false };

    #[test]
    fn bends_are_at_right_angles_to_the_line_and_of_one_size() {
        let known: Vec<f64> = (0..=100).map(f64::from).collect();
        let bends = bends(line(VALUE), &known);
        assert_eq!(bends.len(), KNOTS.len());
        for (bend, at) in bends.iter().zip([25.0, 50.0, 75.0]) {
            assert!(matches!(bend.form, Form::Bend { knot, .. } if knot == at));
            let sum = |of: &dyn Fn(f64) -> f64| known.iter().map(|value| of(*value)).sum::<f64>() / 101.0;
            assert!(sum(&|value| bend.of(value)).abs() < 1e-9 && sum(&|value| value * bend.of(value)).abs() < 1e-9);
            assert!((sum(&|value| bend.of(value) * bend.of(value)) - 1.0).abs() < 1e-9);
            let slope = |value: f64| bend.of(value + 1.0) - bend.of(value);
            assert!((slope(98.0) - slope(96.0)).abs() < 1e-12 && (slope(1.0) - slope(3.0)).abs() < 1e-12, "the tails are straight");
            assert_eq!((bend.of(1e9), bend.of(f64::NAN)), (bend.of(100.0), 0.0));
        }
    }

    #[test]
    fn what_varies_too_little_does_not_bend() {
        assert_eq!(bends(line(VALUE), &[&[0.0; 60][..], &[1.0; 40]].concat()), []);
        let few_are_not_zero: Vec<f64> = (0..1000).map(|row| f64::from((row - 980).max(0))).collect();
        assert_eq!(bends(line(VALUE), &few_are_not_zero), [], "no knot has enough rows above it");
        assert_eq!(bends(line(Form::Missing), &[0.0, 1.0]), []);
    }
}
