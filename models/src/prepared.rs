//! A logistic regression that is ready to score.

use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::curves::Curves;
use crate::logistic::Logistic;

/// A [`Logistic`] that cannot change any more, with room for what scoring makes of it the first time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Logistic", into = "Logistic")]
pub struct Prepared {
    logistic: Logistic,
    curves: OnceLock<Curves>,
}

impl Prepared {
    /// What scoring works with.
    pub(crate) fn curves(&self) -> &Curves {
        self.curves.get_or_init(|| Curves::of(&self.logistic))
    }
}

impl From<Logistic> for Prepared {
    fn from(logistic: Logistic) -> Self {
        Self { logistic, curves: OnceLock::new() }
    }
}

impl From<Prepared> for Logistic {
    fn from(prepared: Prepared) -> Self {
        prepared.logistic
    }
}

impl Deref for Prepared {
    type Target = Logistic;

    fn deref(&self) -> &Logistic {
        &self.logistic
    }
}

impl PartialEq for Prepared {
    fn eq(&self, other: &Self) -> bool {
        self.logistic == other.logistic
    }
}
