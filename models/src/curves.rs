//! What scoring makes of a logistic regression once, so that a customer costs a step for each input, not one for each column.
//!
//! A column looks at one input, and is piecewise linear in its value, or in the logarithm of that. So is all that scoring asks of an
//! input: what it adds to the log-odds, and how far it reaches along each direction of the [`Spread`](crate::Spread). Both are written
//! down for the start of each piece and for the way along it.

mod make;
#[cfg(test)]
mod tests;

use pulp::{Arch, Simd, WithSimd};

use crate::transform::Logs;

/// Directions that are summed at a time: as many as stay in the registers of any processor.
const LANES: usize = 32;

/// Pieces of a curve; a line with more bends than these have room for is told by more than one curve.
const PIECES: usize = 4;

/// A logistic regression by its inputs. Sums are taken input after input in one order, so that a customer has one score to the bit
/// wherever it is computed.
#[derive(Clone, Debug)]
pub(crate) struct Curves {
    inputs: Vec<Curve>,
    states: Vec<State>,
    /// A block for each [`LANES`] directions, in each a step for each state.
    steps: Vec<Step>,
    /// How far the intercept and the usual state of every input reach, a line for each block.
    usual: Vec<[f32; LANES]>,
    rest: f64,
    /// The widest vectors that the processor has.
    arch: Arch,
}

/// What becomes of one input, or of a part of its columns where these do not cut it alike.
#[derive(Clone, Debug)]
struct Curve {
    input: usize,
    /// The number of its first state, that of a missing value; the usual one and others follow.
    first: usize,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// All known values are alike.
    Known,
    /// Any other level, then these.
    Levels(Vec<usize>),
    /// A state for each piece, from where it starts, and one for the upper end.
    Line(Line),
}

/// The ends of a line, on its own scale.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    low: f64,
    high: f64,
    log: bool,
    /// Where the pieces end; beyond the last there are none.
    ends: [f64; PIECES],
}

/// What an input adds to the log-odds before calibration: `offset` where the state starts, `slope` more along the whole of its piece.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    start: f64,
    /// One over the length of the piece; 0 where it has none.
    pace: f64,
    offset: f64,
    slope: f64,
    /// Whether its step is anything at its start, and along its piece.
    moves: (bool, bool),
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
    /// States that reach beyond the usual ones at their start.
    starts: Noted<u32>,
    /// States within whose piece the customer is, and what share of it is behind.
    along: Noted<(u32, f32)>,
}

/// A list with room for as many as there are curves, which is filled without asking first.
#[derive(Clone, Debug, Default)]
struct Noted<T> {
    room: Vec<T>,
    count: usize,
}

impl<T: Copy + Default> Noted<T> {
    fn clear(&mut self, room: usize) {
        self.count = 0;
        if self.room.len() <= room {
            self.room.resize(room + 1, T::default());
        }
    }

    /// Adds `item` if it `counts`.
    fn note(&mut self, item: T, counts: bool) {
        self.room[self.count] = item;
        self.count += usize::from(counts);
    }

    fn all(&self) -> &[T] {
        &self.room[..self.count]
    }
}

impl Curves {
    /// Calls `add` with each input that the model uses and what it adds to the log-odds before calibration, in order, and notes
    /// the places. An input may come more than once.
    pub(crate) fn visit(&self, inputs: &[f64], logs: &mut Logs, places: &mut Places, mut add: impl FnMut(usize, f64)) {
        places.starts.clear(self.inputs.len());
        places.along.clear(self.inputs.len());
        for curve in &self.inputs {
            let (number, share) = self.place(curve, inputs[curve.input], |raw| logs.of(curve.input, raw));
            let state = &self.states[number];
            places.starts.note(number as u32, state.moves.0);
            places.along.note((number as u32, share as f32), state.moves.1 && share > 0.0);
            add(curve.input, state.offset + state.slope * share);
        }
    }

    /// What `input` adds to the log-odds before calibration when its value is `raw`; `None` when it is not used.
    pub(crate) fn added(&self, input: usize, raw: f64) -> Option<f64> {
        let own = self.inputs.iter().filter(|curve| curve.input == input).map(|curve| {
            let (number, share) = self.place(curve, raw, Logs::alone);
            self.states[number].offset + self.states[number].slope * share
        });
        own.fold(None, |sum, part| Some(sum.unwrap_or(0.0) + part))
    }

    /// The state of a value, and the share of its piece that is behind, 0 to 1. `log` is asked for the logarithm, as [`Logs`] has it.
    fn place(&self, curve: &Curve, raw: f64, log: impl FnOnce(f64) -> f64) -> (usize, f64) {
        let first = curve.first;
        if raw.is_nan() {
            return (first, 0.0);
        }
        match &curve.shape {
            Shape::Line(Line { low, high, log: logged, ends }) => {
                let value = if *logged { log(raw.max(0.0)) } else { raw }.max(*low).min(*high);
                let piece = ends.iter().map(|end| usize::from(*end <= value)).sum::<usize>();
                let State { start, pace, .. } = self.states[first + 1 + piece];
                (first + 1 + piece, (value - start) * pace)
            }
            Shape::Known => (first + 1, 0.0),
            Shape::Levels(levels) => (first + 1 + levels.iter().position(|level| raw == *level as f64).map_or(0, |place| place + 1), 0.0),
        }
    }

    /// The variance of the log-odds before calibration, as the covariance of the coefficients makes it.
    pub(crate) fn variance(&self, places: &Places) -> f64 {
        let mut squares = [0.0; LANES];
        for (block, usual) in self.usual.iter().enumerate() {
            let steps = &self.steps[block * self.states.len()..][..self.states.len()];
            square(&self.arch.dispatch(Reach { usual: *usual, steps, places }), &mut squares);
        }
        squares.iter().fold(self.rest, |sum, square| sum + f64::from(*square))
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
    #[expect(clippy::inline_always, reason = "what is called is compiled for any processor")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> [f32; LANES] {
        let mut sums = self.usual;
        for number in self.places.starts.all() {
            for (sum, start) in sums.iter_mut().zip(&self.steps[*number as usize].start) {
                *sum += start;
            }
        }
        for (number, share) in self.places.along.all() {
            for (sum, along) in sums.iter_mut().zip(&self.steps[*number as usize].along) {
                *sum += share * along;
            }
        }
        sums
    }
}

/// Apart from the sums above: compiled as one, they would not stay in registers.
#[inline(never)]
fn square(reach: &[f32; LANES], squares: &mut [f32; LANES]) {
    squares.iter_mut().zip(reach).for_each(|(sum, reach)| *sum += reach * reach);
}
