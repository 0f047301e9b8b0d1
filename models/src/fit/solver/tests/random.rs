//! Random problems: linfa as the oracle, threads, starts, paths and ill-conditioned columns.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use super::*;

struct Random(Xoshiro256PlusPlus);

impl Random {
    fn of(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, with variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }

    fn design(&mut self, rows: usize, columns: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |_| self.normal())
    }

    /// Labels drawn from a model, at least one of each class.
    fn labels(&mut self, design: &Array2<f64>, intercept: f64) -> Vec<bool> {
        let coefficients = Array1::from_shape_fn(design.ncols(), |_| self.normal());
        let mut labels: Vec<bool> = design.dot(&coefficients).iter().map(|z| self.share() < sigmoid(z + intercept)).collect();
        (labels[0], labels[1]) = (true, false);
        labels
    }
}

/// What makes a problem hard.
const KINDS: [&str; 8] = ["plain", "separable", "collinear", "constant", "zero", "rare", "scaled", "wide"];

/// The problem's kind is `KINDS[seed % 8]`; its rows, labels and penalty.
fn problem(seed: u64) -> (&'static str, Array2<f64>, Vec<bool>, f64) {
    let mut random = Random::of(seed);
    let kind = KINDS[(seed % 8) as usize];
    let rows = 40 + (random.share() * 160.0) as usize;
    let columns = if kind == "wide" { rows / 2 } else { 2 + (random.share() * 8.0) as usize };
    let mut design = random.design(rows, columns);
    let mut labels = random.labels(&design, if kind == "rare" { -3.0 } else { 0.0 });
    match kind {
        "separable" => {
            labels = design.column(0).iter().map(|value| *value > 0.1).collect();
        }
        "collinear" => {
            let sum = &design.column(0) * 2.0 + design.column(1);
            design.column_mut(columns - 1).assign(&sum);
        }
        "constant" => design.column_mut(0).fill(3.0),
        "zero" => design.column_mut(0).fill(0.0),
        "scaled" => design.column_mut(0).mapv_inplace(|value| 50.0 * value),
        _ => {}
    }
    (kind, design, labels, [0.3, 0.1, 0.03, 0.01][(random.share() * 4.0) as usize])
}

#[test]
fn two_hundred_problems_agree_with_linfa() {
    let mut compared = 0;
    for seed in 0..200 {
        let (kind, design, labels, lambda) = problem(seed);
        let ours = exact(lambda).solve(&design, &labels, None).unwrap();
        let by_linfa = |bound| {
            let oracle = Params::new(lambda).kind(SolverKind::Linfa).bound(bound).check().unwrap();
            oracle.solve(&design, &labels, None)
        };
        // Now and then linfa's line search gives up a little above this bound; then the coefficients are not known well enough.
        let sharp = by_linfa(1e-8);
        let known = sharp.is_ok();
        let linfa = sharp.or_else(|_| by_linfa(1e-6)).unwrap();
        let (one, two) = (ours.certificate.objective, linfa.certificate.objective);
        assert!((one - two).abs() <= 1e-6 * two, "{kind} {seed}: {one} is not {two}");
        assert!(one <= two + 1e-14, "{kind} {seed}: {one} is above {two}");
        let size = linfa.weights.joined().fold(0.0, |most: f64, weight| most.max(weight.abs()));
        let by = (ours.weights.joined() - linfa.weights.joined()).fold(0.0, |most: f64, by| most.max(by.abs()));
        assert!(!known || by <= 1e-6 * size.max(1.0), "{kind} {seed}: off by {by} of {size}");
        compared += usize::from(known);
    }
    assert!(compared >= 180, "{compared}");
}

/// Enough rows to be sampled, enough columns for the curvature to be reused, and lanes for all threads.
fn large() -> (Array2<f64>, Vec<bool>) {
    let mut random = Random::of(7);
    let design = random.design(40_000, 30);
    let labels = random.labels(&(&design * 0.3), -2.0);
    (design, labels)
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (design, labels) = large();
    let weights: Vec<f64> = (0..labels.len()).map(|i| 1.0 + (i % 3) as f64).collect();
    let on = |threads| {
        let solver = Params::new(0.001).threads(threads).check().unwrap();
        let one = solver.solve(&design, &labels, None).unwrap();
        let two = solver.solve_weighted(&design, &labels, &weights, Some(&one.weights)).unwrap();
        let bits = |solution: &Solution| -> Vec<u64> {
            let certificate = solution.certificate;
            let numbers = [certificate.objective, certificate.gradient_norm];
            solution.weights.joined().iter().chain(&solution.hessian).chain(&numbers).map(|number| number.to_bits()).collect()
        };
        (bits(&one), bits(&two))
    };
    let alone = on(1);
    for threads in [2, 3, 7] {
        assert_eq!(on(threads), alone, "{threads} threads");
    }
}

#[test]
fn many_rows_have_the_optimum_of_plain_newton() {
    let (design, labels) = large();
    let found = exact(0.001).solve(&design, &labels, None).unwrap();
    // A penalty of 0 somewhere takes the curvature at every point; here it is next to 0.
    let mut penalties = vec![0.001; 30];
    penalties[29] = 0.0;
    let plain = exact(penalties.clone()).solve(&design, &labels, None).unwrap();
    penalties[29] = 1e-12;
    let mended = exact(penalties).solve(&design, &labels, None).unwrap();
    assert!((plain.weights.joined() - mended.weights.joined()).iter().all(|by| by.abs() < 1e-8));
    assert!(found.certificate.gradient_norm <= 1e-10 && found.certificate.iterations < 12, "{:?}", found.certificate);
    let fresh = exact(0.001).solve(&design, &labels, Some(&found.weights)).unwrap();
    assert!((found.hessian - fresh.hessian).iter().all(|by| by.abs() < 1e-12));
}

#[test]
fn a_start_and_a_path_have_the_same_optimum() {
    let (design, labels) = large();
    let alone = exact(0.001).solve(&design, &labels, None).unwrap().weights.joined();
    let mut random = Random::of(1);
    let far = Weights { intercept: 2.0, coefficients: Array1::from_shape_fn(30, |_| random.normal()) };
    let started = exact(0.001).solve(&design, &labels, Some(&far)).unwrap().weights.joined();
    assert!((&started - &alone).iter().all(|by| by.abs() < 1e-8));
    let mut last = None;
    let each = |optimum: Optimum| {
        last = Some(optimum);
        ControlFlow::Continue(())
    };
    exact(1.0).path(&design, &labels, None, &[1.0.into(), 0.1.into(), 0.01.into(), 0.001.into()], each).unwrap();
    let last = last.unwrap();
    assert!((last.weights.joined() - &alone).iter().all(|by| by.abs() < 1e-8));
    assert!(last.certificate.iterations <= 6, "{:?}", last.certificate);
}

#[test]
fn hard_problems_converge_or_say_why_not() {
    for seed in 0..60 {
        let (_, mut design, labels, _) = problem(seed);
        let mut random = Random::of(1000 + seed);
        for mut column in design.columns_mut() {
            let scale = 10_f64.powf(random.share() * 12.0 - 6.0);
            column.mapv_inplace(|value| scale * value);
        }
        for lambda in [1.0, 1e-4, 1e-8] {
            match Params::new(lambda).bound(1e-6).check().unwrap().solve(&design, &labels, None) {
                Ok(solution) => {
                    assert!(solution.certificate.gradient_norm <= 1e-6);
                    assert!(solution.weights.joined().iter().chain(&solution.hessian).all(|value| value.is_finite()));
                }
                Err(error) => panic!("{seed} {lambda}: {error}"),
            }
        }
    }
}

#[test]
fn columns_of_absurd_scale_do_not_hang() {
    for scale in [1e-300, 1e-150, 1e12, 1e100, 1e154, 1e300] {
        let (_, mut design, labels, _) = problem(0);
        design.column_mut(0).mapv_inplace(|value| scale * value);
        for penalties in [vec![0.01; design.ncols()], vec![0.0; design.ncols()]] {
            match Params::new(penalties).check().unwrap().solve(&design, &labels, None) {
                Ok(solution) => assert!(solution.certificate.gradient_norm <= 1e-7),
                Err(SolveError::NotConverged(_) | SolveError::NotFinite | SolveError::Singular) => {}
                Err(error) => panic!("{scale}: {error}"),
            }
        }
    }
}
