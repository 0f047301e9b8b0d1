//! What every row of the table must have.

use std::collections::BTreeSet;

use super::{FEATURES, Id, fingerprint, markdown, position};

#[test]
fn names_are_distinct_snake_case_and_say_which_days_they_mean() {
    let names: BTreeSet<_> = FEATURES.iter().map(|feature| feature.name).collect();
    assert_eq!(names.len(), FEATURES.len());
    for name in names {
        assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
        assert!(!name.contains("__") && !name.ends_with('_'), "{name}");
        assert!(!name.contains("frequency") && (!name.contains("recency") || name.starts_with("btyd_")), "{name}");
    }
}

#[test]
fn every_row_is_written_out() {
    for feature in &FEATURES {
        assert!(feature.reason.contains("{value}") && feature.reason.contains("{typical}"), "{}: {}", feature.name, feature.reason);
        assert!(feature.meaning.ends_with('.') && feature.meaning.len() > 8, "{}: {}", feature.name, feature.meaning);
        assert!(!feature.missing.ends_with('.') && !feature.missing.contains('|'), "{}: {}", feature.name, feature.missing);
    }
}

#[test]
fn reasons_have_no_other_places_than_a_value_a_usual_one_and_a_word_for_one_or_many() {
    for feature in &FEATURES {
        let (clause, usual) = feature.reason.rsplit_once("; ").expect("a clause for the usual value");
        assert!(clause.contains("{value}") && !usual.contains("{value}"), "{}: {}", feature.name, feature.reason);
        assert!(usual.ends_with(" {typical}") && !clause.contains("{typical}"), "{}: {}", feature.name, feature.reason);
        assert_eq!(feature.reason.matches('{').count(), feature.reason.matches('}').count(), "{}", feature.name);
        for place in feature.reason.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            let words = place.split('|').filter(|word| !word.is_empty()).count();
            assert!(place == "value" || place == "typical" || words == 2, "{}: `{place}`", feature.name);
        }
    }
}

#[test]
fn rows_stand_where_their_ids_say() {
    assert_eq!(FEATURES[Id::btyd_value_mean as usize].name, "btyd_value_mean");
    assert_eq!(position("btyd_value_mean"), Some(FEATURES.len() - 1));
    assert_eq!(markdown().lines().count(), FEATURES.len() + 2);
    assert_eq!(fingerprint().len(), 16);
    let [now, before, young, youngest] = super::probe::features();
    for (place, feature) in FEATURES.iter().enumerate() {
        assert!(!now.as_slice()[place].is_nan(), "{} is missing in the probe", feature.name);
    }
    assert!(now != before && before != young && young != youngest, "the fingerprint sees more than one cutoff");
    assert!(
        youngest[Id::purchases_365d_count] > 0.0 && youngest[Id::purchases_365d_change].is_nan(),
        "and windows that begin before the data"
    );
    let families: Vec<_> = FEATURES.iter().map(|feature| feature.family).collect();
    assert!(families.is_sorted(), "families stand together");
}
