//! What `insights` says in a few lines.

use std::path::Path;

use super::{count, percent};
use crate::insights::schema::{Conversion, Insights};

/// The main numbers, and where the rest is.
#[must_use]
pub fn text(found: &Insights, out: &Path) -> String {
    let mut lines = found.input.lines();
    lines.push(format!(
        "{} customers as of {}, purchases known until {}",
        count(found.customers as usize),
        found.as_of,
        found.complete_until
    ));
    lines.extend(found.conversion.iter().map(conversion));
    for of in &found.attribution {
        let best = of.rows.first().filter(|row| row.removal_effect.is_some());
        let best = best.map_or_else(String::new, |row| {
            format!("; most touches: {}, removal effect {:.2}", row.name, row.removal_effect.unwrap_or(0.0))
        });
        lines.push(format!("{} purchases by {}{best}", count(of.purchases as usize), of.by));
    }
    lines.push(format!("tables and `insights.html` are in {}", out.display()));
    lines.join("\n")
}

fn conversion(of: &Conversion) -> String {
    let days = |days: Option<f64>| days.map_or("not known".to_owned(), |days| format!("{days:.0} days"));
    format!(
        "{} to {}: {} of {} ({}), {} still on the way; half of all after: {}",
        of.source,
        of.target,
        count(of.reached as usize),
        count(of.entered as usize),
        percent(of.share.unwrap_or(0.0)),
        count(of.waiting as usize),
        days(of.days_median)
    )
}
