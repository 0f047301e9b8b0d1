//! From rows to customers: those that follow each other and bear the same id. One that has not ended goes on in the next piece.

use lapwing_features::Attributes;

use super::cells::Cells;
use crate::http::admission::Watch;
use crate::http::cell::Cell;
use crate::http::panel::{Panel, Seat};
use crate::http::place::{MAX_TEXT, Place};
use crate::http::problem::Problem;
use crate::http::reading::Begun;
use crate::http::sheet::Sheet;
use crate::http::wire::{EntryError, MAX_EVENTS, RefusedEntry};

/// A customer of whom more rows may come.
#[derive(Debug)]
pub(super) struct Open {
    /// What its rows bear.
    id: Id,
    begun: Begun,
    attributes: Attributes,
    events: usize,
    /// What is wrong with it; then nothing more is read of it.
    wrong: Option<EntryError>,
}

/// What stands in the column of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    Named(String),
    /// Nobody's name, for this reason.
    Nobody(&'static str, &'static str),
}

impl Id {
    fn of(cell: &Cell<'_>) -> Self {
        match cell.name() {
            Some(name) if name.trim().is_empty() => Self::Nobody("empty_id", "must not be empty"),
            Some(name) if name.len() > MAX_TEXT => Self::Nobody("text_too_long", "must be at most 1024 bytes long"),
            Some(name) => Self::Named(name.into_owned()),
            None if *cell == Cell::Null => Self::Nobody("missing_id", "must be given, as text or as a whole number"),
            None => Self::Nobody("wrong_type", "must be text or a whole number"),
        }
    }

    /// Whether a row with this cell is of the same customer.
    fn goes_on(&self, cell: &Cell<'_>) -> bool {
        match self {
            Self::Named(name) => cell.name().is_some_and(|other| *other == **name),
            nobody @ Self::Nobody(..) => *nobody == Self::of(cell),
        }
    }
}

/// Where a row stands: its customer is all there is, as in a line.
fn place() -> Place {
    Place::of_customer(None)
}

/// Scores the customers of some rows, of whom the first may have begun before; gives back the last one, who may go on.
///
/// # Errors
/// [`Problem::Deadline`] when it takes too long, [`Problem::Fault`] when an answer cannot be written.
pub(super) fn score(sheet: &mut Sheet<'_>, cells: &Cells<'_>, mut open: Option<Open>, watch: &Watch) -> Result<Option<Open>, Problem> {
    let mut panel = sheet.panel();
    let calendar = panel.calendar();
    let mut row = 0;
    while row < cells.rows {
        watch.check()?;
        let begin = row;
        let goes_on = open.as_ref().is_some_and(|open| open.id.goes_on(&cells.id(row, calendar)));
        let mut customer = match open.take() {
            Some(customer) if goes_on => customer,
            ended => {
                if let Some(ended) = ended {
                    ended.finish(&mut panel, sheet)?;
                }
                Open::begin(&mut panel, cells, row)
            }
        };
        while row < cells.rows && (row == begin || customer.id.goes_on(&cells.id(row, calendar))) {
            row += 1;
        }
        customer.take(&mut panel, cells, begin..row);
        open = Some(customer);
    }
    panel.put_back();
    Ok(open)
}

/// Scores the last customer of a stream.
///
/// # Errors
/// [`Problem::Fault`] when its answer cannot be written.
pub(super) fn finish(sheet: &mut Sheet<'_>, open: Option<Open>) -> Result<(), Problem> {
    let mut panel = sheet.panel();
    if let Some(open) = open {
        open.finish(&mut panel, sheet)?;
    }
    panel.put_back();
    Ok(())
}

impl Open {
    /// The customer of this row, of whom nothing but its attributes is read yet.
    fn begin(panel: &mut Panel<'_>, cells: &Cells<'_>, row: usize) -> Self {
        let id = Id::of(&cells.id(row, panel.calendar()));
        let told = match &id {
            Id::Named(name) => {
                let seat = panel.seat(name);
                seat.reader.attributes(&place(), &cells.attributes(row, &seat.served.calendar))
            }
            Id::Nobody(code, rule) => Err(place().error(code, "/customer_id", rule)),
        };
        let (attributes, wrong) = told.map_or_else(|error| (Attributes::new(), Some(error)), |attributes| (attributes, None));
        Self { id, begun: Begun::default(), attributes, events: 0, wrong }
    }

    /// Takes the events of rows in that are all this customer's.
    fn take(&mut self, panel: &mut Panel<'_>, cells: &Cells<'_>, rows: std::ops::Range<usize>) {
        let (Id::Named(name), None) = (&self.id, &self.wrong) else { return };
        let Seat { served, reader, .. } = panel.seat(name);
        let calendar = &served.calendar;
        reader.resume(std::mem::take(&mut self.begun));
        for row in rows {
            if self.events == MAX_EVENTS {
                self.wrong = Some(place().error("too_many_events", "/events", &format!("must hold at most {MAX_EVENTS} events")));
                break;
            }
            let (event, times) = cells.event(row, calendar);
            if let Err(error) = reader.push_at(&place().event(self.events), &times, &event) {
                self.wrong = Some(error);
                break;
            }
            self.events += 1;
        }
        self.begun = reader.suspend();
    }

    fn finish(self, panel: &mut Panel<'_>, sheet: &mut Sheet<'_>) -> Result<(), Problem> {
        let name = match self.id {
            Id::Named(name) => Some(name),
            Id::Nobody(..) => None,
        };
        let refused = |customer_id, error| RefusedEntry { customer_id, error };
        match (name, self.wrong) {
            (Some(name), None) => {
                let seat = panel.seat(&name);
                seat.reader.resume(self.begun);
                match seat.reader.finish(&place(), self.attributes) {
                    Ok(reading) => sheet.score(&name, seat, &reading),
                    Err(error) => sheet.refuse(&refused(Some(name), error)),
                }
            }
            (name, Some(error)) => sheet.refuse(&refused(name, error)),
            // Nobody's rows are always wrong.
            (None, None) => Err(Problem::Fault),
        }
    }
}
