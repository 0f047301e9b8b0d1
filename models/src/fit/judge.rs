//! How good the model is beside the naive rules, on rows that it was not fitted on.

use super::baselines::{self, Baseline, Family, NAIVE};
use super::bootstrap::{Comparison, Scores, compare};
use super::select::{Choice, Run};
use super::split::{Split, Trial};
use super::table::Table;
use super::verdict::{Rule, Standing, Verdict};
use super::{FitSettings, rule};
use crate::evidence::Evidence;
use crate::metrics::{BINS, CalibrationBin, calibration_bins};
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
        model_auc_minus_this: if model { None } else { found.first_auc_minus_this },
    })
}

/// Whether the model's ranking is better than chance beyond doubt, and one sentence on how good it is.
pub(super) fn verdict(judged: &[Judged]) -> (bool, String) {
    let Some(model) = judged.first() else { return (false, "not judged: there are no rows to judge on".to_owned()) };
    let Some(auc) = model.auc else { return (false, "not judged: the rows to judge on have one class only".to_owned()) };
    let naive = judged.iter().filter(|other| NAIVE.iter().any(|(name, _)| *name == other.name));
    let rule = Rule::best(naive.filter_map(|other| Rule::of(&other.name, other.auc, other.model_auc_minus_this)));
    let rows = model.bins.iter().map(|bin| bin.rows).sum::<usize>().max(1) as f64;
    let mean = |of: fn(&CalibrationBin) -> f64| model.bins.iter().map(|bin| of(bin) * bin.rows as f64).sum::<f64>() / rows;
    let (said, was) = (mean(|bin| bin.predicted), mean(|bin| bin.observed));
    let standing = Standing { auc, log_loss: model.log_loss.value, said, was, rule };
    (standing.verdict() != Verdict::NoSkill, standing.told())
}

/// What did better than the model beyond doubt, with the whole 95 % interval of the paired difference: in its order, in its
/// probabilities.
pub(super) fn beaten_by(judged: &[Judged]) -> Option<String> {
    let model = judged.first()?;
    let order = judged.iter().filter_map(|other| Rule::of(&other.name, other.auc, other.model_auc_minus_this));
    let order = Rule::best(order.filter(|other| other.model_auc_minus_this.high < 0.0)).map(|best| {
        let Estimate { value, low, high } = best.model_auc_minus_this;
        format!(
            "`{}` was better in whom it puts first: AUC {:.3}, higher by {:.3} ({:.3} to {:.3})",
            best.name, best.auc, -value, -high, -low
        )
    });
    let losses = judged.iter().filter_map(|other| Some((other, other.log_loss_minus_model?))).filter(|(_, excess)| excess.high < 0.0);
    let losses = losses.min_by(|one, two| one.0.log_loss.value.total_cmp(&two.0.log_loss.value)).map(|(best, excess)| {
        let (own, other) = (model.log_loss.value, best.log_loss.value);
        let (low, high) = (-excess.high, -excess.low);
        format!("the percentages of `{}` were closer: log loss {other:.3} against {own:.3}, lower by {low:.3} to {high:.3}", best.name)
    });
    let told: Vec<String> = order.into_iter().chain(losses).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, log_loss: f64, auc: Option<(f64, f64)>, minus: [Option<(f64, f64)>; 2]) -> Judged {
        let estimate = |(low, high): (f64, f64)| Estimate { value: f64::midpoint(low, high), low, high };
        let flat = estimate((log_loss, log_loss));
        Judged {
            name: name.to_owned(),
            auc: auc.map(estimate),
            log_loss: flat,
            brier: flat,
            ece: flat,
            top_decile_lift: None,
            bins: [(0.2, 0.1, 300), (0.6, 0.7, 100)].map(|(predicted, observed, rows)| CalibrationBin { predicted, observed, rows }).into(),
            log_loss_minus_model: minus[0].map(estimate),
            model_auc_minus_this: minus[1].map(estimate),
        }
    }

    #[test]
    fn the_verdict_is_told_beside_the_naive_rule_that_ranks_best() {
        let other = |name, auc, gain| judged(name, 0.52, Some(auc), [Some((-0.02, -0.01)), Some(gain)]);
        let (skill, text) = verdict(&[
            judged("model", 0.50, Some((0.7, 0.8)), [None; 2]),
            other("random forest", (0.8, 0.9), (-0.1, -0.05)),
            other("days since last purchase only", (0.6, 0.7), (0.05, 0.15)),
            other("purchase count only", (0.7, 0.72), (0.02, 0.06)),
        ]);
        assert!(skill && text.starts_with("beats `purchase count only`") && text.contains("AUC 0.750 against 0.710"), "{text}");
        assert!(text.ends_with("it said 30 % on average, 25 % came true"), "means of the bins, each by its rows: {text}");
    }

    #[test]
    fn whatever_did_better_beyond_doubt_is_named_by_what_it_was_better_in() {
        let of = |excess, gain| {
            let model = judged("model", 0.5, Some((0.7, 0.7)), [None; 2]);
            beaten_by(&[model, judged("random forest", 0.45, Some((0.75, 0.75)), [Some(excess), Some(gain)])])
        };
        let order = "`random forest` was better in whom it puts first: AUC 0.750, higher by 0.050 (0.020 to 0.080)";
        let losses = "the percentages of `random forest` were closer: log loss 0.450 against 0.500, lower by 0.020 to 0.080";
        assert_eq!(of((-0.08, -0.02), (-0.08, 0.01)).as_deref(), Some(losses));
        assert_eq!(of((-0.08, 0.02), (-0.08, -0.02)).as_deref(), Some(order));
        assert_eq!(of((-0.08, -0.02), (-0.08, -0.02)), Some(format!("{order}; {losses}")));
        assert_eq!(of((-0.12, 0.02), (-0.12, 0.02)), None);
        assert_eq!(beaten_by(&[]), None);
    }

    #[test]
    fn what_cannot_be_judged_is_not() {
        assert_eq!(verdict(&[]), (false, "not judged: there are no rows to judge on".to_owned()));
        assert!(!verdict(&[judged("model", 0.5, None, [None; 2])]).0);
        assert!(verdict(&[judged("model", 0.5, Some((0.6, 0.7)), [None; 2])]).1.starts_with("ranks better than chance"));
    }
}
