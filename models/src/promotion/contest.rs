//! Measures a challenger beside the naive rules and the champion, on the rows that it brings along.

use std::collections::BTreeSet;

use lapwing_features::Calendar;

use super::{Case, Contest, Gain, Rival, Versus};
use crate::bundle::{BundleError, ModelBundle};
use crate::evidence::{Evidence, EvidenceRow};
use crate::fit::{Comparison, Scores, compare};
use crate::model::Model;
use crate::report::{SplitReport, TargetReport};
use crate::target::Target;

impl Contest {
    /// Compares two bundles on the evidence of the challenger; without a champion, the challenger with the naive rules alone.
    ///
    /// The champion answers anew, with its own model. The challenger's answers are those of the models that were judged, which had
    /// not seen the rows; the models it serves were fitted on all of them since. Intervals are paired, by bootstrap over
    /// customers, with the challenger's seed.
    ///
    /// # Errors
    /// [`BundleError`] when the evidence does not read or hold together.
    pub fn of(challenger: &ModelBundle, champion: Option<&ModelBundle>) -> Result<Self, BundleError> {
        let (windows, champion_windows) = (challenger.windows, champion.map(|champion| champion.windows));
        if champion_windows.is_some_and(|champion| champion != windows) {
            return Ok(Self { windows, champion_windows, champion_unreadable: false, cases: Vec::new() });
        }
        let mut evidence = challenger.evidence()?;
        let calendar = challenger.calendar().unwrap_or_else(|_| Calendar::utc());
        let case = |target| {
            let (one, other) = (answer(challenger, target), champion.and_then(|champion| answer(champion, target)));
            (one.is_some() || other.is_some()).then(|| {
                let evidence = evidence.remove(&target).unwrap_or_default();
                Side { champion, target, evidence, calendar: &calendar, seed: challenger.seed }.case(one, other)
            })
        };
        let cases = Target::ALL.into_iter().filter_map(case).collect();
        Ok(Self { windows, champion_windows, champion_unreadable: false, cases })
    }
}

pub(super) type Answer<'a> = (&'a Model, &'a TargetReport);

/// The model and the report with which a bundle answers a question; `None` when it does not.
pub(super) fn answer(bundle: &ModelBundle, target: Target) -> Option<Answer<'_>> {
    bundle.told().find(|(model, _)| model.target == target)
}

/// One target of the two.
pub(super) struct Side<'a> {
    pub(super) champion: Option<&'a ModelBundle>,
    pub(super) target: Target,
    pub(super) evidence: Evidence,
    pub(super) calendar: &'a Calendar,
    pub(super) seed: u64,
}

impl Side<'_> {
    pub(super) fn case(&self, challenger: Option<Answer<'_>>, champion: Option<Answer<'_>>) -> Case {
        let Evidence { rules, rows } = &self.evidence;
        let mut sets = vec![rows.iter().map(|row| row.model).collect::<Vec<f64>>()];
        sets.extend((0..rules.len()).map(|rule| rows.iter().map(|row| row.rules[rule]).collect()));
        sets.extend(champion.map(|(model, _)| self.said(model)));
        let labels: Vec<bool> = rows.iter().map(|row| row.label).collect();
        let customers: Vec<u32> = rows.iter().map(|row| row.customer).collect();
        let scores: Vec<Scores<'_>> = sets.iter().map(|set| Scores::Probabilities(set)).collect();
        let found = compare(&scores, &labels, &customers, self.seed);
        let names = rules.iter().map(|rule| format!("`{rule}`"));
        let naive: Vec<(String, &Comparison)> = names.zip(found.iter().skip(1)).collect();
        let rival = champion.map(|answer| {
            let beside = found.get(1 + rules.len()).map(|found| vec![("the champion".to_owned(), found)]);
            self.rival(answer, challenger, beside.and_then(|beside| versus(found.first()?, &beside)))
        });
        let (model, report) = challenger.unzip();
        Case {
            target: self.target,
            basis: model.map_or("none", |model| model.basis.name()).to_owned(),
            fitted: model.is_some_and(|model| model.basis.why().is_none()),
            skill: report.is_some_and(|report| report.skill),
            split: report.and_then(|report| report.split.as_ref()).map(|split: &SplitReport| split.kind),
            rows: rows.len(),
            customers: customers.into_iter().collect::<BTreeSet<_>>().len(),
            naive: found.first().and_then(|model| versus(model, &naive)),
            champion: rival,
        }
    }

    /// What the champion says of the rows.
    fn said(&self, model: &Model) -> Vec<f64> {
        let said = |row: &EvidenceRow| model.predict_top(&row.snapshot(self.calendar), 0).probability;
        self.evidence.rows.iter().map(said).collect()
    }

    fn rival(&self, (model, report): Answer<'_>, challenger: Option<Answer<'_>>, versus: Option<Versus>) -> Rival {
        let held: BTreeSet<&String> =
            challenger.iter().flat_map(|(model, _)| &model.inputs.attributes).map(|attribute| &attribute.name).collect();
        let weighed = model.inputs.attributes.iter().map(|attribute| &attribute.name);
        Rival {
            basis: model.basis.name().to_owned(),
            skill: report.skill && model.basis.why().is_none(),
            had_seen: self.champion.is_some_and(|champion| had_seen(champion, report, &self.evidence)),
            blind_to: weighed.filter(|name| !held.contains(name)).cloned().collect(),
            versus,
        }
    }
}

/// Whether the outcomes that the champion learned from reach into those of the rows. Both have the same windows.
fn had_seen(champion: &ModelBundle, report: &TargetReport, evidence: &Evidence) -> bool {
    let windows = report.target.windows(champion.windows);
    let learned_until = report.slices.iter().map(|slice| windows.outcome(slice.cutoff).1).max();
    let first = evidence.rows.iter().map(|row| windows.outcome(row.cutoff).0).min();
    learned_until.zip(first).is_some_and(|(until, first)| until > first)
}

/// The model beside the best of the others, metric by metric; `None` when there is no other.
fn versus(model: &Comparison, others: &[(String, &Comparison)]) -> Option<Versus> {
    let log_loss = others.iter().filter_map(|(name, other)| {
        let (challenger, losses) = (model.losses?.log_loss.value, other.losses?);
        Some(Gain { challenger, other: name.clone(), value: losses.log_loss.value, gain: losses.log_loss_minus_first? })
    });
    let auc = others.iter().filter_map(|(name, other)| {
        let (challenger, value) = (model.auc?.value, other.auc?.value);
        Some(Gain { challenger, other: name.clone(), value, gain: other.first_auc_minus_this? })
    });
    Some(Versus {
        log_loss: log_loss.min_by(|one, two| one.value.total_cmp(&two.value))?,
        auc: auc.min_by(|one, two| two.value.total_cmp(&one.value)),
    })
}
