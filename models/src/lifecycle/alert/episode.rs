//! What followed a warning.

use lapwing_features::Timestamp;
use thiserror::Error;

use super::AlertSettings;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

named! {
    /// How an alert stands.
    AlertState {
        /// Somebody is to contact the customer.
        Open = "open",
        /// Somebody did, and a purchase is waited for.
        Contacted = "contacted",
        /// The customer bought, or the risk cleared.
        Recovered = "recovered",
        /// Contacted, and no purchase followed in time.
        Lost = "lost",
        /// Nobody made contact in time.
        Expired = "expired",
    }
}

named! {
    /// What recovered a customer.
    Because {
        /// A purchase.
        Purchase = "purchase",
        /// Scorings below the yellow cut.
        RiskCleared = "risk_cleared",
    }
}

named! {
    /// Why what becomes known of a customer changes nothing.
    Unmoved {
        /// It was told before.
        AlreadyTold = "already_told",
        /// It took place before the scoring that warned, and is no answer to it.
        BeforeScoring = "before_scoring",
        /// Contact had been made before.
        AlreadyContacted = "already_contacted",
        /// The alert was over when it was told.
        Ended = "alert_ended",
    }
}

/// What happened in an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A scoring warned.
    Opened,
    /// Somebody contacted the customer, at this instant.
    Contacted(Timestamp),
    /// A scoring was below the yellow cut.
    Calm,
    /// A scoring was not, after one that was.
    Stirred,
    /// It ended well.
    Recovered {
        /// By what.
        because: Because,
        /// Whether contact had been made before.
        with_contact: bool,
    },
    /// The follow-up passed.
    Lost,
    /// The window passed.
    Expired,
}

impl Deed {
    /// The name in data.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Contacted(_) => "contacted",
            Self::Calm => "calm",
            Self::Stirred => "stirred",
            Self::Recovered { .. } => "recovered",
            Self::Lost => "lost",
            Self::Expired => "expired",
        }
    }
}

/// A deed and when it took place; for a deadline, the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub deed: Deed,
}

/// What becomes known of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody contacted the customer at this instant.
    Contact(Timestamp),
    /// The customer bought at this instant.
    Purchase(Timestamp),
    /// A scoring saw the customer.
    Scoring {
        /// Whether its churn probability is below the yellow cut.
        calm: bool,
    },
}

impl Input {
    /// When it took place; `None` for a scoring, which counts when it is known.
    #[must_use]
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::Contact(at) | Self::Purchase(at) => Some(at),
            Self::Scoring { .. } => None,
        }
    }
}

/// A step that the diagram does not have there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an alert that is {state} cannot be {deed}", state = .state.map_or("not there", AlertState::name))]
pub struct OutOfPlace {
    /// How the alert stands; `None` before it is opened.
    pub state: Option<AlertState>,
    /// What was to happen.
    pub deed: &'static str,
}

/// What followed a warning, so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// How it stands.
    pub state: AlertState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When somebody made contact.
    pub contacted_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Scorings below the yellow cut, one after the other, up to now.
    pub calm: u32,
}

impl Episode {
    /// One that opens at `at`.
    #[must_use]
    pub fn open(at: Timestamp) -> Self {
        Self { state: AlertState::Open, opened_at: at, contacted_at: None, ended_at: None, calm: 0 }
    }

    /// Until when contact is to be made.
    #[must_use]
    pub fn due_at(&self, settings: &AlertSettings) -> Timestamp {
        Timestamp(self.opened_at.0.saturating_add(i64::from(settings.window_hours) * HOUR))
    }

    /// When it ends if nothing else happens; `None` once it has.
    #[must_use]
    pub fn deadline(&self, settings: &AlertSettings) -> Option<Timestamp> {
        match self.state {
            AlertState::Open => Some(self.due_at(settings)),
            AlertState::Contacted => Some(self.contacted_at.unwrap_or(self.opened_at).plus_days(settings.follow_up_days.into())),
            AlertState::Recovered | AlertState::Lost | AlertState::Expired => None,
        }
    }

    /// The step that time has made by `now`, at the deadline itself; `None` when there is none.
    ///
    /// At the very instant of the deadline the time has passed.
    #[must_use]
    pub fn overdue(&self, now: Timestamp, settings: &AlertSettings) -> Option<Step> {
        let at = self.deadline(settings).filter(|deadline| now >= *deadline)?;
        Some(Step { at, deed: if self.state == AlertState::Open { Deed::Expired } else { Deed::Lost } })
    }

    /// The step that follows once `input` is known at `now`; `None` when it changes nothing. Whoever asks has taken what was
    /// [`overdue`](Self::overdue) before: what becomes known after a deadline comes too late, whenever it took place.
    ///
    /// A purchase and contact count when they took place at `since` or later, which is the cutoff of the scoring that warned: what was
    /// before it was no answer to it. Contact that is said to have been made between then and the opening of the alert, or after `now`,
    /// is taken to have been made at the opening, or now. The step is set when they took place, within the same bounds and not before
    /// `after`, which is when the last one took place; that of a scoring `now`.
    #[must_use]
    pub fn meet(&self, input: Input, since: Timestamp, after: Timestamp, now: Timestamp, settings: &AlertSettings) -> Option<Step> {
        let took_place = |at: Timestamp| at.min(now).max(self.opened_at);
        let deed = match (self.state, input) {
            (AlertState::Open, Input::Contact(at)) if at >= since => Deed::Contacted(took_place(at)),
            (AlertState::Open | AlertState::Contacted, Input::Purchase(at)) if at >= since => self.bought(at),
            (AlertState::Open | AlertState::Contacted, Input::Scoring { calm: true }) => {
                if self.calm + 1 >= settings.calm_scorings {
                    Deed::Recovered { because: Because::RiskCleared, with_contact: self.state == AlertState::Contacted }
                } else {
                    Deed::Calm
                }
            }
            (AlertState::Open | AlertState::Contacted, Input::Scoring { calm: false }) if self.calm > 0 => Deed::Stirred,
            _ => return None,
        };
        Some(Step { at: input.at().map_or(now, |at| took_place(at).max(after)), deed })
    }

    /// Why contact or a purchase that becomes known changes nothing, by [`meet`](Self::meet) with this `since`; `None` when it does
    /// change something, and for a scoring.
    #[must_use]
    pub fn unmoved_by(&self, input: Input, since: Timestamp) -> Option<Unmoved> {
        let at = input.at()?;
        match self.state {
            AlertState::Open | AlertState::Contacted if at < since => Some(Unmoved::BeforeScoring),
            AlertState::Contacted if matches!(input, Input::Contact(_)) => Some(Unmoved::AlreadyContacted),
            AlertState::Open | AlertState::Contacted => None,
            AlertState::Recovered | AlertState::Lost | AlertState::Expired => Some(Unmoved::Ended),
        }
    }

    /// The step that follows from what took place before, and becomes known only now, such as by a file of events: as if it had been
    /// known when it took place, and so before the time made the step that is [`overdue`](Self::overdue) by now. `None` when it changes
    /// nothing: it took place at the deadline or later, or contact before the alert opened. Whoever has several such inputs asks in
    /// the order in which they took place.
    ///
    /// `since` is as for [`meet`](Self::meet); no step is set before `after`, which is when the last one took place.
    #[must_use]
    pub fn meet_late(&self, input: Input, since: Timestamp, after: Timestamp, settings: &AlertSettings) -> Option<Step> {
        let (Input::Contact(at) | Input::Purchase(at)) = input else { return None };
        self.deadline(settings).filter(|deadline| at < *deadline)?;
        let deed = match (self.state, input) {
            (AlertState::Open, Input::Contact(at)) if at >= self.opened_at => Deed::Contacted(at),
            (AlertState::Open | AlertState::Contacted, Input::Purchase(at)) if at >= since => self.bought(at),
            _ => return None,
        };
        Some(Step { at: at.max(self.opened_at).max(after), deed })
    }

    /// Recovery by a purchase at this instant.
    fn bought(&self, at: Timestamp) -> Deed {
        // Many systems tell seconds: what happened in the second of the contact happened after it.
        let second = |at: Timestamp| at.0.div_euclid(SECOND);
        let with_contact = self.contacted_at.is_some_and(|contacted| second(at.max(self.opened_at)) >= second(contacted));
        Deed::Recovered { because: Because::Purchase, with_contact }
    }

    /// The episode after one more step.
    ///
    /// # Errors
    /// [`OutOfPlace`] when the diagram has no such step there.
    pub fn after(self, step: Step) -> Result<Self, OutOfPlace> {
        let Step { at, deed } = step;
        match (self.state, deed) {
            (AlertState::Open, Deed::Contacted(contacted)) => {
                Ok(Self { state: AlertState::Contacted, contacted_at: Some(contacted), ..self })
            }
            (AlertState::Open, Deed::Expired) => Ok(Self { state: AlertState::Expired, ended_at: Some(at), ..self }),
            (AlertState::Contacted, Deed::Lost) => Ok(Self { state: AlertState::Lost, ended_at: Some(at), ..self }),
            (AlertState::Open | AlertState::Contacted, Deed::Calm) => Ok(Self { calm: self.calm + 1, ..self }),
            (AlertState::Open | AlertState::Contacted, Deed::Stirred) => Ok(Self { calm: 0, ..self }),
            (AlertState::Open | AlertState::Contacted, Deed::Recovered { .. }) => {
                Ok(Self { state: AlertState::Recovered, ended_at: Some(at), ..self })
            }
            (state, deed) => Err(OutOfPlace { state: Some(state), deed: deed.name() }),
        }
    }

    /// The episode that these steps, in order, make.
    ///
    /// # Errors
    /// [`OutOfPlace`] when the diagram has no such way.
    pub fn replay(steps: impl IntoIterator<Item = Step>) -> Result<Self, OutOfPlace> {
        let mut steps = steps.into_iter();
        match steps.next() {
            Some(Step { at, deed: Deed::Opened }) => steps.try_fold(Self::open(at), Self::after),
            other => Err(OutOfPlace { state: None, deed: other.map_or("replayed", |step| step.deed.name()) }),
        }
    }
}
