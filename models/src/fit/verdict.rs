//! How good a model is beside the naive rules: one measure and one wording for every screen, card and report.
//!
//! The measure is the AUC: a rule gives no probabilities, but it can say whom to look after first as well as a model can. What the
//! probabilities are worth is told beside the verdict and does not change it.

use serde::{Deserialize, Serialize};

use crate::prediction::wording::percent;
use crate::report::Estimate;

/// What a model comes to beside the naive rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There was nobody to judge, or the same happened to everybody.
    NotJudged,
    /// The ranking could be chance.
    NoSkill,
    /// Better than chance, and the best naive rule has a higher AUC beyond doubt.
    WorseThanNaive,
    /// Better than chance, and no better or worse than the best naive rule beyond doubt.
    TiesWithNaive,
    /// Better than chance, and its AUC is higher than that of the best naive rule beyond doubt.
    BeatsNaive,
}

/// A naive rule on the same rows as a model.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// Its name.
    pub name: &'a str,
    /// How well it ranks.
    pub auc: f64,
    /// The model's AUC minus this one's, on the same draws.
    pub model_auc_minus_this: Estimate,
}

impl<'a> Rule<'a> {
    /// The one with the highest AUC; of equals the first.
    pub fn best(rules: impl Iterator<Item = Self>) -> Option<Self> {
        rules.reduce(|best, rule| if rule.auc > best.auc { rule } else { best })
    }

    /// As [`Rule`], where both numbers are known.
    #[must_use]
    pub fn of(name: &'a str, auc: Option<Estimate>, model_auc_minus_this: Option<Estimate>) -> Option<Self> {
        Some(Self { name, auc: auc?.value, model_auc_minus_this: model_auc_minus_this? })
    }
}

/// How a model did on some rows, as far as a verdict asks.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// How well it ranks.
    pub auc: Estimate,
    /// In nats.
    pub log_loss: f64,
    /// Mean of its probabilities.
    pub said: f64,
    /// Share of the rows for which the answer turned out to be yes.
    pub was: f64,
    /// The best of the naive rules; `None` where there is none.
    pub rule: Option<Rule<'a>>,
}

impl Standing<'_> {
    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.rule.map(|rule| rule.model_auc_minus_this) {
            _ if !skill(self.auc).0 => Verdict::NoSkill,
            Some(difference) if difference.low > 0.0 => Verdict::BeatsNaive,
            Some(difference) if difference.high < 0.0 => Verdict::WorseThanNaive,
            _ => Verdict::TiesWithNaive,
        }
    }

    /// The same in one sentence, with its numbers, and what the probabilities were worth.
    #[must_use]
    pub fn told(&self) -> String {
        let (skill, text) = skill(self.auc);
        if !skill {
            return text;
        }
        let Some(Rule { name, auc, model_auc_minus_this: Estimate { value, low, high } }) = self.rule else {
            return format!("{text}; {}", self.probabilities());
        };
        let word = match self.verdict() {
            Verdict::BeatsNaive => "beats",
            Verdict::WorseThanNaive => "is worse than",
            _ => "is no better than",
        };
        let own = self.auc.value;
        format!(
            "{word} `{name}`, the best naive rule, in whom it puts first: AUC {own:.3} against {auc:.3}, {value:+.3} ({low:+.3} to {high:+.3}); {}",
            self.probabilities()
        )
    }

    fn probabilities(&self) -> String {
        let share = |share: f64| {
            let mut text = String::new();
            percent(share, &mut text);
            text
        };
        let worse = self.log_loss >= rate_log_loss(self.was);
        let note = if worse { ", and its percentages are no better than one rate for all" } else { "" };
        format!("it said {} on average, {} came true{note}", share(self.said), share(self.was))
    }
}

/// Log loss of telling everybody `rate` where that is the share of positives, which nobody could know before.
///
/// ```
/// use lapwing_models::fit::rate_log_loss;
/// assert_eq!(rate_log_loss(0.0), 0.0);
/// assert_eq!(rate_log_loss(0.5), 2.0_f64.ln());
/// ```
#[must_use]
pub fn rate_log_loss(rate: f64) -> f64 {
    [rate, 1.0 - rate].iter().filter(|share| **share > 0.0).map(|share| -share * share.ln()).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate((low, high): (f64, f64)) -> Estimate {
        Estimate { value: f64::midpoint(low, high), low, high }
    }

    fn standing(difference: Option<(f64, f64)>) -> Standing<'static> {
        let rule =
            difference.and_then(|difference| Rule::of("purchase count only", Some(estimate((0.6, 0.7))), Some(estimate(difference))));
        Standing { auc: estimate((0.6, 0.7)), log_loss: 0.5, said: 0.37, was: 0.31, rule }
    }

    #[test]
    fn the_order_decides_and_the_percentages_are_told_beside_it() {
        for (difference, verdict, words) in [
            (
                (0.01, 0.03),
                Verdict::BeatsNaive,
                "beats `purchase count only`, the best naive rule, in whom it puts first: AUC 0.650 against 0.650, +0.020 (+0.010 to +0.030); ",
            ),
            ((-0.01, 0.03), Verdict::TiesWithNaive, "is no better than `purchase count only`"),
            ((-0.03, -0.01), Verdict::WorseThanNaive, "is worse than `purchase count only`"),
        ] {
            let found = standing(Some(difference));
            assert_eq!(found.verdict(), verdict);
            assert!(
                found.told().starts_with(words) && found.told().ends_with("; it said 37 % on average, 31 % came true"),
                "{}",
                found.told()
            );
            let off = Standing { log_loss: 0.62, ..found };
            assert_eq!(off.verdict(), verdict, "what the percentages are worth changes no verdict");
            assert!(off.told().ends_with("31 % came true, and its percentages are no better than one rate for all"), "{}", off.told());
        }
    }

    #[test]
    fn without_a_rule_chance_is_the_measure() {
        assert_eq!(standing(None).verdict(), Verdict::TiesWithNaive);
        assert!(standing(None).told().starts_with("ranks better than chance: AUC 0.650"));
    }

    #[test]
    fn chance_is_no_skill() {
        for (auc, word) in [((0.5, 0.6), "covers 0.5"), ((0.4, 0.6), "covers 0.5"), ((0.3, 0.4), "lies below 0.5")] {
            let found = Standing { auc: estimate(auc), ..standing(Some((0.01, 0.03))) };
            assert_eq!(found.verdict(), Verdict::NoSkill);
            assert!(found.told().starts_with("no skill: ") && found.told().contains(word), "{}", found.told());
        }
    }

    #[test]
    fn the_best_rule_is_the_first_of_those_with_the_highest_auc() {
        let rule = |name, auc| Rule::of(name, Some(estimate((auc, auc))), Some(estimate((0.0, 0.0))));
        assert_eq!(Rule::best([rule("a", 0.5), rule("b", 0.7), rule("c", 0.7)].into_iter().flatten()).map(|rule| rule.name), Some("b"));
        assert!(Rule::of("no AUC", None, None).is_none());
    }
}
