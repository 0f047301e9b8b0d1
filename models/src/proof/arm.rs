//! What is counted of one side of a campaign.

use serde::{Deserialize, Serialize};

/// One customer who was assigned to a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// Whether the lot gave it the campaign; else it was held out.
    pub treated: bool,
    /// Whether it was in fact contacted: it costs, and does not decide on which side the customer counts.
    pub contacted: bool,
    /// Whether it bought within the time that counts.
    pub purchased: bool,
    /// What it spent within that time, 0 for nothing; `None` where amounts are not known.
    pub spend: Option<f64>,
    /// What contacting it cost; `None` where that is the plan's cost of a contact.
    pub contact_cost: Option<f64>,
}

/// Count, mean and spread of numbers, added in any order and merged without loss of digits.
///
/// Source: Chan, Golub and `LeVeque` (1983), "Algorithms for computing the sample variance".
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        let from_old = value - self.mean;
        self.mean += from_old / self.count;
        self.squares += from_old * (value - self.mean);
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        if other.count > 0.0 {
            let apart = other.mean - self.mean;
            self.squares += other.squares + apart * apart * self.count * other.count / count;
            self.mean += apart * other.count / count;
            self.count = count;
        }
    }

    /// How many numbers.
    #[must_use]
    pub fn count(self) -> f64 {
        self.count
    }

    /// Their mean; 0 of none.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.mean
    }

    /// Their variance, divisor n - 1; `None` of fewer than two.
    #[must_use]
    pub fn variance(self) -> Option<f64> {
        (self.count >= 2.0).then(|| (self.squares / (self.count - 1.0)).max(0.0))
    }
}

/// What is counted of one side: of everybody who was assigned to it.
///
/// ```
/// use lapwing_models::proof::{Arm, Observation};
/// let bought = Observation { contacted: true, purchased: true, spend: Some(20.0), ..Observation::default() };
/// let not = Observation { spend: Some(0.0), ..Observation::default() };
/// let arm: Arm = [bought, not, not, not].into_iter().collect();
/// assert_eq!((arm.customers, arm.contacted, arm.buyers), (4, 1, 1));
/// assert_eq!(arm.spend().map(|spend| spend.mean()), Some(5.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Customers who were assigned.
    pub customers: u64,
    /// Of these, who was contacted.
    pub contacted: u64,
    /// Of these, who bought.
    pub buyers: u64,
    spend: Moments,
    /// Of the contacted, who had a cost of its own, and the sum of these.
    priced: (u64, f64),
}

impl Arm {
    /// Adds a customer.
    pub fn add(&mut self, observation: &Observation) {
        self.customers += 1;
        self.contacted += u64::from(observation.contacted);
        self.buyers += u64::from(observation.purchased);
        if let Some(cost) = observation.contact_cost.filter(|cost| observation.contacted && cost.is_finite()) {
            self.priced = (self.priced.0 + 1, self.priced.1 + cost);
        }
        if let Some(spend) = observation.spend.filter(|spend| spend.is_finite()) {
            self.spend.add(spend);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.contacted += other.contacted;
        self.buyers += other.buyers;
        self.priced = (self.priced.0 + other.priced.0, self.priced.1 + other.priced.1);
        self.spend.merge(other.spend);
    }

    /// Spend a customer, of those of whom it is known; `None` where it is known of nobody.
    #[must_use]
    pub fn spend(&self) -> Option<Moments> {
        (self.spend.count() > 0.0).then_some(self.spend)
    }

    /// What the contacts cost, where one costs `each` unless it had a cost of its own.
    #[must_use]
    pub fn cost(&self, each: f64) -> f64 {
        (self.contacted - self.priced.0) as f64 * each + self.priced.1
    }

    /// Buyers and customers, as tests of shares take them.
    pub(super) fn rate(&self) -> (f64, f64) {
        (self.buyers as f64, self.customers as f64)
    }

    /// Share of the customers who bought; `None` of nobody.
    #[must_use]
    pub fn purchase_rate(&self) -> Option<f64> {
        (self.customers > 0).then(|| self.buyers as f64 / self.customers as f64)
    }
}

impl<'a> FromIterator<&'a Observation> for Arm {
    fn from_iter<I: IntoIterator<Item = &'a Observation>>(observations: I) -> Self {
        let mut arm = Self::default();
        observations.into_iter().for_each(|observation| arm.add(observation));
        arm
    }
}

impl FromIterator<Observation> for Arm {
    fn from_iter<I: IntoIterator<Item = Observation>>(observations: I) -> Self {
        let mut arm = Self::default();
        observations.into_iter().for_each(|observation| arm.add(&observation));
        arm
    }
}
