//! Customers who are given by their ids alone: what a store keeps of them is looked up, and read as if it had been sent.

use std::borrow::Cow;

use lapwing_features::packed;
use serde_json::Value as Json;

use super::admission::Room;
use super::cell::{Cell, Named};
use super::customer::Customer;
use super::place::Place;
use super::problem::Problem;
use super::reading::{Reader, Reading};
use super::state::State;
use super::wire::EntryError;
use crate::store::{Histories, KeptHistory, StoreError};

/// What is known of such customers.
#[derive(Debug)]
pub(super) enum Kept {
    /// The route looks nobody up.
    NotHere,
    /// There is no store, or no histories are in it.
    Nothing,
    /// What the store has of them.
    Of {
        /// Of those whom it knows.
        histories: Histories,
        /// What they take in memory.
        _room: Room,
    },
}

impl Kept {
    /// Looks customers up.
    ///
    /// # Errors
    /// [`Problem::StoreBusy`] where the histories are more than there is room for, and whatever else keeps the store from being read.
    pub(super) async fn of(state: &State, ids: Vec<String>) -> Result<Self, Problem> {
        let mut room = state.admission().room();
        let found = state.desk()?.work(state, move |seat, _| {
            let found = seat.store.histories(&ids, seat.sealer, |bytes| room.take(bytes).map_err(|_| StoreError::Busy))?;
            Ok(found.map(|histories| (histories, room)))
        });
        Ok(found.await?.map_or(Self::Nothing, |(histories, room)| Self::Of { histories, _room: room }))
    }

    /// How much there is to be read.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::NotHere | Self::Nothing => 0,
            Self::Of { histories, .. } => histories.customers.values().map(|kept| kept.events.len()).sum(),
        }
    }

    fn find(&self, at: &Place, customer_id: &str) -> Result<(&Histories, &KeptHistory), EntryError> {
        const RULE: &str = "must have either `events` or `features`";
        match self {
            Self::NotHere => Err(at.error("nothing_given", "", &format!("{RULE}; by `customer_id` alone `/v1/score` looks customers up"))),
            Self::Nothing => {
                let hint =
                    "`customer_id` alone is enough where the service has a store that `lapwing-serve publish --keep-histories` filled";
                Err(at.error("nothing_given", "", &format!("{RULE}; {hint}")))
            }
            Self::Of { histories, .. } => {
                let found = histories.customers.get(customer_id).map(|kept| (histories, kept));
                let unknown = "has no history in the store; send `events`";
                found.ok_or_else(|| at.error("unknown_customer", "/customer_id", unknown))
            }
        }
    }
}

impl Reader<'_> {
    /// The customer as it is kept, with the attributes of the request if there are any.
    pub(super) fn by_kept(&mut self, at: &Place, customer: &Customer<'_>, kept: &Kept) -> Result<Reading, EntryError> {
        let (histories, history) = kept.find(at, &customer.id)?;
        let attributes = if customer.attributes.entries.is_empty() {
            self.attributes(at, &named(history))?
        } else {
            self.attributes(at, &customer.attributes)?
        };
        self.begin();
        let damaged = |_| at.error("unreadable_history", "/customer_id", "has a history in the store that cannot be read; send `events`");
        packed::unpack(&history.events, |event| self.push_read(event)).map_err(damaged)?;
        let nothing = |_| at.error("nothing_known", "/customer_id", "has nothing in the store that was known before `as_of`");
        let reading = self.finish(at, attributes).map_err(nothing)?;
        Ok(Reading { history_until: Some(histories.until), ..reading })
    }
}

/// Published attributes as a request would have them.
fn named(history: &KeptHistory) -> Named<'_> {
    let cell = |value: &Json| match value {
        Json::String(text) => Cell::Text(Cow::Owned(text.clone())),
        Json::Number(number) => number.as_f64().map_or(Cell::Null, Cell::Real),
        Json::Bool(flag) => Cell::Flag(*flag),
        _ => Cell::Null,
    };
    Named { entries: history.attributes.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), cell(value))).collect() }
}
