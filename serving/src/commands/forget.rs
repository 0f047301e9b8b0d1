//! `forget`: takes a customer out of what is kept: the store, and the request log.

use serde_json::Value;

use crate::audit::{AuditError, AuditKey, Receipt};
use crate::clock;
use crate::error::ServeError;
use crate::samples::{Forgotten, forget};
use crate::settings::Forget;
use crate::store::Store;
use crate::talk;

/// Runs `forget`.
///
/// # Errors
/// [`ServeError::Audit`] when the key cannot be read or the receipt not be written, [`ServeError::Store`] and [`ServeError::Samples`] when
/// a place cannot be read or written; called again it goes on where it was.
pub fn run(settings: &Forget) -> Result<(), ServeError> {
    let key = AuditKey::read(&settings.key)?;
    let fault = |error: serde_json::Error| ServeError::Fault(format!("what was forgotten cannot be told: {error}"));
    let (mut store, mut log) = (Value::Null, Value::Null);
    if let Some(place) = &settings.store {
        let erased = Store::open_existing(&place.url)?.forget(&settings.customer_id, clock::now())?;
        talk::say(&format!(
            "store `{}`: {} scores and {} alerts removed; later runs leave the customer out",
            place.url, erased.scores, erased.alerts
        ));
        store = serde_json::to_value(erased).map_err(fault)?;
    }
    if let Some(dir) = &settings.log {
        let forgotten = forget(dir, &key, &settings.customer_id)?;
        let Forgotten { customer, lines, files, unreadable } = &forgotten;
        talk::say(&format!("request log `{}`: {lines} lines of {customer} removed from {files} files", dir.display()));
        if *unreadable > 0 {
            talk::say(&format!("{unreadable} lines could not be read and were removed too"));
        }
        log = serde_json::to_value(forgotten).map_err(fault)?;
    }
    let receipt = Receipt::new(&key, clock::now(), &settings.customer_id, log, store).map_err(fault)?;
    if let Some(path) = &settings.receipt {
        let text = serde_json::to_string(&receipt).map_err(fault)? + "\n";
        std::fs::write(path, text).map_err(|source| AuditError::Io { doing: "write", path: path.clone(), source })?;
        talk::say(&format!("the receipt is in `{}`: `lapwing-serve audit receipt` checks it", path.display()));
    }
    if settings.json { talk::result(&receipt) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use lapwing_features::{FeatureVector, Population, Timestamp};

    use super::*;
    use crate::exit::{self, Exit};
    use crate::samples::{Room, Sample, SampleLog};

    #[test]
    fn a_customer_goes_and_what_is_not_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, key) = (folder.path().join("requests"), folder.path().join("audit.key"));
        let receipt = Some(folder.path().join("receipt.json"));
        let settings = Forget { customer_id: "a".to_owned(), log: Some(dir.clone()), store: None, key: key.clone(), receipt, json: true };
        let refused = |settings: &Forget| {
            let error = run(settings).unwrap_err();
            assert_eq!(exit::of_error(&error), Exit::Refused, "{error}");
            error
        };
        assert!(matches!(refused(&settings), ServeError::Audit(_)));
        std::fs::write(&key, [b'k'; 32]).unwrap();
        assert!(matches!(refused(&settings), ServeError::Samples(_)));
        let log = SampleLog::open(&dir, AuditKey::read(&key).unwrap(), Room { share: 1.0, bytes: 1 << 30 }).unwrap();
        for customer_id in ["a", "b"].map(str::to_owned) {
            let features = FeatureVector::missing();
            let (as_of, model_version) = (Timestamp(0), "v".to_owned());
            log.keep(Sample {
                customer_id,
                as_of,
                model_version,
                by_features: true,
                population: Population::Current,
                probability: None,
                features,
            });
        }
        drop(log);
        run(&settings).unwrap();
        let left = crate::samples::read(&dir, "v").unwrap().by_customer;
        assert_eq!(left.keys().collect::<Vec<_>>(), [&AuditKey::read(&key).unwrap().customer("b")]);
        let receipt = Receipt::read(settings.receipt.as_deref().unwrap(), &AuditKey::read(&key).unwrap()).unwrap();
        assert_eq!((&receipt.request_log["lines"], &receipt.store), (&1.into(), &Value::Null));
    }
}
