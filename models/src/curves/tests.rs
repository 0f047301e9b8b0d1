//! Curves say what the columns say, one by one.

use proptest::prelude::*;

use super::*;
use crate::calibrate::Calibrator;
use crate::logistic::Logistic;
use crate::spread::Spread;
use crate::transform::{DesignColumn, Form, Transform};

const LEVELS: usize = 3;

fn column(input: usize, form: Form) -> DesignColumn {
    DesignColumn { input, form, mean: 0.7, scale: 1.9 }
}

/// A line from `low` to `high` with its bends, and an indicator.
fn line(input: usize, low: f64, high: f64, log: bool, knots: &[f64]) -> Vec<DesignColumn> {
    let bend = |(place, knot): (usize, &f64)| Form::Bend { low, high, log, knot: *knot, tilt: 0.2 + 0.1 * place as f64 };
    let forms = [Form::Value { low, high, log }].into_iter().chain(knots.iter().enumerate().map(bend)).chain([Form::Missing]);
    forms.map(|form| column(input, form)).collect()
}

/// Of every shape: straight and bent, logged and not, more bends than a curve has, ends that differ within an input or are one,
/// an indicator alone, levels, and knots beyond the ends.
fn columns() -> Vec<DesignColumn> {
    let levels = (0..LEVELS).map(|level| column(4, Form::Level { level }));
    [
        line(0, 0.0, 400.0, true, &[0.5, 1.0, 3.0]),
        line(1, -5.0, 9.0, false, &[-1.0, 0.0, 0.25, 2.0, 4.0, 4.5, 8.0, 20.0]),
        vec![column(2, Form::Missing)],
        line(3, 2.0, 2.0, true, &[1.0]),
        levels.collect(),
        line(5, 0.0, 4.0, true, &[]),
        vec![column(5, Form::Value { low: 1.0, high: 2.0, log: false })],
        line(0, 1.0, 30.0, true, &[2.0]),
    ]
    .concat()
}

fn logistic(columns: Vec<DesignColumn>, directions: usize, seed: u64) -> Logistic {
    let draw = |number: usize| ((number as u64 + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24) - 0.5;
    let loading = |row: usize, direction: usize| draw(1000 * row + direction) as f32;
    let rows: Vec<Vec<f32>> = (0..=columns.len()).map(|row| (0..directions).map(|direction| loading(row, direction)).collect()).collect();
    Logistic {
        intercept: -0.5,
        coefficients: (0..columns.len()).map(|place| draw(77_777 + place)).collect(),
        spread: Spread::new(&rows, 0.01).unwrap(),
        transform: Transform { columns },
        calibrator: Calibrator::IDENTITY,
        penalty: 0.1,
    }
}

/// What the columns say one by one must be what the curves say.
fn agree(logistic: &Logistic, inputs: &[f64]) {
    let (curves, mut logs, mut places) = (Curves::of(logistic), Logs::default(), Places::default());
    let row = logistic.transform.apply(inputs);
    let mut expected = vec![(0.0, 0.0); inputs.len()];
    for ((column, value), coefficient) in logistic.transform.columns.iter().zip(&row).zip(&logistic.coefficients) {
        let (sum, size) = &mut expected[column.input];
        (*sum, *size) = (*sum + coefficient * value, *size + (coefficient * value).abs());
    }
    // What was seen before plays no part.
    for _ in 0..2 {
        let mut found = vec![0.0; inputs.len()];
        logs.forget(0, inputs.len());
        curves.visit(inputs, &mut logs, &mut places).for_each(|(input, added)| found[input] += added);
        for (input, (found, (sum, size))) in found.iter().zip(&expected).enumerate() {
            assert!((found - sum).abs() <= 1e-13 * (1.0 + size), "input {input} at {}: {found} is not {sum}", inputs[input]);
            let alone = curves.added(input, inputs[input]);
            assert!(alone.map_or(*size == 0.0, |alone| alone.to_bits() == found.to_bits()), "{input}: {alone:?} is not {found}");
        }
        let present: Vec<(usize, f32)> = [1.0].iter().chain(&row).enumerate().map(|(place, value)| (place, *value as f32)).collect();
        let (variance, expected) = (curves.variance(&places), logistic.spread.variance(&present));
        assert!((variance / expected - 1.0).abs() < 1e-4, "{inputs:?}: {variance} is not {expected}");
    }
}

fn value() -> impl Strategy<Value = f64> {
    let ends = vec![f64::NAN, -1e90, -5.0, -1.0, -0.0, 0.0, 0.25, 1.0, 2.0, 3.0, 4.0, 4.5, 8.0, 9.0, 30.0, 400.0, 511.0, 512.0, 1e80, 1e90];
    let of_knots: Vec<f64> = [0.5, 1.0, 2.0, 3.0].into_iter().flat_map(|knot| [libm::expm1(knot), libm::expm1(knot).next_up()]).collect();
    prop_oneof![-10.0..500.0, 0.0..5.0, prop::sample::select(ends), prop::sample::select(of_knots)]
}

proptest! {
    #[test]
    fn curves_say_what_the_columns_say(
        inputs in prop::collection::vec(value(), 6),
        level in 0..LEVELS + 2,
        directions in prop::sample::select(vec![1, 31, 32, 33, 128]),
        seed in any::<u32>(),
    ) {
        let mut inputs = inputs;
        inputs[4] = level as f64;
        agree(&logistic(columns(), directions, seed.into()), &inputs);
    }
}

#[test]
fn each_end_and_bend_belongs_to_both_sides() {
    let bent = logistic(line(0, -5.0, 9.0, false, &[-1.0, 0.25, 4.0]), 40, 3);
    for at in [-5.0_f64, -1.0, 0.0, 0.25, 4.0, 9.0] {
        for value in [at.next_down(), at, at.next_up()] {
            agree(&bent, &[value]);
        }
    }
}

#[test]
fn nothing_is_too_large_to_be_told() {
    let huge = logistic(line(0, -f64::MAX, f64::MAX, false, &[0.0, 1e80]), 40, 3);
    for value in [-1e90, -1e80, 0.0, 1.0, 1e79, 1e80, 5e89, 1e90] {
        let (curves, mut logs, mut places) = (Curves::of(&huge), Logs::default(), Places::default());
        logs.forget(0, 1);
        assert!(curves.visit(&[value], &mut logs, &mut places).all(|(_, added)| added.is_finite()));
        assert!(curves.variance(&places).is_finite());
    }
}

#[test]
fn no_bit_depends_on_the_processor() {
    let (curves, mut logs, mut places) = (Curves::of(&logistic(columns(), 128, 5)), Logs::default(), Places::default());
    let plain = Curves { arch: Arch::Scalar, ..curves.clone() };
    for input in [f64::NAN, 0.25, 2.0, 7.5, 300.0] {
        logs.forget(0, 6);
        let mut added = |curves: &Curves| -> Vec<u64> {
            let added = curves.visit(&[input, 1.0, input, 3.0, 1.0, input], &mut logs, &mut places);
            added.map(|(_, added)| added.to_bits()).collect()
        };
        assert_eq!(added(&curves), added(&plain));
        assert_eq!(curves.variance(&places).to_bits(), plain.variance(&places).to_bits());
    }
}

#[test]
fn without_columns_or_directions_the_rest_is_told() {
    for (columns, directions) in [(Vec::new(), 0), (Vec::new(), 3), (columns(), 0)] {
        agree(&logistic(columns, directions, 1), &[1.0, 2.0, 3.0, 4.0, 1.0, 0.5]);
    }
}

#[test]
fn a_line_of_few_bends_is_one_curve_and_costs_what_it_must() {
    let bent = logistic(line(0, 0.0, 400.0, true, &[0.5, 1.0, 3.0]), 40, 3);
    let (curves, mut logs, mut places) = (Curves::of(&bent), Logs::default(), Places::default());
    assert_eq!((curves.inputs.len(), curves.states.len()), (1, 6 + 2));
    for (value, steps) in [(0.0, (0, 0)), (0.1, (0, 1)), (1.0, (1, 1)), (f64::NAN, (1, 0)), (400.0, (1, 0)), (1e9, (1, 0))] {
        logs.forget(0, 1);
        curves.visit(&[value], &mut logs, &mut places).for_each(drop);
        assert_eq!((places.starts.all().len(), places.along.all().len()), steps, "{value}");
    }
}
