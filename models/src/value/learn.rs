//! Learns what buyers are worth from the customers as of the cutoff.

use lapwing_features::{Population, Snapshot};

use super::{PartReport, ValueModel, ValueReport, net_value_mean};
use crate::btyd::Habits;
use crate::btyd::fit::{self, FitError, Fitted};

/// Learns from every buyer of `snapshots`. Never fails: what cannot be learned is left out, and the report says why.
pub(crate) fn learn(snapshots: &[Snapshot]) -> (Option<ValueModel>, ValueReport) {
    let buyers = snapshots.iter().filter(|snapshot| snapshot.population != Population::Prospect);
    let habits: Vec<(Habits, f64, f64)> =
        buyers.filter_map(|one| Some((Habits::of(&one.features)?, net_value_mean(&one.features), 1.0))).collect();
    let paces: Vec<(Habits, f64)> = habits.iter().map(|(habits, ..)| (*habits, 1.0)).collect();
    let (purchases, of_purchases) = told(fit::bg_nbd(&paces));
    let (spend, of_spend) = told(fit::gamma_gamma(&habits));
    let model = purchases.map(|purchases| ValueModel { purchases, spend, net: true });
    (model, ValueReport { purchases: of_purchases, spend: of_spend })
}

fn told<M>(found: Result<Fitted<M>, FitError>) -> (Option<M>, PartReport) {
    match found {
        Ok(Fitted { model, log_likelihood, customers, certificate }) => {
            let (log_likelihood, certificate) = (Some(log_likelihood), Some(certificate));
            (Some(model), PartReport { customers: customers as usize, log_likelihood, certificate, why: None })
        }
        Err(error) => {
            let why = error.to_string().lines().next().map(str::to_owned);
            (None, PartReport { why, ..PartReport::default() })
        }
    }
}
