//! Values that repeat, each with a place.

/// More values than this are no dictionary: it would cost more than it spares.
const MOST: usize = 1_024;
/// Slots of a dictionary with one value.
const LEAST_SLOTS: usize = 32;

/// Distinct values by first appearance, told apart by their bits.
#[derive(Default)]
pub(super) struct Dictionary {
    values: Vec<f64>,
    /// A place and one, or 0 where none is; a power of two of them, at least twice as many as values.
    slots: Vec<u16>,
}

impl Dictionary {
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Bits of a place.
    pub(super) fn width(&self) -> u8 {
        (usize::BITS - self.values.len().saturating_sub(1).leading_zeros()).max(1) as u8
    }

    /// The place of each of `given`; false, and nothing changed, when they would be too many values.
    pub(super) fn places(&mut self, given: &[f64], places: &mut Vec<u16>) -> bool {
        let before = self.values.len();
        places.clear();
        for value in given {
            let Some(place) = self.place(value.to_bits()) else {
                self.values.truncate(before);
                self.fill(self.slots.len());
                return false;
            };
            places.push(place);
        }
        true
    }

    fn place(&mut self, bits: u64) -> Option<u16> {
        if self.slots.len() <= 2 * self.values.len() {
            self.fill((2 * self.slots.len()).max(LEAST_SLOTS));
        }
        let mut slot = self.slot(bits);
        loop {
            match self.slots[slot] {
                0 => break,
                taken if self.values[usize::from(taken) - 1].to_bits() == bits => return Some(taken - 1),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
        if self.values.len() == MOST {
            return None;
        }
        self.values.push(f64::from_bits(bits));
        self.slots[slot] = self.values.len() as u16;
        Some(self.values.len() as u16 - 1)
    }

    /// Where to look first: the highest bits of a product, on which all bits of the value weigh.
    fn slot(&self, bits: u64) -> usize {
        (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// So many slots, with all values in them.
    fn fill(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, 0);
        for place in 0..self.values.len() {
            let mut slot = self.slot(self.values[place].to_bits());
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            self.slots[slot] = place as u16 + 1;
        }
    }
}
