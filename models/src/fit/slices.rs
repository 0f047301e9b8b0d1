//! The cutoffs that training stacks.

use lapwing_features::{Timestamp, Windows};

/// As many slices as are stacked at most.
pub const MOST: usize = 24;

/// The cutoffs to learn from, newest first, for data that begins at `since` and is complete up to `complete_until`.
///
/// The newest is the last whose outcome window is complete; the others lie a third of a horizon apart, at least 7 days, while
/// `active_days` of history lie before them. Empty when history is too short for one; at most [`MOST`].
///
/// ```
/// use lapwing_features::{Windows, example};
/// use lapwing_models::fit::slices;
/// let at = |date| example::cutoff(date).at;
/// let windows = Windows::new(60, 30, 0).unwrap();
/// let cutoffs = slices::plan(at("2024-05-01"), at("2024-01-20"), windows);
/// assert_eq!(cutoffs, [at("2024-04-01"), at("2024-03-22")]); // 2024-03-12 has only 52 days of history
/// ```
#[must_use]
pub fn plan(complete_until: Timestamp, since: Timestamp, windows: Windows) -> Vec<Timestamp> {
    let step = i64::from((windows.horizon_days / 3).max(7));
    let newest = complete_until.plus_days(-windows.span_days());
    let oldest = since.plus_days(i64::from(windows.active_days));
    (0..).map(|i| newest.plus_days(-i * step)).take(MOST).take_while(|cutoff| *cutoff >= oldest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_features::example;

    fn at(date: &str) -> Timestamp {
        example::cutoff(date).at
    }

    fn plan_of(until: &str, since: &str, windows: (u32, u32, u32)) -> Vec<Timestamp> {
        plan(at(until), at(since), Windows::new(windows.0, windows.1, windows.2).unwrap())
    }

    #[test]
    fn the_newest_window_ends_where_the_data_does() {
        let windows = Windows::new(30, 30, 5).unwrap();
        let cutoffs = plan(at("2024-05-01"), at("2023-01-01"), windows);
        assert_eq!(windows.outcome(cutoffs[0]).1, at("2024-05-01"));
        assert!(cutoffs.iter().all(|cutoff| windows.is_complete(*cutoff, at("2024-05-01"))));
    }

    #[test]
    fn history_before_the_oldest_may_be_just_long_enough() {
        assert_eq!(plan_of("2024-05-01", "2024-03-02", (30, 30, 0)).len(), 1);
        assert_eq!(plan_of("2024-05-01", "2024-03-03", (30, 30, 0)).len(), 0);
    }

    #[test]
    fn short_horizons_step_by_a_week() {
        let cutoffs = plan_of("2024-05-01", "2024-01-01", (30, 6, 0));
        assert_eq!(cutoffs[0].days_since(cutoffs[1]), 7.0);
    }

    #[test]
    fn there_are_not_too_many() {
        assert_eq!(plan_of("2024-05-01", "2000-01-01", (30, 6, 0)).len(), MOST);
    }

    #[test]
    fn instants_at_the_end_of_time_do_not_overflow() {
        let windows = Windows::new(90, 90, 0).unwrap();
        assert_eq!(plan(Timestamp(i64::MIN), Timestamp(i64::MAX), windows), []);
        assert!(plan(Timestamp(i64::MAX), Timestamp(i64::MIN), windows).len() <= MOST);
    }
}
