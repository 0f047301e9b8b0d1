//! What to score with, and how it becomes models in office.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapwing_models::bundle::ModelBundle;
use lapwing_models::bundle::registry::Registry;

use crate::error::ServeError;
use crate::http::{Contender, Lineup, Served};

/// What to score with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The bundle in this folder.
    Bundle(PathBuf),
    /// The champion of the registry in this folder.
    Registry(PathBuf),
}

impl Source {
    /// Loads the bundle, which checks all of it.
    ///
    /// # Errors
    /// [`ServeError::Bundle`] or [`ServeError::Registry`] when anything about it is off.
    pub fn load(&self) -> Result<ModelBundle, ServeError> {
        match self {
            Self::Bundle(dir) => Ok(ModelBundle::load(dir)?),
            Self::Registry(dir) => Ok(Registry::read(dir)?.load_champion()?),
        }
    }

    /// Loads the models in office, which checks all of them, and scores with each: no first request finds them cold.
    ///
    /// # Errors
    /// [`ServeError::Bundle`], [`ServeError::Registry`] or [`ServeError::Time`] when anything about one of them is off.
    pub fn lineup(&self) -> Result<Lineup, ServeError> {
        match self {
            Self::Bundle(dir) => Ok(served(ModelBundle::load(dir)?, None)?.into()),
            Self::Registry(dir) => of_registry(&Registry::read(dir)?),
        }
    }

    /// Loads what is to take the place of `serving`.
    ///
    /// # Errors
    /// Those of [`lineup`](Self::lineup), and [`ServeError::OlderAsOf`] for a champion that knows of less than the one that serves,
    /// unless somebody went back on purpose.
    pub fn successor(&self, serving: &Served) -> Result<Lineup, ServeError> {
        let (lineup, on_purpose) = match self {
            Self::Bundle(_) => (self.lineup()?, false),
            Self::Registry(dir) => {
                let registry = Registry::read(dir)?;
                (of_registry(&registry)?, registry.went_back_since(&serving.version))
            }
        };
        let next = &lineup.champion;
        if next.bundle.as_of < serving.bundle.as_of && !on_purpose {
            return Err(ServeError::OlderAsOf {
                version: next.version.clone(),
                as_of: next.bundle.as_of,
                serving: serving.version.clone(),
                serving_as_of: serving.bundle.as_of,
            });
        }
        Ok(lineup)
    }

    /// What differs once a registry has another champion, challenger, share or label; `None` for a bundle, and while the registry
    /// cannot be read.
    #[must_use]
    pub fn mark(&self) -> Option<Vec<u8>> {
        match self {
            Self::Bundle(_) => None,
            Self::Registry(dir) => Registry::mark(dir).ok(),
        }
    }

    /// The folder, in which nothing may be written.
    #[must_use]
    pub fn dir(&self) -> &Path {
        match self {
            Self::Bundle(dir) | Self::Registry(dir) => dir,
        }
    }
}

fn of_registry(registry: &Registry) -> Result<Lineup, ServeError> {
    let ready = |bundle: ModelBundle| {
        let label = registry.label(&bundle.version()).map(str::to_owned);
        served(bundle, label)
    };
    let champion = ready(registry.load_champion()?)?;
    let challenger = match (registry.load_challenger()?, registry.challenger()) {
        (Some(bundle), Some(terms)) => Some(Contender::new(ready(bundle)?, terms.clone())),
        _ => None,
    };
    Ok(Lineup { champion, challenger })
}

fn served(bundle: ModelBundle, label: Option<String>) -> Result<Arc<Served>, ServeError> {
    Served::new(bundle, label).map_err(|source| ServeError::Time { setting: "the bundle's time zone", source })
}
