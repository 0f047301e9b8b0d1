//! Webhooks by the [Standard Webhooks](https://www.standardwebhooks.com) specification 1.0.0: tells others what becomes of alerts.
//!
//! | file | does |
//! |---|---|
//! | `place` | where nobody is told anything unless it is meant: this machine and its network |
//! | `signature` | how a receiver knows who speaks |
//! | `schedule` | what an answer means, and when to try again |
//! | `courier` | delivers what is in the outbox of the [store](crate::store) |

mod courier;
mod place;
mod schedule;
mod signature;

pub use courier::{Counts, Courier};
pub use place::{PlaceError, check};
pub use signature::shown;

#[cfg(test)]
mod tests;
