//! Reports made by hand for tests: a large one with everything, and what can be odd about one.

use lapwing_features::Windows;
use lapwing_features::engine::InputReport;
use lapwing_models::lifecycle::{SignStates, SignTally};
use lapwing_models::{Estimate, Target};

use crate::backtest::schema::{
    Answer, CoefficientStability, CutoffFacts, CutoffSkill, Data, Direction, Drift, Effect, EffectBin, EffectLevel, EffectMissing,
    EffectPoint, Gains, GainsPoint, Grouping, Method, Permutation, Profit, ProfitCurve, ProfitPoint, Quality, ReasonCount, ReliabilityBin,
    Report, SCHEMA_VERSION, ScoreBin, Setup, Signs, Skill, SliceSkill, TargetBacktest, Verdict,
};

/// Words that would do harm if they were not escaped, with characters that HTML forbids.
pub(super) const RUDE: &str = "<script>alert('x')</script> & \"quoted\" <img src=http://example.com/x.png> \u{0}\u{7}]]> 名前";

/// Both targets with so many inputs at so many cutoffs.
pub(super) fn report(inputs: usize, cutoffs: usize) -> Report {
    let facts = |index: usize| CutoffFacts {
        as_of: as_of(index),
        outcome_from: as_of(index),
        outcome_to: as_of(index + 3),
        customers: 4_300 + index,
        current: 1_900,
        lapsed: 2_300,
        prospects: 100,
        learned_from: (0..index).map(as_of).collect(),
    };
    Report {
        schema_version: SCHEMA_VERSION,
        lapwing_version: "0.1.0".to_owned(),
        setup: Setup {
            windows: Windows::new(90, 90, 0).unwrap(),
            timezone: "Europe/London".to_owned(),
            seed: 42,
            step_days: Some(30),
            attributes: vec!["region".to_owned(), RUDE.to_owned()],
            confidence: 0.95,
        },
        data: Data {
            fingerprint: "0123456789abcdef".to_owned(),
            first_event: "2009-12-01T07:45:00Z".to_owned(),
            last_event: "2011-12-09T12:50:00Z".to_owned(),
            complete_until: "2011-12-09T12:50:00Z".to_owned(),
            input: InputReport::default(),
            quality: vec!["22,190 rows of 4,300 customers in 1 file".to_owned(), format!("3 rows of unknown kind: {RUDE}")],
        },
        cutoffs: (0..cutoffs).map(facts).collect(),
        targets: Target::ALL.map(|target| backtest(target, inputs, cutoffs)).to_vec(),
        signs: Some(Signs::of(as_of(0), 4_300, &signs())),
        warnings: vec!["the last event is 12 days before as-of: is a delivery missing?".to_owned()],
    }
}

/// One customer with no sign known, who left.
fn signs() -> SignTally {
    let mut tally = SignTally::default();
    tally.add(SignStates::default(), Some(true));
    tally
}

fn as_of(index: usize) -> String {
    format!("{}-{:02}-01T00:00:00Z", 2010 + index / 12, 1 + index % 12)
}

fn backtest(target: Target, inputs: usize, cutoffs: usize) -> TargetBacktest {
    let churn = target == Target::Churn;
    let cutoff = |index: usize| CutoffSkill {
        as_of: as_of(index),
        basis: if index == 0 { "hiatus rule" } else { "logistic" }.to_owned(),
        why: (index == 0).then(|| "8 reactivated customers, fewer than 50".to_owned()),
        training_rows: 1_900 * index,
        training_base_rate: (index > 0).then_some(0.4),
        skill: Some(skill(0.45 + 0.1 * (index as f64).sin())),
    };
    TargetBacktest {
        target,
        event: if churn { "do not buy" } else { "buy again" }.to_owned(),
        headline: format!(
            "{target}: beats `days since last purchase only`, the best naive rule, in whom it puts first: AUC 0.755 against 0.735"
        ),
        verdict: if churn { Verdict::BeatsNaive } else { Verdict::TiesWithNaive },
        skill: true,
        answers: vec![
            Answer {
                question: "Is it better than the simple rule?".to_owned(),
                answer: "Yes, beyond doubt, in whom it puts first.".to_owned(),
            },
            Answer { question: "Can I trust 30 %?".to_owned(), answer: "Of those told 28 to 33 %, 31 % (27 to 35 %) left.".to_owned() },
        ],
        best_naive: Some("days since last purchase only".to_owned()),
        pooled: Some(skill(0.45)),
        cutoffs: (0..cutoffs).map(cutoff).collect(),
        permutation: Some(Permutation { replicates: 200, auc: 0.755, auc_shuffled: 0.5, auc_shuffled_95: 0.512, p_value: 1.0 / 201.0 }),
        gains: vec![gains("model", 0.5), gains("days since last purchase only", 0.7)],
        profit: churn.then(profit),
        scores: (0..20).map(score_bin).collect(),
        stability: (0..inputs).map(|index| stability(index, cutoffs)).collect(),
        groupings: vec![grouping("stage", 5), grouping("tenure", 4), grouping(RUDE, 12)],
        weakest: vec![slice("stage", "slipping", 0.08), slice("region", RUDE, -0.05)],
        effects: (0..inputs).map(effect).collect(),
        reasons: (0..20).map(reason).collect(),
        drift: (0..inputs).map(drift).collect(),
    }
}

pub(super) fn around(value: f64, half: f64) -> Estimate {
    Estimate { value, low: value - half, high: value + half }
}

fn skill(base_rate: f64) -> Skill {
    let names = [
        ("model", Method::Model),
        ("base rate", Method::Naive),
        ("days since last purchase only", Method::Naive),
        ("purchase count only", Method::Naive),
        ("hiatus rule", Method::Naive),
        ("BG/NBD", Method::Btyd),
        ("Pareto/NBD", Method::Btyd),
        ("random forest", Method::Challenger),
    ];
    let quality = |(index, (name, method)): (usize, (&str, Method))| {
        let worse = 0.01 * index as f64;
        Quality {
            name: name.to_owned(),
            method,
            auc: (index != 1).then_some(around(0.755 - worse, 0.02)),
            log_loss: around(0.531 + worse, 0.012),
            brier: around(0.18 + worse, 0.004),
            ece: around(0.02 + worse, 0.006),
            top_decile_lift: (index != 1).then_some(around(1.9 - worse, 0.1)),
            model_auc_minus_this: (index > 1).then_some(around(worse, 0.008)),
            log_loss_minus_model: (index > 0).then_some(around(worse, 0.009)),
        }
    };
    let bin = |index: usize| {
        let predicted = 0.05 + 0.09 * index as f64;
        let observed = (predicted + 0.02 * (3.0 * index as f64).sin()).clamp(0.0, 1.0);
        let (low, high) = ((observed - 0.03).max(0.0), (observed + 0.03).min(1.0));
        ReliabilityBin { predicted, observed, low, high, rows: 1_900, customers: 1_100 }
    };
    Skill {
        rows: 19_000,
        customers: 4_300,
        positives: (19_000.0 * base_rate) as usize,
        base_rate,
        mean_probability: base_rate - 0.01,
        methods: names.into_iter().enumerate().map(quality).collect(),
        reliability: (0..10).map(bin).collect(),
    }
}

fn gains(name: &str, power: f64) -> Gains {
    let at = |step: u32| {
        let contacted = f64::from(step) / 20.0;
        let found = contacted.powf(power);
        GainsPoint { contacted, found, lift: (step > 0).then(|| found / contacted) }
    };
    Gains { name: name.to_owned(), points: (0..=20).map(at).collect() }
}

fn profit() -> Profit {
    let method = |(index, name): (usize, &str)| {
        let at = |step: u32| {
            let contacted = f64::from(step) / 20.0;
            ProfitPoint { contacted, profit: 40.0 * contacted * (0.9 - 0.1 * index as f64 - contacted) }
        };
        let points = if index < 2 { (0..=20).map(at).collect() } else { Vec::new() };
        ProfitCurve { name: name.to_owned(), expected_maximum: 8.1 - index as f64, contacted: 0.45, points }
    };
    let names = ["model", "days since last purchase only", "hiatus rule", "BG/NBD"];
    Profit {
        contact_cost: 1.0,
        incentive_cost: 10.0,
        customer_value: 200.0,
        acceptance_alpha: 6.0,
        acceptance_beta: 14.0,
        methods: names.into_iter().enumerate().map(method).collect(),
    }
}

fn score_bin(index: usize) -> ScoreBin {
    let from = index as f64 / 20.0;
    ScoreBin { from, to: (index as f64 + 1.0) / 20.0, positives: 10 * index * index, negatives: 9 * (19 - index) * (19 - index) }
}

fn code(index: usize) -> String {
    format!("interactions_with_a_long_name_{index}d_mean")
}

fn stability(index: usize, cutoffs: usize) -> CoefficientStability {
    let by_cutoff = (0..cutoffs).map(|at| 0.9 / (index as f64 + 1.0) + 0.1 * ((index * at) as f64).sin()).collect();
    let spread = (cutoffs > 1).then_some(0.07);
    CoefficientStability {
        code: code(index),
        label: code(index),
        by_cutoff,
        mean: 0.9 / (index as f64 + 1.0),
        spread,
        sign_flips: index % 3,
    }
}

fn grouping(by: &str, groups: usize) -> Grouping {
    let name = |index: usize| format!("group {index}");
    Grouping { by: by.to_owned(), slices: (0..groups).map(|index| slice(by, &name(index), 0.03 * (index as f64).sin())).collect() }
}

fn slice(by: &str, name: &str, apart: f64) -> SliceSkill {
    SliceSkill {
        by: by.to_owned(),
        name: name.to_owned(),
        rows: 480,
        customers: 200,
        positives: 210,
        base_rate: 0.44,
        mean_probability: 0.44 - apart,
        observed_minus_predicted: around(apart, 0.025),
        auc: (name != "group 1").then_some(around(0.71, 0.05)),
        log_loss: around(0.55, 0.04),
    }
}

fn effect(index: usize) -> Effect {
    let attribute = index % 10 == 9;
    let weight = 0.8 / (index as f64 + 1.0);
    let point = |step: u32| {
        let x = 12.345 * f64::from(step);
        EffectPoint { x, log_odds: 2.0 * weight * (x / 80.0 + index as f64).sin() }
    };
    let bin = |bin: u32| EffectBin { from: 24.69 * f64::from(bin), to: 24.69 * f64::from(bin + 1), share: 0.3 / f64::from(bin + 1) };
    let level = |(at, name): (usize, &str)| EffectLevel { name: name.to_owned(), log_odds: weight * (at as f64 - 1.0), share: 0.3 };
    Effect {
        code: code(index),
        label: if attribute { RUDE.to_owned() } else { format!("mean of interactions with a long name, {index} days") },
        unit: if attribute { String::new() } else { "days".to_owned() },
        meaning: if attribute {
            String::new()
        } else {
            "Mean number of interactions in a window of so many days, of all kinds.".to_owned()
        },
        importance: weight,
        direction: [Direction::Raises, Direction::Lowers, Direction::Neither][index % 3],
        curve: if attribute { Vec::new() } else { (0..41).map(point).collect() },
        density: if attribute { Vec::new() } else { (0..20).map(bin).collect() },
        levels: if attribute { ["north", "south", RUDE, "other"].into_iter().enumerate().map(level).collect() } else { Vec::new() },
        missing: (index % 4 == 1).then_some(EffectMissing { share: 0.12, log_odds: -0.3 }),
    }
}

fn reason(index: usize) -> ReasonCount {
    ReasonCount {
        code: code(index),
        label: code(index),
        first: 700 / (index + 1),
        among_three: 1_400 / (index + 1),
        raises: 0.6,
        example: "last purchase 62 days ago; usual is 31 days".to_owned(),
    }
}

fn drift(index: usize) -> Drift {
    let psi = 0.5 / (index as f64 + 1.0);
    Drift {
        code: code(index),
        label: code(index),
        psi,
        missing_then: 0.1,
        missing_now: 0.2,
        median_then: Some(31.0),
        median_now: (index != 1).then_some(1e12),
    }
}
