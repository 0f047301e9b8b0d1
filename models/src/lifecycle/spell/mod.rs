//! Since when a customer is in its stage, and which stage came before: the stage rule, replayed over earlier cutoffs.
//!
//! Nothing is stored for it: the same history gives the same spell whenever it is asked. The stage of a customer can change only
//! at instants that follow from the history and the thresholds:
//!
//! - a local midnight at which the days since the last purchase day reach `dormant_after_days`, `churned_after_days` or what makes
//!   the customer overdue; since the first one pass `new_days`; since a long gap ended pass `returned_days`; or a purchase day
//!   leaves the 365 days of `loyal_purchases` or the `active_days` of `active_purchases`
//! - just after the first purchase of a purchase day
//! - just after an interaction, and 30 and 210 days later, when it leaves the windows of activity; and 210 days after the data began
//!   to hold interactions
//!
//! From one such instant to the next [`Stage::of`] says the same, so that it is asked once for each, from the cutoff back until it
//! says something else. The answer is exact to the microsecond. What happened counts for cutoffs after it, so a stage that an event
//! brought about is entered at the instant of that event. Days are those of the bundle's calendar; where a clock is set back over
//! midnight, its day counts from the first midnight on.

mod medians;

use lapwing_features::{Activity, Calendar, Past, Snapshot, StageFacts, Timestamp, Walk};

use super::stage::{Stage, is_less_active};
use super::thresholds::Thresholds;
use medians::Medians;

/// So many days at most change the stage between two purchase days.
const TURNS: usize = 8;

/// How long a customer has been in its stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// Since when it is in the stage; since it was first seen where it was never in another.
    pub entered_at: Timestamp,
    /// The stage before; `None` where there was none.
    pub previous: Option<Stage>,
}

/// Replays the stage rule. Keep one per thread: its buffers are reused.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    thresholds: &'a Thresholds,
    calendar: &'a Calendar,
    medians: Medians,
}

/// What is known of the spell so far.
struct Known {
    stage: Stage,
    /// The stage holds from here to the cutoff.
    since: Timestamp,
}

impl<'a> Replay<'a> {
    /// A replay by these thresholds, on the days of `calendar`.
    #[must_use]
    pub fn new(thresholds: &'a Thresholds, calendar: &'a Calendar) -> Self {
        Self { thresholds, calendar, medians: Medians::default() }
    }

    /// The spell of the customer who is followed, at the cutoff of the snapshot; `None` for a snapshot without facts.
    #[must_use]
    pub fn of(&mut self, walk: &mut Walk<'_>, snapshot: &Snapshot) -> Option<Spell> {
        let facts = snapshot.facts.as_ref()?;
        walk.past(snapshot.cutoff).map(|past| self.spell(&past, facts))
    }

    /// The spell in which the customer is whose past this is, with its facts at the cutoff.
    ///
    /// ```
    /// use lapwing_features::{Attributes, Calendar, example};
    /// use lapwing_models::lifecycle::{Replay, Stage, Thresholds};
    /// let history = example::history(&[("2024-01-01", "visit", f64::NAN), ("2024-01-10T12:00:00Z", "purchase", 20.0)]);
    /// let (thresholds, calendar, mut kernel) = (Thresholds::default(), Calendar::utc(), example::kernel());
    /// let mut walk = kernel.follow(&history);
    /// let mut spell = |date| {
    ///     let snapshot = walk.snapshot(example::cutoff(date), thresholds.fact_settings(), Attributes::new()).unwrap();
    ///     Replay::new(&thresholds, &calendar).spell(&walk.past(example::cutoff(date)).unwrap(), &snapshot.facts.unwrap())
    /// };
    /// assert_eq!(spell("2024-01-05").previous, None);
    /// let new = spell("2024-02-01");
    /// assert_eq!((new.entered_at.to_string().as_str(), new.previous), ("2024-01-10T12:00:00Z", Some(Stage::Prospect)));
    /// let dormant = spell("2024-04-20");
    /// assert_eq!((dormant.entered_at.to_string().as_str(), dormant.previous), ("2024-04-09T00:00:00Z", Some(Stage::Slipping)));
    /// ```
    #[must_use]
    pub fn spell(&mut self, past: &Past<'_>, facts: &StageFacts) -> Spell {
        self.medians.clear();
        let (days, bought) = (past.purchase_days(), past.first_purchases());
        let (mut end, mut day) = (past.cutoff().at, past.cutoff().day);
        let mut known = Known { stage: Stage::of(facts, self.thresholds), since: end };
        let mut activity = past.activity();
        // At the cutoff the facts are at hand.
        let mut at_hand = Some(StageFacts { interactions_30d: None, interactions_30d_baseline: None, ..*facts });
        for count in (0..=days.len()).rev() {
            let seen = &days[..count];
            let begin = count.checked_sub(1).map_or(past.first_seen(), |last| bought[last]);
            let gap_days_median = match count {
                _ if count == days.len() => facts.gap_days_median,
                0..3 => None,
                _ => Some(self.medians.of(seen)),
            };
            let (turns, many) = self.turns(seen, gap_days_median, day);
            for turn in turns[..many].iter().map(Some).chain([None]) {
                // The part of the era from a midnight on, or the first one, which begins just after a purchase.
                let midnight = turn.map(|turn| self.calendar.start_of_day(*turn));
                let first = midnight.unwrap_or(Timestamp(begin.0.saturating_add(1)));
                if first <= end {
                    let settings = self.thresholds.fact_settings();
                    let facts = at_hand.take().unwrap_or_else(|| past.facts(count, day, gap_days_median, settings));
                    if let Err(previous) = known.extend(&facts, first, end, &mut activity, self.thresholds) {
                        return Spell { entered_at: known.since, previous: Some(previous) };
                    }
                    (known.since, end) = (midnight.unwrap_or(begin), Timestamp(first.0 - 1));
                }
                day = turn.map_or(day, |turn| turn - 1);
            }
            day = count.checked_sub(1).map_or(day, |last| days[last]);
        }
        Spell { entered_at: known.since, previous: None }
    }

    /// The local days, latest first and not after `until`, with whose midnight the stage can change after the last of the purchase
    /// days `seen` and before the next; how many they are.
    fn turns(&self, seen: &[i32], gap_days_median: Option<f64>, until: i32) -> ([i32; TURNS], usize) {
        let (mut turns, mut many) = ([0; TURNS], 0);
        let rules = self.thresholds;
        let Some(last) = seen.last().copied() else { return (turns, 0) };
        let mut turn = |day: i32| {
            if day > last && day <= until && !turns[..many].contains(&day) {
                turns[many] = day;
                many += 1;
            }
        };
        turn(last.saturating_add_unsigned(rules.churned_after_days));
        turn(last.saturating_add_unsigned(rules.dormant_after_days));
        if let Some(cycle) = gap_days_median.or(rules.norm_gap_days) {
            turn(last.saturating_add_unsigned(((rules.overdue_ratio * cycle).floor() + 1.0) as u32));
            turn(last.saturating_add_unsigned((rules.missed_cycles * cycle).ceil() as u32));
        }
        let past = |day: i32, days: u32| day.saturating_add_unsigned(days).saturating_add(1);
        if seen.len() == 1 {
            turn(past(last, rules.new_days));
        }
        let lately = seen.windows(2).rev().take_while(|ends| past(ends[1], rules.returned_days) > last);
        if let Some(ends) = lately.into_iter().find(|ends| ends[1].abs_diff(ends[0]) >= rules.dormant_after_days) {
            turn(past(ends[1], rules.returned_days));
        }
        let nth_last = |nth: u32| seen.len().checked_sub(nth as usize).and_then(|place| seen.get(place));
        for (day, window) in [(nth_last(rules.loyal_purchases), 365), (nth_last(rules.active_purchases), rules.active_days)] {
            if let Some(day) = day {
                turn(past(*day, window));
            }
        }
        turns[..many].sort_unstable_by(|one, other| other.cmp(one));
        (turns, many)
    }
}

impl Known {
    /// Whether the stage holds too from `first` to `end`, between which no fact changes but those of activity; the stage that does
    /// instead, with `since` as early as the spell goes.
    fn extend(
        &mut self,
        facts: &StageFacts,
        first: Timestamp,
        end: Timestamp,
        activity: &mut Activity<'_>,
        thresholds: &Thresholds,
    ) -> Result<(), Stage> {
        let same = |stage: Stage, known: Stage| if stage == known { Ok(()) } else { Err(stage) };
        let calm = Stage::of(facts, thresholds);
        let known_from = activity.known_from();
        if end < known_from {
            return same(calm, self.stage);
        }
        let still = Stage::of(&StageFacts { interactions_30d: Some(0.0), interactions_30d_baseline: Some(1.0), ..*facts }, thresholds);
        if calm == still {
            return same(calm, self.stage);
        }
        // The rule asks of activity only whether it is less than usual.
        let (mut at, mut facts) = (end, *facts);
        loop {
            activity.go_back(at, &mut facts);
            same(if is_less_active(&facts, thresholds) { still } else { calm }, self.stage)?;
            match activity.unchanged_since() {
                Some(change) if change >= first.max(known_from) => (self.since, at) = (change, change),
                _ => break,
            }
        }
        if known_from > first {
            self.since = known_from;
            same(calm, self.stage)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
