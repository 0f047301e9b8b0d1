//! Learning buy-till-you-die models by maximum likelihood.
//!
//! Everything is learned in logarithms, after time (or money) was divided by its mean over the customers: days, weeks and
//! years give the same model. A log-normal prior as wide as 20 powers of e keeps finite what the data leave open, such as the
//! heterogeneity of customers who are all alike, and a wall 15 powers of e away does where the likelihood has no bound. Newton's
//! method with exact second derivatives starts from the best of a grid, and each model carries the [`Certificate`] that its
//! gradient is 0.

mod bg_nbd;
mod customer;
mod gamma_gamma;
mod newton;
mod pareto_nbd;
mod sample;
mod special;
#[cfg(test)]
mod tests;

use thiserror::Error;

use super::{BgNbd, GammaGamma, Habits, ParetoNbd, SOUND};
use crate::report::{Certificate, NotConverged};
use sample::{Weighted, compress, maximise, total};

/// A model, and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitted<M> {
    /// Ready to predict.
    pub model: M,
    /// Log likelihood of all customers, without the prior; of times in the unit they were given in.
    pub log_likelihood: f64,
    /// Sum of the weights.
    pub customers: f64,
    /// Of minus the log posterior by the logarithms of the parameters, over the number of purchase days (of customers, for
    /// [`GammaGamma`]).
    pub certificate: Certificate,
}

/// Why there is no model.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum FitError {
    /// There is nothing to learn from.
    #[error("there are no customers to learn habits from\nhint: choose an earlier cutoff or a longer history")]
    NoCustomers,
    /// Nobody came back, so that nothing tells a low purchase rate from early dropout.
    #[error("none of {0} customers bought on a second day, so habits cannot be learned\nhint: use a longer history")]
    NoRepeats(f64),
    /// Nobody has been known for any time.
    #[error("all {0} customers bought for the first time on the last day\nhint: use a longer history")]
    NoTime(f64),
    /// Nobody has a repeat day of known value.
    #[error("none of {0} customers has a repeat day with a known amount above 0\nhint: map the amount column, or use a longer history")]
    NoSpend(f64),
    /// A weight is no weight.
    #[error("weight `{0}` is below 0 or not finite\nhint: a weight of 1 counts a customer once")]
    Weight(f64),
    /// The search ended away from the optimum.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
}

/// Learns a [`BgNbd`] from customers and how often each counts. The order of the customers changes no bit.
///
/// # Errors
/// [`FitError`] when there is nothing to learn from, a weight is not one, or the search does not end.
///
/// ```
/// use lapwing_models::btyd::{Habits, fit};
/// let seen = [(0.0, 0.0, 90.0), (0.0, 0.0, 80.0), (1.0, 9.0, 90.0), (4.0, 60.0, 70.0), (2.0, 20.0, 85.0)];
/// let customers: Vec<_> = seen.iter().map(|(x, span, age)| (Habits::new(*x, *span, *age).unwrap(), 1.0)).collect();
/// let fitted = fit::bg_nbd(&customers)?;
/// assert!(fitted.model.is_sound() && fitted.certificate.gradient_norm < 1e-8);
/// # Ok::<(), fit::FitError>(())
/// ```
pub fn bg_nbd(customers: &[(Habits, f64)]) -> Result<Fitted<BgNbd>, FitError> {
    let (data, unit) = scaled(customers)?;
    let pace = pace(&data);
    let (found, log_likelihood, certificate) = maximise(&bg_nbd::BgNbdLikelihood { pace }, &data, &bg_nbd::starts(pace))?;
    let [r, alpha, a, b] = found.map(f64::exp);
    let model = BgNbd { r: sound(r), alpha: sound(alpha * unit), a: sound(a), b: sound(b) };
    Ok(Fitted { model, log_likelihood: in_days(log_likelihood, &data, unit), customers: total(&data, |_| 1.0), certificate })
}

/// Learns a [`ParetoNbd`] from customers and how often each counts. The order of the customers changes no bit.
///
/// # Errors
/// As [`bg_nbd`].
pub fn pareto_nbd(customers: &[(Habits, f64)]) -> Result<Fitted<ParetoNbd>, FitError> {
    let (data, unit) = scaled(customers)?;
    let pace = pace(&data);
    let (found, log_likelihood, certificate) = maximise(&pareto_nbd::ParetoNbdLikelihood { pace }, &data, &pareto_nbd::starts(pace))?;
    let [r, alpha, s, beta] = found.map(f64::exp);
    let model = ParetoNbd { r: sound(r), alpha: sound(alpha * unit), s: sound(s), beta: sound(beta * unit) };
    Ok(Fitted { model, log_likelihood: in_days(log_likelihood, &data, unit), customers: total(&data, |_| 1.0), certificate })
}

/// Learns a [`GammaGamma`] from customers, the mean value of their repeat days (the feature `btyd_value_mean`), and how often
/// each counts. Customers without a repeat day, or whose value is not known or not above 0, are left out. `q` is above 1.1, so
/// that the mean spend of all customers is a number that data can back.
///
/// # Errors
/// As [`bg_nbd`]; [`FitError::NoSpend`] when every customer is left out.
pub fn gamma_gamma(customers: &[(Habits, f64, f64)]) -> Result<Fitted<GammaGamma>, FitError> {
    let weight: f64 = customers.iter().map(|(.., weight)| weight).sum();
    let known = customers.iter().filter(|(habits, value, _)| habits.repeat_days() > 0.0 && *value > 0.0 && value.is_finite());
    let mut data = compress(known.map(|(habits, value, weight)| ([habits.repeat_days(), *value], *weight)))?;
    if data.is_empty() {
        return Err(FitError::NoSpend(weight));
    }
    // The geometric mean: one huge amount does not push all others towards 0.
    let customers = total(&data, |_| 1.0);
    let unit = (total(&data, |[_, value]| value.ln()) / customers).exp();
    for ([_, value], _) in &mut data {
        *value /= unit;
    }
    let (found, log_likelihood, certificate) = maximise(&gamma_gamma::GammaGammaLikelihood, &data, &gamma_gamma::STARTS)?;
    let [p, q, gamma] = gamma_gamma::parameters(&found);
    let model = GammaGamma { p: sound(p), q, gamma: sound(gamma * unit) };
    Ok(Fitted { model, log_likelihood: log_likelihood - customers * unit.ln(), customers, certificate })
}

/// The distinct customers in units of their mean age, and that unit.
fn scaled(customers: &[(Habits, f64)]) -> Result<(Weighted<3>, f64), FitError> {
    let rows = customers.iter().map(|(habits, weight)| ([habits.repeat_days(), habits.span_days(), habits.age_days()], *weight));
    let mut data = compress(rows)?;
    let weight = total(&data, |_| 1.0);
    if data.is_empty() {
        return Err(FitError::NoCustomers);
    }
    let unit = total(&data, |[_, _, age]| *age) / weight;
    if unit == 0.0 {
        return Err(FitError::NoTime(weight));
    }
    if total(&data, |[x, ..]| *x) == 0.0 {
        return Err(FitError::NoRepeats(weight));
    }
    for ([_, span, age], _) in &mut data {
        (*span, *age) = (*span / unit, *age / unit);
    }
    Ok((data, unit))
}

/// Repeat days in a unit of time.
fn pace(data: &Weighted<3>) -> f64 {
    total(data, |[x, ..]| *x) / total(data, |[_, _, age]| *age)
}

/// The likelihood of times is a density, so that its logarithm depends on the unit.
fn in_days(log_likelihood: f64, data: &Weighted<3>, unit: f64) -> f64 {
    log_likelihood - total(data, |[x, ..]| *x) * unit.ln()
}

fn sound(parameter: f64) -> f64 {
    parameter.clamp(*SOUND.start(), *SOUND.end())
}
