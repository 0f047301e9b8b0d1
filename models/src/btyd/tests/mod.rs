//! What predictions and fits are held to.

mod golden;
mod laws;
