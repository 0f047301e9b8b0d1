//! Instants, the local calendar, and cutoffs.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Microseconds in a day of 24 hours; windows are measured in these, whatever the local clock does.
pub(crate) const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;

/// An instant in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Later than every valid instant.
    pub const MAX: Self = Self(i64::MAX);
    /// The first instant that is taken for a date rather than for a mistake: 1900-01-01T00:00:00Z.
    pub const EARLIEST: Self = Self(-2_208_988_800 * SECOND);
    /// The first instant that is no longer taken for a date: 2200-01-01T00:00:00Z.
    pub const LATEST: Self = Self(7_258_118_400 * SECOND);

    /// The instant that is `count` units after 1970-01-01T00:00:00Z, the unit being a second divided by a thousand so many times:
    /// seconds for 0, nanoseconds for 3, as Arrow numbers its units. Finer than microseconds is cut; what does not fit becomes the
    /// nearest that does, which is no plausible time.
    ///
    /// ```
    /// use lapwing_features::Timestamp;
    /// assert_eq!(Timestamp::counted(2, 0), Timestamp(2_000_000));
    /// assert_eq!(Timestamp::counted(-1, 3), Timestamp(-1));
    /// assert_eq!(Timestamp::counted(i64::MAX, 1), Timestamp::MAX);
    /// ```
    #[must_use]
    pub fn counted(count: i64, thousandths: u32) -> Self {
        match thousandths {
            0..=2 => Self(count.saturating_mul(1_000_i64.pow(2 - thousandths))),
            finer => Self(count.div_euclid(1_000_i64.saturating_pow(finer - 2))),
        }
    }

    /// Whether the instant lies in [`EARLIEST`](Self::EARLIEST)..[`LATEST`](Self::LATEST).
    #[must_use]
    pub fn is_plausible(self) -> bool {
        (Self::EARLIEST..Self::LATEST).contains(&self)
    }

    /// Days of 24 hours from `earlier` to `self`; negative when `earlier` is the later one.
    ///
    /// ```
    /// use lapwing_features::Timestamp;
    /// assert_eq!(Timestamp(129_600_000_000).days_since(Timestamp(0)), 1.5);
    /// ```
    #[must_use]
    pub fn days_since(self, earlier: Self) -> f64 {
        (self.0.saturating_sub(earlier.0)) as f64 / DAY as f64
    }

    /// The instant `days` days of 24 hours later, or earlier for negative `days`; saturates.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY)))
    }
}

impl std::fmt::Display for Timestamp {
    /// RFC 3339 in UTC, or `never` outside the calendar.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => f.write_str("never"),
        }
    }
}

/// Why a date or a time zone could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TimeError {
    /// The text is neither RFC 3339 nor a date.
    #[error("`{0}` is neither RFC 3339 nor a date\nhint: write `2024-03-31` or `2024-03-31T12:00:00Z`")]
    Unreadable(String),
    /// The zone is not in the time-zone database.
    #[error("time zone `{0}` is not known\nhint: use an IANA name such as `UTC` or `Europe/London`")]
    Zone(String),
}

/// The time zone in which days, hours and months are told.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    name: String,
    /// From when on which offset holds, in microseconds, ascending, over all plausible instants; of UTC nothing.
    offsets: Arc<[(Timestamp, i64)]>,
}

impl Calendar {
    /// Days and hours in UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, name: "UTC".to_owned(), offsets: Arc::default() }
    }

    /// The calendar of an IANA zone, from the time-zone database that is compiled in.
    ///
    /// # Errors
    /// [`TimeError::Zone`] when the database does not hold `name`.
    pub fn of_zone(name: &str) -> Result<Self, TimeError> {
        if name == "UTC" {
            return Ok(Self::utc());
        }
        let zone = TimeZone::get(name).map_err(|_| TimeError::Zone(name.to_owned()))?;
        let offsets = offsets(&zone);
        Ok(Self { zone, name: name.to_owned(), offsets })
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Days since 1970-01-01 and the hour 0..=23, both on the local clock.
    ///
    /// ```
    /// use lapwing_features::{Calendar, Timestamp};
    /// let tokyo = Calendar::of_zone("Asia/Tokyo").unwrap();
    /// assert_eq!(tokyo.day_and_hour(Timestamp(15 * 3_600_000_000)), (1, 0));
    /// ```
    #[must_use]
    pub fn day_and_hour(&self, at: Timestamp) -> (i32, u8) {
        self.clock().day_and_hour(at)
    }

    /// Tells days and hours of many instants.
    pub(crate) fn clock(&self) -> Clock<'_> {
        let utc = self.name == "UTC";
        Clock { calendar: self, from: i64::MIN, to: if utc { i64::MAX } else { i64::MIN }, offset: 0, next: 0 }
    }

    /// The cutoff at `at`: the instant with its local day and month.
    #[must_use]
    pub fn cutoff(&self, at: Timestamp) -> Cutoff {
        let (day, _) = self.day_and_hour(at);
        // Beyond jiff's calendar, which ends with the year 9999, the month is that of 1970-01-01.
        let days = jiff::Span::new().try_days(i64::from(day)).unwrap_or_default();
        let date = Date::constant(1970, 1, 1).saturating_add(days);
        Cutoff { at, day, month: date.month() as u8 }
    }

    /// Reads RFC 3339, a local date and time without offset, or a date (its local midnight).
    ///
    /// # Errors
    /// [`TimeError::Unreadable`] when `text` is none of them.
    ///
    /// ```
    /// use lapwing_features::{Calendar, Timestamp};
    /// let calendar = Calendar::utc();
    /// assert_eq!(calendar.parse("1970-01-02"), Ok(Timestamp(86_400_000_000)));
    /// assert_eq!(calendar.parse("1970-01-02T01:00:00+01:00"), Ok(Timestamp(86_400_000_000)));
    /// assert!(calendar.parse("yesterday").is_err());
    /// ```
    pub fn parse(&self, text: &str) -> Result<Timestamp, TimeError> {
        let text = text.trim();
        // jiff reads past a zone in brackets; what is not honoured is not taken.
        if text.contains('[') {
            return Err(TimeError::Unreadable(text.chars().take(40).collect()));
        }
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Ok(Timestamp(instant.as_microsecond()));
        }
        // A zone-less text in a gap or fold of the clock takes the earlier offset's reading, as jiff's `Compatible` does.
        text.parse::<jiff::civil::DateTime>()
            .ok()
            .and_then(|local| self.zone.to_timestamp(local).ok())
            .map(|instant| Timestamp(instant.as_microsecond()))
            .ok_or_else(|| TimeError::Unreadable(text.chars().take(40).collect()))
    }

    /// The instant that a wall clock here shows as `local`, counted in microseconds since 1970-01-01T00:00:00 without zone.
    #[must_use]
    pub fn local_to_instant(&self, local: i64) -> Timestamp {
        if self.name == "UTC" {
            return Timestamp(local);
        }
        jiff::Timestamp::from_microsecond(local)
            .ok()
            .and_then(|shown| self.zone.to_timestamp(TimeZone::UTC.to_datetime(shown)).ok())
            .map_or(Timestamp(local), |instant| Timestamp(instant.as_microsecond()))
    }

    /// The month of a local day, counted from 1970-01 as days are from its first.
    ///
    /// ```
    /// use lapwing_features::Calendar;
    /// assert_eq!([-1, 0, 31, 366].map(Calendar::month_of_day), [-1, 0, 1, 12]);
    /// ```
    #[must_use]
    pub fn month_of_day(day: i32) -> i32 {
        let days = jiff::Span::new().try_days(i64::from(day)).unwrap_or_default();
        let date = Date::constant(1970, 1, 1).saturating_add(days);
        (i32::from(date.year()) - 1970) * 12 + i32::from(date.month()) - 1
    }

    /// The instant at which local day `day` (days since 1970-01-01) begins.
    #[must_use]
    pub fn start_of_day(&self, day: i32) -> Timestamp {
        self.local_to_instant(i64::from(day) * DAY)
    }
}

/// A calendar that remembers the offset of the last instant, which holds until the next transition.
#[derive(Debug)]
pub(crate) struct Clock<'a> {
    calendar: &'a Calendar,
    from: i64,
    to: i64,
    offset: i64,
    /// Place of the next offset in the calendar's list.
    next: usize,
}

impl Clock<'_> {
    /// See [`Calendar::day_and_hour`].
    #[inline]
    pub(crate) fn day_and_hour(&mut self, at: Timestamp) -> (i32, u8) {
        if at.0 < self.from || at.0 >= self.to {
            self.turn(at);
        }
        let local = at.0.saturating_add(self.offset);
        (local.div_euclid(DAY) as i32, (local.rem_euclid(DAY) / (3_600 * SECOND)) as u8)
    }

    /// Looks the offset of `at` up.
    #[cold]
    fn turn(&mut self, at: Timestamp) {
        let offsets = &self.calendar.offsets;
        // Instants come in order, so the next offset is likely the one.
        let holds =
            |next: usize| offsets.get(next).is_some_and(|(to, _)| at < *to) && offsets[..next].last().is_some_and(|(from, _)| *from <= at);
        let next = if holds(self.next + 1) { self.next + 1 } else { offsets.partition_point(|(from, _)| *from <= at) };
        self.next = next;
        (self.from, self.to, self.offset) = match (offsets[..next].last(), offsets.get(next)) {
            (Some((from, offset)), Some((to, _))) => (from.0, to.0, *offset),
            // Beyond the instants that are taken for dates, each one for itself; UTC beyond the last instant of all.
            _ => (at.0, at.0, offset(&self.calendar.zone, at)),
        };
    }
}

/// The offsets of `zone` from its first transition after [`Timestamp::EARLIEST`] on to [`Timestamp::LATEST`].
fn offsets(zone: &TimeZone) -> Arc<[(Timestamp, i64)]> {
    let begin = (Timestamp::EARLIEST, offset(zone, Timestamp::EARLIEST));
    let earliest = jiff::Timestamp::from_microsecond(Timestamp::EARLIEST.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let turns = zone.following(earliest).map(|turn| Timestamp(turn.timestamp().as_microsecond()));
    let turns = turns.take_while(|at| *at < Timestamp::LATEST).map(|at| (at, offset(zone, at)));
    let end = (Timestamp::LATEST, offset(zone, Timestamp::LATEST));
    std::iter::once(begin).chain(turns).chain([end]).collect()
}

fn offset(zone: &TimeZone, at: Timestamp) -> i64 {
    jiff::Timestamp::from_microsecond(at.0).map_or(0, |instant| i64::from(zone.to_offset(instant).seconds()) * SECOND)
}

/// The instant that divides what is observed from what is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cutoff {
    /// Events strictly before this instant are observed.
    pub at: Timestamp,
    /// Local day of the cutoff, in days since 1970-01-01.
    pub day: i32,
    /// Local month of the cutoff, 1..=12.
    pub month: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_offsets_are_those_of_the_zone() {
        for name in ["UTC", "Europe/London", "America/St_Johns", "Asia/Shanghai", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll"] {
            let calendar = Calendar::of_zone(name).unwrap();
            let mut clock = calendar.clock();
            let years = (-90..340_i64).flat_map(|year| (0..400_i64).map(move |step| year * 365 * DAY + step * (DAY - 7_919_000_003)));
            let turns = calendar.offsets.iter().flat_map(|(at, _)| [at.0 - 1, at.0, at.0 + 1]);
            for at in years.chain(turns).chain([i64::MIN, i64::MAX, Timestamp::EARLIEST.0 - 1, Timestamp::LATEST.0]).map(Timestamp) {
                let local = at.0.saturating_add(offset(&calendar.zone, at));
                let truth = (local.div_euclid(DAY) as i32, (local.rem_euclid(DAY) / (3_600 * SECOND)) as u8);
                assert_eq!(clock.day_and_hour(at), truth, "{name} {at}");
            }
        }
    }
}
