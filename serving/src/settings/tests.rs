//! What is given where, and what wins.

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command, ForgetArgs, LogArgs};
use crate::samples::Room;

fn http(addr: Option<&str>, config: &str) -> Result<Http, ServeError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let common = CommonArgs { config: Some(file.path().to_owned()), ..CommonArgs::default() };
    Http::new(HttpArgs { common, addr: addr.map(str::to_owned), ..HttpArgs::default() })
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let file = "bundle = 'b'\naddr = '127.0.0.1:1'\nmax_in_flight = 3\nread_seconds = 2\njson = true";
    let settings = http(None, file).unwrap();
    assert_eq!((settings.addr[0].port(), settings.limits.in_flight, settings.json), (1, 3, true));
    let Connections { head_time, write_time, .. } = settings.connections;
    assert_eq!([settings.limits.body_time, head_time, write_time], [Duration::from_secs(2); 3]);
    assert_eq!(http(Some("[::1]:2"), file).unwrap().addr, ["[::1]:2".parse().unwrap()]);
    let settings = http(None, "bundle = 'b'").unwrap();
    assert_eq!(settings.addr, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!((settings.limits, settings.connections), (Limits::default(), Connections::default()));
}

#[test]
fn what_is_taken_at_once_and_health_s_own_address_are_settings() {
    let file = "bundle = 'b'\nrequest_seconds = 4\nmax_buffered_bytes = 1048576\nops_addr = '127.0.0.1:5'";
    let settings = http(None, file).unwrap();
    assert_eq!((settings.limits.request_time, settings.limits.buffered_bytes), (Duration::from_secs(4), 1 << 20));
    assert_eq!(settings.ops_addr, ["127.0.0.1:5".parse().unwrap()]);
    assert!(http(None, "bundle = 'b'").unwrap().ops_addr.is_empty());
    let exposed = http(None, "bundle = 'b'\nops_addr = '0.0.0.0:5'");
    assert!(matches!(exposed, Err(ServeError::Exposed(_))), "{exposed:?}");
}

#[test]
fn json_can_be_turned_off_against_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "bundle = 'b'\njson = true").unwrap();
    for (flag, json) in [("--bundle=b", true), ("--json", true), ("--json=true", true), ("--json=false", false), ("--json=0", false)] {
        let cli = Cli::try_parse_from(["lapwing-serve", "check", flag, "--config", file.path().to_str().unwrap()]).unwrap();
        let Command::Check(args) = cli.command else { panic!("{:?}", cli.command) };
        assert_eq!(Check::new(args).unwrap().json, json, "{flag}");
    }
}

#[test]
fn one_bundle_or_one_registry_is_taken() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let source = |flags: [Option<&str>; 2], text: &str| {
        std::fs::write(file.path(), text).unwrap();
        let [bundle, registry] = flags.map(|flag| flag.map(PathBuf::from));
        Check::new(CheckArgs { common: CommonArgs { bundle, registry, config: Some(file.path().to_owned()), json: None } })
            .map(|check| check.source)
    };
    let (bundle, registry) = (Source::Bundle("b".into()), Source::Registry("r".into()));
    assert_eq!(source([None, Some("r")], "").unwrap(), registry);
    assert_eq!(source([None, None], "registry = 'r'").unwrap(), registry);
    assert_eq!(source([Some("b"), None], "registry = 'r'").unwrap(), bundle, "what is given here wins over the file");
    assert_eq!(source([None, Some("r")], "bundle = 'b'").unwrap(), registry);
    assert!(matches!(source([Some("b"), Some("r")], ""), Err(ServeError::BundleAndRegistry(_))));
}

#[test]
fn other_machines_reach_it_only_with_keys_or_on_purpose() {
    for addr in ["0.0.0.0:2", "[::]:2", "192.0.2.1:2", "[::ffff:192.0.2.1]:2"] {
        let error = http(Some(addr), "bundle = 'b'").unwrap_err();
        assert!(matches!(error, ServeError::Exposed(_)) && error.to_string().contains("\nhint: "), "{error}");
        assert_eq!(http(Some(addr), "bundle = 'b'\nkeys = 'k'").unwrap().security.keys, Some("k".into()));
        assert!(http(Some(addr), "bundle = 'b'\ninsecure = true").is_ok());
    }
    for addr in ["127.0.0.1:2", "127.1.2.3:2", "[::1]:2", "[::ffff:127.0.0.1]:2"] {
        assert!(http(Some(addr), "bundle = 'b'").is_ok(), "{addr}");
    }
}

#[test]
fn a_host_name_is_every_address_that_it_has() {
    let addr = http(Some("localhost:3"), "bundle = 'b'").unwrap().addr;
    assert!(!addr.is_empty() && addr.iter().all(|addr| addr.ip().is_loopback() && addr.port() == 3), "{addr:?}");
}

#[test]
fn what_cannot_be_is_refused_with_a_hint() {
    type Is = fn(&ServeError) -> bool;
    // Longer than a name may be, so that nobody is asked for it.
    let no_host = format!("bundle = 'b'\naddr = '{}:80'", "x".repeat(300));
    let cases: [(&str, Is); 5] = [
        ("", |error| matches!(error, ServeError::NoBundle)),
        ("bundle = 'b'\nregistry = 'r'", |error| matches!(error, ServeError::BundleAndRegistry(_))),
        ("bundle = 'b'\naddr = 'localhost'", |error| matches!(error, ServeError::Address(_))),
        (&no_host, |error| matches!(error, ServeError::Address(_))),
        ("bundle = 'b'\nmax_in_flight = 0", |error| matches!(error, ServeError::Range { flag: "max-in-flight", .. })),
    ];
    for (config, is) in cases {
        let error = http(None, config).unwrap_err();
        assert!(is(&error), "{config}: {error}");
        assert!(error.to_string().contains("\nhint: "), "{error}");
    }
}

#[cfg(feature = "batch")]
#[test]
fn score_asks_for_what_it_cannot_guess() {
    let common = || CommonArgs { bundle: Some("b".into()), ..CommonArgs::default() };
    let told = || EventArgs { events: Some(vec!["e.parquet".to_owned()]), ..EventArgs::default() };
    let asked = |args: ScoreArgs| match Score::new(args) {
        Err(ServeError::Missing { flag, .. }) => flag,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(ScoreArgs { common: common(), ..ScoreArgs::default() }), "events");
    assert_eq!(asked(ScoreArgs { common: common(), told: told(), ..ScoreArgs::default() }), "as-of");
    let as_of = Some("2024-01-01".to_owned());
    assert_eq!(asked(ScoreArgs { common: common(), told: told(), as_of, ..ScoreArgs::default() }), "out");
}

#[test]
fn what_goes_together_is_given_together() {
    let half = |config: &str| match http(None, &format!("bundle = 'b'\n{config}")) {
        Err(ServeError::HalfGiven { given, missing }) => (given, missing),
        other => panic!("{other:?}"),
    };
    assert_eq!(half("tls_cert = 'c'"), ("tls-cert", "tls-key"));
    assert_eq!(half("tls_key = 'k'"), ("tls-key", "tls-cert"));
    assert_eq!(half("audit_log = 'l'"), ("audit-log", "audit-key"));
    assert_eq!(half("jwks = 'j'"), ("jwks", "jwt-issuer"));
    assert_eq!(half("jwks = 'j'\njwt_issuer = 'i'"), ("jwt-issuer", "jwt-audience"));
    let whole = "bundle = 'b'\naddr = '0.0.0.0:2'\njwks = 'j'\njwt_issuer = 'i'\njwt_audience = 'a'";
    assert_eq!(http(None, whole).unwrap().security.tokens.unwrap().claims.roles, "roles", "tokens guard as keys do");
    let error = http(None, &whole.replace("'j'", "'http://example.com/jwks'")).unwrap_err();
    assert!(matches!(error, ServeError::JwksUrl(_)) && error.to_string().contains("\nhint: "), "{error}");
    for origin in ["*", "crm.example.com", "https:", "https://example.com/", "https://example.com a"] {
        let error = http(None, &format!("bundle = 'b'\ncors_origin = ['{origin}']")).unwrap_err();
        assert!(matches!(error, ServeError::Origin(_)) && error.to_string().contains("\nhint: "), "{error}");
    }
    let origins = http(None, "bundle = 'b'\ncors_origin = ['https://example.com:8443']").unwrap().security.origins;
    assert_eq!(origins, ["https://example.com:8443"]);
}

#[test]
fn a_request_log_has_a_key_a_share_and_room() {
    let log = |config: &str| http(None, &format!("bundle = 'b'\nlog_requests = 'r'\n{config}"));
    assert!(matches!(log(""), Err(ServeError::HalfGiven { given: "log-requests", missing: "audit-key" })));
    let security = log("audit_key = 'k'").unwrap().security;
    assert_eq!((security.samples, security.audit), (Some(("r".into(), Room { share: 0.01, bytes: 1 << 30 }, "k".into())), None));
    let both = log("audit_key = 'k'\naudit_log = 'a'\nlog_share = 1\nlog_max_bytes = 20000000").unwrap().security;
    assert_eq!(both.samples, Some(("r".into(), Room { share: 1.0, bytes: 20_000_000 }, "k".into())));
    assert_eq!(both.audit, Some(("a".into(), "k".into())));
    for share in ["-0.1", "1.5", "nan"] {
        let error = log(&format!("audit_key = 'k'\nlog_share = {share}")).unwrap_err();
        assert!(matches!(error, ServeError::Share { flag: "log-share", .. }) && error.to_string().contains("\nhint: "), "{error}");
    }
    assert!(matches!(log("audit_key = 'k'\nlog_max_bytes = 1"), Err(ServeError::Range { flag: "log-max-bytes", .. })));
}

#[test]
fn forgetting_asks_for_a_place_and_the_key() {
    let forget = |config: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let log = LogArgs { config: Some(file.path().to_owned()), ..LogArgs::default() };
        Forget::new(ForgetArgs { customer: "a".to_owned(), log, ..ForgetArgs::default() })
    };
    assert!(matches!(forget("audit_key = 'k'"), Err(ServeError::NowhereToForget)));
    assert!(matches!(forget("log_requests = 'r'"), Err(ServeError::Missing { flag: "audit-key", .. })));
    let settings = forget("log_requests = 'r'\naudit_key = 'k'\njson = true").unwrap();
    assert_eq!((settings.log, settings.store, settings.customer_id, settings.json), (Some("r".into()), None, "a".to_owned(), true));
    assert_eq!(forget("store = 's.db'\naudit_key = 'k'").unwrap().store.unwrap().url.to_string(), "s.db");
    let args = ["lapwing-serve", "forget", "--customer", "a", "--log", "r", "--key", "k"];
    assert!(matches!(Cli::try_parse_from(args).unwrap().command, Command::Forget(_)));
}

#[test]
fn rules_of_alerts_are_checked() {
    let error = http(None, "bundle = 'b'\nstore = 's.db'\n[alerts]\nrise = 2").unwrap_err();
    assert!(matches!(error, ServeError::Alerts(_)) && error.to_string().contains("\nhint: "), "{error}");
    let place = http(None, "bundle = 'b'\nstore = 'postgres://me:pw@db/crm'\n[alerts]\nwindow_hours = 48").unwrap().store.unwrap();
    assert_eq!((place.alerts.window_hours, place.url.to_string()), (48, "postgres://db/crm".to_owned()));
}

#[cfg(feature = "batch")]
#[test]
fn publishing_asks_for_scores_and_store_and_a_key_for_what_is_personal() {
    use crate::cli::PublishArgs;
    let publish = |config: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        Publish::new(PublishArgs { config: Some(file.path().to_owned()), ..PublishArgs::default() })
    };
    assert!(matches!(publish("store = 's.db'"), Err(ServeError::Missing { flag: "scores", .. })));
    assert!(matches!(publish("scores = 's.parquet'"), Err(ServeError::Missing { flag: "store", .. })));
    let both = "scores = 's.parquet'\nstore = 's.db'\n";
    assert!(matches!(publish(&format!("{both}keep_runs = 1")), Err(ServeError::Range { flag: "keep-runs", .. })));
    assert!(matches!(publish(&format!("{both}personal = ['email']")), Err(ServeError::HalfGiven { missing: "store-key", .. })));
    let keep = format!("{both}keep_histories = true\n");
    assert!(matches!(publish(&keep), Err(ServeError::NoBundle)), "the bundle says how they are read");
    assert!(matches!(publish(&format!("{keep}bundle = 'b'")), Err(ServeError::HalfGiven { missing: "events", .. })));
    let kept = publish(&format!("{keep}bundle = 'b'\n[events]\npaths = ['a.csv']")).unwrap().histories;
    assert_eq!(kept, Some(Source::Bundle("b".into())));
    assert_eq!(publish(&format!("{both}bundle = 'b'\n[events]\npaths = ['a.csv']")).unwrap().histories, None);
    let settings = publish(&format!("{both}personal = ['email']\nstore_key = 'k'")).unwrap();
    assert_eq!((settings.keep, settings.personal, settings.at), (8, vec!["email".to_owned()], None));
    let at = |at: &str| {
        let store = crate::cli::StoreArgs { store: Some("s.db".to_owned()), store_key: None };
        Publish::new(PublishArgs { scores: Some("s".into()), store, at: Some(at.to_owned()), ..PublishArgs::default() })
    };
    assert!(matches!(at("soon"), Err(ServeError::Time { setting: "`--at`", .. })));
    assert!(at("2020-01-01").is_ok());
    let refused = at("2199-01-01").unwrap_err();
    assert!(matches!(refused, ServeError::AtToCome) && refused.to_string().contains("\nhint: "), "{refused}");
    assert_eq!(crate::exit::of_error(&refused), crate::exit::Exit::Usage);
}

#[test]
fn how_often_callers_may_ask_needs_callers() {
    let http = |config: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("bundle = 'b'\naddr = '127.0.0.1:0'\n{config}")).unwrap();
        let common = CommonArgs { config: Some(file.path().to_owned()), ..CommonArgs::default() };
        Http::new(HttpArgs { common, ..HttpArgs::default() })
    };
    assert_eq!(http("keys = 'k'\nmax_per_second = 5").unwrap().security.per_second, Some(5));
    assert!(matches!(http("keys = 'k'\nmax_per_second = 0"), Err(ServeError::Range { flag: "max-per-second", .. })));
    assert!(matches!(http("max_per_second = 5"), Err(ServeError::HalfGiven { given: "max-per-second", missing: "keys" })));
}

#[test]
fn addresses_are_of_registries_and_of_builds_that_reach_stores() {
    let check = |config: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let common = CommonArgs { config: Some(file.path().to_owned()), ..CommonArgs::default() };
        Check::new(CheckArgs { common }).map(|settings| settings.source)
    };
    let url = ["s3", "bucket/champions"].join("://");
    let error = check(&format!("bundle = '{url}'")).unwrap_err();
    assert!(matches!(error, ServeError::BundleUrl(_)) && error.to_string().contains("\nhint: `--registry`"), "{error}");
    match check(&format!("registry = '{url}'")) {
        Ok(source) => assert!(cfg!(feature = "batch") && source == Source::Registry(url.into())),
        Err(error) => {
            assert!(cfg!(not(feature = "batch")) && matches!(error, ServeError::NoStores(_)), "{error}");
            assert!(error.to_string().contains("built without") && error.to_string().contains("\nhint: "), "{error}");
            assert_eq!(crate::exit::of_error(&error), crate::exit::Exit::Usage);
        }
    }
}

#[test]
fn a_collector_has_an_address_and_a_build_that_tells_it() {
    let http = |url: &str| {
        let common = CommonArgs { bundle: Some("b".into()), ..CommonArgs::default() };
        let addr = Some("127.0.0.1:0".to_owned());
        Http::new(HttpArgs { common, addr, otlp_endpoint: Some(url.to_owned()), ..HttpArgs::default() })
    };
    let good = ["http", "collector:4318/v1/traces"].join("://");
    let address = http(&good).unwrap().collector.unwrap();
    assert_eq!(address.to_string(), good);
    assert_eq!(crate::http::Spans::to(address).is_ok(), cfg!(feature = "otlp"));
    for bad in ["collector", "ftp://collector", &["http", "me:secret@collector/v1/traces"].join("://")] {
        let error = http(bad).unwrap_err();
        assert!(matches!(error, ServeError::Otlp { .. }) && error.to_string().contains("\nhint: "), "{error}");
        assert_eq!(crate::exit::of_error(&error), crate::exit::Exit::Usage);
    }
}

#[cfg(feature = "batch")]
#[test]
fn the_dates_of_transitions_are_settings_and_must_be_given() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "bundle = 'b'\nfrom = 2011-06-01\nout = 'o'\n[events]\npaths = ['a.csv']\nlinks = 'l.csv'").unwrap();
    let common = || CommonArgs { config: Some(file.path().to_owned()), ..CommonArgs::default() };
    let given = |to: Option<&str>| {
        Transitions::new(crate::cli::TransitionsArgs { common: common(), to: to.map(str::to_owned), ..Default::default() })
    };
    let settings = given(Some("2011-12-10")).unwrap();
    assert_eq!(
        (settings.from.as_str(), settings.to.as_str(), settings.reading.links.as_deref()),
        ("2011-06-01", "2011-12-10", Some("l.csv"))
    );
    assert!(matches!(given(None), Err(ServeError::Missing { flag: "to", .. })));
}
