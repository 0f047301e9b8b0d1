//! The events of a customer as bytes, to be kept somewhere and read again: what comes out is what went in, to the bit.
//!
//! | bytes | meaning |
//! |---|---|
//! | 1 | the version of this layout |
//! | 1 | the unit of times in microseconds: 0 for one, 1 for a million |
//! | varint, 8 each | how many names follow, and the hash of each, ascending |
//! | | the events, in the one order that a history has them in |
//!
//! An event is a byte with its kind (bits 0..5), whether `known_at` was given (5) and the form of its amount (6..8), a byte with the form
//! of its quantity (0..2) and whether order, line, channel and category were given (2..6), the time since the event before, then what was
//! given, in this order. Forms are 0 for nothing, 1 for hundredths and 2 for the number as it is. Whole numbers are varints, signed ones
//! with the sign in the lowest bit, names their places among the hashes.

use thiserror::Error;

use crate::builder::sort_key;
use crate::event::{Kind, RawEvent, Token};
use crate::time::Timestamp;

/// Bytes of another version are refused.
const VERSION: u8 = 1;
const MICROS: u8 = 0;
const SECONDS: u8 = 1;
const SECOND: i64 = 1_000_000;
const KIND: u8 = 0b1_1111;
const KNOWN_AT: u8 = 1 << 5;
const AMOUNT_AT: u8 = 6;
const NAMES_AT: u8 = 2;
const HUNDREDTHS: u8 = 1;
const WHOLE: u8 = 2;

/// The bytes are none that [`pack`] made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("kept events are not what this version writes\nhint: publish anew, with `--keep-histories`")]
pub struct PackedError;

/// The events as bytes, which are the same in whatever order they come; afterwards they are sorted.
///
/// ```
/// use lapwing_features::{Kind, RawEvent, Timestamp, packed};
/// let mut events = [9, 4].map(|second| RawEvent::new(Timestamp(second * 1_000_000), Kind::Purchase, Some(12.5)));
/// let bytes = packed::pack(&mut events);
/// let mut found = Vec::new();
/// packed::unpack(&bytes, |event| found.push(event)).unwrap();
/// assert_eq!((found.as_slice(), bytes.len()), (&events[..], 13));
/// ```
#[must_use]
pub fn pack(events: &mut [RawEvent]) -> Vec<u8> {
    events.sort_unstable_by_key(|event| (sort_key(event), event.known_at));
    let is_whole = |at: Timestamp| at.0 % SECOND == 0;
    let seconds = events.iter().all(|event| is_whole(event.ts) && event.known_at.is_none_or(is_whole));
    let mut names: Vec<Token> = events.iter().flat_map(named).filter(|name| name.is_some()).collect();
    names.sort_unstable();
    names.dedup();

    let mut out = vec![VERSION, if seconds { SECONDS } else { MICROS }];
    unsigned(&mut out, names.len() as u64);
    for name in &names {
        out.extend_from_slice(&name.bits().to_le_bytes());
    }
    let unit = if seconds { SECOND } else { 1 };
    let mut before = 0;
    for event in events.iter() {
        let given = named(event).iter().enumerate().fold(0, |given, (at, name)| given | u8::from(name.is_some()) << at);
        let known_at = if event.known_at.is_some() { KNOWN_AT } else { 0 };
        out.push(event.kind as u8 | known_at | form(event.amount) << AMOUNT_AT);
        out.push(form(event.quantity) | given << NAMES_AT);
        let ts = event.ts.0 / unit;
        signed(&mut out, ts.wrapping_sub(before));
        before = ts;
        if let Some(known_at) = event.known_at {
            signed(&mut out, (known_at.0 / unit).wrapping_sub(ts));
        }
        for number in [event.amount, event.quantity].into_iter().flatten() {
            match hundredths(number) {
                Some(hundredths) => signed(&mut out, hundredths),
                None => out.extend_from_slice(&number.to_bits().to_le_bytes()),
            }
        }
        for place in named(event).into_iter().filter_map(|name| names.binary_search(&name).ok()) {
            unsigned(&mut out, place as u64);
        }
    }
    out
}

/// Hands over each event that was packed.
///
/// # Errors
/// [`PackedError`] when the bytes are not what [`pack`] made; then some events may have been handed over.
pub fn unpack(bytes: &[u8], mut take: impl FnMut(RawEvent)) -> Result<(), PackedError> {
    let mut bytes = Bytes(bytes);
    let unit = match [bytes.byte()?, bytes.byte()?] {
        [VERSION, MICROS] => 1,
        [VERSION, SECONDS] => SECOND,
        _ => return Err(PackedError),
    };
    let count = usize::try_from(bytes.unsigned()?).map_err(|_| PackedError)?;
    let mut names = Vec::with_capacity(count.min(bytes.0.len() / 8));
    for _ in 0..count {
        names.push(Token::from_bits(bytes.eight()?));
    }
    let instant = |units: i64| units.checked_mul(unit).map(Timestamp).ok_or(PackedError);
    let mut before = 0_i64;
    while !bytes.0.is_empty() {
        let [first, second] = [bytes.byte()?, bytes.byte()?];
        let kind = Kind::ALL.get(usize::from(first & KIND)).copied().ok_or(PackedError)?;
        let ts = before.wrapping_add(bytes.signed()?);
        before = ts;
        let known_at = if first & KNOWN_AT > 0 { Some(instant(ts.wrapping_add(bytes.signed()?))?) } else { None };
        let (amount, quantity) = (bytes.number(first >> AMOUNT_AT)?, bytes.number(second)?);
        let mut event = RawEvent { known_at, quantity, ..RawEvent::new(instant(ts)?, kind, amount) };
        let places = [&mut event.order, &mut event.line, &mut event.channel, &mut event.category];
        for (_, name) in places.into_iter().enumerate().filter(|(at, _)| second >> NAMES_AT >> at & 1 > 0) {
            let place = usize::try_from(bytes.unsigned()?).map_err(|_| PackedError)?;
            *name = *names.get(place).ok_or(PackedError)?;
        }
        take(event);
    }
    Ok(())
}

fn named(event: &RawEvent) -> [Token; 4] {
    [event.order, event.line, event.channel, event.category]
}

/// A number in hundredths, where that says all of it: most amounts are money, and most quantities whole.
fn hundredths(number: f64) -> Option<i64> {
    let whole = (number * 100.0).round() as i64;
    (whole.unsigned_abs() < 1 << 53 && (whole as f64 / 100.0).to_bits() == number.to_bits()).then_some(whole)
}

fn form(number: Option<f64>) -> u8 {
    number.map_or(0, |number| if hundredths(number).is_some() { HUNDREDTHS } else { WHOLE })
}

fn unsigned(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn signed(out: &mut Vec<u8>, number: i64) {
    unsigned(out, (number << 1 ^ number >> 63).cast_unsigned());
}

/// What is not read yet.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> Result<u8, PackedError> {
        let (byte, rest) = self.0.split_first().ok_or(PackedError)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn eight(&mut self) -> Result<u64, PackedError> {
        let (eight, rest) = self.0.split_first_chunk().ok_or(PackedError)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*eight))
    }

    fn unsigned(&mut self) -> Result<u64, PackedError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(PackedError)
    }

    fn signed(&mut self) -> Result<i64, PackedError> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A number in the form that the lowest two bits say.
    fn number(&mut self, form: u8) -> Result<Option<f64>, PackedError> {
        let number = match form & 0b11 {
            0 => return Ok(None),
            HUNDREDTHS => self.signed()? as f64 / 100.0,
            WHOLE => f64::from_bits(self.eight()?),
            _ => return Err(PackedError),
        };
        if number.is_finite() { Ok(Some(number)) } else { Err(PackedError) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = RawEvent> {
        let name = || prop_oneof![Just(Token::NONE), "[a-z]{1,2}".prop_map(|name| Token::of(&name))];
        let money = any::<i32>().prop_map(|cents| f64::from(cents) / 100.0);
        let other = any::<f64>().prop_filter("finite", |number| number.is_finite());
        let number = || prop::option::of(prop_oneof![money.clone(), other.clone(), Just(-0.0), Just(0.1 + 0.2)]);
        let instant = || prop_oneof![(-9_000..9_000_i64).prop_map(|at| at * SECOND), -2_200_000_000_000_000..7_300_000_000_000_000_i64];
        (instant(), prop::option::of(instant()), 0..Kind::ALL.len(), number(), number(), (name(), name(), name(), name())).prop_map(
            |(ts, known_at, kind, amount, quantity, (order, line, channel, category))| RawEvent {
                known_at: known_at.map(Timestamp),
                quantity,
                order,
                line,
                channel,
                category,
                ..RawEvent::new(Timestamp(ts), Kind::ALL[kind], amount)
            },
        )
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<RawEvent>, PackedError> {
        let mut found = Vec::new();
        unpack(bytes, |event| found.push(event)).map(|()| found)
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_to_the_bit(mut events in prop::collection::vec(event(), 0..30)) {
            let bits = |events: &[RawEvent]| events.iter().map(|event| event.amount.map(f64::to_bits)).collect::<Vec<_>>();
            let mut turned: Vec<RawEvent> = events.iter().rev().copied().collect();
            let bytes = pack(&mut events);
            prop_assert_eq!(&bytes, &pack(&mut turned), "whatever order they came in");
            let found = unpacked(&bytes).unwrap();
            prop_assert_eq!(bits(&found), bits(&events));
            prop_assert_eq!(found, events);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = unpacked(&bytes);
            let _ = unpacked(&[&[VERSION, MICROS][..], &bytes].concat());
        }
    }

    #[test]
    fn bytes_that_are_cut_or_of_another_version_are_refused() {
        let name = Token::of("a");
        let mut events = [RawEvent { order: name, category: name, ..RawEvent::new(Timestamp(1), Kind::Return, Some(0.3 - 0.1)) }];
        let bytes = pack(&mut events);
        // Cut before its event, there is none.
        let whole = (0..=bytes.len()).filter(|end| unpacked(&bytes[..*end]).is_ok()).collect::<Vec<_>>();
        assert_eq!(whole, [11, bytes.len()]);
        let other = [&[VERSION + 1], &bytes[1..]].concat();
        assert_eq!((unpacked(&other), unpacked(&[])), (Err(PackedError), Err(PackedError)));
    }

    #[test]
    fn what_was_kept_by_an_older_build_is_read_by_this_one() {
        let name = Token::from_bits(0x0102_0304_0506_0708);
        let bytes = [1, 1, 1, 8, 7, 6, 5, 4, 3, 2, 1, 0x60, 0b1_0001, 8, 2, 0xd0, 0x0f, 0xc8, 0x01, 0];
        let at = Timestamp(4 * SECOND);
        let known_at = Some(Timestamp(5 * SECOND));
        let event = RawEvent { known_at, quantity: Some(1.0), channel: name, ..RawEvent::new(at, Kind::Purchase, Some(10.0)) };
        assert_eq!(unpacked(&bytes), Ok(vec![event]));
        assert_eq!(pack(&mut [event]), bytes);
        // The places of kinds in their list are what is kept.
        assert_eq!([0, 1, 8, 16].map(|place: usize| Kind::ALL[place].name()), ["purchase", "return", "message_sent", "other"]);
    }
}
