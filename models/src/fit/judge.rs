//! How good the model is beside the naive rules, on rows that it was not fitted on.

use lapwing_features::Id;

use super::bootstrap::{Comparison, Scores, compare};
use super::design::Columns;
use super::platt::calibrate;
use super::select::{Choice, Scorer, choose, each_fold};
use super::solve::SolveError;
use super::split::Split;
use super::table::Table;
use super::{FitSettings, rule};
use crate::metrics::{BINS, calibration_bins};
use crate::report::{Estimate, Judged, SplitKind};
use crate::sigmoid;

/// One variable needs next to no penalty.
pub(super) const NAIVE_PENALTY: [f64; 1] = [1e-4];
/// The naive rules that a model has to beat, by their names: each is one feature and nothing else.
pub const NAIVE: [(&str, Id); 2] =
    [("days since last purchase only", Id::days_since_last_purchase), ("purchase count only", Id::purchases_count)];

/// Everything that is judged, on the judge rows of a split.
pub(super) struct Court<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) split: &'a Split,
    pub(super) settings: &'a FitSettings,
}

impl Court<'_> {
    /// The logistic model with what was chosen, then the naive rules.
    pub(super) fn judge_model(&self, choice: &Choice) -> Result<Vec<Judged>, SolveError> {
        let model = self.by_logistic(Columns::All(&self.settings.attributes), choice)?;
        Ok(self.judge(model))
    }

    /// The hiatus rule in the model's place, then the naive rules.
    pub(super) fn judge_rule(&self) -> Vec<Judged> {
        self.judge(self.by_rule())
    }

    fn judge(&self, model: Vec<f64>) -> Vec<Judged> {
        let mut sets = vec![("model", model), ("base rate", self.by_base_rate())];
        for (name, id) in NAIVE {
            let columns = Columns::One(id);
            let naive = choose(self.table, self.split, columns, &NAIVE_PENALTY, self.settings.seed);
            // One variable cannot be fitted where there is one class only; then there is nothing to compare.
            sets.extend(naive.and_then(|choice| self.by_logistic(columns, &choice)).map(|found| (name, found)));
        }
        sets.push(("hiatus rule", self.by_rule()));
        let labels = self.table.labels_at(&self.split.judge);
        let customers = self.table.customers_at(&self.split.judge);
        let scores: Vec<Scores<'_>> = sets.iter().map(|(_, set)| Scores::Probabilities(set)).collect();
        let found = compare(&scores, &labels, &customers, self.settings.seed);
        let found = sets.iter().zip(found).enumerate();
        found.filter_map(|(place, ((name, set), found))| judged(name, set, &labels, found, place == 0)).collect()
    }

    fn by_logistic(&self, columns: Columns<'_>, choice: &Choice) -> Result<Vec<f64>, SolveError> {
        let log_odds =
            self.out_of_sample(|fit, tested| Ok(Scorer::learn(self.table, fit, columns, choice.lambda)?.log_odds(self.table, tested)))?;
        if self.split.kind != SplitKind::CustomerFolds {
            return Ok(log_odds.into_iter().map(|z| sigmoid(choice.calibrator.apply(z))).collect());
        }
        // The rows that judge also calibrate: each fold by what the others found.
        let judge = &self.split.judge;
        let place_of = |places: &[usize]| places.iter().filter_map(|place| judge.binary_search(place).ok()).collect::<Vec<_>>();
        self.out_of_sample(|fit, tested| {
            let z = |places: &[usize]| place_of(places).into_iter().map(|at| log_odds[at]).collect::<Vec<_>>();
            let calibrator = calibrate(&z(fit), &self.table.labels_at(fit));
            Ok(z(tested).into_iter().map(|z| sigmoid(calibrator.apply(z))).collect())
        })
    }

    fn by_base_rate(&self) -> Vec<f64> {
        let found = self.out_of_sample(|fit, tested| Ok(vec![rule::count(self.table, fit, &|_| true).rate(); tested.len()]));
        found.unwrap_or_default()
    }

    fn by_rule(&self) -> Vec<f64> {
        let default_days = f64::from(self.settings.windows.active_days);
        let found = self.out_of_sample(|fit, tested| Ok(rule::apply(&rule::learn(self.table, fit, default_days), self.table, tested)));
        found.unwrap_or_default()
    }

    /// What `learn_and_apply` says of the judge rows, having seen only the rows that may be fitted on.
    fn out_of_sample(
        &self,
        mut learn_and_apply: impl FnMut(&[usize], &[usize]) -> Result<Vec<f64>, SolveError>,
    ) -> Result<Vec<f64>, SolveError> {
        let judge = &self.split.judge;
        if self.split.kind != SplitKind::CustomerFolds {
            return learn_and_apply(&self.split.refit, judge);
        }
        let mut out = vec![0.0; judge.len()];
        each_fold(self.table, judge, self.settings.seed, |fit, tested| {
            for (place, value) in tested.iter().zip(learn_and_apply(fit, tested)?) {
                if let Ok(at) = judge.binary_search(place) {
                    out[at] = value;
                }
            }
            Ok(())
        })?;
        Ok(out)
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
