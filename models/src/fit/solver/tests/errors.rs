//! What is refused, and how.

use super::*;
use crate::report::NotConverged;

/// A design of one column, with labels.
fn column(values: &[f64], labels: &[bool]) -> (Array2<f64>, Vec<bool>) {
    (Array2::from_shape_fn((values.len(), 1), |(i, _)| values[i]), labels.to_vec())
}

#[test]
fn penalties_and_bounds_are_checked() {
    for lambda in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(Params::new(lambda).check().err(), Some(SolveError::Penalty(lambda)));
        assert_eq!(Params::new(1.0).bound(lambda).check().err(), Some(SolveError::Bound(lambda)));
    }
    assert!(Params::new(f64::NAN).check().is_err());
    assert!(Params::new(vec![0.0, 0.0]).check().is_ok());
    let refused = Params::new(vec![0.0, -1.0]).check().err();
    assert_eq!(refused, Some(SolveError::ColumnPenalty { column: 1, penalty: -1.0 }));
    assert!(Params::new(vec![f64::NAN]).check().is_err());
}

#[test]
fn a_path_checks_its_penalties() {
    let (design, labels, _) = fixture();
    let mut seen = 0;
    let each = |_| {
        seen += 1;
        ControlFlow::Continue(())
    };
    let found = exact(1.0).path(&design, &labels, None, &[1.0.into(), 0.0.into()], each);
    assert_eq!((found, seen), (Err(SolveError::Penalty(0.0)), 1));
}

#[test]
fn shapes_that_differ_are_refused() {
    let (design, labels, _) = fixture();
    let shape = |what, found, expected, of| Some(SolveError::Shape { what, found, expected, of });
    assert_eq!(exact(0.1).solve(&design, &labels[1..], None).err(), shape("labels", 23, 24, "row"));
    assert_eq!(exact(0.1).solve_weighted(&design, &labels, &[1.0], None).err(), shape("sample weights", 1, 24, "row"));
    assert_eq!(exact(vec![0.1]).solve(&design, &labels, None).err(), shape("penalties", 1, 2, "column"));
    let start = Weights { intercept: 0.0, coefficients: Array1::zeros(3) };
    assert_eq!(exact(0.1).solve(&design, &labels, Some(&start)).err(), shape("coefficients to start at", 3, 2, "column"));
}

#[test]
fn weights_below_0_are_refused() {
    let (design, labels, _) = fixture();
    let mut weights = vec![1.0; 24];
    for weight in [-1.0, f64::INFINITY] {
        weights[3] = weight;
        let refused = exact(0.1).solve_weighted(&design, &labels, &weights, None).err();
        assert_eq!(refused, Some(SolveError::SampleWeight { row: 3, weight }));
    }
    let huge = exact(0.1).solve_weighted(&design, &labels, &[f64::MAX; 24], None).err();
    assert_eq!(huge, Some(SolveError::NotFinite));
}

#[test]
fn values_that_are_not_finite_are_refused() {
    let (design, labels, _) = fixture();
    for kind in [SolverKind::Newton, SolverKind::Linfa] {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut design = design.clone();
            design[[5, 1]] = value;
            let solver = Params::new(0.1).kind(kind).check().unwrap();
            assert_eq!(solver.solve(&design, &labels, None), Err(SolveError::NotFinite));
        }
    }
}

#[test]
fn one_class_is_refused() {
    let (design, labels, _) = fixture();
    assert_eq!(exact(0.1).solve(&design, &[true; 24], None), Err(SolveError::OneClass(24)));
    let one_class: Vec<f64> = labels.iter().map(|label| f64::from(u8::from(*label))).collect();
    assert_eq!(exact(0.1).solve_weighted(&design, &labels, &one_class, None), Err(SolveError::OneClass(24)));
    assert_eq!(exact(0.1).solve(&Array2::zeros((0, 2)), &[], None), Err(SolveError::OneClass(0)));
}

#[test]
fn stopping_early_is_not_taken_for_an_optimum() {
    let (design, labels, _) = fixture();
    for (kind, most) in [(SolverKind::Newton, 1), (SolverKind::Linfa, 10)] {
        let hasty = Params::new(1e-3).bound(1e-200).iterations(1).kind(kind).check().unwrap();
        let refused = hasty.solve(&design, &labels, None);
        assert!(matches!(refused, Err(SolveError::NotConverged(NotConverged { iterations, .. })) if iterations == most), "{refused:?}");
    }
}

#[test]
fn a_bound_below_rounding_ends_in_an_error() {
    let (design, labels, _) = fixture();
    let refused = Params::new(1e-3).bound(1e-200).check().unwrap().solve(&design, &labels, None);
    assert!(matches!(refused, Err(SolveError::NotConverged(NotConverged { gradient_norm, .. })) if gradient_norm < 1e-14), "{refused:?}");
}

#[test]
fn no_penalty_needs_a_single_optimum() {
    let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let mixed = [false, true, false, true, false, true];
    let solve = |(design, labels): (Array2<f64>, Vec<bool>), penalties: Vec<f64>| exact(penalties).solve(&design, &labels, None);
    assert!(solve(column(&values, &mixed), vec![0.0]).is_ok());
    let apart = [false, false, false, true, true, true];
    assert_eq!(solve(column(&values, &apart), vec![0.0]), Err(SolveError::Singular), "separated");
    let level = [1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    assert_eq!(solve(column(&level, &[true, true, true, false, true, false]), vec![0.0]), Err(SolveError::Singular), "half separated");
    assert_eq!(solve(column(&[0.0; 6], &mixed), vec![0.0]), Err(SolveError::Singular), "zero");
    assert_eq!(solve(column(&[7.0; 6], &mixed), vec![0.0]), Err(SolveError::Singular), "constant");
    let (design, labels) = column(&values, &mixed);
    let twice = Array2::from_shape_fn((6, 2), |(i, _)| design[[i, 0]]);
    assert_eq!(solve((twice.clone(), labels.clone()), vec![0.0, 0.0]), Err(SolveError::Singular), "repeated");
    assert!(solve((twice, labels), vec![0.0, 0.1]).is_ok());
}

#[test]
fn linfa_takes_no_weights_and_one_penalty() {
    let (design, labels, _) = fixture();
    let refused = Params::new(vec![0.1, 0.1]).kind(SolverKind::Linfa).check().err();
    assert_eq!(refused, Some(SolveError::Unsupported("penalty for each coefficient")));
    let solver = Params::new(0.1).kind(SolverKind::Linfa).check().unwrap();
    let refused = solver.solve_weighted(&design, &labels, &[1.0; 24], None).err();
    assert_eq!(refused, Some(SolveError::Unsupported("sample weights")));
    let path = solver.path(&design, &labels, None, &[vec![0.1, 0.1].into()], |_| ControlFlow::Continue(()));
    assert_eq!(path, Err(SolveError::Unsupported("penalty for each coefficient")));
}

#[test]
fn what_linfa_finds_wrong_with_a_data_set_is_told() {
    let error = SolveError::from(::linfa::Error::NotEnoughSamples);
    assert_eq!(error.to_string(), "not enough samples\nhint: check the data set");
}
