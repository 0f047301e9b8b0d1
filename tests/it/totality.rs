//! Invariant 4: input is judged when a history is built; after that features are total, and the pure rooms read no clock, draw
//! no random number and touch no file.

use lapwing_features::{
    Calendar, DataShape, Duplicates, FEATURES, FactSettings, HistoryBuilder, Kernel, Kind, RawEvent, StageFacts, Timestamp, Token,
};
use proptest::prelude::*;

use crate::support::tree;

/// Events of every kind with amounts and times at the edges of what a file can hold.
fn any_event() -> impl Strategy<Value = RawEvent> {
    let ordinary = 1_300_000_000_000_000..1_330_000_000_000_000_i64;
    let extreme = prop_oneof![Just(Timestamp::EARLIEST.0), Just(Timestamp::LATEST.0 - 1), Just(0), Just(1_315_612_800_000_000)];
    let amount = prop_oneof![
        4 => (-1e4..1e4).prop_map(Some),
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(1e12), Just(-1e12), Just(f64::MIN_POSITIVE), Just(5e-324)].prop_map(Some),
        1 => Just(None),
    ];
    let place = || (0..4_u8).prop_map(|name| if name == 0 { Token::NONE } else { Token::of(&name.to_string()) });
    let ts = prop_oneof![6 => ordinary, 1 => extreme];
    (ts, 0..Kind::ALL.len(), amount, place(), place(), place(), -5_i64..5).prop_map(|(ts, kind, amount, order, channel, category, late)| {
        RawEvent {
            known_at: (late > 2).then(|| Timestamp(ts.saturating_add(late * 86_400_000_000))),
            quantity: amount,
            order,
            channel,
            category,
            ..RawEvent::new(Timestamp(ts), Kind::ALL[kind], amount)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_has_features_at_any_cutoff(
        events in prop::collection::vec(any_event(), 0..40),
        at in prop_oneof![4 => 1_300_000_000_000_000..1_330_000_000_000_000_i64, 1 => Just(i64::MIN / 2), 1 => Just(Timestamp::LATEST.0)],
        zone in prop::sample::select(vec!["UTC", "Asia/Shanghai", "America/St_Johns"]),
    ) {
        let calendar = Calendar::of_zone(zone).unwrap();
        let mut shape = DataShape::default();
        let mut builder = HistoryBuilder::new();
        for event in &events {
            shape.note(event);
            builder.push(*event);
        }
        let history = builder.build(&calendar, Duplicates::Drop);
        let cutoff = calendar.cutoff(Timestamp(at));
        let mut kernel = Kernel::new(shape.clone());
        let features = kernel.features(&history.observe(cutoff));
        for (feature, value) in FEATURES.iter().zip(features.as_slice()) {
            prop_assert!(!value.is_infinite(), "`{}` is infinite", feature.name);
            prop_assert!(!feature.missing.is_empty() || !value.is_nan(), "`{}` is never missing by its rule, and it is", feature.name);
        }
        prop_assert_eq!(features, kernel.features(&history.observe(cutoff)), "a kernel remembers nothing of what it did before");
        let signs = format!("{:?}", kernel.signs(&history.observe(cutoff)));
        prop_assert!(!signs.contains("inf") && !signs.contains("NaN"), "{}", signs);
        let _ = StageFacts::of(&history.observe(cutoff), &shape, FactSettings { active_days: 90, returned_days: 60 });
    }

    #[test]
    fn no_feature_depends_on_the_order_of_arrival(events in prop::collection::vec(any_event(), 2..30), turn in 1..29_usize) {
        let build = |events: &[RawEvent]| {
            let mut builder = HistoryBuilder::new();
            for event in events {
                builder.push(*event);
            }
            builder.build(&Calendar::utc(), Duplicates::Drop)
        };
        let mut turned = events.clone();
        turned.rotate_left(turn % events.len());
        turned.reverse();
        // As text, because a missing amount is NaN, which equals nothing.
        prop_assert_eq!(format!("{:?}", build(&events)), format!("{:?}", build(&turned)));
    }
}

#[test]
fn the_kernel_has_no_way_to_fail() {
    for file in tree::files("features/src/kernel", ".rs").iter().filter(|file| !file.is_test()) {
        for (at, line) in file.shipped_code() {
            let failing = ["Result<", ".unwrap()", ".expect(", "panic!", "assert!"]
                .iter()
                .find(|word| line.contains(*word) && !line.contains("debug_assert"));
            assert!(failing.is_none(), "{}:{at}: {line}", file.path);
        }
    }
}

/// Where chance or the clock is no harm, and why.
const CHANCE: [(&str, &str); 2] = [
    ("features/src/engine/store/table_set.rs", "names the folder of a run, which no result knows"),
    ("features/src/engine/cluster/", "waits for other processes and names their jobs, which no result knows"),
];

#[test]
fn pure_rooms_know_no_clock_and_no_chance() {
    let words = [
        "SystemTime",
        "Instant::now",
        "Zoned::now",
        "Timestamp::now",
        "ThreadRng",
        "thread_rng",
        "rand::rng",
        "from_os_rng",
        "getrandom",
        "RandomState",
        "clock::now",
    ];
    // Who may ask, and who meets the challenger, is decided by what is told; the clock is read at the edge.
    let guard = tree::files("serving/src/guard", ".rs").into_iter().chain(tree::files("serving/src/audit", ".rs"));
    let pure = tree::files("features/src", ".rs").into_iter().chain(tree::files("models/src", ".rs")).chain(guard);
    for file in pure.filter(|file| !CHANCE.iter().any(|(path, _)| file.path.starts_with(path))) {
        for (at, line) in file.shipped_code() {
            assert!(!words.iter().any(|word| line.contains(word)), "{}:{at}: {line}", file.path);
        }
    }
}
