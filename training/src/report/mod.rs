//! What people and programs are told: the only place that prints. Its parts make text, one file a kind of result.

pub mod backtest;
pub mod demo;
pub mod fit;
pub mod html;
pub mod insights;
pub mod judge;
pub mod promote;
pub mod proof;
pub mod uplift;

use std::io::{ErrorKind, IsTerminal, Write};

use lapwing_features::{Timestamp, parted};
use lapwing_models::Estimate;
use serde::Serialize;

use crate::error::TrainError;

/// Columns that a screen has.
pub const WIDTH: usize = 100;

const DAY: i64 = 86_400_000_000;

/// Says `text` to whoever looks on, on stderr.
pub fn say(text: &str) {
    // If nobody can be told, nobody can be told that either.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints a result for people on stdout.
///
/// # Errors
/// [`TrainError::Stdout`] when stdout does not take it; a pipe that the reader closed is no error.
pub fn screen(text: &str) -> Result<(), TrainError> {
    match put(text.trim_end()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(TrainError::Stdout(error)),
        _ => Ok(()),
    }
}

fn put(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush())
}

/// Prints the result as one line of JSON on stdout.
///
/// # Errors
/// [`TrainError::Stdout`] when stdout does not take it.
pub fn result(result: &impl Serialize) -> Result<(), TrainError> {
    let line = serde_json::to_string(result).map_err(|error| TrainError::Fault(format!("the result is no JSON: {error}")))?;
    put(&line).map_err(TrainError::Stdout)
}

/// Whether a screen may have colours: on a terminal, unless `NO_COLOR` is set.
#[must_use]
pub fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The date of an instant that is a midnight in UTC, else its time too.
#[must_use]
pub fn date(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
}

/// The date of a day counted from 1970-01-01.
#[must_use]
pub fn date_of_day(day: i32) -> String {
    date(Timestamp(i64::from(day) * DAY))
}

/// A whole number with its thousands parted.
#[must_use]
pub fn count(number: usize) -> String {
    parted(number)
}

/// A share in whole per cent.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// `0.755 (0.731-0.779)`, or `-` when there is none.
#[must_use]
pub fn estimate(found: Option<Estimate>, decimals: usize) -> String {
    found.map_or("-".to_owned(), |e| format!("{:.decimals$} ({:.decimals$}-{:.decimals$})", e.value, e.low, e.high))
}

/// `text` broken between words into lines of at most `width` characters, each after the first indented; a word that is longer
/// stands alone.
#[must_use]
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(indent);
            column = indent.chars().count();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// A sentence two columns in, what does not fit below it.
#[must_use]
pub fn indented(sentence: &str) -> String {
    format!("  {}", wrapped(sentence, WIDTH - 2, "    "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_written_for_people() {
        assert_eq!([count(0), count(999), count(1_000), count(22_190), count(1_234_567)], ["0", "999", "1,000", "22,190", "1,234,567"]);
        assert_eq!(percent(0.314), "31 %");
        assert_eq!(date_of_day(1), "1970-01-02");
        assert_eq!(date(Timestamp(1_000_000)), "1970-01-01T00:00:01Z");
        assert_eq!(estimate(Some(Estimate { value: 0.7554, low: 0.73, high: 0.78 }), 3), "0.755 (0.730-0.780)");
        assert_eq!(estimate(None, 3), "-");
    }

    #[test]
    fn long_text_is_broken_between_words() {
        assert_eq!(wrapped("one two three four", 9, "  "), "one two\n  three\n  four");
        assert_eq!(wrapped("unbreakable", 4, "  "), "unbreakable");
    }
}
