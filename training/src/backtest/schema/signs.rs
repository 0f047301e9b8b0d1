//! The warning signs at the newest cutoff, as the report holds them.

use lapwing_models::lifecycle::{Group, Sign, SignState, SignTally};
use serde::{Deserialize, Serialize};

/// The signs of everybody who was scored at one cutoff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signs {
    /// The cutoff.
    pub as_of: String,
    /// Customers seen before it.
    pub customers: usize,
    /// All fifteen, in their order.
    pub signs: Vec<SignGroups>,
}

/// One sign.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignGroups {
    /// Which.
    pub sign: Sign,
    /// Customers in whom it is raised.
    pub raised: Group,
    /// Customers in whom it is clear.
    pub clear: Group,
    /// Customers of whom it is not known.
    pub unknown: Group,
}

impl Signs {
    /// What was counted of so many customers.
    #[must_use]
    pub fn of(as_of: String, customers: usize, tally: &SignTally) -> Self {
        let groups = |sign: &Sign| SignGroups {
            sign: *sign,
            raised: tally.group(*sign, SignState::Raised),
            clear: tally.group(*sign, SignState::Clear),
            unknown: tally.group(*sign, SignState::Unknown),
        };
        Self { as_of, customers, signs: Sign::ALL.iter().map(groups).collect() }
    }
}
