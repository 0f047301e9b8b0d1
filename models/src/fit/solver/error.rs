//! Why there is no optimum to hand back.

use thiserror::Error;

use crate::report::NotConverged;

/// Why there are no coefficients.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SolveError {
    /// One penalty for all coefficients must be above 0, for only then is there an optimum whatever the rows.
    #[error("penalty `{0}` is not above 0 and finite\nhint: a penalty of 0.01 suits most data")]
    Penalty(f64),
    /// A penalty of a single coefficient may be 0, but not less.
    #[error("penalty `{penalty}` of column {column} is below 0 or not finite\nhint: use 0 for no penalty")]
    ColumnPenalty {
        /// Counted from 0.
        column: usize,
        /// What was asked for.
        penalty: f64,
    },
    /// The gradient norm to reach.
    #[error("bound `{0}` of the gradient norm is not above 0 and finite\nhint: 1e-7 suits most data")]
    Bound(f64),
    /// Labels, sample weights or penalties do not match the design.
    #[error("{found} {what}, not {expected}\nhint: give one for each {of}")]
    Shape {
        /// What there are too many or too few of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
        /// What each belongs to.
        of: &'static str,
    },
    /// A sample weight may be 0, but not less.
    #[error("sample weight `{weight}` of row {row} is below 0 or not finite\nhint: use 0 to leave a row out")]
    SampleWeight {
        /// Counted from 0.
        row: usize,
        /// What was asked for.
        weight: f64,
    },
    /// NaN, infinity, or numbers whose sums are.
    #[error(
        "the design holds values that are not finite or are too large to add up\nhint: fill in missing values and standardise the columns"
    )]
    NotFinite,
    /// There is nothing to tell apart.
    #[error("all {0} rows to fit on have one class\nhint: use a longer history")]
    OneClass(usize),
    /// The search ended away from the optimum.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
    /// There is no single optimum: columns without a penalty are constant, repeat each other or tell the classes apart.
    #[error("the curvature of the fit is not positive\nhint: give every coefficient a penalty, or use a longer history")]
    Singular,
    /// The other solver has it.
    #[error("solver `linfa` takes no {0}\nhint: use solver `newton`")]
    Unsupported(&'static str),
    /// The data set does not go together, as linfa's own traits see it.
    #[error("{0}\nhint: check the data set")]
    Dataset(String),
}

impl From<linfa::Error> for SolveError {
    fn from(error: linfa::Error) -> Self {
        Self::Dataset(error.to_string())
    }
}
