//! `forget`: takes a customer out of what the service keeps, which is the request log.

use serde::Serialize;

use crate::audit::AuditKey;
use crate::error::ServeError;
use crate::samples::{Forgotten, forget};
use crate::settings::Forget;
use crate::talk;

/// What `forget --json` prints, place by place.
#[derive(Debug, Serialize)]
struct Printed {
    request_log: Forgotten,
}

/// Runs `forget`.
///
/// # Errors
/// [`ServeError::Audit`] when the key cannot be read, [`ServeError::Samples`] when the log cannot be read or written.
pub fn run(settings: &Forget) -> Result<(), ServeError> {
    let log = &settings.log;
    let forgotten = forget(&log.dir, &AuditKey::read(&log.key)?, &settings.customer_id)?;
    let Forgotten { customer, lines, files, unreadable } = &forgotten;
    talk::say(&format!("request log `{}`: {lines} lines of {customer} removed from {files} files", log.dir.display()));
    if *unreadable > 0 {
        talk::say(&format!("{unreadable} lines could not be read and were removed too"));
    }
    if settings.json { talk::result(&Printed { request_log: forgotten }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use lapwing_features::{FeatureVector, Population, Timestamp};

    use super::*;
    use crate::exit::{self, Exit};
    use crate::samples::{Room, Sample, SampleLog};
    use crate::settings::Log;

    #[test]
    fn a_customer_goes_and_what_is_not_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, key) = (folder.path().join("requests"), folder.path().join("audit.key"));
        let settings = Forget { customer_id: "a".to_owned(), log: Log { dir: dir.clone(), key: key.clone() }, json: true };
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
    }
}
