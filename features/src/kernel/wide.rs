//! What the kernel does to each customer, compiled once for each set of instructions that a processor may have.
//!
//! pulp, which asks the processor at run time and needs no unsafe code here, is let through the kernel's wall because the same
//! code takes 8 % less time where there is AVX2. The sums and products are the same in either, so are the bits.

use pulp::{Arch, Simd, WithSimd};

use super::features;
use super::frame::Frame;
use super::ledger::Ledger;
use super::view::{Scratch, View};
use crate::facts::{FactSettings, StageFacts};
use crate::history::Event;
use crate::vector::FeatureVector;

/// AVX2 where the processor has it. Not AVX-512: the kernel's loops are short, and in such wide vectors they take 8 % more time.
pub(super) fn arch() -> Arch {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        return Arch::V3(avx2);
    }
    Arch::new()
}

/// Takes the events that come next into the ledger.
pub(super) struct Take<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) events: &'a [Event],
}

impl WithSimd for Take<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.ledger.take(self.events);
    }
}

/// Reads the ledger, which has taken in `events`: the features, and the facts of the stage rules where they are asked for.
pub(super) struct Read<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) events: &'a [Event],
    pub(super) frame: &'a Frame,
    pub(super) scratch: &'a mut Scratch,
    pub(super) facts: Option<(FactSettings, &'a mut StageFacts)>,
}

impl WithSimd for Read<'_> {
    type Output = FeatureVector;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> FeatureVector {
        self.ledger.settle();
        let view = View::of(self.ledger, self.events, self.frame, self.scratch);
        if let Some((settings, facts)) = self.facts {
            *facts = super::facts(&view, settings);
        }
        features(&view)
    }
}
