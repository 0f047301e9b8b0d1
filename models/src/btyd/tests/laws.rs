//! Laws of the predictions, for every sound model and every customer.

use proptest::prelude::*;

use crate::btyd::{BgNbd, GammaGamma, Habits, ParetoNbd};

/// Numbers from `10^low` to `10^high`.
fn decades(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low..high).prop_map(|power| 10.0_f64.powf(power))
}

/// A parameter of a sound model, or one that data might give.
fn parameter() -> impl Strategy<Value = f64> {
    prop_oneof![decades(-15.0, 15.0), decades(-2.0, 3.0), Just(1.0)]
}

fn habits() -> impl Strategy<Value = Habits> {
    let count = prop_oneof![Just(0.0), Just(1.0), decades(0.0, 3.0), decades(0.0, 12.0)];
    let age = prop_oneof![Just(0.0), decades(0.0, 4.0), decades(-12.0, 12.0)];
    (count, prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0], age).prop_map(|(x, part, age)| Habits::new(x, part * age, age).unwrap())
}

fn days() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), decades(0.0, 4.0), decades(-12.0, 12.0)]
}

/// What holds of every model: `(alive, expected purchases, probability of none)` for a gap and a horizon.
fn check(gap: f64, horizon: f64, most: f64, predict: impl Fn(f64, f64) -> [f64; 3]) -> Result<(), TestCaseError> {
    let ([alive, expected, none], [_, longer, rarer]) = (predict(gap, horizon), predict(gap, 2.0 * horizon));
    for probability in [alive, none, rarer] {
        prop_assert!((0.0..=1.0).contains(&probability), "{probability}");
    }
    prop_assert!(longer.is_finite() && expected >= 0.0 && longer >= expected * (1.0 - 1e-9) - 1e-15, "{expected} {longer}");
    prop_assert!(rarer <= none + 1e-9, "{none} {rarer}");
    // Nobody who has dropped out buys; one purchase is at least as likely as the count of them is large.
    prop_assert!(1.0 - none <= alive + 1e-9 && 1.0 - none <= expected * (1.0 + 1e-9) + 1e-9, "{alive} {expected} {none}");
    prop_assert!(expected <= alive * most * horizon.min(1e9) * (1.0 + 1e-9) + 1e-15, "{expected}");
    let [_, nothing, sure] = predict(gap, 0.0);
    prop_assert_eq!((nothing, sure), (0.0, 1.0));
    // Two windows side by side hold what their union holds.
    let [_, second, _] = predict(gap + horizon, horizon);
    prop_assert!(2.0 * horizon + gap > 1e9 || (expected + second - longer).abs() <= 1e-9 * longer + 1e-15, "{expected} {second} {longer}");
    Ok(())
}

proptest! {
    #[test]
    fn bg_nbd_is_total(r in parameter(), alpha in parameter(), a in parameter(), b in parameter(), habits in habits(), gap in days(), horizon in days()) {
        let model = BgNbd { r, alpha, a, b };
        prop_assert!(model.is_sound());
        check(gap, horizon, (r + habits.repeat_days()) / (alpha + habits.age_days()), |gap, horizon| {
            [model.alive(&habits), model.expected_purchases(&habits, gap, horizon), model.none_probability(&habits, gap, horizon)]
        })?;
    }

    #[test]
    fn pareto_nbd_is_total(r in parameter(), alpha in parameter(), s in parameter(), beta in parameter(), habits in habits(), gap in days(), horizon in days()) {
        let model = ParetoNbd { r, alpha, s, beta };
        prop_assert!(model.is_sound());
        check(gap, horizon, (r + habits.repeat_days()) / (alpha + habits.age_days()), |gap, horizon| {
            [model.alive(&habits), model.expected_purchases(&habits, gap, horizon), model.none_probability(&habits, gap, horizon)]
        })?;
    }

    #[test]
    fn gamma_gamma_is_total(p in parameter(), spread in parameter(), gamma in parameter(), habits in habits(), mean in prop::num::f64::ANY, expected in decades(-12.0, 12.0)) {
        let model = GammaGamma { p, q: 1.0 + spread.max(1e-14), gamma };
        prop_assert!(model.is_sound());
        let (spend, clv) = (model.expected_spend(&habits, mean), model.clv_365d(expected, &habits, mean));
        prop_assert!(spend.is_finite() && spend >= 0.0 && clv.is_finite() && clv >= 0.0, "{spend} {clv}");
        let own = if mean.is_finite() { mean.max(0.0) } else { model.mean_spend() };
        prop_assert!(spend >= own.min(model.mean_spend()) * (1.0 - 1e-9) && spend <= own.max(model.mean_spend()) * (1.0 + 1e-9));
    }

    #[test]
    fn json_reads_back_to_the_same_bits(r in parameter(), alpha in parameter(), s in parameter(), beta in parameter()) {
        let model = ParetoNbd { r, alpha, s, beta };
        let read: ParetoNbd = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        prop_assert_eq!(model, read);
    }

    #[test]
    fn habits_are_refused_or_sound(x in prop::num::f64::ANY, span in prop::num::f64::ANY, age in prop::num::f64::ANY) {
        if let Some(habits) = Habits::new(x, span, age) {
            let (x, span, age) = (habits.repeat_days(), habits.span_days(), habits.age_days());
            prop_assert!(x >= 0.0 && x.fract() == 0.0 && span >= 0.0 && span <= age && age <= 1e9);
        }
    }
}

#[test]
fn models_that_cannot_be_computed_are_not_sound() {
    assert!(!BgNbd { r: f64::NAN, alpha: 1.0, a: 1.0, b: 1.0 }.is_sound());
    assert!(!BgNbd { r: 1.0, alpha: 1.0, a: 0.0, b: 1.0 }.is_sound());
    assert!(!ParetoNbd { r: 1.0, alpha: f64::INFINITY, s: 1.0, beta: 1.0 }.is_sound());
    assert!(!GammaGamma { p: 1.0, q: 1.0, gamma: 1.0 }.is_sound());
}
