//! The short way from the bytes of a body to scores: one pass over them, each customer scored as soon as it is read.
//!
//! It is for requests as most are. Where anything is wrong, or stands in another order than it is needed in, it gives up and the
//! [careful way](super::scoring) begins anew, which alone says what is wrong. Where it does not give up, both say the same.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::admission::Watch;
use super::cell::{Cell, Named, Object, Text};
use super::customer::population_of;
use super::lineup::Lineup;
use super::panel::{Panel, Seat};
use super::place::{MAX_TEXT, Place};
use super::reading::{Reader, Reading};
use super::scoring::instant;
use super::sheet::Sheet;
use super::state::Notes;
use super::wire::{DEFAULT_EXPLAIN, EventRequest, MAX_CUSTOMERS, MAX_EVENTS, MAX_EXPLAIN};

/// What is passed over is no deeper nested than this, so that no body is deeper than any may be.
const SHALLOW: usize = 16;

/// The scores of a body; `None` where that is for the careful way to say.
pub(super) fn score<'a>(lineup: &'a Lineup, notes: Notes<'a>, bytes: &[u8], watch: &Watch) -> Option<Sheet<'a>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut json = serde_json::Deserializer::from_str(text);
    let sheet = Body { lineup, notes, watch }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(sheet)
}

/// Scores the customer of a line; `None` where that is for the careful way to say.
pub(super) fn line<'a>(panel: &mut Panel<'a>, sheet: &mut Sheet<'a>, line: &[u8]) -> Option<()> {
    let mut json = serde_json::Deserializer::from_str(std::str::from_utf8(line).ok()?);
    let (id, reading) = Customer { panel, place: None }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    sheet.score(&id, panel.seat(&id), &reading).ok()
}

/// Gives up; nobody reads why.
fn unusual<E: Error>() -> E {
    E::custom("unusual")
}

struct Body<'a, 'w> {
    lineup: &'a Lineup,
    notes: Notes<'a>,
    watch: &'w Watch,
}

impl<'de, 'a> DeserializeSeed<'de> for Body<'a, '_> {
    type Value = Sheet<'a>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Sheet<'a>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, 'a> Visitor<'de> for Body<'a, '_> {
    type Value = Sheet<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sheet<'a>, A::Error> {
        let (mut as_of, mut explain, mut sheet) = (None, None, None);
        while let Some(Text(name)) = map.next_key()? {
            match (&*name, as_of) {
                ("as_of", None) => {
                    let Text(text) = map.next_value()?;
                    as_of = Some(instant(self.lineup, &text).ok_or_else(unusual)?);
                }
                ("explain", _) if explain.is_none() && sheet.is_none() => {
                    explain = Some(map.next_value::<u32>()?).filter(|explain| *explain <= MAX_EXPLAIN);
                    explain.ok_or_else(unusual::<A::Error>)?;
                }
                ("customers", Some(as_of)) if sheet.is_none() => {
                    let explain = explain.unwrap_or(DEFAULT_EXPLAIN) as usize;
                    let (panel, mut entries) =
                        (Panel::new(self.lineup, as_of), Sheet::new(self.lineup, self.notes.clone(), as_of, explain));
                    map.next_value_seed(Customers { panel, sheet: &mut entries, watch: self.watch })?;
                    sheet = Some(entries);
                }
                _ => return Err(unusual()),
            }
        }
        sheet.ok_or_else(unusual)
    }
}

struct Customers<'s, 'a, 'w> {
    panel: Panel<'a>,
    sheet: &'s mut Sheet<'a>,
    watch: &'w Watch,
}

impl<'de> DeserializeSeed<'de> for Customers<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Customers<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let mut count = 0;
        loop {
            let one = Customer { panel: &mut self.panel, place: Some(count) };
            let Some((id, reading)) = seq.next_element_seed(one)? else { break };
            self.sheet.score(&id, self.panel.seat(&id), &reading).map_err(|_| unusual())?;
            count += 1;
            if count > MAX_CUSTOMERS || self.watch.check().is_err() {
                return Err(unusual());
            }
        }
        self.panel.put_back();
        if count == 0 { Err(unusual()) } else { Ok(()) }
    }
}

/// Reads one customer.
struct Customer<'s, 'a> {
    panel: &'s mut Panel<'a>,
    /// `None` where the customer is all there is.
    place: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Customer<'_, '_> {
    type Value = (String, Reading);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Customer<'_, '_> {
    type Value = (String, Reading);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let at = Place::of_customer(self.place);
        let mut id: Option<String> = None;
        let (mut by_events, mut features, mut population, mut attributes) = (false, None, None, None);
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "customer_id" if id.is_none() => {
                    let cell: Cell<'_> = map.next_value()?;
                    let name = cell.name().filter(|name| !name.trim().is_empty() && name.len() <= MAX_TEXT);
                    id = Some(name.ok_or_else(unusual::<A::Error>)?.into_owned());
                }
                "events" if !by_events => {
                    // Which model reads them depends on whose they are.
                    let seat = self.panel.seat_of(id.as_deref()).ok_or_else(unusual::<A::Error>)?;
                    seat.reader.begin();
                    map.next_value_seed(Events { reader: &mut seat.reader, at })?;
                    by_events = true;
                }
                "features" if features.is_none() => features = Some(map.next_value::<Named<'_>>()?),
                "attributes" if attributes.is_none() => {
                    let named: Named<'_> = map.next_value()?;
                    if named.entries.iter().any(|(_, cell)| matches!(cell, Cell::Nested(depth) if *depth > SHALLOW)) {
                        return Err(unusual());
                    }
                    attributes = Some(named);
                }
                "population" if population.is_none() => {
                    let Text(name) = map.next_value()?;
                    population = Some(population_of(&name).ok_or_else(unusual::<A::Error>)?);
                }
                _ => return Err(unusual()),
            }
        }
        let id = id.ok_or_else(unusual)?;
        let seat = self.panel.seat(&id);
        let read = |Seat { reader, .. }: &mut Seat<'_>| -> Option<Reading> {
            let attributes = reader.attributes(&at, &attributes.unwrap_or_default()).ok()?;
            match (by_events, features, population) {
                (true, None, None) => reader.finish(&at, attributes).ok(),
                (false, Some(features), population) => reader.by_features(&at, &features, population, attributes).ok(),
                _ => None,
            }
        };
        read(seat).map(|reading| (id, reading)).ok_or_else(unusual)
    }
}

struct Events<'s, 'a> {
    reader: &'s mut Reader<'a>,
    at: Place,
}

impl<'de> DeserializeSeed<'de> for Events<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Events<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut place = 0;
        while let Some(Object(event)) = seq.next_element::<Object<EventRequest<'_>>>()? {
            if place == MAX_EVENTS || event.ignored_depth > SHALLOW || self.reader.push(&self.at.event(place), &event).is_err() {
                return Err(unusual());
            }
            place += 1;
        }
        Ok(())
    }
}
