//! From inputs to the columns of the design: cut, logged, standardised; learned on fit rows only.

use std::hint::select_unpredictable;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::log1p::{LANES, log1p};
use crate::noted::Noted;

/// The columns of the design, in the order of the coefficients.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// The columns.
    pub columns: Vec<DesignColumn>,
}

/// One column: a form of one input, standardised.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesignColumn {
    /// Which input.
    pub input: usize,
    /// What is made of it.
    pub form: Form,
    /// Mean of that over the fit rows that have it.
    pub mean: f64,
    /// Standard deviation of that over the fit rows that have it; above 0.
    pub scale: f64,
}

/// What a column makes of its input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The number, cut to `low..=high`, then `ln(1 + x)` when `log`. A missing one stands at the mean.
    Value {
        /// The 0.5 % quantile of the fit rows; not negative when `log`.
        low: f64,
        /// The 99.5 % quantile.
        high: f64,
        /// Whether the logarithm is taken.
        log: bool,
    },
    /// How far the number, as [`Value`](Self::Value) makes it, lies above a knot, less a straight line: `max(0, v - knot) - tilt * v`.
    /// With it the line bends there; the tilt takes out what the line says already.
    Bend {
        /// As of the line that it bends.
        low: f64,
        /// As of the line that it bends.
        high: f64,
        /// As of the line that it bends.
        log: bool,
        /// Where the line bends, on the scale after the logarithm.
        knot: f64,
        /// Slope of the straight line that is taken out.
        tilt: f64,
    },
    /// 1 when the input is missing, else 0.
    Missing,
    /// 1 when the input is this level, else 0.
    Level {
        /// The level's number.
        level: usize,
    },
}

impl Form {
    /// What is made of `raw`, before standardising; `None` when it is missing.
    #[must_use]
    pub fn of(&self, raw: f64) -> Option<f64> {
        self.with(raw, |low, high, log| cut(raw, low, high, log))
    }

    /// As [`of`](Self::of), where `cut` is `raw` cut, and logged or not, as its arguments tell.
    fn with(&self, raw: f64, cut: impl FnOnce(f64, f64, bool) -> f64) -> Option<f64> {
        match self {
            Self::Value { .. } | Self::Bend { .. } if raw.is_nan() => None,
            Self::Value { low, high, log } => Some(cut(*low, *high, *log)),
            Self::Bend { low, high, log, knot, tilt } => {
                let value = cut(*low, *high, *log);
                Some((value - knot).max(0.0) - tilt * value)
            }
            Self::Missing => Some(f64::from(u8::from(raw.is_nan()))),
            Self::Level { level } => Some(f64::from(u8::from(raw == *level as f64))),
        }
    }
}

pub(crate) fn cut(raw: f64, low: f64, high: f64, log: bool) -> f64 {
    let cut = raw.max(low).min(high);
    if log { libm::log1p(cut) } else { cut }
}

/// The logarithm `ln(1 + x)` of each input of a customer, taken once however many models ask for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logs {
    /// NaN before it is asked for.
    inputs: Vec<f64>,
    /// Inputs whose logarithms are to be worked out.
    open: Noted<u32>,
}

/// The logarithms of small whole numbers, as which many inputs come.
static WHOLE: LazyLock<[f64; 512]> = LazyLock::new(|| std::array::from_fn(|whole| libm::log1p(whole as f64)));

impl Logs {
    /// Forgets the inputs from the number `from` on, of as many as there are now.
    pub(crate) fn forget(&mut self, from: usize, inputs: usize) {
        self.inputs.truncate(from);
        self.inputs.resize(inputs, f64::NAN);
    }

    /// The logarithms of those inputs that are `wanted`, of which nothing is made that is below 0; the others are not to be looked at.
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of whoever calls")]
    #[inline(always)]
    pub(crate) fn all(&mut self, wanted: &[usize], inputs: &[f64]) -> &[f64] {
        let table = &*WHOLE;
        let mut open = self.open.begin(wanted.len());
        for input in wanted {
            let (raw, log) = (inputs[*input], &mut self.inputs[*input]);
            let place = (raw as u32 as usize).min(table.len() - 1);
            let (is_open, is_whole, is_broken) = (log.is_nan() & !raw.is_nan(), place as f64 == raw, place as f64 != raw);
            *log = select_unpredictable(is_open & is_whole, table[place], *log);
            open.note(*input as u32, is_open & is_broken);
        }
        open.done();
        for some in self.open.all().chunks(LANES) {
            let mut raw = [0.0; LANES];
            raw.iter_mut().zip(some).for_each(|(raw, input)| *raw = inputs[*input as usize].max(0.0));
            some.iter().zip(log1p(raw)).for_each(|(input, log)| self.inputs[*input as usize] = log);
        }
        &self.inputs
    }

    /// One logarithm without any memory; of what is below 0 that of 0, and NaN of NaN.
    pub(crate) fn alone(raw: f64) -> f64 {
        if raw.is_nan() { raw } else { libm::log1p(raw.max(0.0)) }
    }
}

impl DesignColumn {
    /// The standardised value; 0, which is the mean, when `raw` is missing.
    ///
    /// ```
    /// use lapwing_models::{DesignColumn, Form};
    /// let column = DesignColumn { input: 0, form: Form::Value { low: 0.0, high: 10.0, log: false }, mean: 4.0, scale: 2.0 };
    /// assert_eq!(column.of(8.0), 2.0);
    /// assert_eq!(column.of(1_000.0), 3.0); // cut to 10
    /// assert_eq!(column.of(f64::NAN), 0.0);
    /// ```
    #[must_use]
    pub fn of(&self, raw: f64) -> f64 {
        self.standardise(self.form.of(raw))
    }

    fn standardise(&self, made: Option<f64>) -> f64 {
        made.map_or(0.0, |value| (value - self.mean) / self.scale)
    }

    /// Whether every number is one that learning can give.
    pub(crate) fn is_sound(&self) -> bool {
        let range = |low: f64, high: f64, log: bool| low.is_finite() && high.is_finite() && low <= high && (!log || low >= 0.0);
        let form = match self.form {
            Form::Value { low, high, log } => range(low, high, log),
            Form::Bend { low, high, log, knot, tilt } => range(low, high, log) && knot.is_finite() && tilt.is_finite(),
            Form::Missing | Form::Level { .. } => true,
        };
        form && self.mean.is_finite() && self.scale.is_finite() && self.scale > 0.0
    }
}

impl Transform {
    /// Calls `visit` with each column and what it makes of `inputs`, in their order. A line and its bends are cut and logged once.
    pub(crate) fn visit(&self, inputs: &[f64], mut visit: impl FnMut(&DesignColumn, f64)) {
        let (mut last, mut made) = ((usize::MAX, 0.0, 0.0, false), 0.0);
        for column in &self.columns {
            let raw = inputs[column.input];
            let cut = |low: f64, high: f64, log: bool| {
                let own = (column.input, low, high, log);
                if own != last {
                    (last, made) = (own, cut(raw, low, high, log));
                }
                made
            };
            visit(column, column.standardise(column.form.with(raw, cut)));
        }
    }

    /// The row of the design that `inputs` make.
    ///
    /// # Panics
    /// When a column asks for an input that `inputs` does not have.
    #[must_use]
    pub fn apply(&self, inputs: &[f64]) -> Vec<f64> {
        let mut row = Vec::with_capacity(self.columns.len());
        self.visit(inputs, |_, value| row.push(value));
        row
    }
}
