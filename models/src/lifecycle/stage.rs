//! Where in the relationship a customer is.

use lapwing_features::StageFacts;

use super::thresholds::Thresholds;

named! {
    /// Where in the relationship a customer is. Exclusive: the first rule that holds, in the order of [`Stage::of`], wins.
    Stage {
        /// Seen, never bought.
        Prospect = "prospect",
        /// First purchase lately, and only that one.
        New = "new",
        /// Buys again and again, without being more or less than that.
        Retained = "retained",
        /// Bought several times lately.
        Active = "active",
        /// Among the most frequent buyers of the year.
        Loyal = "loyal",
        /// Came back lately after a long silence.
        Returned = "returned",
        /// Later than usual, or less active than usual.
        Slipping = "slipping",
        /// Silent for longer than nearly all who came back ever were.
        Dormant = "dormant",
        /// Silent for so long that hardly anyone comes back from it.
        Churned = "churned",
    }
}

named! {
    /// The five phases of a customer's life, for reports.
    Phase {
        /// A prospect that did nothing of its own accord.
        Awareness = "awareness",
        /// A prospect that visits, looks or answers.
        Consideration = "consideration",
        /// A new customer.
        Formation = "formation",
        /// A customer that keeps buying.
        Stability = "stability",
        /// A customer that buys less, or no more.
        Decline = "decline",
    }
}

impl Stage {
    /// The stage of a customer with these facts.
    ///
    /// With P purchase days, R days since the last one, and the cycle C (the customer's own median gap, or the population's
    /// where the own one is not known), the first rule that holds:
    ///
    /// | stage | rule |
    /// |---|---|
    /// | `prospect` | P = 0 |
    /// | `churned` | R >= `churned_after_days` |
    /// | `dormant` | R >= `dormant_after_days` |
    /// | `returned` | a gap that ended within the last `returned_days` was >= `dormant_after_days` |
    /// | `new` | P = 1, not more than `new_days` ago |
    /// | `slipping` | R > `overdue_ratio` x C, or R >= `missed_cycles` x C, or interactions of 30 days < (1 - `activity_drop`) x own baseline |
    /// | `loyal` | purchase days in 365 days >= `loyal_purchases` |
    /// | `active` | purchase days in `active_days` days >= `active_purchases` |
    /// | `retained` | otherwise |
    ///
    /// What is not known fires no rule: without any gap in the population there is no C, and nobody is overdue.
    ///
    /// ```
    /// use lapwing_features::StageFacts;
    /// use lapwing_models::lifecycle::{Stage, Thresholds};
    /// let thresholds = Thresholds { norm_gap_days: Some(30.0), ..Thresholds::default() };
    /// let bought = |days| StageFacts { purchase_days: 2, days_since_last_purchase_day: Some(days), ..StageFacts::default() };
    /// assert_eq!(Stage::of(&bought(45), &thresholds), Stage::Retained);
    /// assert_eq!(Stage::of(&bought(46), &thresholds), Stage::Slipping); // more than 1.5 x 30
    /// assert_eq!(Stage::of(&bought(90), &thresholds), Stage::Dormant);
    /// ```
    #[must_use]
    pub fn of(facts: &StageFacts, thresholds: &Thresholds) -> Self {
        let silent_for = |days: u32| facts.days_since_last_purchase_day.is_some_and(|silent| silent >= days);
        if facts.purchase_days == 0 {
            Self::Prospect
        } else if silent_for(thresholds.churned_after_days) {
            Self::Churned
        } else if silent_for(thresholds.dormant_after_days) {
            Self::Dormant
        } else if facts.returned_gap_days.is_some_and(|gap| gap >= thresholds.dormant_after_days) {
            Self::Returned
        } else if facts.purchase_days == 1 && facts.days_since_first_purchase_day.is_some_and(|age| age <= thresholds.new_days) {
            Self::New
        } else if is_overdue(facts, thresholds) || is_less_active(facts, thresholds) {
            Self::Slipping
        } else if facts.purchase_days_365d >= thresholds.loyal_purchases {
            Self::Loyal
        } else if facts.purchase_days_active >= thresholds.active_purchases {
            Self::Active
        } else {
            Self::Retained
        }
    }

    /// The phase that the stage belongs to; `engaged` (see [`StageFacts::engaged`]) tells prospects apart.
    ///
    /// ```
    /// use lapwing_models::lifecycle::{Phase, Stage};
    /// assert_eq!(Stage::Prospect.phase(true), Phase::Consideration);
    /// assert_eq!(Stage::Returned.phase(true), Phase::Stability);
    /// ```
    #[must_use]
    pub fn phase(self, engaged: bool) -> Phase {
        match self {
            Self::Prospect if engaged => Phase::Consideration,
            Self::Prospect => Phase::Awareness,
            Self::New => Phase::Formation,
            Self::Retained | Self::Active | Self::Loyal | Self::Returned => Phase::Stability,
            Self::Slipping | Self::Dormant | Self::Churned => Phase::Decline,
        }
    }
}

fn is_overdue(facts: &StageFacts, thresholds: &Thresholds) -> bool {
    let cycle = facts.gap_days_median.or(thresholds.norm_gap_days);
    let (Some(cycle), Some(silent)) = (cycle, facts.days_since_last_purchase_day.map(f64::from)) else { return false };
    silent > thresholds.overdue_ratio * cycle || silent >= thresholds.missed_cycles * cycle
}

pub(super) fn is_less_active(facts: &StageFacts, thresholds: &Thresholds) -> bool {
    match (facts.interactions_30d, facts.interactions_30d_baseline) {
        (Some(now), Some(baseline)) => now < (1.0 - thresholds.activity_drop) * baseline,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thresholds far enough apart that each rule can be met alone.
    fn thresholds() -> Thresholds {
        Thresholds {
            norm_gap_days: Some(40.0),
            dormant_after_days: 100,
            churned_after_days: 200,
            loyal_purchases: 5,
            ..Thresholds::default()
        }
    }

    /// Three purchase days, the last one `silent` days ago; nothing else is known or noteworthy.
    fn buyer(silent: u32) -> StageFacts {
        StageFacts {
            purchase_days: 3,
            days_since_last_purchase_day: Some(silent),
            days_since_first_purchase_day: Some(silent + 50),
            gap_days_median: Some(20.0),
            ..StageFacts::default()
        }
    }

    #[test]
    fn each_rule_holds_from_its_boundary_on() {
        let once = |age| StageFacts { purchase_days: 1, days_since_first_purchase_day: Some(age), gap_days_median: None, ..buyer(age) };
        let back = |gap| StageFacts { returned_gap_days: Some(gap), ..buyer(5) };
        let year = |days| StageFacts { purchase_days_365d: days, ..buyer(5) };
        let lately = |days| StageFacts { purchase_days_active: days, ..buyer(5) };
        let interactions = |now| StageFacts { interactions_30d: Some(now), interactions_30d_baseline: Some(10.0), ..buyer(5) };
        let table = [
            ("never bought", StageFacts::default(), Stage::Prospect),
            ("200 days", buyer(200), Stage::Churned),
            ("199 days", buyer(199), Stage::Dormant),
            ("100 days", buyer(100), Stage::Dormant),
            ("99 days", buyer(99), Stage::Slipping),
            ("a gap of 100 days ended", back(100), Stage::Returned),
            ("a gap of 99 days ended", back(99), Stage::Retained),
            ("first purchase 30 days ago", once(30), Stage::New),
            ("first purchase 31 days ago", once(31), Stage::Retained),
            ("first purchase 60 days ago is 1.5 x 40", once(60), Stage::Retained),
            ("first purchase 61 days ago", once(61), Stage::Slipping),
            ("30 days is 1.5 x 20", buyer(30), Stage::Retained),
            ("31 days is more", buyer(31), Stage::Slipping),
            ("70 % of the own activity", interactions(7.0), Stage::Retained),
            ("less than 70 %", interactions(6.9), Stage::Slipping),
            ("5 purchase days in the year", year(5), Stage::Loyal),
            ("4 purchase days in the year", year(4), Stage::Retained),
            ("2 purchase days lately", lately(2), Stage::Active),
            ("1 purchase day lately", lately(1), Stage::Retained),
        ];
        for (what, facts, stage) in table {
            assert_eq!(Stage::of(&facts, &thresholds()), stage, "{what}");
        }
    }

    #[test]
    fn the_first_rule_in_the_table_wins() {
        let everything = StageFacts {
            returned_gap_days: Some(150),
            purchase_days_365d: 9,
            purchase_days_active: 9,
            interactions_30d: Some(0.0),
            interactions_30d_baseline: Some(9.0),
            ..buyer(40)
        };
        let less_and_less = [
            (everything, Stage::Returned),
            (StageFacts { returned_gap_days: None, ..everything }, Stage::Slipping),
            (
                StageFacts { returned_gap_days: None, interactions_30d: None, days_since_last_purchase_day: Some(3), ..everything },
                Stage::Loyal,
            ),
        ];
        for (facts, stage) in less_and_less {
            assert_eq!(Stage::of(&facts, &thresholds()), stage);
        }
    }

    #[test]
    fn missed_cycles_count_even_when_the_ratio_is_set_higher() {
        let patient = Thresholds { overdue_ratio: 4.0, ..thresholds() };
        assert_eq!(Stage::of(&buyer(39), &patient), Stage::Retained);
        assert_eq!(Stage::of(&buyer(40), &patient), Stage::Slipping);
    }

    #[test]
    fn what_is_unknown_fires_no_rule() {
        let facts = StageFacts { purchase_days: 2, ..StageFacts::default() };
        let ignorant = Thresholds { norm_gap_days: None, ..thresholds() };
        assert_eq!(Stage::of(&facts, &ignorant), Stage::Retained);
        assert_eq!(Stage::of(&StageFacts { gap_days_median: None, ..buyer(99) }, &ignorant), Stage::Retained);
    }

    #[test]
    fn each_stage_belongs_to_a_phase() {
        let phases: Vec<&str> = Stage::ALL.iter().map(|stage| stage.phase(false).name()).collect();
        assert_eq!(phases, ["awareness", "formation", "stability", "stability", "stability", "stability", "decline", "decline", "decline"]);
    }
}
