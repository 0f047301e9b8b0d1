//! What is observed of a customer, as the stage rules would have seen it at earlier instants.

use crate::facts::{FactSettings, StageFacts};
use crate::history::Event;
use crate::purchase_days::PurchaseDays;
use crate::time::{Cutoff, Timestamp};

/// The windows of interactions, in days before an instant: where the last one begins, and where the baseline does.
const WINDOWS: [i64; 2] = [30, 210];

/// One customer's past at a cutoff: see [`Walk::past`](crate::Walk::past).
///
/// It is told from what is known at the cutoff: an event that became known late counts from when it happened.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    pub(crate) days: &'a PurchaseDays,
    /// When the first purchase of each of those days happened.
    pub(crate) begins: &'a [Timestamp],
    /// What is observed, oldest first; not nothing.
    pub(crate) events: &'a [Event],
    /// From when on the data holds interactions.
    pub(crate) since_interactions: Timestamp,
    pub(crate) cutoff: Cutoff,
}

impl<'a> Past<'a> {
    /// The cutoff at which it is told.
    #[must_use]
    pub fn cutoff(&self) -> Cutoff {
        self.cutoff
    }

    /// When the first event happened.
    #[must_use]
    pub fn first_seen(&self) -> Timestamp {
        self.events.first().map_or(self.cutoff.at, |event| event.ts)
    }

    /// The purchase days, oldest first, in days since 1970-01-01.
    #[must_use]
    pub fn purchase_days(&self) -> &'a [i32] {
        self.days.days()
    }

    /// When the first purchase of each of those days happened.
    #[must_use]
    pub fn first_purchases(&self) -> &'a [Timestamp] {
        self.begins
    }

    /// The facts on local day `day`, when the first `count` purchase days were seen and their median gap was `gap_days_median`;
    /// without the customer's interactions, for which see [`activity`](Self::activity).
    #[must_use]
    pub fn facts(&self, count: usize, day: i32, gap_days_median: Option<f64>, settings: FactSettings) -> StageFacts {
        let days = &self.days.days()[..count];
        let age = |earlier: i32| day.saturating_sub(earlier).max(0) as u32;
        let within = |most: u32| (count - days.partition_point(|day| age(*day) > most)) as u32;
        let ended = days.windows(2).rev().take_while(|ends| age(ends[1]) <= settings.returned_days);
        StageFacts {
            purchase_days: count as u32,
            days_since_last_purchase_day: days.last().map(|day| age(*day)),
            days_since_first_purchase_day: days.first().map(|day| age(*day)),
            gap_days_median,
            returned_gap_days: ended.map(|ends| ends[1].abs_diff(ends[0])).max(),
            purchase_days_365d: within(365),
            purchase_days_active: within(settings.active_days),
            ..StageFacts::default()
        }
    }

    /// The interactions, followed from the cutoff back.
    #[must_use]
    pub fn activity(&self) -> Activity<'a> {
        let known_from = self.since_interactions.plus_days(WINDOWS[1]);
        let cursor = |days: i64| Cursor::at_end(self.events, days);
        Activity { happened: cursor(0), month: cursor(WINDOWS[0]), base: cursor(WINDOWS[1]), now: 0, before: 0, known_from }
    }
}

/// The interactions before an instant that lies so many days before another.
#[derive(Clone, Debug)]
struct Cursor<'a> {
    rest: &'a [Event],
    days: i64,
    /// When the last of them was so many days ago.
    passed: Timestamp,
}

impl<'a> Cursor<'a> {
    fn at_end(events: &'a [Event], days: i64) -> Self {
        let mut cursor = Self { rest: events, days, passed: Timestamp::MAX };
        cursor.go_back();
        cursor
    }

    fn go_back(&mut self) {
        let (place, passed) = match self.rest.iter().rposition(|event| event.kind.is_interaction()) {
            Some(place) => (place, self.rest[place].ts.plus_days(self.days)),
            None => (0, Timestamp(i64::MIN)),
        };
        (self.rest, self.passed) = (&self.rest[..place], passed);
    }
}

/// The interactions in the windows of an instant that moves back.
#[derive(Clone, Debug)]
pub struct Activity<'a> {
    /// Before the instant, before its last 30 days, and before the 180 days before those.
    happened: Cursor<'a>,
    month: Cursor<'a>,
    base: Cursor<'a>,
    now: u32,
    before: u32,
    known_from: Timestamp,
}

impl Activity<'_> {
    /// The first instant at which the data tells of interactions in both windows.
    #[must_use]
    pub fn known_from(&self) -> Timestamp {
        self.known_from
    }

    /// Goes back to `at`, which is not after the last instant that was gone to, and adds to `facts` what is known there.
    pub fn go_back(&mut self, at: Timestamp, facts: &mut StageFacts) {
        while self.base.passed >= at {
            self.base.go_back();
            self.before += 1;
        }
        while self.month.passed >= at {
            self.month.go_back();
            (self.before, self.now) = (self.before - 1, self.now + 1);
        }
        while self.happened.passed >= at {
            self.happened.go_back();
            self.now -= 1;
        }
        if at >= self.known_from {
            (facts.interactions_30d, facts.interactions_30d_baseline) = (None, None);
            facts.note_interactions(self.now, self.before);
        }
    }

    /// The instant just after which the windows came to hold what they hold; `None` when they always did.
    #[must_use]
    pub fn unchanged_since(&self) -> Option<Timestamp> {
        let last = self.happened.passed.max(self.month.passed).max(self.base.passed);
        (last.0 > i64::MIN).then_some(last)
    }
}
