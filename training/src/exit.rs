//! The one place where errors become exit codes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use lapwing_models::bundle::BundleError;
use lapwing_models::bundle::registry::RegistryError;

use crate::error::TrainError;
use crate::report;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked is done.
    Done = 0,
    /// The data or the model does not allow it.
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
pub fn of_error(error: &TrainError) -> Exit {
    match error {
        TrainError::Missing { .. }
        | TrainError::HistoryFiles(_)
        | TrainError::ConfigUnreadable { .. }
        | TrainError::Config { .. }
        | TrainError::Time { .. }
        | TrainError::ImplausibleDate { .. }
        | TrainError::Lifecycle(_)
        | TrainError::Windows(_)
        | TrainError::Memory(_)
        | TrainError::EngineChoice(_)
        | TrainError::Address(_)
        | TrainError::AttributeWithoutTable(_)
        | TrainError::UnknownAttribute { .. }
        | TrainError::DemoData(_)
        | TrainError::Bounds { .. }
        | TrainError::Plan(_)
        | TrainError::NoLinkKey(_)
        | TrainError::CountryPrefix(_)
        | TrainError::Output { .. }
        | TrainError::Bundle(BundleError::Occupied { .. })
        | TrainError::Registry(RegistryError::Foreign { .. } | RegistryError::Inside { .. }) => Exit::Usage,
        TrainError::Engine(error) if error.is_usage() => Exit::Usage,
        TrainError::NothingBefore { .. }
        | TrainError::HistoryTable { .. }
        | TrainError::NoPurchase { .. }
        | TrainError::OutcomeOpen { .. }
        | TrainError::OutcomeEmpty { .. }
        | TrainError::HistoryShort { .. }
        | TrainError::CutoffOutside { .. }
        | TrainError::Scores { .. }
        | TrainError::Experiment { .. }
        | TrainError::AfterTheLot(_)
        | TrainError::Uplift(_)
        | TrainError::Stdout(_)
        | TrainError::Engine(_)
        | TrainError::Bundle(_)
        | TrainError::Registry(_)
        | TrainError::NotPromoted { .. } => Exit::Refused,
        TrainError::Fault(_) => Exit::Fault,
    }
}

/// Tells how a run ended.
#[must_use]
pub fn of_run(result: Result<(), TrainError>) -> ExitCode {
    match result {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            report::say(&format!("error: {error}"));
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
        of_run(Err(TrainError::Fault(place)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault() {
        let hook = std::panic::take_hook();
        let code = guarded(|| panic!("secret"));
        std::panic::set_hook(hook);
        assert_eq!(code, ExitCode::from(Exit::Fault));
    }

    #[test]
    fn errors_of_the_user_of_the_data_and_of_the_program_are_told_apart() {
        let occupied = BundleError::Occupied { path: "x".into(), entry: "y".to_owned() };
        let cases = [
            (TrainError::Missing { flag: "out", variable: "LAPWING_OUT", key: "out" }, Exit::Usage),
            (occupied.into(), Exit::Usage),
            (BundleError::NotABundle("x".into()).into(), Exit::Refused),
            (RegistryError::Foreign { path: "x".into(), entry: "y".to_owned() }.into(), Exit::Usage),
            (RegistryError::NotARegistry("x".into()).into(), Exit::Refused),
            (TrainError::NoPurchase { customers: 1, why: String::new() }, Exit::Refused),
            (TrainError::Stdout(std::io::ErrorKind::StorageFull.into()), Exit::Refused),
            (TrainError::Fault("x".to_owned()), Exit::Fault),
        ];
        for (error, exit) in cases {
            assert_eq!(of_error(&error), exit, "{error}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
        }
    }
}
