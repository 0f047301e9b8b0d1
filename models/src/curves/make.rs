//! From columns to curves.

use pulp::Arch;

use super::block::{Block, Line, WIDTH};
use super::{Curve, Curves, LANES, Levels, PIECES, State, Step};
use crate::input::LARGEST;
use crate::logistic::Logistic;
use crate::transform::{DesignColumn, Form, cut};

/// What the columns of a curve look at.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// Whether the value is known.
    Known,
    /// Any other level, then these.
    Levels(Vec<usize>),
    /// A state for each piece, from where it starts, and one for the upper end.
    Line(Line),
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
                    // No input lies beyond, so that no piece is too long to be told.
                    let [low, high] = [low, high].map(|end| cut(end.clamp(-LARGEST, LARGEST), low, high, log).clamp(-LARGEST, LARGEST));
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
        let (mut curves, mut lines, mut levels) = (Vec::new(), Vec::new(), Vec::new());
        let (mut states, mut moves) = (Vec::new(), Vec::new());
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
                    pace: if length.is_normal() { 1.0 / length } else { 0.0 },
                    offset: added(&|(made, _)| made),
                    slope: added(&|(_, slope)| slope * length),
                });
                moves.push((is_any(&start), is_any(&along)));
                reaches.push((start, along));
            }
            usual.iter_mut().zip(zero).for_each(|(sum, zero)| *sum += zero);
            let line = if let Shape::Line(line) = group.shape { line } else { Line::FLAT };
            if let Shape::Levels(known) = group.shape {
                levels.push((curves.len(), Levels { first, levels: known }));
            }
            curves.push(Curve { input: group.input, log: line.log });
            lines.push((line, first));
        }
        // What fills up the last block is in one of two states that are nothing.
        let none = states.len();
        states.extend([State::default(); 2]);
        moves.extend([(false, false); 2]);
        reaches.extend([(vec![0.0; usual.len()], vec![0.0; usual.len()]), (vec![0.0; usual.len()], vec![0.0; usual.len()])]);
        let starts = || (0..usual.len()).step_by(LANES);
        let steps =
            starts().flat_map(|from| reaches.iter().map(move |(start, along)| Step { start: line(start, from), along: line(along, from) }));
        let mut logged: Vec<usize> = curves.iter().filter(|curve: &&Curve| curve.log).map(|curve| curve.input).collect();
        logged.dedup();
        Self {
            inputs: curves,
            logged,
            blocks: lines.chunks(WIDTH).map(|lines| Block::of(lines, none)).collect(),
            levels,
            states,
            moves,
            steps: steps.collect(),
            usual: starts().map(|from| line(&usual, from)).collect(),
            rest: spread.rest(),
            arch: Arch::new(),
        }
    }
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
