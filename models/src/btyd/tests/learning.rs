//! Fits end, whatever the data, and do not hang on units, order or weights.

use super::datasets::{Draws, bg_nbd_purchases, in_whole_days, pareto_nbd_purchases, poisson_purchases, population};
use crate::btyd::fit::{self, FitError};
use crate::btyd::{BgNbd, GammaGamma, Habits, ParetoNbd};

fn habits(x: f64, span: f64, age: f64) -> (Habits, f64) {
    (Habits::new(x, span, age).unwrap(), 1.0)
}

fn usual(count: u32) -> Vec<(Habits, f64)> {
    let (model, mut draws) = (ParetoNbd { r: 0.6, alpha: 25.0, s: 0.7, beta: 60.0 }, Draws::new(11));
    in_whole_days(&population(count, 400.0, |end| pareto_nbd_purchases(&model, end, &mut draws)))
}

fn assert_near(found: f64, expected: f64, by: f64) {
    assert!((found - expected).abs() <= by * expected.abs().max(1.0), "{found} is not {expected}");
}

#[test]
fn days_weeks_and_years_give_the_same_model() {
    let customers = usual(150);
    let repeats: f64 = customers.iter().map(|(habits, _)| habits.repeat_days()).sum();
    let (bg, pareto) = (fit::bg_nbd(&customers).unwrap(), fit::pareto_nbd(&customers).unwrap());
    for unit in [7.0, 365.25, 1.0 / 86_400.0] {
        let scaled: Vec<_> = customers
            .iter()
            .map(|(known, weight)| (Habits::new(known.repeat_days(), known.span_days() / unit, known.age_days() / unit).unwrap(), *weight))
            .collect();
        let (other_bg, other_pareto) = (fit::bg_nbd(&scaled).unwrap(), fit::pareto_nbd(&scaled).unwrap());
        assert_near(other_bg.log_likelihood, bg.log_likelihood + repeats * f64::ln(unit), 1e-9);
        assert_near(other_pareto.log_likelihood, pareto.log_likelihood + repeats * f64::ln(unit), 1e-9);
        for (found, expected) in [
            (other_bg.model.r, bg.model.r),
            (other_bg.model.alpha * unit, bg.model.alpha),
            (other_bg.model.a, bg.model.a),
            (other_bg.model.b, bg.model.b),
            (other_pareto.model.r, pareto.model.r),
            (other_pareto.model.alpha * unit, pareto.model.alpha),
            (other_pareto.model.s, pareto.model.s),
            (other_pareto.model.beta * unit, pareto.model.beta),
        ] {
            assert_near(found / expected, 1.0, 1e-6);
        }
    }
}

#[test]
fn order_changes_no_bit_and_a_weight_counts_customers() {
    let customers = usual(200);
    let turned: Vec<_> = customers.iter().rev().copied().collect();
    let (bg, pareto) = (fit::bg_nbd(&customers).unwrap(), fit::pareto_nbd(&customers).unwrap());
    assert_eq!(fit::bg_nbd(&turned), Ok(bg));
    assert_eq!(fit::pareto_nbd(&turned), Ok(pareto));
    let thrice: Vec<_> = customers.iter().flat_map(|customer| [*customer; 3]).collect();
    let weighted: Vec<_> = customers.iter().map(|(habits, _)| (*habits, 3.0)).collect();
    let (thrice, weighted) = (fit::bg_nbd(&thrice).unwrap(), fit::bg_nbd(&weighted).unwrap());
    assert_near(weighted.model.alpha, thrice.model.alpha, 1e-9);
    assert_eq!(weighted.customers, 600.0);
}

/// Shops of many kinds: rates from daily to yearly, dropout from never to at once, few and many customers, short and long.
#[test]
fn fifty_odd_shops_all_converge() {
    let mut draws = Draws::new(5);
    let mut learned = 0;
    for shop in 0..50 {
        let mut any = |low: f64, high: f64| (low.ln() + (high / low).ln() * draws.uniform()).exp();
        let (r, alpha, days, count) = (any(0.05, 50.0), any(1.0, 500.0), any(20.0, 1500.0), any(10.0, 150.0) as u32);
        let (bg, pareto) = (
            BgNbd { r, alpha, a: any(0.01, 20.0), b: any(0.05, 50.0) },
            ParetoNbd { r, alpha, s: any(0.05, 20.0), beta: any(0.5, 5000.0) },
        );
        let purchases =
            |end: f64| if shop % 2 == 0 { bg_nbd_purchases(&bg, end, &mut draws) } else { pareto_nbd_purchases(&pareto, end, &mut draws) };
        let customers = in_whole_days(&population(count, days, purchases));
        match (fit::bg_nbd(&customers), fit::pareto_nbd(&customers)) {
            (Ok(bg), Ok(pareto)) => {
                assert!(
                    bg.model.is_sound() && pareto.model.is_sound() && bg.log_likelihood.is_finite() && pareto.log_likelihood.is_finite()
                );
                learned += 1;
            }
            (bg, pareto) => {
                assert!(customers.iter().all(|(habits, _)| habits.repeat_days() == 0.0), "shop {shop}: {bg:?} {pareto:?} {customers:?}");
                assert!(matches!(bg, Err(FitError::NoRepeats(_))) && matches!(pareto, Err(FitError::NoRepeats(_))));
            }
        }
    }
    assert!(learned >= 45, "{learned} of 50 shops");
}

#[test]
fn data_that_leave_parameters_open_still_give_a_model() {
    let mut draws = Draws::new(6);
    let daily: Vec<_> = (1..60).map(|age| habits(f64::from(age), f64::from(age), f64::from(age))).collect();
    // Nobody drops out and all buy at one rate: r, alpha and b or beta would run to infinity together.
    let alike = population(200, 300.0, |end| poisson_purchases(0.05, end, &mut draws));
    // Everybody drops out right after the second purchase.
    let twice: Vec<_> = (1..50).map(|span| habits(1.0, f64::from(span) / 10.0, 500.0)).collect();
    let one = vec![habits(3.0, 10.0, 12.0)];
    let first_day = vec![habits(2.0, 0.0, 0.0), habits(1.0, 0.0, 5.0)];
    let huge = vec![habits(1e9, 1e9, 1e9), habits(0.0, 0.0, 1e9), habits(1.0, 1e-6, 1.0)];
    for customers in [daily, alike, twice, one, first_day, huge] {
        let (bg, pareto) = (fit::bg_nbd(&customers).unwrap(), fit::pareto_nbd(&customers).unwrap());
        for (known, _) in &customers {
            assert!((0.0..=1.0).contains(&bg.model.none_probability(known, 0.0, 30.0)), "{bg:?} {known:?}");
            assert!((0.0..=1.0).contains(&pareto.model.none_probability(known, 0.0, 30.0)), "{pareto:?} {known:?}");
        }
    }
}

#[test]
fn where_there_is_nothing_to_learn_the_error_says_so() {
    let (never, today) = (vec![habits(0.0, 0.0, 30.0); 7], vec![habits(0.0, 0.0, 0.0); 2]);
    for (customers, error) in [(vec![], FitError::NoCustomers), (never, FitError::NoRepeats(7.0)), (today, FitError::NoTime(2.0))] {
        assert_eq!(fit::bg_nbd(&customers).unwrap_err(), error);
        assert_eq!(fit::pareto_nbd(&customers).unwrap_err(), error);
        assert!(error.to_string().contains("\nhint: "));
    }
    let bad = [(habits(1.0, 2.0, 3.0).0, f64::INFINITY)];
    assert_eq!(fit::bg_nbd(&bad).unwrap_err(), FitError::Weight(f64::INFINITY));
    let (some, none) = (habits(2.0, 3.0, 4.0).0, habits(0.0, 0.0, 4.0).0);
    assert_eq!(fit::gamma_gamma(&[(none, 20.0, 1.0), (some, f64::NAN, 2.0), (some, 0.0, 1.0)]), Err(FitError::NoSpend(4.0)));
}

#[test]
fn the_likelihood_of_amounts_is_that_of_their_own_money() {
    let mut draws = Draws::new(8);
    let customers: Vec<(Habits, f64, f64)> = (0..300)
        .map(|_| {
            let (x, usual) = (1.0 + draws.whole(4), 6.0 * 15.0 / draws.gamma(3.7, 1.0));
            (habits(x, x, 9.0).0, draws.gamma(6.0 * x, 6.0 * x / usual), 1.0)
        })
        .collect();
    let fitted = fit::gamma_gamma(&customers).unwrap();
    let GammaGamma { p, q, gamma } = fitted.model;
    // Equation 1a of Fader and Hardie (2013).
    let of = |(habits, mean, _): &(Habits, f64, f64)| {
        let x = habits.repeat_days();
        libm::lgamma(p * x + q) - libm::lgamma(p * x) - libm::lgamma(q) + q * gamma.ln() + (p * x - 1.0) * mean.ln() + p * x * x.ln()
            - (p * x + q) * (gamma + mean * x).ln()
    };
    assert_near(fitted.log_likelihood, customers.iter().map(of).sum(), 1e-9);
}

#[test]
fn gamma_gamma_converges_on_odd_amounts() {
    let mut draws = Draws::new(7);
    let mut amounts = |f: &mut dyn FnMut(&mut Draws) -> f64| -> Vec<(Habits, f64, f64)> {
        (0..200)
            .map(|_| {
                let x = 1.0 + draws.whole(4);
                (Habits::new(x, x, 9.0).unwrap(), f(&mut draws), 1.0)
            })
            .collect()
    };
    let shapes: [Vec<_>; 5] = [
        amounts(&mut |_| 9.99),
        amounts(&mut |draws| 1.0 + draws.whole(2)),
        amounts(&mut |draws| draws.uniform().powf(-2.0)),
        amounts(&mut |draws| 1e-6 * draws.gamma(0.1, 1.0).max(1e-300)),
        vec![(habits(1.0, 1.0, 9.0).0, 1e12, 1.0)],
    ];
    for customers in shapes {
        let fitted = fit::gamma_gamma(&customers).unwrap_or_else(|error| panic!("{error} {:?}", &customers[..5.min(customers.len())]));
        assert!(fitted.model.is_sound() && fitted.model.mean_spend().is_finite(), "{fitted:?}");
    }
}
