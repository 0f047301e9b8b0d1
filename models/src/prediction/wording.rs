//! Numbers in words: each as people write it, by the unit of its feature.

use lapwing_features::schema::Unit;
use lapwing_features::{FEATURES, Id};

/// From here on a number is written with an exponent.
const ENDLESS: f64 = 1e15;
/// The highest information that is told, in nats: some million things, evenly used.
const MOST_NATS: f64 = 14.0;

/// How the value of a feature is written. Mostly its unit says so; a ratio may be read in more ways than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `12 days`.
    Days,
    /// `3`, or `1.5` where a window is scaled.
    Count,
    /// `12,346`, below 100 with cents.
    Money,
    /// `2.1 times`.
    Times,
    /// `0.25`: so many for one.
    Each,
    /// `35 %`.
    Percent,
    /// `has` or `has not`.
    Flag,
    /// `14:30`.
    Clock,
    /// So many evenly used things as hold this much information.
    Things,
    /// A difference over a sum, -1 to 1, as what it makes of the earlier number: `down 50 %`.
    Change,
    /// `down 4.5 points`.
    PointsChange,
    /// Nearer to the first month or to the second, which lie half a year apart.
    Season(&'static str, &'static str),
}

impl Form {
    fn of(feature: usize) -> Self {
        let is = |ids: &[Id]| ids.iter().any(|id| *id as usize == feature);
        if is(&[Id::last_purchase_tenure_ratio, Id::gap_days_cv, Id::returned_value_share]) {
            return Self::Percent;
        }
        if is(&[Id::returns_per_purchase_ratio, Id::coupons_per_purchase_ratio]) {
            return Self::Each;
        }
        if is(&[Id::purchases_7d_change, Id::purchases_30d_change, Id::purchases_90d_change])
            || is(&[Id::purchases_180d_change, Id::purchases_365d_change, Id::interactions_30d_change])
        {
            return Self::Change;
        }
        if is(&[Id::survey_points_change]) {
            return Self::PointsChange;
        }
        if is(&[Id::cutoff_month_sin]) {
            return Self::Season("April", "October");
        }
        if is(&[Id::cutoff_month_cos]) {
            return Self::Season("January", "July");
        }
        FEATURES.get(feature).map_or(Self::Each, |feature| Self::of_unit(feature.unit))
    }

    fn of_unit(unit: Unit) -> Self {
        match unit {
            Unit::Days => Self::Days,
            Unit::Count | Unit::Points => Self::Count,
            Unit::Money => Self::Money,
            Unit::Ratio => Self::Times,
            Unit::Share => Self::Percent,
            Unit::Flag => Self::Flag,
            Unit::Nats => Self::Things,
            Unit::Hours => Self::Clock,
        }
    }

    fn write(self, value: f64) -> String {
        match self {
            Self::Days => days(value),
            Self::Count => number(value, 1),
            Self::Money if value.abs() < 99.995 && value.fract() != 0.0 => format!("{value:.2}"),
            Self::Money => number(value, 0),
            Self::Times => times(value),
            Self::Each => number(value, if value.abs() < 10.0 { 2 } else { 1 }),
            Self::Percent => percent(value),
            Self::Flag => if value >= 0.5 { "has" } else { "has not" }.to_owned(),
            Self::Clock => clock(value),
            Self::Things => number(libm::exp(value.clamp(0.0, MOST_NATS)), 1),
            Self::Change => change(value),
            Self::PointsChange => match number(value.abs(), 1).as_str() {
                "0" => "unchanged".to_owned(),
                points => format!("{} {points} {}", direction(value), if points == "1" { "point" } else { "points" }),
            },
            Self::Season(first, second) if value >= 0.25 => format!("nearer to {first} than to {second}"),
            Self::Season(first, second) if value <= -0.25 => format!("nearer to {second} than to {first}"),
            Self::Season(first, second) => format!("as far from {first} as from {second}"),
        }
    }
}

/// Whether two values of `feature` read the same.
pub(super) fn alike(feature: usize, one: f64, other: f64) -> bool {
    let form = Form::of(feature);
    one == other || form.write(one) == form.write(other)
}

/// The reason text of `feature` with both places filled and each `{one|many}` chosen by the customer's own value. Without a
/// usual value its clause is left off.
pub(super) fn reason(feature: usize, value: f64, typical: Option<f64>) -> String {
    let form = Form::of(feature);
    let (value, typical) = (form.write(value), typical.map(|typical| form.write(typical)));
    let mut rest = FEATURES.get(feature).map_or("", |feature| feature.reason);
    if typical.is_none() {
        rest = rest.rsplit_once("; ").map_or(rest, |(clause, _)| clause);
    }
    let mut text = String::with_capacity(2 * rest.len());
    while let Some((before, (place, after))) = rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?))) {
        text.push_str(before);
        text.push_str(match (place, place.split_once('|')) {
            ("value", _) => &value,
            ("typical", _) => typical.as_deref().unwrap_or_default(),
            (_, Some((one, many))) => {
                if value == "1" {
                    one
                } else {
                    many
                }
            }
            (_, None) => place,
        });
        rest = after;
    }
    text + rest
}

/// `12 days`, below 10 with one decimal if it has one.
fn days(value: f64) -> String {
    let number = number(value, usize::from(value.abs() < 10.0));
    let unit = if number == "1" { "day" } else { "days" };
    format!("{number} {unit}")
}

/// How long before the cutoff: `12 days ago`, or `in 3 days`.
pub(super) fn ago(value: f64) -> String {
    if value < 0.0 { format!("in {}", days(-value)) } else { format!("{} ago", days(value)) }
}

fn times(value: f64) -> String {
    match value.abs() {
        size if size >= 10.0 => format!("{} times", number(value, 0)),
        size if size >= 0.995 => format!("{value:.1} times"),
        _ => format!("{} times", number(value, 2)),
    }
}

/// Whole per cent; what is not nothing is not said to be.
fn percent(share: f64) -> String {
    if 0.0 < share && share < 0.01 { "less than 1 %".to_owned() } else { format!("{} %", number(100.0 * share, 0)) }
}

fn clock(hours: f64) -> String {
    let minutes = (60.0 * hours.rem_euclid(24.0)).round() as u32 % (24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn change(balance: f64) -> String {
    if balance >= 1.0 {
        return "up from none".to_owned();
    }
    if balance <= -1.0 {
        return "down to none".to_owned();
    }
    match number(200.0 * balance.abs() / (1.0 - balance), 0).as_str() {
        "0" => "unchanged".to_owned(),
        percent => format!("{} {percent} %", direction(balance)),
    }
}

fn direction(value: f64) -> &'static str {
    if value > 0.0 { "up" } else { "down" }
}

/// With at most so many decimals, without closing zeros, thousands parted by commas.
fn number(value: f64, decimals: usize) -> String {
    if value.abs() >= ENDLESS {
        return format!("{value:.1e}");
    }
    let Some(mut rest) = rounded(value.abs(), decimals) else { return number_of_text(value, decimals) };
    // Filled from the end: below 2^30, with two decimals, a point, three commas and a sign.
    let mut text = [0; 16];
    let mut first = text.len();
    let mut put = |byte: u8| {
        first -= 1;
        text[first] = byte;
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
    std::str::from_utf8(&text[first..]).unwrap_or_default().to_owned()
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
    let mut text = String::new();
    if value < 0.0 && (whole != "0" || !decimals.is_empty()) {
        text.push('-');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !decimals.is_empty() {
        text.push('.');
        text.push_str(decimals);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: [f64; 5] = [0.0, 1.0, 1.5, 12_345.678, -3.0];

    #[test]
    fn each_form_writes_numbers_its_own_way() {
        let table: [(Form, [&str; 5]); 12] = [
            (Form::Days, ["0 days", "1 day", "1.5 days", "12,346 days", "-3 days"]),
            (Form::Count, ["0", "1", "1.5", "12,345.7", "-3"]),
            (Form::Money, ["0", "1", "1.50", "12,346", "-3"]),
            (Form::Times, ["0 times", "1.0 times", "1.5 times", "12,346 times", "-3.0 times"]),
            (Form::Each, ["0", "1", "1.5", "12,345.7", "-3"]),
            (Form::Percent, ["0 %", "100 %", "150 %", "1,234,568 %", "-300 %"]),
            (Form::Flag, ["has not", "has", "has", "has", "has not"]),
            (Form::Clock, ["00:00", "01:00", "01:30", "09:41", "21:00"]),
            (Form::Things, ["1", "2.7", "4.5", "1,202,604.3", "1"]),
            (Form::Change, ["unchanged", "up from none", "up from none", "up from none", "down to none"]),
            (Form::PointsChange, ["unchanged", "up 1 point", "up 1.5 points", "up 12,345.7 points", "down 3 points"]),
            (
                Form::Season("April", "October"),
                [
                    "as far from April as from October",
                    "nearer to April than to October",
                    "nearer to April than to October",
                    "nearer to April than to October",
                    "nearer to October than to April",
                ],
            ),
        ];
        for (form, texts) in table {
            assert_eq!(VALUES.map(|value| form.write(value)), texts, "{form:?}");
        }
    }

    #[test]
    fn numbers_between_are_rounded_as_people_do() {
        assert_eq!([151.7, 31.04, 9.96, 0.4].map(days), ["152 days", "31 days", "10 days", "0.4 days"]);
        assert_eq!([0.0, 0.004, 0.354, 0.999].map(percent), ["0 %", "less than 1 %", "35 %", "100 %"]);
        assert_eq!([0.25, 0.999, 2.06, 16.84].map(times), ["0.25 times", "1.0 times", "2.1 times", "17 times"]);
        assert_eq!([-1.0, -1.0 / 3.0, 1e-6, 0.2, 1.0 / 3.0].map(change), ["down to none", "down 50 %", "unchanged", "up 50 %", "up 100 %"]);
        assert_eq!([4.99, 37.5, 99.999, 2033.1].map(|money| Form::Money.write(money)), ["4.99", "37.50", "100", "2,033"]);
        assert_eq!([23.999, 14.5].map(clock), ["00:00", "14:30"]);
        assert_eq!([number(-0.01, 1), number(1_234_567.0, 0), number(1e90, 0)], ["0", "1,234,567", "1.0e90"]);
        assert_eq!([ago(12.0), ago(-1.0)], ["12 days ago", "in 1 day"]);
    }

    proptest! {
        #[test]
        fn numbers_are_rounded_as_the_standard_library_does_it(
            value in prop_oneof![-2e3..2e3, -2e9..2e9, any::<f64>(), (-4_000_i32..4_000).prop_map(|eighths| f64::from(eighths) / 8.0)],
            decimals in 0_usize..3,
        ) {
            prop_assume!(f64::abs(value) < ENDLESS);
            prop_assert_eq!(number(value, decimals), number_of_text(value, decimals));
        }
    }

    #[test]
    fn reasons_read_as_english() {
        let told = |id: Id, value, typical| reason(id as usize, value, Some(typical));
        assert_eq!(told(Id::days_since_last_purchase, 152.0, 31.0), "152 days since the last purchase; usual is 31 days");
        assert_eq!(told(Id::purchases_count, 1.0, 3.0), "1 purchase so far; usual is 3");
        assert_eq!(told(Id::purchases_count, 1_200.0, 3.0), "1,200 purchases so far; usual is 3");
        assert_eq!(told(Id::one_time_buyer, 1.0, 0.0), "has stopped at one purchase so far; a typical customer has not");
        assert_eq!(told(Id::returned_value_share, 0.39, 0.0), "got back 39 % of what they spent; usual is 0 %");
        assert_eq!(
            told(Id::purchases_90d_change, -1.0 / 3.0, 0.0),
            "purchases in the last 90 days are down 50 % against the 90 before; usual is unchanged"
        );
        assert_eq!(reason(Id::spend_sum as usize, 12_345.678, None), "spent 12,346 so far");
    }

    #[test]
    fn every_reason_is_filled_whatever_the_value() {
        for (place, feature) in FEATURES.iter().enumerate() {
            for value in VALUES.into_iter().chain([-1e90, 1e90, f64::MIN_POSITIVE]) {
                for typical in [None, Some(value), Some(1.0)] {
                    let text = reason(place, value, typical);
                    assert!(!text.is_empty() && !text.contains(['{', '}', '|']) && !text.contains("  "), "{}: {text}", feature.name);
                    assert!(!text.contains("NaN") && !text.contains("inf"), "{}: {text}", feature.name);
                    assert!(value.abs() > 1e9 || text.chars().count() <= 100, "{}: {text}", feature.name);
                }
            }
        }
    }
}
