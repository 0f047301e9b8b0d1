//! What to score with, and how it becomes models in office.

use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "batch")]
use lapwing_features::engine::{self, Mirror};
use lapwing_models::bundle::ModelBundle;
use lapwing_models::bundle::registry::Registry;
#[cfg(feature = "batch")]
use lapwing_models::bundle::registry::{MANIFEST, MOST_MANIFEST, Purpose, RegistryError, gather};

use crate::error::ServeError;
use crate::http::{Contender, Lineup, Served};

/// What to score with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The bundle in this folder.
    Bundle(PathBuf),
    /// The champion of the registry in this folder, or below this URL of a store.
    Registry(PathBuf),
}

impl Source {
    /// Whether this build can read from there at all.
    ///
    /// # Errors
    /// [`ServeError::NoStores`] for an address in a build that reads folders only, [`ServeError::BundleUrl`] for a bundle's.
    pub fn check(&self) -> Result<(), ServeError> {
        let is_url = self.dir().to_str().is_some_and(|text| text.contains("://"));
        match self {
            Self::Bundle(url) if is_url => Err(ServeError::BundleUrl(url.clone())),
            Self::Registry(url) if is_url && cfg!(not(feature = "batch")) => Err(ServeError::NoStores(url.clone())),
            _ => Ok(()),
        }
    }

    /// Loads the bundle, which checks all of it.
    ///
    /// # Errors
    /// [`ServeError::Bundle`] or [`ServeError::Registry`] when anything about it is off, and the engine's when a store does not give it.
    pub fn load(&self) -> Result<ModelBundle, ServeError> {
        match self {
            Self::Bundle(dir) => Ok(ModelBundle::load(dir)?),
            Self::Registry(place) => with_registry(place, |registry| Ok(registry.load_champion()?)),
        }
    }

    /// Loads the models in office, which checks all of them, and scores with each: no first request finds them cold.
    ///
    /// # Errors
    /// [`ServeError::Bundle`], [`ServeError::Registry`] or [`ServeError::Time`] when anything about one of them is off.
    pub fn lineup(&self) -> Result<Lineup, ServeError> {
        match self {
            Self::Bundle(dir) => Ok(served(ModelBundle::load(dir)?, None)?.into()),
            Self::Registry(place) => with_registry(place, of_registry),
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
            Self::Registry(place) => {
                with_registry(place, |registry| Ok((of_registry(registry)?, registry.went_back_since(&serving.version))))?
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

    /// What differs once a registry has another champion, challenger, share or label; `None` for a bundle.
    ///
    /// # Errors
    /// As [`load`](Self::load), while the registry's list cannot be read.
    pub fn mark(&self) -> Result<Option<Vec<u8>>, ServeError> {
        match self {
            Self::Bundle(_) => Ok(None),
            #[cfg(feature = "batch")]
            Self::Registry(url) if engine::is_url(url) => {
                let listing = engine::stored_file(url, MANIFEST, MOST_MANIFEST)?;
                listing.map(Some).ok_or_else(|| RegistryError::NotARegistry(url.clone()).into())
            }
            Self::Registry(dir) => Ok(Some(Registry::mark(dir)?)),
        }
    }

    /// The folder, or the URL, in which nothing may be written.
    #[must_use]
    pub fn dir(&self) -> &Path {
        match self {
            Self::Bundle(dir) | Self::Registry(dir) => dir,
        }
    }
}

/// Lets `read` read the registry, of a store a copy of those in office, which is gone after it.
fn with_registry<T>(place: &Path, read: impl FnOnce(&Registry) -> Result<T, ServeError>) -> Result<T, ServeError> {
    #[cfg(feature = "batch")]
    if engine::is_url(place) {
        let mut mirror = Mirror::begin(place)?;
        gather(place, Purpose::Serve, |name, most| Ok::<_, ServeError>(mirror.copy(name, most)?))?;
        return read(&Registry::read(mirror.local())?);
    }
    read(&Registry::read(place)?)
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
