//! Laws of the kernel: what is not known at the cutoff, the order of arrival and earlier customers change nothing, and every
//! history has finite or missing features.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::Kernel;
use crate::schema::{FEATURES, Unit};
use crate::time::DAY;
use crate::{
    Attributes, Calendar, Cutoff, DataShape, Duplicates, FactSettings, FeatureVector, History, HistoryBuilder, Id, Kind, Population,
    RawEvent, StageFacts, Timestamp, Token, example,
};

const HOUR: i64 = DAY / 24;

/// Events within 800 days around the cutoff of [`at`], many at the same instant, of the same order or equal.
pub(super) fn events() -> impl Strategy<Value = Vec<RawEvent>> {
    prop::collection::vec(event(), 0..60)
}

fn event() -> impl Strategy<Value = RawEvent> {
    let amount =
        prop_oneof![Just(None), Just(Some(0.0)), Just(Some(1e12)), (-500..2_000_i32).prop_map(|cents| Some(f64::from(cents) / 100.0))];
    let names = (0..6_u8, 0..3_u8, 0..4_u8, 0..4_u8);
    // Half of all events are purchases, so that there are gaps and orders to speak of.
    let kind = prop_oneof![Just(Kind::Purchase), prop::sample::select(Kind::ALL)];
    (-140..20_i64, 0..2_i64, 0..8_i64, kind, amount, prop::option::of(0..4_u8), names).prop_map(
        |(step, half, late, kind, amount, units, (order, line, channel, category))| {
            let ts = Timestamp(at().at.0 + step * 5 * DAY + half * 12 * HOUR);
            RawEvent {
                known_at: (late > 5).then(|| ts.plus_days(20 * (late - 5))),
                quantity: units.map(f64::from),
                order: token("order", order),
                line: token("line", line),
                channel: token("channel", channel),
                category: token("category", category),
                ..RawEvent::new(ts, kind, amount)
            }
        },
    )
}

/// 0 names nothing.
fn token(what: &str, number: u8) -> Token {
    if number == 0 { Token::NONE } else { Token::of(&format!("{what} {number}")) }
}

pub(super) fn at() -> Cutoff {
    example::cutoff("2024-03-01")
}

pub(super) fn history(events: &[RawEvent]) -> History {
    let mut builder = HistoryBuilder::new();
    for event in events {
        builder.push(*event);
    }
    builder.build(&Calendar::utc(), Duplicates::Drop)
}

pub(super) fn shape(events: &[RawEvent]) -> DataShape {
    let mut shape = DataShape::default();
    for event in events {
        shape.note(event);
    }
    shape
}

fn features(kernel: &mut Kernel, events: &[RawEvent]) -> FeatureVector {
    kernel.features(&history(events).observe(at()))
}

pub(super) fn is_known(event: &RawEvent) -> bool {
    event.ts < at().at && event.known_at.unwrap_or(event.ts) <= at().at
}

proptest! {
    #[test]
    fn what_is_not_known_at_the_cutoff_changes_nothing(events in events()) {
        let known: Vec<_> = events.iter().copied().filter(is_known).collect();
        let mut kernel = Kernel::new(shape(&known));
        prop_assert_eq!(features(&mut kernel, &known), features(&mut kernel, &events));
    }

    #[test]
    fn a_shape_from_later_data_changes_nothing(events in events()) {
        let past: Vec<_> = events.iter().copied().filter(|event| event.ts < at().at).collect();
        let one = features(&mut Kernel::new(shape(&past)), &events);
        prop_assert_eq!(one, features(&mut Kernel::new(shape(&events)), &events));
    }

    #[test]
    fn order_and_chunks_of_arrival_change_nothing((events, shuffled, cut) in events().prop_flat_map(|events| {
        (Just(events.clone()), Just(events.clone()).prop_shuffle(), 0..=events.len())
    })) {
        let mut merged = shape(&shuffled[cut..]);
        merged.merge(&shape(&shuffled[..cut]));
        let one = features(&mut Kernel::new(shape(&events)), &events);
        prop_assert_eq!(one, features(&mut Kernel::new(merged), &shuffled));
    }

    #[test]
    fn an_earlier_customer_changes_nothing(first in events(), second in events()) {
        let mut used = example::kernel();
        let _ = features(&mut used, &first);
        prop_assert_eq!(features(&mut used, &second), features(&mut example::kernel(), &second));
    }

    #[test]
    fn every_processor_has_the_same_features(events in events()) {
        let mut plain = Kernel { arch: pulp::Arch::Scalar, ..example::kernel() };
        prop_assert_eq!(features(&mut plain, &events), features(&mut example::kernel(), &events));
    }

    #[test]
    fn every_history_has_features(
        rows in prop::collection::vec((any::<i64>(), any::<Option<i64>>(), prop::sample::select(Kind::ALL), any::<Option<f64>>(), any::<Option<f64>>()), 0..40),
        cutoff in any::<i64>(),
    ) {
        let event = |(ts, known_at, kind, amount, quantity): (i64, Option<i64>, Kind, Option<f64>, Option<f64>)| {
            RawEvent { known_at: known_at.map(Timestamp), quantity, ..RawEvent::new(Timestamp(ts), kind, amount) }
        };
        let events: Vec<_> = rows.into_iter().map(event).collect();
        let observed = history(&events);
        for mut kernel in [Kernel::new(shape(&events)), Kernel::new(DataShape::default()), example::kernel()] {
            let found = kernel.features(&observed.observe(Calendar::utc().cutoff(Timestamp(cutoff))));
            prop_assert!(found.as_slice().iter().all(|value| !value.is_infinite()));
        }
    }

    #[test]
    fn values_keep_to_their_unit(events in events()) {
        let found = features(&mut Kernel::new(shape(&events)), &events);
        for (feature, value) in FEATURES.iter().zip(found.as_slice()) {
            let holds = value.is_nan() || match feature.unit {
                Unit::Days | Unit::Count | Unit::Nats => *value >= 0.0,
                Unit::Share => (0.0..=1.0).contains(value),
                Unit::Flag => *value == 0.0 || *value == 1.0,
                Unit::Hours => (0.0..24.0).contains(value),
                Unit::Ratio if feature.name.ends_with("_change") => (-1.0..=1.0).contains(value),
                Unit::Money | Unit::Ratio | Unit::Points => true,
            };
            prop_assert!(holds, "{} is {value}", feature.name);
        }
    }

    #[test]
    fn doubled_amounts_double_money_and_nothing_else(events in events()) {
        let events: Vec<_> = events.into_iter().filter(|event| event.kind != Kind::Survey).collect();
        let doubled: Vec<_> = events.iter().map(|event| RawEvent { amount: event.amount.map(|amount| 2.0 * amount), ..*event }).collect();
        let (mut one, two) = (features(&mut example::kernel(), &events), features(&mut example::kernel(), &doubled));
        for (feature, value) in FEATURES.iter().zip(one.as_mut_slice()) {
            *value *= if feature.unit == Unit::Money { 2.0 } else { 1.0 };
        }
        prop_assert_eq!(one, two);
    }

    #[test]
    fn stage_facts_and_populations_agree_with_the_features(events in events()) {
        let (history, settings) = (history(&events), FactSettings { active_days: 90, returned_days: 60 });
        let observed = history.observe(at());
        let (found, facts) = (example::kernel().features(&observed), StageFacts::of(&observed, &DataShape::default(), settings));
        prop_assert_eq!(found[Id::purchase_days_count], f64::from(facts.purchase_days));
        prop_assert!(found[Id::gap_days_median].is_nan() || facts.purchase_days < 3 || Some(found[Id::gap_days_median]) == facts.gap_days_median);
        let days = found[Id::days_since_last_purchase];
        let population = (!days.is_nan()).then_some(if days <= 90.0 { Population::Current } else { Population::Lapsed });
        prop_assert!(population.is_none() || observed.population(90) == population);
    }

    #[test]
    fn windows_count_what_lies_in_them(events in events()) {
        let events: Vec<_> = events.into_iter().map(|event| RawEvent { order: Token::NONE, ..event }).collect();
        let found = features(&mut example::kernel(), &events);
        let history = history(&events);
        let count = |kind: Kind, from: i64, to: i64| {
            let (from, to) = (at().at.plus_days(-from), at().at.plus_days(-to));
            history.observe(at()).events().filter(|event| event.kind == kind && (from..to).contains(&event.ts)).count() as f64
        };
        for (id, kind, from, to) in [
            (Id::purchases_7d_count, Kind::Purchase, 7, 0),
            (Id::purchases_365d_count, Kind::Purchase, 365, 0),
            (Id::purchases_same_90d_last_year_count, Kind::Purchase, 365, 275),
            (Id::returns_90d_count, Kind::Return, 90, 0),
            (Id::visits_30d_count, Kind::Visit, 30, 0),
            (Id::messages_sent_60d_count, Kind::MessageSent, 60, 0),
        ] {
            prop_assert_eq!(found[id], count(kind, from, to), "{:?}", id);
        }
    }

    #[test]
    fn a_name_counts_once(events in events()) {
        let found = features(&mut example::kernel(), &events);
        let history = history(&events);
        let own = || history.observe(at()).events().filter(|event| event.kind == Kind::Purchase || event.kind.is_interaction());
        let distinct = |names: BTreeSet<Token>| names.into_iter().filter(|name| name.is_some()).count() as f64;
        let categories = distinct(own().map(|event| event.category).collect());
        let late = distinct(own().filter(|event| event.ts >= at().at.plus_days(-90)).map(|event| event.category).collect());
        let channels = distinct(own().map(|event| event.channel).collect());
        if categories > 0.0 {
            prop_assert_eq!((found[Id::categories_count], found[Id::categories_90d_count]), (categories, late));
            prop_assert!(found[Id::category_entropy] <= categories.ln() + 1e-12);
        }
        prop_assert!(channels == 0.0 && found[Id::channels_count].is_nan() || found[Id::channels_count] == channels);
    }

    #[test]
    fn a_walk_has_the_features_of_each_cutoff((events, late) in (events(), any::<bool>()), steps in prop::collection::vec(-30..40_i64, 1..12)) {
        let events: Vec<_> = events.iter().map(|event| RawEvent { known_at: event.known_at.filter(|_| late), ..*event }).collect();
        let (history, settings) = (history(&events), FactSettings { active_days: 90, returned_days: 60 });
        let (mut one, mut many) = (Kernel::new(shape(&events)), Kernel::new(shape(&events)));
        let mut walk = many.follow(&history);
        let mut day = -700;
        for (turn, step) in steps.into_iter().enumerate() {
            day += 5 * step;
            let cutoff = Calendar::utc().cutoff(at().at.plus_days(day));
            let observed = history.observe(cutoff);
            if turn % 3 != 1 {
                prop_assert_eq!(walk.features(cutoff), one.features(&observed));
            }
            prop_assert_eq!(walk.population(cutoff, 90), observed.population(90));
            if turn % 3 != 2 {
                let found = walk.snapshot(cutoff, settings, Attributes::new());
                prop_assert_eq!(found.is_some(), !observed.is_empty());
                prop_assert!(found.as_ref().is_none_or(|found| found.features == one.features(&observed)));
                prop_assert_eq!(found.and_then(|found| found.facts), (!observed.is_empty()).then(|| StageFacts::of(&observed, one.shape(), settings)));
            }
        }
    }

    #[test]
    fn grown_buffers_are_kept(events in events()) {
        let mut kernel = Kernel::new(shape(&events));
        let (none, all) = (history(&[]), history(&events));
        let cutoffs = [-300, -200, -100, 0].map(|days| Calendar::utc().cutoff(at().at.plus_days(days)));
        let mut walk = |history: &History| {
            let mut walk = kernel.follow(history);
            for cutoff in cutoffs {
                let _ = (walk.features(cutoff), walk.signs(cutoff), walk.past(cutoff).is_some());
            }
            capacities(&kernel)
        };
        let grown = walk(&all);
        let _ = walk(&none);
        prop_assert_eq!(grown, walk(&all));
    }
}

fn capacities(kernel: &Kernel) -> Vec<usize> {
    let mut all = kernel.ledger.capacities().to_vec();
    all.extend([kernel.frames.capacity(), kernel.known.capacity()]);
    all.extend(kernel.scratch.capacities());
    all
}

/// A customer who has done everything.
fn busy() -> Vec<RawEvent> {
    let day = |day: i64| Timestamp(at().at.0 - day * DAY - HOUR * (day % 5));
    let mut events = Vec::new();
    for kind in Kind::ALL {
        for round in 0..9_i64 {
            let ts = day(2 + round * round * 12 + *kind as i64 % 3);
            let name = format!("{}", round % 3);
            events.push(RawEvent {
                quantity: Some(2.0),
                channel: Token::of(&name),
                category: Token::of(&name),
                ..RawEvent::new(ts, *kind, Some(3.0 + round as f64))
            });
        }
    }
    events
}

#[test]
fn every_feature_can_be_set() {
    let found = features(&mut example::kernel(), &busy());
    for (feature, value) in FEATURES.iter().zip(found.as_slice()) {
        assert!(!value.is_nan(), "{} is missing", feature.name);
    }
}

#[test]
fn a_history_that_the_data_does_not_explain_has_no_zero() {
    let found = features(&mut Kernel::new(DataShape::default()), &[]);
    for (feature, value) in FEATURES.iter().zip(found.as_slice()) {
        assert!(value.is_nan() || feature.name.starts_with("cutoff_month"), "{} is {value}", feature.name);
    }
}

#[test]
fn a_prospect_has_counts_of_zero_and_the_rest_missing() {
    let found = example::kernel().features(&example::history(&example::rows("visit", &["2024-02-20"])).observe(at()));
    assert_eq!((found[Id::purchases_count], found[Id::purchases_90d_count], found[Id::spend_sum]), (0.0, 0.0, 0.0));
    assert_eq!((found[Id::returns_count], found[Id::coupons_count], found[Id::spend_decayed_30d]), (0.0, 0.0, 0.0));
    assert_eq!((found[Id::visits_30d_count], found[Id::days_since_last_visit]), (1.0, 10.0));
    for id in [Id::days_since_last_purchase, Id::one_time_buyer, Id::gap_days_mean, Id::order_value_mean, Id::purchases_90d_change] {
        assert!(found[id].is_nan(), "{id:?}");
    }
}

#[test]
fn one_purchase_has_no_gap_and_no_spread() {
    let found = example::kernel().features(&example::history(&example::rows("purchase", &["2024-02-20"])).observe(at()));
    assert_eq!((found[Id::order_value_mean], found[Id::top_order_share], found[Id::btyd_recency_days]), (10.0, 1.0, 0.0));
    for id in
        [Id::gap_days_last, Id::gap_days_cv, Id::order_value_std, Id::overdue_ratio, Id::btyd_value_mean, Id::purchases_30d_pace_ratio]
    {
        assert!(found[id].is_nan(), "{id:?}");
    }
}

#[test]
fn a_window_speaks_as_far_as_the_data_reaches() {
    let rows = example::rows("purchase", &["2023-11-22", "2024-02-10", "2024-02-20"]); // the data begins 100 days ago
    let history = example::history(&rows);
    let events: Vec<_> = rows.iter().map(|(date, ..)| RawEvent::new(example::cutoff(date).at, Kind::Purchase, Some(10.0))).collect();
    let found = Kernel::new(shape(&events)).features(&history.observe(at()));
    assert_eq!(found[Id::purchases_90d_count], 2.0);
    assert_eq!((found[Id::purchases_180d_count], found[Id::spend_180d_sum]), (3.0, 30.0), "what was seen");
    assert_eq!((found[Id::purchases_365d_count], found[Id::spend_365d_sum]), (3.0, 30.0));
    assert!(found[Id::purchases_90d_change].is_nan(), "10 of the 90 days before say too little");
    assert!(found[Id::visits_30d_count].is_nan() && found[Id::returns_count].is_nan(), "the data holds neither");
}

#[test]
fn purchases_without_amounts_are_not_worth_zero() {
    let history = example::history(&[("2024-02-01", "purchase", f64::NAN), ("2024-02-10", "purchase", f64::NAN)]);
    let found = example::kernel().features(&history.observe(at()));
    assert_eq!(found[Id::purchases_count], 2.0);
    for id in [Id::spend_sum, Id::spend_30d_sum, Id::spend_decayed_90d, Id::order_value_mean, Id::returned_value_share, Id::btyd_value_mean]
    {
        assert!(found[id].is_nan(), "{id:?}");
    }
    assert_eq!(found[Id::spend_7d_sum], 0.0, "nothing was bought in them, which is known");
}

#[test]
fn lines_of_an_order_join_as_far_as_they_are_known() {
    let line = |date: &str, amount: f64, known: Option<&str>| RawEvent {
        order: Token::of("A-1"),
        known_at: known.map(|date| example::cutoff(date).at),
        ..RawEvent::new(example::cutoff(date).at, Kind::Purchase, Some(amount))
    };
    let return_line = |amount: f64| RawEvent { kind: Kind::Return, ..line("2024-02-20", amount, None) };
    let events = [line("2024-02-01", 5.0, Some("2024-02-25")), line("2024-02-03", 7.0, None), return_line(-1.0), return_line(-2.0)];
    let on = |date: &str| example::kernel().features(&history(&events).observe(example::cutoff(date)));
    let (early, late) = (on("2024-02-24"), on("2024-03-01"));
    assert_eq!((early[Id::purchases_count], early[Id::spend_sum], early[Id::tenure_days]), (1.0, 7.0, 21.0));
    assert_eq!((late[Id::purchases_count], late[Id::spend_sum], late[Id::tenure_days]), (1.0, 12.0, 29.0));
    assert_eq!((late[Id::returns_count], late[Id::returned_value_share]), (1.0, 0.25));
}

#[test]
fn a_clock_set_back_over_midnight_makes_no_gap() {
    // Newfoundland went from 00:01 on 7 November 2010 back to 23:01 on the 6th.
    let calendar = Calendar::of_zone("America/St_Johns").unwrap();
    let mut builder = HistoryBuilder::new();
    for instant in ["2010-11-07T02:30:30Z", "2010-11-07T02:45:00Z"] {
        builder.push(RawEvent::new(calendar.parse(instant).unwrap(), Kind::Purchase, None));
    }
    let history = builder.build(&calendar, Duplicates::Drop);
    let found = example::kernel().features(&history.observe(calendar.cutoff(calendar.parse("2010-11-07T02:50:00Z").unwrap())));
    assert_eq!((found[Id::purchase_days_count], found[Id::btyd_age_days]), (1.0, 0.0));
    assert!(found[Id::gap_days_last].is_nan());
}

#[test]
fn hours_that_cancel_out_have_no_mean() {
    let hour = |hours: &[&str]| {
        let dates: Vec<_> = hours.iter().map(|hour| format!("2024-02-01T{hour}:00:00Z")).collect();
        let rows = example::rows("purchase", &dates.iter().map(String::as_str).collect::<Vec<_>>());
        example::feature(Id::purchase_hour_mean, &rows, "2024-03-01")
    };
    assert!((hour(&["05", "07"]) - 6.0).abs() < 1e-12);
    assert!((hour(&["21", "23"]) - 22.0).abs() < 1e-12);
    assert!(hour(&["05", "17"]).is_nan());
    assert!(hour(&["00", "08", "16"]).is_nan());
}

#[test]
fn the_month_walks_round_the_circle() {
    for month in 1..=12_u8 {
        let found = example::kernel().features(&history(&[]).observe(Cutoff { month, ..at() }));
        let angle = f64::from(month - 1) * std::f64::consts::PI / 6.0;
        assert!((found[Id::cutoff_month_sin] - angle.sin()).abs() < 1e-15);
        assert!((found[Id::cutoff_month_cos] - angle.cos()).abs() < 1e-15);
    }
}

#[test]
fn a_million_huge_purchases_do_not_overflow() {
    let events: Vec<_> =
        (1..=1_000_000).map(|second| RawEvent::new(Timestamp(at().at.0 - second * 1_000_000), Kind::Purchase, Some(1e12))).collect();
    let found = features(&mut example::kernel(), &events);
    assert_eq!(found[Id::spend_sum], 1e18);
    assert_eq!((found[Id::order_value_std], found[Id::order_value_median]), (0.0, 1e12));
}
