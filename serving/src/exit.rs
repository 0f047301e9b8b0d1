//! The one place where errors become exit codes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::ServeError;
use crate::store::StoreError;
use crate::talk;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked is done.
    Done = 0,
    /// The data or the bundle does not allow it.
    Refused = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// A fault of the program.
    Fault = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit that an error asks for.
#[must_use]
pub fn of_error(error: &ServeError) -> Exit {
    match error {
        ServeError::Missing { .. }
        | ServeError::NoBundle
        | ServeError::BundleAndRegistry(_)
        | ServeError::Range { .. }
        | ServeError::Address(_)
        | ServeError::Exposed(_)
        | ServeError::HalfGiven { .. }
        | ServeError::NowhereToForget
        | ServeError::Origin(_)
        | ServeError::JwksUrl(_)
        | ServeError::NoStores(_)
        | ServeError::BundleUrl(_)
        | ServeError::Otlp { .. }
        | ServeError::Share { .. }
        | ServeError::ConfigUnreadable { .. }
        | ServeError::Config { .. }
        | ServeError::PlaybookUnreadable { .. }
        | ServeError::Playbook(_)
        | ServeError::HoldOutKey { .. }
        | ServeError::Time { .. }
        | ServeError::ImplausibleAsOf
        | ServeError::AtToCome
        | ServeError::Alerts(_)
        | ServeError::Store(StoreError::Address)
        | ServeError::Between { .. }
        | ServeError::Place(_)
        | ServeError::Listen { .. } => Exit::Usage,
        ServeError::Bundle(_)
        | ServeError::Registry(_)
        | ServeError::OlderAsOf { .. }
        | ServeError::Keys(_)
        | ServeError::Audit(_)
        | ServeError::Samples(_)
        | ServeError::Store(_)
        | ServeError::Sealer(_)
        | ServeError::Tls(_)
        | ServeError::Stdout(_) => Exit::Refused,
        #[cfg(feature = "batch")]
        ServeError::Memory(_) | ServeError::EngineChoice(_) => Exit::Usage,
        #[cfg(feature = "batch")]
        ServeError::Engine(error) if error.is_usage() => Exit::Usage,
        #[cfg(feature = "batch")]
        ServeError::Engine(_)
        | ServeError::NoCustomers(_)
        | ServeError::NoAttribute { .. }
        | ServeError::AttributeType { .. }
        | ServeError::Skewed { .. } => Exit::Refused,
        ServeError::Fault(_) => Exit::Fault,
    }
}

/// Tells how a run ended.
#[must_use]
pub fn of_run(result: Result<(), ServeError>) -> ExitCode {
    match result {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            talk::say(&format!("error: {error}"));
            of_error(&error).into()
        }
    }
}

/// Tells what clap has to say: help and version are no errors, everything else is wrong usage.
#[must_use]
pub fn of_refusal(refusal: &clap::Error) -> ExitCode {
    // A closed pipe is nobody to tell.
    let _ = refusal.print();
    if refusal.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

/// Runs `body`; a panic that ends it is told in one short message and gives [`Exit::Fault`].
///
/// Panics that something on the way contains, as the engine does with decoders of damaged files, are not told.
pub fn guarded(body: impl FnOnce() -> ExitCode) -> ExitCode {
    let place = Arc::new(Mutex::new(String::from("unexpected state")));
    let noted = Arc::clone(&place);
    std::panic::set_hook(Box::new(move |panic| {
        if let Some(at) = panic.location() {
            // Where it happened, without the message, which may hold data.
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = format!("unexpected state at {}:{}", at.file(), at.line());
        }
    }));
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let place = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        of_run(Err(ServeError::Fault(place)))
    })
}

#[cfg(test)]
mod tests {
    use lapwing_models::bundle::registry::RegistryError;

    use super::*;

    #[test]
    fn errors_of_the_caller_of_the_data_and_of_the_program_are_told_apart() {
        let missing = ServeError::Missing { flag: "events", variable: "LAPWING_EVENTS", key: "paths" };
        let cases = [
            (missing, Exit::Usage),
            (ServeError::NoBundle, Exit::Usage),
            (RegistryError::NotARegistry("x".into()).into(), Exit::Refused),
            (ServeError::Stdout(std::io::ErrorKind::StorageFull.into()), Exit::Refused),
            (ServeError::Fault("x".to_owned()), Exit::Fault),
        ];
        for (error, exit) in cases {
            assert_eq!(of_error(&error), exit, "{error}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
        }
    }

    #[test]
    fn a_panic_is_a_fault() {
        let hook = std::panic::take_hook();
        let code = guarded(|| panic!("secret"));
        std::panic::set_hook(hook);
        assert_eq!(code, ExitCode::from(Exit::Fault));
    }
}
