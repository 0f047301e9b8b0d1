//! A reader for each model in office, so that customers of one request can be scored by either.

#[cfg(feature = "arrow")]
use lapwing_features::Calendar;
use lapwing_features::Timestamp;
use lapwing_models::bundle::registry::Challenger;

use super::lineup::{Lineup, Served};
use super::reading::Reader;

/// The models, each with its reader.
#[derive(Debug)]
pub(super) struct Panel<'a> {
    champion: Seat<'a>,
    challenger: Option<(&'a Challenger, Seat<'a>)>,
}

/// A model with what reads customers for it.
#[derive(Debug)]
pub(super) struct Seat<'a> {
    /// The model.
    pub(super) served: &'a Served,
    /// Its reader.
    pub(super) reader: Reader<'a>,
    /// Whether it is the challenger's.
    pub(super) challenges: bool,
}

impl<'a> Seat<'a> {
    fn new(served: &'a Served, as_of: Timestamp, challenges: bool) -> Self {
        let reader = Reader::new(served, as_of);
        Self { served, reader, challenges }
    }
}

impl<'a> Panel<'a> {
    /// The models of `lineup`, for customers at `as_of`.
    #[must_use]
    pub(super) fn new(lineup: &'a Lineup, as_of: Timestamp) -> Self {
        // A challenger that speaks for nobody needs no reader.
        let challenger = lineup.challenger.as_ref().filter(|challenger| challenger.terms.share > 0.0);
        let challenger = challenger.map(|challenger| (&challenger.terms, Seat::new(&challenger.served, as_of, true)));
        Self { champion: Seat::new(&lineup.champion, as_of, false), challenger }
    }

    /// Puts what the readers worked with back, for the next request.
    pub(super) fn put_back(self) {
        for Seat { served, reader, .. } in [self.champion].into_iter().chain(self.challenger.map(|(_, seat)| seat)) {
            served.toolbox.put(reader.into_tools());
        }
    }

    /// The calendar that the times of a request are read in.
    #[cfg(feature = "arrow")]
    pub(super) fn calendar(&self) -> &'a Calendar {
        &self.champion.served.calendar
    }

    /// As [`seat`](Self::seat); `None` when the customer is not known yet and it matters who it is.
    pub(super) fn seat_of(&mut self, customer_id: Option<&str>) -> Option<&mut Seat<'a>> {
        match customer_id {
            Some(id) => Some(self.seat(id)),
            None if self.challenger.is_some() => None,
            None => Some(&mut self.champion),
        }
    }

    /// The model that speaks for whoever has no name.
    pub(super) fn champion(&mut self) -> &mut Seat<'a> {
        &mut self.champion
    }

    /// The model that speaks for a customer: the same in every request.
    pub(super) fn seat(&mut self, customer_id: &str) -> &mut Seat<'a> {
        match &mut self.challenger {
            Some((terms, seat)) if terms.meets(customer_id) => seat,
            _ => &mut self.champion,
        }
    }
}
