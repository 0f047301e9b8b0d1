//! How many customers show each sign, and how many of those with it and without it then left.

use super::{SIGNS, Sign, SignState, SignStates};
use crate::metrics::wilson;

/// Customers by the state of each sign; mergeable in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignTally([[Group; 3]; SIGNS]);

/// Customers in whom a sign has one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Group {
    /// How many.
    pub customers: u64,
    /// Those of them of whom it is known whether they left.
    pub judged: u64,
    /// Those of these who did.
    pub churned: u64,
}

impl Group {
    /// The rate at which they left, with its 95 % interval by Wilson; `None` where that is known of nobody.
    ///
    /// ```
    /// use lapwing_models::lifecycle::Group;
    /// let (rate, low, high) = Group { customers: 9, judged: 4, churned: 1 }.rate().unwrap();
    /// assert!(rate == 0.25 && low < 0.05 && high > 0.69);
    /// assert_eq!(Group::default().rate(), None);
    /// ```
    #[must_use]
    pub fn rate(&self) -> Option<(f64, f64, f64)> {
        let rate = (self.judged > 0).then(|| self.churned as f64 / self.judged as f64)?;
        let (low, high) = wilson(rate, self.judged as f64);
        Some((rate, low, high))
    }
}

impl SignTally {
    /// Takes in a customer; `churned` is `None` where that is not asked, or not known yet.
    pub fn add(&mut self, states: SignStates, churned: Option<bool>) {
        for (sign, groups) in Sign::ALL.iter().zip(&mut self.0) {
            let group = &mut groups[states.state(*sign) as usize];
            group.customers += 1;
            group.judged += u64::from(churned.is_some());
            group.churned += u64::from(churned == Some(true));
        }
    }

    /// The customers in whom a sign has this state.
    #[must_use]
    pub fn group(&self, sign: Sign, state: SignState) -> Group {
        self.0[sign as usize][state as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_customer_is_in_one_group_of_each_sign() {
        let states = |raised, known| SignStates { raised, known };
        let mut tally = SignTally::default();
        let overdue = 1 << Sign::Overdue as u16;
        for (states, churned) in
            [(states(overdue, overdue), Some(true)), (states(0, overdue), Some(false)), (states(0, overdue), None), (states(0, 0), None)]
        {
            tally.add(states, churned);
        }
        let group = |state| tally.group(Sign::Overdue, state);
        assert_eq!(group(SignState::Raised), Group { customers: 1, judged: 1, churned: 1 });
        assert_eq!(group(SignState::Clear), Group { customers: 2, judged: 1, churned: 0 });
        assert_eq!(group(SignState::Unknown), Group { customers: 1, judged: 0, churned: 0 });
        assert_eq!(tally.group(Sign::SpendDrop, SignState::Unknown).customers, 4);
    }
}
