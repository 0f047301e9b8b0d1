//! Journeys worked out by hand, and laws that hold of any.

use lapwing_features::{Calendar, Duplicates, HistoryBuilder, Kind, RawEvent, example};
use proptest::prelude::*;

use super::*;

fn tokens(names: &str) -> Vec<Token> {
    names.split_whitespace().map(Token::of).collect()
}

fn told(journeys: &[(&str, End)]) -> Attributed {
    let mut all = Attribution::default();
    for (touches, end) in journeys {
        let mut one = Attribution::default();
        one.journey(&tokens(touches), *end);
        all.merge(&one);
    }
    all.told()
}

fn of<'a>(attributed: &'a Attributed, name: &str) -> &'a Share {
    attributed.shares.iter().find(|share| share.name == Name::Of(Token::of(name))).unwrap()
}

const SOLD: End = End::Purchase(Exact::ONE);

#[test]
fn removal_effects_are_the_published_ones() {
    // The worked example of Sergey Bryl', "Marketing multi-channel attribution model with R" (AnalyzeCore, 2016): removal effects
    // 0.5, 1 and 1, so that one conversion is parted 0.2, 0.4 and 0.4.
    let found = told(&[("C1 C2 C3", SOLD), ("C1", End::Nothing), ("C2 C3", End::Nothing)]);
    for (name, effect, credit) in [("C1", 0.5, 0.2), ("C2", 1.0, 0.4), ("C3", 1.0, 0.4)] {
        let share = of(&found, name);
        assert!((share.removal_effect - effect).abs() < 1e-12, "{share:?}");
        assert!((share.credits[3].purchases.value() - credit).abs() < 2e-6, "{share:?}");
    }
    assert_eq!((found.failed, found.open), (2, 0));
}

#[test]
fn removal_effects_of_a_chain_with_circles_are_those_solved_by_hand() {
    // From the begin 2/3 go to A and 1/3 to B. From A, come to five times: 1/5 to A, 2/5 to B, 1/5 bought, 1/5 to nothing. From B,
    // three times: 1/3 to A, 2/3 bought... so a = a/5 + 2b/5 + 1/5 and b = a/3 + 2/3 give a = 7/10, b = 9/10, and 23/30 in all.
    // Without A: 1/3 x 2/3 = 2/9, an effect of 49/69. Without B: a = a/5 + 1/5 = 1/4, 2/3 x 1/4 = 1/6, an effect of 18/23.
    let mut chain = markov::Chain::new(2);
    let steps = [
        (None, markov::To::Name(0), 2),
        (None, markov::To::Name(1), 1),
        (Some(0), markov::To::Name(0), 1),
        (Some(0), markov::To::Name(1), 2),
        (Some(0), markov::To::Purchase, 1),
        (Some(0), markov::To::Nothing, 1),
        (Some(1), markov::To::Name(0), 1),
        (Some(1), markov::To::Purchase, 2),
    ];
    for (from, to, times) in steps {
        chain.add(from, to, times);
    }
    let effects = chain.removal_effects();
    assert!((effects[0] - 49.0 / 69.0).abs() < 1e-12 && (effects[1] - 18.0 / 23.0).abs() < 1e-12, "{effects:?}");
}

#[test]
fn each_rule_gives_as_it_says() {
    let thirty = End::Purchase(Exact::of(30.0));
    let found = told(&[("mail web mail", thirty), ("web", SOLD), ("", End::Purchase(Exact::of(7.0))), ("shop", End::Open)]);
    let [first, last, linear, _] = of(&found, "mail").credits;
    assert_eq!((first.purchases, first.amount), (Exact::ONE, Exact::of(30.0)));
    assert_eq!(last, first);
    assert!((linear.amount.value() - 20.0).abs() < 1e-5 && (linear.purchases.value() - 2.0 / 3.0).abs() < 1e-5);
    assert_eq!((of(&found, "mail").touches, of(&found, "mail").assisted), (2, 1));
    assert_eq!((found.untouched.purchases, found.untouched.amount, found.open), (Exact::ONE, Exact::of(7.0), 1));
    assert_eq!((found.touched.purchases.value(), found.touched.amount.value()), (2.0, 31.0));
    assert_eq!(found.shares.len(), 2, "an open journey has touched nobody yet");
}

#[test]
fn the_rarest_of_many_names_are_taken_together() {
    let mut all = Attribution::default();
    for name in 0..400 {
        all.journey(&vec![Token::of(&format!("c{name}")); 1 + usize::from(name < 10)], SOLD);
    }
    let found = all.told();
    assert_eq!(found.shares.len(), MOST_NAMES);
    assert_eq!((found.shares[299].name, found.shares[299].touches), (Name::Others, 101));
    for rule in 0..RULES.len() {
        assert_eq!(found.shares.iter().map(|share| share.credits[rule].purchases.value()).sum::<f64>(), 400.0, "{rule}");
    }
}

#[test]
fn journeys_are_parted_as_they_ended() {
    use Kind::{MessageSent, Purchase, Visit};
    let rows = [
        ("2024-01-01", Visit, "old", ""),
        ("2024-01-20", Visit, "older", ""),
        ("2024-02-25", Visit, "led", ""),
        ("2024-03-01", MessageSent, "sent", ""),
        ("2024-03-10", Purchase, "shop", "7"),
        ("2024-03-10", Visit, "same", ""),
        ("2024-03-11", Purchase, "shop", "7"),
        ("2024-03-12", Purchase, "shop", ""),
        ("2024-03-20", Visit, "failed", ""),
        ("2024-05-01", Visit, "open", ""),
    ];
    let mut builder = HistoryBuilder::new();
    for (date, kind, channel, order) in rows {
        let order = Token::of_option(Some(order).filter(|order| !order.is_empty()));
        let amount = (kind == Purchase).then_some(5.0);
        builder.push(RawEvent { channel: Token::of(channel), order, ..RawEvent::new(example::cutoff(date).at, kind, amount) });
    }
    let history = builder.build(&Calendar::utc(), Duplicates::Drop);
    let seen = |until: &str| {
        let mut seen = Vec::new();
        journeys(&history.observe(example::cutoff(until)), 30, |touches, end| seen.push((touches.to_vec(), end)));
        seen
    };
    let ten = End::Purchase(Exact::of(10.0));
    let mut expected = vec![
        (tokens("old older"), End::Nothing),
        (tokens("led same"), ten),
        (vec![], End::Purchase(Exact::of(5.0))),
        (tokens("failed"), End::Nothing),
        (tokens("open"), End::Open),
    ];
    assert_eq!(seen("2024-05-31"), expected, "30 days are not over");
    expected[4].1 = End::Nothing;
    assert_eq!(seen("2024-06-01"), expected);
    assert_eq!(seen("2024-03-10").last().unwrap(), &(tokens("led"), End::Open));
}

/// The chance of a purchase when `without` leads nowhere, walked step by step until nearly nobody is left.
fn walked(journeys: &[(Vec<u8>, bool)], without: Option<u8>) -> f64 {
    let mut steps: BTreeMap<(u8, u8), f64> = BTreeMap::new();
    for (touches, bought) in journeys {
        let path: Vec<u8> = std::iter::once(100).chain(touches.iter().copied()).chain([if *bought { 101 } else { 102 }]).collect();
        path.windows(2).for_each(|ends| *steps.entry((ends[0], ends[1])).or_default() += 1.0);
    }
    let mut from: BTreeMap<u8, f64> = BTreeMap::new();
    for ((place, _), times) in &steps {
        *from.entry(*place).or_default() += times;
    }
    let (mut at, mut bought) = (BTreeMap::from([(100_u8, 1.0)]), 0.0);
    for _ in 0..3_000 {
        let mut next: BTreeMap<u8, f64> = BTreeMap::new();
        for ((place, to), times) in &steps {
            let flow = at.get(place).copied().unwrap_or(0.0) * times / from[place];
            match to {
                101 => bought += flow,
                102 => {}
                to if Some(*to) == without => {}
                to => *next.entry(*to).or_default() += flow,
            }
        }
        at = next;
    }
    bought
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn credits_add_up_and_effects_are_those_of_taking_a_name_out(
        journeys in prop::collection::vec((prop::collection::vec(0..5_u8, 1..5), any::<bool>()), 1..12),
        worth in 0.0..1e6_f64,
    ) {
        let mut all = Attribution::default();
        for (touches, bought) in &journeys {
            let touches: Vec<Token> = touches.iter().map(|name| Token::of(&name.to_string())).collect();
            all.journey(&touches, if *bought { End::Purchase(Exact::of(worth / 7.0)) } else { End::Nothing });
        }
        let found = all.told();
        for rule in 0..RULES.len() {
            let sum = |of: fn(&Credit) -> Exact| found.shares.iter().map(|share| of(&share.credits[rule])).sum::<Exact>();
            prop_assert_eq!(sum(|credit| credit.purchases), found.touched.purchases);
            prop_assert_eq!(sum(|credit| credit.amount), found.touched.amount);
            let in_table: f64 = found.shares.iter().map(|share| share.credits[rule].amount.value()).sum();
            prop_assert_eq!(in_table, found.touched.amount.value());
        }
        let with = walked(&journeys, None);
        for share in found.shares.iter().filter(|_| with > 0.0) {
            let name = (0..5_u8).find(|name| share.name == Name::Of(Token::of(&name.to_string()))).unwrap();
            let effect = 1.0 - walked(&journeys, Some(name)) / with;
            prop_assert!((share.removal_effect - effect).abs() < 1e-6, "{} is {} and not {}", name, share.removal_effect, effect);
        }
    }
}
