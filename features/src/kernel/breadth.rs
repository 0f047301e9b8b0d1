//! How many categories and channels, over purchases (line by line) and interactions.

use super::view::View;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Breadth`](crate::schema::Family::Breadth).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let (channels, categories, quarter) = (&view.ledger.channels, &view.ledger.categories, view.frame.categories_90d);
    if channels.occurrences() > 0 {
        out[Id::channels_count] = f64::from(channels.distinct());
        out[Id::channel_entropy] = channels.entropy();
    }
    if categories.occurrences() > 0 {
        out[Id::categories_count] = f64::from(categories.distinct());
        out[Id::category_entropy] = categories.entropy();
        if quarter.is_whole() {
            out[Id::categories_90d_count] = f64::from(categories.distinct_since(quarter.from));
        }
    }
}
