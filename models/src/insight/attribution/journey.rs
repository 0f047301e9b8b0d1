//! Journeys: the touches of a customer, parted where they led to a purchase or to none.

use lapwing_features::{Kind, Observed, Timestamp, Token};

use crate::exact::Exact;

/// How a journey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In a purchase of this worth; of nothing where no amount is known.
    Purchase(Exact),
    /// In none: nothing was bought within the window after its last touch.
    Nothing,
    /// It has not: the window after its last touch is not over.
    Open,
}

/// Shows each journey of what is observed, the touches oldest first, and how it ended.
///
/// A touch is an interaction of the customer's own that names a channel; a message that was sent is none, nor is the purchase
/// itself. A purchase ends the journey of the touches after the purchase before, as far as they lie at most `window_days` days
/// before it; it is shown without touches where there are none. Touches that are older, and those after the last purchase, make
/// journeys that ended in nothing, a new one wherever nothing was heard for longer than the window. The lines of an order are one
/// purchase, at the time of the first; returns are not taken off.
pub fn journeys(observed: &Observed<'_>, window_days: u32, mut show: impl FnMut(&[Token], End)) {
    let window = i64::from(window_days);
    let is_touch = |kind: Kind| kind.is_interaction();
    let touches: Vec<(Timestamp, Token)> =
        observed.events().filter(|event| is_touch(event.kind) && event.channel.is_some()).map(|event| (event.ts, event.channel)).collect();
    let names: Vec<Token> = touches.iter().map(|(_, name)| *name).collect();
    let mut begin = 0;
    for (ts, amount) in purchases(observed) {
        // What happened at the instant of the purchase may have led to it: many data tell days alone.
        let end = begin + touches[begin..].partition_point(|(touch, _)| *touch <= ts);
        let led = begin + touches[begin..end].partition_point(|(touch, _)| touch.plus_days(window) < ts);
        failures(&touches[begin..led], window, |failed| show(&names[begin..][failed], End::Nothing));
        show(&names[led..end], End::Purchase(amount));
        begin = end;
    }
    let rest = &touches[begin..];
    failures(rest, window, |failed| {
        let is_open = failed.end == rest.len() && rest[failed.end - 1].0.plus_days(window) >= observed.cutoff().at;
        show(&names[begin..][failed], if is_open { End::Open } else { End::Nothing });
    });
}

/// Parts touches wherever nothing was heard for longer than `window` days.
fn failures(touches: &[(Timestamp, Token)], window: i64, mut show: impl FnMut(std::ops::Range<usize>)) {
    let mut begin = 0;
    for part in touches.chunk_by(|one, next| next.0 <= one.0.plus_days(window)) {
        show(begin..begin + part.len());
        begin += part.len();
    }
}

/// When each purchase happened and what all its lines were worth.
fn purchases(observed: &Observed<'_>) -> Vec<(Timestamp, Exact)> {
    let mut lines: Vec<Exact> = Vec::new();
    for line in observed.events().filter(|event| event.kind == Kind::Purchase && event.order != lapwing_features::Event::NO_ORDER) {
        let order = line.order as usize;
        if lines.len() <= order {
            lines.resize(order + 1, Exact::default());
        }
        lines[order] += Exact::of(line.amount);
    }
    let worth = |order: u32, amount: f64| lines.get(order as usize).copied().unwrap_or_else(|| Exact::of(amount));
    observed.purchases().map(|purchase| (purchase.ts, worth(purchase.order, purchase.amount))).collect()
}
