//! What the data can tell, and from when on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Kind, RawEvent};
use crate::time::Timestamp;

/// From when on the data holds events of each kind, amounts, channels and categories.
///
/// A window that reaches back before that instant is only partly covered, and what the data does not hold is missing, not
/// zero. An instant at or after the cutoff says as much as none, so a shape taken from later data leaks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataShape {
    kinds: BTreeMap<Kind, Timestamp>,
    amounts: Option<Timestamp>,
    channels: Option<Timestamp>,
    categories: Option<Timestamp>,
}

impl DataShape {
    /// Takes in one event, as held from when it had happened and was known.
    ///
    /// A feed that was filled in afterwards therefore counts as missing, not as zero, before the day on which it was known.
    pub fn note(&mut self, event: &RawEvent) {
        let seen = event.known_at.map_or(event.ts, |known_at| known_at.max(event.ts));
        let earlier = |since: &mut Option<Timestamp>| *since = Some(since.map_or(seen, |since| since.min(seen)));
        self.kinds.entry(event.kind).and_modify(|since| *since = seen.min(*since)).or_insert(seen);
        if event.amount.is_some() && matches!(event.kind, Kind::Purchase | Kind::Return) {
            earlier(&mut self.amounts);
        }
        if event.channel.is_some() {
            earlier(&mut self.channels);
        }
        if event.category.is_some() {
            earlier(&mut self.categories);
        }
    }

    /// Joins what two parts of the data hold.
    pub fn merge(&mut self, other: &Self) {
        let earlier = |mine: &mut Option<Timestamp>, theirs: Option<Timestamp>| {
            *mine = match (*mine, theirs) {
                (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
                (mine, theirs) => mine.or(theirs),
            };
        };
        for (kind, since) in &other.kinds {
            self.kinds.entry(*kind).and_modify(|mine| *mine = (*mine).min(*since)).or_insert(*since);
        }
        earlier(&mut self.amounts, other.amounts);
        earlier(&mut self.channels, other.channels);
        earlier(&mut self.categories, other.categories);
    }

    /// The first event of any kind.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.kinds.values().min().copied()
    }

    /// The first event of `kind`.
    #[must_use]
    pub fn since_kind(&self, kind: Kind) -> Option<Timestamp> {
        self.kinds.get(&kind).copied()
    }

    /// The first purchase or return with an amount.
    #[must_use]
    pub fn since_amounts(&self) -> Option<Timestamp> {
        self.amounts
    }

    /// The first event with a channel.
    #[must_use]
    pub fn since_channels(&self) -> Option<Timestamp> {
        self.channels
    }

    /// The first event with a category.
    #[must_use]
    pub fn since_categories(&self) -> Option<Timestamp> {
        self.categories
    }
}
