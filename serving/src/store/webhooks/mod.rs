//! Webhooks as they are kept: who is told of alerts, and an outbox of what is still to be told.
//!
//! A message is written in the transaction of the step that it tells of, one for each receiver that wants its kind, so that there is one
//! exactly when the step was taken. Whoever delivers claims it for a while, and what becomes of it is written down after: a message is
//! told at least once, and one that is told twice has the same id.

mod claim;
mod listeners;
mod receivers;

#[cfg(test)]
pub(in crate::store) use claim::{BURY, DUE};
pub use claim::{End, Outgoing, Target};
pub(super) use listeners::Listeners;
pub use receivers::{NewReceiver, Receiver};

/// What a message tells of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageKind {
    /// It opened.
    Opened,
    /// The customer was contacted.
    Contacted,
    /// It ended well.
    Recovered,
    /// The follow-up passed.
    Lost,
    /// The window passed.
    Expired,
}

impl MessageKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Opened, Self::Contacted, Self::Recovered, Self::Lost, Self::Expired];

    /// Its name: the `type` of the message.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "alert.opened",
            Self::Contacted => "alert.contacted",
            Self::Recovered => "alert.recovered",
            Self::Lost => "alert.lost",
            Self::Expired => "alert.expired",
        }
    }

    /// What tells of a deed of this name; `None` for what changes nothing that others need to know.
    fn of_deed(deed: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().strip_prefix("alert.") == Some(deed))
    }
}

impl std::str::FromStr for MessageKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = || Self::ALL.map(Self::name).join("`, `");
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| format!("it must be one of `{}`", names()))
    }
}
