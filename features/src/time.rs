//! Instants, the local calendar, and cutoffs.

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
}

impl Calendar {
    /// Days and hours in UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, name: "UTC".to_owned() }
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
        Ok(Self { zone, name: name.to_owned() })
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
        let local = at.0.saturating_add(self.offset(at));
        (local.div_euclid(DAY) as i32, (local.rem_euclid(DAY) / (3_600 * SECOND)) as u8)
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

    /// The instant at which local day `day` (days since 1970-01-01) begins.
    #[must_use]
    pub fn start_of_day(&self, day: i32) -> Timestamp {
        self.local_to_instant(i64::from(day) * DAY)
    }

    fn offset(&self, at: Timestamp) -> i64 {
        if self.name == "UTC" {
            return 0;
        }
        jiff::Timestamp::from_microsecond(at.0).map_or(0, |instant| i64::from(self.zone.to_offset(instant).seconds()) * SECOND)
    }
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
