//! `promote`: a bundle becomes champion or is told why not; is tried beside the champion; or the champion before takes its place again.
//!
//! A registry in a store is changed in a copy of what is needed of it, which is put back only if nobody else changed it meanwhile.

use std::path::Path;

use lapwing_features::engine::{EngineError, Mirror, is_url};
use lapwing_models::bundle::registry::{self, Challenger, Entry, MANIFEST, Promotion, Purpose, Registry, RegistryError, gather};
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
    let Outcome { told, say, refusal } =
        if is_url(&settings.registry) { in_store(settings)? } else { in_folder(settings, &settings.registry)? };
    report::say(&say);
    if settings.json {
        report::result(&told)?;
    }
    refusal.map_or(Ok(()), Err)
}

/// What came of it.
struct Outcome<'a> {
    told: Told<'a>,
    /// What people are told.
    say: String,
    /// What it ends with, if it was refused.
    refusal: Option<TrainError>,
}

/// How often somebody else may be faster.
const TRIES: usize = 10;

fn in_store(settings: &settings::Promote) -> Result<Outcome<'_>, TrainError> {
    let url = &settings.registry;
    for _ in 0..TRIES {
        let mut mirror = Mirror::to_change(url)?;
        match gather(url, Purpose::Change, |name, most| Ok::<_, TrainError>(mirror.copy(name, most)?)) {
            Err(TrainError::Registry(RegistryError::NotARegistry(_))) if matches!(settings.deed, Deed::Promote(_)) => {
                check_is_free(url, &mirror)?;
            }
            gathered => gathered?,
        }
        let outcome = in_folder(settings, mirror.local())?;
        // A first challenger that is refused leaves no registry.
        if outcome.told.champion.is_none() || mirror.put_back(MANIFEST)? {
            return Ok(outcome);
        }
    }
    let (url, reason) = (url.display().to_string(), "somebody else changed it each time".to_owned());
    Err(EngineError::Store { url, reason, hint: "run it again when nobody else does" }.into())
}

/// Refuses to begin a registry among files of somebody else.
fn check_is_free(url: &Path, mirror: &Mirror) -> Result<(), TrainError> {
    let other = mirror.other("bundles")?;
    other.map_or(Ok(()), |entry| Err(RegistryError::Foreign { path: url.to_owned(), entry }.into()))
}

/// Does it in the folder `dir`, which may be a copy of the registry that is meant.
fn in_folder<'a>(settings: &'a settings::Promote, dir: &Path) -> Result<Outcome<'a>, TrainError> {
    let named = settings.registry.as_path();
    let mut outcome = match &settings.deed {
        Deed::Promote(challenger) => promote(named, dir, challenger)?,
        Deed::Challenge { bundle, share, shadow } => challenge(named, dir, bundle, *share, *shadow)?,
        Deed::Withdraw => withdraw(named, dir)?,
        Deed::RollBack => roll_back(named, dir)?,
    };
    if let (Some(label), None) = (&settings.label, &outcome.refusal) {
        registry::label(dir, &outcome.told.version, label)?;
    }
    // A first challenger that is refused leaves no registry.
    let registry = outcome.told.champion.as_ref().map(|_| Registry::read(dir)).transpose()?;
    outcome.told.trial = registry.and_then(|registry| registry.challenger().cloned());
    Ok(outcome)
}

fn promote<'a>(named: &'a Path, dir: &Path, challenger: &Path) -> Result<Outcome<'a>, TrainError> {
    match registry::promote(dir, challenger)? {
        Promotion::Promoted(entry) => {
            let told = Told::of(named, Kind::Promoted, entry);
            let change = report::promote::change(named, &told.version, told.before.as_deref());
            Ok(Outcome::of(format!("{}\n{change}", report::promote::reasons(&told.reasons)), told))
        }
        Promotion::Already(entry) => {
            let say = format!("{} is champion already: nothing has changed", entry.version);
            Ok(Outcome::of(say, Told::of(named, Kind::AlreadyChampion, entry)))
        }
        Promotion::Refused { version, champion, decision, contest } => {
            let (say, refusal, before) = (report::promote::reasons(&decision.reasons), refusal(&version, &decision), champion.clone());
            let (outcome, reasons, contest) = (Kind::Refused, decision.reasons, Some(contest));
            let told = Told { registry: named, outcome, version, champion, sequence: None, before, reasons, contest, trial: None };
            Ok(Outcome { refusal: Some(refusal), ..Outcome::of(say, told) })
        }
    }
}

fn challenge<'a>(named: &'a Path, dir: &Path, bundle: &Path, share: f64, shadow: bool) -> Result<Outcome<'a>, TrainError> {
    let entered = registry::challenge(dir, bundle, share, shadow)?;
    let champion = Registry::read(dir)?.champion().to_owned();
    let say = report::promote::trial(&champion, &entered);
    Ok(Outcome::of(say, Told::beside(named, Kind::Challenging, entered.version, champion)))
}

fn withdraw<'a>(named: &'a Path, dir: &Path) -> Result<Outcome<'a>, TrainError> {
    let left = registry::withdraw(dir)?;
    let champion = Registry::read(dir)?.champion().to_owned();
    let say = format!("{} is tried no more: {champion} speaks for everybody", left.version);
    Ok(Outcome::of(say, Told::beside(named, Kind::Withdrawn, left.version, champion)))
}

fn roll_back<'a>(named: &'a Path, dir: &Path) -> Result<Outcome<'a>, TrainError> {
    let told = Told::of(named, Kind::RolledBack, registry::roll_back(dir)?);
    Ok(Outcome::of(report::promote::change(named, &told.version, told.before.as_deref()), told))
}

fn refusal(version: &str, decision: &Decision) -> TrainError {
    let against = decision.reasons.iter().find(|reason| reason.speaks == Speaks::Against);
    let why = against.map_or_else(String::new, report::promote::reason);
    TrainError::NotPromoted { version: version.to_owned(), why, hint: decision.hint() }
}

impl<'a> Outcome<'a> {
    fn of(say: String, told: Told<'a>) -> Self {
        Self { told, say, refusal: None }
    }
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
