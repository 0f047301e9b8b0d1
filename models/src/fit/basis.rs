//! Where a line may bend: the additive part of the model.

use super::design::{moments, quantile};
use crate::transform::Form;

/// Knots lie at these quantiles of the fit rows that have the input.
const KNOTS: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
/// With fewer different values than this, a line has nowhere to bend.
const LEAST_VALUES: usize = 6;
/// On either side of a knot there is at least this share of them.
const LEAST_SHARE: f64 = 0.03;

/// The bends of the line `form`, given the sorted known values of its input; none where `form` is no line or the values are too
/// few or too alike.
///
/// A bend is a hinge `max(0, v - knot)`, `v` being what `form` makes of a value, less the straight line that fits it best: it is
/// linear on both sides of its knot and beyond the outermost values, and a coefficient of 0 leaves the straight line as it is.
///
/// Source: Friedman (1991), "Multivariate adaptive regression splines"; Eilers and Marx (1996) for shrinking them.
pub(super) fn bends(form: Form, known: &[f64]) -> Vec<Form> {
    let Form::Value { low, high, log } = form else { return Vec::new() };
    let values: Vec<f64> = known.iter().filter_map(|value| form.of(*value)).collect();
    if values.chunk_by(|one, two| one == two).take(LEAST_VALUES).count() < LEAST_VALUES {
        return Vec::new();
    }
    let mut knots: Vec<f64> = KNOTS.iter().map(|share| quantile(&values, *share)).collect();
    knots.dedup();
    let n = values.len() as f64;
    let share_above = |knot: f64| (values.len() - values.partition_point(|value| *value <= knot)) as f64 / n;
    knots.retain(|knot| (LEAST_SHARE..=1.0 - LEAST_SHARE).contains(&share_above(*knot)));
    let (mean, variance, _) = moments(&values.iter().copied());
    let tilt = |knot: f64| {
        let hinge = |value: f64| (value - knot).max(0.0);
        values.iter().map(|value| (value - mean) * hinge(*value)).sum::<f64>() / n / variance
    };
    knots.into_iter().map(|knot| Form::Bend { low, high, log, knot, tilt: tilt(knot) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Form = Form::Value { low: 0.0, high: 100.0, log: false };

    fn of(forms: &[Form], value: f64) -> Vec<f64> {
        forms.iter().filter_map(|form| form.of(value)).collect()
    }

    #[test]
    fn bends_are_at_right_angles_to_the_line() {
        let known: Vec<f64> = (0..=100).map(f64::from).collect();
        let forms = bends(LINE, &known);
        assert_eq!(forms.len(), KNOTS.len());
        for form in forms {
            let both: f64 = known.iter().filter_map(|value| Some((value - 50.0) * form.of(*value)?)).sum();
            assert!(both.abs() < 1e-9, "{form:?}: {both}");
        }
    }

    #[test]
    fn tails_are_straight_and_end_at_the_cut() {
        let known: Vec<f64> = (0..=100).map(f64::from).collect();
        let forms = bends(LINE, &known);
        for (place, [one, two, three]) in [[1.0, 3.0, 5.0], [92.0, 94.0, 96.0]].into_iter().enumerate() {
            let bent = of(&forms, one).into_iter().zip(of(&forms, two)).zip(of(&forms, three));
            assert!(bent.into_iter().all(|((one, two), three)| ((two - one) - (three - two)).abs() < 1e-12), "tail {place}");
        }
        assert_eq!(of(&forms, 100.0), of(&forms, 1e9));
        assert!(of(&forms, f64::NAN).is_empty());
    }

    #[test]
    fn what_varies_too_little_does_not_bend() {
        assert_eq!(bends(LINE, &[&[0.0; 60][..], &[1.0; 40]].concat()), []);
        let few_are_not_zero: Vec<f64> = (0..1000).map(|row| f64::from((row - 980).max(0))).collect();
        assert_eq!(bends(LINE, &few_are_not_zero), [], "no knot has enough rows above it");
        assert_eq!(bends(Form::Missing, &[0.0, 1.0]), []);
    }
}
