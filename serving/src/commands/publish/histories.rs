//! From events to the histories that are kept beside a run.

use lapwing_features::engine::{Dataset, Part};
use lapwing_features::{Timestamp, packed};

use crate::error::ServeError;
use crate::store::{Loading, Sealer, history_row};

/// Keeps what each customer did, as it is known at `now`: they tell until the last event of any of them.
pub(super) fn keep(dataset: &Dataset, loading: &mut Loading<'_>, sealer: Option<&Sealer>, now: Timestamp) -> Result<(), ServeError> {
    loading.keep_histories(dataset.last_event.unwrap_or(now))?;
    let work = |part: Part<'_>| {
        let mut rows = Vec::with_capacity(part.len());
        part.try_each_raw(|customer_id, events| {
            rows.push(history_row(customer_id, packed::pack(events), sealer)?);
            Ok::<_, ServeError>(())
        })?;
        Ok(rows)
    };
    dataset.sweep(work, |rows| Ok::<_, ServeError>(loading.add_histories(rows)?))
}
