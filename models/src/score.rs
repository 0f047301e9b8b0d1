//! What Lapwing says of one customer.

use std::sync::Arc;

use lapwing_features::{Column, OptionalTexts, Population, Texts, Timestamp, Values};

use crate::lifecycle::{Phase, Rfm, RiskBand, Segment, Sign, SignStates, Spell, Stage, ValueTier};
use crate::prediction::{Contribution, Prediction};
use crate::value::Value;

/// How many reasons a row of the score table holds.
pub const TABLE_REASONS: usize = 3;

/// Column of the score table: see [`Score::customer_id`].
pub const CUSTOMER_ID: &str = "customer_id";
/// Column of the score table: see [`Score::as_of`].
pub const AS_OF: &str = "as_of";
/// Column of the score table: see [`Score::population`].
pub const POPULATION: &str = "population";
/// Column of the score table: the probability of [`Score::churn`].
pub const CHURN_PROBABILITY: &str = "churn_probability";
/// Column of the score table: the probability of [`Score::reactivation`].
pub const REACTIVATION_PROBABILITY: &str = "reactivation_probability";
/// Column of the score table: 100 x the probability of [`Score::intent`].
pub const INTENT: &str = "intent";
/// Column of the score table: see [`Score::horizon_days`].
pub const HORIZON_DAYS: &str = "horizon_days";
/// Column of the score table: see [`Score::gap_days`].
pub const GAP_DAYS: &str = "gap_days";

/// A column of the score table that tells [`Score::value`]: its name, and what stands in it.
pub type ValueColumn = (&'static str, fn(&Value) -> Option<f64>);

/// Columns of the score table that tell [`Score::value`].
pub const VALUES: [ValueColumn; 2] =
    [("expected_purchases_365d", |value| Some(value.expected_purchases_365d)), ("clv_365d", |value| value.clv_365d)];

/// What Lapwing says of one customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// As the data or the caller names the customer.
    pub customer_id: String,
    /// The cutoff: only what was known before it is in here.
    pub as_of: Timestamp,
    /// Which model speaks.
    pub population: Population,
    /// `None` when only features were given, for stages need the history.
    pub stage: Option<Stage>,
    /// The phase of the stage.
    pub phase: Option<Phase>,
    /// When the customer bought last before `as_of`; `None` for a prospect.
    pub last_purchase_at: Option<Timestamp>,
    /// Since when the customer is in its stage, and the one before; `None` when only features were given, and until whoever has the
    /// history [replays](crate::lifecycle::Replay) it.
    pub spell: Option<Spell>,
    /// `None` for a prospect, and when only features were given.
    pub segment: Option<Segment>,
    /// `None` for a prospect, and when only features were given.
    pub rfm: Option<Rfm>,
    /// `None` for a prospect, and when the data has no amounts.
    pub value_tier: Option<ValueTier>,
    /// See [`RiskBand`]; `None` for a prospect.
    pub risk_band: Option<RiskBand>,
    /// The warning signs; all unknown when only features were given.
    pub signs: SignStates,
    /// For a current customer.
    pub churn: Option<Prediction>,
    /// For a lapsed customer.
    pub reactivation: Option<Prediction>,
    /// 100 x (1 - churn probability), for a current customer.
    pub health: Option<f64>,
    /// Of a purchase within 7 days, for whoever was seen in the 180 days before; it holds no contributions. `None` for others, and
    /// when the bundle has no such model. Told as 100 x its probability.
    pub intent: Option<Prediction>,
    /// What a buyer is expected to buy and to spend in a year; `None` for a prospect, and when the bundle cannot tell.
    pub value: Option<Value>,
    /// `logistic`, `base rate` or `hiatus rule`: how the probability was found; `None` when there is none.
    pub basis: Option<&'static str>,
    /// Why, for people to read: the first [`TABLE_REASONS`] of [`Prediction::telling`], in words; none for a prospect.
    pub why: Texts,
    /// Length of the outcome window of which the probability speaks.
    pub horizon_days: u32,
    /// Days from `as_of` to that window.
    pub gap_days: u32,
    /// Version of the bundle that said so.
    pub model_version: Arc<str>,
}

impl Score {
    /// The prediction of the model that speaks; `None` for a prospect.
    #[must_use]
    pub fn prediction(&self) -> Option<&Prediction> {
        self.churn.as_ref().or(self.reactivation.as_ref())
    }

    /// The reasons of the model that speaks, the weightiest first, as many as were asked for; none for a prospect.
    #[must_use]
    pub fn reasons(&self) -> &[Contribution] {
        self.prediction().map_or(&[], |prediction| &prediction.contributions)
    }
}

/// A probability on the scale from 0 to 100.
///
/// ```
/// assert_eq!(lapwing_models::score::points(0.25), 25.0);
/// ```
#[must_use]
pub fn points(probability: f64) -> f64 {
    100.0 * probability
}

/// The score table, one row a score, in the order given: the one schema of every scores file.
///
/// Columns: `customer_id`, `as_of`, `population`, `stage`, `segment`, `churn_probability` with `_low` and `_high`,
/// `reactivation_probability` with `_low` and `_high`, `risk_band`, `value_tier`, `rfm_r`, `rfm_f`, `rfm_m`, `health`,
/// `intent` with `_low` and `_high`, `expected_purchases_365d`, `clv_365d`, `probability_basis`, `reason_1` to `reason_3`, `phase`, `stage_entered_at`, `previous_stage`, `last_purchase_at`, `signs_raised`, a column `sign_CODE` for each [`Sign`],
/// `horizon_days`, `gap_days`, `model_version`. What does not apply is null. The reasons are [`Score::why`]: why the probability is as
/// high, or as low, as it is beside that of an average customer. A sign is true where it is raised, false where it is clear, and null
/// where it is unknown; `signs_raised` counts those that are raised.
#[must_use]
pub fn columns(scores: &[Score]) -> Vec<Column> {
    let mut ids = Texts::default();
    let mut reasons: [OptionalTexts; TABLE_REASONS] = Default::default();
    for score in scores {
        ids.push(&score.customer_id);
        for (place, column) in reasons.iter_mut().enumerate() {
            column.push(score.why.get(place));
        }
    }
    let named = |name: &str, of: &dyn Fn(&Score) -> Option<&'static str>| Column::new(name, Values::Named(scores.iter().map(of).collect()));
    let number = |name: &str, of: &dyn Fn(&Score) -> Option<f64>| {
        Column::new(name, Values::Measured(scores.iter().map(|score| of(score).unwrap_or(f64::NAN)).collect()))
    };
    let rank = |name: &str, of: &dyn Fn(&Rfm) -> Option<u8>| {
        let of = |score: &Score| score.rfm.as_ref().and_then(of).map(i64::from);
        Column::new(name, Values::Integer(scores.iter().map(of).collect()))
    };
    let mut table = vec![
        Column::new(CUSTOMER_ID, Values::Ids(ids)),
        Column::new(AS_OF, Values::Instant(scores.iter().map(|score| Some(score.as_of.0)).collect())),
        named(POPULATION, &|score| Some(score.population.name())),
        named("stage", &|score| score.stage.map(Stage::name)),
        named("segment", &|score| score.segment.map(Segment::name)),
        number(CHURN_PROBABILITY, &|score| score.churn.as_ref().map(|churn| churn.probability)),
        number("churn_probability_low", &|score| score.churn.as_ref().map(|churn| churn.low)),
        number("churn_probability_high", &|score| score.churn.as_ref().map(|churn| churn.high)),
        number(REACTIVATION_PROBABILITY, &|score| score.reactivation.as_ref().map(|reactivation| reactivation.probability)),
        number("reactivation_probability_low", &|score| score.reactivation.as_ref().map(|reactivation| reactivation.low)),
        number("reactivation_probability_high", &|score| score.reactivation.as_ref().map(|reactivation| reactivation.high)),
        named("risk_band", &|score| score.risk_band.map(RiskBand::name)),
        named("value_tier", &|score| score.value_tier.map(ValueTier::name)),
        rank("rfm_r", &|rfm| Some(rfm.r)),
        rank("rfm_f", &|rfm| Some(rfm.f)),
        rank("rfm_m", &|rfm| rfm.m),
        number("health", &|score| score.health),
        number(INTENT, &|score| score.intent.as_ref().map(|intent| points(intent.probability))),
        number("intent_low", &|score| score.intent.as_ref().map(|intent| points(intent.low))),
        number("intent_high", &|score| score.intent.as_ref().map(|intent| points(intent.high))),
    ];
    table.extend(VALUES.iter().map(|(name, column)| number(name, &|score| column(score.value.as_ref()?))));
    table.push(named("probability_basis", &|score| score.basis));
    table.extend(reasons.into_iter().zip(1..).map(|(texts, place)| Column::new(format!("reason_{place}"), Values::Written(texts))));
    table.push(named("phase", &|score| score.phase.map(Phase::name)));
    let entered = scores.iter().map(|score| score.spell.map(|spell| spell.entered_at.0)).collect();
    table.push(Column::new("stage_entered_at", Values::Instant(entered)));
    table.push(named("previous_stage", &|score| score.spell?.previous.map(Stage::name)));
    let bought = scores.iter().map(|score| score.last_purchase_at.map(|at| at.0)).collect();
    table.push(Column::new("last_purchase_at", Values::Instant(bought)));
    // Scores are long: what is asked of them fifteen times over is taken once.
    let signs: Vec<SignStates> = scores.iter().map(|score| score.signs).collect();
    table.push(Column::new("signs_raised", Values::Integer(signs.iter().map(|signs| Some(signs.count().into())).collect())));
    table.extend(Sign::ALL.iter().map(|sign| {
        let raised = signs.iter().map(|signs| signs.raised(*sign)).collect();
        Column::new(format!("sign_{}", sign.name()), Values::Flag(raised))
    }));
    let days = |name: &str, of: &dyn Fn(&Score) -> u32| {
        Column::new(name, Values::Integer(scores.iter().map(|score| Some(of(score).into())).collect()))
    };
    table.push(days(HORIZON_DAYS, &|score| score.horizon_days));
    table.push(days(GAP_DAYS, &|score| score.gap_days));
    let versions = scores.iter().map(|score| Some(&*score.model_version)).collect();
    table.push(Column::new("model_version", Values::Written(versions)));
    table
}

#[cfg(all(test, feature = "fit"))]
mod tests {
    use lapwing_features::Snapshot;

    use super::*;
    use crate::bundle::fixture;
    use crate::target::Target;

    fn scores() -> Vec<Score> {
        let bundle = fixture::bundle();
        fixture::snapshots().iter().enumerate().map(|(number, snapshot)| bundle.score(&number.to_string(), snapshot, 3)).collect()
    }

    #[test]
    fn one_model_speaks_for_a_customer_and_none_for_a_prospect() {
        let scores = scores();
        for score in &scores {
            let spoken = (score.churn.is_some(), score.reactivation.is_some(), score.health.is_some(), score.basis);
            let expected = match score.population {
                Population::Current => (true, false, true, Some("logistic")),
                Population::Lapsed => (false, true, false, Some("hiatus rule")),
                Population::Prospect => (false, false, false, None),
            };
            assert_eq!(spoken, expected, "{score:?}");
            assert_eq!(score.risk_band.is_some(), score.population != Population::Prospect);
            assert_eq!(score.segment.is_some(), score.population != Population::Prospect);
        }
        let count = |population| scores.iter().filter(|score| score.population == population).count();
        assert!(count(Population::Current) > 20 && count(Population::Lapsed) > 10 && count(Population::Prospect) > 5);
    }

    #[test]
    fn health_is_what_churn_leaves() {
        let score = scores().into_iter().find(|score| score.churn.is_some()).unwrap();
        assert_eq!(score.health, Some(100.0 * (1.0 - score.churn.unwrap().probability)));
    }

    #[test]
    fn intent_is_told_of_whoever_was_seen_lately() {
        let (bundle, snapshots) = (fixture::bundle(), fixture::snapshots());
        for (score, snapshot) in scores().iter().zip(&snapshots) {
            assert_eq!(score.intent.is_some(), Target::Intent.concerns(snapshot), "{score:?}");
            assert!(score.intent.as_ref().is_none_or(|intent| intent.contributions.is_empty()));
        }
        let with = |population| scores().iter().any(|score| score.intent.is_some() && score.population == population);
        assert!(with(Population::Current) && with(Population::Lapsed) && with(Population::Prospect));
        let mut without = bundle;
        without.intent = None;
        assert!(snapshots.iter().all(|snapshot| without.score("a", snapshot, 0).intent.is_none()));
    }

    #[test]
    fn value_is_told_of_every_buyer() {
        let table = columns(&scores());
        for (name, _) in VALUES {
            let column = table.iter().find(|column| column.name == name).unwrap();
            let Values::Measured(values) = &column.values else { panic!("`{name}` is a number") };
            for (score, value) in scores().iter().zip(values) {
                assert_eq!(*value > 0.0, score.population != Population::Prospect, "`{name}`: {score:?}");
            }
        }
        let mut without = fixture::bundle();
        without.value = None;
        assert!(fixture::snapshots().iter().all(|snapshot| without.score("a", snapshot, 0).value.is_none()));
    }

    #[test]
    fn reasons_are_as_many_as_asked_for_and_change_nothing_else() {
        let (bundle, snapshots) = (fixture::bundle(), fixture::snapshots());
        for snapshot in &snapshots {
            let (none, all) = (bundle.score("a", snapshot, 0), bundle.score("a", snapshot, usize::MAX));
            assert!(none.reasons().is_empty());
            let bits = |score: &Score| score.prediction().map(|prediction| prediction.probability.to_bits());
            assert_eq!((bits(&none), &none.why), (bits(&all), &all.why));
            if let Some(prediction) = all.prediction() {
                let sum: f64 = prediction.contributions.iter().map(|reason| reason.contribution).sum();
                assert!((prediction.intercept + sum - prediction.log_odds).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_table_tells_what_speaks_for_the_probability() {
        let scores = scores();
        let table = columns(&scores);
        let (bundle, snapshots) = (fixture::bundle(), fixture::snapshots());
        for (row, snapshot) in snapshots.iter().enumerate() {
            let whole = bundle.score("a", snapshot, usize::MAX);
            let target = if whole.churn.is_some() { Target::Churn } else { Target::Reactivation };
            let told = whole.prediction().map_or(Vec::new(), |prediction| prediction.telling(target, TABLE_REASONS));
            let shift = whole.prediction().map_or(0.0, |prediction| prediction.log_odds - prediction.intercept);
            assert!(told.iter().all(|reason| reason.contribution * shift > 0.0));
            for (place, column) in table[23..26].iter().enumerate() {
                let Values::Written(texts) = &column.values else { panic!("reasons are text") };
                assert_eq!(texts.get(row), told.get(place).map(|reason| &*reason.text), "{}", column.name);
            }
        }
    }

    #[test]
    fn the_table_tells_raised_clear_and_unknown_signs_apart() {
        let scores = scores();
        let table = columns(&scores);
        let flags = |sign: Sign| {
            let column = table.iter().find(|column| column.name == format!("sign_{}", sign.name())).unwrap();
            let Values::Flag(flags) = &column.values else { panic!("signs are true, false or null") };
            flags.clone()
        };
        for sign in Sign::ALL {
            assert!(scores.iter().zip(flags(*sign)).all(|(score, flag)| score.signs.raised(*sign) == flag));
        }
        assert!([None, Some(false), Some(true)].iter().all(|state| flags(Sign::Overdue).contains(state)));
        let Values::Integer(raised) = &table.iter().find(|column| column.name == "signs_raised").unwrap().values else { panic!("a count") };
        assert!(scores.iter().zip(raised).all(|(score, raised)| *raised == Some(score.signs.count().into())));
    }

    #[test]
    fn features_alone_have_no_stage() {
        let snapshot = Snapshot { facts: None, ..fixture::snapshots()[1].clone() };
        let score = fixture::bundle().score("a", &snapshot, 0);
        assert_eq!((score.stage, score.segment, score.rfm), (None, None, None));
        assert!(score.churn.is_some() && score.risk_band.is_some() && score.value_tier.is_some());
    }

    #[test]
    fn the_table_begins_with_the_contract_and_has_one_row_a_score() {
        let scores = scores();
        let table = columns(&scores);
        let names: Vec<&str> = table.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(
            names.join(" "),
            "customer_id as_of population stage segment churn_probability churn_probability_low churn_probability_high \
             reactivation_probability reactivation_probability_low reactivation_probability_high risk_band value_tier rfm_r rfm_f rfm_m \
             health intent intent_low intent_high expected_purchases_365d clv_365d probability_basis reason_1 reason_2 reason_3 phase stage_entered_at \
             previous_stage last_purchase_at signs_raised sign_overdue sign_missed_cycles sign_purchase_rate_drop sign_order_value_drop sign_spend_drop \
             sign_activity_drop sign_visit_gap_longer sign_coupon_use_drop sign_silent sign_unresponsive sign_complaints_up \
             sign_low_satisfaction sign_returns_up sign_cart_abandonment sign_breadth_shrinking horizon_days gap_days model_version"
        );
        assert!(table.iter().all(|column| column.values.len() == scores.len()));
        let Values::Named(bands) = &table[11].values else { panic!("bands are text") };
        assert_eq!(bands[9], None, "a prospect has no band");
        let windows = fixture::bundle().windows;
        let place = |name: &str| table.iter().position(|column| column.name == name).unwrap();
        assert_eq!(table[place(HORIZON_DAYS)].values, Values::Integer(vec![Some(windows.horizon_days.into()); scores.len()]));
        assert_eq!(table[place(GAP_DAYS)].values, Values::Integer(vec![Some(windows.gap_days.into()); scores.len()]));
        assert!(columns(&[]).iter().all(|column| column.values.is_empty()));
    }
}
