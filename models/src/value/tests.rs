//! Values of the fixture's customers.

use lapwing_features::FeatureVector;

use super::*;
use crate::bundle::fixture;

#[test]
fn every_buyer_has_a_value_and_a_prospect_has_none() {
    let snapshots = fixture::snapshots();
    let (model, report) = learn(&snapshots);
    let model = model.unwrap();
    assert!(model.is_sound() && report.lacks().is_empty());
    assert_eq!(report.purchases.customers, snapshots.iter().filter(|one| one.population != Population::Prospect).count());
    let repeat = |one: &&Snapshot| one.features[Id::btyd_repeat_days_count] > 0.0;
    assert_eq!(report.spend.customers, snapshots.iter().filter(repeat).count(), "who bought once tells nothing of later days");
    assert!(report.purchases.certificate.is_some_and(|proof| proof.gradient_norm < 1e-6));
    for snapshot in &snapshots {
        let value = model.of(snapshot);
        assert_eq!(value.is_some(), snapshot.population != Population::Prospect);
        let Some(Value { expected_purchases_365d, clv_365d }) = value else { continue };
        assert!(expected_purchases_365d > 0.0 && clv_365d.is_some_and(|clv| clv > 0.0 && clv.is_finite()), "{value:?}");
    }
}

#[test]
fn the_year_begins_now_and_its_days_bring_what_the_customer_spends() {
    let snapshots = fixture::snapshots();
    let (model, _) = learn(&snapshots);
    let model = model.unwrap();
    for snapshot in snapshots.iter().filter(|one| one.population != Population::Prospect) {
        let habits = Habits::of(&snapshot.features).unwrap();
        let Value { expected_purchases_365d, clv_365d } = model.of(snapshot).unwrap();
        assert_eq!(expected_purchases_365d, model.purchases.expected_purchases(&habits, 0.0, 365.0));
        let spend = model.spend.unwrap().expected_spend(&habits, snapshot.features[Id::btyd_value_mean]);
        assert_eq!(clv_365d, Some(expected_purchases_365d * spend));
    }
}

#[test]
fn without_amounts_there_is_no_spend_and_the_report_says_why() {
    let mut snapshots = fixture::snapshots();
    for one in &mut snapshots {
        one.features[Id::btyd_value_mean] = f64::NAN;
    }
    let (model, report) = learn(&snapshots);
    let value = model.unwrap().of(&snapshots[1]).unwrap();
    assert!(value.expected_purchases_365d > 0.0 && value.clv_365d.is_none());
    let lacks = report.lacks();
    assert!(lacks.len() == 1 && lacks[0].starts_with("`clv_365d` is not told, for none of"), "{lacks:?}");
}

#[test]
fn of_nobody_nothing_is_learned() {
    let (model, report) = learn(&[]);
    assert_eq!(model, None);
    assert!(report.lacks()[0].starts_with("`expected_purchases_365d` and `clv_365d` are not told, for there are no customers"));
}

#[test]
fn features_without_habits_have_no_value() {
    let (model, _) = learn(&fixture::snapshots());
    let snapshot = Snapshot { features: FeatureVector::missing(), ..fixture::snapshots()[1].clone() };
    assert_eq!(model.unwrap().of(&snapshot), None);
}

#[test]
fn whoever_gave_everything_back_is_worth_no_more_than_others() {
    let mut snapshots = fixture::snapshots();
    let place = snapshots.iter().position(|one| one.features[Id::btyd_repeat_days_count] > 1.0).unwrap();
    let mut worth = |share: f64, net: bool| {
        let one = &mut snapshots[place].features;
        (one[Id::btyd_value_mean], one[Id::returned_value_share]) = (100_000.0, share);
        let (model, report) = learn(&snapshots);
        let model = ValueModel { net, ..model.unwrap() };
        let Value { expected_purchases_365d, clv_365d } = model.of(&snapshots[place]).unwrap();
        (clv_365d.unwrap() / expected_purchases_365d, model.spend.unwrap().mean_spend(), report.spend.customers)
    };
    let (kept, _, all) = worth(f64::NAN, true);
    assert_eq!(worth(0.0, true).0, kept, "not known is nothing");
    let (half, ..) = worth(0.5, true);
    assert!(half < kept, "{half} {kept}");
    let (nothing, mean, learned) = worth(1.0, true);
    assert!(nothing > 0.0 && nothing < mean && learned == all - 1, "{nothing} {mean} {learned}");
    assert_eq!(worth(3.0, true).0, nothing, "more than everything is everything");
    assert!(worth(1.0, false).0 > 1_000.0, "a bundle of before scores as it did");
}

#[test]
fn a_value_of_before_reads_back_as_it_was() {
    let (model, _) = learn(&fixture::snapshots());
    let json = serde_json::to_value(model.unwrap()).unwrap();
    assert_eq!(json["net"], true);
    let mut before = json.clone();
    before.as_object_mut().unwrap().remove("net");
    let read: ValueModel = serde_json::from_value(before.clone()).unwrap();
    assert!(!read.net && serde_json::to_value(read).unwrap() == before);
}
