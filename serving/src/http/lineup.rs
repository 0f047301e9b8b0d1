//! The models in office, as one unit: who takes it once meets the same models to the end of its request.

use std::sync::Arc;

use lapwing_features::{Calendar, TimeError};
use lapwing_models::bundle::ModelBundle;

/// One bundle, ready to score.
#[derive(Debug)]
pub struct Served {
    /// The bundle.
    pub bundle: ModelBundle,
    /// Its version.
    pub version: String,
    /// The calendar of its time zone.
    pub calendar: Calendar,
}

impl Served {
    /// Makes a bundle ready.
    ///
    /// # Errors
    /// [`TimeError::Zone`] when its time zone is not in the database of this build.
    pub fn new(bundle: ModelBundle) -> Result<Arc<Self>, TimeError> {
        let (version, calendar) = (bundle.version(), bundle.calendar()?);
        Ok(Arc::new(Self { bundle, version, calendar }))
    }
}

/// The models that serve at one time.
#[derive(Clone, Debug)]
pub struct Lineup {
    /// Speaks for everybody for whom nobody else does.
    pub champion: Arc<Served>,
}

impl From<Arc<Served>> for Lineup {
    fn from(champion: Arc<Served>) -> Self {
        Self { champion }
    }
}
