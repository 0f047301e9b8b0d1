//! Numbers as people write them.

use std::fmt::Display;

/// A number with the thousands of its whole part parted by commas; its decimals, sign and exponent stay as they are written.
///
/// ```
/// use lapwing_features::parted;
/// assert_eq!([parted(999), parted(1_000), parted(-22_190)], ["999", "1,000", "-22,190"]);
/// assert_eq!(parted(format_args!("{:+.1}", 1_234_567.5)), "+1,234,567.5");
/// assert_eq!(parted("1.0e90"), "1.0e90");
/// ```
#[must_use]
pub fn parted(number: impl Display) -> String {
    let text = number.to_string();
    let is_digit = |letter: char| letter.is_ascii_digit();
    let (sign, digits) = text.split_at(text.find(is_digit).unwrap_or(text.len()));
    let (whole, rest) = digits.split_at(digits.find(|letter| !is_digit(letter)).unwrap_or(digits.len()));
    let mut out = String::with_capacity(text.len() + whole.len() / 3);
    out.push_str(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
