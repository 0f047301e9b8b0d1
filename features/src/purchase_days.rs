//! The purchase days of a history: local days with at least one purchase.

/// Whether a purchase on `day` makes a new purchase day, `last` being the last one: a clock set back over midnight does not make
/// a day count twice.
#[inline]
pub(crate) fn is_new(day: i32, last: Option<i32>) -> bool {
    last.is_none_or(|last| last < day)
}

/// Purchase days, oldest first, with what is asked of the gaps between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct PurchaseDays {
    days: Vec<i32>,
    squares: f64,
    longest: f64,
}

impl PurchaseDays {
    /// Forgets all days.
    pub(crate) fn clear(&mut self) {
        self.days.clear();
        (self.squares, self.longest) = (0.0, 0.0);
    }

    /// Takes in a purchase on `day`; whether that is a new one, and the gap that it ends, if it ends one.
    #[inline]
    pub(crate) fn note(&mut self, day: i32) -> (bool, Option<f64>) {
        let last = self.days.last().copied();
        if !is_new(day, last) {
            return (false, None);
        }
        let gap = last.map(|last| f64::from(day) - f64::from(last));
        if let Some(gap) = gap {
            self.squares += gap * gap;
            self.longest = if gap > self.longest { gap } else { self.longest };
        }
        self.days.push(day);
        (true, gap)
    }

    /// The days, oldest first.
    #[inline]
    pub(crate) fn days(&self) -> &[i32] {
        &self.days
    }

    /// The gaps between neighbours, oldest first.
    #[inline]
    pub(crate) fn gaps(&self) -> impl ExactSizeIterator<Item = f64> {
        self.days.windows(2).map(|days| f64::from(days[1]) - f64::from(days[0]))
    }

    /// Sum of the squared gaps.
    #[inline]
    pub(crate) fn squared_gaps(&self) -> f64 {
        self.squares
    }

    /// The longest gap; 0 without one.
    #[inline]
    pub(crate) fn longest_gap(&self) -> f64 {
        self.longest
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.days.capacity()
    }
}
