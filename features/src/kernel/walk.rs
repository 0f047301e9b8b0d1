//! One customer at many cutoffs.

use super::Kernel;
use crate::facts::{FactSettings, StageFacts};
use crate::history::{History, Observed, count_before};
use crate::outcome::Population;
use crate::past::Past;
use crate::purchase_days;
use crate::signs::SignFacts;
use crate::snapshot::{Attributes, Snapshot};
use crate::time::{Cutoff, Timestamp};
use crate::vector::FeatureVector;

/// One customer, followed from cutoff to cutoff: see [`Kernel::follow`].
///
/// As long as cutoffs ascend and everything was known when it happened, each event is taken in once. Other cutoffs and histories
/// are taken in anew each time. Either way the features are those of [`Kernel::features`], to the bit.
#[derive(Debug)]
pub struct Walk<'a> {
    kernel: &'a mut Kernel,
    history: &'a History,
    /// How many of the events that happened before `at` the ledger has taken in: all of them, once there was a cutoff.
    taken: usize,
    /// The last cutoff.
    at: Option<Timestamp>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(kernel: &'a mut Kernel, history: &'a History) -> Self {
        Self { kernel, history, taken: 0, at: None }
    }

    /// The features at `cutoff`, each finite or missing.
    #[must_use]
    pub fn features(&mut self, cutoff: Cutoff) -> FeatureVector {
        let observed = self.go(cutoff);
        self.kernel.read(&observed, None)
    }

    /// The population at `cutoff`, as [`Observed::population`] has it; `None` when nothing was seen of the customer yet.
    #[must_use]
    pub fn population(&mut self, cutoff: Cutoff, active_days: u32) -> Option<Population> {
        self.go(cutoff);
        let ledger = &self.kernel.ledger;
        let last = ledger.purchases.last().map(|purchase| purchase.ts);
        (!ledger.is_empty).then(|| Population::of_last(last, cutoff.at, active_days))
    }

    /// The snapshot at `cutoff`; `None` when nothing was seen of the customer before it. It holds
    /// no facts of signs, which learning does not ask: see [`whole_snapshot`](Self::whole_snapshot).
    #[must_use]
    pub fn snapshot(&mut self, cutoff: Cutoff, settings: FactSettings, attributes: Attributes) -> Option<Snapshot> {
        self.take_snapshot(cutoff, settings, attributes, false)
    }

    /// As [`snapshot`](Self::snapshot), with what the warning signs ask: what scoring takes. See [`Snapshot::take`].
    #[must_use]
    pub fn whole_snapshot(&mut self, cutoff: Cutoff, settings: FactSettings, attributes: Attributes) -> Option<Snapshot> {
        self.take_snapshot(cutoff, settings, attributes, true)
    }

    fn take_snapshot(&mut self, cutoff: Cutoff, settings: FactSettings, mut attributes: Attributes, whole: bool) -> Option<Snapshot> {
        let population = self.population(cutoff, settings.active_days)?;
        attributes.retain(|_, attribute| attribute.is_known(cutoff.at));
        let observed = self.go(cutoff);
        let mut facts = StageFacts::default();
        let features = self.kernel.read(&observed, Some((settings, &mut facts)));
        let signs = whole.then(|| self.kernel.read_signs(&observed));
        Some(Snapshot { cutoff, population, features, facts: Some(facts), signs, attributes })
    }

    /// What the warning signs ask at `cutoff`, as [`Kernel::signs`] has it.
    #[must_use]
    pub fn signs(&mut self, cutoff: Cutoff) -> SignFacts {
        let observed = self.go(cutoff);
        self.kernel.read_signs(&observed)
    }

    /// What is observed at `cutoff`, as it would have been seen earlier; `None` when nothing is.
    ///
    /// ```
    /// use lapwing_features::example;
    /// let history = example::history(&example::rows("purchase", &["1970-01-02", "1970-01-05", "1970-03-01"]));
    /// let mut kernel = example::kernel();
    /// let mut walk = kernel.follow(&history);
    /// assert_eq!(walk.past(example::cutoff("1970-02-01")).unwrap().purchase_days(), [1, 4]);
    /// assert!(walk.past(example::cutoff("1970-01-01")).is_none());
    /// ```
    #[must_use]
    pub fn past(&mut self, cutoff: Cutoff) -> Option<Past<'_>> {
        let observed = self.go(cutoff);
        self.kernel.ledger.settle();
        let events = if observed.is_late() { self.kernel.known.as_slice() } else { observed.before() };
        let (days, begins) = (&self.kernel.ledger.purchase_days, &mut self.kernel.scratch.begins);
        begins.clear();
        let mut last = None;
        for purchase in &self.kernel.ledger.purchases {
            if purchase_days::is_new(purchase.day, last) {
                begins.push(purchase.ts);
                last = Some(purchase.day);
            }
        }
        debug_assert_eq!(begins.len(), days.days().len(), "both go by the same rule");
        (!events.is_empty()).then_some(Past { days, begins, events, since_interactions: self.kernel.since.interactions, cutoff })
    }

    /// Brings the ledger to `cutoff`.
    #[inline(always)]
    fn go(&mut self, cutoff: Cutoff) -> Observed<'a> {
        if self.at == Some(cutoff.at) {
            return self.history.first(self.taken, cutoff);
        }
        if self.at.is_some_and(|at| at < cutoff.at) && !self.history.is_late() {
            let coming = self.history.from(self.taken);
            let count = count_before(coming, cutoff.at);
            self.kernel.take(&coming[..count]);
            self.taken += count;
        } else {
            let observed = self.history.observe(cutoff);
            self.kernel.refill(&observed);
            self.taken = observed.before().len();
        }
        self.at = Some(cutoff.at);
        self.history.first(self.taken, cutoff)
    }
}
