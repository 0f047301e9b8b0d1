//! Rolling origin: models of the past, learned as `fit` would have then, judged against what then happened.
//!
//! [`plan`] chooses the cutoffs; [`origin`] learns at one of them from what was known before it and notes what then happened in a
//! [`table`]; [`skill`], [`curves`] and [`slices`] judge all cutoffs together; [`insight`] tells what the newest model believes;
//! [`words`] says what it all comes to. The result is a [`schema::Report`].

pub mod curves;
pub mod insight;
pub mod origin;
pub mod plan;
pub mod schema;
pub mod skill;
pub mod slices;
pub mod table;
pub mod words;

use lapwing_features::engine::Dataset;
use lapwing_features::{Cutoff, Timestamp};
use lapwing_models::fit::{self, Permuted, Rows};
use lapwing_models::{Model, ModelBundle, Target};

use self::origin::{Origin, Part};
use self::plan::Plan;
use self::schema::{CutoffSkill, Data, Permutation, Report, SCHEMA_VERSION, Setup, TargetBacktest};
use self::table::Table;
use crate::error::TrainError;
use crate::pipeline;
use crate::progress::Step;
use crate::settings;

/// Times that the futures are dealt out anew.
const SHUFFLES: usize = 500;
/// Fewer cutoffs are worth a warning.
pub const ENOUGH_CUTOFFS: u32 = 6;

/// What a backtest works on.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// What was asked.
    pub settings: &'a settings::Backtest,
    /// Everything, past every cutoff: only outcomes are taken from it.
    pub dataset: &'a Dataset,
    /// The data tell who bought up to here.
    pub complete_until: Timestamp,
}

/// Runs a whole backtest; the same data and settings give the same report to the bit.
///
/// # Errors
/// [`TrainError`] when the data cannot be read, or do not reach far enough for a single cutoff.
pub fn run(settings: &settings::Backtest) -> Result<Report, TrainError> {
    let dataset = pipeline::read(&settings.source, settings.source.data_until)?;
    let (Some(since), Some(last_event)) = (dataset.shape.since(), dataset.last_event) else {
        return Err(pipeline::no_purchase(&dataset));
    };
    let complete_until = pipeline::complete_until(&settings.source, &dataset, None);
    let world = World { settings, dataset: &dataset, complete_until };
    let Plan { cutoffs, step_days } = plan::plan(settings, since, complete_until)?;
    let calendar = &settings.source.calendar;
    let cutoffs: Vec<Cutoff> = cutoffs.into_iter().map(|at| calendar.cutoff(at)).collect();
    let mut origins = Vec::with_capacity(cutoffs.len());
    for (group, as_of) in cutoffs.iter().enumerate() {
        tracing::info!("cutoff {} of {}: {}", group + 1, cutoffs.len(), as_of.at);
        origins.push(origin::learn(world, *as_of, group, group + 1 == cutoffs.len())?);
    }
    let input = dataset.report()?;
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        lapwing_version: env!("CARGO_PKG_VERSION").to_owned(),
        setup: Setup {
            windows: settings.windows,
            timezone: calendar.name().to_owned(),
            seed: settings.seed,
            step_days,
            attributes: settings.source.attributes.clone(),
            confidence: 0.95,
        },
        data: Data {
            fingerprint: dataset.fingerprint()?,
            first_event: since.to_string(),
            last_event: last_event.to_string(),
            complete_until: complete_until.to_string(),
            quality: input.lines(),
            input,
        },
        cutoffs: origins.iter().map(|origin| origin.facts.clone()).collect(),
        targets: settings.targets().iter().map(|target| judge(*target, &origins, settings)).collect(),
        signs: origins.last().and_then(|origin| origin.signs.clone()),
        warnings: Vec::new(),
    };
    report.warnings = words::warnings(&report);
    Ok(report)
}

/// Judges one target over all cutoffs.
fn judge(target: Target, origins: &[Origin], settings: &settings::Backtest) -> TargetBacktest {
    let _step = Step::alone(&format!("judging {target}"));
    let parts: Vec<&Part> = origins.iter().filter_map(|origin| origin.part(target)).collect();
    let table = Table::of(parts.iter().map(|part| &part.table));
    let pooled = skill::skill(&table, settings.seed);
    let best_naive = pooled.as_ref().and_then(skill::best_naive).map(|rule| rule.name.to_owned());
    let model = table.said.first().map_or(&[][..], Vec::as_slice);
    let rows = Rows { labels: &table.labels, customers: &table.customers, groups: &table.groups };
    let permuted = fit::permute(model, rows, SHUFFLES, settings.seed).map(permutation);
    let groupings = slices::groupings(&table, &settings.source.attributes, settings.seed);
    let newest = parts.last().and_then(|part| part.newest.as_ref());
    let mut found = TargetBacktest {
        target,
        event: words::event(target).to_owned(),
        headline: String::new(),
        verdict: words::verdict(pooled.as_ref(), permuted.as_ref()),
        skill: false,
        answers: Vec::new(),
        gains: curves::gains(&table, best_naive.as_deref()),
        profit: (target == Target::Churn).then(|| curves::profit(&table, best_naive.as_deref(), &settings.profit)),
        scores: curves::scores(&table),
        best_naive,
        pooled,
        cutoffs: origins.iter().zip(&parts).map(|(origin, part)| cutoff(origin, part, settings.seed)).collect(),
        permutation: permuted,
        stability: insight::stability(&parts),
        weakest: slices::weakest(&groupings),
        groupings,
        effects: newest.map_or_else(Vec::new, |newest| newest.effects.clone()),
        reasons: newest.map_or_else(Vec::new, |newest| newest.reasons.clone()),
        drift: newest.map_or_else(Vec::new, |newest| newest.drift.clone()),
    };
    found.skill = !matches!(found.verdict, schema::Verdict::NotJudged | schema::Verdict::NoSkill);
    found.headline = words::headline(&found);
    found.answers = words::answers(&found, &table);
    found
}

fn cutoff(origin: &Origin, part: &Part, seed: u64) -> CutoffSkill {
    let (rows, positives) = part.learned_from;
    CutoffSkill {
        as_of: origin.facts.as_of.clone(),
        basis: part.basis.clone(),
        why: part.why.clone(),
        training_rows: rows,
        training_base_rate: (rows > 0).then(|| positives as f64 / rows as f64),
        skill: skill::skill(&part.table, seed),
    }
}

fn permutation(found: Permuted) -> Permutation {
    let Permuted { auc, shuffled, shuffled_95, p_value, replicates } = found;
    Permutation { replicates, auc, auc_shuffled: shuffled, auc_shuffled_95: shuffled_95, p_value }
}

/// The model of a bundle that answers `target`; `None` when it has none.
#[must_use]
pub fn model(bundle: &ModelBundle, target: Target) -> Option<&Model> {
    match target {
        Target::Churn => Some(&bundle.churn),
        Target::Reactivation => Some(&bundle.reactivation),
        Target::Intent => bundle.intent.as_ref(),
    }
}
