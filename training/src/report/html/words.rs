//! Numbers as the page writes them.

use lapwing_features::{Calendar, Timestamp, parted};
use lapwing_models::Estimate;
use maud::{Markup, html};

use crate::backtest::schema::Report;
use crate::report::{count, date_of_day};

/// What stands where a number is not known.
pub(super) const NONE: &str = "–";

/// With so many decimals, thousands parted, and a true minus sign; numbers that would fill a line with an exponent.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = if value.abs() >= 1e9 { format!("{value:.1e}") } else { parted(format_args!("{value:.decimals$}")) };
    // Below its last decimal a number has no sign.
    let text = if text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.')) { text.replace('-', "") } else { text };
    text.replace('-', "\u{2212}")
}

/// With a sign, unless it is nothing.
pub(super) fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    let nothing = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value > 0.0 && !nothing { format!("+{text}") } else { text }
}

/// A share: `31.4 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{}\u{a0}%", number(100.0 * share, 1))
}

/// A difference of shares in points of a hundred: `+3.1`.
pub(super) fn points(difference: f64) -> String {
    signed(100.0 * difference, 1)
}

/// How a value and the ends of its interval are written.
pub(super) type Form = fn(f64) -> String;

/// A metric: `0.755`.
pub(super) fn metric(value: f64) -> String {
    number(value, 3)
}

/// A difference of metrics: `+0.055`.
pub(super) fn difference(value: f64) -> String {
    signed(value, 3)
}

/// A lift: `2.4×`.
pub(super) fn times(value: f64) -> String {
    format!("{}×", number(value, 2))
}

/// A cell with the value, and its interval below.
pub(super) fn estimate(found: Option<Estimate>, form: Form) -> Markup {
    html! {
        @match found {
            Some(Estimate { value, low, high }) => { (form(value)) span.interval { (form(low)) " to " (form(high)) } },
            None => (NONE),
        }
    }
}

/// The value and its interval in a sentence.
pub(super) fn told(found: Estimate, form: Form) -> String {
    format!("{} ({} to {})", form(found.value), form(found.low), form(found.high))
}

/// Words in which names stand between back quotes.
pub(super) fn prose(text: &str) -> Markup {
    html! { @for (index, part) in text.split('`').enumerate() { @if index % 2 == 1 { code { (part) } } @else { (part) } } }
}

/// The local day of an instant in RFC 3339, for people.
pub(super) fn day(report: &Report, instant: &str) -> String {
    match local(report, instant) {
        Some((calendar, at)) => date_of_day(calendar.day_and_hour(at).0),
        None => instant.to_owned(),
    }
}

/// The shortest way to write the instant in the report's zone: the day where it is a midnight there.
pub(super) fn short(report: &Report, instant: &str) -> String {
    let midnight = |(calendar, at): &(Calendar, Timestamp)| calendar.start_of_day(calendar.day_and_hour(*at).0) == *at;
    if local(report, instant).as_ref().is_some_and(midnight) { day(report, instant) } else { instant.to_owned() }
}

fn local(report: &Report, instant: &str) -> Option<(Calendar, Timestamp)> {
    let calendar = Calendar::of_zone(&report.setup.timezone).ok()?;
    let at = calendar.parse(instant).ok()?;
    Some((calendar, at))
}

/// `1 cutoff` or `12 cutoffs`.
pub(super) fn several(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([number(0.7554, 3), number(-0.04, 1), number(-2_000.0, 1)], ["0.755", "0.0", "\u{2212}2,000.0"]);
        assert_eq!([number(1e300, 3), number(-1e-12, 3), number(0.0004, 3)], ["1.0e300", "0.000", "0.000"]);
        assert_eq!([signed(0.05, 3), signed(-0.05, 3), signed(0.0, 3), signed(0.0001, 3)], ["+0.050", "\u{2212}0.050", "0.000", "0.000"]);
        assert_eq!([percent(0.314), points(-0.031), times(2.4)], ["31.4\u{a0}%", "\u{2212}3.1", "2.40×"]);
        assert_eq!([several(1, "row", "rows"), several(1_200, "row", "rows")], ["1 row", "1,200 rows"]);
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let mut report = super::super::fixture::report(1, 1);
        report.setup.timezone = "Europe/London".to_owned();
        assert_eq!(day(&report, "2011-06-02T23:00:00Z"), "2011-06-03");
        assert_eq!(short(&report, "2011-06-02T23:00:00Z"), "2011-06-03");
        assert_eq!(short(&report, "2011-06-03T00:00:00Z"), "2011-06-03T00:00:00Z");
        report.setup.timezone = "nowhere".to_owned();
        assert_eq!(day(&report, "2011-06-02T23:00:00Z"), "2011-06-02T23:00:00Z");
    }

    #[test]
    fn an_interval_stands_with_its_value() {
        let found = Estimate { value: 0.755, low: 0.73, high: 0.78 };
        assert_eq!(told(found, metric), "0.755 (0.730 to 0.780)");
        assert_eq!(estimate(Some(found), metric).into_string(), "0.755<span class=\"interval\">0.730 to 0.780</span>");
        assert_eq!(prose("beats `a<b`, by far").into_string(), "beats <code>a&lt;b</code>, by far");
        assert_eq!(estimate(None, metric).into_string(), NONE);
    }
}
