//! Playbook, proof and uplift as their users meet them.
//!
//! The published figures of the Hillstrom experiment need a folder with `hillstrom.parquet`, which may not be copied, named by `LAPWING_DATA`.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::data;
use crate::support::fitted::AS_OF;
use crate::support::run::{Folder, serve, text, train};
use crate::support::shop;
use crate::support::tree;

fn json(stdout: &str) -> Value {
    serde_json::from_str(stdout).expect("it is JSON")
}

/// The experiment; `None`, and a line that says so, where it is not at hand.
fn hillstrom() -> Option<PathBuf> {
    let path = std::env::var_os("LAPWING_DATA").map(|folder| PathBuf::from(folder).join("hillstrom.parquet"));
    let found = path.filter(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: `LAPWING_DATA` names no folder with `hillstrom.parquet`");
    }
    found
}

/// A campaign of 6,000 customers, half of whom were left alone; it moves those with `x` above 0 and nobody else.
pub(crate) fn csv() -> String {
    let mut state = 9_u64;
    let mut below = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut csv = "customer_id,mailed,bought,spend,x,stage\n".to_owned();
    for row in 0..6_000 {
        let (x, mailed) = (below(201), below(2));
        let bought = below(100) < 20 + if mailed == 1 && x > 100 { 25 } else { 0 };
        let (spend, stage) = (if bought { 30 + below(20) } else { 0 }, ["new", "loyal", "slipping"][below(3) as usize]);
        let _ = writeln!(csv, "c{row},{mailed},{},{spend},{},{stage}", u8::from(bought), f64::from(x as u32) / 100.0 - 1.0);
    }
    csv
}

#[test]
fn the_shipped_playbook_is_where_an_own_one_begins() {
    let folder = Folder::new();
    let shipped = serve("playbook").done().stdout;
    let own = folder.write("playbook.toml", &shipped);
    assert_eq!(serve(&format!("playbook --playbook {own}")).done().stdout, shipped);
    assert_eq!(json(&serve("playbook --json").done().stdout)["campaigns"].as_array().map(Vec::len), Some(8));
    let broken = folder.write("broken.toml", shipped.replacen("segments = [\"recent\"]", "segments = [\"recently\"]", 1));
    let line = 1 + shipped.lines().position(|line| line == "segments = [\"recent\"]").expect("it is there");
    let place = format!("broken.toml:{line}: there is no segment `recently`");
    serve(&format!("playbook --playbook {broken}")).refused(2, &[&place, "`about_to_lose`"]);
    let bundle = text(&tree::root().join("tests/golden/bundle-v5"));
    serve(&format!("score --playbook {broken} --bundle {bundle} --events e --as-of 2024-01-01 --out s.parquet")).refused(2, &[&place]);
    serve(&format!("http --playbook {broken} --bundle {bundle}")).refused(2, &[&place]);
}

#[test]
fn the_nightly_table_says_what_to_do_and_who_is_held_out() {
    let folder = Folder::new();
    let events = folder.write(
        "events.csv",
        shop::csv("customer_id,ts,amount", |row| {
            // Four years earlier: inside the time that the golden bundle's data covers.
            format!("{},{},{}", row.customer, lapwing_features::Timestamp(row.ts).plus_days(-4_600), row.amount)
        }),
    );
    let bundle = text(&tree::root().join("tests/golden/bundle-v5"));
    let key = folder.write("holdout.key", "00".repeat(32));
    let score = |out: &str, more: &str| {
        serve(&format!("score --bundle {bundle} --events {events} --as-of {AS_OF} --out {} {more}", folder.arg(out))).done();
        data::read(&folder.at(out))
    };
    let (plain, keyed) = (score("plain.parquet", ""), score("keyed.parquet", &format!("--holdout-key-file {key}")));
    assert!(plain.column_by_name("held_out").is_none() && keyed.column_by_name("held_out").is_some());
    let (actions, segments) = (data::text(&plain, "action"), data::text(&plain, "segment"));
    assert!(actions.iter().zip(segments).all(|(action, segment)| action.is_some() == segment.is_some()));
    assert!(actions.iter().any(|action| action.is_some()));
    serve(&format!("score --holdout-key-file {} --bundle {bundle} --events e --as-of {AS_OF} --out s", folder.arg("none")))
        .refused(2, &["openssl"]);
}

#[test]
fn a_campaign_that_moves_some_is_proved_and_advice_leaves_the_others_alone() {
    let folder = Folder::new();
    let file = folder.write("campaign.csv", csv());
    let proof = |more: &str| train(&format!("proof --experiment {file} --treatment mailed --outcome bought {more}")).done().stdout;
    let told = proof("--spend spend --margin 0.5 --contact-cost 0.5 --by stage");
    assert!(told.contains("it worked") && told.contains("it paid") && told.contains("stage slipping"), "{told}");
    let found = json(&proof("--margin 20 --contact-cost 0.5 --by stage --json"));
    let arm = &found["arms"][0];
    assert_eq!((&arm["arm"], &found["control"], &arm["results"]["verdict"]), (&"1".into(), &"0".into(), &"helped".into()));
    assert_eq!(arm["groups"].as_array().map(Vec::len), Some(3));
    let early = proof("--planned-customers 1000000");
    assert!(early.contains("early: 0 % of what 1,000,000 customers will tell") && early.contains("however often"), "{early}");
    let uplift =
        |more: &str| train(&format!("uplift --experiment {file} --treatment mailed --outcome bought --margin 10 --contact-cost 1 {more}"));
    uplift(&format!("--out {}", folder.arg("a.parquet"))).refused(1, &["`spend`", "--leave-out spend"]);
    let told = uplift(&format!("--leave-out spend --out {}", folder.arg("a.parquet"))).done().stdout;
    assert!(told.contains("its order is better than a random one") && told.contains("leave alone"), "{told}");
    let advice = data::read(&folder.at("a.parquet"));
    assert_eq!(advice.num_rows(), 6_000);
    let alone = data::text(&advice, "advice").iter().filter(|advice| *advice == Some("leave_alone")).count();
    assert!((2_000..4_000).contains(&alone), "about half are not moved: {alone}");
    proof_refusals(&folder, &file);
}

fn proof_refusals(folder: &Folder, file: &str) {
    for (arguments, code, parts) in [
        (format!("proof --treatment mailed --outcome bought --experiment {}", folder.arg("none.csv")), 2, &["none.csv"][..]),
        (format!("proof --experiment {file} --outcome bought"), 2, &["`--treatment`", "LAPWING_TREATMENT"]),
        (format!("proof --experiment {file} --treatment stage --outcome bought"), 1, &["`--control`"]),
        (format!("proof --experiment {file} --treatment mailed --outcome spend"), 1, &["neither 0 nor 1"]),
        (format!("proof --experiment {file} --treatment mailed --outcome bought --by x"), 1, &["201 groups"]),
        (format!("proof --experiment {file} --treatment mailed --outcome bought --margin 3 --spend spend"), 2, &["share of the spend"]),
        (format!("uplift --experiment {file} --treatment mailed --outcome bought --out a.parquet"), 2, &["`--margin`"]),
    ] {
        train(&arguments).refused(code, parts);
    }
}

/// Hillstrom (2008), the `MineThatData` e-mail challenge: visits of 10.62 % without mail, 18.28 % with the men's and 15.14 % with the women's.
#[test]
fn the_published_rates_of_an_experiment_come_out() {
    let Some(path) = hillstrom() else { return };
    let folder = Folder::new();
    let config = folder.write("churn.toml", "[experiment]\ntreatment = 'segment'\ncontrol = 'No E-Mail'\noutcome = 'visit'\nleave_out = ['conversion', 'spend']\nmargin = 1.0\ncontact_cost = 0.06");
    let found = json(&train(&format!("proof --config {config} --experiment {} --json", text(&path))).done().stdout);
    let percent = |share: &Value| (10_000.0 * share.as_f64().expect("a number")).round() / 100.0;
    let expected = [("Mens E-Mail", 21_307, 18.28, 7.66, [7.0, 8.32]), ("Womens E-Mail", 21_387, 15.14, 4.52, [3.89, 5.16])];
    for (arm, (name, customers, rate, lift, interval)) in found["arms"].as_array().expect("arms").iter().zip(expected) {
        let results = &arm["results"];
        assert_eq!((&arm["arm"], &results["treated"]["customers"]), (&name.into(), &customers.into()));
        assert_eq!(results["held_out"]["customers"], 21_306);
        assert_eq!(percent(&results["held_out"]["purchase_rate"]), 10.62);
        let without = &results["held_out"]["purchase_rate_interval"];
        assert_eq!([percent(&without[0]), percent(&without[1])], [10.21, 11.04], "statsmodels 0.15, Wilson");
        assert_eq!((percent(&results["treated"]["purchase_rate"]), percent(&results["purchase_rate"]["value"])), (rate, lift));
        assert_eq!([percent(&results["purchase_rate"]["low"]), percent(&results["purchase_rate"]["high"])], interval);
    }
    let out = folder.arg("advice.parquet");
    let learned = json(&train(&format!("uplift --config {config} --experiment {} --out {out} --json", text(&path))).done().stdout);
    let [mens, womens] = [&learned["arms"][0], &learned["arms"][1]];
    assert_eq!((&mens["beats_random"], &womens["beats_random"]), (&false.into(), &true.into()));
    let qini = &womens["qini"]["qini"];
    assert!(qini["low"].as_f64().is_some_and(|low| low > 0.003), "{qini}");
    assert_eq!(data::read(&folder.at("advice.parquet")).num_rows(), 64_000);
}
