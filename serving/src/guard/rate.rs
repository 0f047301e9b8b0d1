//! How often a caller may ask. Deciding is pure: the time is told.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Callers that are counted apart; those beyond are counted together.
const MOST: usize = 16_384;
/// As whom those beyond are counted: nobody's id is empty.
const OTHERS: &str = "";

/// What each caller has asked lately, held to so many requests a second.
///
/// A caller may be a second's worth of requests ahead of a steady pace, and not more. One number is kept of each, and none of those
/// who have not asked for a second once there are many.
#[derive(Debug)]
pub struct Rates {
    /// Between two requests at a steady pace.
    pace: Duration,
    /// When each would have asked for the last time, had it kept the pace.
    paced: Mutex<HashMap<String, Duration>>,
}

impl Rates {
    const AHEAD: Duration = Duration::from_secs(1);

    /// So many requests a second, which is 1 when it is 0.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self { pace: Duration::from_secs(1) / per_second.max(1), paced: Mutex::default() }
    }

    /// Whether this caller may ask at `now`, told from any one beginning; then it has. A second after it was refused it may again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use lapwing_serving::guard::Rates;
    /// let rates = Rates::new(2);
    /// let asks = |seconds| rates.passes("crm", Duration::from_secs_f64(seconds));
    /// assert!(asks(0.0) && asks(0.0) && !asks(0.0) && asks(0.5) && !asks(0.6));
    /// ```
    #[must_use]
    pub fn passes(&self, caller: &str, now: Duration) -> bool {
        let mut paced = self.paced.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = paced.get_mut(caller) {
            return self.passes_after(last, now);
        }
        if paced.len() >= MOST {
            // Who is not ahead of the pace loses nothing by being forgotten.
            paced.retain(|_, last| *last > now);
        }
        let counted_as = if paced.len() < MOST { caller } else { OTHERS };
        self.passes_after(paced.entry(counted_as.to_owned()).or_default(), now)
    }

    fn passes_after(&self, last: &mut Duration, now: Duration) -> bool {
        let next = (*last).max(now) + self.pace;
        let passes = next <= now + Self::AHEAD;
        if passes {
            *last = next;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(rates: &Rates, caller: &str, from: u64, to: u64) -> usize {
        (from..to).filter(|millisecond| rates.passes(caller, Duration::from_millis(*millisecond))).count()
    }

    #[test]
    fn a_caller_gets_its_pace_and_a_second_ahead_of_it_and_no_other_s() {
        let rates = Rates::new(100);
        assert_eq!(passed(&rates, "a", 0, 1_000), 199, "a second's worth at once, and then one each hundredth");
        assert_eq!(passed(&rates, "a", 1_000, 2_000), 100);
        assert_eq!(passed(&rates, "b", 1_000, 1_001), 1, "another has its own");
        assert_eq!(passed(&rates, "a", 60_000, 60_200), 119, "who rests gets no more than a second's worth at once");
        assert!(!rates.passes("a", Duration::from_millis(60_199)) && rates.passes("a", Duration::from_millis(61_199)));
    }

    #[test]
    fn memory_has_a_bound_and_those_beyond_share() {
        let rates = Rates::new(1);
        let at = |second| Duration::from_secs(second);
        for number in 0..MOST {
            assert!(rates.passes(&number.to_string(), at(1)));
        }
        assert!(rates.passes("late", at(1)) && !rates.passes("later", at(1)), "they are counted together");
        assert!(rates.paced.lock().unwrap().len() <= MOST + 1);
        assert!(rates.passes("later", at(3)), "who rested is forgotten");
        assert!(rates.paced.lock().unwrap().len() < 10);
    }
}
