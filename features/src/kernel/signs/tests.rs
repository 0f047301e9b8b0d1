//! Laws of the facts of signs: they are what a plain count over the observed events gives, whatever came in what order, and
//! nothing at or after the cutoff changes them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::tests::{at, events, history, is_known, shape};
use crate::{Compared, DataShape, Event, Exchange, Habit, Kernel, Kind, Messages, Observed, RawEvent, SignFacts, Timestamp, example};

fn facts(kernel: &mut Kernel, events: &[RawEvent]) -> SignFacts {
    kernel.signs(&history(events).observe(at()))
}

fn ago(days: i64) -> Timestamp {
    at().at.plus_days(-days)
}

/// Orders of a kind, oldest first: when the first line happened, and the sum of the known amounts.
fn orders(observed: &Observed<'_>, kind: Kind) -> Vec<(Timestamp, Option<f64>)> {
    let (mut orders, mut places) = (Vec::new(), BTreeMap::new());
    for event in observed.events().filter(|event| event.kind == kind) {
        let amount = (!event.amount.is_nan()).then_some(event.amount);
        let place = match event.order {
            Event::NO_ORDER => orders.len(),
            order => *places.entry(order).or_insert(orders.len()),
        };
        match orders.get_mut(place) {
            None => orders.push((event.ts, amount)),
            Some((_, sum)) => *sum = sum.map_or(amount, |sum| Some(sum + amount.unwrap_or(0.0))),
        }
    }
    orders
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The facts by counting, where the data holds everything for long.
fn counted(observed: &Observed<'_>) -> SignFacts {
    let within = |from: i64, to: i64| observed.events().filter(move |event| event.ts >= ago(from) && event.ts < ago(to));
    let count = |kinds: &'static [Kind], from, to| within(from, to).filter(|event| kinds.contains(&event.kind)).count() as u32;
    let of = |list: &[(Timestamp, Option<f64>)], from, to| {
        let inside = list.iter().filter(|(ts, _)| *ts >= ago(from) && *ts < ago(to));
        inside.copied().collect::<Vec<_>>()
    };
    let (purchases, returns) = (orders(observed, Kind::Purchase), orders(observed, Kind::Return));
    let spend = |from, to| {
        let inside = of(&purchases, from, to);
        let known: Vec<f64> = inside.iter().rev().filter_map(|(_, amount)| *amount).collect();
        (inside.is_empty() || !known.is_empty()).then(|| known.iter().sum::<f64>())
    };
    let values: Vec<f64> = purchases.iter().filter_map(|(_, amount)| *amount).collect();
    let visits: Vec<i32> =
        observed.events().filter(|event| event.kind == Kind::Visit).map(|event| event.day).collect::<BTreeSet<_>>().into_iter().collect();
    let gaps: Vec<f64> = visits.windows(2).map(|days| f64::from(days[1] - days[0])).collect();
    let points: Vec<f64> =
        observed.events().filter(|event| event.kind == Kind::Survey && !event.amount.is_nan()).map(|event| event.amount).collect();
    let abandoned = |from: i64, to: i64| {
        let followed = |cart: &Event| purchases.iter().any(|(ts, _)| *ts >= cart.ts && *ts < cart.ts.plus_days(30));
        within(from, to).filter(|event| event.kind == Kind::CartAdd && !followed(event)).count() as u32
    };
    let own = |event: &&Event| !matches!(event.kind, Kind::MessageSent | Kind::Other);
    let last = observed.events().rev().find(own).or_else(|| observed.events().next());
    let sent = observed.events().rev().find(|event| event.kind == Kind::MessageSent);
    let names = |from, to| {
        let told = within(from, to).filter(|event| event.kind == Kind::Purchase || event.kind.is_interaction());
        told.map(|event| event.category).filter(|name| name.is_some()).collect::<BTreeSet<_>>().len() as u32
    };
    let interactions = |from, to| f64::from(within(from, to).filter(|event| event.kind.is_interaction()).count() as u32);
    let exchange = |from, to| Exchange { purchases: of(&purchases, from, to).len() as u32, returns: of(&returns, from, to).len() as u32 };
    let calls = &[Kind::Ticket, Kind::Complaint];
    SignFacts {
        purchases_90d: Some(Compared { now: of(&purchases, 90, 0).len() as u32, before: of(&purchases, 180, 90).len() as u32 }),
        order_value: None,
        spend_90d: spend(90, 0).zip(spend(455, 90)).map(|(now, year)| Compared { now, before: year * 1.0 * 90.0 / 365.0 }),
        interactions_30d: Some(Compared { now: interactions(30, 0), before: interactions(210, 30) / 6.0 }),
        visit_gap_days: (gaps.len() >= 4).then(|| Compared { now: mean(&gaps[gaps.len() - 3..]), before: mean(&gaps[..gaps.len() - 3]) }),
        coupons_90d: Some(Compared { now: count(&[Kind::CouponRedeem], 90, 0), before: count(&[Kind::CouponRedeem], 180, 90) }),
        silence: last.map(|last| crate::Silence {
            own_days: at().at.days_since(last.ts),
            message_days: sent.map(|sent| at().at.days_since(sent.ts)),
            covered_days: at().at.days_since(example::cutoff("2000-01-01").at),
        }),
        messages_60d: Some(Messages {
            sent: count(&[Kind::MessageSent], 60, 0),
            answered: count(&[Kind::MessageOpen, Kind::MessageClick], 60, 0),
        }),
        complaints_30d: Some(Habit { now: count(calls, 30, 0), usual: Some(f64::from(count(calls, 210, 30)) / 6.0) }),
        survey: points
            .split_last()
            .map(|(last, before)| crate::SurveyPoints { last: *last, before: (!before.is_empty()).then(|| mean(before)) }),
        returns_90d: Some(Compared { now: exchange(90, 0), before: exchange(100_000, 90) }),
        abandoned_carts_30d: Some(Habit { now: abandoned(30, 0), usual: Some(f64::from(abandoned(210, 30)) / 6.0) }),
        categories_90d: Some(Compared { now: names(90, 0), before: names(180, 90) }),
    }
    .with_values(&values)
}

impl SignFacts {
    fn with_values(self, values: &[f64]) -> Self {
        let Some(cut) = values.len().checked_sub(3).filter(|before| *before > 0) else { return self };
        let (before, last) = values.split_at(cut);
        Self { order_value: Some(crate::OrderValue { last: mean(last), before: mean(before), count_before: cut as u32 }), ..self }
    }
}

proptest! {
    #[test]
    fn facts_are_what_a_plain_count_gives(events in events()) {
        let found = facts(&mut example::kernel(), &events);
        prop_assert_eq!(found, counted(&history(&events).observe(at())));
    }

    #[test]
    fn what_is_not_known_and_the_order_of_arrival_change_nothing((events, shuffled) in events().prop_flat_map(|events| {
        (Just(events.clone()), Just(events).prop_shuffle())
    })) {
        let known: Vec<_> = events.iter().copied().filter(is_known).collect();
        let one = facts(&mut Kernel::new(shape(&known)), &known);
        prop_assert_eq!(one, facts(&mut Kernel::new(shape(&known)), &shuffled));
        prop_assert_eq!(one, facts(&mut Kernel::new(shape(&known)), &events));
    }

    #[test]
    fn earlier_customers_and_cutoffs_change_nothing(one in events(), other in events()) {
        let mut used = example::kernel();
        let _ = facts(&mut used, &other);
        let history = history(&one);
        let mut walk = used.follow(&history);
        let _ = walk.features(example::cutoff("2023-06-01"));
        prop_assert_eq!(walk.signs(at()), facts(&mut example::kernel(), &one));
    }
}

#[test]
fn what_the_data_does_not_hold_is_not_known() {
    let bare = facts(&mut Kernel::new(DataShape::default()), &[]);
    assert_eq!(bare, SignFacts::default());
    let rows = example::rows("purchase", &["2023-01-05", "2024-02-01"]);
    let mut shape = DataShape::default();
    shape.note(&RawEvent::new(example::cutoff("2023-01-05").at, Kind::Purchase, None));
    let found = Kernel::new(shape).signs(&example::history(&rows).observe(at()));
    let purchases_90d = Some(Compared { now: 1, before: 0 });
    assert_eq!(found, SignFacts { purchases_90d, ..SignFacts::default() }, "purchases alone tell nothing else");
}

#[test]
fn data_that_covers_half_of_the_year_before_tells_the_mean_of_that_half() {
    let kernel = |since: i64| {
        let mut shape = DataShape::default();
        shape.note(&RawEvent::new(ago(since), Kind::Purchase, Some(1.0)));
        Kernel::new(shape)
    };
    let bought = [RawEvent::new(ago(200), Kind::Purchase, Some(219.0)), RawEvent::new(ago(10), Kind::Purchase, Some(9.0))];
    let spend = |since| facts(&mut kernel(since), &bought).spend_90d;
    assert_eq!(spend(1_000), Some(Compared { now: 9.0, before: 54.0 }));
    assert_eq!(spend(309), Some(Compared { now: 9.0, before: 90.0 }), "219 in 219 days");
    assert_eq!(spend(272), None, "182 of 365 days are less than half");
}
