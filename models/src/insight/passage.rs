//! Passages: from prospect to new, to retained, to loyal; how many make it and how long they take.
//!
//! What is counted is the first time that something happened, so that nobody goes back: `new` is reached with the first purchase,
//! `retained` with a purchase on a second day, `loyal` with the purchase that makes the days with one in the last 365 days as many
//! as `loyal_purchases` of the thresholds. Stages are where a customer stands on one day; these are what it has ever reached.

use std::collections::BTreeMap;

use lapwing_features::Observed;

/// From where, and to where.
pub const PASSAGES: [(&str, &str); 3] = [("prospect", "new"), ("new", "retained"), ("retained", "loyal")];

/// Local days on which a customer reached something for the first time, in days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milestones {
    /// Seen.
    pub seen: i32,
    /// Whether something else was seen before the first purchase.
    pub prospect: bool,
    /// First purchase.
    pub new: Option<i32>,
    /// Purchase on a second day.
    pub retained: Option<i32>,
    /// As many purchase days in 365 days as make a customer loyal.
    pub loyal: Option<i32>,
    /// The last day that is known.
    pub until: i32,
}

impl Milestones {
    /// What is observed of a customer; `None` where nothing is.
    ///
    /// ```
    /// use lapwing_features::example;
    /// use lapwing_models::insight::Milestones;
    /// let days = ["1970-01-11", "1970-01-21", "1971-01-21", "1971-01-22"];
    /// let history = example::history(&example::rows("purchase", &days));
    /// let reached = Milestones::of(&history.observe(example::cutoff("1971-06-01")), 3).unwrap();
    /// assert_eq!((reached.new, reached.retained, reached.prospect), (Some(10), Some(20), false));
    /// assert_eq!(reached.loyal, None); // the first lies 375 days before the third, the second 366 before the fourth
    /// ```
    #[must_use]
    pub fn of(observed: &Observed<'_>, loyal_purchases: u32) -> Option<Self> {
        let first = observed.events().next()?;
        let days: Vec<i32> = observed.purchase_days().collect();
        let least = (loyal_purchases as usize).max(1);
        let loyal = days.windows(least).find(|days| days[least - 1].abs_diff(days[0]) <= 365).map(|days| days[least - 1]);
        let retained = days.get(1).copied();
        Some(Self {
            seen: first.day,
            prospect: observed.purchases().next().is_none_or(|purchase| first.ts < purchase.ts),
            new: days.first().copied(),
            retained,
            // Who needs fewer days for it was retained first none the less.
            loyal: loyal.and_then(|loyal| Some(loyal.max(retained?))),
            until: observed.cutoff().day,
        })
    }
}

/// How many customers went each way, and after how many days; mergeable in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passages([BTreeMap<u32, Days>; 3]);

/// Customers who had waited for so many days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Days {
    /// Reached it then.
    reached: u64,
    /// Were not seen any longer.
    waiting: u64,
}

/// What became of a passage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passage {
    /// From where, and to where.
    pub way: (&'static str, &'static str),
    /// Customers who were on it.
    pub entered: u64,
    /// Those who are through.
    pub reached: u64,
    /// Those who are not, or not yet: their time is censored.
    pub waiting: u64,
    /// Median of the days of those who are through.
    pub days_median_reached: Option<f64>,
    /// Days after which half of all are through, by Kaplan and Meier (1958), who count who still waits for as long as it waited;
    /// `None` where fewer than half are.
    pub days_median: Option<f64>,
}

impl Passage {
    /// The share of those who entered that is through.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.entered > 0).then(|| self.reached as f64 / self.entered as f64)
    }
}

impl Passages {
    /// Takes in a customer.
    ///
    /// Who bought at once was never a prospect and is not on the first passage.
    pub fn add(&mut self, of: Milestones) {
        let ways = [(of.prospect.then_some(of.seen), of.new), (of.new, of.retained), (of.retained, of.loyal)];
        for (tally, (from, to)) in self.0.iter_mut().zip(ways) {
            let Some(from) = from else { continue };
            let days = to.unwrap_or(of.until).saturating_sub(from).max(0) as u32;
            let tally = tally.entry(days).or_default();
            *(if to.is_some() { &mut tally.reached } else { &mut tally.waiting }) += 1;
        }
    }

    /// Takes in what another tally holds.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            for (days, theirs) in theirs {
                let mine = mine.entry(*days).or_default();
                (mine.reached, mine.waiting) = (mine.reached + theirs.reached, mine.waiting + theirs.waiting);
            }
        }
    }

    /// What became of each.
    #[must_use]
    pub fn told(&self) -> [Passage; 3] {
        [0, 1, 2].map(|place| told(PASSAGES[place], &self.0[place]))
    }
}

fn told(way: (&'static str, &'static str), days: &BTreeMap<u32, Days>) -> Passage {
    let reached: u64 = days.values().map(|days| days.reached).sum();
    let waiting: u64 = days.values().map(|days| days.waiting).sum();
    Passage {
        way,
        entered: reached + waiting,
        reached,
        waiting,
        days_median_reached: median(days, reached),
        days_median: kaplan_meier(days, reached + waiting),
    }
}

/// The middle of the days of those who are through, of an even number the middle of the two.
fn median(days: &BTreeMap<u32, Days>, reached: u64) -> Option<f64> {
    let at = |rank: u64| {
        let mut seen = 0;
        let found = days.iter().find(|(_, days)| {
            seen += days.reached;
            seen > rank
        });
        found.map(|(days, _)| f64::from(*days))
    };
    Some(f64::midpoint(at(reached.checked_sub(1)? / 2)?, at(reached / 2)?))
}

/// The first day on which no more than half are not through. Who stops being seen on a day was there when others got through on it.
fn kaplan_meier(days: &BTreeMap<u32, Days>, entered: u64) -> Option<f64> {
    let (mut left, mut survival) = (entered, 1.0);
    for (days, Days { reached, waiting }) in days {
        if *reached > 0 {
            survival *= 1.0 - *reached as f64 / left as f64;
            // Of exact halves rounding leaves a little more.
            if survival <= 0.5 + 1e-12 {
                return Some(f64::from(*days));
            }
        }
        left -= reached + waiting;
    }
    None
}

#[cfg(test)]
mod tests {
    use lapwing_features::example;

    use super::*;

    fn waited(reached: &[u32], waiting: &[u32]) -> Passage {
        let mut days: BTreeMap<u32, Days> = BTreeMap::new();
        for day in reached {
            days.entry(*day).or_default().reached += 1;
        }
        for day in waiting {
            days.entry(*day).or_default().waiting += 1;
        }
        told(PASSAGES[0], &days)
    }

    #[test]
    fn the_median_is_that_of_the_textbook() {
        // Remission of leukaemia under 6-MP, Freireich et al. 1963, as in Kaplan-Meier estimates ever since: median 23 weeks.
        let drug = waited(&[6, 6, 6, 7, 10, 13, 16, 22, 23], &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]);
        assert_eq!((drug.entered, drug.reached, drug.waiting), (21, 9, 12));
        assert_eq!((drug.days_median_reached, drug.days_median), (Some(10.0), Some(23.0)));
        let placebo = waited(&[1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], &[]);
        assert_eq!(placebo.days_median, Some(8.0));
    }

    #[test]
    fn too_few_have_no_median() {
        let few = waited(&[3], &[1, 9, 9]);
        assert_eq!((few.days_median, few.days_median_reached, few.share()), (None, Some(3.0), Some(0.25)));
        let none = waited(&[], &[]);
        assert_eq!((none.days_median, none.days_median_reached, none.share()), (None, None, None));
        assert_eq!(waited(&[2, 4], &[]).days_median, Some(2.0), "half are through");
    }

    #[test]
    fn each_customer_is_on_the_passages_that_it_entered() {
        let until = example::cutoff("2024-03-01");
        let seen = |rows: &[(&str, &str, f64)]| Milestones::of(&example::history(rows).observe(until), 3).unwrap();
        let (visit, buy) = (|date| (date, "visit", f64::NAN), |date| (date, "purchase", 5.0));
        let customers = [
            seen(&[visit("2024-01-01"), buy("2024-01-11"), buy("2024-01-13"), buy("2024-01-20")]),
            seen(&[visit("2024-01-01")]),
            seen(&[buy("2024-01-11"), visit("2024-01-12")]),
        ];
        let mut all = Passages::default();
        for customer in customers {
            let mut one = Passages::default();
            one.add(customer);
            all.merge(&one);
        }
        let [first, second, third] = all.told();
        assert_eq!((first.entered, first.reached, first.waiting, first.days_median_reached), (2, 1, 1, Some(10.0)));
        assert_eq!((second.entered, second.reached, second.days_median_reached), (2, 1, Some(2.0)));
        assert_eq!((third.entered, third.reached, third.days_median), (1, 1, Some(7.0)));
        assert!(Milestones::of(&example::history(&[]).observe(until), 3).is_none());
    }
}
