//! How good the model is beside the naive rules, on rows that it was not fitted on.

use super::baselines::{self, Baseline, Family, NAIVE};
use super::bootstrap::{Comparison, Scores, compare};
use super::select::{Choice, Run};
use super::split::{Split, Trial};
use super::table::Table;
use super::{FitSettings, rule};
use crate::evidence::Evidence;
use crate::metrics::{BINS, calibration_bins};
use crate::report::{Estimate, Judged};
use crate::sigmoid;
use crate::target::Target;

/// Everything that is judged, on the judge rows of a split.
pub(super) struct Court<'a> {
    pub(super) target: Target,
    pub(super) table: &'a Table<'a>,
    pub(super) split: &'a Split,
    pub(super) settings: &'a FitSettings,
}

/// Probabilities of the judge rows, and whose they are.
struct Set {
    name: &'static str,
    family: Option<Family>,
    said: Vec<f64>,
}

impl Court<'_> {
    /// The model as `choice` has it, with what its candidates said of the judge rows, then the baselines.
    pub(super) fn judge_model(&self, runs: &[Run], choice: &Choice) -> (Vec<Judged>, Evidence) {
        let says = |run: &Run| run.mixed(&choice.members).into_iter().map(|z| sigmoid(choice.calibrator.apply(z))).collect();
        self.judge(&runs.iter().map(says).collect::<Vec<_>>())
    }

    /// The hiatus rule in the model's place, then the baselines.
    pub(super) fn judge_rule(&self) -> (Vec<Judged>, Evidence) {
        let default_days = f64::from(self.settings.windows.active_days);
        let by_rule = |trial: &Trial| rule::apply(&rule::learn(self.table, &trial.fit, default_days), self.table, &trial.tested);
        self.judge(&self.split.judging().iter().map(by_rule).collect::<Vec<_>>())
    }

    /// `model` is what the model said of the tested rows of each trial that judges.
    fn judge(&self, model: &[Vec<f64>]) -> (Vec<Judged>, Evidence) {
        let judge = self.split.judge();
        let mut sets = vec![Set { name: "model", family: None, said: self.in_order(model) }];
        let learned: Vec<Vec<Baseline>> = self.split.judging().iter().map(|trial| self.baselines(trial)).collect();
        for (place, Baseline { name, family, .. }) in learned.first().into_iter().flatten().enumerate() {
            let says = |(trial, found): (&Trial, &Vec<Baseline>)| {
                let rows = self.table.rows_at(&trial.tested);
                found[place].probabilities(&rows.iter().map(|row| &row.snapshot).collect::<Vec<_>>())
            };
            let said: Vec<Vec<f64>> = self.split.judging().iter().zip(&learned).map(says).collect();
            sets.push(Set { name, family: Some(*family), said: self.in_order(&said) });
        }
        let labels = self.table.labels_at(&judge);
        let customers = self.table.customers_at(&judge);
        let scores: Vec<Scores<'_>> = sets.iter().map(|set| Scores::Probabilities(&set.said)).collect();
        let found = compare(&scores, &labels, &customers, self.settings.seed);
        let found = sets.iter().zip(found).enumerate();
        let judged = found.filter_map(|(place, (set, found))| judged(set.name, &set.said, &labels, found, place == 0)).collect();
        let naive = sets.into_iter().filter(|set| set.family.is_none_or(|family| family == Family::Naive));
        let naive: Vec<(&str, Vec<f64>)> = naive.map(|set| (set.name, set.said)).collect();
        (judged, Evidence::draw(&self.table.rows_at(&judge), &labels, &naive, self.settings.seed))
    }

    fn baselines(&self, trial: &Trial) -> Vec<Baseline> {
        baselines::learn(self.table, &trial.fit, self.target, self.settings)
    }

    /// What was said of the tested rows of each trial, in the order of the judge rows.
    fn in_order(&self, said: &[Vec<f64>]) -> Vec<f64> {
        let places = self.split.judging().iter().flat_map(|trial| trial.tested.iter().copied());
        let mut pairs: Vec<(usize, f64)> = places.zip(said.iter().flatten().copied()).collect();
        pairs.sort_by_key(|pair| pair.0);
        pairs.into_iter().map(|pair| pair.1).collect()
    }
}

fn judged(name: &str, probabilities: &[f64], labels: &[bool], found: Comparison, model: bool) -> Option<Judged> {
    let losses = found.losses?;
    Some(Judged {
        name: name.to_owned(),
        auc: found.auc,
        log_loss: losses.log_loss,
        brier: losses.brier,
        ece: losses.ece,
        top_decile_lift: found.top_decile_lift,
        bins: calibration_bins(probabilities, labels, BINS),
        log_loss_minus_model: if model { None } else { losses.log_loss_minus_first },
    })
}

/// Whether a ranking is better than chance beyond doubt, and one sentence that says so: its AUC's whole 95 % interval lies
/// above 0.5.
///
/// ```
/// use lapwing_models::{Estimate, fit};
/// let (skill, text) = fit::skill(Estimate { value: 0.53, low: 0.48, high: 0.58 });
/// assert!(!skill);
/// assert_eq!(text, "no skill: the 95 % interval of the AUC, 0.480 to 0.580, covers 0.5, the AUC of chance");
/// assert!(fit::skill(Estimate { value: 0.6, low: 0.55, high: 0.65 }).0);
/// ```
#[must_use]
pub fn skill(auc: Estimate) -> (bool, String) {
    let Estimate { value, low, high } = auc;
    if low > 0.5 {
        return (true, format!("ranks better than chance: AUC {value:.3}, {low:.3} to {high:.3}"));
    }
    let place = if high < 0.5 { "lies below" } else { "covers" };
    (false, format!("no skill: the 95 % interval of the AUC, {low:.3} to {high:.3}, {place} 0.5, the AUC of chance"))
}

/// Whether the model's ranking is better than chance beyond doubt, and one sentence on how good it is.
pub(super) fn verdict(judged: &[Judged]) -> (bool, String) {
    let Some(model) = judged.first() else { return (false, "not judged: there are no rows to judge on".to_owned()) };
    let Some(auc) = model.auc else { return (false, "not judged: the rows to judge on have one class only".to_owned()) };
    let (skill, text) = skill(auc);
    if !skill {
        return (skill, text);
    }
    let naive = judged.iter().filter(|other| NAIVE.iter().any(|(name, _)| *name == other.name));
    let best = naive.min_by(|one, two| one.log_loss.value.total_cmp(&two.log_loss.value));
    let Some((best, excess)) = best.and_then(|best| Some((best, best.log_loss_minus_model?))) else { return (skill, text) };
    let word = if excess.low > 0.0 {
        "beats"
    } else if excess.high < 0.0 {
        "does not beat"
    } else {
        "ties with"
    };
    let text = format!(
        "{word} `{}`, the best naive rule: log loss {:.3} against {:.3}, a difference of {:.3} to {:.3}; AUC {:.3}",
        best.name, model.log_loss.value, best.log_loss.value, excess.low, excess.high, auc.value
    );
    (skill, text)
}

/// What did better than the model beyond doubt: its log loss is lower, with the whole 95 % interval of the paired difference.
pub(super) fn beaten_by(judged: &[Judged]) -> Option<String> {
    let model = judged.first()?;
    let better = judged.iter().filter(|other| other.log_loss_minus_model.is_some_and(|excess| excess.high < 0.0));
    let best = better.min_by(|one, two| one.log_loss.value.total_cmp(&two.log_loss.value))?;
    let excess = best.log_loss_minus_model?;
    Some(format!(
        "`{}` did better beyond doubt: log loss {:.3} against {:.3}, a difference of {:.3} to {:.3}",
        best.name, best.log_loss.value, model.log_loss.value, -excess.high, -excess.low
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, log_loss: f64, excess: Option<(f64, f64)>, auc: Option<(f64, f64)>) -> Judged {
        let estimate = |(low, high): (f64, f64)| Estimate { value: f64::midpoint(low, high), low, high };
        let flat = estimate((log_loss, log_loss));
        Judged {
            name: name.to_owned(),
            auc: auc.map(estimate),
            log_loss: flat,
            brier: flat,
            ece: flat,
            top_decile_lift: None,
            bins: Vec::new(),
            log_loss_minus_model: excess.map(estimate),
        }
    }

    #[test]
    fn the_verdict_is_told_beside_the_best_naive_rule() {
        let verdict_of = |excess| {
            let auc = Some((0.6, 0.7));
            verdict(&[
                judged("model", 0.50, None, auc),
                judged("base rate", 0.40, Some((-0.2, -0.1)), auc),
                judged("days since last purchase only", 0.60, Some((0.05, 0.15)), auc),
                judged("purchase count only", 0.52, Some(excess), auc),
            ])
        };
        for (excess, word) in [((0.01, 0.03), "beats"), ((-0.01, 0.03), "ties with"), ((-0.03, -0.01), "does not beat")] {
            let (skill, text) = verdict_of(excess);
            assert!(skill && text.starts_with(&format!("{word} `purchase count only`")), "{text}");
        }
    }

    #[test]
    fn whatever_did_better_beyond_doubt_is_named() {
        let of = |excess| beaten_by(&[judged("model", 0.5, None, None), judged("random forest", 0.45, Some(excess), None)]);
        assert!(of((-0.08, -0.02)).unwrap().starts_with("`random forest` did better beyond doubt: log loss 0.450 against 0.500"));
        assert_eq!(of((-0.12, 0.02)), None);
        assert_eq!(beaten_by(&[]), None);
    }

    #[test]
    fn chance_is_no_skill() {
        for (auc, word) in [((0.5, 0.6), "covers 0.5"), ((0.4, 0.6), "covers 0.5"), ((0.3, 0.4), "lies below 0.5")] {
            let (skill, text) = verdict(&[judged("model", 0.5, None, Some(auc))]);
            assert!(!skill && text.starts_with("no skill: ") && text.contains(word), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_judged_is_not() {
        assert_eq!(verdict(&[]), (false, "not judged: there are no rows to judge on".to_owned()));
        assert!(!verdict(&[judged("model", 0.5, None, None)]).0);
        assert!(verdict(&[judged("model", 0.5, None, Some((0.6, 0.7)))]).1.starts_with("ranks better than chance"));
    }
}
