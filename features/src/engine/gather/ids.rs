//! Customers by their ids, numbered within buckets.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::engine::canonical::texts::Texts;
use crate::event::Token;

/// How many parts the customers fall into: by the first bits of a hash of their ids.
pub(in crate::engine) const BUCKETS: usize = 256;

/// The bucket of a customer whose id has this hash.
pub(in crate::engine) fn bucket_of(hash: u64) -> usize {
    (hash >> 56) as usize
}

/// The hash that customers are spread and sorted by: the same on every machine and in every version.
pub(in crate::engine) fn hash_of(id: &str) -> u64 {
    Token::of(id).bits()
}

/// Where a customer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bucket: u32,
    /// Within the bucket, in the order of their first events.
    pub(super) number: u32,
}

/// An id of at most twelve bytes as one number: its length, then its bytes. Arrow's views of short texts are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct ShortKey(u128);

impl std::hash::Hash for ShortKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.mixed());
    }
}

impl ShortKey {
    /// The key of a view, unless the text is too long for one.
    pub(in crate::engine) fn of_view(view: u128) -> Option<Self> {
        (view as u32 <= 12).then_some(Self(view))
    }

    /// A number below [`NEAR`]: less mixed, for a few keys.
    #[inline]
    fn spot(self) -> usize {
        let (low, high) = (self.0 as u64, (self.0 >> 64) as u64);
        let sum = low.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(high.wrapping_mul(0xe703_7ed1_a0b4_28db));
        (sum >> (64 - NEAR.trailing_zeros())) as usize
    }

    /// Its halves, mixed by a wide product. Keys are the user's own data; where they all collide it is slow, not wrong.
    #[inline]
    fn mixed(self) -> u64 {
        let (low, high) = (self.0 as u64 ^ 0x9e37_79b9_7f4a_7c15, (self.0 >> 64) as u64 ^ 0xe703_7ed1_a0b4_28db);
        let product = u128::from(low) * u128::from(high.rotate_left(29) ^ low.rotate_left(32));
        product as u64 ^ (product >> 64) as u64 ^ high.wrapping_mul(0xa076_1d64_78bd_642f)
    }

    fn of(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes.get_mut(4..4 + text.len())?.copy_from_slice(text.as_bytes());
        bytes[0] = text.len() as u8;
        Some(Self(u128::from_le_bytes(bytes)))
    }
}

/// Takes the hash that a key brings along.
#[derive(Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = self.0.rotate_left(5) ^ hash;
    }
}

type ByKey<T> = HashMap<ShortKey, T, BuildHasherDefault<Mixer>>;

/// Values by short text.
pub(in crate::engine) struct ShortMap<T> {
    all: ByKey<T>,
    /// Where a key is looked for first, by its [spot](ShortKey::spot): of few keys nearly all are there.
    near: Box<[Option<(ShortKey, T)>; NEAR]>,
}

/// A power of two.
const NEAR: usize = 128;

impl<T: Copy> Default for ShortMap<T> {
    fn default() -> Self {
        Self { all: ByKey::default(), near: Box::new([None; NEAR]) }
    }
}

impl<T: Copy> ShortMap<T> {
    #[inline]
    pub(in crate::engine) fn get(&self, key: ShortKey) -> Option<T> {
        self.near(key).or_else(|| self.all.get(&key).copied())
    }

    #[inline]
    fn near(&self, key: ShortKey) -> Option<T> {
        self.near[key.spot()].filter(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// What is found at first sight for each of the texts; a look-up by itself may find more.
    pub(in crate::engine) fn near_all(&self, texts: &Texts, found: &mut Vec<Option<T>>) {
        let near = |key: Option<ShortKey>| key.and_then(|key| self.near(key));
        found.clear();
        match texts.views() {
            Some(views) => found.extend(views.iter().map(|view| near(ShortKey::of_view(*view)))),
            None => found.extend((0..texts.len()).map(|row| near(texts.short(row)))),
        }
    }

    pub(in crate::engine) fn insert(&mut self, key: ShortKey, value: T) {
        self.near[key.spot()] = Some((key, value));
        self.all.insert(key, value);
    }
}

/// Places by short ids. One look-up touches one line of memory, and those of a batch do not wait for each other.
struct PlaceTable {
    /// A power of two of them.
    slots: Vec<Slot>,
    taken: usize,
}

/// A [`ShortKey`], the length in which takes four bits of 32, with the place in the bits that are left.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Slot {
    low: u64,
    high: u64,
}

/// What a look-up found: the bucket, then the number, in [`NUMBER_BITS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found(u32);

/// Rows whose first slots are fetched at once.
const TOGETHER: usize = 64;

/// Bits of a slot below the place: those of the length.
const LENGTH_BITS: u32 = 4;
/// Bits that a number has within a bucket; what is above is not kept in slots.
const NUMBER_BITS: u32 = 32 - LENGTH_BITS - BUCKETS.trailing_zeros();

impl Found {
    const NOTHING: Self = Self(u32::MAX >> LENGTH_BITS);

    /// `None` when the number is too large.
    fn of(place: Place) -> Option<Self> {
        (place.number < (1 << NUMBER_BITS) - 1).then_some(Self(place.bucket << NUMBER_BITS | place.number))
    }

    pub(super) fn place(self) -> Option<Place> {
        (self != Self::NOTHING).then_some(Place { bucket: self.0 >> NUMBER_BITS, number: self.0 & ((1 << NUMBER_BITS) - 1) })
    }
}

impl Default for PlaceTable {
    fn default() -> Self {
        Self { slots: vec![Slot::EMPTY; 1_024], taken: 0 }
    }
}

impl Slot {
    const EMPTY: Self = Self { low: Self::PLACE, high: 0 };
    const PLACE: u64 = (Found::NOTHING.0 as u64) << LENGTH_BITS;

    fn new(key: ShortKey, found: Found) -> Self {
        Self { low: key.0 as u64 | u64::from(found.0) << LENGTH_BITS, high: (key.0 >> 64) as u64 }
    }

    #[inline]
    fn found(self) -> Found {
        Found((self.low as u32) >> LENGTH_BITS)
    }

    fn key(self) -> ShortKey {
        ShortKey(u128::from(self.low & !Self::PLACE) | u128::from(self.high) << 64)
    }
}

impl PlaceTable {
    #[inline]
    fn find(&self, key: ShortKey) -> Found {
        let home = self.home(key);
        self.follow(key, home, self.slots[home])
    }

    /// Where a look-up begins.
    #[inline]
    fn home(&self, key: ShortKey) -> usize {
        key.mixed() as usize & (self.slots.len() - 1)
    }

    /// Finds a key of which the home, and the slot there, are at hand.
    #[inline]
    fn follow(&self, key: ShortKey, home: usize, first: Slot) -> Found {
        let (mut slot, mut at) = (first, home);
        while slot.key() != key && slot.found() != Found::NOTHING {
            at = (at + 1) & (self.slots.len() - 1);
            slot = self.slots[at];
        }
        slot.found()
    }

    /// Adds a key that is not there.
    fn insert(&mut self, key: ShortKey, found: Found) {
        // At three quarters full, a look-up takes two and a half steps on average.
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            let bigger = vec![Slot::EMPTY; self.slots.len() * 2];
            for slot in std::mem::replace(&mut self.slots, bigger).into_iter().filter(|slot| slot.found() != Found::NOTHING) {
                self.put(slot);
            }
        }
        self.put(Slot::new(key, found));
        self.taken += 1;
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.key());
        while self.slots[at].found() != Found::NOTHING {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }
}

/// The customers of one task.
#[derive(Default)]
pub(super) struct Ids {
    short: PlaceTable,
    /// Of ids that are not short, and of numbers that are not small.
    long: HashMap<Box<str>, Place>,
    long_bytes: usize,
}

impl Ids {
    /// The customer of a short id, when it was met before.
    #[inline]
    pub(super) fn known(&self, key: ShortKey) -> Found {
        self.short.find(key)
    }

    /// The customers of so many rows, as [`known`](Self::known) tells; nothing for ids that are not short.
    pub(super) fn known_of(&self, rows: usize, key: impl Fn(usize) -> Option<ShortKey>, found: &mut Vec<Found>) {
        found.clear();
        for begin in (0..rows).step_by(TOGETHER) {
            let homes: [usize; TOGETHER] = std::array::from_fn(|place| {
                let key = Some(begin + place).filter(|row| *row < rows).and_then(&key);
                key.map_or(0, |key| self.short.home(key))
            });
            // No step hangs on what is read here, and there is nothing else to do: so that all of it is fetched at once.
            let first = homes.map(|home| self.short.slots[home]);
            let rows = begin..rows.min(begin + TOGETHER);
            let first = homes.into_iter().zip(first);
            found.extend(
                rows.zip(first).map(|(row, (home, first))| key(row).map_or(Found::NOTHING, |key| self.short.follow(key, home, first))),
            );
        }
    }

    /// The customer of this id; one that is new is given the next number of its bucket by `enter`.
    pub(super) fn place(&mut self, id: &str, enter: impl FnOnce(u64) -> Place) -> Place {
        let key = ShortKey::of(id);
        let short = key.and_then(|key| self.short.find(key).place());
        if let Some(place) = short.or_else(|| self.long.get(id).copied()) {
            return place;
        }
        let place = enter(hash_of(id));
        if let (Some(key), Some(found)) = (key, Found::of(place)) {
            self.short.insert(key, found);
        } else {
            self.long.insert(id.into(), place);
            self.long_bytes += id.len() + 48;
        }
        place
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.short.slots.len() * size_of::<Slot>() + self.long_bytes
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringViewArray};

    use super::*;
    use crate::engine::canonical::texts::read;

    #[test]
    fn a_view_and_its_text_have_one_key() {
        let texts = ["", "7", "C000000001", "zwölfbytes!", "thirteenbytes"];
        let views = StringViewArray::from(texts.to_vec());
        for (text, view) in texts.iter().zip(views.views()) {
            let keys = (ShortKey::of(text), ShortKey::of_view(*view));
            assert!(keys.0 == keys.1, "{text}");
            assert_eq!(keys.0.is_some(), text.len() <= 12, "{text}");
        }
    }

    #[test]
    fn short_texts_keep_their_values_though_they_share_spots() {
        let short: Vec<String> = (0..1_000).map(|number| format!("n{number}")).collect();
        let mut map = ShortMap::default();
        for (number, text) in short.iter().enumerate() {
            map.insert(ShortKey::of(text).unwrap(), number);
        }
        for (number, text) in short.iter().enumerate() {
            assert_eq!(map.get(ShortKey::of(text).unwrap()), Some(number), "{text}");
        }
        assert_eq!(map.get(ShortKey::of("n1000").unwrap()), None);
        // With and without rows that have no text.
        for none in [None, Some("n1000")] {
            let all = short.iter().map(|text| Some(text.as_str())).chain([none, Some("thirteenbytes")]);
            let column: ArrayRef = Arc::new(all.collect::<StringViewArray>());
            let mut found = Vec::new();
            map.near_all(&read(&column, false).unwrap(), &mut found);
            assert_eq!((found.len(), &found[1_000..]), (1_002, &[None, None][..]));
            let near = found.iter().enumerate().filter_map(|(number, value)| value.map(|value| (number, value)));
            assert!(near.clone().all(|(number, value)| number == value));
            assert!(near.count() > NEAR / 4, "few are found at first sight");
        }
    }

    #[test]
    fn ids_are_known_together_as_they_are_alone() {
        let mut ids = Ids::default();
        let known = (0..2_000).step_by(2);
        for number in known {
            ids.place(&format!("c{number}"), |hash| Place { bucket: bucket_of(hash) as u32, number });
        }
        for rows in [0, 1, 63, 64, 65, 130] {
            // Every other one was met, and every tenth is not short.
            let key = |row: usize| (row % 10 < 9).then(|| ShortKey::of(&format!("c{row}"))).flatten();
            let mut found = vec![Found::NOTHING; 7];
            ids.known_of(rows, key, &mut found);
            let alone = |row: usize| key(row).map_or(Found::NOTHING, |key| ids.known(key));
            assert_eq!(found, (0..rows).map(alone).collect::<Vec<_>>());
            assert_eq!(found.iter().filter(|found| found.place().is_some()).count(), rows.div_ceil(2));
        }
    }

    #[test]
    fn an_id_keeps_its_place() {
        let mut ids = Ids::default();
        let mut number = 0;
        for round in 0..2 {
            for id in ["a", "b", "an id that is longer than twelve bytes", "another id that is longer than that"] {
                let place = ids.place(id, |hash| {
                    assert_eq!((hash, round), (hash_of(id), 0));
                    number += 1;
                    Place { bucket: bucket_of(hash) as u32, number }
                });
                assert_eq!(ids.place(id, |_| unreachable!()), place);
            }
        }
        assert_eq!(number, 4);
    }

    #[test]
    fn any_number_and_any_short_id_keeps_its_place() {
        let texts = ["", "\0", "\0\0", "a", "a\0", "elf bytes..", "elf bytes..\0"];
        let buckets = [0, 1, 127, BUCKETS as u32 - 1].into_iter().cycle();
        let last = (1 << NUMBER_BITS) - 1;
        for number in [0, 1, last - 1, last, last + 1, u32::MAX] {
            let mut ids = Ids::default();
            let places = texts.into_iter().zip(buckets.clone().map(|bucket| Place { bucket, number }));
            places.clone().for_each(|(id, place)| assert_eq!(ids.place(id, |_| place), place));
            places.for_each(|(id, place)| assert_eq!(ids.place(id, |_| unreachable!("{id:?} is known")), place));
        }
    }
}
