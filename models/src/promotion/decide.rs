//! From what was measured to the decision.

use lapwing_features::Windows;

use super::{Case, Code, Contest, Decision, Gain, Reason, Rival, Speaks, Standing, Versus};
use crate::report::SplitKind;
use crate::target::Target;

/// Decides whether the challenger becomes champion.
///
/// It does when it answers at least one question with a model that has skill and is better beyond doubt than the best naive rule
/// (see [`Versus::standing`]), and no fitted model of it is worse beyond doubt than the best naive rule or the champion. Where it
/// has no fitted model, that speaks neither way, unless the champion has one with skill there. Other windows than the champion's
/// are refused: they make other questions.
///
/// ```
/// use lapwing_features::Windows;
/// use lapwing_models::promotion::{Code, Contest, decide};
/// let windows = |horizon_days| Windows::new(90, horizon_days, 0).unwrap();
/// let decision = decide(&Contest { windows: windows(90), champion_windows: Some(windows(30)), champion_unreadable: false, cases: Vec::new() });
/// assert!(!decision.promote);
/// assert_eq!(decision.reasons[0].code, Code::OtherWindows);
/// ```
#[must_use]
pub fn decide(contest: &Contest) -> Decision {
    if let Some(champion) = contest.champion_windows.filter(|windows| *windows != contest.windows) {
        return Decision { promote: false, reasons: vec![other_windows(contest.windows, champion)] };
    }
    let mut reasons: Vec<Reason> = contest.cases.iter().flat_map(weigh).collect();
    if contest.champion_unreadable {
        let text = "the champion is of another build, with other features or arithmetic: this one can neither serve it nor compare";
        reasons.push(reason(None, Code::ChampionUnreadable, text.to_owned()));
    } else if contest.champion_windows.is_none() {
        reasons.push(reason(None, Code::FirstChampion, "there is no champion to compare with".to_owned()));
    }
    let speaks = |way| reasons.iter().any(|reason| reason.speaks == way);
    let promote = speaks(Speaks::For) && !speaks(Speaks::Against);
    if !speaks(Speaks::For) {
        let no_skill = !contest.cases.iter().any(|case| case.fitted && case.skill);
        let text = if no_skill { "no skill: no model ranks better than chance" } else { "no model is better than the best naive rule" };
        reasons.push(reason(None, Code::NothingBetter, format!("{text} beyond doubt")));
    }
    Decision { promote, reasons }
}

impl Decision {
    /// What to do about a refusal: for the first reason against it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        let Some(first) = self.reasons.iter().find(|reason| reason.speaks == Speaks::Against) else { return "" };
        match first.code {
            Code::OtherWindows => "keep models with other windows in a registry of their own: `--registry OTHER_DIR`",
            Code::NoEvidence => "fit it again with this build of Lapwing: `lapwing-train fit`",
            Code::WorseThanChampion => "the champion stays; fit again when there is newer data",
            _ => "the challenger's `card.md` tells how good it is; more history, other events or attributes may make it better",
        }
    }
}

impl Code {
    /// Which way it speaks.
    fn speaks(self) -> Speaks {
        match self {
            Self::BetterThanNaive => Speaks::For,
            Self::WorseThanNaive | Self::WorseThanChampion | Self::NoEvidence | Self::OtherWindows | Self::NothingBetter => Speaks::Against,
            Self::TiedWithNaive
            | Self::BetterThanChampion
            | Self::TiedWithChampion
            | Self::NoModel
            | Self::NoSkill
            | Self::NotLater
            | Self::ChampionHadSeen
            | Self::ChampionBlind
            | Self::FirstChampion
            | Self::ChampionUnreadable => Speaks::Neither,
        }
    }
}

fn reason(target: Option<Target>, code: Code, text: String) -> Reason {
    Reason { target, speaks: code.speaks(), code, text }
}

fn other_windows(challenger: Windows, champion: Windows) -> Reason {
    let told = |windows: Windows| {
        let Windows { active_days, horizon_days, gap_days } = windows;
        format!("{horizon_days} days of outcome after a gap of {gap_days} for customers active within {active_days}")
    };
    let text = format!("the challenger was fitted for {}; the champion for {}", told(challenger), told(champion));
    reason(None, Code::OtherWindows, text)
}

/// The reasons of one target.
fn weigh(case: &Case) -> Vec<Reason> {
    let told = |code, text: String| reason(Some(case.target), code, text);
    if !case.fitted {
        let lost = case.champion.as_ref().is_some_and(|champion| champion.skill);
        return vec![if lost {
            told(Code::WorseThanChampion, format!("the champion has a model with skill, the challenger none: {}", case.basis))
        } else {
            told(Code::NoModel, format!("no fitted model: {}", case.basis))
        }];
    }
    let Some(naive) = &case.naive else {
        return vec![told(Code::NoEvidence, "the bundle holds no rows to compare its model on".to_owned())];
    };
    let (code, text) = match naive.standing() {
        Standing::Worse => (Code::WorseThanNaive, "worse than the best naive rule"),
        _ if !case.skill => (Code::NoSkill, "no skill: its ranking is not better than chance beyond doubt; beside the best naive rule"),
        Standing::Better => (Code::BetterThanNaive, "better than the best naive rule"),
        Standing::Tied => (Code::TiedWithNaive, "not better than the best naive rule beyond doubt"),
    };
    let mut reasons = vec![told(code, format!("{text}: {}", numbers(naive)))];
    reasons.extend(case.champion.iter().flat_map(|champion| beside(case.target, champion)));
    if case.split == Some(SplitKind::CustomerFolds) {
        let text = "compared on other customers, not on later rows: history is too short for that, so no drift is seen";
        reasons.push(told(Code::NotLater, text.to_owned()));
    }
    reasons
}

/// The reasons that the champion gives.
fn beside(target: Target, champion: &Rival) -> Vec<Reason> {
    let told = |code, text: String| reason(Some(target), code, text);
    let Some(versus) = &champion.versus else { return Vec::new() };
    let (code, word) = match versus.standing() {
        // It was fitted on part of what it is tested on: that it does better there tells nothing.
        Standing::Worse if champion.had_seen => {
            (Code::ChampionHadSeen, "not held against it, for the champion had seen part of these outcomes: worse than")
        }
        Standing::Better => (Code::BetterThanChampion, "better than"),
        Standing::Tied => (Code::TiedWithChampion, "tied with"),
        Standing::Worse => (Code::WorseThanChampion, "worse than"),
    };
    let mut reasons = vec![told(code, format!("{word} the champion: {}", numbers(versus)))];
    if champion.had_seen && code != Code::ChampionHadSeen {
        let text = "champion had seen part of these outcomes, which favours it";
        reasons.push(told(Code::ChampionHadSeen, text.to_owned()));
    }
    if !champion.blind_to.is_empty() {
        let text = format!("the champion was compared without what it weighs and the rows do not hold: {}", champion.blind_to.join(", "));
        reasons.push(told(Code::ChampionBlind, text));
    }
    reasons
}

fn numbers(versus: &Versus) -> String {
    let one = |metric: &str, gain: &Gain| {
        let Gain { challenger, other, value, gain } = gain;
        format!("{metric} {challenger:.3} against {value:.3} of {other}, gain {:+.3} ({:+.3} to {:+.3})", gain.value, gain.low, gain.high)
    };
    let log_loss = one("log loss", &versus.log_loss);
    versus.auc.as_ref().map_or(log_loss.clone(), |auc| format!("{log_loss}; {}", one("AUC", auc)))
}
