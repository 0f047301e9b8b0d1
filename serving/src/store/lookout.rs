//! Whether what was read of published customers is still so.

use super::database::{Watch, first};
use super::{Store, StoreError};

/// What is told of a published customer stays the same while this does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The run that is read; 0 before the first.
    run: i64,
    /// How many are forgotten, who are never taken back.
    forgotten: i64,
}

/// Looks out for runs that are published and customers who are forgotten, by this process or any other.
#[derive(Debug)]
pub struct Lookout {
    watch: Watch,
    /// The change that was seen last, and the mark then.
    seen: Option<(i64, Mark)>,
}

impl Lookout {
    /// The mark at this moment: what was committed before it was asked for is in it.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn mark(&mut self) -> Result<Mark, StoreError> {
        // Before the mark: what changes between the two is seen the next time.
        let change = self.watch.change()?;
        if let Some((_, mark)) = self.seen.filter(|(seen, _)| *seen == change) {
            return Ok(mark);
        }
        let asked = "SELECT coalesce((SELECT MAX(seq) FROM runs), 0), (SELECT COUNT(*) FROM forgotten)";
        let found = self.watch.read_once(|tx| first(tx, asked, &[]))?;
        let mut row = found.ok_or(StoreError::Damaged("it does not tell which run is read"))?;
        let mark = Mark { run: row.some_integer(0)?, forgotten: row.some_integer(1)? };
        self.seen = Some((change, mark));
        Ok(mark)
    }
}

impl Store {
    /// Whoever looks out for changes; `None` in a store that is far, where this takes as long as reading a customer.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be opened once more.
    pub fn lookout(&self) -> Result<Option<Lookout>, StoreError> {
        Ok(self.database.watch()?.map(|watch| Lookout { watch, seen: None }))
    }
}
