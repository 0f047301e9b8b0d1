//! Ten thousand customers, each with a life of its own: forty days of contacts and purchases, told over HTTP or by events, with a
//! scoring every other day.

use std::collections::BTreeMap;

use lapwing_models::lifecycle::{AlertState, Input};

use super::*;

const CUSTOMERS: u32 = 10_000;
const DAYS: i64 = 40;

/// Between two scorings.
const PAUSE: usize = 2;

/// Numbers that look drawn, the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % most
    }

    /// An instant within so many days before `now`.
    fn before(&mut self, now: Timestamp, days: i64) -> Timestamp {
        Timestamp(now.0 - 1 - days * DAY / 1_000_000 * i64::from(self.below(1_000_000)))
    }
}

/// What the customers have been through.
struct Lives {
    draw: Draw,
    bought: Vec<Timestamp>,
    last: BTreeMap<String, Row>,
    /// When a scoring may have warned.
    warned: BTreeMap<String, Vec<Timestamp>>,
}

impl Lives {
    fn new() -> Self {
        let bought = (0..CUSTOMERS).map(|_| days(-20)).collect();
        Self { draw: Draw(20_111_209), bought, last: BTreeMap::new(), warned: BTreeMap::new() }
    }

    /// What the scoring at `now` sees.
    fn rows(&mut self, now: Timestamp) -> Vec<Row> {
        let mut rows = Vec::new();
        for (at, bought) in self.bought.iter_mut().enumerate() {
            if self.draw.below(40) == 0 {
                *bought = self.draw.before(now, 1);
            }
            let raised = ["", "", "overdue", "overdue,silent", "silent,returns_up"][self.draw.below(5) as usize];
            let risk = [0.1, 0.3, 0.6, 0.85][self.draw.below(4) as usize];
            let row = Row { raised, bought: *bought, ..Row::new(&format!("c{at}"), risk) };
            let before = self.last.insert(row.id.clone(), row.clone());
            let is_new = |sign: &&str| !sign.is_empty() && before.as_ref().is_some_and(|before| !before.raised.contains(sign));
            let new = raised.split(',').filter(is_new).count();
            let red = row.band == "red" && before.as_ref().is_none_or(|before| before.band != "red");
            // A rise is found among the runs of seven days of which three are kept; any rise at all will do here.
            if red || new >= 2 || row.risk > 0.27 {
                self.warned.entry(row.id.clone()).or_default().push(now);
            }
            rows.push(row);
        }
        rows
    }

    /// What events tell by `now`, some of it days later.
    fn told(&mut self, now: Timestamp) -> Vec<Happened> {
        let mut told = Vec::new();
        for customer in 0..CUSTOMERS {
            if self.draw.below(30) == 0 {
                let what = if self.draw.below(3) == 0 { Happening::Purchase(None) } else { Happening::Contact };
                told.push(Happened { customer_id: format!("c{customer}"), at: self.draw.before(now, 5), what });
            }
        }
        told
    }

    /// Some alerts are told of over HTTP, in the two hours after the scoring.
    fn call(&mut self, store: &Store, day: i64) {
        let open = AlertFilter { state: Some(AlertState::Open), limit: 60, ..AlertFilter::default() };
        for alert in store.alerts(&open, days(day), &SETTINGS).unwrap().alerts {
            let when = Timestamp(days(day).0 + 1_000 * i64::from(self.draw.below(7_200_000)));
            let input = if self.draw.below(3) == 0 { Input::Purchase(when) } else { Input::Contact(when) };
            let news = News { input, token: format!("{day}"), actor: "crm".to_owned(), reason: None };
            store.take(&alert.alert_id, &[news], when, &SETTINGS).unwrap();
        }
    }

    /// Whether a scoring warned of this alert: that of its run, or one in the cooldown before it.
    fn explain(&self, alert: &Alert) -> bool {
        let since = alert.opened_at.plus_days(-30);
        self.warned.get(&alert.customer_id).is_some_and(|all| all.iter().any(|at| (since..=alert.opened_at).contains(at)))
    }
}

/// Fails when the alert ended otherwise than the diagram has it, or not to the second.
fn check(alert: &Alert) {
    let follow_up = alert.contacted_at.map(|at| at.plus_days(30));
    let ended = alert.ended_at;
    match alert.state.as_str() {
        "open" => assert!(ended.is_none() && alert.contacted_at.is_none(), "{alert:?}"),
        "contacted" => assert!(ended.is_none() && alert.contacted_at.is_some_and(|at| at < alert.due_at), "{alert:?}"),
        "expired" => assert!(ended == Some(alert.due_at) && alert.contacted_at.is_none(), "{alert:?}"),
        "lost" => assert!(ended == follow_up && ended.is_some(), "{alert:?}"),
        "recovered" => assert!(ended.is_some_and(|ended| ended < follow_up.unwrap_or(alert.due_at)), "{alert:?}"),
        other => panic!("{other}"),
    }
}

#[test]
fn ten_thousand_random_lives_keep_to_the_diagram() {
    for place in places() {
        let (store, mut lives) = (place.open(), Lives::new());
        for day in (0..DAYS).step_by(PAUSE) {
            let (rows, told) = (lives.rows(days(day)), lives.told(days(day)));
            publish_with(&store, &format!("run-{day}"), days(day), &rows, &told).unwrap();
            lives.call(&store, day);
        }
        let all = AlertFilter { limit: 100_000, ..AlertFilter::default() };
        let alerts = store.alerts(&all, days(200), &SETTINGS).unwrap().alerts;
        alerts.iter().for_each(check);
        assert!(alerts.iter().all(|alert| lives.explain(alert)), "no alert without a warning");
        let mut by_customer: BTreeMap<&str, Vec<&Alert>> = BTreeMap::new();
        for alert in &alerts {
            by_customer.entry(&alert.customer_id).or_default().push(alert);
        }
        assert!(by_customer.len() > 9_900, "nearly everybody has been warned of: {}", by_customer.len());
        for episodes in by_customer.values_mut() {
            episodes.sort_by_key(|alert| alert.opened_at);
            for pair in episodes.windows(2) {
                assert!(pair[1].opened_at >= pair[0].ended_at.unwrap().plus_days(30), "one at a time, and a cooldown between");
            }
        }
        assert!(by_customer.values().filter(|episodes| episodes.len() > 1).count() > 500, "many come to a second one");
        let of = |state: &str, with: Option<bool>| alerts.iter().filter(|alert| alert.state == state && alert.with_contact == with).count();
        let ends = [of("recovered", Some(true)), of("recovered", Some(false)), of("lost", None), of("expired", None)];
        assert!(ends.iter().all(|count| *count > 50), "every end is met: {ends:?}");
        assert_eq!(store.out_of_step().unwrap(), [""; 0], "the log makes what stands there");
    }
}
