//! The one way in which nearly every system writes an instant, read in place: `2011-04-07T10:43:00Z`.

use lapwing_features::Timestamp;

const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// Days from 1970-01-01 to the first of March of the year 0, by the rules of today.
const EPOCH: i64 = 719_468;

/// The instant of a text of this form, from 1900 to 2199; `None` for any other text, which the calendar is to read.
#[must_use]
pub(super) fn plain(text: &str) -> Option<Timestamp> {
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z'] = text.as_bytes() else {
        return None;
    };
    let digits = [y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |ten: u8, one: u8| u32::from(ten - b'0') * 10 + u32::from(one - b'0');
    let (year, month, day) = (two(y0, y1) * 100 + two(y2, y3), two(m0, m1), two(d0, d1));
    let (hour, minute, second) = (two(h0, h1), two(n0, n1), two(s0, s1));
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = DAYS.get((month as usize).checked_sub(1)?)? + u32::from(is_leap && month == 2);
    let is_valid = (1_900..2_200).contains(&year) && (1..=length).contains(&day) && hour < 24 && minute < 60 && second < 60;
    is_valid.then(|| {
        // Years begin in March here, so that the leap day is the last one.
        let (from_march, year) = ((month + 9) % 12, i64::from(year) - i64::from(month <= 2));
        let day_of_year = i64::from((153 * from_march + 2) / 5 + day - 1);
        let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - EPOCH;
        Timestamp((days * 86_400 + i64::from(hour * 3_600 + minute * 60 + second)) * 1_000_000)
    })
}

#[cfg(test)]
mod tests {
    use lapwing_features::Calendar;

    use super::*;

    #[test]
    fn it_is_what_the_calendar_reads() {
        let calendar = Calendar::utc();
        let mut read = 0;
        for year in [1899, 1900, 1904, 1970, 1999, 2000, 2011, 2023, 2024, 2100, 2199, 2200] {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let text = format!("{year}-{month:02}-{day:02}T23:59:07Z");
                if let Some(instant) = plain(&text) {
                    assert_eq!(Ok(instant), calendar.parse(&text), "{text}");
                    read += 1;
                } else {
                    let is_out = !(1900..2200).contains(&year);
                    assert!(is_out || calendar.parse(&text).is_err(), "{text}");
                }
            }
        }
        assert_eq!(read, 10 * 365 + 3);
    }

    #[test]
    fn other_forms_are_left_to_the_calendar() {
        for text in [
            "",
            "2011-04-07",
            "2011-04-07T10:43:00",
            "2011-04-07T10:43:60Z",
            "2011-04-07T24:00:00Z",
            "2011-04-07 10:43:00Z",
            "+011-04-07T10:43:00Z",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
