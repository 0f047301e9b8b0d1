//! From what is observed to a feature vector: one file a family.
//!
//! [`Kernel::features`] gathers what the families share into buffers that are kept from one call to the next, then each
//! family sets its rows of the table. Nothing is allocated once the buffers have grown to the longest history.

mod ledger;
mod purchases;

use crate::history::Observed;
use crate::shape::DataShape;
use crate::vector::FeatureVector;
use ledger::Ledger;

/// Computes features. Keep one per thread: its buffers are reused.
#[derive(Clone, Debug)]
pub struct Kernel {
    shape: DataShape,
    ledger: Ledger,
}

impl Kernel {
    /// A kernel over data of this shape.
    #[must_use]
    pub fn new(shape: DataShape) -> Self {
        Self { shape, ledger: Ledger::default() }
    }

    /// What the data holds, and from when on.
    #[must_use]
    pub fn shape(&self) -> &DataShape {
        &self.shape
    }

    /// The features of `observed`. Total: every history has them, the empty one too.
    #[must_use]
    pub fn features(&mut self, observed: &Observed<'_>) -> FeatureVector {
        self.ledger.refill(observed);
        let mut out = FeatureVector::missing();
        purchases::fill(&self.ledger, &mut out);
        out
    }
}
