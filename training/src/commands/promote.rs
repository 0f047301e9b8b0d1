//! `promote`: a bundle becomes champion or is told why not; or the champion before takes its place again.

use std::path::{Path, PathBuf};

use lapwing_models::bundle::registry::{self, Entry, Promotion};
use lapwing_models::promotion::{Contest, Decision, Reason, Speaks};
use serde::Serialize;

use crate::error::TrainError;
use crate::{report, settings};

/// What `promote --json` prints.
#[derive(Debug, Serialize)]
struct Outcome {
    registry: PathBuf,
    outcome: Kind,
    /// The challenger, or where a rollback led.
    version: String,
    /// The champion from now on; `None` when there is still none.
    champion: Option<String>,
    /// The champion until now; `None` when there was none.
    before: Option<String>,
    /// The number of the change by which `version` became champion; `None` when it did not.
    sequence: Option<u64>,
    /// Empty when nothing was to be decided.
    reasons: Vec<Reason>,
    /// The numbers behind them.
    contest: Option<Contest>,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Promoted,
    AlreadyChampion,
    Refused,
    RolledBack,
}

/// Runs `promote`.
///
/// # Errors
/// [`TrainError::NotPromoted`] when the challenger is not fit to be champion, [`TrainError::Registry`] when it or the registry
/// cannot be used; then the champion is the one it was.
pub fn run(settings: &settings::Promote) -> Result<(), TrainError> {
    let (outcome, refusal) = match &settings.challenger {
        Some(challenger) => promote(&settings.registry, challenger)?,
        None => (rolled_back(&settings.registry, registry::roll_back(&settings.registry)?), None),
    };
    if settings.json {
        report::result(&outcome)?;
    }
    refusal.map_or(Ok(()), Err)
}

/// What came of it, and the error that it ends with, if it was refused.
fn promote(dir: &Path, challenger: &Path) -> Result<(Outcome, Option<TrainError>), TrainError> {
    match registry::promote(dir, challenger)? {
        Promotion::Promoted(entry) => {
            let Entry { sequence, version, before, decision, contest, .. } = entry;
            let reasons = decision.map(|decision| decision.reasons).unwrap_or_default();
            report::say(&report::promote::reasons(&reasons));
            report::say(&report::promote::change(dir, &version, before.as_deref()));
            let outcome = Kind::Promoted;
            let champion = Some(version.clone());
            let outcome =
                Outcome { registry: dir.to_owned(), outcome, version, champion, before, sequence: Some(sequence), reasons, contest };
            Ok((outcome, None))
        }
        Promotion::Already(entry) => {
            report::say(&format!("{} is champion already: nothing has changed", entry.version));
            Ok((unchanged(dir, entry), None))
        }
        Promotion::Refused { version, champion, decision, contest } => {
            report::say(&report::promote::reasons(&decision.reasons));
            let refusal = refusal(&version, &decision);
            let (outcome, before, reasons) = (Kind::Refused, champion.clone(), decision.reasons);
            let (sequence, contest) = (None, Some(contest));
            Ok((Outcome { registry: dir.to_owned(), outcome, version, champion, before, sequence, reasons, contest }, Some(refusal)))
        }
    }
}

fn refusal(version: &str, decision: &Decision) -> TrainError {
    let against = decision.reasons.iter().find(|reason| reason.speaks == Speaks::Against);
    let why = against.map_or_else(String::new, report::promote::reason);
    TrainError::NotPromoted { version: version.to_owned(), why, hint: decision.hint() }
}

fn unchanged(dir: &Path, entry: Entry) -> Outcome {
    Outcome {
        registry: dir.to_owned(),
        outcome: Kind::AlreadyChampion,
        champion: Some(entry.version.clone()),
        before: Some(entry.version.clone()),
        version: entry.version,
        sequence: Some(entry.sequence),
        reasons: Vec::new(),
        contest: None,
    }
}

fn rolled_back(dir: &Path, entry: Entry) -> Outcome {
    report::say(&report::promote::change(dir, &entry.version, entry.before.as_deref()));
    Outcome { outcome: Kind::RolledBack, before: entry.before.clone(), ..unchanged(dir, entry) }
}
