//! What the shipped playbook does for whom, and what is refused of others.

use super::*;

fn facts(segment: Segment, risk_band: Option<RiskBand>) -> Facts {
    Facts { segment: Some(segment), risk_band, ..Facts::default() }
}

#[test]
fn the_shipped_playbook_has_something_to_do_for_every_buyer_in_time() {
    let playbook = Playbook::read(SHIPPED_NAME, SHIPPED).unwrap();
    for segment in Segment::ALL {
        for band in [Some(RiskBand::Green), Some(RiskBand::Yellow), Some(RiskBand::Red), None] {
            let first = playbook.actions_for(facts(*segment, band)).next();
            assert!(first.is_some_and(|action| action.within_hours <= 72), "{segment:?} {band:?}");
        }
    }
    assert_eq!(playbook.campaigns().len(), Segment::ALL.len());
    assert!(playbook.campaigns().iter().all(|campaign| campaign.hold_out_share == HOLD_OUT_SHARE));
}

/// What the field does for each segment, in the red band and in the green one.
#[test]
fn each_segment_gets_what_the_field_does_for_it() {
    let table = [
        (Segment::Recent, "thank_you second_purchase_offer", "thank_you second_purchase_offer"),
        (Segment::Loyal, "replenishment_reminder cross_sell", "replenishment_reminder cross_sell referral_invitation"),
        (Segment::Champion, "personal_recommendation early_access", "personal_recommendation early_access"),
        (Segment::NeedsNurturing, "we_miss_you nurture_discount", "we_miss_you"),
        (Segment::HighPotential, "bundle_offer limited_time_upsell", "bundle_offer limited_time_upsell"),
        (Segment::AtRisk, "reengagement", "reengagement"),
        (Segment::CantLose, "personal_call personal_discount multichannel_retargeting", "personal_discount"),
        (Segment::AboutToLose, "deep_discount first_purchase_reminder new_products", "first_purchase_reminder new_products"),
    ];
    let playbook = Playbook::shipped();
    for (segment, red, green) in table {
        for (band, expected) in [(RiskBand::Red, red), (RiskBand::Green, green)] {
            let codes: Vec<&str> = playbook.actions_for(facts(segment, Some(band))).map(|action| &*action.code).collect();
            assert_eq!(codes.join(" "), expected, "{segment:?} {band:?}");
        }
    }
    assert_eq!(playbook.actions_for(Facts { segment: None, ..facts(Segment::Loyal, Some(RiskBand::Red)) }).count(), 0);
}

#[test]
fn choosing_by_table_is_choosing_by_rule() {
    let text = [
        "[[campaign]]\ncode = 'a'\nname = 'A'\nsegments = ['loyal', 'recent']\nstages = ['new', 'slipping']\nchannel = 'email'\nwithin_hours = 1\ncontact_cost = 1",
        "[[action]]\ncode = 'one'\ncampaign = 'a'\ntext = 'one'\nvalue_tiers = ['top']",
        "[[action]]\ncode = 'two'\ncampaign = 'a'\ntext = 'two'\nrisk_bands = ['yellow', 'red']\nstages = ['slipping']",
    ];
    for playbook in [Playbook::shipped(), Playbook::read("a", &text.join("\n")).unwrap()] {
        let mut met = 0;
        for facts in cells().chain([Facts::default(), Facts { stage: Some(Stage::Prospect), ..Facts::default() }]) {
            let by_rule: Vec<&Action> = playbook.actions().iter().filter(|action| action.audience.meets(facts)).collect();
            assert_eq!(playbook.actions_for(facts).collect::<Vec<_>>(), by_rule, "{facts:?}");
            met += by_rule.len();
        }
        assert!(met > 0);
    }
    assert_eq!(Playbook::default().actions_for(facts(Segment::Loyal, None)).count(), 0);
}

const CAMPAIGN: &str =
    "[[campaign]]\ncode = 'a'\nname = 'A'\nsegments = ['loyal']\nchannel = 'email'\nwithin_hours = 72\ncontact_cost = 0.1\n";
const ACTION: &str = "[[action]]\ncode = 'x'\ncampaign = 'a'\ntext = 'do it'\n";

#[test]
fn an_action_takes_from_its_campaign_what_it_does_not_say_itself() {
    let text = format!("{CAMPAIGN}hold_out_share = 0\nrisk_bands = ['yellow', 'red']\n{ACTION}{}", ACTION.replace("'x'", "'y'"));
    let own = "channel = 'phone'\nwithin_hours = 24\ncontact_cost = 4\nrisk_bands = ['green', 'red']\n";
    let playbook = Playbook::read("a", &(text + own)).unwrap();
    let [x, y] = playbook.actions() else { panic!("{playbook:?}") };
    assert_eq!((&*x.channel, x.within_hours, x.contact_cost), ("email", 72, 0.1));
    assert_eq!((&*y.channel, y.within_hours, y.contact_cost), ("phone", 24, 4.0));
    assert_eq!(y.audience.risk_bands, Some(vec![RiskBand::Red]), "what both ask for");
    assert_eq!(playbook.campaign("a").map(|campaign| campaign.hold_out_share), Some(0.0));
    assert_eq!(playbook.campaign("b"), None);
}

#[test]
fn what_does_not_hold_together_is_refused_with_its_line_and_a_hint() {
    let whole = format!("{CAMPAIGN}{ACTION}");
    let cases = [
        ("segments = ['loyal']", "segments = ['loyall']", 4, "there is no segment `loyall`"),
        ("segments = ['loyal']", "segments = ['loyal', 'loyal']", 4, "named twice"),
        ("segments = ['loyal']", "segments = []", 4, "`segments` is empty"),
        ("name = 'A'", "name = 'A'\nrisk_bands = ['orange']", 4, "there is no risk band `orange`"),
        ("name = 'A'", "name = 'A'\nstages = ['sleepy']", 4, "there is no stage `sleepy`"),
        ("name = 'A'", "name = 'A'\nvalue_tiers = ['huge']", 4, "there is no value tier `huge`"),
        ("name = 'A'", "name = 'A'\ncolour = 'red'", 4, "colour"),
        ("name = 'A'\n", "", 1, "missing field `name`"),
        ("name = 'A'", "name = ' '", 3, "`name` is empty"),
        ("code = 'a'", "code = 'A b'", 2, "`A b` is no code"),
        ("within_hours = 72", "within_hours = 0", 6, "`within_hours` is 0"),
        ("within_hours = 72", "within_hours = 72.5", 6, ""),
        ("contact_cost = 0.1", "contact_cost = -0.1", 7, "`contact_cost` is -0.1"),
        ("contact_cost = 0.1", "contact_cost = nan", 7, "`contact_cost` is NaN"),
        ("contact_cost = 0.1", "contact_cost = 0.1\nhold_out_share = 1.1", 8, "`hold_out_share` is 1.1"),
        ("contact_cost = 0.1", "contact_cost = 0.1\nhold_out_share = -0.1", 8, "`hold_out_share` is -0.1"),
        (
            "[[action]]",
            "[[campaign]]\ncode = 'a'\nname = 'B'\nsegments = ['recent']\nchannel = 'x'\nwithin_hours = 1\ncontact_cost = 0\n[[action]]",
            9,
            "two campaigns `a`",
        ),
        ("campaign = 'a'", "campaign = 'b'", 10, "which there is not"),
        ("campaign = 'a'\n", "", 8, "of no campaign"),
        ("text = 'do it'", "text = 'do it'\nrisk_bands = []", 8, "is nobody"),
        ("text = 'do it'", "text = 'do\\nit'", 11, ""),
        ("text = 'do it'", "text = 'do it'\n[[action]]\ncode = 'x'\ncampaign = 'a'\ntext = 'again'", 13, "two actions `x`"),
        (ACTION, "", 1, "has no action"),
        ("[[action]]", "[[action", 8, ""),
        (&whole, "", 1, "there is no campaign"),
    ];
    for (from, to, line, part) in cases {
        // A text of several lines is one only between other marks.
        let text = whole.replacen(from, to, 1).replace("'do\\nit'", "\"do\\nit\"");
        let error = Playbook::read("mine.toml", &text).map(|_| text.clone()).unwrap_err();
        assert_eq!(error.line, line, "{text}\n{error}");
        assert!(error.problem.contains(part) && !error.hint.is_empty(), "{error}");
        assert!(error.to_string().starts_with(&format!("mine.toml:{line}: ")) && error.to_string().contains("\nhint: "), "{error}");
    }
    let nobody = format!("{CAMPAIGN}risk_bands = ['green']\n{ACTION}risk_bands = ['red']\n");
    assert!(Playbook::read("a", &nobody).unwrap_err().problem.contains("is for nobody"));
    let many: String = (0..=MOST_ACTIONS).map(|number| ACTION.replace("'x'", &format!("'x{number}'"))).collect();
    assert!(Playbook::read("a", &format!("{CAMPAIGN}{many}")).unwrap_err().problem.contains("more than 1000 actions"));
}

#[cfg(feature = "fit")]
mod told {
    use lapwing_features::Values;

    use super::*;
    use crate::bundle::fixture;
    use crate::holdout::HoldOutKey;

    fn scores() -> Vec<Score> {
        let bundle = fixture::bundle();
        fixture::snapshots().iter().enumerate().map(|(number, snapshot)| bundle.score(&number.to_string(), snapshot, 0)).collect()
    }

    #[test]
    fn the_table_names_the_first_action_and_who_is_held_out() {
        let (scores, without) = (scores(), Advice::default());
        let with = Advice { key: HoldOutKey::new(&[7; 32]).ok(), ..Advice::default() };
        let names = |advice: &Advice| advice.columns(&scores).into_iter().map(|column| column.name).collect::<Vec<_>>();
        assert_eq!(names(&without), ["action", "campaign", "action_within_hours"]);
        assert_eq!(names(&with), ["action", "campaign", "action_within_hours", "held_out"]);
        assert_eq!(names(&with).len(), with.columns(&[]).len());
        let table: Vec<String> = with.table(&scores).into_iter().map(|column| column.name).collect();
        assert!(table.join(" ").ends_with("gap_days action campaign action_within_hours held_out model_version"), "{table:?}");
        let columns = with.columns(&scores);
        let (Values::Written(actions), Values::Flag(held_out)) = (&columns[0].values, &columns[3].values) else { panic!("{columns:?}") };
        for ((score, action), held_out) in scores.iter().zip(actions.iter()).zip(held_out) {
            let first = with.playbook.actions_for(score.into()).next();
            assert_eq!(action, first.map(|action| &*action.code));
            assert_eq!(action.is_none(), score.segment.is_none(), "who never bought gets none, and nobody else");
            let side = first.map(|first| with.key.as_ref().unwrap().is_held_out(&first.campaign, &score.customer_id, 0.1));
            assert_eq!(*held_out, side);
            assert_eq!(with.actions(score).told(&score.customer_id).count(), with.playbook.actions_for(score.into()).count());
            assert!(without.actions(score).told("a").all(|(_, held_out)| held_out.is_none()));
        }
        assert!([Some(true), Some(false), None].iter().all(|side| held_out.contains(side)), "{held_out:?}");
    }
}
