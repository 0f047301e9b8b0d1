//! Proof: did a campaign help, by how much, how sure is that, and did it pay.
//!
//! Some of a campaign's customers are left alone by lot ([`holdout`](crate::holdout)). What they do is what the others would have done
//! without the campaign, so the difference is its effect. Everyone who was assigned counts on the side of the lot, contacted or not
//! (intention to treat): who could be reached differs from who could not, and leaving these out would undo the lot.
//!
//! | question | answered by | source |
//! |---|---|---|
//! | how many bought | [`wilson`] | Wilson (1927) |
//! | difference of two purchase rates | [`newcombe`] | Newcombe (1998), method 10 |
//! | whether there is one | [`two_rates`] | the z test; of few Fisher (1935) |
//! | difference of mean spend | [`welch`] | Welch (1947) |
//! | how many customers it takes | [`Size`] | Fleiss, Levin and Paik (2003), without correction for continuity |
//! | looking before all are in | [`peeking`] | Lan and `DeMets` (1983), O'Brien-Fleming type |
//! | many groups at once | [`holm`] | Holm (1979) |
//!
//! [`Results::of`] answers all of them for one campaign, and [`Results::told`] says it in words.

mod arm;
mod holm;
mod normal;
pub mod peeking;
mod plan;
mod rates;
mod results;
mod size;
mod spend;
#[cfg(test)]
mod tests;
mod words;

pub use arm::{Arm, Moments, Observation};
pub use holm::holm;
pub use plan::{Plan, PlanError, Worth};
pub use rates::{newcombe, two_rates, wilson};
pub use results::{ArmResult, Difference, Group, Grouped, Look, Money, Results, Rule, Verdict, by_group};
pub use size::Size;
pub use spend::{Welch, welch};
