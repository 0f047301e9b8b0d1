//! The numbers of others, and what is said of them.

use super::*;

fn arm(customers: u64, buyers: u64, contacted: u64) -> Arm {
    let one = |place| Observation { purchased: place < buyers, contacted: place < contacted, ..Observation::default() };
    (0..customers).map(one).collect()
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3)
}

/// Newcombe (1998), table II, to four decimals; further ones by statsmodels 0.15, `confint_proportions_2indep(method="newcomb")`, and
/// `proportions_ztest`; where few are expected, `fisher_exact` of scipy 1.17.
#[test]
fn differences_of_rates_are_those_of_the_paper_and_of_statsmodels() {
    let z = 1.959_963_984_540_054_5;
    let cases = [
        ((56.0, 70.0), (48.0, 80.0), [0.052_431_472_402_364_98, 0.333_872_654_036_906_1], 0.008_045_081_368_196_56),
        ((9.0, 10.0), (3.0, 10.0), [0.170_522_723_934_502_9, 0.809_017_973_535_488], 0.019_766_611_097_880_443),
        ((0.0, 20.0), (0.0, 30.0), [-0.113_513_393_173_968_8, 0.161_125_158_052_819_3], 1.0),
        ((5.0, 1_000.0), (1.0, 110.0), [-0.044_806_398_169_057_925, 0.005_921_606_058_027_382], 0.466_156_086_229_928_4),
        ((7_798.0, 42_694.0), (2_262.0, 21_306.0), [0.070_920_082_284_446, 0.081_974_190_820_557_78], 1.701_788_196_221_41e-138),
    ];
    for (one, other, [low, high], p_value) in cases {
        let (found_low, found_high) = newcombe(one, other, z);
        assert!(near(found_low, low) && near(found_high, high), "{one:?} {other:?}: {found_low} {found_high}");
        assert!((two_rates(one, other) / p_value - 1.0).abs() < 1e-7, "{one:?} {other:?}: {}", two_rates(one, other));
    }
    assert!((two_rates((0.0, 27.0), (3.0, 3.0)) / 0.000_246_305_418_719_211_8 - 1.0).abs() < 1e-7);
    assert_eq!((two_rates((0.0, 5.0), (0.0, 5.0)), two_rates((0.0, 0.0), (3.0, 10.0))), (1.0, 1.0), "nothing differs");
    let (low, high) = newcombe((0.0, 0.0), (3.0, 10.0), z);
    assert!(low < 0.0 && high > 0.0, "of nobody nothing is known");
}

/// statsmodels 0.15, `proportion_confint(method="wilson")`.
#[test]
fn intervals_of_a_rate_are_those_of_statsmodels() {
    for (hits, n, z, low, high) in [
        (3.0, 10.0, 1.959_963_984_540_054_5, 0.107_791_267_406_301_04, 0.603_221_852_538_854_6),
        (3.0, 10.0, 3.290_526_731_491_893_5, 0.057_588_429_440_263_49, 0.750_358_405_671_257_3),
        (0.0, 20.0, 1.959_963_984_540_054_5, 0.0, 0.161_125_158_052_819_3),
    ] {
        let found = wilson(hits, n, z);
        assert!(near(found.0, low) && near(found.1, high), "{found:?}");
    }
}

/// scipy 1.17, `t.isf` and `norm.isf`.
#[test]
fn tails_are_those_of_scipy() {
    for (tail, freedom, expected) in [
        (0.025, 1.0, 12.706_204_736_174_694),
        (0.025, 2.5, 3.574_654_842_003_681_7),
        (0.025, 10.0, 2.228_138_851_986_274),
        (0.025, 42_613.0, 1.960_019_656_223_984_2),
        (1e-10, 30.0, 9.377_489_780_407_144),
        (1e-12, 1_000.0, 7.124_228_925_314_409),
    ] {
        let found = normal::student_quantile(tail, freedom);
        assert!((found / expected - 1.0).abs() < 1e-6, "{tail} {freedom}: {found}");
    }
    for (tail, expected) in [(0.025, 1.959_963_984_540_054_5), (0.0125, 2.241_402_727_604_945), (1e-10, 6.361_340_902_404_056)] {
        assert!((normal::quantile(tail) / expected - 1.0).abs() < 1e-9, "{tail}: {}", normal::quantile(tail));
        assert!((normal::upper(expected) / tail - 1.0).abs() < 1e-8, "{tail}: {}", normal::upper(expected));
    }
    assert_eq!(normal::quantile(0.0), normal::FARTHEST);
}

/// scipy 1.17, `ttest_ind(equal_var=False)` and its `confidence_interval`.
#[test]
fn differences_of_spend_are_those_of_scipy() {
    let spend = |amounts: &[f64]| {
        let mut moments = Moments::default();
        for amount in amounts {
            moments.add(*amount);
        }
        moments
    };
    let one = [19.8, 20.4, 19.6, 17.8, 18.5, 18.9, 18.3, 18.9, 19.5, 22.0];
    let other = [28.2, 26.6, 20.1, 23.3, 25.2, 22.1, 17.7, 27.6, 20.6, 13.7, 23.2, 17.5, 20.6, 18.0, 23.9, 21.6, 24.3, 20.4, 24.0, 13.2];
    let found = welch(spend(&one), spend(&other), 0.05).unwrap();
    assert!(near(found.difference, -2.22) && near(found.p_value, 0.035_972_271_029_796_92), "{found:?}");
    assert!(near(found.low, -4.282_393_535_504_645) && near(found.high, -0.157_606_464_495_352_76), "{found:?}");
    let wide = welch(spend(&one), spend(&other), 0.001).unwrap();
    assert!(near(wide.low, -5.956_395_407_049_379) && near(wide.high, 1.516_395_407_049_425_9), "{wide:?}");
    // Counted in two places, it is the same.
    let mut merged = spend(&other[..7]);
    merged.merge(spend(&other[7..]));
    merged.merge(Moments::default());
    assert!(near(merged.mean(), spend(&other).mean()) && near(merged.variance().unwrap(), spend(&other).variance().unwrap()));
    assert_eq!(welch(spend(&one[..1]), spend(&other), 0.05), None);
    assert_eq!(welch(spend(&[0.0; 5]), spend(&[0.0; 9]), 0.05).map(|found| (found.low, found.high, found.p_value)), Some((0.0, 0.0, 1.0)));
    assert_eq!(welch(spend(&[1.0; 5]), spend(&[0.0; 9]), 0.05), None, "what does not spread says nothing of what it might");
}

/// statsmodels 0.15, `samplesize_proportions_2indep_onetail(alternative="two-sided")`.
#[test]
fn sizes_are_those_of_statsmodels() {
    for (lift, rate, power, held_out, alpha, treated, ratio) in [
        (0.02, 0.10, 0.8, 0.5, 0.05, 3_840.847_482_436_273_4, 1.0),
        (0.02, 0.10, 0.8, 0.1, 0.05, 19_667.694_218_484_27, 1.0 / 9.0),
        (0.005, 0.005_7, 0.9, 0.5, 0.01, 9_678.366_750_091_898, 1.0),
        (-0.03, 0.2, 0.8, 0.2, 0.05, 6_468.507_627_528_833, 0.25),
    ] {
        let found = Size::needed(rate, lift, held_out, alpha, power).unwrap();
        let expected: (f64, f64) = (treated, treated * ratio);
        assert_eq!((found.treated, found.held_out), (expected.0.ceil() as u64, expected.1.ceil() as u64), "{rate} {lift}");
        if lift > 0.0 {
            let lift_found = found.detectable(rate, alpha, power).unwrap();
            assert!((lift_found / lift - 1.0).abs() < 1e-3, "{lift_found}");
        }
    }
    for (rate, lift, held_out) in
        [(0.0, 0.1, 0.5), (0.95, 0.1, 0.5), (0.1, -0.2, 0.5), (0.1, 0.1, 0.0), (0.1, 0.1, 1.0), (0.1, f64::NAN, 0.5)]
    {
        assert_eq!(Size::needed(rate, lift, held_out, 0.05, 0.8), None, "{rate} {lift} {held_out}");
    }
    assert_eq!(Size { treated: 3, held_out: 0 }.detectable(0.1, 0.05, 0.8), None);
    assert_eq!(Size { treated: 2, held_out: 2 }.detectable(0.5, 0.05, 0.8), None, "four customers show nothing");
}

#[test]
fn everyone_who_was_assigned_counts_and_contacts_cost() {
    let (treated, held_out) = (arm(9_000, 1_080, 4_500), arm(1_000, 80, 0));
    let plan = Plan { contact_cost: 0.5, worth: Some(Worth::PerPurchase(30.0)), wanted_lift: Some(0.02), ..Plan::default() };
    let results = Results::of_arms(&treated, &held_out, &plan);
    let difference = results.purchase_rate.unwrap();
    assert!(near(difference.value, 0.04), "half were not reached, and count: {difference:?}");
    let money = results.money.unwrap();
    assert_eq!(money.cost, 2_250.0);
    assert!(near(money.incremental_margin[0], 0.04 * 9_000.0 * 30.0));
    let roi = money.roi.unwrap();
    assert!(near(roi[0], (10_800.0 - 2_250.0) / 2_250.0) && roi[1] < roi[0] && roi[0] < roi[2], "{roi:?}");
    assert_eq!(results.needed, Size::needed(0.08, 0.02, 0.1, 0.05, 0.8));
    assert!(near(results.relative_lift.unwrap(), 0.5));
    let told = results.told("purchase rate").join("\n");
    for part in ["it worked", "12.00 % with the campaign, 8.00 % without: +4.00 points", "it paid", "customers are needed"] {
        assert!(told.contains(part), "{told}");
    }
    let free = Results::of_arms(&treated, &held_out, &Plan { contact_cost: 0.0, ..plan.clone() });
    assert!(free.money.is_some_and(|money| money.roi.is_none()));
    let of_spend = Results::of_arms(&treated, &held_out, &Plan { worth: Some(Worth::ShareOfSpend(0.3)), ..plan });
    assert_eq!(of_spend.money, None, "no amounts, no money");
}

#[test]
fn spend_is_that_of_those_of_whom_it_is_known_and_says_so() {
    let spending = |treated, customers: u32, buyers: u32, amount: f64| {
        (0..customers).map(move |n| Observation {
            treated,
            contacted: treated,
            purchased: n < buyers,
            spend: Some(if n < buyers { amount } else { 0.0 }),
            contact_cost: None,
        })
    };
    let mut all: Vec<Observation> = spending(true, 2_000, 400, 50.0).chain(spending(false, 2_000, 200, 50.0)).collect();
    let plan = Plan { contact_cost: 1.0, worth: Some(Worth::ShareOfSpend(0.4)), ..Plan::default() };
    let results = Results::of(&all, &plan);
    assert!(near(results.spend.unwrap().value, 5.0));
    let money = results.money.unwrap();
    assert!(near(money.incremental_margin[0], 4_000.0) && near(money.roi.unwrap()[0], 1.0), "{money:?}");
    assert!(!results.told("purchase rate").iter().any(|line| line.contains("unknown amount")));
    // One purchase without amount leaves one customer out of the spend, and nobody out of the rate.
    all[7].spend = None;
    let one_less = Results::of(&all, &plan);
    assert_eq!((one_less.treated.spend_customers, one_less.held_out.spend_customers), (1_999, 2_000));
    assert!(near(one_less.treated.spend_mean.unwrap(), 399.0 * 50.0 / 1_999.0));
    assert_eq!((one_less.purchase_rate, one_less.verdict), (results.purchase_rate, results.verdict));
    let told = one_less.told("purchase rate").join("\n");
    assert!(told.contains("1,999 of 2,000 customers with the campaign and 2,000 of 2,000 without"), "{told}");
    for customer in &mut all {
        customer.spend = None;
    }
    let none = Results::of(&all, &plan);
    assert_eq!((none.spend, none.treated.spend_mean, none.money), (None, None, None), "nobody told an amount");
}

#[test]
fn a_contact_with_a_cost_of_its_own_costs_that() {
    let contacted = |contact_cost, contacted| Observation { treated: true, contacted, contact_cost, ..Observation::default() };
    let all = [contacted(Some(6.0), true), contacted(None, true), contacted(Some(0.0), true), contacted(Some(9.0), false)];
    let (mut one, other): (Arm, Arm) = (all[..1].iter().collect(), all[1..].iter().collect());
    one.merge(&other);
    assert_eq!((one.contacted, one.cost(0.5)), (3, 6.5));
    assert!(near(all.iter().collect::<Arm>().cost(0.0), 6.0));
}

#[test]
fn a_look_before_the_plan_is_held_to_a_wider_bound_and_says_so() {
    let (treated, held_out) = (arm(900, 108, 900), arm(900, 80, 3));
    let once = Results::of_arms(&treated, &held_out, &Plan::default());
    let planned = Plan { planned_customers: Some(3_600), ..Plan::default() };
    let any = Results::of_arms(&treated, &held_out, &planned);
    let counted = Results::of_arms(&treated, &held_out, &Plan { looks: Some(vec![900, 1_800]), ..planned.clone() });
    let width = |results: &Results| results.purchase_rate.map(|found| found.high - found.low).unwrap();
    assert!(width(&once) < width(&counted) && width(&counted) < width(&any));
    assert_eq!(any.look.fraction, Some(0.5));
    assert!((counted.look.z - peeking::bounds(&[0.25, 0.5], 0.05)[1]).abs() < 1e-12, "this look is no look before itself");
    assert!(any.look.is_early && any.look.rule == Rule::AnyTime && once.look.rule == Rule::OneLook);
    let told = any.told("purchase rate").join("\n");
    assert!(
        told.contains("early: 50 % of what 3,600 customers will tell")
            && told.contains("not shown")
            && told.contains("may miss a smaller one"),
        "{told}"
    );
    assert!(told.contains("3 customers who were to be left alone were contacted"), "{told}");
    let done = Results::of_arms(&treated, &held_out, &Plan { planned_customers: Some(1_800), looks: Some(Vec::new()), ..planned });
    assert!(!done.look.is_early && (done.look.z - 1.96).abs() < 1e-4, "one look at the end costs nothing: {:?}", done.look);
    assert!(done.told("purchase rate")[1].contains("the planned 1,800 customers are in"));
}

#[test]
fn an_empty_side_and_harm_are_told() {
    let nothing = Results::of(&[], &Plan::default());
    assert_eq!((nothing.verdict, nothing.purchase_rate, nothing.money), (Verdict::Nothing, None, None));
    assert!(nothing.told("purchase rate")[0].contains("nothing yet"));
    let harm = Results::of_arms(
        &arm(1_000, 50, 1_000),
        &arm(1_000, 150, 0),
        &Plan { contact_cost: 1.0, worth: Some(Worth::PerPurchase(5.0)), ..Plan::default() },
    );
    assert_eq!(harm.verdict, Verdict::Harmed);
    let told = harm.told("visit rate").join("\n");
    assert!(told.contains("it did harm: the visit rate is lower") && told.contains("it did not pay"), "{told}");
}

#[test]
fn many_groups_are_held_to_what_one_would_be() {
    // One group of twenty differs at p = 0.02 or so by chance: alone it would count, among twenty it does not.
    let group = |value: u64, buyers| Group {
        attribute: "stage".to_owned(),
        value: value.to_string(),
        treated: arm(500, buyers, 500),
        held_out: arm(500, 50, 0),
    };
    let mut groups: Vec<Group> = (0..20).map(|value| group(value, 50)).collect();
    groups[3] = group(3, 75);
    let plan = Plan::default();
    let whole = Results::of_arms(&arm(10_000, 1_025, 10_000), &arm(10_000, 1_000, 0), &plan);
    let found = by_group(&groups, &whole, &plan);
    let lucky = &found[3];
    assert!(lucky.results.purchase_rate.is_some_and(|found| found.p_value < 0.05) && !lucky.is_shown, "{lucky:?}");
    groups[3] = group(3, 150);
    groups.push(Group { held_out: Arm::default(), ..group(99, 50) });
    let found = by_group(&groups, &whole, &plan);
    assert!(found[3].is_shown && found.iter().filter(|group| group.is_shown).count() == 1);
    assert_eq!((found[20].p_value_holm, found[20].is_shown), (None, false), "a side without customers tells nothing");
    let early = Plan { planned_customers: Some(1_000_000), ..plan };
    let whole = Results::of_arms(&arm(10_000, 1_025, 10_000), &arm(10_000, 1_000, 0), &early);
    assert!(!by_group(&groups, &whole, &early)[3].is_shown, "an early look is early for each group");
}

#[test]
fn a_plan_that_cannot_be_meant_is_refused() {
    let plan = Plan::default();
    let wrong = [
        Plan { alpha: 0.6, ..plan.clone() },
        Plan { power: 1.0, ..plan.clone() },
        Plan { contact_cost: -1.0, ..plan.clone() },
        Plan { planned_customers: Some(0), ..plan.clone() },
        Plan { wanted_lift: Some(0.0), ..plan.clone() },
        Plan { looks: Some(vec![1; 101]), ..plan.clone() },
        Plan { worth: Some(Worth::ShareOfSpend(1.2)), ..plan.clone() },
        Plan { worth: Some(Worth::PerPurchase(f64::NAN)), ..plan.clone() },
    ];
    for plan in wrong {
        let error = plan.check().unwrap_err();
        assert!(error.to_string().contains("which is not") && error.to_string().contains("\nhint: "), "{error}");
    }
}
