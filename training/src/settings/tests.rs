//! What wins over what, and every refusal. The environment reaches settings through clap, as flags do; `tests/cli.rs` shows it.

use super::*;
use crate::cli::{BacktestArgs, InsightsArgs, LinkArgs};
use crate::exit::{Exit, of_error};
use lapwing_models::lifecycle::Auto;
use lapwing_models::metrics::Campaign;

fn config(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn given(config: &tempfile::NamedTempFile) -> FitArgs {
    FitArgs { source: SourceArgs { config: Some(config.path().to_owned()), ..SourceArgs::default() }, ..FitArgs::default() }
}

fn least() -> FitArgs {
    let source = SourceArgs { events: Some(vec!["orders.parquet".to_owned()]), ..SourceArgs::default() };
    FitArgs { source, as_of: Some("2011-12-10".to_owned()), out: Some("bundle".into()), ..FitArgs::default() }
}

/// Refused as wrong usage, with a hint.
fn refused<T: std::fmt::Debug>(result: Result<T, TrainError>) -> TrainError {
    let error = result.unwrap_err();
    assert_eq!(of_error(&error), Exit::Usage, "{error}");
    assert!(error.to_string().contains("\nhint: "), "{error}");
    error
}

#[test]
fn defaults_fill_what_is_not_given() {
    let fit = Fit::check(least()).unwrap();
    assert_eq!(fit.windows, Windows::new(90, 90, 0).unwrap());
    assert_eq!((fit.seed, fit.json, fit.source.calendar.name()), (42, false, "UTC"));
    assert_eq!(fit.as_of.at.to_string(), "2011-12-10T00:00:00Z");
    assert_eq!(fit.source.data_until, None);
}

#[test]
fn the_file_wins_over_the_default_and_the_flag_over_the_file() {
    let file = config(
        "timezone = 'Europe/London'\nas_of = 2011-06-01\nhorizon_days = 30\nactive_days = 60\nseed = 7\njson = true\nout = 'there'\n\
         data_until = '2011-06-15'\n[events]\npaths = ['a.parquet', 'b.csv']\n[customers]\npath = 'c.csv'\n[model]\nattributes = ['region']\n\
         [lifecycle]\nnew_days = 14\ndormant_after_days = 120",
    );
    let fit = Fit::check(given(&file)).unwrap();
    assert_eq!(fit.windows, Windows::new(60, 30, 0).unwrap());
    assert_eq!((fit.seed, fit.json, &fit.out), (7, true, &PathBuf::from("there")));
    assert_eq!(fit.as_of.at.to_string(), "2011-05-31T23:00:00Z");
    assert_eq!(fit.source.data_until.map(|at| at.to_string()), Some("2011-06-14T23:00:00Z".to_owned()));
    assert_eq!(fit.source.events, ["a.parquet", "b.csv"]);
    assert_eq!(fit.source.customers.unwrap().0, "c.csv");
    assert_eq!(fit.source.attributes, ["region"]);
    assert_eq!((fit.lifecycle.new_days, fit.lifecycle.dormant_after_days), (14, Auto::Fixed(120)));

    let mut args = given(&file);
    args.windows.horizon_days = Some(45);
    args.seed = Some(8);
    args.json = Some(false);
    args.source.events = Some(vec!["mine.parquet".to_owned()]);
    args.source.timezone = Some("UTC".to_owned());
    args.as_of = Some("2011-07-01".to_owned());
    let fit = Fit::check(args).unwrap();
    assert_eq!(fit.windows, Windows::new(60, 45, 0).unwrap());
    assert_eq!(
        (fit.seed, fit.json, fit.source.events, fit.as_of.at.to_string()),
        (8, false, vec!["mine.parquet".to_owned()], "2011-07-01T00:00:00Z".to_owned())
    );
}

#[test]
fn the_example_config_says_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("notebooks-data").join("churn.toml");
    let mut args = least();
    args.source.config = Some(path);
    let (example, plain) = (Fit::check(args).unwrap(), Fit::check(least()).unwrap());
    assert_eq!(example.lifecycle, plain.lifecycle);
    assert_eq!(example.source.reading, plain.source.reading);
    assert_eq!((example.windows, example.seed, example.json), (plain.windows, plain.seed, plain.json));
    assert_eq!(example.source.calendar.name(), plain.source.calendar.name());
    assert_eq!(example.source.attributes, plain.source.attributes);
}

#[test]
fn what_has_no_default_is_asked_for() {
    let none = Fit::check(FitArgs::default());
    assert!(matches!(refused(none), TrainError::Missing { flag: "events", .. }));
    let mut args = least();
    args.as_of = None;
    assert!(matches!(refused(Fit::check(args)), TrainError::Missing { flag: "as-of", .. }));
    let mut args = least();
    args.out = None;
    assert!(matches!(refused(Fit::check(args)), TrainError::Missing { flag: "out", .. }));
    let features = FeaturesArgs { source: least().source, ..FeaturesArgs::default() };
    assert!(matches!(refused(Features::check(features)), TrainError::Missing { flag: "cutoff", .. }));
    let judge = JudgeArgs { source: least().source, ..JudgeArgs::default() };
    assert!(matches!(refused(Judge::check(judge)), TrainError::Missing { flag: "scores", .. }));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let with = |change: &dyn Fn(&mut FitArgs)| {
        let mut args = least();
        change(&mut args);
        refused(Fit::check(args))
    };
    assert!(matches!(with(&|args| args.as_of = Some("soon".to_owned())), TrainError::Time { .. }));
    assert!(matches!(with(&|args| args.as_of = Some("0011-12-10".to_owned())), TrainError::ImplausibleDate { .. }));
    assert!(matches!(with(&|args| args.source.timezone = Some("Mars".to_owned())), TrainError::Time { .. }));
    assert!(matches!(with(&|args| args.source.data_until = Some("x".to_owned())), TrainError::Time { .. }));
    assert!(matches!(with(&|args| args.windows.horizon_days = Some(0)), TrainError::Windows(_)));
    assert!(matches!(with(&|args| args.source.config = Some("/no/such.toml".into())), TrainError::ConfigUnreadable { .. }));
    let here = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(with(&|args| args.out = Some(here.path().to_owned())), TrainError::Output { .. }));
    let demo = DemoArgs { out: Some(here.path().to_owned()), json: None };
    assert!(matches!(refused(Demo::check(demo)), TrainError::Output { .. }));
}

#[test]
fn what_makes_no_sense_in_the_file_is_refused() {
    let with = |text: &str| {
        let file = config(text);
        let mut args = least();
        args.source.config = Some(file.path().to_owned());
        refused(Fit::check(args))
    };
    assert!(matches!(with("horizn_days = 30"), TrainError::Config { .. }));
    assert!(matches!(with("[lifecycle]\nnew_days = 0"), TrainError::Lifecycle(_)));
    assert!(matches!(with("[model]\nattributes = ['region']"), TrainError::AttributeWithoutTable(name) if name == "region"));
}

#[test]
fn cutoffs_are_put_in_order_and_told_once() {
    let dates = ["2011-09-01", "2011-06-01", "2011-09-01T00:00:00Z"].map(str::to_owned).to_vec();
    let args = FeaturesArgs { source: least().source, cutoff: Some(dates), out: Some("features".into()), ..FeaturesArgs::default() };
    let cutoffs: Vec<String> = Features::check(args).unwrap().cutoffs.iter().map(|cutoff| cutoff.at.to_string()).collect();
    assert_eq!(cutoffs, ["2011-06-01T00:00:00Z", "2011-09-01T00:00:00Z"]);
}

#[test]
fn the_demo_finds_its_data() {
    assert!(Demo::check(DemoArgs::default()).unwrap().events.ends_with(Demo::FILE));
    let nowhere = first_file(&["/no/such.parquet".into(), "nor/here.parquet".into()]);
    assert!(matches!(refused(nowhere), TrainError::DemoData(path) if path == Path::new("nor/here.parquet")));
}

#[test]
fn a_backtest_has_the_defaults_that_the_example_config_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("notebooks-data").join("churn.toml");
    let least = |config| BacktestArgs {
        source: SourceArgs { events: Some(vec!["orders.parquet".to_owned()]), config, ..SourceArgs::default() },
        out: Some("report".into()),
        ..BacktestArgs::default()
    };
    let (example, plain) = (Backtest::check(least(Some(path))).unwrap(), Backtest::check(least(None)).unwrap());
    assert_eq!((example.profit, example.most_cutoffs, example.step_days), (plain.profit, plain.most_cutoffs, plain.step_days));
    assert_eq!((example.cutoffs, example.intent, example.windows), (plain.cutoffs, plain.intent, plain.windows));
    assert_eq!((plain.profit, plain.most_cutoffs, plain.intent), (Campaign::default(), 12, false));
}

#[test]
fn a_campaign_that_cannot_be_is_refused() {
    for (line, key) in [
        ("contact_cost = -1", "contact_cost"),
        ("incentive_cost = 200", "incentive_cost"),
        ("customer_value = 0", "customer_value"),
        ("customer_value = inf", "customer_value"),
        ("acceptance_alpha = 0", "acceptance_alpha"),
        ("acceptance_beta = nan", "acceptance_beta"),
    ] {
        let file = config(&format!("out = 'report'\n[events]\npaths = ['a.parquet']\n[profit]\n{line}"));
        let source = SourceArgs { config: Some(file.path().to_owned()), ..SourceArgs::default() };
        let error = refused(Backtest::check(BacktestArgs { source, ..BacktestArgs::default() }));
        assert!(error.to_string().starts_with(&format!("`{key}` is ")), "{error}");
    }
}

#[test]
fn insights_and_links_take_the_file_and_then_the_flag() {
    let file = config(
        "bundle = 'b'\nas_of = 2011-12-10\nout = 'o'\n[events]\npaths = ['a.csv']\nlinks = 'l.csv'\n[insights]\ntouch_window_days = 7\n\
         [link]\nthreshold = 0.8\ncountry_prefix = '49'\n[link.columns]\nphone = 'tel'\n[customers]\npath = 'c.csv'\ncustomer_id = 'id'",
    );
    let source = || SourceArgs { config: Some(file.path().to_owned()), ..SourceArgs::default() };
    let insights = Insights::check(InsightsArgs { source: source(), ..InsightsArgs::default() }).unwrap();
    assert_eq!((insights.touch_window_days, insights.compare_days, insights.as_of.as_str()), (7, 90, "2011-12-10"));
    assert_eq!(insights.source.reading.links.as_deref(), Some("l.csv"));
    let mut args = InsightsArgs { source: source(), compare_days: Some(30), ..InsightsArgs::default() };
    args.source.links = Some("other.csv".to_owned());
    let insights = Insights::check(args).unwrap();
    assert_eq!((insights.compare_days, insights.source.reading.links.as_deref()), (30, Some("other.csv")));

    let given = || LinkArgs { config: Some(file.path().to_owned()), out: Some("l.parquet".into()), ..LinkArgs::default() };
    let link = Link::check(given()).unwrap();
    assert_eq!((link.threshold, link.country_prefix.as_str(), link.columns.phone.as_str()), (0.8, "49", "tel"));
    assert_eq!((link.customers, link.customer_id.as_str()), (vec!["c.csv".to_owned()], "id"));
    let link = Link::check(LinkArgs { threshold: Some(0.95), customers: Some(vec!["x.csv".to_owned()]), ..given() }).unwrap();
    assert_eq!((link.threshold, link.customers), (0.95, vec!["x.csv".to_owned()]));
}

#[test]
fn insights_and_links_that_make_no_sense_are_refused() {
    let source = || SourceArgs { events: Some(vec!["a.csv".to_owned()]), ..SourceArgs::default() };
    let whole = || InsightsArgs {
        source: source(),
        bundle: Some("b".into()),
        as_of: Some("2011-12-10".to_owned()),
        out: Some("o".into()),
        ..InsightsArgs::default()
    };
    assert!(Insights::check(whole()).is_ok());
    for (flag, args) in [
        ("bundle", InsightsArgs { bundle: None, ..whole() }),
        ("as-of", InsightsArgs { as_of: None, ..whole() }),
        ("out", InsightsArgs { out: None, ..whole() }),
    ] {
        assert!(matches!(refused(Insights::check(args)), TrainError::Missing { flag: missing, .. } if missing == flag));
    }
    for args in [InsightsArgs { touch_window_days: Some(0), ..whole() }, InsightsArgs { compare_days: Some(4_000), ..whole() }] {
        assert!(matches!(refused(Insights::check(args)), TrainError::Bounds { bounds: "1 to 3650", .. }));
    }
    let link = || LinkArgs { customers: Some(vec!["c.csv".to_owned()]), out: Some("o.parquet".into()), ..LinkArgs::default() };
    assert_eq!(Link::check(link()).unwrap().threshold, 0.9);
    assert!(matches!(refused(Link::check(LinkArgs { out: Some("o.csv".into()), ..link() })), TrainError::Output { .. }));
    for threshold in [0.0, 1.5, f64::NAN] {
        let args = LinkArgs { threshold: Some(threshold), ..link() };
        assert!(matches!(refused(Link::check(args)), TrainError::Bounds { key: "threshold", .. }));
    }
    let args = LinkArgs { country_prefix: Some("+49".to_owned()), ..link() };
    assert!(matches!(refused(Link::check(args)), TrainError::CountryPrefix(prefix) if prefix == "+49"));
    assert!(matches!(refused(Link::check(LinkArgs { customers: None, ..link() })), TrainError::Missing { flag: "customers", .. }));
}
