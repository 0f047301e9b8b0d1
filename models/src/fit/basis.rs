//! Where a line may bend: the additive part of the model.

use super::design::quantile;
use crate::transform::{DesignColumn, Form};

/// Knots lie at these quantiles of the fit rows that have the input.
const KNOTS: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
/// With fewer different values than this, a line has nowhere to bend.
const LEAST_VALUES: usize = 6;
/// On either side of a knot there is at least this share of the rows.
const LEAST_SHARE: f64 = 0.03;

/// The bends of `line`, given the sorted known values of its input; none where it is no line, or where the values are too much
/// alike.
///
/// Each is a hinge on the scale of its line, so that one penalty shrinks them alike. Their sum with the line is a piecewise-linear curve with
/// straight tails, which ends where the line is cut.
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
        let mean = values.iter().map(|value| (value - knot).max(0.0)).sum::<f64>() / n;
        DesignColumn { form: Form::Bend { low, high, log, knot }, mean, ..line }
    };
    knots.into_iter().map(bend).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(form: Form) -> DesignColumn {
        DesignColumn { input: 3, form, mean: 50.0, scale: 30.0 }
    }

    const VALUE: Form = Form::Value { low: 0.0, high: 100.0, log: false };

    #[test]
    fn a_line_bends_at_the_quantiles_and_nowhere_else() {
        let known: Vec<f64> = (0..=100).map(f64::from).collect();
        let bends = bends(line(VALUE), &known);
        let knots: Vec<f64> = bends.iter().filter_map(|bend| if let Form::Bend { knot, .. } = bend.form { Some(knot) } else { None }).collect();
        assert_eq!(knots, [10.0, 30.0, 50.0, 70.0, 90.0]);
        for bend in bends {
            assert!(known.iter().map(|value| bend.of(*value)).sum::<f64>().abs() < 1e-9, "its mean is taken out");
            assert!((bend.of(96.0) - bend.of(94.0) - 2.0 / 30.0).abs() < 1e-12 && bend.of(2.0) == bend.of(0.0), "the tails are straight");
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
