//! Other models take office while requests are answered: loaded and checked beside those that serve, then put in their place in one
//! step. Whatever is wrong with them, those that serve go on serving, and readiness, metrics and log say why.

use std::sync::Arc;

use lapwing_models::bundle::BundleError;
use lapwing_models::bundle::registry::RegistryError;

use super::problem::Problem;
use super::state::State;
use super::wire::RefusedReload;
use crate::audit::Record;
use crate::clock;
use crate::error::ServeError;

/// How a reload went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// Other models, or the same on other terms, serve from now on.
    Loaded,
    /// The same models were found again, whole.
    Unchanged,
}

impl Reloaded {
    /// As an answer and the metrics say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Unchanged => "unchanged",
        }
    }
}

impl State {
    /// Reads the bundle or the registry again; one reload at a time. It goes to its end even when nobody waits for it.
    ///
    /// # Errors
    /// [`Problem::Reload`] when what was found is not fit to serve: the models before serve on.
    pub async fn reload(self: &Arc<Self>) -> Result<Reloaded, Problem> {
        let state = Arc::clone(self);
        tokio::spawn(async move { state.reload_in_turn().await }).await.map_err(|_| Problem::Fault)?
    }

    async fn reload_in_turn(self: &Arc<Self>) -> Result<Reloaded, Problem> {
        let _turn = self.reloads.turn.lock().await;
        let Some(source) = self.reloads.source.clone() else {
            return Err(Problem::Reload(RefusedReload { code: "no_source", detail: "this service was given its models for good" }));
        };
        let serving = self.lineup();
        let champion = Arc::clone(&serving.champion);
        match self.reloads.background.run(move || source.successor(&champion)).await? {
            Ok(lineup) => {
                self.reloads.refused.store(None);
                let outcome = if lineup.roster() == serving.roster() { Reloaded::Unchanged } else { Reloaded::Loaded };
                if outcome == Reloaded::Loaded {
                    tracing::info!(model_version = lineup.champion.version, "other models serve");
                    self.swap(lineup);
                }
                self.metrics().reloaded(outcome.name(), "none");
                self.note(Record { note: Some(outcome.name().to_owned()), ..self.models_record() }).await;
                Ok(outcome)
            }
            Err(error) => Err(Problem::Reload(self.refuse(&error).await)),
        }
    }

    /// Tells everywhere that there are no other models for this reason; what callers are told of it.
    pub(super) async fn refuse(&self, error: &ServeError) -> RefusedReload {
        let (refused, version) = (told(error), self.version());
        tracing::error!(code = refused.code, why = %error, model_version = version, "a reload was refused; the models before serve on");
        self.reloads.refused.store(Some(Arc::new(refused)));
        self.metrics().reloaded("refused", refused.code);
        self.note(Record { note: Some(format!("refused: {}", refused.code)), ..self.models_record() }).await;
        refused
    }

    /// Of what serves now.
    fn models_record(&self) -> Record {
        Record { model_version: Some(self.version()), ..Record::of("models", clock::now()) }
    }

    /// Why the last reload was refused; `None` when it was not.
    #[must_use]
    pub fn refused_reload(&self) -> Option<RefusedReload> {
        self.reloads.refused.load().as_deref().copied()
    }
}

/// What callers are told of a refusal: the rule, and nothing of the machine's folders, which the log has.
fn told(error: &ServeError) -> RefusedReload {
    let (code, detail) = match error {
        ServeError::Bundle(error) | ServeError::Registry(RegistryError::Bundle { source: error, .. }) => of_bundle(error),
        ServeError::Registry(RegistryError::Exchanged { .. }) => {
            ("exchanged", "the bundle is another than its folder in the registry says")
        }
        ServeError::Registry(RegistryError::NotARegistry(_)) => ("no_registry", "the folder is no registry any more"),
        ServeError::Registry(RegistryError::Newer { .. }) => ("newer_registry", "the registry is of a newer build"),
        ServeError::Registry(RegistryError::Io { .. }) => ("unreadable", "the file system said no"),
        ServeError::Registry(_) => ("registry_damaged", "the registry's list does not hold together"),
        #[cfg(feature = "batch")]
        ServeError::Engine(_) => ("store_away", "the store of the registry does not give it"),
        ServeError::OlderAsOf { .. } => ("older_as_of", "the bundle knows of less than the one that serves"),
        ServeError::Time { .. } => ("time_zone", "the bundle's time zone is not known to this build"),
        _ => ("fault", "a fault of the program"),
    };
    RefusedReload { code, detail }
}

fn of_bundle(error: &BundleError) -> (&'static str, &'static str) {
    match error {
        BundleError::Io { .. } => ("unreadable", "the file system said no"),
        BundleError::NotABundle(_) => ("no_bundle", "the folder holds no bundle"),
        BundleError::Newer { .. } => ("newer_format", "the bundle is of a newer build"),
        BundleError::Older { .. } => ("older_format", "the bundle is of an older build"),
        BundleError::Fingerprint { .. } => ("fingerprint", "the bundle was fitted on another feature table"),
        BundleError::Missing(_) => ("missing_file", "a file of the bundle is not there"),
        BundleError::Unexpected(_) | BundleError::NotAFile(_) | BundleError::Occupied { .. } => {
            ("foreign_file", "the bundle holds something that does not belong there")
        }
        BundleError::TooLarge { .. } => ("too_large", "a file is larger than any bundle's"),
        BundleError::Size { .. } => ("truncated", "a file has another size than the manifest says"),
        BundleError::Digest { .. } => ("corrupt", "a file's bytes are not those that were written"),
        BundleError::Unreadable { .. } | BundleError::Unsound { .. } | BundleError::Model(_) => {
            ("unsound", "a file does not hold together")
        }
        BundleError::Golden { .. } => ("golden", "a golden row scores otherwise than when the bundle was made"),
    }
}
