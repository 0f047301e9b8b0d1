//! What is decided of what was measured.

use lapwing_features::Windows;

use super::*;

/// A difference that lies around `value`, beyond doubt unless that is 0.
fn gain(other: &str, value: f64) -> Gain {
    Gain { challenger: 0.5, other: other.to_owned(), value: 0.5 + value, gain: Estimate { value, low: value - 0.01, high: value + 0.01 } }
}

fn versus(other: &str, log_loss: f64, auc: f64) -> Versus {
    Versus { log_loss: gain(other, log_loss), auc: Some(gain(other, auc)) }
}

/// A model with skill that is better than the naive rules, and has no champion beside it.
fn good(target: Target) -> Case {
    Case {
        target,
        basis: "logistic".to_owned(),
        fitted: true,
        skill: true,
        split: Some(SplitKind::Separated),
        rows: 900,
        customers: 900,
        naive: Some(versus("`purchase count only`", 0.05, 0.05)),
        champion: None,
    }
}

fn beside(case: Case, log_loss: f64) -> Case {
    let versus = Some(versus("the champion", log_loss, 0.0));
    Case { champion: Some(Rival { basis: "logistic".to_owned(), skill: true, had_seen: false, blind_to: Vec::new(), versus }), ..case }
}

fn unfitted(target: Target) -> Case {
    Case { basis: "base rate".to_owned(), fitted: false, skill: false, ..good(target) }
}

fn windows() -> Windows {
    Windows::new(90, 90, 0).unwrap()
}

fn decision(cases: Vec<Case>) -> Decision {
    decide(&Contest { windows: windows(), champion_windows: Some(windows()), champion_unreadable: false, cases })
}

fn codes(decision: &Decision) -> Vec<Code> {
    decision.reasons.iter().map(|reason| reason.code).collect()
}

#[test]
fn a_first_challenger_need_only_beat_the_naive_rules() {
    let decision =
        decide(&Contest { windows: windows(), champion_windows: None, champion_unreadable: false, cases: vec![good(Target::Churn)] });
    assert!(decision.promote);
    assert_eq!(codes(&decision), [Code::BetterThanNaive, Code::FirstChampion]);
    let text = &decision.reasons[0].text;
    assert!(text.contains("log loss 0.500 against 0.550 of `purchase count only`, gain +0.050 (+0.040 to +0.060)"), "{text}");
}

#[test]
fn a_tie_with_the_champion_is_enough_and_a_loss_is_not() {
    for (log_loss, code, promote) in
        [(0.05, Code::BetterThanChampion, true), (0.0, Code::TiedWithChampion, true), (-0.05, Code::WorseThanChampion, false)]
    {
        let decision = decision(vec![beside(good(Target::Churn), log_loss)]);
        assert_eq!((codes(&decision), decision.promote), (vec![Code::BetterThanNaive, code], promote));
    }
}

#[test]
fn one_target_that_is_worse_spoils_the_other() {
    let worse = [
        beside(good(Target::Reactivation), -0.05),
        Case { naive: Some(versus("`hiatus rule`", -0.05, 0.0)), ..good(Target::Reactivation) },
        Case { naive: Some(versus("`hiatus rule`", -0.05, 0.0)), skill: false, ..good(Target::Reactivation) },
        Case { naive: None, ..good(Target::Reactivation) },
    ];
    for (case, code) in worse.into_iter().zip([Code::WorseThanChampion, Code::WorseThanNaive, Code::WorseThanNaive, Code::NoEvidence]) {
        let decision = decision(vec![beside(good(Target::Churn), 0.05), case]);
        assert!(!decision.promote && codes(&decision).contains(&code), "{decision:?}");
    }
}

#[test]
fn a_target_without_a_model_speaks_neither_way_unless_the_champion_has_one_with_skill() {
    let decided = decision(vec![beside(good(Target::Churn), 0.0), unfitted(Target::Reactivation)]);
    assert!(decided.promote && codes(&decided).contains(&Code::NoModel), "{decided:?}");
    let mut lost = beside(unfitted(Target::Reactivation), 0.05);
    let decided = decision(vec![beside(good(Target::Churn), 0.05), lost.clone()]);
    assert!(!decided.promote && codes(&decided).contains(&Code::WorseThanChampion), "{decided:?}");
    lost.champion.as_mut().unwrap().skill = false;
    assert!(decision(vec![beside(good(Target::Churn), 0.05), lost]).promote);
}

#[test]
fn without_skill_or_gain_nothing_is_promoted() {
    let no_skill = Case { skill: false, ..good(Target::Churn) };
    let cases: [(Vec<Case>, &str); 4] = [
        (vec![no_skill], "no skill"),
        (vec![unfitted(Target::Churn), unfitted(Target::Reactivation)], "no skill"),
        (Vec::new(), "no skill"),
        (vec![Case { naive: Some(versus("`base rate`", 0.0, 0.0)), ..good(Target::Churn) }], "no model is better than the best naive rule"),
    ];
    for (cases, text) in cases {
        let decision = decision(cases);
        let last = decision.reasons.last().unwrap();
        assert!(!decision.promote && last.code == Code::NothingBetter && last.text.starts_with(text), "{decision:?}");
    }
}

#[test]
fn what_favours_one_side_is_told_and_changes_nothing() {
    let plain = beside(good(Target::Churn), 0.0);
    let mut told = Case { split: Some(SplitKind::CustomerFolds), ..plain.clone() };
    let champion = told.champion.as_mut().unwrap();
    (champion.had_seen, champion.blind_to) = (true, vec!["region".to_owned()]);
    let (one, other) = (decision(vec![plain]), decision(vec![told]));
    assert_eq!((one.promote, other.promote), (true, true));
    assert_eq!(codes(&other)[2..], [Code::ChampionHadSeen, Code::ChampionBlind, Code::NotLater]);
    assert!(other.reasons[2].text.contains("champion had seen part of these outcomes"));
    assert!(other.reasons[3].text.ends_with("region"));
}

#[test]
fn what_the_champion_had_seen_is_not_held_against_the_challenger() {
    let mut case = beside(good(Target::Churn), -0.05);
    assert!(!decision(vec![case.clone()]).promote);
    case.champion.as_mut().unwrap().had_seen = true;
    let decision = decision(vec![case]);
    assert!(decision.promote && decision.reasons[1].text.starts_with("not held against it"), "{decision:?}");
    assert_eq!(codes(&decision), [Code::BetterThanNaive, Code::ChampionHadSeen]);
}

#[test]
fn a_champion_that_cannot_answer_any_more_is_no_hindrance() {
    let contest = Contest { windows: windows(), champion_windows: None, champion_unreadable: true, cases: vec![good(Target::Churn)] };
    let decision = decide(&contest);
    assert!(decision.promote);
    assert_eq!(codes(&decision), [Code::BetterThanNaive, Code::ChampionUnreadable]);
}

#[test]
fn every_refusal_has_a_hint_of_its_own_kind() {
    let champion_windows = Some(Windows::new(90, 30, 0).unwrap());
    let other = Contest { windows: windows(), champion_windows, champion_unreadable: false, cases: vec![good(Target::Churn)] };
    let hints = [
        decide(&other),
        decision(vec![Case { naive: None, ..good(Target::Churn) }]),
        decision(vec![beside(good(Target::Churn), -0.05)]),
        decision(Vec::new()),
    ]
    .map(|decision| decision.hint());
    assert!(hints[0].contains("--registry"), "{hints:?}");
    assert_eq!(hints.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{hints:?}");
}

#[cfg(feature = "fit")]
mod contests {
    use super::*;
    use crate::bundle::fixture;

    #[test]
    fn a_bundle_is_measured_beside_the_naive_rules_and_the_champion() {
        let bundle = fixture::bundle();
        let contest = Contest::of(&bundle, Some(&bundle)).unwrap();
        let [churn, reactivation, _] = &contest.cases[..] else { panic!("{contest:?}") };
        assert_eq!((churn.target, churn.fitted, churn.rows, churn.customers), (Target::Churn, true, 12, 12));
        let naive = churn.naive.as_ref().unwrap();
        assert_eq!((naive.log_loss.other.as_str(), naive.auc.as_ref().unwrap().challenger), ("`base rate`", 1.0));
        let losses = (4.0 * 0.75_f64.ln() + 8.0 * 0.875_f64.ln()) / -12.0;
        assert!((naive.log_loss.challenger - losses).abs() < 1e-12, "{naive:?}");
        let rival = churn.champion.as_ref().unwrap();
        let calendar = bundle.calendar().unwrap();
        let evidence = fixture::evidence();
        let said: Vec<f64> = evidence.rows.iter().map(|row| bundle.churn.predict(&row.snapshot(&calendar)).probability).collect();
        let labels: Vec<bool> = evidence.rows.iter().map(|row| row.label).collect();
        let expected = crate::metrics::log_loss(&said, &labels).unwrap();
        assert!((rival.versus.as_ref().unwrap().log_loss.value - expected).abs() < 1e-12, "the champion answers anew: {rival:?}");
        assert_eq!((rival.skill, &rival.blind_to[..]), (true, &[][..]));
        assert_eq!((reactivation.fitted, reactivation.rows, &reactivation.naive), (false, 0, &None));
        assert_eq!(contest, Contest::of(&bundle, Some(&bundle)).unwrap(), "the same bundles, the same numbers");
        assert!(Contest::of(&bundle, None).unwrap().cases.iter().all(|case| case.champion.is_none()));
    }

    #[test]
    fn the_best_naive_rule_is_that_of_each_metric() {
        // Of three rules one ranks best, another has the best probabilities.
        let bundle = fixture::bundle();
        let mut evidence = fixture::evidence();
        evidence.rules = ["ranks", "told right", "worst"].map(str::to_owned).to_vec();
        for row in &mut evidence.rows {
            row.rules = if row.label { vec![0.02, 0.4, 0.5] } else { vec![0.01, 0.4, 0.51] };
        }
        let side = contest::Side { champion: None, target: Target::Churn, evidence, calendar: &bundle.calendar().unwrap(), seed: 1 };
        let naive = side.case(contest::answer(&bundle, Target::Churn), None).naive.unwrap();
        let auc = naive.auc.unwrap();
        assert_eq!((naive.log_loss.other.as_str(), auc.other.as_str(), auc.value), ("`told right`", "`ranks`", 1.0));
        assert!(naive.log_loss.gain.value > 0.0 && auc.gain.value == 0.0, "{auc:?}");
        assert!((naive.log_loss.value - naive.log_loss.challenger - naive.log_loss.gain.value).abs() < 1e-12);
    }

    #[test]
    fn a_champion_that_learned_from_the_same_time_had_seen_part_of_it() {
        let challenger = fixture::bundle();
        let had_seen = |days: i64| {
            let mut champion = fixture::bundle();
            // The rows are of the fixture's cutoff, its newest slice 90 days before.
            champion.reports[0].slices[0].cutoff = fixture::as_of().plus_days(days);
            let contest = Contest::of(&challenger, Some(&champion)).unwrap();
            contest.cases[0].champion.as_ref().unwrap().had_seen
        };
        assert_eq!([had_seen(-90), had_seen(-89), had_seen(0)], [false, true, true]);
    }

    #[test]
    fn attributes_that_only_the_champion_weighs_are_named() {
        let (mut challenger, champion) = (fixture::bundle(), fixture::bundle());
        challenger.churn.inputs.attributes.remove(0);
        let contest = Contest::of(&challenger, Some(&champion)).unwrap();
        assert_eq!(contest.cases[0].champion.as_ref().unwrap().blind_to, ["region"]);
    }

    #[test]
    fn other_windows_are_not_compared() {
        let (challenger, mut champion) = (fixture::bundle(), fixture::bundle());
        champion.windows.horizon_days = 30;
        assert!(Contest::of(&challenger, Some(&champion)).unwrap().cases.is_empty());
    }
}
