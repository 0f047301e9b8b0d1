//! Killed at any point, a store is as if what was in work had not begun, or as if it were done.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

/// Where the child works; without it the child's test does nothing.
const PLACE: &str = "LAPWING_TEST_KILL_PLACE";

const CUSTOMERS: i64 = 300;

fn rows(round: i64) -> Vec<Row> {
    (0..CUSTOMERS)
        .map(|at| {
            let risk = if (at + round) % 3 == 0 { 0.9 } else { 0.1 };
            Row { bought: days(if (at + round) % 7 == 0 { round } else { -20 }), ..Row::new(&format!("c{at}"), risk) }
        })
        .collect()
}

/// Delivers, publishes and contacts until it is killed; does nothing in a run of its own.
#[test]
fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let store = Store::open(&place.parse().unwrap()).unwrap();
    let known = store.summary(days(0), &SETTINGS).unwrap().map_or(0, |summary| (summary.run.as_of.0 - START.0) / DAY + 1);
    for round in known.. {
        let now = days(round);
        // First of all, and so also what was claimed by one who was killed.
        let claimed = store.claim("crm", "child", now, days(round + 1), 40).unwrap();
        let ends: Vec<_> = claimed.into_iter().map(|message| (message.message_id, End::Sent)).collect();
        store.settle("crm", "child", &ends, now).unwrap();
        publish(&store, &format!("run-{round}"), now, &rows(round)).unwrap();
        let open = AlertFilter { state: Some(lapwing_models::lifecycle::AlertState::Open), limit: 20, ..AlertFilter::default() };
        for alert in store.alerts(&open, now, &SETTINGS).unwrap().alerts {
            let news = News {
                input: lapwing_models::lifecycle::Input::Contact(now),
                token: "call".to_owned(),
                actor: "crm".to_owned(),
                reason: None,
            };
            store.take(&alert.alert_id, &[news], now, &SETTINGS).unwrap();
        }
    }
}

#[test]
fn killed_at_any_point_nothing_is_half_done() {
    for place in places() {
        webhooks::add(&place.open(), "crm", &MessageKind::ALL);
        let url = match &place.url {
            StoreUrl::Sqlite(path) => path.display().to_string(),
            StoreUrl::Postgres(url) => url.clone(),
        };
        let mut runs = 0;
        for round in 0..12_u64 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::tests::kills::child", "--nocapture"])
                .env(PLACE, &url)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(120 + 61 * round % 400));
            child.kill().unwrap();
            child.wait().unwrap();
            let store = place.open();
            let Some(summary) = store.summary(days(0), &SETTINGS).unwrap() else { continue };
            runs = (summary.run.as_of.0 - START.0) / DAY + 1;
            let page = store.customers(&CustomerFilter { limit: 1_000, ..CustomerFilter::default() }, None).unwrap();
            assert_eq!(
                (i64::try_from(page.customers.len()).unwrap(), summary.run.customers),
                (CUSTOMERS, CUSTOMERS),
                "the run that is read is whole"
            );
            assert_eq!(summary.groups.iter().map(|group| group.customers).sum::<i64>(), CUSTOMERS);
            assert_eq!(store.out_of_step().unwrap(), [""; 0]);
            webhooks::assert_all_told(&store, "crm");
        }
        assert!(runs > 1, "it was killed before it did anything");
        assert!(place.open().receivers().unwrap()[0].sent > 0, "nothing was delivered in between");
    }
}
