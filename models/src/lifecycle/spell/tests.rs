//! The spell is what asking the rule at every instant gives.

use lapwing_features::{Attributes, Cutoff, DataShape, Duplicates, History, HistoryBuilder, Kernel, Kind, RawEvent, example};
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Events at one of six hours of some day of two years, now and then many at one instant; half of them are purchases.
fn events() -> impl Strategy<Value = Vec<RawEvent>> {
    let kind = prop_oneof![Just(Kind::Purchase), prop::sample::select(vec![Kind::Visit, Kind::MessageSent, Kind::Return, Kind::Survey])];
    let event = (prop_oneof![0..700_i64, 500..700_i64, 600..640_i64], 0..6_i64, kind)
        .prop_map(|(day, hour, kind)| RawEvent::new(Timestamp(start().0 + day * DAY + 4 * hour * HOUR), kind, Some(1.0)));
    prop::collection::vec(event, 1..40)
}

/// Thresholds that are close to each other, so that stages change often.
fn thresholds() -> impl Strategy<Value = Thresholds> {
    let days = (1..60_u32, 1..80_u32, 1..40_u32, 1..40_u32, 2..90_u32);
    let rest = (prop::option::of(2..40_u32), 2..5_u32, 1..4_u32, prop::sample::select(vec![1.0, 1.5, 2.5]), 0.0..1.0_f64);
    (days, rest).prop_map(|((dormant, more, returned, new, active), (norm, loyal, active_purchases, ratio, drop))| Thresholds {
        dormant_after_days: dormant,
        churned_after_days: dormant + more,
        returned_days: returned,
        new_days: new,
        active_days: active,
        norm_gap_days: norm.map(|days| f64::from(days) / 2.0),
        loyal_purchases: loyal,
        active_purchases,
        overdue_ratio: ratio,
        missed_cycles: 2.0,
        activity_drop: drop,
        ..Thresholds::default()
    })
}

fn start() -> Timestamp {
    example::cutoff("2022-01-01").at
}

fn calendars() -> [Calendar; 3] {
    ["UTC", "Europe/London", "America/Sao_Paulo"].map(|zone| Calendar::of_zone(zone).unwrap())
}

fn history(events: &[RawEvent], calendar: &Calendar) -> History {
    let mut builder = HistoryBuilder::new();
    for event in events {
        builder.push(*event);
    }
    builder.build(calendar, Duplicates::Keep)
}

fn spell(kernel: &mut Kernel, history: &History, cutoff: Cutoff, thresholds: &Thresholds, calendar: &Calendar) -> Option<Spell> {
    let mut walk = kernel.follow(history);
    let facts = walk.snapshot(cutoff, thresholds.fact_settings(), Attributes::new())?.facts.unwrap();
    Some(Replay::new(thresholds, calendar).spell(&walk.past(cutoff).unwrap(), &facts))
}

/// The spell by asking the rule of the whole history at each instant at which anything could change, and just before.
fn by_asking(shape: &DataShape, history: &History, cutoff: Cutoff, thresholds: &Thresholds, calendar: &Calendar) -> Option<Spell> {
    let stage = |at: Timestamp| {
        let observed = history.observe(calendar.cutoff(at));
        (!observed.is_empty()).then(|| Stage::of(&StageFacts::of(&observed, shape, thresholds.fact_settings()), thresholds))
    };
    let now = stage(cutoff.at)?;
    let observed = history.observe(cutoff);
    let happened = observed.events().flat_map(|event| [0, 30, 210].map(|days| event.ts.plus_days(days)));
    let first = observed.events().next()?.ts;
    let midnights = (calendar.day_and_hour(first).0..=cutoff.day).map(|day| calendar.start_of_day(day));
    let since = Kind::ALL.iter().filter(|kind| kind.is_interaction()).filter_map(|kind| shape.since_kind(*kind)).min();
    let mut instants: Vec<Timestamp> = happened
        .flat_map(|ts| [ts, Timestamp(ts.0 + 1)])
        .chain(midnights.chain(since.map(|since| since.plus_days(210))).flat_map(|at| [Timestamp(at.0 - 1), at]))
        .filter(|at| *at <= cutoff.at && *at > first)
        .collect();
    instants.sort_unstable();
    // Between two neighbours nothing changes, so the stage of the later one was entered right after the earlier one.
    let before = instants.into_iter().rev().find(|at| stage(*at) != Some(now));
    Some(Spell { entered_at: before.unwrap_or(first), previous: before.and_then(stage) })
}

/// A midnight is told as itself, an event as its own instant, which is the last one at which the former stage holds.
fn same(found: Option<Spell>, asked: Option<Spell>) -> bool {
    match (found, asked) {
        (Some(found), Some(asked)) => {
            let later = found.entered_at.0 - asked.entered_at.0;
            found.previous == asked.previous && (later == 0 || later == 1)
        }
        (found, asked) => found == asked,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_spell_is_what_asking_at_every_instant_gives(
        events in events(),
        thresholds in thresholds(),
        zone in 0..3_usize,
        day in 300..760_i64,
        hour in 0..8_i64,
        since in prop::option::of(0..500_i64),
    ) {
        let calendar = &calendars()[zone];
        let mut shape = DataShape::default();
        shape.note(&RawEvent::new(start(), Kind::Purchase, Some(1.0)));
        if let Some(since) = since {
            shape.note(&RawEvent::new(start().plus_days(since), Kind::Visit, None));
        }
        let history = history(&events, calendar);
        let cutoff = calendar.cutoff(Timestamp(start().0 + day * DAY + 3 * hour * HOUR));
        let found = spell(&mut Kernel::new(shape.clone()), &history, cutoff, &thresholds, calendar);
        let asked = by_asking(&shape, &history, cutoff, &thresholds, calendar);
        prop_assert!(same(found, asked), "{:?} but {:?}", found, asked);
    }

    #[test]
    fn what_comes_later_and_the_order_of_arrival_change_nothing((events, shuffled) in events().prop_flat_map(|events| {
        (Just(events.clone()), Just(events).prop_shuffle())
    }), thresholds in thresholds()) {
        let (calendar, cutoff) = (Calendar::utc(), example::cutoff("2023-08-01"));
        let known: Vec<RawEvent> = events.into_iter().filter(|event| event.ts < cutoff.at).collect();
        let find = |events: &[RawEvent]| spell(&mut example::kernel(), &history(events, &calendar), cutoff, &thresholds, &calendar);
        prop_assert_eq!(find(&known), find(&shuffled));
    }
}

proptest! {
    /// In Newfoundland clocks were set back at a minute past midnight until 2011, so that a day came twice.
    #[test]
    fn a_day_that_comes_twice_harms_nothing(
        events in prop::collection::vec((0..4_i64, 0..8_640_i64), 1..30),
        thresholds in thresholds(),
        at in 0..8_640_i64,
    ) {
        let calendar = Calendar::of_zone("America/St_Johns").unwrap();
        let begin = example::cutoff("2010-11-05").at.0;
        let bought = |(day, seconds): &(i64, i64)| Timestamp(begin + day * DAY + seconds * 10_000_000);
        let events: Vec<RawEvent> = events.iter().map(|event| RawEvent::new(bought(event), Kind::Purchase, Some(1.0))).collect();
        let cutoff = calendar.cutoff(Timestamp(begin + 3 * DAY + at * 10_000_000));
        let history = history(&events, &calendar);
        if let Some(found) = spell(&mut example::kernel(), &history, cutoff, &thresholds, &calendar) {
            let first = history.observe(cutoff).events().next().unwrap().ts;
            prop_assert!(found.entered_at >= first && found.entered_at <= cutoff.at, "{:?}", found);
        }
    }
}

#[test]
fn stages_of_a_whole_life() {
    let rows = ["2023-01-10T12:00:00Z", "2023-02-10T09:00:00Z", "2023-03-10T09:00:00Z"];
    let history = example::history(&example::rows("purchase", &rows));
    let thresholds = Thresholds { norm_gap_days: Some(30.0), active_purchases: 3, ..Thresholds::default() };
    for (date, entered_at, previous) in [
        ("2023-01-12", "2023-01-10T12:00:00Z", None),
        ("2023-02-10", "2023-02-10T00:00:00Z", Some("new")),
        ("2023-03-02", "2023-02-10T00:00:00Z", Some("new")),
        ("2023-03-12", "2023-03-10T09:00:00Z", Some("retained")),
        ("2023-04-12", "2023-04-11T00:00:00Z", Some("active")),
        ("2023-04-30", "2023-04-24T00:00:00Z", Some("retained")),
        ("2023-06-20", "2023-06-08T00:00:00Z", Some("slipping")),
        ("2023-12-20", "2023-09-06T00:00:00Z", Some("dormant")),
    ] {
        let found = spell(&mut example::kernel(), &history, example::cutoff(date), &thresholds, &Calendar::utc()).unwrap();
        assert_eq!((found.entered_at.to_string().as_str(), found.previous.map(Stage::name)), (entered_at, previous), "{date}");
    }
}

#[test]
fn an_event_that_became_known_late_counts_from_when_it_happened() {
    let (bought, known) = (example::cutoff("2024-01-10").at, example::cutoff("2024-02-20").at);
    let late = RawEvent { known_at: Some(known), ..RawEvent::new(bought, Kind::Purchase, Some(1.0)) };
    let visit = RawEvent::new(example::cutoff("2024-01-01").at, Kind::Visit, None);
    let history = history(&[visit, late], &Calendar::utc());
    let at = |date| spell(&mut example::kernel(), &history, example::cutoff(date), &Thresholds::default(), &Calendar::utc()).unwrap();
    assert_eq!(at("2024-02-10").previous, None, "a prospect, as far as is known");
    assert_eq!(at("2024-02-20"), Spell { entered_at: example::cutoff("2024-02-10").at, previous: Some(Stage::New) });
}
