//! The page is whole, small, harmless and the same each time, whatever the report holds.

use roxmltree::Document;

use super::fixture::{RUDE, around, report};
use super::*;
use crate::backtest::schema::{Gains, Verdict};

/// The page as XML: HTML but for elements that HTML leaves open.
pub(super) fn as_xml(page: &str) -> String {
    let body = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let (before, head) = body.split_once("<head>").unwrap();
    let (head, after) = head.split_once("<title>").unwrap();
    assert!(head.starts_with("<meta "), "{head}");
    format!("{before}<head><title>{after}").replace("<br>", "<br/>")
}

/// Reports with nothing in them, with one cutoff, with numbers and words as they should not be.
fn odd_reports() -> Vec<Report> {
    let mut nothing = report(0, 1);
    nothing.warnings.clear();
    nothing.data.quality.clear();
    for target in &mut nothing.targets {
        target.verdict = Verdict::NotJudged;
        (target.pooled, target.permutation, target.profit, target.best_naive) = (None, None, None, None);
        target.cutoffs[0].skill = None;
        (target.gains, target.scores, target.answers, target.groupings) = Default::default();
        (target.weakest, target.reasons) = Default::default();
    }
    let mut one_class = report(3, 1);
    for target in &mut one_class.targets {
        target.verdict = Verdict::NoSkill;
        target.permutation = None;
        target.gains = vec![Gains { name: RUDE.to_owned(), points: Vec::new() }];
        let pooled = target.pooled.as_mut().unwrap();
        for quality in &mut pooled.methods {
            (quality.auc, quality.top_decile_lift, quality.model_auc_minus_this) = (None, None, None);
            quality.name = RUDE.to_owned();
        }
    }
    let mut extreme = report(12, 2);
    for target in &mut extreme.targets {
        target.verdict = Verdict::WorseThanNaive;
        for (index, effect) in target.effects.iter_mut().enumerate() {
            effect.importance = [1e300, 1e-300, 0.0][index % 3];
            effect.curve.iter_mut().for_each(|point| (point.x, point.log_odds) = (point.x * 1e300, [-1e300, 1e-300][index % 2]));
            effect.density.truncate(index);
        }
        target.stability[0].by_cutoff = vec![-1e300, 1e300];
        target.drift[0].median_then = Some(-1e300);
        target.pooled.as_mut().unwrap().methods[0].log_loss = around(1e300, 1e299);
    }
    vec![nothing, one_class, extreme, report(101, 12)]
}

#[test]
fn every_page_is_well_formed_and_loads_nothing() {
    for report in odd_reports() {
        let page = page(&report);
        let xml = as_xml(&page);
        let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {}", &xml[..400]));
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let name = node.tag_name().name();
            assert!(!["script", "img", "image", "iframe", "object", "embed", "link", "use", "base", "form"].contains(&name), "{name}");
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on") && attribute.name() != "src", "{attribute:?}");
                assert!(attribute.name() != "href" || attribute.value().starts_with('#'), "{attribute:?}");
            }
        }
        let style = document.descendants().find(|node| node.has_tag_name("style")).unwrap().text().unwrap();
        assert!(!style.contains("url(") && !style.contains("@import"));
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn anchors_lead_somewhere_and_ids_are_one_of_a_kind() {
    let page = as_xml(&page(&report(3, 2)));
    let document = Document::parse(&page).unwrap();
    let mut ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    for link in document.descendants().filter_map(|node| node.attribute("href")) {
        assert!(ids.contains(&link.trim_start_matches('#')), "{link}");
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn what_users_wrote_is_shown_as_they_wrote_it() {
    let page = page(&report(12, 2));
    assert!(!page.contains("<script") && !page.contains("<img"), "not escaped");
    assert!(page.contains("&lt;script&gt;alert('x')&lt;/script&gt; &amp; "), "not shown");
    assert!(!page.contains(['\0', '\u{7}']) && page.contains("名前"));
}

#[test]
fn a_page_with_everything_is_below_one_megabyte() {
    let page = page(&report(101, 12));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    let (targets, large) = (Target::ALL.len(), 7);
    let profit = 1;
    assert_eq!(page.matches("<svg class=\"ch\"").count(), targets * (101 + 101 + large) + profit, "an effect and a trace an input");
}

#[test]
fn inputs_without_number_leave_the_page_small_and_are_counted() {
    let page = page(&report(1_000, 12));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains(&format!("no room here for {} further inputs", 1_000 - ROOM / Target::ALL.len())));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(page(&report(101, 12)), page(&report(101, 12)));
}

#[test]
fn every_part_is_there_for_both_targets_and_a_part_of_which_nothing_is_known_says_so() {
    for report in odd_reports() {
        let page = as_xml(&page(&report));
        let document = Document::parse(&page).unwrap();
        let words = |id: &str| -> String {
            let part = document.descendants().find(|node| node.attribute("id") == Some(id)).unwrap_or_else(|| panic!("no `{id}`"));
            part.descendants().filter_map(|node| node.text()).collect()
        };
        for target in Target::ALL {
            for (anchor, heading, _) in PARTS {
                let words = words(&format!("{target}-{anchor}"));
                assert!(words.trim().len() > heading.len() + 10, "{target} {anchor}: {words}");
            }
        }
        assert!(["signs", "data", "reading", "again"].iter().all(|id| words(id).len() > 100));
    }
}

#[test]
fn a_sign_stands_with_its_customers_and_what_became_of_them() {
    let page = page(&report(1, 1));
    let row = page.split("<code>overdue</code>").nth(1).unwrap().split("</tr>").next().unwrap();
    let cells: Vec<&str> = row.split("<td>").skip(1).map(|cell| cell.split('<').next().unwrap()).collect();
    assert_eq!(cells, ["0", "0", "1", "\u{2013}", "\u{2013}"], "of one customer nothing is known");
    let mut old = report(1, 1);
    old.signs = None;
    assert!(super::page(&old).contains("made without them"));
}

#[test]
fn the_first_screen_says_what_was_found() {
    for (verdict, words) in [
        (Verdict::NotJudged, "Not judged"),
        (Verdict::NoSkill, "No skill"),
        (Verdict::WorseThanNaive, "Worse than the simple rule"),
        (Verdict::TiesWithNaive, "No better than the simple rule"),
        (Verdict::BeatsNaive, "Better than the simple rule"),
    ] {
        let mut report = report(1, 1);
        report.targets[0].verdict = verdict;
        let page = page(&report);
        let first = page.split("<nav").next().unwrap();
        assert!(first.contains(words), "{words}");
        for found in ["0.735 to 0.775", "0.519 to 0.543", "+0.020", "1 of 1 cutoff", "permutation p = 0.005", "is a delivery missing?"] {
            assert!(first.contains(found), "{found}");
        }
    }
}

#[test]
fn cutoffs_without_a_model_for_the_same_reason_stand_together() {
    let mut report = report(1, 3);
    for cutoff in &mut report.targets[0].cutoffs[..2] {
        (cutoff.basis, cutoff.why) = ("base rate".to_owned(), Some("nothing ranks them".to_owned()));
    }
    assert!(page(&report).contains("the base rate speaks, because nothing ranks them: 2010-01-01, 2010-02-01</li>"));
}

#[test]
fn the_command_asks_for_the_same_again() {
    let page = page(&report(1, 2));
    let command = "--customers CUSTOMERS --as-of 2010-01-01 --as-of 2010-02-01 --horizon-days 90 --active-days 90 --gap-days 0 --timezone Europe/London --seed 42";
    assert!(page.contains(command));
}
