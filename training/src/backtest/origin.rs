//! One cutoff: everything is learned from what was known before it, and only the outcomes are taken from after it.

use lapwing_features::engine::Customer;
use lapwing_features::{Cutoff, Population, Snapshot};
use lapwing_models::Target;
use lapwing_models::effects::{InputEffect, effects};
use lapwing_models::fit::{self, Baseline, Family, TrainingRow};
use lapwing_models::lifecycle::{SignTally, Stage};

use super::schema::{CutoffFacts, Drift, Effect, Method, ReasonCount, Signs};
use super::table::{Table, Traits};
use super::{World, insight, model};
use crate::error::TrainError;
use crate::judging;
use crate::pipeline::{self, Learned, Lesson, Task};
use crate::progress::Step;

/// What came of one cutoff.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who was there, and what was learned from.
    pub facts: CutoffFacts,
    /// One a target, in their order.
    pub parts: Vec<Part>,
    /// The warning signs, of the newest cutoff only.
    pub signs: Option<Signs>,
}

/// What came of one cutoff for one target.
#[derive(Clone, Debug)]
pub struct Part {
    /// The question.
    pub target: Target,
    /// How the model finds its probability.
    pub basis: String,
    /// Why there is no fitted model; `None` when there is one.
    pub why: Option<String>,
    /// Training rows, and positives among them.
    pub learned_from: (usize, usize),
    /// What was said of each customer, and what then happened.
    pub table: Table,
    /// What the model believes of each input.
    pub beliefs: Vec<InputEffect>,
    /// What is told of the newest cutoff only.
    pub newest: Option<Newest>,
}

/// What is told of the newest cutoff only.
#[derive(Clone, Debug)]
pub struct Newest {
    /// What the model believes.
    pub effects: Vec<Effect>,
    /// What it gives as reasons.
    pub reasons: Vec<ReasonCount>,
    /// How the customers differ from the training rows.
    pub drift: Vec<Drift>,
}

impl Origin {
    /// What came of it for `target`.
    #[must_use]
    pub fn part(&self, target: Target) -> Option<&Part> {
        self.parts.iter().find(|part| part.target == target)
    }
}

/// What is learned of one target before the models are fitted.
struct Before {
    target: Target,
    baselines: Vec<Baseline>,
    learned_from: (usize, usize),
    then: Option<insight::Then>,
}

impl Before {
    fn of(lesson: Lesson<'_>, newest: bool) -> Self {
        let Lesson { target, rows, settings, .. } = lesson;
        let _step = Step::alone(&format!("learning the baselines of {target}"));
        let own: Vec<&TrainingRow> = rows.iter().filter(|row| target.concerns(&row.snapshot)).collect();
        let snapshots = || own.iter().map(|row| &row.snapshot).collect::<Vec<_>>();
        Self {
            target,
            baselines: fit::baselines(target, rows, settings),
            learned_from: (own.len(), own.iter().filter(|row| target.label(row.purchased)).count()),
            then: newest.then(|| insight::Then::of(&snapshots())),
        }
    }
}

/// Learns as of `as_of`, scores everybody, and notes what then happened; `group` is the cutoff's place among all.
///
/// # Errors
/// [`TrainError`] when the data cannot be read, or nothing at all happened in the outcome window.
pub fn learn(world: World<'_>, as_of: Cutoff, group: usize, newest: bool) -> Result<Origin, TrainError> {
    let settings = world.settings;
    let (from, to) = settings.windows.outcome(as_of.at);
    if !judging::anything_happened(world.dataset, from, to)? {
        return Err(TrainError::OutcomeEmpty { from, to });
    }
    let task = Task {
        source: &settings.source,
        as_of,
        windows: settings.windows,
        seed: settings.seed,
        lifecycle: &settings.lifecycle,
        intent: settings.targets().contains(&Target::Intent),
    };
    let mut before = Vec::new();
    let mut learned_from = Vec::new();
    let learned = pipeline::learn_beside(task, |lesson| {
        if lesson.target == Target::Churn {
            learned_from = lesson.cutoffs.iter().map(ToString::to_string).collect();
        }
        before.push(Before::of(lesson, newest));
    })?;
    let count = |population| learned.snapshots.iter().filter(|(_, snapshot)| snapshot.population == population).count();
    let facts = CutoffFacts {
        as_of: as_of.at.to_string(),
        outcome_from: from.to_string(),
        outcome_to: to.to_string(),
        customers: learned.snapshots.len(),
        current: count(Population::Current),
        lapsed: count(Population::Lapsed),
        prospects: count(Population::Prospect),
        learned_from,
    };
    let parts = before.into_iter().map(|before| part(world, &learned, before, as_of, group)).collect::<Result<Vec<_>, _>>()?;
    let parts = parts.into_iter().flatten().collect();
    let signs = newest.then(|| signs(world, &learned, as_of)).transpose()?;
    Ok(Origin { facts, parts, signs })
}

/// The signs of everybody who was scored, and which of the current ones then left.
fn signs(world: World<'_>, learned: &Learned, as_of: Cutoff) -> Result<Signs, TrainError> {
    let outcome =
        |(): &mut (), customer: Customer<'_>| customer.history.purchased_after(as_of, world.settings.windows, world.complete_until);
    let outcomes = world.dataset.map(|| (), outcome)?;
    let mut tally = SignTally::default();
    for (id, snapshot) in &learned.snapshots {
        let purchased = world.dataset.position(id).and_then(|place| outcomes[place]);
        let churned = purchased.filter(|_| snapshot.population == Population::Current).map(|purchased| !purchased);
        tally.add(learned.bundle.thresholds.sign_states(snapshot), churned);
    }
    Ok(Signs::of(as_of.at.to_string(), learned.snapshots.len(), &tally))
}

fn part(world: World<'_>, learned: &Learned, before: Before, as_of: Cutoff, group: usize) -> Result<Option<Part>, TrainError> {
    let Before { target, baselines, learned_from, then } = before;
    let Some(model) = model(&learned.bundle, target) else { return Ok(None) };
    let windows = target.windows(world.settings.windows);
    let outcome = |(): &mut (), customer: Customer<'_>| customer.history.purchased_after(as_of, windows, world.complete_until);
    let outcomes = world.dataset.map(|| (), outcome)?;
    let asked: Vec<(&str, &Snapshot)> =
        learned.snapshots.iter().filter(|(_, snapshot)| target.concerns(snapshot)).map(|(id, snapshot)| (id.as_str(), snapshot)).collect();
    let mut table = Table { methods: vec![("model".to_owned(), Method::Model)], ..Table::default() };
    table.methods.extend(baselines.iter().map(|baseline| (baseline.name.to_owned(), method(baseline.family))));
    let mut snapshots = Vec::with_capacity(asked.len());
    for (id, snapshot) in &asked {
        let place = world.dataset.position(id);
        let happened = place.and_then(|place| Some((u32::try_from(place).ok()?, outcomes[place]?)));
        // Everybody seen before the cutoff is in the whole data, and every outcome is known: nobody is passed over.
        let Some((customer, purchased)) = happened else { continue };
        table.labels.push(target.label(purchased));
        table.customers.push(customer);
        table.groups.push(group);
        let stage = learned.bundle.thresholds.stage(snapshot).map(Stage::name);
        table.traits.push(Traits::of(snapshot, stage, &world.settings.source.attributes));
        snapshots.push(*snapshot);
    }
    table.said.push(snapshots.iter().map(|snapshot| model.predict_top(snapshot, 0).probability).collect());
    table.said.extend(baselines.iter().map(|baseline| baseline.probabilities(&snapshots)));
    let beliefs = effects(model, &snapshots);
    let newest = then.map(|then| Newest {
        effects: beliefs.iter().map(insight::effect).collect(),
        reasons: insight::reasons(model, &snapshots),
        drift: then.drift(&snapshots),
    });
    let (basis, why) = (model.basis.name().to_owned(), model.basis.why().map(str::to_owned));
    Ok(Some(Part { target, basis, why, learned_from, table, beliefs, newest }))
}

fn method(family: Family) -> Method {
    match family {
        Family::Naive => Method::Naive,
        Family::Btyd => Method::Btyd,
        Family::Challenger => Method::Challenger,
    }
}
