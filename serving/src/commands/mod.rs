//! The commands, one file each: settings in, result printed, error out.

pub mod audit;
pub mod check;
pub mod forget;
pub mod http;
pub mod keys;
pub mod playbook;
#[cfg(feature = "batch")]
pub mod publish;
#[cfg(feature = "batch")]
pub mod score;
#[cfg(feature = "batch")]
pub mod skew;
#[cfg(feature = "batch")]
pub mod transitions;
pub mod webhooks;

#[cfg(feature = "batch")]
use lapwing_features::engine::EventsConfig;
use lapwing_models::bundle::ModelBundle;

use crate::cli::{Cli, Command};
use crate::error::ServeError;
use crate::{settings, talk};

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever keeps it from being done.
pub fn run(cli: Cli) -> Result<(), ServeError> {
    talk::start_log();
    match cli.command {
        #[cfg(feature = "batch")]
        Command::Score(args) => score::run(&settings::Score::new(args)?),
        #[cfg(feature = "batch")]
        Command::Publish(args) => publish::run(&settings::Publish::new(args)?),
        #[cfg(feature = "batch")]
        Command::Skew(args) => skew::run(&settings::Skew::new(*args)?),
        #[cfg(feature = "batch")]
        Command::Transitions(args) => transitions::run(&settings::Transitions::new(*args)?),
        Command::Http(args) => http::run(&settings::Http::new(*args)?),
        Command::Audit(args) => audit::run(&settings::Audit::new(args)?),
        Command::Playbook(args) => playbook::run(&settings::Playbook::new(args)?),
        Command::Keys(args) => keys::run(&settings::Keys::new(args)?),
        Command::Forget(args) => forget::run(&settings::Forget::new(args)?),
        Command::Webhooks(args) => webhooks::run(&settings::Webhooks::new(args)?),
        Command::Check(args) => check::run(&settings::Check::new(args)?),
    }
}

/// As the bundle's data were read; what the config says of a name wins over what the fit was told.
#[cfg(feature = "batch")]
fn as_fitted(bundle: &ModelBundle, reading: &EventsConfig) -> EventsConfig {
    let kinds = bundle.kinds.names.clone().into_iter().chain(reading.kinds.clone()).collect();
    EventsConfig { kinds, duplicates: bundle.duplicates, ..reading.clone() }
}

/// A sentence on each fitted model that was not found better than chance on customers it had not seen.
fn without_skill(bundle: &ModelBundle) -> Vec<String> {
    bundle
        .told()
        .filter(|(model, report)| model.basis.why().is_none() && !report.skill)
        .map(|(model, report)| format!("{} probabilities are by a model without proven skill: {}", model.target.name(), report.verdict))
        .collect()
}
