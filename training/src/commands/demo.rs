//! `demo`: the main job on the data that comes along: fit, look back, score, report.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use lapwing_features::engine::{Dataset, Part, write_parquet};
use lapwing_features::{Cutoff, Event, Id, Kernel, Kind, Timestamp};
use lapwing_models::bundle::ModelBundle;
use lapwing_models::lifecycle::{LifecycleSettings, Replay, RiskBand, Spell, Stage};
use lapwing_models::playbook::Advice;
use lapwing_models::score::Score;
use serde::Serialize;
use serde_json::json;

use crate::commands::{self, fit::ModelOutcome};
use crate::error::TrainError;
use crate::judging::{self, Case, Judgement, Scored};
use crate::pipeline::{self, Learned, Task};
use crate::report;
use crate::settings::{self, Source};

/// How many urgent customers are shown.
const URGENT: usize = 10;
/// A customer with so many events at most makes a request that fits the screen.
const FEW_EVENTS: std::ops::RangeInclusive<usize> = 1..=2;

/// What `demo` found out, and what `demo --json` prints.
#[derive(Debug, Serialize)]
pub struct Outcome<'a> {
    /// Rows read.
    pub invoices: usize,
    /// Customers in them.
    pub customers: usize,
    /// The first event.
    pub first_event: String,
    /// The last event.
    pub last_event: String,
    /// Where the data is from.
    pub source: &'static str,
    /// Everything before this instant was known to the models.
    pub as_of: String,
    /// Length of both windows.
    pub horizon_days: u32,
    /// Where the bundle is.
    pub bundle: PathBuf,
    /// Its version.
    pub version: String,
    /// Where the scores are.
    pub scores: PathBuf,
    /// Customers by stage, in the order of the stages.
    pub stages: Vec<StageRow>,
    /// Whom to look after first.
    pub urgent: Vec<Urgent>,
    /// How the models were judged while they were fitted.
    pub models: Vec<ModelOutcome<'a>>,
    /// How models of a horizon ago did.
    pub backtest: Judgement,
    /// The page on how models of several past dates did.
    pub report: PathBuf,
    /// Those dates, oldest first.
    pub report_dates: Vec<String>,
    /// What it came to over all of them, a sentence for churn and one for reactivation, in the words of `backtest`'s verdicts.
    pub report_verdicts: Vec<String>,
    /// Starts the server.
    pub serve_command: String,
    /// Scores a customer by it.
    pub curl: String,
    /// The customer's churn probability in the scores file, which the server must give too.
    pub curl_expects: f64,
}

/// The customers of one stage.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StageRow {
    /// The stage.
    pub stage: &'static str,
    /// Customers of low risk.
    pub green: usize,
    /// Customers of middling risk.
    pub yellow: usize,
    /// Customers of high risk.
    pub red: usize,
    /// Customers of whom no model speaks.
    pub without_band: usize,
    /// All of them.
    pub all: usize,
    /// What they spent in 365 days, less returns.
    pub spend: f64,
}

/// A current customer of high risk.
#[derive(Clone, Debug, Serialize)]
pub struct Urgent {
    /// The customer.
    pub customer_id: String,
    /// Where in the relationship.
    pub stage: &'static str,
    /// How likely no purchase is within the horizon.
    pub churn_probability: f64,
    /// What is expected to be spent in the 365 days to come.
    pub clv_365d: f64,
    /// Whether they bought on one day only so far, so that this is what buyers like them spend.
    pub one_day: bool,
    /// What raises the probability most, in words, as in the scores file.
    pub reasons: Vec<String>,
}

/// Runs `demo`.
///
/// # Errors
/// [`TrainError`] when the data is not there or the folder cannot be written.
pub fn run(settings: &settings::Demo) -> Result<(), TrainError> {
    let source = Source::plain(&settings.events);
    let dataset = pipeline::read(&source, None)?;
    let (Some(first), Some(last)) = (dataset.shape.since(), dataset.last_event) else {
        return Err(pipeline::no_purchase(&dataset));
    };
    let lifecycle = LifecycleSettings::default();
    let as_of = source.calendar.cutoff(pipeline::complete_until(&source, &dataset, None));
    let task = Task { source: &source, as_of, windows: settings.windows, seed: settings.seed, lifecycle: &lifecycle, intent: true };
    let backtest = look_back(task, &dataset, last)?;
    let learned = pipeline::learn(task)?;
    let report_folder = settings.out.join("report");
    let report = commands::backtest::make(&settings.backtest(source.clone(), report_folder.clone()))?;

    let mut scores = learned.scores();
    let mut spells = spells(&dataset, &learned.bundle, &source, as_of)?;
    for score in &mut scores {
        score.spell = spells.remove(&score.customer_id);
    }
    let (bundle, file) = (settings.out.join("bundle"), settings.out.join("scores.parquet"));
    learned.bundle.save(&bundle)?;
    // As the nightly table has it: with what the shipped playbook advises.
    write_parquet(&file, &Advice::default().table(&scores))?;

    let spend = spend(&dataset, as_of, &scores)?;
    let ranked = ranked(&scores);
    let (curl, curl_expects) = curl(&ranked, &dataset, as_of)?;
    let outcome = Outcome {
        invoices: dataset.report()?.rows as usize,
        customers: dataset.len(),
        first_event: first.to_string(),
        last_event: last.to_string(),
        source: "Chen (2015), Online Retail, UCI Machine Learning Repository, doi 10.24432/C5BW33, CC BY 4.0; one row an invoice",
        as_of: learned.bundle.as_of.to_string(),
        horizon_days: settings.windows.horizon_days,
        serve_command: serve_command(&bundle),
        bundle,
        version: learned.bundle.version(),
        scores: file,
        stages: stages(&scores, &spend),
        urgent: ranked.iter().take(URGENT).map(|score| urgent(score, &learned)).collect(),
        models: learned.reports().iter().map(ModelOutcome::of).collect(),
        backtest,
        report: report_folder.join("report.html"),
        report_dates: report.cutoffs.into_iter().map(|cutoff| cutoff.as_of).collect(),
        report_verdicts: report.targets.into_iter().map(|target| target.headline).collect(),
        curl,
        curl_expects,
    };
    if settings.json { report::result(&outcome) } else { report::screen(&report::demo::text(&outcome, report::colours())) }
}

/// Since when each customer is in its stage, by the rules of the bundle.
fn spells(dataset: &Dataset, bundle: &ModelBundle, source: &Source, as_of: Cutoff) -> Result<HashMap<String, Spell>, TrainError> {
    let work = |part: Part<'_>| {
        let (mut kernel, mut replay) = (Kernel::new(bundle.shape.clone()), Replay::new(&bundle.thresholds, &source.calendar));
        let mut spells = Vec::new();
        part.try_each(|customer| {
            let mut walk = kernel.follow(customer.history);
            let snapshot = walk.whole_snapshot(as_of, bundle.fact_settings(), customer.attributes.clone());
            let spell = snapshot.and_then(|snapshot| replay.of(&mut walk, &snapshot));
            spells.extend(spell.map(|spell| (customer.id.to_owned(), spell)));
            Ok::<_, TrainError>(())
        })?;
        Ok(spells)
    };
    let mut all = HashMap::new();
    dataset.sweep(work, |spells| {
        all.extend(spells);
        Ok::<_, TrainError>(())
    })?;
    Ok(all)
}

/// Fits as of a horizon before the day of the last event, and judges by what then happened.
fn look_back(task: Task<'_>, dataset: &Dataset, last: Timestamp) -> Result<Judgement, TrainError> {
    let calendar = &task.source.calendar;
    let last_day = calendar.start_of_day(calendar.day_and_hour(last).0);
    let as_of = calendar.cutoff(last_day.plus_days(-task.windows.span_days()));
    let learned = pipeline::learn(Task { as_of, intent: false, ..task })?;
    let scored: Vec<Scored> = learned
        .scores()
        .into_iter()
        .map(|score| Scored { probability: score.prediction().map(|p| p.probability), population: score.population, id: score.customer_id })
        .collect();
    let complete_until = pipeline::complete_until(task.source, dataset, None);
    judging::judge(&Case { scored: &scored, dataset, as_of, windows: task.windows, complete_until, seed: task.seed })
}

/// What the customer of each score spent in the 365 days before as-of, less returns.
fn spend(dataset: &Dataset, as_of: Cutoff, scores: &[Score]) -> Result<Vec<f64>, TrainError> {
    let since = as_of.at.plus_days(-365);
    let counts = |event: &&Event| event.ts >= since && matches!(event.kind, Kind::Purchase | Kind::Return) && event.amount.is_finite();
    scores.iter().map(|score| Ok(events(dataset, as_of, score)?.iter().filter(counts).map(|event| event.amount).sum())).collect()
}

/// What is known of the customer before as-of.
fn events(dataset: &Dataset, as_of: Cutoff, score: &Score) -> Result<Vec<Event>, TrainError> {
    let history = dataset.history(&score.customer_id)?;
    Ok(history.map_or(Vec::new(), |history| history.observe(as_of).events().copied().collect()))
}

fn stages(scores: &[Score], spend: &[f64]) -> Vec<StageRow> {
    let row = |stage: &Stage| {
        let mut row = StageRow { stage: stage.name(), ..StageRow::default() };
        for (score, spend) in scores.iter().zip(spend).filter(|(score, _)| score.stage == Some(*stage)) {
            match score.risk_band {
                Some(RiskBand::Green) => row.green += 1,
                Some(RiskBand::Yellow) => row.yellow += 1,
                Some(RiskBand::Red) => row.red += 1,
                None => row.without_band += 1,
            }
            row.all += 1;
            row.spend += spend;
        }
        row
    };
    Stage::ALL.iter().map(row).filter(|row| row.all > 0).collect()
}

/// What a customer is expected to spend in a year; 0 where that is not known.
fn clv(score: &Score) -> f64 {
    score.value.as_ref().and_then(|value| value.clv_365d).unwrap_or(0.0)
}

/// Current customers in the red band, the most at stake first: in the order in which their alerts are due at one time.
fn ranked(scores: &[Score]) -> Vec<&Score> {
    let at_stake = |score: &Score| score.churn.as_ref().map_or(0.0, |churn| churn.probability) * clv(score);
    let mut red: Vec<_> = scores.iter().filter(|score| score.churn.is_some() && score.risk_band == Some(RiskBand::Red)).collect();
    red.sort_by(|one, two| at_stake(two).total_cmp(&at_stake(one)).then_with(|| one.customer_id.cmp(&two.customer_id)));
    red
}

fn urgent(score: &Score, learned: &Learned) -> Urgent {
    let snapshot = learned.snapshots.iter().find(|(id, _)| *id == score.customer_id);
    Urgent {
        customer_id: score.customer_id.clone(),
        stage: score.stage.map_or("-", Stage::name),
        churn_probability: score.churn.as_ref().map_or(0.0, |churn| churn.probability),
        clv_365d: clv(score),
        one_day: snapshot.is_some_and(|(_, snapshot)| snapshot.features[Id::purchase_days_count] <= 1.0),
        reasons: score.why.iter().map(str::to_owned).collect(),
    }
}

/// The command that starts the server on the bundle: through cargo in the project's folder, else by name.
fn serve_command(bundle: &Path) -> String {
    let program = if Path::new("serving/Cargo.toml").is_file() { "cargo run --release -p lapwing-serving --" } else { "lapwing-serve" };
    format!("{program} http --bundle {}", quoted(&bundle.display().to_string()))
}

/// A request that scores a customer of the data by its events, and the probability that it must give.
fn curl(ranked: &[&Score], dataset: &Dataset, as_of: Cutoff) -> Result<(String, f64), TrainError> {
    let mut chosen = None;
    for score in ranked {
        let events = events(dataset, as_of, score)?;
        let few = FEW_EVENTS.contains(&events.len());
        if few || chosen.is_none() {
            chosen = Some((*score, events));
        }
        if few {
            break;
        }
    }
    let Some((score, events)) = chosen else { return Ok((String::new(), 0.0)) };
    let events: Vec<String> = events.iter().map(event_json).collect();
    let body = format!(
        "{{\n    \"as_of\":{},\"customers\":[{{\"customer_id\":{},\"events\":[\n    {}]}}]}}",
        json!(as_of.at.to_string()),
        json!(score.customer_id),
        events.join(",\n    ")
    );
    let probability = score.churn.as_ref().map_or(0.0, |churn| churn.probability);
    Ok((format!("curl -s http://127.0.0.1:8080/v1/score -H 'content-type: application/json' -d {}", quoted(&body)), probability))
}

/// An event as the service takes it; an order is named by its number, for only which rows share it counts.
fn event_json(event: &Event) -> String {
    let mut members = format!("\"ts\":\"{}\",\"kind\":\"{}\"", event.ts, event.kind.name());
    for (name, number) in [("amount", event.amount), ("quantity", event.quantity)] {
        if number.is_finite() {
            let _ = write!(members, ",\"{name}\":{number}");
        }
    }
    if event.order != Event::NO_ORDER {
        let _ = write!(members, ",\"order_id\":\"{}\"", event.order);
    }
    format!("{{{members}}}")
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_features::example;

    #[test]
    fn events_are_written_as_json_that_reads_back_to_the_same_numbers() {
        let history = example::history(&[("2024-01-01", "purchase", 0.1), ("2024-01-02", "visit", f64::NAN)]);
        let written: Vec<String> = history.observe(example::cutoff("2024-02-01")).events().map(event_json).collect();
        assert_eq!(written[0], r#"{"ts":"2024-01-01T00:00:00Z","kind":"purchase","amount":0.1}"#);
        assert_eq!(written[1], r#"{"ts":"2024-01-02T00:00:00Z","kind":"visit"}"#);
    }

    #[test]
    fn paths_are_quoted_for_the_shell_only_where_needed() {
        assert_eq!(quoted("lapwing-demo/bundle"), "lapwing-demo/bundle");
        assert_eq!(quoted("it's here"), "'it'\\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
