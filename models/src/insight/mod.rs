//! What the histories of all customers tell together: who stays, how fast, and what brought them.
//!
//! Each file counts one thing, a customer at a time, into a tally that merges with others in any order and then says what came of
//! it. Nothing here is learned, and nothing waits, reads or draws.
//!
//! | file | tells |
//! |---|---|
//! | `retention` | [`Cohorts`]: which share of those who first bought in a month bought again in the months after |
//! | `passage` | [`Passages`]: how many go on from prospect to new, retained and loyal, and how long it takes |
//! | `attribution` | [`Attribution`]: which channels or campaigns purchases go back to, by four rules |
//! | `outcome` | [`StageOutcomes`]: which share of each stage bought within the horizon |
//! | `preference` | [`Responses`]: through which channel a customer answers |

mod attribution;
mod outcome;
mod passage;
mod preference;
mod retention;

pub use attribution::{Attributed, Attribution, Credit, End, Name, RULES, Share, journeys};
pub use outcome::{StageOutcome, StageOutcomes};
pub use passage::{Milestones, PASSAGES, Passage, Passages};
pub use preference::{Answers, Responses};
pub use retention::{Cohort, Cohorts, Retained};
