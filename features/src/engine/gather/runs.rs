//! What one task has of all buckets, kept within the budget.

use std::io;
use std::sync::Arc;

use super::ids::BUCKETS;
use super::run::Run;
use super::spill::{Budget, Held, LEAST, SpillFile};

/// A run for each bucket.
pub(super) struct Runs {
    by_bucket: Vec<Run>,
    budget: Arc<Budget>,
    held: Held,
    spilled: Option<SpillFile>,
}

impl Runs {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self { by_bucket: (0..BUCKETS).map(|_| Run::default()).collect(), held: Held::of(&budget), budget, spilled: None }
    }

    #[inline]
    pub(super) fn of_bucket(&mut self, bucket: usize) -> &mut Run {
        &mut self.by_bucket[bucket]
    }

    /// See [`Run::turn_back`].
    pub(super) fn turn_back(&mut self) {
        self.by_bucket.iter_mut().for_each(Run::turn_back);
    }

    /// Keeps to the budget, in which the task holds `more` bytes of its own.
    pub(super) fn settle(&mut self, more: usize) -> io::Result<()> {
        let records: usize = self.by_bucket.iter().map(Run::record_bytes).sum();
        let fixed = more + self.by_bucket.iter().map(Run::id_bytes).sum::<usize>();
        self.held.set(fixed + records);
        if records < LEAST || !self.budget.is_exceeded() {
            return Ok(());
        }
        let file = match &mut self.spilled {
            Some(file) => file,
            none => none.insert(SpillFile::new(&self.budget)?),
        };
        for run in &mut self.by_bucket {
            run.spill(file)?;
        }
        self.held.set(fixed);
        Ok(())
    }

    /// The runs, by bucket.
    pub(super) fn finish(self) -> io::Result<Vec<Run>> {
        let Self { by_bucket: mut runs, spilled, mut held, .. } = self;
        runs.iter_mut().for_each(Run::shrink);
        held.set(runs.iter().map(|run| run.record_bytes() + run.id_bytes()).sum());
        let held = Arc::new(held);
        for run in &mut runs {
            run.keep(&held);
        }
        if let Some(file) = spilled {
            let file = Arc::new(file.finish()?);
            for run in &mut runs {
                run.spilled_to(&file);
            }
        }
        Ok(runs)
    }
}
