//! From what is observed to a feature vector: one file a family.
//!
//! A ledger takes in what is observed, event by event, into lists and running sums; a frame holds what depends on the cutoff alone,
//! which all customers share; a view puts both together, and each family reads it to set its rows of the table. The ledger grows
//! from one cutoff of a [`Walk`] to the next. Nothing is allocated once the buffers have grown to the longest history.
//!
//! What the data covers decides what a number means ([`DataShape`]). A window that the data covers whole gives the plain number;
//! one that it covers at least half is scaled to the whole window; of one that it covers less, nothing is said. What the data
//! does not hold at all before the cutoff is missing, never zero.

#![expect(clippy::inline_always, reason = "what is not compiled as a part of `Take` or `Read` goes without the widest instructions")]

mod angle;
mod breadth;
mod btyd;
mod cadence;
mod calendar;
mod coupons;
mod coverage;
mod decay;
mod engagement;
mod exp2;
mod frame;
mod ledger;
mod names;
mod numbers;
mod purchases;
mod returns;
mod service;
mod signs;
mod sorted;
#[cfg(test)]
mod tests;
mod totals;
mod value;
mod view;
mod walk;
mod wide;
mod windows;

use pulp::Arch;

use crate::facts::{FactSettings, StageFacts};
use crate::history::{Event, History, Observed};
use crate::shape::DataShape;
use crate::signs::SignFacts;
use crate::vector::FeatureVector;
use coverage::Since;
use frame::Frames;
use ledger::Ledger;
use view::{Scratch, View};
use wide::{Read, Take};

pub(crate) use numbers::median;
pub use walk::Walk;

/// Computes features. Keep one per thread: its buffers are reused.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The instructions that this processor has.
    arch: Arch,
    shape: DataShape,
    since: Since,
    frames: Frames,
    ledger: Ledger,
    scratch: Scratch,
    /// What is observed where not all that happened before the cutoff was known by then.
    known: Vec<Event>,
}

impl Kernel {
    /// A kernel over data of this shape.
    #[must_use]
    pub fn new(shape: DataShape) -> Self {
        let since = Since::of(&shape);
        Self {
            arch: wide::arch(),
            shape,
            since,
            frames: Frames::default(),
            ledger: Ledger::default(),
            scratch: Scratch::default(),
            known: Vec::new(),
        }
    }

    /// What the data holds, and from when on.
    #[must_use]
    pub fn shape(&self) -> &DataShape {
        &self.shape
    }

    /// The features of `observed`, each finite or missing. Total: every history has them, the empty one too.
    #[must_use]
    pub fn features(&mut self, observed: &Observed<'_>) -> FeatureVector {
        self.refill(observed);
        self.read(observed, None)
    }

    /// Follows one customer through many cutoffs.
    ///
    /// ```
    /// use lapwing_features::{Id, example};
    /// let history = example::history(&[("2024-01-01", "purchase", 20.0), ("2024-02-10", "purchase", 35.0)]);
    /// let mut kernel = example::kernel();
    /// let mut walk = kernel.follow(&history);
    /// let count = ["2024-01-01", "2024-02-01", "2024-03-01"].map(|date| walk.features(example::cutoff(date))[Id::purchases_count]);
    /// assert_eq!(count, [0.0, 1.0, 2.0]);
    /// ```
    pub fn follow<'a>(&'a mut self, history: &'a History) -> Walk<'a> {
        Walk::new(self, history)
    }

    /// What the warning signs ask of `observed`. Total, as [`features`](Self::features) is.
    ///
    /// ```
    /// use lapwing_features::{Compared, example};
    /// let history = example::history(&example::rows("purchase", &["2024-01-05", "2024-01-20", "2024-06-01"]));
    /// let facts = example::kernel().signs(&history.observe(example::cutoff("2024-06-15")));
    /// assert_eq!(facts.purchases_90d, Some(Compared { now: 1, before: 2 }));
    /// assert_eq!(facts.survey, None); // nothing was ever answered
    /// ```
    #[must_use]
    pub fn signs(&mut self, observed: &Observed<'_>) -> SignFacts {
        self.refill(observed);
        self.read_signs(observed)
    }

    /// Makes the ledger that of `observed`.
    fn refill(&mut self, observed: &Observed<'_>) {
        self.ledger.clear();
        if observed.is_late() {
            self.known.clear();
            self.known.extend(observed.events());
            self.arch.dispatch(Take { ledger: &mut self.ledger, events: &self.known });
        } else {
            self.take(observed.before());
        }
    }

    /// Takes in the events that come next.
    fn take(&mut self, events: &[Event]) {
        self.arch.dispatch(Take { ledger: &mut self.ledger, events });
    }

    /// The features of `observed`, of which the ledger is; the facts of the stage rules too, where they are asked for.
    fn read(&mut self, observed: &Observed<'_>, facts: Option<(FactSettings, &mut StageFacts)>) -> FeatureVector {
        let events = if observed.is_late() { self.known.as_slice() } else { observed.before() };
        let frame = self.frames.at(&self.since, observed.cutoff());
        self.arch.dispatch(Read { ledger: &mut self.ledger, events, frame, scratch: &mut self.scratch, facts })
    }

    /// What the warning signs ask of `observed`, of which the ledger is.
    fn read_signs(&mut self, observed: &Observed<'_>) -> SignFacts {
        self.ledger.settle();
        let events = if observed.is_late() { self.known.as_slice() } else { observed.before() };
        let frame = self.frames.at(&self.since, observed.cutoff());
        signs::facts(&self.ledger, events, &frame.signs, &mut self.scratch.marks)
    }
}

/// The features of one customer at one cutoff.
#[inline(always)]
fn features(view: &View<'_>) -> FeatureVector {
    let mut features = FeatureVector::missing();
    let out = &mut features;
    purchases::fill(view, out);
    cadence::fill(view, out);
    value::fill(view, out);
    windows::fill(view, out);
    decay::fill(view, out);
    returns::fill(view, out);
    coupons::fill(view, out);
    engagement::fill(view, out);
    service::fill(view, out);
    breadth::fill(view, out);
    calendar::fill(view, out);
    btyd::fill(view, out);
    features.finished()
}

fn facts(view: &View<'_>, settings: FactSettings) -> StageFacts {
    let (ledger, frame) = (view.ledger, view.frame);
    let mut facts = StageFacts::of_days(&ledger.purchase_days, view.median_gap, frame.cutoff, settings);
    facts.engaged = ledger.last_interaction.is_some();
    // Both windows whole: then what lies in them is what lies in the days that they stand for.
    let whole = frame.since_interactions <= frame.cutoff.at.plus_days(-210);
    if whole {
        facts.note_interactions(view.recent.interactions_30d, view.recent.interactions_before);
    }
    facts
}
