//! Signs in words.

use super::{Sign, SignReading};
use crate::prediction::wording::number;

/// How a sign is told: `#` is the number, `#d` as days, `#%` as per cent; of `(one|many)` the first stands where it reads as 1.
struct Words {
    value: &'static str,
    normal: &'static str,
    /// What it takes to know.
    takes: &'static str,
}

impl Words {
    fn of(sign: Sign) -> Self {
        let (value, normal, takes) = match sign {
            Sign::Overdue => ("#d since the last purchase", "usual is #d", "a purchase and a usual gap"),
            Sign::MissedCycles => ("no purchase for #d", "the usual gap is #d", "a purchase and a usual gap"),
            Sign::PurchaseRateDrop => ("# (purchase|purchases) in 90 days", "# in the 90 days before", "180 days of purchases"),
            Sign::OrderValueDrop => (
                "the last three orders are worth # on average",
                "those before were worth #",
                "three orders with amounts, and some before them",
            ),
            Sign::SpendDrop => ("# spent in 90 days", "usual is #", "amounts of 90 days and of half the year before"),
            Sign::ActivityDrop => ("# (interaction|interactions) in 30 days", "usual is #", "210 days of interactions"),
            Sign::VisitGapLonger => ("#d between the last visits", "usual is #d", "five days with a visit"),
            Sign::CouponUseDrop => ("# (coupon|coupons) used in 90 days", "# in the 90 days before", "180 days of coupons"),
            Sign::Silent => ("last heard of #d ago", "silent after #d when messages are sent", "messages and interactions of as many days"),
            Sign::Unresponsive => {
                ("# (message|messages) opened or followed in 60 days", "# (was|were) sent", "60 days of messages and answers")
            }
            Sign::ComplaintsUp => {
                ("# (complaint or ticket|complaints and tickets) in 30 days", "usual is #", "210 days of complaints or tickets")
            }
            Sign::LowSatisfaction => ("the last survey score is #", "before it was # on average", "an answer to a survey"),
            Sign::ReturnsUp => {
                ("#% of purchases and returns in 90 days are returns", "before it was #%", "90 days of returns, and purchases before")
            }
            Sign::CartAbandonment => ("# (cart|carts) left in 30 days", "usual is #", "210 days of carts"),
            Sign::BreadthShrinking => ("# (category|categories) in 90 days", "# in the 90 days before", "180 days of categories"),
        };
        Self { value, normal, takes }
    }
}

impl SignReading {
    /// The sign for people to read: the value and what is normal, as far as known, or what it takes to know.
    ///
    /// ```
    /// use lapwing_models::lifecycle::{Sign, SignReading, SignState};
    /// let overdue = SignReading { sign: Sign::Overdue, state: SignState::Raised, value: Some(152.0), normal: Some(60.0) };
    /// assert_eq!(overdue.text(), "152 days since the last purchase; usual is 60 days");
    /// let silent = SignReading { sign: Sign::Silent, state: SignState::Unknown, value: None, normal: None };
    /// assert_eq!(silent.text(), "not known without messages and interactions of as many days");
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        let words = Words::of(self.sign);
        let mut text = String::with_capacity(96);
        match self.value {
            Some(value) => fill(words.value, value, &mut text),
            None => text.extend(["not known without ", words.takes]),
        }
        if let Some(normal) = self.normal {
            text.push_str("; ");
            fill(words.normal, normal, &mut text);
        }
        text
    }
}

/// Writes the template with the number in its place.
fn fill(template: &str, value: f64, text: &mut String) {
    let (before, mut after) = template.split_once('#').unwrap_or((template, ""));
    text.push_str(before);
    let percent = after.starts_with('%');
    let begin = text.len();
    number(if percent { 100.0 * value } else { value }, 1, text);
    let is_one = &text[begin..] == "1";
    if percent {
        text.push(' ');
    } else if let Some(rest) = after.strip_prefix('d') {
        text.push_str(if is_one { " day" } else { " days" });
        after = rest;
    }
    let plural = after.split_once('(').and_then(|(space, rest)| Some((space, rest.split_once('|')?)));
    if let Some((space, (one, rest))) = plural
        && let Some((many, rest)) = rest.split_once(')')
    {
        text.extend([space, if is_one { one } else { many }, rest]);
    } else {
        text.push_str(after);
    }
}

#[cfg(test)]
mod tests {
    use super::super::SignState;
    use super::*;

    #[test]
    fn signs_read_as_english() {
        let read = |sign, value, normal| SignReading { sign, state: SignState::Raised, value: Some(value), normal: Some(normal) }.text();
        assert_eq!(read(Sign::PurchaseRateDrop, 1.0, 4.0), "1 purchase in 90 days; 4 in the 90 days before");
        assert_eq!(read(Sign::VisitGapLonger, 12.0, 1.0), "12 days between the last visits; usual is 1 day");
        assert_eq!(read(Sign::ReturnsUp, 0.5, 0.125), "50 % of purchases and returns in 90 days are returns; before it was 12.5 %");
        assert_eq!(read(Sign::Unresponsive, 0.0, 3.0), "0 messages opened or followed in 60 days; 3 were sent");
        assert_eq!(read(Sign::SpendDrop, 12_345.678, 20_000.0), "12,345.7 spent in 90 days; usual is 20,000");
        let first = SignReading { sign: Sign::LowSatisfaction, state: SignState::Clear, value: Some(9.0), normal: None };
        assert_eq!(first.text(), "the last survey score is 9");
    }

    #[test]
    fn no_text_has_a_mark_left() {
        for sign in Sign::ALL {
            for value in [0.0, 1.0, 2.5, 1e12] {
                for (value, normal) in [(Some(value), Some(value)), (Some(value), None), (None, None)] {
                    let text = SignReading { sign: *sign, state: SignState::Clear, value, normal }.text();
                    assert!(!text.contains(['#', '(', '|', ')']) && !text.ends_with(' '), "{text}");
                }
            }
        }
    }
}
