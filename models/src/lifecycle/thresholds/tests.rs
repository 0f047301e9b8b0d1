//! What is learned of customers, and what is not when there is too little of them.

use lapwing_features::{Attributes, FeatureVector, Id, StageFacts, example};

use super::*;

const WINDOWS: Windows = Windows { active_days: 60, horizon_days: 90, gap_days: 0 };

/// A buyer with so many purchase days, all of them in the last year, and spend.
fn buyer(purchase_days: u32, spend: f64) -> Snapshot {
    let mut features = FeatureVector::missing();
    features[Id::spend_365d_sum] = spend;
    features[Id::spend_sum] = 2.0 * spend;
    features[Id::order_value_mean] = spend / f64::from(purchase_days);
    features[Id::purchases_count] = f64::from(purchase_days);
    let facts = StageFacts {
        purchase_days,
        purchase_days_365d: purchase_days,
        days_since_last_purchase_day: Some(purchase_days),
        ..StageFacts::default()
    };
    let cutoff = example::cutoff("2024-03-01");
    Snapshot { cutoff, population: Population::Current, features, facts: Some(facts), signs: None, attributes: Attributes::new() }
}

fn learn(snapshots: &[Snapshot], gaps: &[u32], json: &str) -> Thresholds {
    let settings: LifecycleSettings = serde_json::from_str(json).unwrap();
    Thresholds::learn(snapshots, gaps, &settings, WINDOWS)
}

#[test]
fn percentiles_of_gaps_make_dormant_and_churned() {
    let gaps: Vec<u32> = (1..=100).rev().collect();
    let learned = learn(&[], &gaps, "{}");
    assert_eq!((learned.dormant_after_days, learned.churned_after_days), (95, 190));
    let long_tail: Vec<u32> = (1..=95).chain([300; 5]).collect();
    assert_eq!(learn(&[], &long_tail, "{}").churned_after_days, 300);
    assert_eq!(learn(&[], &[10; 9], "{}").dormant_after_days, 60, "never less than `active_days`");
    assert_eq!(learn(&[], &[9_999; 9], "{}").dormant_after_days, Windows::MOST_DAYS);
}

#[test]
fn fixed_values_are_taken_as_they_are() {
    let learned = learn(&[], &[50; 9], r#"{"dormant_after_days": 10, "norm_gap_days": 7.5, "loyal_purchases": 2, "value_tiers": [1, 2]}"#);
    assert_eq!((learned.dormant_after_days, learned.churned_after_days), (10, 50));
    assert_eq!(learned.norm_gap_days, Some(7.5));
    assert_eq!(learned.loyal_purchases, 2);
    assert_eq!(learned.value_tiers, Some(TierCuts { middle: 1.0, top: 2.0 }));
}

#[test]
fn no_data_at_all_has_thresholds_too() {
    let learned = learn(&[], &[], "{}");
    assert_eq!(learned.norm_gap_days, None);
    assert_eq!((learned.dormant_after_days, learned.churned_after_days, learned.loyal_purchases), (60, 120, 4));
    assert_eq!(learned.segment_days, [40, 90, 180]);
    assert_eq!((learned.high_value_order, learned.value_tiers, learned.rfm.as_ref()), (None, None, None));
    assert_eq!(learned.rfm(&buyer(2, 10.0)), None);
    assert_eq!(learned.value_tier(&buyer(2, 10.0)), None);
    assert_eq!(learned.check(), Ok(()));
}

#[test]
fn a_hundred_who_came_back_part_the_segments() {
    let gaps: Vec<u32> = (1..=100).collect();
    let returned = vec![buyer(2, 10.0); 100];
    assert_eq!(learn(&returned, &gaps, "{}").segment_days, [50, 80, 95]);
    assert_eq!(learn(&returned[1..], &gaps, "{}").segment_days, [40, 90, 180]);
    assert_eq!(learn(&returned, &gaps, r#"{"segment_days": [1, 2, 3]}"#).segment_days, [1, 2, 3]);
}

#[test]
fn loyal_is_the_top_fifth_of_repeat_buyers_but_at_least_four() {
    let mut buyers: Vec<Snapshot> = (2..=11).map(|days| buyer(days, 10.0)).collect();
    buyers.extend(vec![buyer(1, 10.0); 50]); // not repeat buyers
    assert_eq!(learn(&buyers, &[], "{}").loyal_purchases, 9);
    assert_eq!(learn(&[buyer(2, 10.0)], &[], "{}").loyal_purchases, 4);
}

#[test]
fn high_value_is_a_dear_order_or_the_top_tier() {
    let buyers: Vec<Snapshot> = (1..=10).map(|spend| buyer(1, f64::from(spend))).collect();
    let learned = learn(&buyers, &[], "{}");
    assert_eq!(learned.high_value_order, Some(5.5));
    assert_eq!(learned.value_tiers, Some(TierCuts { middle: 5.0, top: 8.0 }));
    assert!(learned.is_high_value(&buyer(1, 6.0)));
    assert!(!learned.is_high_value(&buyer(1, 5.0)));
    assert!(learned.is_high_value(&buyer(9, 9.0)), "small orders, but top tier");
}

#[cfg(feature = "fit")]
#[test]
fn clusters_part_the_tiers_where_the_user_wants_them_to() {
    let buyers: Vec<Snapshot> = [9.0, 10.0, 11.0, 90.0, 100.0, 900.0].map(|spend| buyer(1, spend)).into();
    let learned = learn(&buyers, &[], r#"{"tiering": "kmeans"}"#);
    assert_eq!(learned.value_tiers, Some(TierCuts { middle: 11.0, top: 100.0 }));
    assert_eq!(learn(&buyers[..2], &[], r#"{"tiering": "kmeans"}"#).value_tiers, Some(TierCuts { middle: 9.0, top: 10.0 }));
    let fixed = learn(&buyers, &[], r#"{"tiering": "kmeans", "value_tiers": [1, 2]}"#);
    assert_eq!(fixed.value_tiers, Some(TierCuts { middle: 1.0, top: 2.0 }));
}

#[test]
fn without_facts_there_is_a_tier_but_no_stage() {
    let buyers: Vec<Snapshot> = (1..=10).map(|spend| buyer(1, f64::from(spend))).collect();
    let learned = learn(&buyers, &[], "{}");
    let bare = Snapshot { facts: None, ..buyer(1, 9.0) };
    assert_eq!((learned.stage(&bare), learned.segment(&bare), learned.rfm(&bare)), (None, None, None));
    assert_eq!(learned.value_tier(&bare), Some(ValueTier::Top));
}

#[test]
fn bands_of_the_lapsed_are_learned_even_when_those_of_the_current_are_fixed() {
    let settings: LifecycleSettings = serde_json::from_str(r#"{"risk_band": [0.5, 0.8]}"#).unwrap();
    let mut thresholds = Thresholds::default();
    assert_eq!(thresholds.risk_band(Some(0.9), None), None, "not learned yet");
    thresholds.learn_risk(std::iter::empty(), (1..=100).map(|i| f64::from(i) / 200.0), &settings);
    assert_eq!(thresholds.risk_band(Some(0.8), None), Some(RiskBand::Red));
    assert_eq!(thresholds.risk_band(None, Some(0.05)), Some(RiskBand::Red));
    assert_eq!(thresholds.risk_band(None, Some(0.055)), Some(RiskBand::Yellow));
    assert_eq!(thresholds.risk_band(None, Some(0.5)), Some(RiskBand::Green));
    assert_eq!(thresholds.risk_band(None, None), None);
}

#[test]
fn thresholds_that_cannot_be_are_found() {
    let sound = learn(&[buyer(2, 10.0)], &[], "{}");
    assert_eq!(sound.check(), Ok(()));
    for (broken, what) in [
        (Thresholds { norm_gap_days: Some(0.0), ..sound.clone() }, "`norm_gap_days`"),
        (Thresholds { overdue_ratio: f64::NAN, ..sound.clone() }, "`overdue_ratio`"),
        (Thresholds { missed_cycles: f64::INFINITY, ..sound.clone() }, "`missed_cycles`"),
        (Thresholds { activity_drop: 2.0, ..sound.clone() }, "`activity_drop`"),
        (Thresholds { segment_days: [3, 2, 1], ..sound.clone() }, "`segment_days`"),
        (Thresholds { high_value_order: Some(f64::NAN), ..sound.clone() }, "`high_value_order`"),
        (Thresholds { value_tiers: Some(TierCuts { middle: 2.0, top: 1.0 }), ..sound.clone() }, "`value_tiers`"),
        (Thresholds { signs: SignSettings { spend_drop: f64::NAN, ..SignSettings::default() }, ..sound.clone() }, "`signs`"),
        (Thresholds { rfm: Some(RfmCuts { r: [1.0, 2.0, 3.0, 4.0], f: [1.0; 4], m: None }), ..sound.clone() }, "`rfm`"),
        (Thresholds { risk: RiskCuts { churn: Some(BandCuts { yellow: 0.9, red: 0.1 }), reactivation: None }, ..sound.clone() }, "`risk`"),
    ] {
        assert_eq!(broken.check(), Err(what));
    }
}
