//! Numbers as digits.

use std::fmt::{self, Write};

use lapwing_features::parted;

/// From here on a number is written with an exponent.
const ENDLESS: f64 = 1e15;

fn push(written: fmt::Arguments<'_>, text: &mut String) {
    text.write_fmt(written).unwrap_or_default();
}

/// With so many decimals, as the standard library writes it.
pub(super) fn fixed(value: f64, decimals: usize, text: &mut String) {
    push(format_args!("{value:.decimals$}"), text);
}

/// With at most so many decimals, without closing zeros, thousands parted by commas.
pub(crate) fn number(value: f64, decimals: usize, text: &mut String) {
    if value.abs() >= ENDLESS {
        return push(format_args!("{value:.1e}"), text);
    }
    let Some(mut rest) = rounded(value.abs(), decimals) else { return text.push_str(&number_of_text(value, decimals)) };
    // Filled from the end: below 2^30, with two decimals, a point, three commas and a sign.
    let mut room = [0; 16];
    let mut first = room.len();
    let mut put = |byte: u8| {
        first -= 1;
        room[first] = byte;
    };
    let is_nothing = rest == 0;
    let mut written = false;
    for _ in 0..decimals {
        let digit = (rest % 10) as u8;
        rest /= 10;
        if written || digit != 0 {
            put(b'0' + digit);
            written = true;
        }
    }
    if written {
        put(b'.');
    }
    for place in 0.. {
        if place > 0 && place % 3 == 0 {
            put(b',');
        }
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0.0 && !is_nothing {
        put(b'-');
    }
    text.push_str(std::str::from_utf8(&room[first..]).unwrap_or_default());
}

/// A number not below 0 in units of its last decimal, rounded as the formatting of the standard library does it; `None` where
/// that takes more care, next to the middle between two.
fn rounded(value: f64, decimals: usize) -> Option<u32> {
    /// From here on the product below could be off by more than [`CARE`].
    const MOST: f64 = (1 << 30) as f64;
    const CARE: f64 = 1e-6;
    let units = value * [1.0, 10.0, 100.0].get(decimals)?;
    let part = units.fract();
    (units < MOST && (part - 0.5).abs() > CARE).then(|| units as u32 + u32::from(part > 0.5))
}

/// As [`number`], by the text that the standard library makes.
fn number_of_text(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = decimals.trim_end_matches('0');
    let sign = if value < 0.0 && (whole != "0" || !decimals.is_empty()) { "-" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    parted(format_args!("{sign}{whole}{point}{decimals}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_rounded_as_the_standard_library_does_it(
            value in prop_oneof![-2e3..2e3, -2e9..2e9, any::<f64>(), (-4_000_i32..4_000).prop_map(|eighths| f64::from(eighths) / 8.0)],
            decimals in 0_usize..3,
        ) {
            prop_assume!(f64::abs(value) < ENDLESS);
            let mut text = String::new();
            number(value, decimals, &mut text);
            prop_assert_eq!(text, number_of_text(value, decimals));
        }
    }
}
