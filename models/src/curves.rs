//! What scoring makes of a logistic regression once, so that a customer costs a step for each input, not one for each column.
//!
//! A column looks at one input, and is piecewise linear in its value, or in the logarithm of that. So is all that scoring asks of an
//! input: what it adds to the log-odds, and how far it reaches along each direction of the [`Spread`](crate::Spread). Both are written
//! down for the start of each piece and for the way along it.

mod block;
mod make;
#[cfg(test)]
mod tests;

use pulp::{Arch, Simd, WithSimd};

use crate::noted::Noted;
use crate::transform::Logs;
use block::{Block, WIDTH};

/// Directions that are summed at a time: as many as stay in the registers of any processor, for each sum waits for the one before it.
const LANES: usize = 64;

/// Lanes in which squares are summed.
const SQUARES: usize = 32;

/// Pieces of a curve; a line with more bends than these have room for is told by more than one curve.
const PIECES: usize = 4;

/// A logistic regression by its inputs. Sums are taken input after input in one order, so that a customer has one score to the bit
/// wherever it is computed.
#[derive(Clone, Debug)]
pub(crate) struct Curves {
    inputs: Vec<Curve>,
    /// The inputs of which logarithms are looked at.
    logged: Vec<usize>,
    /// The curves as lines, [`WIDTH`] at a time, filled up with lines that add nothing.
    blocks: Vec<Block>,
    /// Those curves that are no lines, by their places.
    levels: Vec<(usize, Levels)>,
    states: Vec<State>,
    /// Of each state, whether its step is anything at its start, and along its piece.
    moves: Vec<(bool, bool)>,
    /// A block for each [`LANES`] directions, in each a step for each state.
    steps: Vec<Step>,
    /// How far the intercept and the usual state of every input reach, a line for each block.
    usual: Vec<[f32; LANES]>,
    rest: f64,
    /// The widest vectors that the processor has.
    arch: Arch,
}

/// What becomes of one input, or of a part of its columns where these do not cut it alike.
#[derive(Clone, Copy, Debug)]
struct Curve {
    input: usize,
    /// Whether it is the logarithm that it looks at.
    log: bool,
}

/// The states of a curve that tells levels apart.
#[derive(Clone, Debug)]
struct Levels {
    /// The number of the first state, that of a missing value; that of any other level and then those of the levels follow.
    first: usize,
    levels: Vec<usize>,
}

impl Levels {
    /// The number of the state of a value.
    fn state(&self, raw: f64) -> u64 {
        let place = || self.levels.iter().position(|level| raw == *level as f64).map_or(0, |place| place + 1);
        (self.first + if raw.is_nan() { 0 } else { 1 + place() }) as u64
    }
}

/// What an input adds to the log-odds before calibration: `offset` where the state starts, `slope` more along the whole of its piece.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct State {
    start: f64,
    /// One over the length of the piece; 0 where it has none.
    pace: f64,
    offset: f64,
    slope: f64,
}

impl State {
    /// The share of the piece that is behind at `value`, 0 to 1, and what is added there.
    #[inline]
    fn at(&self, value: f64) -> (f64, f64) {
        let share = (value - self.start) * self.pace;
        (share, self.offset + self.slope * share)
    }
}

/// How far a state reaches along some directions, beyond the usual state: at its start, and how much more along its piece.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Step {
    start: [f32; LANES],
    along: [f32; LANES],
}

/// Where a customer is on all curves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The value of each curve, cut to its ends, and its state, [`WIDTH`] curves at a time.
    values: Vec<([f64; WIDTH], [u64; WIDTH])>,
    /// What each curve adds to the log-odds before calibration.
    added: Vec<f64>,
    /// States that reach beyond the usual ones at their start.
    starts: Noted<u32>,
    /// States within whose piece the customer is, and what share of it is behind.
    along: Noted<(u32, f32)>,
}

impl Curves {
    /// Each input that the model uses and what it adds to the log-odds before calibration, in order; the places are noted. An input
    /// may come more than once.
    pub(crate) fn visit<'a>(
        &'a self,
        inputs: &[f64],
        logs: &mut Logs,
        places: &'a mut Places,
    ) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        self.arch.dispatch(Visit { curves: self, inputs, logs, places: &mut *places });
        self.inputs.iter().zip(&places.added).map(|(curve, added)| (curve.input, *added))
    }

    /// What `input` adds to the log-odds before calibration when its value is `raw`; `None` when it is not used.
    pub(crate) fn added(&self, input: usize, raw: f64) -> Option<f64> {
        let own = self.inputs.iter().enumerate().filter(|(_, curve)| curve.input == input).map(|(place, curve)| {
            let mut values = [if curve.log { Logs::alone(raw) } else { raw }; WIDTH];
            let numbers = self.blocks[place / WIDTH].place(&mut values);
            let levels = self.levels.iter().find(|(own, _)| *own == place);
            let number = levels.map_or(numbers[place % WIDTH], |(_, levels)| levels.state(raw));
            self.states[number as usize].at(values[place % WIDTH]).1
        });
        own.fold(None, |sum, part| Some(sum.unwrap_or(0.0) + part))
    }

    /// The variance of the log-odds before calibration, as the covariance of the coefficients makes it.
    pub(crate) fn variance(&self, places: &Places) -> f64 {
        let mut squares = [0.0; SQUARES];
        for (block, usual) in self.usual.iter().enumerate() {
            let steps = &self.steps[block * self.states.len()..][..self.states.len()];
            square(&self.arch.dispatch(Reach { usual: *usual, steps, places }), &mut squares);
        }
        squares.iter().fold(self.rest, |sum, square| sum + f64::from(*square))
    }
}

/// See [`Curves::visit`].
struct Visit<'a> {
    curves: &'a Curves,
    inputs: &'a [f64],
    logs: &'a mut Logs,
    places: &'a mut Places,
}

impl WithSimd for Visit<'_> {
    type Output = ();

    /// Each curve is placed by itself: the bits are the same however many are taken at once. What does not wait for one another is done
    /// for all curves before what does.
    #[expect(clippy::inline_always, reason = "what is called is compiled for any processor")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { curves: Curves { inputs: curves, logged, blocks, levels, states, moves, .. }, inputs, logs, places } = self;
        let logs = logs.all(logged, inputs);
        let Places { values, added, starts, along } = places;
        values.resize(blocks.len(), ([0.0; WIDTH], [0; WIDTH]));
        for ((values, _), curves) in values.iter_mut().zip(curves.chunks(WIDTH)) {
            for (value, curve) in values.iter_mut().zip(curves) {
                *value = if curve.log { logs[curve.input] } else { inputs[curve.input] };
            }
        }
        for ((values, numbers), block) in values.iter_mut().zip(blocks) {
            *numbers = block.place(values);
        }
        for (place, levels) in levels {
            values[place / WIDTH].1[place % WIDTH] = levels.state(inputs[curves[*place].input]);
        }

        let (mut starts, mut along) = (starts.begin(blocks.len() * WIDTH), along.begin(blocks.len() * WIDTH));
        added.resize(blocks.len() * WIDTH, 0.0);
        for ((values, numbers), added) in values.iter().zip(added.as_chunks_mut::<WIDTH>().0) {
            for ((added, number), value) in added.iter_mut().zip(numbers).zip(values) {
                let (share, more) = states[*number as usize].at(*value);
                let (start, piece) = moves[*number as usize];
                starts.note(*number as u32, start);
                along.note((*number as u32, share as f32), piece && share > 0.0);
                *added = more;
            }
        }
        starts.done();
        along.done();
    }
}

/// How far a customer reaches along the directions of a block.
struct Reach<'a> {
    usual: [f32; LANES],
    steps: &'a [Step],
    places: &'a Places,
}

impl WithSimd for Reach<'_> {
    type Output = [f32; LANES];

    /// Each direction has a sum of its own, a product and a sum at a time: the bits are the same however many are taken at once.
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of whoever calls")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f32; LANES] {
        let mut reach = self.usual;
        let (sums, _) = S::as_mut_simd_f32s(&mut reach);
        for number in self.places.starts.all() {
            let (start, _) = S::as_simd_f32s(&self.steps[*number as usize].start);
            for (sum, start) in sums.iter_mut().zip(start) {
                *sum = simd.add_f32s(*sum, *start);
            }
        }
        for (number, share) in self.places.along.all() {
            let share = simd.splat_f32s(*share);
            let (along, _) = S::as_simd_f32s(&self.steps[*number as usize].along);
            for (sum, along) in sums.iter_mut().zip(along) {
                *sum = simd.add_f32s(*sum, simd.mul_f32s(share, *along));
            }
        }
        reach
    }
}

/// Apart from the sums above: compiled as one, they would not stay in registers.
#[inline(never)]
fn square(reach: &[f32; LANES], squares: &mut [f32; SQUARES]) {
    for reach in reach.as_chunks::<SQUARES>().0 {
        squares.iter_mut().zip(reach).for_each(|(sum, reach)| *sum += reach * reach);
    }
}
