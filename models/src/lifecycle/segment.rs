//! The eight groups of the e-commerce trade.

use lapwing_features::StageFacts;

named! {
    /// What kind of buyer a customer is, by days since the last purchase, number of purchases and value.
    Segment {
        /// Bought lately, once or twice.
        Recent = "recent",
        /// Bought lately, three times or more.
        Loyal = "loyal",
        /// Bought lately, three times or more, and of high value.
        Champion = "champion",
        /// Bought once or twice, a while ago.
        NeedsNurturing = "needs_nurturing",
        /// Bought repeatedly or at high value, a while ago.
        HighPotential = "high_potential",
        /// Bought once or twice, long ago.
        AtRisk = "at_risk",
        /// Bought repeatedly or at high value, long ago.
        CantLose = "cant_lose",
        /// Silent for longest.
        AboutToLose = "about_to_lose",
    }
}

impl Segment {
    /// The segment of a buyer; `None` for a customer that never bought.
    ///
    /// With P purchase days, R days since the last one, and `days` = [d1, d2, d3]:
    ///
    /// | | P = 1, or P = 2 not high value | P = 2 high value | P >= 3 not high value | P >= 3 high value |
    /// |---|---|---|---|---|
    /// | R < d1 | `recent` | `recent` | `loyal` | `champion` |
    /// | d1 <= R < d2 | `needs_nurturing` | `high_potential` | `high_potential` | `high_potential` |
    /// | d2 <= R < d3 | `at_risk` | `cant_lose` | `cant_lose` | `cant_lose` |
    /// | R >= d3 | `about_to_lose` | `about_to_lose` | `about_to_lose` | `about_to_lose` |
    ///
    /// ```
    /// use lapwing_features::StageFacts;
    /// use lapwing_models::lifecycle::Segment;
    /// let facts = StageFacts { purchase_days: 4, days_since_last_purchase_day: Some(89), ..StageFacts::default() };
    /// assert_eq!(Segment::of(&facts, false, [40, 90, 180]), Some(Segment::HighPotential));
    /// assert_eq!(Segment::of(&StageFacts::default(), false, [40, 90, 180]), None);
    /// ```
    #[must_use]
    pub fn of(facts: &StageFacts, high_value: bool, days: [u32; 3]) -> Option<Self> {
        let silent = facts.days_since_last_purchase_day?;
        let bucket = days.iter().filter(|edge| silent >= **edge).count();
        let slight = facts.purchase_days < 2 || (facts.purchase_days == 2 && !high_value);
        Some(match bucket {
            0 if facts.purchase_days < 3 => Self::Recent,
            0 if high_value => Self::Champion,
            0 => Self::Loyal,
            1 if slight => Self::NeedsNurturing,
            1 => Self::HighPotential,
            2 if slight => Self::AtRisk,
            2 => Self::CantLose,
            _ => Self::AboutToLose,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table_and_both_sides_of_each_edge() {
        // Columns: P = 1, P = 1 high value, P = 2, P = 2 high value, P = 3, P = 3 high value.
        let columns = [(1, false), (1, true), (2, false), (2, true), (3, false), (3, true)];
        let table = [
            ([0, 39], ["recent", "recent", "recent", "recent", "loyal", "champion"]),
            ([40, 89], ["needs_nurturing", "needs_nurturing", "needs_nurturing", "high_potential", "high_potential", "high_potential"]),
            ([90, 179], ["at_risk", "at_risk", "at_risk", "cant_lose", "cant_lose", "cant_lose"]),
            ([180, 9_999], ["about_to_lose"; 6]),
        ];
        for (days, names) in table {
            for ((purchase_days, high_value), name) in columns.into_iter().zip(names) {
                for silent in days {
                    let facts = StageFacts { purchase_days, days_since_last_purchase_day: Some(silent), ..StageFacts::default() };
                    let segment = Segment::of(&facts, high_value, [40, 90, 180]).map(Segment::name);
                    assert_eq!(segment, Some(name), "P = {purchase_days}, high value {high_value}, R = {silent}");
                }
            }
        }
    }
}
