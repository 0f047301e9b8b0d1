//! The diagram, by table and at random.

use lapwing_features::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::lifecycle::RiskBand;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
const SETTINGS: AlertSettings =
    AlertSettings { window_hours: 72, follow_up_days: 30, cooldown_days: 30, rise: 0.18, rise_days: 7, new_signs: 2, calm_scorings: 2 };

fn at(hours: i64) -> Timestamp {
    Timestamp(hours * HOUR)
}

/// An episode, and what is done with it in turn: what is overdue, then what becomes known.
fn lives(inputs: &[(Timestamp, Option<Input>)]) -> (Episode, Vec<Step>) {
    let mut steps = vec![Step { at: at(0), deed: Deed::Opened }];
    let mut episode = Episode::open(at(0));
    for (now, input) in inputs {
        let (late, after) = (episode.overdue(*now, &SETTINGS), steps.last().unwrap().at);
        let met = || input.and_then(|input| episode.meet(input, at(-6), after, *now, &SETTINGS));
        if let Some(step) = late.or_else(met) {
            episode = episode.after(step).unwrap();
            steps.push(step);
        }
    }
    (episode, steps)
}

/// A name, what becomes known when, how it stands then, and since when if it ended, in hours.
type Case = (&'static str, Vec<(Timestamp, Option<Input>)>, AlertState, Option<i64>);

#[test]
fn every_way_through_the_diagram() {
    let contact = |hours| (at(hours), Some(Input::Contact(at(hours))));
    let bought = |hours, when| (at(hours), Some(Input::Purchase(at(when))));
    let scored = |hours, calm| (at(hours), Some(Input::Scoring { calm }));
    let late = 30 * 24;
    let cases: [Case; 15] = [
        ("nothing happens", vec![(at(71), None)], AlertState::Open, None),
        ("the window passes", vec![(at(90), None)], AlertState::Expired, Some(72)),
        ("contact at the last second", vec![contact(71)], AlertState::Contacted, None),
        ("contact too late", vec![contact(72)], AlertState::Expired, Some(72)),
        ("contact, then a purchase", vec![contact(5), bought(50, 40)], AlertState::Recovered, Some(40)),
        ("a purchase before the contact, told after", vec![contact(5), bought(50, 4)], AlertState::Recovered, Some(5)),
        ("a purchase by itself", vec![bought(3, 2)], AlertState::Recovered, Some(2)),
        ("a purchase that is still to come", vec![bought(3, 9)], AlertState::Recovered, Some(3)),
        ("a purchase that the scoring did not know of", vec![bought(3, -6)], AlertState::Recovered, Some(0)),
        ("a purchase that it knew of", vec![bought(3, -7)], AlertState::Open, None),
        ("the follow-up passes", vec![contact(5), (at(5 + late), None)], AlertState::Lost, Some(5 + late)),
        ("a purchase after it", vec![contact(5), bought(5 + late, 4 + late)], AlertState::Lost, Some(5 + late)),
        ("one calm scoring", vec![scored(24, true)], AlertState::Open, None),
        ("two calm scorings", vec![scored(24, true), scored(48, true)], AlertState::Recovered, Some(48)),
        ("two, and one between", vec![scored(24, true), scored(36, false), scored(48, true)], AlertState::Open, None),
    ];
    for (name, inputs, state, ended) in cases {
        let (episode, steps) = lives(&inputs);
        assert_eq!((episode.state, episode.ended_at), (state, ended.map(at)), "{name}");
        assert_eq!(Episode::replay(steps), Ok(episode), "{name}");
    }
}

#[test]
fn recovery_is_with_contact_only_when_contact_came_first() {
    let last = |inputs: &[(Timestamp, Option<Input>)]| lives(inputs).1.pop().unwrap().deed;
    let with = |with_contact| Deed::Recovered { because: Because::Purchase, with_contact };
    let contact = (at(10), Some(Input::Contact(at(10))));
    assert_eq!(last(&[contact, (at(20), Some(Input::Purchase(at(5))))]), with(false), "bought before, told later");
    assert_eq!(last(&[contact, (at(20), Some(Input::Purchase(at(10))))]), with(true));
    assert_eq!(last(&[(at(20), Some(Input::Purchase(at(10))))]), with(false));
    let within = (Timestamp(at(10).0 + 700_000), Some(Input::Contact(Timestamp(at(10).0 + 700_000))));
    assert_eq!(last(&[within, (at(20), Some(Input::Purchase(at(10))))]), with(true), "the purchase is told in seconds");
}

#[test]
fn contact_is_made_between_opening_and_now_and_none_before_the_scoring() {
    for (said, taken) in [(-50, None), (-7, None), (-6, Some(0)), (3, Some(3)), (90, Some(10))] {
        let (episode, _) = lives(&[(at(10), Some(Input::Contact(at(said))))]);
        assert_eq!(episode.contacted_at, taken.map(at));
        assert_eq!(episode.state == AlertState::Open, taken.is_none());
    }
}

#[test]
fn what_changes_nothing_has_a_reason_and_what_does_has_none() {
    let (contact, bought) = (|hours| Input::Contact(at(hours)), |hours| Input::Purchase(at(hours)));
    let open = Episode::open(at(0));
    let (contacted, _) = lives(&[(at(5), Some(contact(5)))]);
    let (expired, _) = lives(&[(at(90), None)]);
    for (episode, input, reason) in [
        (open, contact(-6), None),
        (open, contact(-7), Some(Unmoved::BeforeScoring)),
        (open, bought(-7), Some(Unmoved::BeforeScoring)),
        (contacted, contact(-7), Some(Unmoved::BeforeScoring)),
        (contacted, contact(6), Some(Unmoved::AlreadyContacted)),
        (contacted, bought(6), None),
        (expired, contact(6), Some(Unmoved::Ended)),
        (expired, bought(-7), Some(Unmoved::Ended)),
        (expired, Input::Scoring { calm: true }, None),
    ] {
        assert_eq!(episode.unmoved_by(input, at(-6)), reason, "{episode:?} {input:?}");
        let step = episode.meet(input, at(-6), at(0), at(7), &SETTINGS);
        assert!(input.at().is_none() || step.is_none() == reason.is_some(), "{episode:?} {input:?}");
    }
}

/// An episode that becomes what it is by `before`, and then by what a file tells, each thing by its own time.
fn told_late(before: &[(Timestamp, Option<Input>)], file: &[Input], now: Timestamp) -> (Episode, Vec<Step>) {
    let (mut episode, mut steps) = lives(before);
    for input in file {
        let after = steps.last().unwrap().at;
        if let Some(step) = episode.meet_late(*input, at(-6), after, &SETTINGS) {
            episode = episode.after(step).unwrap();
            steps.push(step);
        }
    }
    if let Some(step) = episode.overdue(now, &SETTINGS) {
        episode = episode.after(step).unwrap();
        steps.push(step);
    }
    (episode, steps)
}

/// A name, what becomes known at once, what a file tells, how it stands then, and since when if it ended, in hours.
type LateCase = (&'static str, Vec<(Timestamp, Option<Input>)>, Vec<Input>, AlertState, Option<i64>);

#[test]
fn what_a_file_tells_counts_by_its_own_time() {
    let (contact, bought) = (|hours| Input::Contact(at(hours)), |hours| Input::Purchase(at(hours)));
    let late = 30 * 24;
    let http = |hours| vec![(at(hours), Some(contact(hours)))];
    let cases: [LateCase; 11] = [
        ("contact in time, told after", vec![], vec![contact(71)], AlertState::Contacted, None),
        ("contact at the deadline", vec![], vec![contact(72)], AlertState::Expired, Some(72)),
        ("contact before the alert", vec![], vec![contact(-1)], AlertState::Expired, Some(72)),
        ("a purchase in time", vec![], vec![bought(71)], AlertState::Recovered, Some(71)),
        ("a purchase too late", vec![], vec![bought(72)], AlertState::Expired, Some(72)),
        ("a purchase before it opened, after the scoring", vec![], vec![bought(-6)], AlertState::Recovered, Some(0)),
        ("a purchase that the scoring knew of", vec![], vec![bought(-7)], AlertState::Expired, Some(72)),
        ("contact, and a purchase in the follow-up", vec![], vec![contact(50), bought(90)], AlertState::Recovered, Some(90)),
        ("contact over HTTP, a purchase too late", http(5), vec![bought(5 + late)], AlertState::Lost, Some(5 + late)),
        ("contact over HTTP, a purchase in time", http(5), vec![bought(4 + late)], AlertState::Recovered, Some(4 + late)),
        ("a purchase before the contact over HTTP", http(5), vec![bought(3)], AlertState::Recovered, Some(5)),
    ];
    for (name, before, file, state, ended) in cases {
        // A contact that was told leaves the follow-up running at four days.
        let now = if ended.is_some_and(|ended| ended > 96) { at(9_999) } else { at(96) };
        let (episode, steps) = told_late(&before, &file, now);
        assert_eq!((episode.state, episode.ended_at), (state, ended.map(at)), "{name}");
        assert_eq!(Episode::replay(steps), Ok(episode), "{name}");
        let again = episode.meet_late(Input::Contact(at(1)), at(-6), at(0), &SETTINGS);
        assert!(again.is_none() || state == AlertState::Open, "{name}");
    }
    assert_eq!(Episode::open(at(0)).meet_late(Input::Scoring { calm: true }, at(0), at(0), &SETTINGS), None, "a scoring is never late");
}

#[test]
fn steps_out_of_place_are_refused() {
    let step = |deed| Step { at: at(1), deed };
    let open = Episode::open(at(0));
    let expired = open.after(step(Deed::Expired)).unwrap();
    let contacted = open.after(step(Deed::Contacted(at(1)))).unwrap();
    let recovered = Deed::Recovered { because: Because::Purchase, with_contact: false };
    for (episode, deed) in [
        (open, Deed::Opened),
        (open, Deed::Lost),
        (contacted, Deed::Expired),
        (contacted, Deed::Contacted(at(2))),
        (expired, recovered),
        (expired, Deed::Contacted(at(2))),
        (expired, Deed::Calm),
    ] {
        let refused = episode.after(step(deed)).unwrap_err();
        assert_eq!((refused.state, refused.deed), (Some(episode.state), deed.name()));
    }
    assert_eq!(Episode::replay([step(Deed::Lost)]).unwrap_err().to_string(), "an alert that is not there cannot be lost");
    assert!(Episode::replay([]).is_err());
}

#[test]
fn rules_that_cannot_be_meant_are_named() {
    let wrong: [fn(&mut AlertSettings); 7] = [
        |settings| settings.window_hours = 0,
        |settings| settings.follow_up_days = 0,
        |settings| settings.cooldown_days = 9_999,
        |settings| settings.rise = f64::NAN,
        |settings| settings.rise_days = 0,
        |settings| settings.new_signs = 16,
        |settings| settings.calm_scorings = 0,
    ];
    for spoil in wrong {
        let mut settings = AlertSettings::default();
        spoil(&mut settings);
        let error = settings.check().unwrap_err().to_string();
        assert!(error.contains("under `[alerts]`") && error.contains("\nhint: "), "{error}");
    }
    assert_eq!(AlertSettings::default().check(), Ok(()));
}

#[test]
fn what_warns() {
    let seen = |risk, band, raised| Sighting { churn_probability: risk, risk_band: band, raised };
    let (red, yellow, green) = (Some(RiskBand::Red), Some(RiskBand::Yellow), Some(RiskBand::Green));
    let names = |now: &Sighting<'_>, before: Option<&Sighting<'_>>, lowest| {
        warnings(now, before, lowest, &SETTINGS).iter().map(Warning::name).collect::<Vec<_>>()
    };
    let calm = seen(Some(0.2), green, &["overdue"]);
    assert_eq!(names(&seen(Some(0.3), red, &[]), Some(&calm), Some(0.2)), ["turned_red"]);
    assert_eq!(names(&seen(Some(0.3), red, &[]), Some(&seen(Some(0.9), red, &[])), Some(0.2)), [""; 0], "it was red");
    assert_eq!(names(&seen(Some(0.3), red, &[]), Some(&seen(None, red, &[])), None), ["turned_red"], "red as a lapsed one");
    assert_eq!(names(&seen(None, red, &["a", "b"]), Some(&calm), Some(0.0)), [""; 0], "not a current customer");
    assert_eq!(names(&seen(Some(0.38), yellow, &[]), Some(&calm), Some(0.2)), ["risk_rose"], "by exactly the rise");
    assert_eq!(names(&seen(Some(0.379), yellow, &[]), Some(&calm), Some(0.2)), [""; 0]);
    assert_eq!(names(&seen(Some(0.2), green, &["overdue", "silent", "returns_up"]), Some(&calm), None), ["new_signs"]);
    assert_eq!(names(&seen(Some(0.2), green, &["overdue", "silent"]), Some(&calm), None), [""; 0], "one is new");
    assert_eq!(names(&seen(Some(0.2), green, &["overdue", "silent"]), None, None), [""; 0], "since when is not known");
    assert_eq!(names(&seen(Some(0.5), red, &["silent", "returns_up"]), Some(&calm), Some(0.2)), ["turned_red", "risk_rose", "new_signs"]);
}

#[test]
fn a_warning_that_the_cooldown_held_back_opens_after_it_if_it_stands() {
    let seen = |risk, band, raised| Sighting { churn_probability: Some(risk), risk_band: Some(band), raised };
    let (red, calm) = (seen(0.9, RiskBand::Red, &[]), seen(0.1, RiskBand::Green, &[]));
    let ended = Episode { state: AlertState::Expired, ended_at: Some(at(0)), ..Episode::open(at(-72)) };
    let open = Episode::open(at(0));
    let turned = vec![Warning::TurnedRed];
    let (during, after) = (Timestamp(29 * DAY), Timestamp(30 * DAY));
    let of = |fresh: &[Warning], held: &[Warning], seen, last, now| heed(fresh.to_vec(), held, seen, last, now, &SETTINGS);
    assert_eq!(of(&turned, &[], &red, Some(&ended), during), Heed::Hold(turned.clone()));
    assert_eq!(of(&[], &turned, &red, Some(&ended), during), Heed::Hold(turned.clone()), "still red");
    assert_eq!(of(&[], &turned, &red, Some(&ended), after), Heed::Open(turned.clone()));
    assert_eq!(of(&[], &turned, &calm, Some(&ended), after), Heed::Nothing, "it passed");
    assert_eq!(of(&[], &[], &red, Some(&ended), after), Heed::Nothing, "red all the time, and told of before");
    assert_eq!(of(&turned, &[], &red, Some(&open), after), Heed::Nothing, "part of the one that is open");
    assert_eq!(of(&turned, &[], &red, None, after), Heed::Open(turned.clone()));
    let two = [Warning::Rose { from: 0.4 }, Warning::NewSigns(vec!["silent".to_owned(), "overdue".to_owned()])];
    let lower = seen(0.57, RiskBand::Yellow, &["silent", "overdue", "returns_up"]);
    assert_eq!(of(&turned, &two, &lower, Some(&ended), after), Heed::Open(vec![two[1].clone(), Warning::TurnedRed]));
    let one_left = seen(0.58, RiskBand::Yellow, &["silent"]);
    assert_eq!(of(&[], &two, &one_left, Some(&ended), after), Heed::Open(vec![two[0].clone()]));
    assert!(two.iter().all(|warning| !warning.stands(&Sighting { churn_probability: None, ..one_left }, &SETTINGS)), "not current");
}

#[test]
fn another_opens_only_after_the_cooldown() {
    let ended = |at| Episode { state: AlertState::Expired, ended_at: Some(at), ..Episode::open(Timestamp(0)) };
    assert!(may_open(None, at(0), &SETTINGS));
    assert!(!may_open(Some(&Episode::open(at(0))), at(9_999), &SETTINGS), "one is open");
    assert!(!may_open(Some(&ended(at(0))), Timestamp(30 * DAY - 1), &SETTINGS));
    assert!(may_open(Some(&ended(at(0))), Timestamp(30 * DAY), &SETTINGS));
}

fn input() -> impl Strategy<Value = Option<Input>> {
    let when = (-100_i64..2_000).prop_map(at);
    prop_oneof![
        2 => Just(None),
        2 => when.clone().prop_map(|when| Some(Input::Contact(when))),
        2 => when.prop_map(|when| Some(Input::Purchase(when))),
        4 => any::<bool>().prop_map(|calm| Some(Input::Scoring { calm })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn a_random_life_keeps_to_the_diagram(inputs in prop::collection::vec((0_i64..400, input()), 0..12)) {
        let mut hours = 0;
        let inputs: Vec<_> = inputs.into_iter().map(|(pause, input)| { hours += pause; (at(hours), input) }).collect();
        let (episode, steps) = lives(&inputs);
        prop_assert_eq!(Episode::replay(steps.clone()), Ok(episode));
        // Time goes forward, and nothing follows an end.
        prop_assert!(steps.is_sorted_by_key(|step| step.at));
        let ends = |step: &Step| matches!(step.deed, Deed::Recovered { .. } | Deed::Lost | Deed::Expired);
        prop_assert!(steps.iter().rev().skip(1).all(|step| !ends(step)));
        prop_assert_eq!(episode.ended_at.is_some(), steps.last().is_some_and(ends));
        // Deadlines are exact, and come whether or not anybody looked in between.
        for step in &steps {
            match step.deed {
                Deed::Expired => prop_assert_eq!(step.at, at(72)),
                Deed::Lost => prop_assert_eq!(step.at, episode.contacted_at.unwrap().plus_days(30)),
                _ => {}
            }
        }
        let mut watched = Vec::new();
        for (now, input) in &inputs {
            watched.extend([(*now, None), (*now, *input)]);
        }
        prop_assert_eq!(lives(&watched), (episode, steps));
    }

    #[test]
    fn what_a_file_tells_is_as_if_it_had_been_told_at_once(
        inputs in prop::collection::vec((-100_i64..900, any::<bool>()), 0..8), later in 0_i64..100,
    ) {
        let mut inputs: Vec<Input> =
            inputs.into_iter().map(|(when, bought)| if bought { Input::Purchase(at(when)) } else { Input::Contact(at(when)) }).collect();
        let when = |input: &Input| if let Input::Contact(at) | Input::Purchase(at) = input { *at } else { at(0) };
        inputs.sort_by_key(when);
        let now = at(900 + later);
        let (episode, steps) = told_late(&[], &inputs, now);
        prop_assert_eq!(Episode::replay(steps.clone()), Ok(episode));
        prop_assert!(steps.is_sorted_by_key(|step| step.at));
        // Told at once, contact from before the alert is taken to be made as it opens; a file's is none.
        let at_once: Vec<_> = inputs.iter().filter(|input| !matches!(input, Input::Contact(when) if *when < at(0)))
            .map(|input| (when(input).max(at(0)), Some(*input))).chain([(now, None)]).collect();
        prop_assert_eq!(lives(&at_once), (episode, steps));
        // The same file a second time changes nothing.
        let again: Vec<Input> = inputs.iter().chain(&inputs).copied().collect();
        prop_assert_eq!(told_late(&[], &again, now).0, episode);
    }

    #[test]
    fn no_warning_is_lost_to_the_cooldown_and_none_made_up(days in prop::collection::vec((0_usize..4, 0_u8..8, 0_u8..12), 1..90)) {
        const NAMES: [&str; 3] = ["overdue", "silent", "returns_up"];
        let names: Vec<Vec<&str>> =
            days.iter().map(|(_, signs, _)| (0..3).filter(|bit| signs >> bit & 1 == 1).map(|bit| NAMES[bit]).collect()).collect();
        let seen: Vec<Sighting<'_>> = days.iter().zip(&names).map(|((risk, ..), raised)| {
            let (risk, band) = [(0.1, RiskBand::Green), (0.3, RiskBand::Green), (0.6, RiskBand::Yellow), (0.85, RiskBand::Red)][*risk];
            Sighting { churn_probability: Some(risk), risk_band: Some(band), raised }
        }).collect();
        let (mut held, mut last, mut all): (Vec<Warning>, Option<Episode>, Vec<(usize, Warning)>) = (Vec::new(), None, Vec::new());
        for (day, now) in seen.iter().enumerate() {
            let at = Timestamp(i64::try_from(day).unwrap() * DAY);
            if let Some(episode) = last.as_mut().filter(|episode| episode.ended_at.is_none() && days[day].2 == 0) {
                *episode = episode.after(Step { at, deed: Deed::Expired }).unwrap();
            }
            let lowest = seen[day.saturating_sub(7)..day].iter().filter_map(|seen| seen.churn_probability).reduce(f64::min);
            let fresh = warnings(now, day.checked_sub(1).map(|before| &seen[before]), lowest, &SETTINGS);
            // By hand: whatever warned in this cooldown, and was so on every day since.
            let since = last.and_then(|last| last.ended_at).map_or(day, |ended| (ended.0 / DAY) as usize);
            all.extend(fresh.iter().map(|warning| (day, warning.clone())));
            let stood = |from: usize, warning: &Warning| seen[from..=day].iter().all(|seen| warning.stands(seen, &SETTINGS));
            let expected = all.iter().any(|(from, warning)| *from == day || (*from >= since && stood(*from + 1, warning)));
            let heeded = heed(fresh, &held, now, last.as_ref(), at, &SETTINGS);
            let live = last.is_some_and(|last| last.ended_at.is_none());
            let may = may_open(last.as_ref(), at, &SETTINGS);
            prop_assert_eq!(matches!(heeded, Heed::Open(_)), expected && may && !live, "day {}", day);
            prop_assert_eq!(matches!(heeded, Heed::Hold(_)), expected && !may && !live, "day {}", day);
            held = if let Heed::Hold(warnings) = &heeded { warnings.clone() } else { Vec::new() };
            if matches!(heeded, Heed::Open(_)) {
                last = Some(Episode::open(at));
            }
        }
    }
}
