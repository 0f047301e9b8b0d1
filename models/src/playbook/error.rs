//! What is wrong with a playbook, and on which line.

use thiserror::Error;

/// A playbook that does not hold together.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("{file}:{line}: {problem}\nhint: {hint}")]
pub struct PlaybookError {
    /// The file, as the user named it.
    pub file: String,
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}
