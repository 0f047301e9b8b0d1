//! Small histories for examples and tests.

use crate::event::{RawEvent, Token};
use crate::history::{Duplicates, History, HistoryBuilder};
use crate::kernel::Kernel;
use crate::schema::Id;
use crate::shape::DataShape;
use crate::time::{Calendar, Cutoff};

/// A history in UTC from (date or RFC 3339, kind, amount) rows; a NaN amount is not given.
///
/// # Panics
/// When a date or a kind cannot be read.
#[must_use]
pub fn history(rows: &[(&str, &str, f64)]) -> History {
    build(rows.iter().map(|row| event(*row)))
}

/// As [`history`], with a channel and a category on each row; an empty text is not given.
///
/// # Panics
/// When a date or a kind cannot be read.
#[must_use]
pub fn history_with_places(rows: &[(&str, &str, f64, &str, &str)]) -> History {
    build(rows.iter().map(|(date, kind, amount, channel, category)| {
        let token = |name: &str| Token::of_option((!name.is_empty()).then_some(name));
        RawEvent { channel: token(channel), category: token(category), ..event((date, kind, *amount)) }
    }))
}

/// The cutoff at a date or RFC 3339 instant, in UTC.
///
/// # Panics
/// When `date` cannot be read.
#[must_use]
pub fn cutoff(date: &str) -> Cutoff {
    let calendar = Calendar::utc();
    calendar.cutoff(calendar.parse(date).expect("the example's date is RFC 3339 or a date"))
}

/// A kernel over data that holds every kind of event, amounts, channels and categories since 2000-01-01.
#[must_use]
pub fn kernel() -> Kernel {
    let mut shape = DataShape::default();
    for kind in crate::Kind::ALL {
        let mut event = RawEvent::new(cutoff("2000-01-01").at, *kind, Some(1.0));
        (event.channel, event.category) = (Token::of("web"), Token::of("gift"));
        shape.note(&event);
    }
    Kernel::new(shape)
}

/// Rows of one kind at these dates, each of amount 10, for [`feature`] and [`history`].
#[must_use]
pub fn rows<'a>(kind: &'a str, dates: &[&'a str]) -> Vec<(&'a str, &'a str, f64)> {
    dates.iter().map(|date| (*date, kind, 10.0)).collect()
}

/// One feature of `rows` at `date`; see [`history`], [`kernel`] and [`cutoff`].
///
/// # Panics
/// When a date or a kind cannot be read.
#[must_use]
pub fn feature(id: Id, rows: &[(&str, &str, f64)], date: &str) -> f64 {
    kernel().features(&history(rows).observe(cutoff(date)))[id]
}

fn event((date, kind, amount): (&str, &str, f64)) -> RawEvent {
    let ts = cutoff(date).at;
    RawEvent::new(ts, kind.parse().expect("the example's kind is known"), (!amount.is_nan()).then_some(amount))
}

fn build(events: impl Iterator<Item = RawEvent>) -> History {
    let mut builder = HistoryBuilder::new();
    events.for_each(|event| builder.push(event));
    builder.build(&Calendar::utc(), Duplicates::Drop)
}
