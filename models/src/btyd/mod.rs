//! Buy-till-you-die models: how often a customer buys while alive, when they stop for good, and what they spend.
//!
//! A customer is alive when they make their first purchase, buys at random at a rate of their own, and drops out at a moment
//! nobody sees. [`BgNbd`] and [`ParetoNbd`] differ in when a customer may drop out; both know a customer by three numbers
//! only, their [`Habits`]. [`GammaGamma`] says what a purchase day is worth. Time is in days, a purchase is a purchase day.
//!
//! Predicting is always compiled and gives the same bits on every machine; learning the parameters needs the `fit` feature.

mod bg_nbd;
#[cfg(feature = "fit")]
pub mod fit;
mod gamma_gamma;
mod habits;
mod integrate;
mod pareto_nbd;
#[cfg(test)]
mod tests;

pub use bg_nbd::BgNbd;
pub use gamma_gamma::GammaGamma;
pub use habits::Habits;
pub use pareto_nbd::ParetoNbd;

/// Days of the yearly outlook.
pub const YEAR_DAYS: f64 = 365.0;

/// Every parameter of a sound model lies here: far more than any data can tell apart, and nothing overflows.
const SOUND: std::ops::RangeInclusive<f64> = 1e-15..=1e15;

/// Times and counts above this count as this.
const MOST: f64 = 1e9;

/// Whether every parameter can be computed with; NaN cannot.
fn are_sound<const N: usize>(parameters: [f64; N]) -> bool {
    parameters.iter().all(|parameter| SOUND.contains(parameter))
}

/// A time or count between 0 and [`MOST`]; NaN is 0.
fn bounded(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, MOST) }
}
