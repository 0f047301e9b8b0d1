//! Which cutoffs are judged.

use lapwing_features::{Timestamp, Windows};

use super::ENOUGH_CUTOFFS;
use crate::error::TrainError;
use crate::settings;

/// Cutoffs lie at least this many days apart, unless the user says so.
const LEAST_STEP: i64 = 7;

/// The cutoffs of a backtest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Oldest first; at least one.
    pub cutoffs: Vec<Timestamp>,
    /// Days from one to the next; `None` when they were named.
    pub step_days: Option<u32>,
}

/// The cutoffs that were named, or else as many as history allows.
///
/// The newest is the last whose outcome window is complete in the data. The others lie before it in steps of a third of the
/// horizon, or shorter ones where that leaves fewer than six, but at least 7 days. At the oldest there is just enough history for one
/// cutoff to learn from.
///
/// # Errors
/// [`TrainError::HistoryShort`] when there is no such cutoff, [`TrainError::CutoffOutside`] when one that was named is none of them.
pub fn plan(settings: &settings::Backtest, since: Timestamp, complete_until: Timestamp) -> Result<Plan, TrainError> {
    let windows = settings.windows;
    let (earliest, latest) = span(windows, since, complete_until)?;
    if !settings.cutoffs.is_empty() {
        let cutoffs: Vec<Timestamp> = settings.cutoffs.iter().map(|cutoff| cutoff.at).collect();
        let outside = cutoffs.iter().find_map(|as_of| Some((*as_of, problem(*as_of, earliest, latest)?)));
        return match outside {
            Some((as_of, problem)) => Err(TrainError::CutoffOutside { as_of, problem, earliest, latest }),
            None => Ok(Plan { cutoffs, step_days: None }),
        };
    }
    let room = latest.days_since(earliest).floor() as i64;
    let usual = i64::from(windows.horizon_days / 3).max(LEAST_STEP);
    let shorter = (room / (i64::from(ENOUGH_CUTOFFS) - 1)).max(LEAST_STEP);
    let step = settings.step_days.map_or(usual.min(shorter), i64::from);
    let back = (0..).map(|steps| latest.plus_days(-steps * step));
    let mut cutoffs: Vec<Timestamp> = back.take(settings.most_cutoffs).take_while(|cutoff| *cutoff >= earliest).collect();
    cutoffs.reverse();
    Ok(Plan { cutoffs, step_days: Some(step as u32) })
}

fn problem(as_of: Timestamp, earliest: Timestamp, latest: Timestamp) -> Option<&'static str> {
    if as_of > latest {
        Some("the data do not reach to the end of its outcome window")
    } else {
        (as_of < earliest).then_some("there is too little history before it to learn from")
    }
}

/// The first and the last cutoff that can be judged.
fn span(windows: Windows, since: Timestamp, until: Timestamp) -> Result<(Timestamp, Timestamp), TrainError> {
    let (active_days, span_days) = (windows.active_days, windows.span_days());
    let history = i64::from(active_days) + span_days;
    let (earliest, latest) = (since.plus_days(history), until.plus_days(-span_days));
    if earliest <= latest {
        return Ok((earliest, latest));
    }
    let days = until.days_since(since).floor().max(0.0) as i64;
    Err(TrainError::HistoryShort { from: since, until, days, needed: history + span_days, active_days, span_days })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{BacktestArgs, SourceArgs, WindowArgs};
    use lapwing_features::example;

    fn at(date: &str) -> Timestamp {
        example::cutoff(date).at
    }

    fn settings(horizon_days: u32, as_of: Option<&[&str]>) -> settings::Backtest {
        settings::Backtest::check(BacktestArgs {
            source: SourceArgs { events: Some(vec!["x.csv".to_owned()]), ..SourceArgs::default() },
            windows: WindowArgs { horizon_days: Some(horizon_days), active_days: Some(60), gap_days: None },
            as_of: as_of.map(|dates| dates.iter().map(|date| (*date).to_owned()).collect()),
            out: Some("report".into()),
            ..BacktestArgs::default()
        })
        .unwrap()
    }

    fn days(plan: &Plan) -> Vec<f64> {
        plan.cutoffs.windows(2).map(|pair| pair[1].days_since(pair[0])).collect()
    }

    #[test]
    fn a_long_history_has_twelve_cutoffs_a_third_of_the_horizon_apart() {
        let plan = plan(&settings(90, None), at("2020-01-01"), at("2024-06-01")).unwrap();
        assert_eq!((plan.cutoffs.len(), plan.step_days, days(&plan)), (12, Some(30), vec![30.0; 11]));
        assert_eq!(plan.cutoffs[11], at("2024-06-01").plus_days(-90));
    }

    #[test]
    fn a_short_history_has_six_that_are_closer() {
        let until = at("2023-01-01").plus_days(60 + 3 * 90);
        let found = plan(&settings(90, None), at("2023-01-01"), until).unwrap();
        assert_eq!((found.cutoffs.len(), found.step_days), (6, Some(18)));
        assert_eq!(found.cutoffs[0], at("2023-01-01").plus_days(60 + 90), "one cutoff to learn from, and its outcome");
        let found = plan(&settings(90, None), at("2023-01-01"), until.plus_days(-85)).unwrap();
        assert_eq!((found.cutoffs.len(), found.step_days), (1, Some(7)), "but never less than a week");
    }

    #[test]
    fn too_short_a_history_says_how_long_it_must_be() {
        let error = plan(&settings(90, None), at("2023-01-01"), at("2023-06-01")).unwrap_err();
        assert!(matches!(error, TrainError::HistoryShort { days: 151, needed: 240, .. }), "{error}");
    }

    #[test]
    fn named_dates_are_taken_or_refused() {
        let named = settings(30, Some(&["2024-03-01", "2024-02-01", "2024-03-01"]));
        let found = plan(&named, at("2023-01-01"), at("2024-06-01")).unwrap();
        assert_eq!(found, Plan { cutoffs: vec![at("2024-02-01"), at("2024-03-01")], step_days: None });
        for (date, words) in [("2024-05-15", "end of its outcome window"), ("2023-03-01", "too little history")] {
            let error = plan(&settings(30, Some(&[date])), at("2023-01-01"), at("2024-06-01")).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.to_string().contains("from 2023-04-01T00:00:00Z to 2024-05-02T00:00:00Z"), "{error}");
        }
    }

    #[test]
    fn steps_and_how_many_are_the_users_to_choose() {
        let mut asked = settings(30, None);
        (asked.step_days, asked.most_cutoffs) = (Some(3), 4);
        let found = plan(&asked, at("2023-01-01"), at("2024-06-01")).unwrap();
        assert_eq!((found.cutoffs.len(), days(&found), found.step_days), (4, vec![3.0; 3], Some(3)));
    }
}
