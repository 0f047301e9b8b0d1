//! The page of insights is well formed and harmless whatever they hold.

use lapwing_features::engine::InputReport;
use roxmltree::Document;

use super::super::fixture::RUDE;
use super::super::tests::as_xml;
use super::*;
use crate::insights::schema::{
    AttributionRow, Attributions, Cohort, Conversion, Month, NO_TOUCH, RuleCredit, StageConversion, StageShare, StageTransitions,
};

/// Insights with rude names; of a shop where nothing has happened yet, or with something in each part.
fn insights(empty: bool) -> Insights {
    let month = |months_after| Month { months_after, customers: 9, buyers: 3, share: (months_after < 2).then_some(1.0 / 3.0) };
    let cohort = |name: &str| Cohort { name: name.to_owned(), customers: 9, months: (0..3).map(month).collect() };
    let credits = ["first", "last", "linear", "markov"].map(|rule| RuleCredit { rule, purchases: 1.5, amount: 20.0 });
    let row = |name: &str, removal_effect| AttributionRow { name: name.to_owned(), touches: 4, assisted: 2, removal_effect, credits };
    let by = |by| Attributions {
        by,
        window_days: 30,
        purchases: 3.0,
        amount: 40.0,
        failed_journeys: 1,
        open_journeys: 2,
        rows: vec![row(RUDE, Some(0.5)), row(NO_TOUCH, None)],
    };
    let share = StageShare { stage: "new", customers: 4, buyers: 1, share: (!empty).then_some((0.25, 0.05, 0.7)) };
    let way = Conversion {
        source: "prospect",
        target: "new",
        entered: 3,
        reached: 2,
        waiting: 1,
        share: (!empty).then_some(2.0 / 3.0),
        days_median_reached: None,
        days_median: Some(3.0),
    };
    let some = |cohorts: Vec<Cohort>| if empty { Vec::new() } else { cohorts };
    Insights {
        lapwing_version: "0.1.0",
        model_version: RUDE.to_owned(),
        timezone: "UTC".to_owned(),
        as_of: "2024-03-01T00:00:00Z".to_owned(),
        complete_until: "2024-02-29T12:00:00Z".to_owned(),
        customers: 9,
        retention_by_month: some((0..40).map(|month| cohort(&format!("20{month}-01"))).collect()),
        retention_by_channel: some(vec![cohort(RUDE)]),
        conversion: vec![way],
        attribution: if empty { vec![by("channel")] } else { vec![by("channel"), by("campaign")] },
        stage_conversion: (!empty).then(|| StageConversion {
            from: "2024-01-01T00:00:00Z".to_owned(),
            horizon_days: 30,
            stages: vec![share],
        }),
        channel_preference: vec![(RUDE.to_owned(), 5), ("(none)".to_owned(), 4)],
        transitions: StageTransitions {
            from: "2024-01-01T00:00:00Z".to_owned(),
            to: "2024-03-01T00:00:00Z".to_owned(),
            sources: vec!["new", "not_seen"],
            targets: vec!["new"],
            matrix: vec![vec![3], vec![0]],
            flows: Vec::new(),
        },
        input: InputReport::default(),
    }
}

#[test]
fn every_part_is_there_and_no_name_does_harm() {
    for empty in [false, true] {
        let page = page(&insights(empty));
        let xml = as_xml(&page);
        let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{error}"));
        for (anchor, ..) in SECTIONS {
            let section = document.descendants().find(|node| node.attribute("id") == Some(anchor)).unwrap();
            let words: String = section.descendants().filter_map(|node| node.text()).collect();
            assert!(words.len() > 60, "{anchor}: {words}");
        }
        assert!(document.descendants().all(|node| !matches!(node.tag_name().name(), "script" | "img" | "link")));
    }
}

#[test]
fn a_month_that_is_not_over_has_no_number_and_old_cohorts_have_no_room() {
    let page = page(&insights(false));
    let row = page.split(">2039-01</span>").nth(1).unwrap().split("</tr>").next().unwrap();
    assert_eq!(row.matches(">33</td>").count(), 2, "{row}");
    assert!(!page.contains(">205-01<") && page.contains("The other 15 are in the table."));
}
