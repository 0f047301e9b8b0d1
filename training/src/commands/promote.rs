//! `promote`: a bundle becomes champion or is told why not; is tried beside the champion; or the champion before takes its place again.

use std::path::Path;

use lapwing_models::bundle::registry::{self, Challenger, Entry, Promotion, Registry};
use lapwing_models::promotion::{Contest, Decision, Reason, Speaks};
use serde::Serialize;

use crate::error::TrainError;
use crate::settings::Deed;
use crate::{report, settings};

/// What `promote --json` prints.
#[derive(Debug, Serialize)]
struct Told<'a> {
    registry: &'a Path,
    outcome: Kind,
    /// The challenger, who challenged until now, or where a rollback led.
    version: String,
    /// The champion from now on; `None` when there is still none.
    champion: Option<String>,
    /// The number of the change by which `version` became champion; `None` when it did not.
    sequence: Option<u64>,
    /// The champion until that change, and after a refusal; `None` when there was none.
    before: Option<String>,
    /// Why it did, or did not; empty for a rollback.
    reasons: Vec<Reason>,
    /// The numbers behind them.
    contest: Option<Contest>,
    /// Who is tried beside the champion from now on, and on what terms; `None` when nobody is.
    trial: Option<Challenger>,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Promoted,
    AlreadyChampion,
    Refused,
    RolledBack,
    Challenging,
    Withdrawn,
}

/// Runs `promote`.
///
/// # Errors
/// [`TrainError::NotPromoted`] when the challenger is not fit to be champion, [`TrainError::Registry`] when it or the registry
/// cannot be used; then the champion is the one it was.
pub fn run(settings: &settings::Promote) -> Result<(), TrainError> {
    let dir = &settings.registry;
    let (mut told, refusal) = match &settings.deed {
        Deed::Promote(challenger) => promote(dir, challenger)?,
        Deed::Challenge { bundle, share, shadow } => (challenge(dir, bundle, *share, *shadow)?, None),
        Deed::Withdraw => (withdraw(dir)?, None),
        Deed::RollBack => (roll_back(dir)?, None),
    };
    if let (Some(label), None) = (&settings.label, &refusal) {
        registry::label(dir, &told.version, label)?;
    }
    // A first challenger that is refused leaves no registry.
    told.trial = told.champion.as_ref().map(|_| Registry::read(dir)).transpose()?.and_then(|registry| registry.challenger().cloned());
    if settings.json {
        report::result(&told)?;
    }
    refusal.map_or(Ok(()), Err)
}

/// What came of it, and the error that it ends with, if it was refused.
fn promote<'a>(dir: &'a Path, challenger: &Path) -> Result<(Told<'a>, Option<TrainError>), TrainError> {
    match registry::promote(dir, challenger)? {
        Promotion::Promoted(entry) => {
            let told = Told::of(dir, Kind::Promoted, entry);
            report::say(&report::promote::reasons(&told.reasons));
            report::say(&report::promote::change(dir, &told.version, told.before.as_deref()));
            Ok((told, None))
        }
        Promotion::Already(entry) => {
            report::say(&format!("{} is champion already: nothing has changed", entry.version));
            Ok((Told::of(dir, Kind::AlreadyChampion, entry), None))
        }
        Promotion::Refused { version, champion, decision, contest } => {
            report::say(&report::promote::reasons(&decision.reasons));
            let (refusal, before) = (refusal(&version, &decision), champion.clone());
            let (outcome, reasons, contest) = (Kind::Refused, decision.reasons, Some(contest));
            Ok((Told { registry: dir, outcome, version, champion, sequence: None, before, reasons, contest, trial: None }, Some(refusal)))
        }
    }
}

fn challenge<'a>(dir: &'a Path, bundle: &Path, share: f64, shadow: bool) -> Result<Told<'a>, TrainError> {
    let entered = registry::challenge(dir, bundle, share, shadow)?;
    let champion = Registry::read(dir)?.champion().to_owned();
    report::say(&report::promote::trial(&champion, &entered));
    Ok(Told::beside(dir, Kind::Challenging, entered.version, champion))
}

fn withdraw(dir: &Path) -> Result<Told<'_>, TrainError> {
    let left = registry::withdraw(dir)?;
    let champion = Registry::read(dir)?.champion().to_owned();
    report::say(&format!("{} is tried no more: {champion} speaks for everybody", left.version));
    Ok(Told::beside(dir, Kind::Withdrawn, left.version, champion))
}

fn roll_back(dir: &Path) -> Result<Told<'_>, TrainError> {
    let told = Told::of(dir, Kind::RolledBack, registry::roll_back(dir)?);
    report::say(&report::promote::change(dir, &told.version, told.before.as_deref()));
    Ok(told)
}

fn refusal(version: &str, decision: &Decision) -> TrainError {
    let against = decision.reasons.iter().find(|reason| reason.speaks == Speaks::Against);
    let why = against.map_or_else(String::new, report::promote::reason);
    TrainError::NotPromoted { version: version.to_owned(), why, hint: decision.hint() }
}

impl<'a> Told<'a> {
    /// Of what left the champion as it is.
    fn beside(registry: &'a Path, outcome: Kind, version: String, champion: String) -> Self {
        let (champion, before) = (Some(champion.clone()), Some(champion));
        Self { registry, outcome, version, champion, sequence: None, before, reasons: Vec::new(), contest: None, trial: None }
    }

    /// Of a change.
    fn of(registry: &'a Path, outcome: Kind, change: Entry) -> Self {
        let Entry { sequence, version, before, decision, contest, .. } = change;
        let reasons = decision.map(|decision| decision.reasons).unwrap_or_default();
        let champion = Some(version.clone());
        Self { registry, outcome, champion, version, sequence: Some(sequence), before, reasons, contest, trial: None }
    }
}
