//! The models in office, as one unit: who takes it once meets the same models to the end of its request.

use std::sync::Arc;

use axum::http::HeaderMap;
use lapwing_features::{Calendar, TimeError};
use lapwing_models::bundle::ModelBundle;
use lapwing_models::bundle::registry::Challenger;

use super::drift::Drift;
use super::envelope;
use super::shadow::Tally;
use super::tools::Toolbox;

/// One bundle, ready to score.
#[derive(Debug)]
pub struct Served {
    /// The bundle.
    pub bundle: ModelBundle,
    /// Its version.
    pub version: String,
    /// What the heads of all answers by it say.
    pub(super) head: HeaderMap,
    /// What people call it.
    pub label: Option<String>,
    /// The calendar of its time zone.
    pub calendar: Calendar,
    /// What its readers keep.
    pub(super) toolbox: Toolbox,
    /// How its customers differ from those of the fit.
    pub(super) drift: Drift,
}

impl Served {
    /// Makes a bundle ready.
    ///
    /// # Errors
    /// [`TimeError::Zone`] when its time zone is not in the database of this build.
    pub fn new(bundle: ModelBundle, label: Option<String>) -> Result<Arc<Self>, TimeError> {
        let (version, calendar, drift) = (bundle.version(), bundle.calendar()?, Drift::new(&bundle.drift));
        let head = envelope::head(&version);
        Ok(Arc::new(Self { bundle, version, head, label, calendar, toolbox: Toolbox::default(), drift }))
    }
}

/// The models that serve at one time.
#[derive(Clone, Debug)]
pub struct Lineup {
    /// Speaks for everybody for whom the challenger does not.
    pub champion: Arc<Served>,
    /// Is tried beside it.
    pub challenger: Option<Contender>,
}

/// A challenger, ready to score, and on what terms.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its bundle.
    pub served: Arc<Served>,
    /// Share and shadow.
    pub terms: Challenger,
    /// What the shadow has compared.
    pub(super) tally: Arc<Tally>,
}

/// Who serves, and as what: two lineups of one roster answer alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Roster<'a> {
    champion: (&'a str, Option<&'a str>),
    challenger: Option<(&'a Challenger, Option<&'a str>)>,
}

impl Contender {
    /// A challenger on these terms, of whom nothing has been compared.
    #[must_use]
    pub fn new(served: Arc<Served>, terms: Challenger) -> Self {
        Self { served, terms, tally: Arc::default() }
    }
}

impl Lineup {
    /// Every model, the champion first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Served>> {
        [&self.champion].into_iter().chain(self.challenger.iter().map(|challenger| &challenger.served))
    }

    /// Whether any model knows this attribute.
    pub(super) fn knows_attribute(&self, name: &str) -> bool {
        self.all().flat_map(|served| served.bundle.models()).any(|model| model.inputs.attributes.iter().any(|spec| spec.name == name))
    }

    /// Who serves.
    pub(super) fn roster(&self) -> Roster<'_> {
        Roster {
            champion: (&self.champion.version, self.champion.label.as_deref()),
            challenger: self.challenger.as_ref().map(|challenger| (&challenger.terms, challenger.served.label.as_deref())),
        }
    }
}

impl From<Arc<Served>> for Lineup {
    fn from(champion: Arc<Served>) -> Self {
        Self { champion, challenger: None }
    }
}
