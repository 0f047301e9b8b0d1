//! Keys as they are compared: what is written in many ways becomes one.

use unicode_normalization::UnicodeNormalization;

/// The fewest digits of a phone number.
const LEAST_DIGITS: usize = 7;
/// The fewest digits of a number that has its country's in front.
const LEAST_NATIONAL: usize = 9;

/// Unicode's compatibility form (NFKC): full-width digits and letters become plain ones.
fn plain(text: &str) -> String {
    text.nfkc().collect::<String>().trim().to_owned()
}

/// An e-mail address in lower case; `None` for what has no `@` with something on both sides.
///
/// ```
/// use lapwing_training::linking::email;
/// assert_eq!(email(" Ann@Example.com "), Some("ann@example.com".to_owned()));
/// assert_eq!(email("none"), None);
/// ```
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = plain(text).to_lowercase();
    text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty()).then_some(text)
}

/// The digits of a phone number with the country's in front; `None` for fewer than seven, and where the last seven are all the same, as
/// of those that stand for none.
///
/// A number that begins with `+` or `00` has them; a `(0)` after them is not dialled. Else a leading 0 is taken off and `prefix`, which
/// may be empty, put in front, unless the number begins with it and is long enough to.
///
/// ```
/// use lapwing_training::linking::phone;
/// let numbers = ["+44 (20) 7946-0018", "+44 (0)20 7946 0018", "0044 20 7946 0018", "020 7946 0018", "442079460018", "０２０ 7946 0018"];
/// assert!(numbers.iter().all(|number| phone(number, "44").as_deref() == Some("442079460018")));
/// assert_eq!((phone("110", "44"), phone("000 000 0000", "44"), phone("+44 9999999999", "44")), (None, None, None));
/// ```
#[must_use]
pub fn phone(text: &str, prefix: &str) -> Option<String> {
    let mut text = plain(text);
    if text.starts_with('+') || text.starts_with("00") {
        text = text.replacen("(0)", "", 1);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let last = digits.as_bytes().rchunks(LEAST_DIGITS).next()?;
    if last.len() < LEAST_DIGITS || last.iter().all(|digit| *digit == last[0]) {
        return None;
    }
    if text.starts_with('+') {
        return Some(digits);
    }
    if let Some(international) = digits.strip_prefix("00") {
        return Some(international.to_owned());
    }
    let has_prefix = !digits.starts_with('0') && digits.starts_with(prefix) && digits.len() >= prefix.len() + LEAST_NATIONAL;
    if has_prefix {
        return Some(digits);
    }
    Some(format!("{prefix}{}", digits.strip_prefix('0').unwrap_or(&digits)))
}

/// An open id as it is, without blanks around it: upper and lower case differ in them.
#[must_use]
pub fn open_id(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The words of a name in lower case and alphabetical order, without signs; `None` for one without a letter.
///
/// ```
/// use lapwing_training::linking::name;
/// assert_eq!(name("O'Brien, Ann"), name("ann OBrien"));
/// assert_eq!(name("-"), None);
/// ```
#[must_use]
pub fn name(text: &str) -> Option<String> {
    let text = plain(text).to_lowercase().replace(['\'', '’', '.'], "");
    let mut words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.iter().any(|word| word.chars().any(char::is_alphabetic)).then(|| words.join(" "))
}
