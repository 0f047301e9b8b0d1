//! What predictions and fits are held to.

#[cfg(feature = "fit")]
mod datasets;
pub(super) mod golden;
mod laws;
#[cfg(feature = "fit")]
mod learning;
#[cfg(feature = "fit")]
mod simulation;
