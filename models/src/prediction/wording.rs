//! Numbers in words: each as people write it, by the unit of its feature.

use std::sync::LazyLock;

use lapwing_features::schema::Unit;
use lapwing_features::{FEATURES, Id};

use number::fixed;
pub(crate) use number::number;

mod number;

/// The highest information that is told, in nats: some million things, evenly used.
const MOST_NATS: f64 = 14.0;

/// Below it every form writes its digits out, and differences are exact enough to go by.
const PLAIN: f64 = 1e9;

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

/// The forms of the features.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| (0..FEATURES.len()).map(Form::found).collect());

impl Form {
    fn of(feature: usize) -> Self {
        FORMS.get(feature).copied().unwrap_or(Self::Each)
    }

    fn found(feature: usize) -> Self {
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

    /// Adds `value` to `text`.
    fn write(self, value: f64, text: &mut String) {
        match self {
            Self::Days => days(value, text),
            Self::Count => number(value, 1, text),
            Self::Money if value.abs() < 99.995 && value.fract() != 0.0 => fixed(value, 2, text),
            Self::Money => number(value, 0, text),
            Self::Times => times(value, text),
            Self::Each => number(value, if value.abs() < 10.0 { 2 } else { 1 }, text),
            Self::Percent => percent(value, text),
            Self::Flag => text.push_str(if value >= 0.5 { "has" } else { "has not" }),
            Self::Clock => clock(value, text),
            Self::Things => number(libm::exp(value.clamp(0.0, MOST_NATS)), 1, text),
            Self::Change => change(value, text),
            Self::PointsChange => points_change(value, text),
            Self::Season(first, second) if value >= 0.25 => text.extend(["nearer to ", first, " than to ", second]),
            Self::Season(first, second) if value <= -0.25 => text.extend(["nearer to ", second, " than to ", first]),
            Self::Season(first, second) => text.extend(["as far from ", first, " as from ", second]),
        }
    }

    fn text(self, value: f64) -> String {
        let mut text = String::with_capacity(32);
        self.write(value, &mut text);
        text
    }

    /// Values that lie further apart never read the same while both are below [`PLAIN`].
    fn reach(self) -> f64 {
        match self {
            Self::Days | Self::Count | Self::Money | Self::Times | Self::Each => 1.01,
            Self::Percent => 0.011,
            _ => f64::INFINITY,
        }
    }
}

/// Whether two values of `feature` read the same.
pub(super) fn alike(feature: usize, one: f64, other: f64) -> bool {
    let form = Form::of(feature);
    let apart = (one - other).abs() > form.reach() && one.abs().max(other.abs()) < PLAIN;
    let read_the_same = || {
        let mut text = String::with_capacity(64);
        form.write(one, &mut text);
        let middle = text.len();
        form.write(other, &mut text);
        text[..middle] == text[middle..]
    };
    one == other || !apart && read_the_same()
}

/// A part of a reason text.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Text(&'static str),
    Value,
    Typical,
    /// The first if the customer's own value reads `1`, else the second.
    OneOrMany(&'static str, &'static str),
}

/// The reason texts of the features, with the usual value and without its clause.
static REASONS: LazyLock<Vec<[Vec<Piece>; 2]>> = LazyLock::new(|| {
    let both = |reason: &'static str| [reason, reason.rsplit_once("; ").map_or(reason, |(clause, _)| clause)];
    FEATURES.iter().map(|feature| both(feature.reason).map(pieces)).collect()
});

fn pieces(mut rest: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some((before, (place, after))) = rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?))) {
        pieces.push(Piece::Text(before));
        pieces.push(match (place, place.split_once('|')) {
            ("value", _) => Piece::Value,
            ("typical", _) => Piece::Typical,
            (_, Some((one, many))) => Piece::OneOrMany(one, many),
            (_, None) => Piece::Text(place),
        });
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Adds the reason text of `feature` to `text`, with both places filled and each `{one|many}` chosen by the customer's own value.
/// Without a usual value its clause is left off.
pub(super) fn reason(feature: usize, value: f64, typical: Option<f64>, text: &mut String) {
    let form = Form::of(feature);
    for piece in REASONS.get(feature).map_or(&[][..], |both| &both[usize::from(typical.is_none())]) {
        match piece {
            Piece::Text(words) => text.push_str(words),
            Piece::Value => form.write(value, text),
            Piece::Typical => typical.into_iter().for_each(|typical| form.write(typical, text)),
            Piece::OneOrMany(one, many) => text.push_str(if form.text(value) == "1" { one } else { many }),
        }
    }
}

/// `12 days`, below 10 with one decimal if it has one.
fn days(value: f64, text: &mut String) {
    let first = text.len();
    number(value, usize::from(value.abs() < 10.0), text);
    let unit = if &text[first..] == "1" { " day" } else { " days" };
    text.push_str(unit);
}

/// How long before the cutoff: `12 days ago`, or `in 3 days`.
pub(super) fn ago(value: f64) -> String {
    let days = Form::Days.text(value.abs());
    if value < 0.0 { format!("in {days}") } else { format!("{days} ago") }
}

fn times(value: f64, text: &mut String) {
    match value.abs() {
        size if size >= 10.0 => number(value, 0, text),
        size if size >= 0.995 => fixed(value, 1, text),
        _ => number(value, 2, text),
    }
    text.push_str(" times");
}

/// Whole per cent; what is not nothing is not said to be.
pub(crate) fn percent(share: f64, text: &mut String) {
    if 0.0 < share && share < 0.01 {
        text.push_str("less than 1 %");
    } else {
        number(100.0 * share, 0, text);
        text.push_str(" %");
    }
}

fn clock(hours: f64, text: &mut String) {
    let minutes = (60.0 * hours.rem_euclid(24.0)).round() as u32 % (24 * 60);
    text.push_str(&[minutes / 60, minutes % 60].map(|part| format!("{part:02}")).join(":"));
}

fn change(balance: f64, text: &mut String) {
    if balance >= 1.0 {
        return text.push_str("up from none");
    }
    if balance <= -1.0 {
        return text.push_str("down to none");
    }
    moved(balance, 200.0 * balance.abs() / (1.0 - balance), 0, &[" %"; 2], text);
}

fn points_change(value: f64, text: &mut String) {
    moved(value, value.abs(), 1, &[" point", " points"], text);
}

/// `up 50 %`, or `unchanged` where `much` reads as nothing; the unit is the first for 1, else the second.
fn moved(direction: f64, much: f64, decimals: usize, units: &[&str; 2], text: &mut String) {
    let mut size = String::with_capacity(16);
    number(much, decimals, &mut size);
    match size.as_str() {
        "0" => text.push_str("unchanged"),
        _ => text.extend([if direction > 0.0 { "up " } else { "down " }, &size, units[usize::from(size != "1")]]),
    }
}

#[cfg(test)]
mod tests {
    use lapwing_features::schema::Feature;
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut text = String::new();
        write(&mut text);
        text
    }

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
            assert_eq!(VALUES.map(|value| form.text(value)), texts, "{form:?}");
        }
    }

    #[test]
    fn numbers_between_are_rounded_as_people_do() {
        assert_eq!([151.7, 31.04, 9.96, 0.4].map(|value| Form::Days.text(value)), ["152 days", "31 days", "10 days", "0.4 days"]);
        assert_eq!([0.0, 0.004, 0.354, 0.999].map(|value| Form::Percent.text(value)), ["0 %", "less than 1 %", "35 %", "100 %"]);
        assert_eq!([0.25, 0.999, 2.06, 16.84].map(|value| Form::Times.text(value)), ["0.25 times", "1.0 times", "2.1 times", "17 times"]);
        assert_eq!(
            [-1.0, -1.0 / 3.0, 1e-6, 0.2, 1.0 / 3.0].map(|value| Form::Change.text(value)),
            ["down to none", "down 50 %", "unchanged", "up 50 %", "up 100 %"]
        );
        assert_eq!([4.99, 37.5, 99.999, 2033.1].map(|value| Form::Money.text(value)), ["4.99", "37.50", "100", "2,033"]);
        assert_eq!([23.999, 14.5].map(|value| Form::Clock.text(value)), ["00:00", "14:30"]);
        assert_eq!(
            [(-0.01, 1), (1_234_567.0, 0), (1e90, 0)].map(|(value, decimals)| written(|text| number(value, decimals, text))),
            ["0", "1,234,567", "1.0e90"]
        );
        assert_eq!([ago(12.0), ago(-1.0)], ["12 days ago", "in 1 day"]);
    }

    proptest! {
        #[test]
        fn what_lies_far_apart_does_not_read_the_same(
            one in prop_oneof![-2.0..2.0, -2e3..2e3, any::<f64>()],
            apart in prop_oneof![-0.1..0.1, -3.0..3.0],
        ) {
            let other = one + apart;
            prop_assume!(f64::is_finite(one) && f64::is_finite(other));
            for (feature, Feature { name, .. }) in FEATURES.iter().enumerate() {
                let same = one == other || Form::of(feature).text(one) == Form::of(feature).text(other);
                prop_assert_eq!(alike(feature, one, other), same, "{}: {} and {}", name, one, other);
            }
        }
    }

    #[test]
    fn reasons_read_as_english() {
        let told = |id: Id, value, typical| written(|text| reason(id as usize, value, Some(typical), text));
        assert_eq!(told(Id::days_since_last_purchase, 152.0, 31.0), "152 days since the last purchase; usual is 31 days");
        assert_eq!(told(Id::purchases_count, 1.0, 3.0), "1 purchase so far; usual is 3");
        assert_eq!(told(Id::purchases_count, 1_200.0, 3.0), "1,200 purchases so far; usual is 3");
        assert_eq!(told(Id::one_time_buyer, 1.0, 0.0), "has stopped at one purchase so far; a typical customer has not");
        assert_eq!(told(Id::returned_value_share, 0.39, 0.0), "returned 39 % of what they bought, by value; usual is 0 %");
        assert_eq!(
            told(Id::purchases_90d_change, -1.0 / 3.0, 0.0),
            "purchases in the last 90 days are down 50 % against the 90 before; usual is unchanged"
        );
        assert_eq!(written(|text| reason(Id::spend_sum as usize, 12_345.678, None, text)), "spent 12,346 so far");
    }

    #[test]
    fn every_reason_is_filled_whatever_the_value() {
        for (place, feature) in FEATURES.iter().enumerate() {
            for value in VALUES.into_iter().chain([-1e90, 1e90, f64::MIN_POSITIVE]) {
                for typical in [None, Some(value), Some(1.0)] {
                    let text = written(|text| reason(place, value, typical, text));
                    assert!(!text.is_empty() && !text.contains(['{', '}', '|']) && !text.contains("  "), "{}: {text}", feature.name);
                    assert!(!text.contains("NaN") && !text.contains("inf"), "{}: {text}", feature.name);
                    assert!(value.abs() > 1e9 || text.chars().count() <= 100, "{}: {text}", feature.name);
                }
            }
        }
    }
}
