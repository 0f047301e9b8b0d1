//! The three kinds of people who use Lapwing, each with data of their own: other column names, another format, a config file.

use arrow::array::Array;
use serde_json::json;

use crate::support::data;
use crate::support::http::Server;
use crate::support::run::{Binary, Ended, Folder, assert_same_bytes, serve, text, train};
use crate::support::shop;
use crate::support::tree::{self, File};

/// The config that the README shows.
fn shown_config() -> String {
    let readme = File::read("README.md").text;
    let shown = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    shown.expect("the README shows a config").to_owned()
}

/// The config that the README shows, and what a customers table needs.
fn config(folder: &Folder) -> String {
    let more = "\n[customers]\ncustomer_id = 'Customer ID'\n\n[model]\nattributes = ['Region', 'Signed up']\n";
    folder.write("churn.toml", shown_config() + more)
}

/// The shop as orders with two lines each, told by local dates, and a newsletter opened now and then.
fn orders() -> String {
    shop::csv("Order ID,Order Date,Customer ID,Event,Category,Sales", |row| {
        let date = &lapwing_features::Timestamp(row.ts).to_string()[..10];
        let (who, half) = (&row.customer, (row.amount * 50.0).round() / 100.0);
        let order = format!("{who}-{}", row.ts / 1_000_000);
        format!(
            "{order},{date},{who},Order placed,Office,{half}\n{order},{date},{who},Order placed,Chairs,{half}\n,{date},{who},Newsletter opened,,"
        )
    })
}

fn people(folder: &Folder) -> String {
    let person = |number| format!("c{number:02},{},2022-0{}-01,{number}\n", ["North", "South"][number as usize % 2], 1 + number % 9);
    let people: Vec<String> = (0..shop::CUSTOMERS).map(person).collect();
    folder.write("people.csv", "Customer ID,Region,Signed up,Phone\n".to_owned() + &people.concat())
}

#[test]
fn a_data_scientist_fits_on_a_file_of_other_names_with_the_config_of_the_readme() {
    let folder = Folder::new();
    let (events, customers, config) = (folder.write("orders.csv", orders()), people(&folder), config(&folder));
    let (bundle, source) = (folder.arg("bundle"), format!("--config {config} --events {events} --customers {customers}"));
    let fit = train(&format!("fit {source} --as-of 2024-04-01 --out {bundle} --json")).done().json();
    assert_eq!(fit["input"]["unknown_kinds"].as_object().map(serde_json::Map::len), Some(0), "{fit}");

    let out = folder.arg("features.parquet");
    train(&format!("features {source} --cutoff 2024-04-01 --out {out}")).done();
    let table = data::read(&folder.at("features.parquet"));
    let (ids, counts) = (data::text(&table, "customer_id"), data::number(&table, "purchases_count"));
    let until = data::micros("2024-04-01");
    for row in 0..table.num_rows() {
        // The lines of an order are one purchase, on the local day that the file tells.
        let bought = shop::rows().iter().filter(|one| one.customer == ids.value(row) && one.ts < until).count();
        assert_eq!(counts.value(row), bought as f64, "{}", ids.value(row));
    }

    let score = |out: &str| serve(&format!("score {source} --bundle {bundle} --as-of 2024-04-01 --out {out} --json"));
    let scored = score(&folder.arg("scores.parquet")).done().json();
    let scores = data::read(&folder.at("scores.parquet"));
    assert_eq!(scored["rows"], scores.num_rows());
    assert_eq!(scores.num_rows(), table.num_rows());
    score(&folder.arg("again.parquet")).done();
    assert_same_bytes(&folder.at("scores.parquet"), &folder.at("again.parquet"));
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let folder = Folder::new();
    folder.write("churn.toml", shown_config());
    std::fs::create_dir(folder.at("exports")).expect("the folder can be written");
    folder.write("exports/all.csv", orders());
    folder.write("campaign.csv", crate::campaigns::csv());
    folder.write("playbook.toml", serve("playbook").done().stdout);
    folder.write("holdout.key", "07".repeat(32));
    folder.write("crm.csv", "customer_id,phone\nc01,030 1234567\nc02,030 7654321\n");
    folder.write("shop.csv", "customer_id,phone\nc03,+49 30 1234567\n");
    let readme = File::read("README.md").text;
    // The date of today is the only word that a test cannot use as it stands.
    let commands: Vec<String> = readme
        .lines()
        .filter(|line| ["lapwing-train ", "lapwing-serve score ", "lapwing-serve transitions "].iter().any(|begin| line.starts_with(begin)))
        .map(|line| line.replace("\"$(date -u +%F)\"", "2024-04-01").replace('\'', ""))
        .collect();
    assert_eq!(commands.len(), 16, "{commands:#?}");
    let run = |line: &str| {
        let mut words = line.split(' ');
        let binary = if words.next() == Some("lapwing-train") { Binary::Train } else { Binary::Serve };
        let output = binary.command().current_dir(folder.at("")).args(words).output().expect("the binary starts");
        // Whether these orders make a champion is for the data to say; both answers are said in the README.
        if !(line.contains(" promote ") && output.status.code() == Some(1)) {
            Ended::from(output).done();
        }
    };
    run(&commands[0]);
    // What the README judges is a scores file of January.
    let score = commands.iter().find(|line| line.starts_with("lapwing-serve score ")).expect("it is in the README");
    run(&score.replace("scores.parquet", "scores-of-january.parquet").replace("2024-04-01", "2024-01-01"));
    commands[1..].iter().for_each(|line| run(line));
    assert!(
        ["bundle", "features.parquet", "report", "scores.parquet", "advice.parquet", "insights", "flows.parquet", "links.parquet"]
            .iter()
            .all(|name| folder.names().contains(&(*name).to_owned()))
    );
}

#[test]
fn settings_win_in_the_order_flag_environment_file_default() {
    let folder = Folder::new();
    data::write(&folder.at("events.parquet"), &shop::table(), 1_000);
    let config = folder
        .write("churn.toml", format!("as_of = 2024-04-01\nhorizon_days = 30\n[events]\npaths = ['{}']\n", folder.arg("events.parquet")));
    let horizon = |flag: &[&str], variable: Option<&str>, file: bool| {
        let mut command = Binary::Train.command();
        command.args(["fit", "--out", &folder.arg("bundle")]).args(flag);
        if let Some(days) = variable {
            command.env("LAPWING_HORIZON_DAYS", days);
        }
        if file {
            command.args(["--config", &config]);
        } else {
            command.args(["--as-of", "2024-04-01", "--events", &folder.arg("events.parquet")]);
        }
        Ended::from(command.output().expect("the binary starts")).done();
        serve(&format!("check --json --bundle {}", folder.arg("bundle"))).done().json()["horizon_days"].as_u64()
    };
    assert_eq!(horizon(&[], None, false), Some(90));
    assert_eq!(horizon(&[], None, true), Some(30));
    assert_eq!(horizon(&[], Some("45"), true), Some(45));
    assert_eq!(horizon(&["--horizon-days", "60"], Some("45"), true), Some(60));
}

#[test]
fn the_shipped_config_says_what_holds_without_it() {
    let folder = Folder::new();
    data::write(&folder.at("events.parquet"), &shop::table(), 1_000);
    let (events, config) = (folder.arg("events.parquet"), tree::root().join("notebooks-data/churn.toml"));
    let config = text(&config);
    train(&format!("fit --events {events} --as-of 2024-04-01 --out {}", folder.arg("plain"))).done();
    train(&format!("fit --events {events} --as-of 2024-04-01 --out {} --config {config}", folder.arg("configured"))).done();
    assert_same_bytes(&folder.at("plain"), &folder.at("configured"));
    let bundle = folder.arg("plain");
    serve(&format!(
        "score --bundle {bundle} --events {events} --as-of 2024-04-01 --out {} --config {config}",
        folder.arg("scores.parquet")
    ))
    .done();
}

#[test]
fn a_crm_scores_one_customer_and_reads_what_the_model_is() {
    let server = Server::start(&crate::support::fitted::shipped().bundle);
    let answer = server.post(
        "/v1/score",
        &json!({
            "as_of": "2011-09-10T00:00:00Z",
            "customers": [{ "customer_id": 12_347, "events": [
                { "ts": "2011-04-07T10:43:00Z", "kind": "purchase", "amount": 636.25, "channel": "web", "category": "gift" },
                { "ts": "2011-06-09T13:01:00+01:00", "kind": "purchase", "amount": 382.52 },
                { "ts": "2011-10-31T12:25:00Z", "kind": "purchase", "amount": 1294.32 },
            ] }],
        }),
    );
    assert!(answer.header("x-request-id").is_some() && answer.header("lapwing-model-version").is_some());
    let answer = answer.ok();
    let score = &answer["scores"][0];
    assert_eq!(score["customer_id"], "12347");
    assert_eq!(score["population"], "lapsed");
    assert_eq!(score["ignored_events"], 1);
    assert!(score["churn_probability"].is_null() && score["health"].is_null());
    let (low, high) = (score["reactivation_interval"][0].as_f64().unwrap(), score["reactivation_interval"][1].as_f64().unwrap());
    let probability = score["reactivation_probability"].as_f64().unwrap();
    assert!(0.0 < low && low <= probability && probability <= high && high < 1.0, "{score}");
    assert_eq!(score["reasons"].as_array().map(Vec::len), Some(5));

    let models = server.get("/v1/models").ok();
    assert_eq!(models["models"][0]["version"], answer["model"]["version"]);
    assert_eq!(models["models"][0]["feature_fingerprint"], lapwing_features::schema::fingerprint());
    assert!(server.get("/openapi.json").ok()["paths"]["/v1/score"]["post"].is_object());
    assert!(server.get("/metrics").body.contains("# EOF"), "the format of OpenMetrics");
    server.get("/health/live").ok();
    server.get("/health/ready").ok();
}

#[test]
fn the_scores_file_keeps_its_contract() {
    let scores = data::read(&crate::support::fitted::shipped().scores);
    let schema = scores.schema();
    let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let contract = [
        "customer_id",
        "as_of",
        "population",
        "stage",
        "segment",
        "churn_probability",
        "churn_probability_low",
        "churn_probability_high",
        "reactivation_probability",
        "reactivation_probability_low",
        "reactivation_probability_high",
        "risk_band",
    ];
    assert_eq!(columns[..contract.len()], contract);
    assert_eq!(columns.last(), Some(&"model_version"));
    let (population, ids) = (data::text(&scores, "population"), data::text(&scores, "customer_id"));
    let (churn, reactivation) = (data::number(&scores, "churn_probability"), data::number(&scores, "reactivation_probability"));
    for row in 0..scores.num_rows() {
        assert_eq!(churn.is_valid(row), population.value(row) == "current");
        assert_eq!(reactivation.is_valid(row), population.value(row) == "lapsed");
    }
    let ids: Vec<&str> = (0..ids.len()).map(|row| ids.value(row)).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "one row a customer");
    assert!(ids.iter().map(|id| lapwing_features::Token::of(id).to_hex()).is_sorted(), "in the order of a hash of their ids");
}
