//! Predictions and fits against customers who were simulated, purchase by purchase.

use super::datasets::{Draws, bg_nbd_purchases, habits, pareto_nbd_purchases, population};
use crate::btyd::{BgNbd, GammaGamma, Habits, ParetoNbd, fit};

const BG: BgNbd = BgNbd { r: 0.6, alpha: 25.0, a: 0.8, b: 2.5 };
const PARETO: ParetoNbd = ParetoNbd { r: 0.6, alpha: 25.0, s: 0.7, beta: 60.0 };

/// What a model says of a customer: probability alive, expected purchases and probability of none.
type Predict<'a> = &'a dyn Fn(&Habits, f64, f64) -> [f64; 3];

/// Compares predictions with what happens, within groups that only what was known tells apart.
fn assert_calibrated(predict: Predict<'_>, mut purchases: impl FnMut(f64) -> Vec<f64>) {
    let (age, gap, horizon) = (200.0, 40.0, 90.0);
    let mut groups = [[0.0; 6]; 6];
    for _ in 0..20_000 {
        let times = purchases(age + gap + horizon);
        let seen = habits(&times, age);
        let bought = times.iter().filter(|time| (age + gap..age + gap + horizon).contains(*time)).count() as f64;
        let [_, expected, none] = predict(&seen, gap, horizon);
        let late = usize::from(age - seen.span_days() < 60.0);
        let group = &mut groups[2 * (seen.repeat_days().sqrt() as usize).min(2) + late];
        let parts = [1.0, expected, bought, bought * bought, none, f64::from(u8::from(bought == 0.0))];
        group.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }
    for [count, expected, bought, squares, none, without] in groups.into_iter().filter(|group| group[0] > 100.0) {
        let deviation = |mean: f64, square: f64| ((square - mean * mean).max(0.0) / count).sqrt() + 1e-9;
        let purchases = (expected - bought) / count / deviation(bought / count, squares / count);
        let nothing = (none - without) / count / deviation(without / count, without / count);
        assert!(purchases.abs() < 3.5 && nothing.abs() < 3.5, "{count} customers: {purchases} {nothing} standard errors off");
    }
}

#[test]
fn bg_nbd_is_calibrated_on_its_own_customers() {
    let mut draws = Draws::new(1);
    let predict = |habits: &Habits, gap, horizon| {
        [BG.alive(habits), BG.expected_purchases(habits, gap, horizon), BG.none_probability(habits, gap, horizon)]
    };
    assert_calibrated(&predict, |end| bg_nbd_purchases(&BG, end, &mut draws));
}

#[test]
fn pareto_nbd_is_calibrated_on_its_own_customers() {
    let mut draws = Draws::new(2);
    let predict = |habits: &Habits, gap, horizon| {
        [PARETO.alive(habits), PARETO.expected_purchases(habits, gap, horizon), PARETO.none_probability(habits, gap, horizon)]
    };
    assert_calibrated(&predict, |end| pareto_nbd_purchases(&PARETO, end, &mut draws));
}

fn assert_within(part: f64, found: [f64; 4], expected: [f64; 4]) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found / expected).ln().abs() < part, "{found} is not {expected}");
    }
}

#[test]
fn fits_recover_the_parameters_that_made_the_data() {
    let mut draws = Draws::new(3);
    let fitted = fit::bg_nbd(&population(8_000, 500.0, |end| bg_nbd_purchases(&BG, end, &mut draws))).unwrap().model;
    assert_within(0.25, [fitted.r, fitted.alpha, fitted.a, fitted.b], [BG.r, BG.alpha, BG.a, BG.b]);
    let fitted = fit::pareto_nbd(&population(2_000, 500.0, |end| pareto_nbd_purchases(&PARETO, end, &mut draws))).unwrap().model;
    assert_within(0.5, [fitted.r, fitted.alpha, fitted.s, fitted.beta], [PARETO.r, PARETO.alpha, PARETO.s, PARETO.beta]);
}

#[test]
fn gamma_gamma_recovers_the_parameters_that_made_the_data() {
    let (model, mut draws) = (GammaGamma { p: 6.0, q: 4.0, gamma: 15.0 }, Draws::new(4));
    let customers: Vec<_> = (0..5_000)
        .map(|_| {
            let x = 1.0 + draws.whole(5);
            let scale = draws.gamma(model.q, model.gamma);
            (Habits::new(x, x, 100.0).unwrap(), draws.gamma(model.p * x, scale) / x, 1.0)
        })
        .collect();
    let fitted = fit::gamma_gamma(&customers).unwrap().model;
    assert_within(0.15, [fitted.p, fitted.q, fitted.gamma, fitted.mean_spend()], [model.p, model.q, model.gamma, model.mean_spend()]);
}
