//! `check`: loads a bundle, which verifies all of it, and tells what it is.

use lapwing_models::bundle::ModelBundle;
use serde::Serialize;

use crate::error::ServeError;
use crate::settings::Check;
use crate::talk;

/// What `check --json` prints.
#[derive(Debug, Serialize)]
struct Checked {
    model_version: String,
    as_of: String,
    timezone: String,
    active_days: u32,
    horizon_days: u32,
    gap_days: u32,
    targets: Vec<CheckedTarget>,
}

/// One of the models.
#[derive(Debug, Serialize)]
struct CheckedTarget {
    target: &'static str,
    basis: &'static str,
    basis_note: Option<String>,
    skill: bool,
    verdict: String,
}

/// Runs `check`.
///
/// # Errors
/// [`ServeError::Bundle`] or [`ServeError::Registry`] when anything about the bundle is off.
pub fn run(settings: &Check) -> Result<(), ServeError> {
    let bundle = settings.source.load()?;
    let checked = describe(&bundle);
    talk::say(&format!("bundle {} holds together; fitted as of {}", checked.model_version, checked.as_of));
    for target in &checked.targets {
        let note = target.basis_note.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        talk::say(&format!("{}: {}{note}; {}", target.target, target.basis, target.verdict));
    }
    if settings.json { talk::result(&checked) } else { Ok(()) }
}

fn describe(bundle: &ModelBundle) -> Checked {
    Checked {
        model_version: bundle.version(),
        as_of: bundle.as_of.to_string(),
        timezone: bundle.timezone.clone(),
        active_days: bundle.windows.active_days,
        horizon_days: bundle.windows.horizon_days,
        gap_days: bundle.windows.gap_days,
        targets: bundle
            .told()
            .map(|(model, report)| CheckedTarget {
                target: model.target.name(),
                basis: model.basis.name(),
                basis_note: model.basis.why().map(str::to_owned),
                skill: report.skill,
                verdict: report.verdict.clone(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{self, Exit};
    use crate::fixture;
    use crate::settings::Source;

    #[test]
    fn a_bundle_that_holds_together_is_described() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = fixture::bundle();
        bundle.save(&folder.path().join("bundle")).unwrap();
        run(&Check { source: Source::Bundle(folder.path().join("bundle")), json: false }).unwrap();
        let checked = describe(&bundle);
        assert_eq!(checked.as_of, "2024-01-01T00:00:00Z");
        assert_eq!((checked.targets[0].target, checked.targets[0].basis), ("churn", "logistic"));
        assert!(checked.targets.iter().all(|target| !target.verdict.is_empty()));
    }

    #[test]
    fn a_bundle_with_one_byte_off_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle");
        fixture::bundle().save(&path).unwrap();
        let card = path.join("card.md");
        std::fs::write(&card, std::fs::read_to_string(&card).unwrap() + " ").unwrap();
        let error = run(&Check { source: Source::Bundle(path), json: false }).unwrap_err();
        assert!(matches!(error, ServeError::Bundle(_)), "{error}");
        assert_eq!(exit::of_error(&error), Exit::Refused);
    }
}
