//! One event as bytes: two bytes that tell what follows, the time, then only what was given.
//!
//! | byte | meaning |
//! |---|---|
//! | 0 | bits 0..5 the kind, 5 amount, 6 quantity, 7 whether the kind hangs on the amounts of other rows |
//! | 1 | bit 0 order, 1 line, 2 `known_at`, bits 3..5 and 5..7 how channel and category are written, 7 whether the time is in seconds |
//! | 2..6 or 2..10 | the time since 1970, in seconds if it is whole ones and none before, or else in microseconds, little-endian, as are the eight bytes of each further field |
//!
//! A name is written as nothing, one byte or two (its place in [`Names`]), or its whole token.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::event::{Kind, RawEvent, Token};
use crate::time::Timestamp;

/// The bytes of any event: the longest has all fields.
pub(super) const LONGEST: usize = FLAGS + 8 + 5 * 8 + 2 * 8;
/// The shortest has a time in seconds, and nothing else.
#[cfg(feature = "cluster")]
pub(super) const SHORTEST: usize = FLAGS + 4;
/// The most bytes of a number in front of a record.
pub(super) const NUMBER: usize = 6;
/// The bytes that tell what follows.
const FLAGS: usize = 2;
const KIND: u8 = 0b1_1111;
const AMOUNT: u8 = 1 << 5;
const QUANTITY: u8 = 1 << 6;
const UNDECIDED: u8 = 1 << 7;
const ORDER: u8 = 1;
const LINE: u8 = 1 << 1;
const KNOWN_AT: u8 = 1 << 2;
const CHANNEL_AT: u32 = 3;
const CATEGORY_AT: u32 = 5;
const SECONDS: u8 = 1 << 7;
/// Microseconds.
const SECOND: i64 = 1_000_000;
/// In place of a number, before one that is longer than two bytes.
const LONG: u16 = u16::MAX;
/// Bytes of a name by how it is written.
const WIDTHS: [usize; 4] = [0, 1, 2, 8];

/// Channels and categories by short numbers, shared by all threads. Which number a name gets hangs on who comes first, and is
/// seen nowhere outside.
#[derive(Debug, Default)]
pub(in crate::engine) struct Names(RwLock<Table>);

#[derive(Debug, Default)]
struct Table {
    numbers: HashMap<Token, u16>,
    tokens: Vec<Token>,
    texts: Vec<String>,
    /// Whether tokens are around that are not in here.
    is_partial: bool,
}

impl Names {
    /// How the name `text` is written from now on.
    pub(super) fn code(&self, token: Token, text: &str) -> Code {
        if !token.is_some() {
            return Code::NONE;
        }
        if let Some(number) = self.0.read().unwrap_or_else(PoisonError::into_inner).numbers.get(&token) {
            return Code::numbered(*number);
        }
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = table.numbers.get(&token) {
            return Code::numbered(*number);
        }
        let Ok(number) = u16::try_from(table.tokens.len()) else {
            table.is_partial = true;
            return Code::whole(token);
        };
        table.tokens.push(token);
        table.texts.push(text.to_owned());
        table.numbers.insert(token, number);
        Code::numbered(number)
    }

    /// How a name is written of which only the token is known.
    #[cfg(feature = "cluster")]
    pub(super) fn code_without_name(&self, token: Token) -> Code {
        let code = self.code(token, "");
        self.nameless();
        code
    }

    /// The names by their tokens, and whether there may be others too, which are written whole.
    pub(in crate::engine) fn texts(&self) -> (HashMap<Token, String>, bool) {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (table.tokens.iter().copied().zip(table.texts.iter().cloned()).collect(), table.is_partial)
    }

    /// Told that a token was read without its name.
    pub(in crate::engine) fn nameless(&self) {
        if !self.0.read().unwrap_or_else(PoisonError::into_inner).is_partial {
            self.0.write().unwrap_or_else(PoisonError::into_inner).is_partial = true;
        }
    }

    /// The tokens by their numbers.
    pub(in crate::engine) fn tokens(&self) -> Vec<Token> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).tokens.clone()
    }
}

/// A name as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Code {
    width: u8,
    value: u64,
}

impl Code {
    pub(in crate::engine) const NONE: Self = Self { width: 0, value: 0 };

    /// A token without a number.
    pub(in crate::engine) fn whole(token: Token) -> Self {
        if token.is_some() { Self { width: 3, value: token.bits() } } else { Self::NONE }
    }

    fn numbered(number: u16) -> Self {
        Self { width: if number < 256 { 1 } else { 2 }, value: u64::from(number) }
    }

    /// Whether a name was given.
    pub(in crate::engine) fn is_some(self) -> bool {
        self.width > 0
    }

    /// Its place in [`Names`], unless it is written whole or not given.
    #[cfg(feature = "cluster")]
    pub(super) fn number(self) -> Option<u16> {
        matches!(self.width, 1 | 2).then_some(self.value as u16)
    }

    /// Whether it is not written whole.
    pub(super) fn is_short(self) -> bool {
        self.width < 3
    }
}

/// What is written of an event. Channel and category are those of the codes, not of the event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) event: &'a RawEvent,
    pub(super) channel: Code,
    pub(super) category: Code,
    /// Whether the kind hangs on from when on the data has amounts.
    pub(super) undecided: bool,
}

impl Record<'_> {
    /// Appends the record, in which `number` stands first. Each field goes where it belongs at once: a record that is put together
    /// elsewhere and then moved makes the processor wait until all of it has been written.
    #[inline]
    pub(super) fn write(&self, number: u32, out: &mut Vec<u8>) {
        let RawEvent { ts, known_at, kind, amount, quantity, order, line, .. } = *self.event;
        let flag = |flag: u8, is_given: bool| if is_given { flag } else { 0 };
        let first = kind as u8 | flag(AMOUNT, amount.is_some()) | flag(QUANTITY, quantity.is_some()) | flag(UNDECIDED, self.undecided);
        let numbers = flag(ORDER, order.is_some()) | flag(LINE, line.is_some()) | flag(KNOWN_AT, known_at.is_some());
        let seconds = u32::try_from(ts.0 / SECOND).ok().filter(|seconds| i64::from(*seconds) * SECOND == ts.0);
        let second = numbers | flag(SECONDS, seconds.is_some()) | self.channel.width << CHANNEL_AT | self.category.width << CATEGORY_AT;
        match (u16::try_from(number), seconds) {
            // What most records begin with, at once: each time that bytes are added, the next ones wait.
            (Ok(short), Some(seconds)) if short < LONG => {
                let front = u64::from(short) | u64::from(first) << 16 | u64::from(second) << 24 | u64::from(seconds) << 32;
                out.extend_from_slice(&front.to_le_bytes());
            }
            _ => {
                write_number(number, out);
                out.extend_from_slice(&[first, second]);
                let (time, width) = seconds.map_or((ts.0.cast_unsigned(), 8), |seconds| (seconds.into(), 4));
                write_first(time, width, out);
            }
        }
        let tokens = [order, line].map(|token| token.is_some().then_some(token.bits()));
        // Some have an amount and some have not, which cannot be guessed; of the rest all have it or none.
        write_first(amount.map_or(0, f64::to_bits), if amount.is_some() { 8 } else { 0 }, out);
        let fields = [quantity.map(f64::to_bits), tokens[0], tokens[1], known_at.map(|at| at.0 as u64)];
        fields.into_iter().flatten().for_each(|field| out.extend_from_slice(&field.to_le_bytes()));
        let widths = [self.channel, self.category].map(|code| WIDTHS[usize::from(code.width)]);
        if widths[0].max(widths[1]) <= 2 {
            write_first(self.channel.value | self.category.value << (8 * widths[0]), widths[0] + widths[1], out);
        } else {
            write_first(self.channel.value, widths[0], out);
            write_first(self.category.value, widths[1], out);
        }
    }
}

/// Appends the lowest `width` bytes of a number. All eight are moved, in less time than it takes to ask how many are needed.
#[inline]
fn write_first(number: u64, width: usize, out: &mut Vec<u8>) {
    let end = out.len() + width;
    out.extend_from_slice(&number.to_le_bytes());
    out.truncate(end);
}

/// Appends a number that stands in front of a record: two bytes of most.
#[inline]
pub(super) fn write_number(number: u32, out: &mut Vec<u8>) {
    match u16::try_from(number) {
        Ok(short) if short < LONG => out.extend_from_slice(&short.to_le_bytes()),
        _ => {
            out.extend_from_slice(&LONG.to_le_bytes());
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// The number at the front of a gathered record, and the record; `None` of less.
#[inline]
pub(super) fn numbered(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (short, rest) = bytes.split_first_chunk()?;
    match u16::from_le_bytes(*short) {
        LONG => rest.split_first_chunk().map(|(number, rest)| (u32::from_le_bytes(*number), rest)),
        short => Some((short.into(), rest)),
    }
}

/// How many bytes the record at the front of `bytes` takes.
#[inline]
pub(super) fn length(bytes: &[u8]) -> usize {
    let [first, second, ..] = bytes else { return bytes.len() };
    let numbers = (first & (AMOUNT | QUANTITY)).count_ones() + (second & (ORDER | LINE | KNOWN_AT)).count_ones();
    let time = if second & SECONDS > 0 { 4 } else { 8 };
    FLAGS + time + 8 * numbers as usize + WIDTHS[usize::from(second >> CHANNEL_AT & 3)] + WIDTHS[usize::from(second >> CATEGORY_AT & 3)]
}

/// Reads the record at the front of `bytes`, and tells how many bytes it took; [`RawEvent::kind`] of an undecided one is to be told.
///
/// Bytes that no [`Record`] wrote make some event or other, never a panic.
#[inline]
pub(super) fn read(bytes: &[u8], tokens: &[Token]) -> (RawEvent, bool, usize) {
    let Some(([first, second], rest)) = bytes.split_first_chunk() else {
        return (RawEvent::new(Timestamp(0), Kind::Other, None), false, bytes.len());
    };
    let (first, second, mut reader) = (*first, *second, Reader { bytes: rest });
    let ts = if second & SECONDS > 0 { i64::from(reader.seconds()) * SECOND } else { reader.take(8).cast_signed() };
    let ts = Timestamp(ts);
    let mut given = |flags: u8, flag: u8| (flags & flag > 0).then(|| reader.take(8));
    let amount = given(first, AMOUNT).map(f64::from_bits);
    let quantity = given(first, QUANTITY).map(f64::from_bits);
    let order = given(second, ORDER).map_or(Token::NONE, Token::from_bits);
    let line = given(second, LINE).map_or(Token::NONE, Token::from_bits);
    let known_at = given(second, KNOWN_AT).map(|known_at| Timestamp(known_at.cast_signed()));
    let mut name = |at: u32| match second >> at & 3 {
        0 => Token::NONE,
        3 => Token::from_bits(reader.take(8)),
        width => tokens.get(reader.take(WIDTHS[usize::from(width)]) as usize).copied().unwrap_or(Token::NONE),
    };
    let (channel, category) = (name(CHANNEL_AT), name(CATEGORY_AT));
    let kind = Kind::ALL.get(usize::from(first & KIND)).copied().unwrap_or(Kind::Other);
    let length = bytes.len() - reader.bytes.len();
    (RawEvent { ts, known_at, kind, amount, quantity, order, line, channel, category }, first & UNDECIDED > 0, length)
}

/// Channel and category as `record`, one whole, is written with, and where they begin.
#[cfg(feature = "cluster")]
pub(super) fn names_in(record: &[u8]) -> ([Code; 2], usize) {
    let second = record.get(1).copied().unwrap_or(0);
    let widths = [second >> CHANNEL_AT & 3, second >> CATEGORY_AT & 3];
    let begin = record.len().saturating_sub(widths.iter().map(|width| WIDTHS[usize::from(*width)]).sum());
    let mut reader = Reader { bytes: &record[begin..] };
    (widths.map(|width| Code { width, value: reader.take(WIDTHS[usize::from(width)]) }), begin)
}

/// Appends `record`, one whole, with names as `code` writes them.
#[cfg(feature = "cluster")]
pub(super) fn recode(record: &[u8], code: impl Fn(Code) -> Code, out: &mut Vec<u8>) {
    let (codes, begin) = names_in(record);
    let [channel, category] = codes.map(code);
    let start = out.len();
    out.extend_from_slice(&record[..begin]);
    if let Some(second) = out.get_mut(start + 1) {
        *second = *second & (ORDER | LINE | KNOWN_AT | SECONDS) | channel.width << CHANNEL_AT | category.width << CATEGORY_AT;
    }
    for code in [channel, category] {
        out.extend_from_slice(&code.value.to_le_bytes()[..WIDTHS[usize::from(code.width)]]);
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    /// The next bytes, as many as one of [`WIDTHS`], as a number; 0 when there are fewer.
    #[inline]
    fn take(&mut self, width: usize) -> u64 {
        // Each width by itself: bytes that are first brought together and then read as one number are waited for.
        match width {
            0 => 0,
            1 => self.chunk().map_or(0, u8::from_le_bytes).into(),
            2 => self.chunk().map_or(0, u16::from_le_bytes).into(),
            _ => self.chunk().map_or(0, u64::from_le_bytes),
        }
    }

    #[inline]
    fn seconds(&mut self) -> u32 {
        self.chunk().map_or(0, u32::from_le_bytes)
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*chunk)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = RawEvent> {
        let token = || prop_oneof![Just(Token::NONE), "[a-z]{1,3}".prop_map(|name| Token::of(&name))];
        let number = || proptest::option::of(any::<i32>().prop_map(f64::from));
        let micros = -2_000_000_000_000_000_i64..7_000_000_000_000_000;
        let seconds = prop_oneof![-3..3_i64, 4_294_967_290..4_294_967_300_i64, -2_000_000_000..7_000_000_000_i64];
        let instant = || prop_oneof![micros.clone(), seconds.clone().prop_map(|seconds| seconds * SECOND)].prop_map(Timestamp);
        let places = (token(), token(), token(), token());
        (instant(), proptest::option::of(instant()), 0..Kind::ALL.len(), number(), number(), places).prop_map(
            |(ts, known_at, kind, amount, quantity, (order, line, channel, category))| RawEvent {
                ts,
                known_at,
                kind: Kind::ALL[kind],
                amount,
                quantity,
                order,
                line,
                channel,
                category,
            },
        )
    }

    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0..9_u32, 65_530..65_540_u32, any::<u32>()]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(events in proptest::collection::vec((event(), any::<bool>(), number()), 1..20), filler in 0..70_000_u32) {
            let names = Names::default();
            (0..filler).step_by(97).for_each(|name| { names.code(Token::of(&name.to_string()), ""); });
            let mut bytes = Vec::new();
            for (event, undecided, number) in &events {
                let (channel, category) = (names.code(event.channel, ""), names.code(event.category, ""));
                Record { event, channel, category, undecided: *undecided }.write(*number, &mut bytes);
            }
            let (mut rest, tokens) = (bytes.as_slice(), names.tokens());
            for (event, undecided, number) in &events {
                let (front, record) = numbered(rest).unwrap();
                prop_assert_eq!(front, *number);
                rest = record;
                let (found, open, taken) = read(rest, &tokens);
                prop_assert_eq!((&found, open, taken), (event, *undecided, length(rest)));
                rest = &rest[taken..];
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..LONGEST + 4)) {
            let (_, _, taken) = read(&bytes, &[Token::of("web")]);
            prop_assert!(taken <= bytes.len() && length(&bytes) <= LONGEST.max(bytes.len()));
        }
    }

    #[test]
    fn names_beyond_the_table_are_written_whole() {
        let names = Names::default();
        let tokens: Vec<Token> = (0..70_000).map(|name| Token::of(&name.to_string())).collect();
        let codes: Vec<Code> = tokens.iter().map(|token| names.code(*token, "")).collect();
        assert_eq!([0, 255, 256, 65_535, 65_536].map(|name: usize| codes[name].width), [1, 1, 2, 2, 3]);
        assert_eq!(names.code(tokens[69_999], ""), codes[69_999]);
        assert_eq!(names.code(Token::NONE, ""), Code::NONE);
    }
}
