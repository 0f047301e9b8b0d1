//! Whether a challenger becomes champion: a pure decision, with its reasons.
//!
//! A [`Contest`] holds what was measured; [`decide`] weighs it. Nothing here reads rows, files or the clock.

#[cfg(feature = "fit")]
mod contest;
mod decide;
#[cfg(test)]
mod tests;

use lapwing_features::Windows;
use serde::{Deserialize, Serialize};

use crate::report::{Estimate, SplitKind};
use crate::target::Target;

pub use decide::decide;

/// What a decision rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contest {
    /// Populations and outcome windows of the challenger.
    pub windows: Windows,
    /// Those of the champion; `None` when there is no champion, or none that this build can read.
    pub champion_windows: Option<Windows>,
    /// Whether there is a champion of another build, with other features or arithmetic, so that it cannot answer any more.
    pub champion_unreadable: bool,
    /// One a target that either of them answers; empty when the windows differ, for then nothing can be compared.
    pub cases: Vec<Case>,
}

/// One target of the challenger, beside the naive rules and the champion, on rows that the judged challenger had not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The question.
    pub target: Target,
    /// How the challenger answers it: see [`Basis::name`](crate::Basis::name); `none` when it does not.
    pub basis: String,
    /// Whether that is a fitted model, which tells customers apart.
    pub fitted: bool,
    /// Whether its ranking was found better than chance beyond doubt.
    pub skill: bool,
    /// How its rows were split; `None` when there was nothing to split.
    pub split: Option<SplitKind>,
    /// Rows that were compared.
    pub rows: usize,
    /// Customers whose rows they are.
    pub customers: usize,
    /// Beside the best naive rule, which need not be the same one for both metrics; `None` without rows.
    pub naive: Option<Versus>,
    /// Beside the champion; `None` when there is none, or none that answers this question.
    pub champion: Option<Rival>,
}

/// The champion's side of a [`Case`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    /// How it answers.
    pub basis: String,
    /// Whether it has a fitted model whose ranking was found better than chance beyond doubt when it was fitted.
    pub skill: bool,
    /// Whether it was fitted on outcomes from the time on which it is compared, which favours it.
    pub had_seen: bool,
    /// Attributes that it weighs and the rows do not hold, so that it was compared without them.
    pub blind_to: Vec<String>,
    /// The challenger beside it; `None` without rows.
    pub versus: Option<Versus>,
}

/// The challenger beside another, on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versus {
    /// By log loss.
    pub log_loss: Gain,
    /// By AUC; `None` when the rows have one class only.
    pub auc: Option<Gain>,
}

/// The difference in one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    /// The challenger's value.
    pub challenger: f64,
    /// The name of the other.
    pub other: String,
    /// The value of the other.
    pub value: f64,
    /// By how much the challenger is better, with its paired 95 % interval; below 0 where it is worse.
    pub gain: Estimate,
}

/// How one compares with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Better beyond doubt in one metric, and not worse beyond doubt in the other.
    Better,
    /// No doubt is settled either way, or each is better in one metric.
    Tied,
    /// Worse beyond doubt in log loss; or in AUC without being better in log loss.
    Worse,
}

impl Versus {
    /// How the challenger compares. Beyond doubt is a difference whose whole 95 % interval lies on one side of 0.
    ///
    /// ```
    /// use lapwing_models::Estimate;
    /// use lapwing_models::promotion::{Gain, Standing, Versus};
    /// let gain = |low, high| Gain { challenger: 0.5, other: "x".to_owned(), value: 0.5, gain: Estimate { value: 0.0, low, high } };
    /// let standing = |log_loss, auc| Versus { log_loss, auc: Some(auc) }.standing();
    /// let (better, tied, worse) = (gain(0.01, 0.03), gain(-0.01, 0.01), gain(-0.03, -0.01));
    /// assert_eq!(standing(better.clone(), tied.clone()), Standing::Better);
    /// assert_eq!(standing(tied.clone(), better.clone()), Standing::Better);
    /// assert_eq!(standing(better.clone(), worse.clone()), Standing::Tied);
    /// assert_eq!(standing(tied, worse.clone()), Standing::Worse);
    /// assert_eq!(standing(worse, better), Standing::Worse, "ranking well does not make up for probabilities that are off");
    /// ```
    #[must_use]
    pub fn standing(&self) -> Standing {
        let sign = |gain: &Gain| i8::from(gain.gain.low > 0.0) - i8::from(gain.gain.high < 0.0);
        match (sign(&self.log_loss), self.auc.as_ref().map_or(0, sign)) {
            (1, 0 | 1) | (0, 1) => Standing::Better,
            (-1, _) | (0, -1) => Standing::Worse,
            _ => Standing::Tied,
        }
    }
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Whether the challenger becomes champion.
    pub promote: bool,
    /// Why: by target, and what concerns all of them last.
    pub reasons: Vec<Reason>,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Whom it concerns; `None` for all.
    pub target: Option<Target>,
    /// Which way it speaks.
    pub speaks: Speaks,
    /// What it is, for programs.
    pub code: Code,
    /// What it is, for people.
    pub text: String,
}

/// Which way a reason speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaks {
    /// For the challenger; there is no promotion without one.
    For,
    /// Against it; one is enough to refuse it.
    Against,
    /// Neither; it is good to know.
    Neither,
}

/// What a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A model with skill is better than the best naive rule beyond doubt.
    BetterThanNaive,
    /// A model is neither better nor worse.
    TiedWithNaive,
    /// A model is worse beyond doubt than one of the naive rules.
    WorseThanNaive,
    /// A model is better than the champion beyond doubt.
    BetterThanChampion,
    /// A model is neither better nor worse.
    TiedWithChampion,
    /// A model is worse beyond doubt, or there is none where the champion has one with skill.
    WorseThanChampion,
    /// There is no fitted model, nor one with skill to lose.
    NoModel,
    /// A fitted model does not rank better than chance beyond doubt.
    NoSkill,
    /// A fitted model comes without rows to compare it on.
    NoEvidence,
    /// The rows are not later than those that were fitted on: they are of other customers.
    NotLater,
    /// The champion was fitted on outcomes from the same time.
    ChampionHadSeen,
    /// The champion was compared without attributes that it weighs.
    ChampionBlind,
    /// There is no champion to compare with.
    FirstChampion,
    /// The champion cannot answer any more: it is of another build, with other features or arithmetic.
    ChampionUnreadable,
    /// Challenger and champion answer different questions.
    OtherWindows,
    /// Nothing speaks for the challenger.
    NothingBetter,
}
