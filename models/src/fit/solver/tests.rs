//! Optima against scikit-learn and scipy, and what must not change them.

mod errors;
mod random;

use std::ops::ControlFlow;

use ::linfa::traits::{Fit, Predict};
use ::linfa::{Dataset, ParamGuard};
use ndarray::{Array1, Array2, ShapeBuilder, array};

use super::*;
use crate::sigmoid;

/// Rows, labels and customers that any language can write down.
pub(in crate::fit) fn fixture() -> (Array2<f64>, Vec<bool>, Vec<u32>) {
    let x = |i: usize, j: usize| if j == 0 { ((i * 7) % 11) as f64 / 5.0 - 1.0 } else { ((i * 5) % 13) as f64 / 6.0 - 1.0 };
    let design = Array2::from_shape_fn((24, 2), |(i, j)| x(i, j));
    (design, (0..24).map(|i| (i * i + 3 * i) % 7 < 3).collect(), (0..24).map(|i| i % 8).collect())
}

fn exact(penalty: impl Into<Penalty>) -> Solver {
    Params::new(penalty).bound(1e-10).check().unwrap()
}

fn assert_near(found: f64, expected: f64, by: f64) {
    assert!((found - expected).abs() < by, "{found} is not {expected}");
}

/// The intercept first.
fn assert_weights(found: &Weights, expected: [f64; 3], by: f64) {
    found.joined().iter().zip(expected).for_each(|(found, expected)| assert_near(*found, expected, by));
}

/// scikit-learn 1.9.1: `LogisticRegression(C=1 / (0.05 * 24), solver="newton-cholesky", tol=1e-12)`; the Hessian by numpy.
#[test]
fn coefficients_agree_with_scikit_learn() {
    let (design, labels, _) = fixture();
    for kind in [SolverKind::Newton, SolverKind::Linfa] {
        let solver = Params::new(0.05).bound(1e-9).kind(kind).check().unwrap();
        let solution = solver.solve(&design, &labels, None).unwrap();
        assert_weights(&solution.weights, [-0.901_566_781_381_356_4, -0.214_878_013_480_832_13, -0.239_751_244_154_357_2], 1e-7);
        assert_near(solution.certificate.objective, 0.595_509_479_906_515_8, 1e-14);
        assert!(solution.certificate.gradient_norm <= 1e-9);
        assert_eq!(solution.total_weight, 24.0);
        let hessian = array![
            [0.204_272_543_024_853_93, -0.014_143_385_737_819_41, -0.008_171_539_977_430_3],
            [-0.014_143_385_737_819_41, 0.137_519_591_213_115_52, 0.023_021_085_546_024_77],
            [-0.008_171_539_977_430_3, 0.023_021_085_546_024_77, 0.134_418_499_824_641_88],
        ];
        assert!((solution.hessian - hessian).iter().all(|by| by.abs() < 1e-8));
    }
}

/// scikit-learn as above with `C=1 / (0.02 * 24)` and the second column divided by 5, which makes its penalty 25 times as much.
#[test]
fn a_penalty_for_each_coefficient_agrees_with_scikit_learn() {
    let (design, labels, _) = fixture();
    let solution = exact(vec![0.02, 0.5]).solve(&design, &labels, None).unwrap();
    assert_weights(&solution.weights, [-0.904_218_315_348_189_3, -0.315_939_273_387_794_04, -0.051_433_603_531_127_67], 1e-9);
}

/// Newton's method in numpy, which scipy's BFGS confirms, with the penalties `[0, 0.5]` and then with the sample weights below.
#[test]
fn a_coefficient_without_penalty_agrees_with_scipy() {
    let (design, labels, _) = fixture();
    let solution = exact(vec![0.0, 0.5]).solve(&design, &labels, None).unwrap();
    assert_weights(&solution.weights, [-0.910_792_304_104_674_3, -0.391_844_831_172_538_77, -0.048_496_520_209_464_59], 1e-9);
    let weights: Vec<f64> = (0..24).map(|i| f64::from(i % 4) * 0.5).collect();
    let solution = exact(vec![0.0, 0.5]).solve_weighted(&design, &labels, &weights, None).unwrap();
    assert_weights(&solution.weights, [-0.826_293_499_008_873_2, -0.393_450_844_090_420_8, -0.026_885_877_254_888_72], 1e-9);
    assert_near(solution.certificate.objective, 0.608_071_375_599_488_2, 1e-14);
}

/// scikit-learn as above with `sample_weight` and `C=1 / (0.05 * sum)`.
#[test]
fn sample_weights_agree_with_scikit_learn() {
    let (design, labels, _) = fixture();
    let weights: Vec<f64> = (0..24).map(|i| f64::from(i % 4) * 0.5).collect();
    let solution = exact(0.05).solve_weighted(&design, &labels, &weights, None).unwrap();
    assert_weights(&solution.weights, [-0.808_284_027_515_630_1, -0.253_297_997_362_662_5, -0.125_761_193_738_649_94], 1e-8);
    assert_eq!(solution.total_weight, 18.0);
}

#[test]
fn a_weight_counts_as_so_many_rows() {
    let (design, labels, _) = fixture();
    let weights: Vec<f64> = (0..24).map(|i| f64::from(i % 4)).collect();
    let places: Vec<usize> = (0..24).flat_map(|i| vec![i; i % 4]).collect();
    let repeated = Array2::from_shape_fn((places.len(), 2), |(i, j)| design[[places[i], j]]);
    let repeated_labels: Vec<bool> = places.iter().map(|place| labels[*place]).collect();
    let one = exact(0.05).solve_weighted(&design, &labels, &weights, None).unwrap();
    let two = exact(0.05).solve(&repeated, &repeated_labels, None).unwrap();
    assert!((one.weights.joined() - two.weights.joined()).iter().all(|by| by.abs() < 1e-9));
    assert!((one.hessian - two.hessian).iter().all(|by| by.abs() < 1e-9));
    assert_eq!(one.total_weight, two.total_weight);
}

#[test]
fn turning_the_labels_turns_the_signs() {
    let (design, labels, _) = fixture();
    let turned: Vec<bool> = labels.iter().map(|label| !label).collect();
    let (one, two) = (exact(0.05).solve(&design, &labels, None).unwrap(), exact(0.05).solve(&design, &turned, None).unwrap());
    assert!((one.weights.joined() + two.weights.joined()).iter().all(|by| by.abs() < 1e-9));
}

#[test]
fn classes_of_equal_size_keep_their_signs() {
    let design = Array2::from_shape_fn((8, 1), |(i, _)| i as f64);
    for kind in [SolverKind::Newton, SolverKind::Linfa] {
        for first in [false, true] {
            let labels: Vec<bool> = (0..8).map(|i| (i >= 4) != first).collect();
            let solution = Params::new(0.1).kind(kind).check().unwrap().solve(&design, &labels, None).unwrap();
            assert_eq!(solution.weights.coefficients[0] > 0.0, !first);
        }
    }
}

#[test]
fn a_start_at_the_optimum_stays_there() {
    let (design, labels, _) = fixture();
    let solution = exact(0.05).solve(&design, &labels, None).unwrap();
    let again = exact(0.05).solve(&design, &labels, Some(&solution.weights)).unwrap();
    assert_eq!((again.weights, again.certificate.iterations), (solution.weights, 0));
}

#[test]
fn a_design_without_columns_gives_the_base_rate() {
    let labels = [true, false, false, false];
    let solution = exact(0.1).solve(&Array2::zeros((4, 0)), &labels, None).unwrap();
    assert_near(sigmoid(solution.weights.intercept), 0.25, 1e-12);
}

#[test]
fn the_layout_of_the_design_does_not_count() {
    let (design, labels, _) = fixture();
    let mut turned = Array2::zeros((24, 2).f());
    turned.assign(&design);
    let wide = Array2::from_shape_fn((24, 4), |(i, j)| design[[i, j / 2]]);
    let every_other = wide.slice_axis(ndarray::Axis(1), ndarray::Slice::new(0, None, 2));
    let expected = exact(0.05).solve(&design, &labels, None);
    assert_eq!(exact(0.05).solve(&turned, &labels, None), expected);
    assert_eq!(exact(0.05).solve(&every_other, &labels, None), expected);
}

#[test]
fn a_path_ends_where_single_fits_do() {
    let (design, labels, _) = fixture();
    let penalties: Vec<Penalty> = vec![1.0.into(), vec![0.3, 0.1].into(), 0.01.into()];
    let mut found = Vec::new();
    let each = |optimum: Optimum| {
        found.push(optimum.weights.joined());
        ControlFlow::Continue(())
    };
    exact(1.0).path(&design, &labels, None, &penalties, each).unwrap();
    assert_eq!(found.len(), 3);
    for (found, penalty) in found.iter().zip(penalties) {
        let alone = exact(penalty).solve(&design, &labels, None).unwrap();
        assert!((found - alone.weights.joined()).iter().all(|by| by.abs() < 1e-8));
    }
}

#[test]
fn linfa_is_told_of_a_data_set_and_its_weights() {
    let (design, labels, _) = fixture();
    let weights: Vec<f64> = (0..24).map(|i| f64::from(i % 4)).collect();
    let dataset = Dataset::new(design.clone(), Array1::from(labels.clone()));
    let solution = Params::new(0.05).fit(&dataset).unwrap();
    assert_eq!(solution, Params::new(0.05).check().unwrap().solve(&design, &labels, None).unwrap());
    let predicted: Array1<bool> = solution.predict(&design);
    let probabilities = solution.probabilities(&design);
    assert!(predicted.iter().zip(&probabilities).all(|(label, probability)| *label == (*probability > 0.5)));
    let weighted = Params::new(0.05).fit(&dataset.with_weights(weights.iter().map(|weight| *weight as f32).collect())).unwrap();
    assert_eq!(weighted, Params::new(0.05).check().unwrap().solve_weighted(&design, &labels, &weights, None).unwrap());
}
