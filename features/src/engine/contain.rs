//! Decoders panic on some damaged files; here a panic becomes an error like any other.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::error::EngineError;
use super::paths::Format;

/// What a decoder is said to have done when it panicked.
const PANICKED: &str = "the decoder gave up on its contents";

/// Runs a decoder over `files`, naming them in whatever goes wrong.
pub(super) fn contained<T, E: Display>(files: &str, format: Format, decode: impl FnOnce() -> Result<T, E>) -> Result<T, EngineError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(decoded) => decoded.map_err(|error| unreadable(files, format, &error)),
        Err(_) => Err(panicked(files, format)),
    }
}

/// `files` cannot be read because of `reason`.
pub(super) fn unreadable(files: &str, format: Format, reason: &dyn Display) -> EngineError {
    let reason: String = reason.to_string().lines().next().unwrap_or_default().chars().take(200).collect();
    EngineError::Unreadable { files: files.to_owned(), reason: reason.trim_end_matches('.').to_owned(), hint: format.hint() }
}

/// The system does not let `path` be read.
pub(super) fn inaccessible(path: &Path, error: &std::io::Error) -> EngineError {
    EngineError::Unreadable { files: path.display().to_string(), reason: error.to_string(), hint: "check who may read it" }
}

/// `files` cannot be read because a decoder panicked.
pub(super) fn panicked(files: &str, format: Format) -> EngineError {
    unreadable(files, format, &PANICKED)
}
