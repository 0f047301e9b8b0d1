//! From when on the rows hold what, told cheaply a row at a time.

use std::hint::select_unpredictable;

use serde::{Deserialize, Serialize};

use crate::event::{Kind, RawEvent, Token};
use crate::shape::DataShape;
use crate::time::Timestamp;

/// What a [`DataShape`] tells, by kind: any event, one with an amount, a channel, a category.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::engine) struct Noted([[Timestamp; Kind::ALL.len()]; 4]);

impl Default for Noted {
    fn default() -> Self {
        Self([[Timestamp::MAX; Kind::ALL.len()]; 4])
    }
}

impl Noted {
    /// Takes in one event; `named` tells whether it has a channel and a category.
    #[inline]
    pub(in crate::engine) fn note(&mut self, event: &RawEvent, named: [bool; 2]) {
        let seen = event.known_at.map_or(event.ts, |known_at| known_at.max(event.ts));
        for (since, held) in self.0.iter_mut().zip([true, event.amount.is_some(), named[0], named[1]]) {
            let since = &mut since[event.kind as usize];
            let is_earlier = seen < *since;
            *since = select_unpredictable(held & is_earlier, seen, *since);
        }
    }

    pub(in crate::engine) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *mine = theirs.min(mine).to_owned();
        }
    }

    /// The shape, by showing it the first event of each sort.
    pub(in crate::engine) fn shape(&self) -> DataShape {
        let mut shape = DataShape::default();
        for (held, since) in self.0.iter().enumerate() {
            for (kind, since) in Kind::ALL.iter().zip(since).filter(|(_, since)| **since < Timestamp::MAX) {
                let token = |place: usize| if held == place { Token::of("given") } else { Token::NONE };
                let amount = (held == 1).then_some(1.0);
                let event = RawEvent { channel: token(2), category: token(3), ..RawEvent::new(*since, *kind, amount) };
                shape.note(&event);
            }
        }
        shape
    }
}
