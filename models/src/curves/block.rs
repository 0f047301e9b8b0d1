//! Curves side by side, so that a processor places several with one step.

use super::PIECES;

/// How many stand in a block: as many as the widest vectors hold.
pub(super) const WIDTH: usize = 8;

/// The ends of a line, on its own scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
    /// Where the pieces end; beyond the last there are none.
    pub(super) ends: [f64; PIECES],
}

impl Line {
    /// A line along which nothing happens.
    pub(super) const FLAT: Self = Self { low: 0.0, high: 0.0, log: false, ends: [f64::INFINITY; PIECES] };
}

/// The ends of as many lines, and where the states of each begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    low: [f64; WIDTH],
    high: [f64; WIDTH],
    ends: [[f64; WIDTH]; PIECES],
    /// The number of the first state of each, that of a missing value; those of its pieces follow.
    first: [u64; WIDTH],
}

impl Block {
    /// Of up to [`WIDTH`] lines, each with the number of its first state; others begin at `none`.
    pub(super) fn of(lines: &[(Line, usize)], none: usize) -> Self {
        let mut block = Self { low: [0.0; WIDTH], high: [0.0; WIDTH], ends: [[f64::INFINITY; WIDTH]; PIECES], first: [none as u64; WIDTH] };
        for (lane, (line, first)) in lines.iter().enumerate() {
            (block.low[lane], block.high[lane], block.first[lane]) = (line.low, line.high, *first as u64);
            block.ends.iter_mut().zip(line.ends).for_each(|(lanes, end)| lanes[lane] = end);
        }
        block
    }

    /// The states of values, each on the scale of its line; the values are cut to its ends, a missing one to the lower.
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of whoever calls")]
    #[inline(always)]
    pub(super) fn place(&self, values: &mut [f64; WIDTH]) -> [u64; WIDTH] {
        let mut numbers = [0; WIDTH];
        for lane in 0..WIDTH {
            let (value, low, high) = (values[lane], self.low[lane], self.high[lane]);
            let above = if value > low { value } else { low };
            let cut = if above < high { above } else { high };
            let pieces = self.ends.iter().map(|end| u64::from(end[lane] <= cut)).sum::<u64>();
            numbers[lane] = self.first[lane] + if value.is_nan() { 0 } else { 1 + pieces };
            values[lane] = cut;
        }
        numbers
    }
}
