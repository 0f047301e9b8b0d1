//! How good the model is on parts of the rows, and where it fails.

use std::collections::BTreeMap;

use lapwing_models::fit::{Rows, Scores, compare_within, mean_by_customer};
use lapwing_models::for_people;
use lapwing_models::lifecycle::Stage;

use super::schema::{Grouping, SliceSkill};
use super::table::{Table, Trait, Traits};

/// Days that part the bands of tenure, and what the bands are called.
const TENURE: [(f64, &str); 4] =
    [(90.0, "under 90 days"), (180.0, "90 to 180 days"), (365.0, "180 days to a year"), (f64::INFINITY, "over a year")];
/// Levels of an attribute that are told apart; the others are told together.
const MOST_LEVELS: usize = 10;
/// A number is parted into so many groups.
const PARTS: usize = 4;
/// A slice needs this many customers to be called weak.
const LEAST_CUSTOMERS: usize = 30;
/// Weak slices that are told at most.
const MOST_WEAK: usize = 10;
/// What the level of customers of whom it is not known is called.
const UNKNOWN: &str = "not known";

/// The rows by stage, by tenure and by each of `attributes`.
#[must_use]
pub fn groupings(table: &Table, attributes: &[String], seed: u64) -> Vec<Grouping> {
    if table.is_empty() {
        return Vec::new();
    }
    let stage = |row: &Traits| {
        let stage = row.stage?;
        Some((Stage::ALL.iter().position(|known| known.name() == stage)?, stage.to_owned()))
    };
    let tenure = |row: &Traits| {
        let band = TENURE.iter().position(|(below, _)| row.tenure_days < *below)?;
        Some((band, TENURE[band].1.to_owned()))
    };
    let mut found = vec![grouping(table, "stage", stage, seed), grouping(table, "tenure", tenure, seed)];
    for (place, name) in attributes.iter().enumerate() {
        let values: Vec<&Trait> = table.traits.iter().filter_map(|row| row.attributes.get(place)).collect();
        let names = Names::of(&values);
        found.push(grouping(table, name, |row| Some(names.of_value(row.attributes.get(place)?)), seed));
    }
    found
}

/// Told together are rows of one key, in the order of the keys; a row without one is left out.
fn grouping(table: &Table, by: &str, key: impl Fn(&Traits) -> Option<(usize, String)>, seed: u64) -> Grouping {
    let mut places: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (place, row) in table.traits.iter().enumerate() {
        if let Some(key) = key(row) {
            places.entry(key).or_default().push(place);
        }
    }
    let slices = places.into_iter().filter_map(|((_, name), places)| slice(by, name, &table.at(&places), seed));
    Grouping { by: by.to_owned(), slices: slices.collect() }
}

fn slice(by: &str, name: String, rows: &Table, seed: u64) -> Option<SliceSkill> {
    let model = rows.model();
    let facts = Rows { labels: &rows.labels, customers: &rows.customers, groups: &rows.groups };
    let found = compare_within(&[Scores::Probabilities(model)], facts, seed).first().copied()?;
    let missed: Vec<f64> = rows.labels.iter().zip(model).map(|(label, said)| f64::from(u8::from(*label)) - said).collect();
    Some(SliceSkill {
        by: by.to_owned(),
        name,
        rows: rows.len(),
        customers: rows.people(),
        positives: rows.positives(),
        base_rate: rows.positives() as f64 / rows.len() as f64,
        mean_probability: model.iter().sum::<f64>() / rows.len() as f64,
        observed_minus_predicted: mean_by_customer(&missed, &rows.customers, seed)?,
        auc: found.auc,
        log_loss: found.losses?.log_loss,
    })
}

/// The slices of at least 30 customers whose interval of observed minus predicted leaves 0 out, the furthest off first, at most ten.
///
/// By chance alone that befalls one slice in twenty.
#[must_use]
pub fn weakest(groupings: &[Grouping]) -> Vec<SliceSkill> {
    let mut weak: Vec<SliceSkill> = large(groupings).filter(|slice| is_off(slice)).cloned().collect();
    let size = |slice: &SliceSkill| slice.observed_minus_predicted.value.abs();
    weak.sort_by(|one, two| size(two).total_cmp(&size(one)));
    weak.truncate(MOST_WEAK);
    weak
}

/// How many slices of at least 30 customers there are, and of how many of them the interval of observed minus predicted leaves 0 out.
#[must_use]
pub fn how_many_are_off(groupings: &[Grouping]) -> (usize, usize) {
    (large(groupings).count(), large(groupings).filter(|slice| is_off(slice)).count())
}

fn large(groupings: &[Grouping]) -> impl Iterator<Item = &SliceSkill> {
    groupings.iter().flat_map(|grouping| &grouping.slices).filter(|slice| slice.customers >= LEAST_CUSTOMERS)
}

fn is_off(slice: &SliceSkill) -> bool {
    slice.observed_minus_predicted.low > 0.0 || slice.observed_minus_predicted.high < 0.0
}

/// What the groups of an attribute are called.
enum Names {
    /// The most frequent levels, the most frequent first.
    Levels(Vec<String>),
    /// Ascending numbers that part the groups; a value equal to one is in the group below it.
    Cuts(Vec<f64>),
}

impl Names {
    fn of(values: &[&Trait]) -> Self {
        let number = |value: &&Trait| if let Trait::Number(number) = value { Some(*number) } else { None };
        let mut numbers: Vec<f64> = values.iter().filter_map(number).collect();
        if 2 * numbers.len() > values.iter().filter(|value| ***value != Trait::Unknown).count() {
            numbers.sort_unstable_by(f64::total_cmp);
            let mut cuts: Vec<f64> = (1..PARTS).map(|part| numbers[(numbers.len() - 1) * part / PARTS]).collect();
            cuts.dedup();
            cuts.retain(|cut| numbers.last() != Some(cut));
            return Self::Cuts(cuts);
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for value in values {
            if let Trait::Text(text) = value {
                *counts.entry(text).or_default() += 1;
            }
        }
        let mut levels: Vec<(&str, usize)> = counts.into_iter().collect();
        levels.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self::Levels(levels.into_iter().take(MOST_LEVELS).map(|(text, _)| text.to_owned()).collect())
    }

    /// The group's place and name.
    fn of_value(&self, value: &Trait) -> (usize, String) {
        match (self, value) {
            (Self::Levels(levels), Trait::Text(text)) => match levels.iter().position(|level| level == text) {
                Some(place) => (place, text.clone()),
                None => (levels.len(), "other".to_owned()),
            },
            (Self::Cuts(cuts), Trait::Number(number)) => {
                let place = cuts.partition_point(|cut| cut < number);
                let name = match (place.checked_sub(1).map(|below| cuts[below]), cuts.get(place)) {
                    (None, None) => "all".to_owned(),
                    (None, Some(above)) => format!("up to {}", for_people(*above)),
                    (Some(below), Some(above)) => format!("{} to {}", for_people(below), for_people(*above)),
                    (Some(below), None) => format!("over {}", for_people(below)),
                };
                (place, name)
            }
            _ => (usize::MAX, UNKNOWN.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::Method;
    use super::*;

    /// Customers of two stages; the model says 0.5 of everybody, and those who are new are always positive.
    fn table(attribute: impl Fn(usize) -> Trait) -> Table {
        let stage = |row: usize| if row.is_multiple_of(2) { "new" } else { "active" };
        let traits = |row: usize| Traits { stage: Some(stage(row)), tenure_days: 3.0 * row as f64, attributes: vec![attribute(row)] };
        Table {
            methods: vec![("model".to_owned(), Method::Model)],
            said: vec![vec![0.5; 200]],
            labels: (0..200_usize).map(|row| row.is_multiple_of(2) || row % 4 == 1).collect(),
            customers: (0..200).collect(),
            groups: vec![0; 200],
            traits: (0..200).map(traits).collect(),
        }
    }

    #[test]
    fn slices_are_told_in_their_own_order_and_the_wrong_ones_are_found() {
        let found = groupings(&table(|_| Trait::Unknown), &["country".to_owned()], 1);
        let names = |place: usize| found[place].slices.iter().map(|slice| (slice.name.as_str(), slice.rows)).collect::<Vec<_>>();
        assert_eq!(names(0), [("new", 100), ("active", 100)]);
        assert_eq!(names(1), [("under 90 days", 30), ("90 to 180 days", 30), ("180 days to a year", 62), ("over a year", 78)]);
        assert_eq!(names(2), [("not known", 200)]);
        let weak = weakest(&found);
        assert_eq!((weak[0].by.as_str(), weak[0].name.as_str()), ("stage", "new"));
        assert_eq!(weak[0].observed_minus_predicted.value, 0.5);
        assert!(weak.iter().all(|slice| slice.name != "active"), "of those who are active half are positive, as was said");
    }

    #[test]
    fn every_group_that_is_off_is_counted_though_few_are_told() {
        let one = groupings(&table(|_| Trait::Unknown), &["country".to_owned()], 1);
        let (groups, off) = how_many_are_off(&one);
        assert!(groups == 7 && off > 3 && off < groups, "{off} of {groups}");
        let three = [one.clone(), one.clone(), one].concat();
        assert_eq!((how_many_are_off(&three), weakest(&three).len()), ((3 * groups, 3 * off), MOST_WEAK));
        assert_eq!(how_many_are_off(&[]), (0, 0));
    }

    #[test]
    fn numbers_are_parted_into_quarters_and_rare_levels_are_told_together() {
        let found = groupings(&table(|row| Trait::Number(row as f64)), &["age".to_owned()], 1);
        let rows: Vec<(&str, usize)> = found[2].slices.iter().map(|slice| (slice.name.as_str(), slice.rows)).collect();
        assert_eq!(rows, [("up to 49", 50), ("49 to 99", 50), ("99 to 149", 50), ("over 149", 50)]);
        let found = groupings(&table(|row| Trait::Text(format!("level {}", row % 13))), &["country".to_owned()], 1);
        assert_eq!(found[2].slices.len(), 11);
        assert_eq!(found[2].slices.last().map(|slice| (slice.name.as_str(), slice.rows)), Some(("other", 45)));
        let found = groupings(&table(|_| Trait::Number(7.0)), &["constant".to_owned()], 1);
        assert_eq!(found[2].slices[0].name, "all");
    }
}
