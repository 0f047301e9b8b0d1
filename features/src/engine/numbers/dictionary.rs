//! Values that repeat, each with a place.

/// More values than this are no dictionary: it would cost more than it spares.
const MOST: usize = 1_024;
/// Slots of a dictionary with one value.
const LEAST_SLOTS: usize = 64;
/// Slots for each value, at least: with few of them taken, the first that is looked at is nearly always the right one.
const SLOTS_OF_VALUE: usize = 4;
/// After so many values the dictionary asks itself whether it will stay small. Tables stand in the order of a hash, so that the first
/// rows are a fair sample; where values follow one another in turn, a column goes without a dictionary and is larger.
const LOOKED_AT: usize = 128;
/// How many distinct values there may be after once, twice, three times so many. If each of [`MOST`] is as frequent as the others, a
/// share 1 - exp(-seen / MOST) of them has turned up; a twentieth more is allowed.
const MOST_AFTER: [usize; 8] = [126, 237, 336, 423, 499, 567, 626, 679];

/// The bits of distinct values, by first appearance.
#[derive(Default)]
pub(super) struct Dictionary {
    values: Vec<u64>,
    /// A place and one, or 0 where none is; a power of two of them.
    slots: Vec<u16>,
    /// How many values were looked up.
    seen: usize,
}

impl Dictionary {
    pub(super) fn values(&self) -> &[u64] {
        &self.values
    }

    /// Bits of a place.
    pub(super) fn width(&self) -> u8 {
        width(self.values.len())
    }

    /// The place of each of `given`, by their bits; false, and nothing changed, when they are too many values, or will be.
    pub(super) fn places<T: Copy>(&mut self, given: &[T], bits: impl Fn(T) -> u64, places: &mut Vec<u16>) -> bool {
        let before = self.values.len();
        places.resize(given.len(), 0);
        for (some, places) in given.chunks(LOOKED_AT).zip(places.chunks_mut(LOOKED_AT)) {
            for (value, place) in some.iter().zip(places) {
                *place = self.place(bits(*value));
            }
            self.seen += some.len();
            let most = MOST_AFTER.get(self.seen.div_ceil(LOOKED_AT) - 1).unwrap_or(&MOST);
            if self.values.len() > *most {
                self.values.truncate(before);
                self.fill(self.slots.len());
                return false;
            }
        }
        true
    }

    #[inline]
    fn place(&mut self, bits: u64) -> u16 {
        if !self.slots.is_empty() {
            let mut slot = self.slot(bits);
            loop {
                match self.slots[slot] {
                    0 => break,
                    taken if self.values[usize::from(taken) - 1] == bits => return taken - 1,
                    _ => slot = (slot + 1) & (self.slots.len() - 1),
                }
            }
        }
        self.add(bits)
    }

    #[cold]
    fn add(&mut self, bits: u64) -> u16 {
        self.values.push(bits);
        if self.slots.len() < SLOTS_OF_VALUE * self.values.len() {
            self.fill((2 * self.slots.len()).max(LEAST_SLOTS));
        } else {
            self.enter(self.values.len() - 1);
        }
        self.values.len() as u16 - 1
    }

    /// Where to look first: the highest bits of a product, on which all bits of the value weigh.
    fn slot(&self, bits: u64) -> usize {
        (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// So many slots, with all values in them.
    fn fill(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, 0);
        self.values.reserve((slots / SLOTS_OF_VALUE).saturating_sub(self.values.len()));
        (0..self.values.len()).for_each(|place| self.enter(place));
    }

    fn enter(&mut self, place: usize) {
        let mut slot = self.slot(self.values[place]);
        while self.slots[slot] != 0 {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = place as u16 + 1;
    }
}

/// Bits of a place among so many.
fn width(values: usize) -> u8 {
    (usize::BITS - values.saturating_sub(1).leading_zeros()).max(1) as u8
}

/// Distinct texts by first appearance: a few, each mostly at one place in memory.
#[derive(Default)]
pub(super) struct Names(Vec<&'static str>);

impl Names {
    pub(super) fn all(&self) -> &[&'static str] {
        &self.0
    }

    /// Bits of a place.
    pub(super) fn width(&self) -> u8 {
        width(self.0.len())
    }

    /// The place of a text; `None` when they are too many.
    #[inline]
    pub(super) fn place(&mut self, text: &'static str) -> Option<u16> {
        let known = self.0.iter().position(|name| std::ptr::eq(*name, text));
        known.unwrap_or_else(|| self.find(text)).try_into().ok()
    }

    #[cold]
    fn find(&mut self, text: &'static str) -> usize {
        self.0.iter().position(|name| *name == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        })
    }
}
