//! From what is observed to a feature vector: one file a family.
//!
//! [`Kernel::features`] sorts what is observed into buffers that are kept from one call to the next, then each family sets its
//! rows of the table. Nothing is allocated once the buffers have grown to the longest history, and the work is linear in the
//! events but for the sorting of categories and channels.
//!
//! What the data covers decides what a number means ([`DataShape`]). A window that the data covers whole gives the plain number;
//! one that it covers at least half is scaled to the whole window; of one that it covers less, nothing is said. What the data
//! does not hold at all before the cutoff is missing, never zero.

mod breadth;
mod btyd;
mod cadence;
mod calendar;
mod coupons;
mod coverage;
mod decay;
mod engagement;
mod ledger;
mod numbers;
mod purchases;
mod returns;
mod service;
#[cfg(test)]
mod tests;
mod value;
mod windows;

use crate::event::Token;
use crate::history::Observed;
use crate::shape::DataShape;
use crate::time::Timestamp;
use crate::vector::FeatureVector;
use ledger::Ledger;

/// Computes features. Keep one per thread: its buffers are reused.
#[derive(Clone, Debug)]
pub struct Kernel {
    shape: DataShape,
    ledger: Ledger,
    scratch: Scratch,
}

/// Buffers for families that must reorder what they read.
#[derive(Clone, Debug, Default)]
struct Scratch {
    numbers: Vec<f64>,
    places: Vec<(Token, Timestamp)>,
}

impl Kernel {
    /// A kernel over data of this shape.
    #[must_use]
    pub fn new(shape: DataShape) -> Self {
        Self { ledger: Ledger::new(&shape), shape, scratch: Scratch::default() }
    }

    /// What the data holds, and from when on.
    #[must_use]
    pub fn shape(&self) -> &DataShape {
        &self.shape
    }

    /// The features of `observed`, each finite or missing. Total: every history has them, the empty one too.
    #[must_use]
    pub fn features(&mut self, observed: &Observed<'_>) -> FeatureVector {
        let (ledger, scratch) = (&mut self.ledger, &mut self.scratch);
        ledger.refill(observed);
        let mut out = FeatureVector::missing();
        purchases::fill(ledger, &mut out);
        cadence::fill(ledger, &mut scratch.numbers, &mut out);
        value::fill(ledger, &mut scratch.numbers, &mut out);
        windows::fill(ledger, &mut out);
        decay::fill(ledger, &mut out);
        returns::fill(ledger, &mut out);
        coupons::fill(ledger, &mut out);
        engagement::fill(ledger, &mut out);
        service::fill(ledger, &mut out);
        breadth::fill(ledger, &mut scratch.places, &mut out);
        calendar::fill(ledger, &mut out);
        btyd::fill(ledger, &mut out);
        for value in out.as_mut_slice() {
            // Amounts near the end of the range may overflow a sum. Adding 0 turns -0 into 0.
            *value = if value.is_finite() { *value + 0.0 } else { f64::NAN };
        }
        out
    }
}
