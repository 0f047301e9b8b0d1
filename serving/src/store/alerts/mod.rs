//! The 72-hour alerts as they are kept: an event log that is only added to, and beside it what it makes of each alert.
//!
//! Every change is a step of the [machine](lapwing_models::lifecycle::Episode), and goes into the log and the alert in one transaction,
//! under a token: the same news twice is one step. Writers come one after the other, and the database itself holds that a customer has
//! one alert at a time.

mod held;
mod late;
mod lots;
mod read;
mod record;
mod turn;

pub(super) use late::hear;
pub use late::{Happened, Happening};
pub(super) use lots::{draw, without};
pub use read::{Alert, AlertFilter, AlertPage, LogEntry};
pub use record::{News, Once, Taken};
pub(super) use turn::{Turned, turn};
