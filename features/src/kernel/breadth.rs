//! How many categories and channels, over purchases (line by line) and interactions.

use super::view::View;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Breadth`](crate::schema::Family::Breadth).
#[inline]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let (channels, categories, quarter) = (&view.ledger.channels, &view.ledger.categories, view.frame.categories_90d);
    if !channels.is_empty() {
        out[Id::channels_count] = channels.distinct() as f64;
        out[Id::channel_entropy] = channels.entropy();
    }
    if !categories.is_empty() {
        out[Id::categories_count] = categories.distinct() as f64;
        out[Id::category_entropy] = categories.entropy();
        if quarter.is_whole() {
            out[Id::categories_90d_count] = categories.distinct_since(quarter.from) as f64;
        }
    }
}
