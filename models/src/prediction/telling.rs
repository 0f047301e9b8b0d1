//! Which contributions people are told.

use lapwing_features::schema::Family;
use lapwing_features::{FEATURES, Id};

use super::{Contribution, Part, Prediction, wording};
use crate::input::Rhythm;
use crate::target::Target;

/// More of these than usual is a sign that a customer goes on buying, besides whatever tells of the last days.
const MORE_IS_GOOD: [Id; 6] = [
    Id::purchases_count,
    Id::repeat_purchases_count,
    Id::purchase_days_count,
    Id::purchases_30d_pace,
    Id::purchases_same_90d_last_year_count,
    Id::btyd_repeat_days_count,
];
/// More of these than usual is a sign that a customer stops.
const MORE_IS_BAD: [Id; 9] = [
    Id::days_since_last_purchase,
    Id::last_purchase_tenure_ratio,
    Id::gap_days_mean,
    Id::gap_days_median,
    Id::overdue_ratio,
    Id::missed_cycles_count,
    Id::shorter_gaps_share,
    Id::days_since_last_visit,
    Id::days_since_last_interaction,
];

impl Prediction {
    /// Why the answer to `target` is as likely as it is beside that of an average customer, or as unlikely: at most `most`
    /// contributions, for people to read.
    ///
    /// They have the sign of `log_odds - intercept`, the largest first. Inputs overlap, so that parts of them cancel out and a
    /// part taken alone can read as its opposite. Hence of each family of features only the largest is told, and only if all of
    /// the family together has that sign; nor is told what is as usual, what is the same for everyone, or what a reader would take for a sign of the other side,
    /// as more purchases than usual for a reason to leave. The rhythm of buying, which sums up what else is told, comes last. If that leaves nothing, the largest is told as it is.
    ///
    /// Needs every contribution, as [`Model::predict`](crate::Model::predict) gives them. Empty if none has the sign.
    #[must_use]
    pub fn telling(&self, target: Target, most: usize) -> Vec<&Contribution> {
        let part = |contribution: &Contribution| Part {
            input: contribution.input,
            contribution: contribution.contribution,
            raw: f64::NAN,
            value: contribution.value,
            typical: contribution.typical,
            is_rhythm: contribution.code == Rhythm::NAME,
        };
        let mut parts: Vec<(usize, f64)> = self.contributions.iter().map(|part| (part.input, part.contribution)).collect();
        parts.sort_by_key(|(input, _)| *input);
        let together = Together::of(parts.into_iter());
        let shift = self.log_odds - self.intercept;
        let mut told = telling(self.contributions.iter().map(part), together, shift, target, most);
        if told.is_empty() && most > 0 {
            told.extend(largest(self.contributions.iter().map(part), shift));
        }
        told.iter().filter_map(|part| self.contributions.iter().find(|contribution| contribution.input == part.input)).collect()
    }
}

/// Number of families.
const FAMILIES: usize = Family::Btyd as usize + 1;

/// The family of each feature, and whether it stands aside, close together.
static FAMILY: [(Family, bool); FEATURES.len()] = {
    let mut families = [(Family::Purchases, false); FEATURES.len()];
    let mut feature = 0;
    while feature < FEATURES.len() {
        families[feature] = (FEATURES[feature].family, FEATURES[feature].aside);
        feature += 1;
    }
    families
};

/// What the features of each family contribute together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Together([f64; FAMILIES]);

impl Together {
    /// The sums of the parts of the inputs, in their order.
    pub(crate) fn of(parts: impl Iterator<Item = (usize, f64)>) -> Self {
        let mut sums = [0.0; FAMILIES];
        for (family, part) in parts.filter_map(|(input, part)| Some((FAMILY.get(input)?.0, part))) {
            sums[family as usize] += part;
        }
        Self(sums)
    }

    /// Whether the family of an input has the sign of `shift`; an attribute speaks for itself.
    #[inline]
    pub(crate) fn speak(&self, input: usize, shift: f64) -> bool {
        FAMILY.get(input).is_none_or(|(family, _)| self.0[*family as usize] * shift > 0.0)
    }
}

/// See [`Prediction::telling`], but for what is told when this leaves nothing. `parts` come the largest first; no more of them are asked
/// for than are needed.
pub(crate) fn telling(parts: impl Iterator<Item = Part>, mut together: Together, shift: f64, target: Target, most: usize) -> Vec<Part> {
    let buying = match target {
        Target::Churn => -shift,
        Target::Reactivation | Target::Intent => shift,
    };
    let (mut told, mut rhythm) = (Vec::with_capacity(most.min(FAMILIES)), None);
    for part in parts.filter(|part| part.contribution * shift > 0.0 && !part.is_aside()) {
        if told.len() >= most {
            break;
        }
        if !together.speak(part.input, shift) || !part.reads_for(buying) {
            continue;
        }
        if part.is_rhythm {
            rhythm.get_or_insert(part);
            continue;
        }
        // A family is silent once it has spoken.
        part.family().into_iter().for_each(|family| together.0[family as usize] = 0.0);
        told.push(part);
    }
    told.extend(rhythm);
    told.truncate(most);
    told
}

/// The largest of `parts`, which come the largest first, that has the sign of `shift`; what stands aside only if there is no other.
pub(crate) fn largest(parts: impl Iterator<Item = Part>, shift: f64) -> Option<Part> {
    let mut aside = None;
    for part in parts.filter(|part| part.contribution * shift > 0.0) {
        if !part.is_aside() {
            return Some(part);
        }
        aside.get_or_insert(part);
    }
    aside
}

/// Whether an input is a feature that tells people little: one that the schema puts aside, or one that is missing.
pub(crate) fn stands_aside(input: usize, value: f64) -> bool {
    FAMILY.get(input).is_some_and(|(_, aside)| *aside | value.is_nan())
}

impl Part {
    /// What the feature is about; `None` for an attribute, which speaks for itself.
    fn family(&self) -> Option<Family> {
        FAMILY.get(self.input).map(|(family, _)| *family)
    }

    fn is_aside(&self) -> bool {
        stands_aside(self.input, self.value.unwrap_or(f64::NAN))
    }

    fn is_any(&self, ids: &[Id]) -> bool {
        ids.iter().any(|id| *id as usize == self.input)
    }

    /// Whether the value is not usual and can be read as a sign for buying, where `buying` is above 0, or against.
    fn reads_for(&self, buying: f64) -> bool {
        let (Some(value), Some(typical)) = (self.value, self.typical) else { return true };
        let good = match self.family() {
            Some(Family::Windows | Family::Decay) => 1.0,
            _ if self.is_any(&MORE_IS_GOOD) => 1.0,
            _ if self.is_any(&MORE_IS_BAD) => -1.0,
            _ => 0.0,
        };
        good * (value - typical) * buying >= 0.0 && !wording::alike(self.input, value, typical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prediction of parts, each with its contribution, value and usual value; what is no feature is an attribute.
    fn prediction(parts: &[(&str, f64, f64, f64)]) -> Prediction {
        let contribution = |(place, (code, contribution, value, typical)): (usize, &(&str, f64, f64, f64))| {
            let input = FEATURES.iter().position(|feature| feature.name == *code).unwrap_or(FEATURES.len() + place);
            let (value, typical) = (Some(*value), Some(*typical));
            Contribution { code: (*code).to_owned(), input, contribution: *contribution, value, typical, text: String::new() }
        };
        let mut contributions: Vec<Contribution> = parts.iter().enumerate().map(contribution).collect();
        contributions.sort_by(|one, two| two.contribution.abs().total_cmp(&one.contribution.abs()));
        let log_odds = contributions.iter().map(|part| part.contribution).sum();
        Prediction { probability: 0.5, low: 0.4, high: 0.6, log_odds, intercept: 0.0, contributions }
    }

    fn told(parts: &[(&str, f64, f64, f64)], target: Target, most: usize) -> Vec<String> {
        prediction(parts).telling(target, most).into_iter().map(|part| part.code.clone()).collect()
    }

    #[test]
    fn people_are_told_what_speaks_for_the_probability_one_of_a_family() {
        let parts = [
            ("tenure_days", -2.0, 9.0, 1.0),
            ("spend_sum", 1.5, 9.0, 1.0),
            ("order_value_mean", 1.2, 9.0, 1.0),
            ("gap_days_last", 0.9, 9.0, 1.0),
            ("country", 0.8, 9.0, 1.0),
            ("age", 0.7, 9.0, 1.0),
        ];
        let low = parts.map(|(code, part, value, typical)| (code, -part, value, typical));
        for target in [Target::Churn, Target::Reactivation] {
            assert_eq!(told(&parts, target, 3), ["spend_sum", "gap_days_last", "country"]);
            assert_eq!(told(&low, target, 9), ["spend_sum", "gap_days_last", "country", "age"]);
        }
    }

    #[test]
    fn the_rhythm_of_buying_comes_last() {
        let parts = [(Rhythm::NAME, 2.0, 0.9, 0.5), ("spend_sum", 0.4, 9.0, 1.0)];
        assert_eq!(told(&parts, Target::Churn, 3), ["spend_sum", Rhythm::NAME]);
        assert_eq!(told(&parts[..1], Target::Churn, 3), [Rhythm::NAME]);
    }

    #[test]
    fn a_family_that_speaks_for_the_other_side_is_silent() {
        let parts = [("purchases_90d_count", 0.9, 1.0, 3.0), ("spend_90d_sum", -1.0, 1.0, 3.0), ("spend_sum", 0.4, 9.0, 1.0)];
        assert_eq!(told(&parts, Target::Churn, 3), ["spend_sum"]);
    }

    #[test]
    fn a_sign_of_the_other_side_is_not_told() {
        let parts = [
            ("purchases_90d_pace_ratio", 0.9, 2.0, 0.8),
            ("purchases_90d_count", 0.5, 1.0, 3.0),
            ("days_since_last_purchase", 0.4, 5.0, 31.0),
        ];
        assert_eq!(told(&parts, Target::Churn, 3), ["purchases_90d_count"]);
        assert_eq!(told(&parts, Target::Reactivation, 3), ["purchases_90d_pace_ratio", "days_since_last_purchase"]);
    }

    #[test]
    fn what_is_as_usual_is_told_only_if_there_is_nothing_else() {
        let usual = ("returns_count", 0.9, 0.0, 0.0);
        assert_eq!(told(&[usual, ("spend_sum", 0.4, 9.0, 1.0)], Target::Churn, 3), ["spend_sum"]);
        assert_eq!(told(&[usual], Target::Churn, 3), ["returns_count"]);
        assert!(told(&[usual], Target::Churn, 0).is_empty());
    }

    #[test]
    fn what_stands_aside_or_is_missing_is_told_only_if_there_is_nothing_else() {
        let clock = ("purchase_hour_mean", 0.9, 16.0, 12.0);
        let usual = ("returns_count", 0.1, 0.0, 0.0);
        assert_eq!(told(&[clock, ("spend_sum", 0.4, 9.0, 1.0)], Target::Churn, 3), ["spend_sum"]);
        assert_eq!(told(&[clock, usual], Target::Churn, 3), ["returns_count"]);
        assert_eq!(told(&[clock], Target::Churn, 3), ["purchase_hour_mean"]);
        let mut young = prediction(&[("purchases_30d_pace_ratio", 0.9, 1.0, 1.0), ("spend_sum", 0.4, 9.0, 1.0), ("age", 0.3, 9.0, 1.0)]);
        for contribution in &mut young.contributions {
            contribution.value = contribution.value.filter(|_| contribution.code == "spend_sum");
        }
        let codes: Vec<&str> = young.telling(Target::Churn, 3).into_iter().map(|part| part.code.as_str()).collect();
        assert_eq!(codes, ["spend_sum", "age"], "that an attribute is not known is a fact of the customers table");
        assert_eq!(young.contributions.len(), 3, "all contributions stay");
    }

    #[test]
    fn there_is_nothing_to_tell_of_an_average_customer() {
        assert!(told(&[], Target::Churn, 3).is_empty());
        assert!(told(&[("spend_sum", 0.5, 9.0, 1.0), ("overdue_ratio", -0.5, 9.0, 1.0)], Target::Churn, 3).is_empty());
    }
}
