//! Which part of a window the data covers.

use crate::event::Kind;
use crate::shape::DataShape;
use crate::time::Timestamp;

/// A [`DataShape`] laid out for look-ups; [`Timestamp::MAX`] where the data does not hold it.
#[derive(Clone, Debug)]
pub(super) struct Since {
    kinds: [Timestamp; Kind::ALL.len()],
    /// The first interaction of any kind.
    pub(super) interactions: Timestamp,
    /// From when on there are purchases, and amounts.
    pub(super) spend: Timestamp,
    /// The first event with a category.
    pub(super) categories: Timestamp,
}

impl Since {
    pub(super) fn of(shape: &DataShape) -> Self {
        let or_never = |since: Option<Timestamp>| since.unwrap_or(Timestamp::MAX);
        let mut kinds = [Timestamp::MAX; Kind::ALL.len()];
        for kind in Kind::ALL {
            kinds[*kind as usize] = or_never(shape.since_kind(*kind));
        }
        let interactions = Kind::ALL.iter().filter(|kind| kind.is_interaction()).map(|kind| kinds[*kind as usize]).min();
        Self {
            kinds,
            interactions: or_never(interactions),
            spend: kinds[Kind::Purchase as usize].max(or_never(shape.since_amounts())),
            categories: or_never(shape.since_categories()),
        }
    }

    pub(super) fn kind(&self, kind: Kind) -> Timestamp {
        self.kinds[kind as usize]
    }
}

/// From when on the data holds what a feature counts, seen from a cutoff.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coverage {
    pub(super) since: Timestamp,
    pub(super) at: Timestamp,
}

impl Coverage {
    /// Whether the data holds it at all before the cutoff.
    pub(super) fn is_held(self) -> bool {
        self.since < self.at
    }

    /// The window `[cutoff - days, cutoff)`.
    pub(super) fn last(self, days: u32) -> Window {
        self.between(days, 0)
    }

    /// The window `[cutoff - from, cutoff - to)`, in days; `from` is the larger number.
    ///
    /// Data that begins less than a day into the window covers it whole, for its first day is a day like the others.
    pub(super) fn between(self, from: u32, to: u32) -> Window {
        let (start, end) = (self.at.plus_days(-i64::from(from)), self.at.plus_days(-i64::from(to)));
        if self.since < start.plus_days(1) {
            return Window { from: start, to: end, scale: 1.0 };
        }
        let (whole, covered) = (f64::from(from - to), end.days_since(self.since));
        let scale = if covered * 2.0 >= whole { whole / covered } else { f64::NAN };
        Window { from: self.since.min(end), to: end, scale }
    }
}

/// The covered part of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// Makes a number over the covered part one over the window: 1 when it is covered whole, days of the window per covered
    /// day when at least half of it is, and missing otherwise.
    pub(super) scale: f64,
}

impl Window {
    /// Whether the data covers all of it.
    #[inline(always)]
    pub(super) fn is_whole(self) -> bool {
        self.scale == 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_scaled_to_the_part_that_is_covered() {
        let at = Timestamp(0).plus_days(1_000);
        let scale = |since_days: i64| Coverage { since: at.plus_days(-since_days), at }.last(30).scale;
        assert_eq!((scale(1_000), scale(30), scale(15)), (1.0, 1.0, 2.0));
        assert!(scale(14).is_nan() && scale(0).is_nan() && scale(-5).is_nan());
        let morning = Coverage { since: Timestamp(at.plus_days(-30).0 + 9 * 3_600_000_000), at };
        assert!(morning.last(30).is_whole(), "the first day of the data counts as a day");
    }
}
