//! Every chart is well-formed, scales, stays in its frame and takes its colours from classes, whatever the numbers.

use super::axis::Write;
use super::ink::Ink;
use super::*;

const ODD: [f64; 9] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1e300, 1e300, 1e-300, 0.3, 1.0];

/// One of every kind, from odd numbers and rude words.
fn odd_charts() -> Vec<String> {
    let rude = "<script>alert(\"1\")</script> & 'x' fill=\"#000500\"";
    let bins = ODD.map(|odd| Bin { predicted: odd, observed: odd, interval: Some((odd, -odd)), rows: 7 });
    let pairs: Vec<(f64, f64)> = ODD.iter().flat_map(|x| ODD.map(|y| (*x, y))).collect();
    let points = ODD.iter().enumerate().map(|(at, value)| TimePoint { at, value: *value, interval: Some((-*value, *value)) }).collect();
    let labels: Vec<String> = ODD.iter().map(|odd| format!("{rude}{odd}")).collect();
    let score_bins = ODD.map(|odd| ScoreBin { from: odd, to: odd, positives: usize::MAX, negatives: 0 });
    let three: Vec<(f64, f64, f64)> = ODD.iter().map(|odd| (*odd, *odd, *odd)).collect();
    vec![
        reliability(rude, rude, &bins),
        reliability(rude, rude, &[]),
        curves(rude, rude, (rude, rude), Write::Number, &[0.0], &[Curve { points: &pairs, ink: Ink::Line(9) }]),
        curves(rude, rude, ("", ""), Write::Percent, &[], &[]),
        scores(rude, rude, (rude, rude), &score_bins),
        over_time(rude, rude, rude, Write::Signed, &labels, Some(f64::NAN), &[Series { points, look: 1 }]),
        over_time(rude, rude, rude, Write::Percent, &[], None, &[]),
        effect(rude, rude, f64::NAN, Shape { line: &pairs, band: &three, density: &three }),
        levels(rude, rude, 1e300, &ODD.map(|odd| (rude, odd, odd))),
        levels(rude, rude, 0.0, &[]),
        trace(rude, &ODD),
        trace(rude, &[]),
    ]
}

#[test]
fn odd_numbers_and_rude_words_make_well_formed_charts_that_stay_in_their_frames() {
    for svg in odd_charts() {
        let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error} in\n{svg}"));
        let root = document.root_element();
        assert!(root.first_element_child().is_some_and(|first| first.has_tag_name("title")), "{svg}");
        assert!(root.attribute("width").is_none(), "{svg}");
        let frame: Vec<f64> = root.attribute("viewBox").unwrap().split(' ').map(|number| number.parse().unwrap()).collect();
        for node in root.descendants().filter(roxmltree::Node::is_element) {
            assert!(!["script", "image", "style"].contains(&node.tag_name().name()), "{svg}");
            let number = |name| node.attribute(name).map_or(0.0, |text: &str| text.parse::<f64>().unwrap());
            for (place, end) in [("x", 2), ("cx", 2), ("x1", 2), ("x2", 2), ("y", 3), ("cy", 3), ("y1", 3), ("y2", 3)] {
                assert!((0.0..=frame[end]).contains(&number(place)), "{place} in {node:?}");
            }
        }
    }
}

#[test]
fn charts_have_classes_and_no_colours_of_their_own() {
    for svg in odd_charts() {
        let document = roxmltree::Document::parse(&svg).unwrap();
        for node in document.root_element().descendants().filter(roxmltree::Node::is_element) {
            assert!(["fill", "stroke", "opacity", "style"].iter().all(|name| node.attribute(*name).is_none()), "{node:?}");
        }
    }
}

#[test]
fn the_dots_of_a_reliability_diagram_lie_where_the_numbers_say() {
    let bin = |predicted, observed| Bin { predicted, observed, interval: None, rows: 10 };
    let svg = reliability("", "", &[bin(0.2, 0.2), bin(0.6, 0.2), bin(1.0, 1.0)]);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let dots: Vec<(i32, i32)> = document
        .descendants()
        .filter(|node| node.tag_name().name() == "circle")
        .map(|node| (node.attribute("cx").unwrap().parse().unwrap(), node.attribute("cy").unwrap().parse().unwrap()))
        .collect();
    assert_eq!(dots.len(), 3);
    assert_eq!(dots[0].1, dots[1].1);
    assert!((dots[1].0 - dots[0].0 - (dots[2].0 - dots[1].0)).abs() <= 1, "{dots:?}");
    assert!(dots[2].1 < dots[0].1, "{dots:?}");
}

#[test]
fn a_small_multiple_is_small() {
    let line: Vec<(f64, f64)> = (0..30).map(|step| (f64::from(step), f64::from(step).sin())).collect();
    let band: Vec<(f64, f64, f64)> = line.iter().map(|(x, y)| (*x, y - 0.1, y + 0.1)).collect();
    let density: Vec<(f64, f64, f64)> = (0..10).map(|bin| (3.0 * f64::from(bin), 3.0 * f64::from(bin) + 3.0, 0.1)).collect();
    let svg = effect("days", "rises", 1.0, Shape { line: &line, band: &band, density: &density });
    assert!(svg.len() < 3_000, "{} bytes: {svg}", svg.len());
}

#[test]
fn the_same_numbers_give_the_same_bytes() {
    assert_eq!(odd_charts(), odd_charts());
}
