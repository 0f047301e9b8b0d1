//! What scoring makes of a logistic regression once, so that a customer costs a step for each input, not one for each column.
//!
//! A column looks at one input, and is piecewise linear in its value, or in the logarithm of that. So is all that scoring asks of an
//! input: what it adds to the log-odds, and how far it reaches along each direction of the [`Spread`](crate::Spread). Both are written
//! down for the start of each piece and for the way along it.

use crate::logistic::Logistic;
use crate::transform::{DesignColumn, Form, Logs, cut};

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
    /// How far the intercept and all [`Curve::usual`] states reach, a line for each block.
    usual: Vec<[f32; LANES]>,
    rest: f64,
}

/// What becomes of one input, or of a part of its columns where these do not cut it alike.
#[derive(Clone, Debug)]
struct Curve {
    input: usize,
    /// The number of its first state, that of a missing value; the others follow.
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

/// What the columns are to be worked out for.
#[derive(Clone, Copy, Debug)]
enum Case {
    Missing,
    Known,
    Level(Option<usize>),
    /// The value, cut and logged.
    From(f64),
}

impl Case {
    /// What `column` makes of it, standardised, and how much more for each 1 more; as [`DesignColumn::of`].
    fn column(self, column: &DesignColumn) -> (f64, f64) {
        let truth = |holds: bool| (f64::from(u8::from(holds)), 0.0);
        let (made, slope) = match (column.form, self) {
            (Form::Missing, case) => truth(matches!(case, Self::Missing)),
            (Form::Level { level }, case) => truth(matches!(case, Self::Level(Some(own)) if own == level)),
            (Form::Value { .. }, Self::From(value)) => (value, 1.0),
            (Form::Bend { knot, tilt, .. }, Self::From(value)) => ((value - knot).max(0.0) - tilt * value, truth(value >= knot).0 - tilt),
            (Form::Value { .. } | Form::Bend { .. }, _) => return (0.0, 0.0),
        };
        ((made - column.mean) / column.scale, slope / column.scale)
    }
}

/// The columns of one curve, by their numbers, while it is made.
struct Group {
    input: usize,
    shape: Shape,
    columns: Vec<usize>,
}

impl Group {
    /// The columns parted, in the order of the inputs.
    fn all(columns: &[DesignColumn]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        // What is only asked whether it is there goes with the rest of its input, if there is any.
        let (asked, others): (Vec<usize>, Vec<usize>) = (0..columns.len()).partition(|place| columns[*place].form == Form::Missing);
        for place in others.into_iter().chain(asked) {
            let DesignColumn { input, form, .. } = columns[place];
            let shape = match form {
                Form::Value { low, high, log } | Form::Bend { low, high, log, .. } => {
                    let (low, high) = (cut(low, low, high, log), cut(high, low, high, log));
                    Shape::Line(Line { low, high, log, ends: [f64::INFINITY; PIECES] })
                }
                Form::Level { .. } => Shape::Levels(Vec::new()),
                Form::Missing => Shape::Known,
            };
            let is_bend = |place: &&usize| matches!(columns[**place].form, Form::Bend { .. });
            let is_full = |group: &Self| matches!(shape, Shape::Line(_)) && group.columns.iter().filter(is_bend).count() == PIECES - 1;
            let takes = |group: &Self| group.input == input && (shape == Shape::Known || group.shape == shape) && !is_full(group);
            match groups.iter_mut().find(|group| takes(group)) {
                Some(group) => group.columns.push(place),
                None => groups.push(Self { input, shape, columns: vec![place] }),
            }
        }
        groups.sort_by_key(|group| group.input);
        groups
    }

    /// The states that follow that of a missing value, the usual one first; the shape is made whole.
    fn cases(&mut self, columns: &[DesignColumn]) -> Vec<Case> {
        let forms = self.columns.iter().map(|place| columns[*place].form);
        match &mut self.shape {
            Shape::Known => vec![Case::Known],
            Shape::Levels(levels) => {
                levels.extend(forms.filter_map(|form| if let Form::Level { level } = form { Some(level) } else { None }));
                [Case::Level(None)].into_iter().chain(levels.iter().map(|level| Case::Level(Some(*level)))).collect()
            }
            Shape::Line(Line { low, high, ends, .. }) => {
                let mut starts: Vec<f64> =
                    forms.filter_map(|form| if let Form::Bend { knot, .. } = form { Some(knot) } else { None }).collect();
                starts.retain(|knot| *low < *knot && *knot < *high);
                starts.extend([*low, *high]);
                starts.sort_by(f64::total_cmp);
                starts.dedup();
                ends.iter_mut().zip(&starts[1..]).for_each(|(end, start)| *end = *start);
                starts.into_iter().map(Case::From).collect()
            }
        }
    }
}

impl Curves {
    /// Of a model whose parts belong together.
    pub(crate) fn of(logistic: &Logistic) -> Self {
        let columns = &logistic.transform.columns;
        let spread = &logistic.spread;
        let (mut curves, mut states) = (Vec::new(), Vec::new());
        let (mut reaches, mut usual) = (Vec::new(), widened(spread.loadings(0)));
        for mut group in Group::all(columns) {
            let first = states.len();
            let cases: Vec<Case> = [Case::Missing].into_iter().chain(group.cases(columns)).collect();
            let own = |case: Case| group.columns.iter().map(move |place| (*place, case.column(&columns[*place])));
            let reach = |case: Case, of: &dyn Fn((f64, f64)) -> f64| {
                let mut sum = vec![0.0; usual.len()];
                for (place, column) in own(case) {
                    sum.iter_mut().zip(spread.loadings(place + 1)).for_each(|(sum, loading)| *sum += of(column) * f64::from(*loading));
                }
                sum
            };
            let zero = reach(cases[1], &|(made, _)| made);
            for (number, case) in cases.iter().enumerate() {
                let length = match (case, cases.get(number + 1)) {
                    (Case::From(start), Some(Case::From(end))) => end - start,
                    _ => 0.0,
                };
                let added =
                    |of: &dyn Fn((f64, f64)) -> f64| own(*case).map(|(place, column)| logistic.coefficients[place] * of(column)).sum();
                let start: Vec<f64> = reach(*case, &|(made, _)| made).iter().zip(&zero).map(|(own, zero)| own - zero).collect();
                let along = reach(*case, &|(_, slope)| slope * length);
                states.push(State {
                    start: if let Case::From(start) = case { *start } else { 0.0 },
                    pace: if length > 0.0 { 1.0 / length } else { 0.0 },
                    offset: added(&|(made, _)| made),
                    slope: added(&|(_, slope)| slope * length),
                    moves: (is_any(&start), is_any(&along)),
                });
                reaches.push((start, along));
            }
            usual.iter_mut().zip(zero).for_each(|(sum, zero)| *sum += zero);
            curves.push(Curve { input: group.input, first, shape: group.shape });
        }
        let starts = || (0..usual.len()).step_by(LANES);
        let steps =
            starts().flat_map(|from| reaches.iter().map(move |(start, along)| Step { start: line(start, from), along: line(along, from) }));
        Self {
            inputs: curves,
            states,
            steps: steps.collect(),
            usual: starts().map(|from| line(&usual, from)).collect(),
            rest: spread.rest(),
        }
    }

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
            square(&reach(*usual, steps, places), &mut squares);
        }
        squares.iter().fold(self.rest, |sum, square| sum + f64::from(*square))
    }
}

/// How far a customer reaches along the directions of a block.
fn reach(usual: [f32; LANES], steps: &[Step], places: &Places) -> [f32; LANES] {
    let mut sums = usual;
    for number in places.starts.all() {
        sums.iter_mut().zip(&steps[*number as usize].start).for_each(|(sum, start)| *sum += start);
    }
    for (number, share) in places.along.all() {
        sums.iter_mut().zip(&steps[*number as usize].along).for_each(|(sum, along)| *sum += share * along);
    }
    sums
}

/// Apart from the sums above: compiled as one, they would not stay in registers.
#[inline(never)]
fn square(reach: &[f32; LANES], squares: &mut [f32; LANES]) {
    squares.iter_mut().zip(reach).for_each(|(sum, reach)| *sum += reach * reach);
}

fn widened(loadings: &[f32]) -> Vec<f64> {
    loadings.iter().copied().map(f64::from).collect()
}

fn is_any(reach: &[f64]) -> bool {
    reach.iter().any(|part| *part as f32 != 0.0)
}

/// Whoever reaches so far can have any probability; its square is far from overflow.
const FAR: f64 = 1e12;

/// The directions of a block, filled up with zeros.
fn line(whole: &[f64], from: usize) -> [f32; LANES] {
    let mut line = [0.0; LANES];
    line.iter_mut().zip(&whole[from..]).for_each(|(slot, value)| *slot = value.clamp(-FAR, FAR) as f32);
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calibrate::Calibrator;
    use crate::spread::Spread;
    use crate::transform::Transform;

    const LEVELS: usize = 3;

    fn column(input: usize, form: Form) -> DesignColumn {
        DesignColumn { input, form, mean: 0.7, scale: 1.9 }
    }

    /// A line from `low` to `high` with its bends, and an indicator.
    fn line(input: usize, low: f64, high: f64, log: bool, knots: &[f64]) -> Vec<DesignColumn> {
        let bend = |(place, knot): (usize, &f64)| Form::Bend { low, high, log, knot: *knot, tilt: 0.2 + 0.1 * place as f64 };
        let forms = [Form::Value { low, high, log }].into_iter().chain(knots.iter().enumerate().map(bend)).chain([Form::Missing]);
        forms.map(|form| column(input, form)).collect()
    }

    /// Of every shape: straight and bent, logged and not, more bends than a curve has, ends that differ within an input or are one,
    /// an indicator alone, levels, and knots beyond the ends.
    fn columns() -> Vec<DesignColumn> {
        let levels = (0..LEVELS).map(|level| column(4, Form::Level { level }));
        [
            line(0, 0.0, 400.0, true, &[0.5, 1.0, 3.0]),
            line(1, -5.0, 9.0, false, &[-1.0, 0.0, 0.25, 2.0, 4.0, 4.5, 8.0, 20.0]),
            vec![column(2, Form::Missing)],
            line(3, 2.0, 2.0, true, &[1.0]),
            levels.collect(),
            line(5, 0.0, 4.0, true, &[]),
            vec![column(5, Form::Value { low: 1.0, high: 2.0, log: false })],
            line(0, 1.0, 30.0, true, &[2.0]),
        ]
        .concat()
    }

    fn logistic(columns: Vec<DesignColumn>, directions: usize, seed: u64) -> Logistic {
        let draw = |number: usize| ((number as u64 + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24) - 0.5;
        let loading = |row: usize, direction: usize| draw(1000 * row + direction) as f32;
        let rows: Vec<Vec<f32>> =
            (0..=columns.len()).map(|row| (0..directions).map(|direction| loading(row, direction)).collect()).collect();
        Logistic {
            intercept: -0.5,
            coefficients: (0..columns.len()).map(|place| draw(77_777 + place)).collect(),
            spread: Spread::new(&rows, 0.01).unwrap(),
            transform: Transform { columns },
            calibrator: Calibrator::IDENTITY,
            penalty: 0.1,
        }
    }

    /// What the columns say one by one must be what the curves say.
    fn agree(logistic: &Logistic, inputs: &[f64]) {
        let (curves, mut logs, mut places) = (Curves::of(logistic), Logs::default(), Places::default());
        let row = logistic.transform.apply(inputs);
        let mut expected = vec![(0.0, 0.0); inputs.len()];
        for ((column, value), coefficient) in logistic.transform.columns.iter().zip(&row).zip(&logistic.coefficients) {
            let (sum, size) = &mut expected[column.input];
            (*sum, *size) = (*sum + coefficient * value, *size + (coefficient * value).abs());
        }
        // What was seen before plays no part.
        for _ in 0..2 {
            let mut found = vec![0.0; inputs.len()];
            logs.forget(0, inputs.len());
            curves.visit(inputs, &mut logs, &mut places, |input, added| found[input] += added);
            for (input, (found, (sum, size))) in found.iter().zip(&expected).enumerate() {
                assert!((found - sum).abs() <= 1e-13 * (1.0 + size), "input {input} at {}: {found} is not {sum}", inputs[input]);
                let alone = curves.added(input, inputs[input]);
                assert!(alone.map_or(*size == 0.0, |alone| alone.to_bits() == found.to_bits()), "{input}: {alone:?} is not {found}");
            }
            let present: Vec<(usize, f32)> = [1.0].iter().chain(&row).enumerate().map(|(place, value)| (place, *value as f32)).collect();
            let (variance, expected) = (curves.variance(&places), logistic.spread.variance(&present));
            assert!((variance / expected - 1.0).abs() < 1e-4, "{inputs:?}: {variance} is not {expected}");
        }
    }

    fn value() -> impl Strategy<Value = f64> {
        let ends =
            vec![f64::NAN, -1e90, -5.0, -1.0, -0.0, 0.0, 0.25, 1.0, 2.0, 3.0, 4.0, 4.5, 8.0, 9.0, 30.0, 400.0, 511.0, 512.0, 1e80, 1e90];
        let of_knots: Vec<f64> =
            [0.5, 1.0, 2.0, 3.0].into_iter().flat_map(|knot| [libm::expm1(knot), libm::expm1(knot).next_up()]).collect();
        prop_oneof![-10.0..500.0, 0.0..5.0, prop::sample::select(ends), prop::sample::select(of_knots)]
    }

    proptest! {
        #[test]
        fn curves_say_what_the_columns_say(
            inputs in prop::collection::vec(value(), 6),
            level in 0..LEVELS + 2,
            directions in prop::sample::select(vec![1, 31, 32, 33, 128]),
            seed in any::<u32>(),
        ) {
            let mut inputs = inputs;
            inputs[4] = level as f64;
            agree(&logistic(columns(), directions, seed.into()), &inputs);
        }
    }

    #[test]
    fn each_end_and_bend_belongs_to_both_sides() {
        let bent = logistic(line(0, -5.0, 9.0, false, &[-1.0, 0.25, 4.0]), 40, 3);
        for at in [-5.0_f64, -1.0, 0.0, 0.25, 4.0, 9.0] {
            for value in [at.next_down(), at, at.next_up()] {
                agree(&bent, &[value]);
            }
        }
    }

    #[test]
    fn nothing_is_too_large_to_be_told() {
        let huge = logistic(line(0, -1e90, 1e90, false, &[0.0, 1e80]), 40, 3);
        for value in [-1e90, -1e80, 0.0, 1.0, 1e79, 1e80, 5e89, 1e90] {
            let (curves, mut logs, mut places) = (Curves::of(&huge), Logs::default(), Places::default());
            logs.forget(0, 1);
            curves.visit(&[value], &mut logs, &mut places, |_, added| assert!(added.is_finite()));
            assert!(curves.variance(&places).is_finite());
        }
    }

    #[test]
    fn without_columns_or_directions_the_rest_is_told() {
        for (columns, directions) in [(Vec::new(), 0), (Vec::new(), 3), (columns(), 0)] {
            agree(&logistic(columns, directions, 1), &[1.0, 2.0, 3.0, 4.0, 1.0, 0.5]);
        }
    }

    #[test]
    fn a_line_of_few_bends_is_one_curve_and_costs_what_it_must() {
        let bent = logistic(line(0, 0.0, 400.0, true, &[0.5, 1.0, 3.0]), 40, 3);
        let (curves, mut logs, mut places) = (Curves::of(&bent), Logs::default(), Places::default());
        assert_eq!((curves.inputs.len(), curves.states.len()), (1, 6));
        for (value, steps) in [(0.0, (0, 0)), (0.1, (0, 1)), (1.0, (1, 1)), (f64::NAN, (1, 0)), (400.0, (1, 0)), (1e9, (1, 0))] {
            logs.forget(0, 1);
            curves.visit(&[value], &mut logs, &mut places, |_, _| ());
            assert_eq!((places.starts.all().len(), places.along.all().len()), steps, "{value}");
        }
    }
}
