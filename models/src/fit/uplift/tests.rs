//! Made-up experiments whose truth is known.

use super::*;

fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

/// An experiment of one arm in which the outcome has the probability 0.2, and more or less of `lift(x)` with the arm.
fn made_up(rows: usize, seed: u64, lift: impl Fn(f64) -> f64) -> Experiment {
    let mut state = seed;
    let mut experiment = Experiment { arms: vec!["mail".to_owned()], ..Experiment::default() };
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let (x, treated) = (2.0 * random(&mut state) - 1.0, random(&mut state) < 0.5);
        let probability = 0.2 + if treated { lift(x) } else { 0.0 };
        experiment.customers.push(row.to_string());
        experiment.assigned.push(usize::from(treated));
        experiment.outcome.push(random(&mut state) < probability);
        numbers.push((row % 50 > 0).then_some(x));
        texts.push((row % 7 > 0).then(|| if x > 0.5 { "high" } else { "other" }.to_owned()));
    }
    experiment.covariates = vec![Covariate::Numbers(numbers), Covariate::Texts(texts)];
    experiment
}

const SETTINGS: UpliftSettings = UpliftSettings { margin: 10.0, contact_cost: 1.0, seed: 42 };

#[test]
fn who_is_moved_is_found_and_who_is_not_is_left_alone() {
    let experiment = made_up(8_000, 7, |x| 0.2 * x);
    let found = uplift(&experiment, &SETTINGS).unwrap();
    let arm = &found.arms[0];
    assert!(arm.beats_random && arm.qini.qini.low > 0.0 && arm.qini.auuc_above_random.low > 0.0, "{:?}", arm.qini);
    assert!(arm.results.purchase_rate.is_some_and(|found| found.low < 0.0 && found.high > 0.0), "on the whole it does nothing");
    let Covariate::Numbers(x) = &experiment.covariates[0] else { panic!("numbers") };
    let share = |from: f64, to: f64| {
        let of: Vec<_> = found.advised.iter().zip(x).filter(|(_, x)| x.is_some_and(|x| x >= from && x < to)).collect();
        of.iter().filter(|(advised, _)| advised.arm.is_some()).count() as f64 / of.len() as f64
    };
    // A contact pays from an uplift of 0.1 on, which is x = 0.5.
    assert!(share(0.75, 1.0) > 0.9 && share(-1.0, 0.25) < 0.1, "{} {}", share(0.75, 1.0), share(-1.0, 0.25));
    let policy = &found.policy;
    assert_eq!(policy.choice, Choice::ByCustomer);
    assert!(policy.by_customer.profit.low > 0.0 && policy.by_customer.contacted < 0.5, "{policy:?}");
    assert!(policy.everybody[0].profit.high < 0.0 && policy.everybody[0].by_customer_minus_this.low > 0.0, "{policy:?}");
    assert!(found.advised.iter().all(|advised| advised.fold < 5 && (advised.expected_profit > 0.0) == advised.arm.is_some()));
    // The truth: 10 x mean of (0.2 x - 0.1) over x above 0.5 is 0.125 for each customer.
    assert!(policy.by_customer.profit.low < 0.125 && policy.by_customer.profit.high > 0.125, "{policy:?}");
}

#[test]
fn the_same_effect_for_all_is_no_order_and_is_told_to_all() {
    for (lift, contacted) in [(0.0, 0.0), (0.15, 1.0)] {
        let found = uplift(&made_up(4_000, 11, |_| lift), &SETTINGS).unwrap();
        let arm = &found.arms[0];
        assert!(!arm.beats_random && arm.qini.qini.low <= 0.0, "{:?}", arm.qini);
        let all = found.advised.iter().filter(|advised| advised.arm.is_some()).count() as f64 / found.advised.len() as f64;
        assert_eq!(all, contacted, "lift {lift}: everybody, or nobody");
        assert_eq!(found.policy.choice, if contacted > 0.0 { Choice::Everybody(0) } else { Choice::Nobody });
    }
}

/// A model without truth beats random about once in forty: its interval has two sides.
#[test]
fn noise_seldom_passes_for_skill() {
    let lucky = (0..20).filter(|seed| uplift(&made_up(1_000, *seed + 100, |_| 0.05), &SETTINGS).unwrap().arms[0].beats_random).count();
    assert!(lucky <= 3, "{lucky} of 20");
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let experiment = made_up(1_200, 3, |x| 0.2 * x);
    let turned = |rows: &mut dyn FnMut(usize) -> usize| {
        let place: Vec<usize> = (0..1_200).map(rows).collect();
        let covariates = experiment.covariates.iter().map(|covariate| match covariate {
            Covariate::Numbers(values) => Covariate::Numbers(place.iter().map(|row| values[*row]).collect()),
            Covariate::Texts(values) => Covariate::Texts(place.iter().map(|row| values[*row].clone()).collect()),
        });
        Experiment {
            customers: place.iter().map(|row| experiment.customers[*row].clone()).collect(),
            covariates: covariates.collect(),
            assigned: place.iter().map(|row| experiment.assigned[*row]).collect(),
            arms: experiment.arms.clone(),
            outcome: place.iter().map(|row| experiment.outcome[*row]).collect(),
        }
    };
    let one = uplift(&experiment, &SETTINGS).unwrap();
    let other = uplift(&turned(&mut |row| 1_199 - row), &SETTINGS).unwrap();
    assert_eq!(one.arms, other.arms);
    assert_eq!(one.advised[5], other.advised[1_194]);
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let whole = made_up(1_000, 5, |_| 0.1);
    let spoilt = |spoil: &dyn Fn(&mut Experiment)| {
        let mut experiment = whole.clone();
        spoil(&mut experiment);
        let error = uplift(&experiment, &SETTINGS).unwrap_err();
        assert!(error.to_string().contains("\nhint: "), "{error}");
        error
    };
    assert!(matches!(spoilt(&|e| e.outcome.truncate(999)), UpliftError::Shape { what: "outcomes", found: 999, expected: 1_000 }));
    assert!(matches!(spoilt(&|e| e.assigned[0] = 2), UpliftError::Shape { .. }));
    assert!(matches!(spoilt(&|e| e.covariates.push(Covariate::Numbers(Vec::new()))), UpliftError::Shape { .. }));
    assert_eq!(spoilt(&|e| e.arms.clear()), UpliftError::NoArm);
    assert!(matches!(spoilt(&|e| e.assigned.fill(1)), UpliftError::TooFew { arm, rows: 0, .. } if arm == "the control"));
    assert!(matches!(spoilt(&|e| e.outcome.fill(false)), UpliftError::TooFew { outcomes: 0, .. }));
    let infinite = Covariate::Numbers((0..1_000).map(|row| Some(f64::from(row) * 1e306)).collect());
    assert!(uplift(&Experiment { covariates: vec![infinite], ..whole.clone() }, &SETTINGS).is_ok(), "what is beyond telling tells nothing");
    let nan = Covariate::Numbers(vec![Some(f64::NAN); 1_000]);
    assert!(uplift(&Experiment { covariates: vec![nan], ..whole.clone() }, &SETTINGS).is_ok());
    // The solver's own refusals pass through.
    assert!(UpliftError::from(SolveError::Singular).to_string().contains("\nhint: "));
}
