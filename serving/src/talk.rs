//! The one place that prints: results to stdout, talk and log lines to stderr.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::error::ServeError;

/// Sends log lines to stderr. `LAPWING_LOG` chooses what is told, as in `LAPWING_LOG=warn`.
pub fn start_log() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).with_env_var("LAPWING_LOG").from_env_lossy();
    // A second start, as in tests that run commands one after the other, keeps the first log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        // A log that cannot be written is told to nobody: telling it would panic where stderr is full.
        .log_internal_errors(false)
        .try_init();
}

/// Says `text` to whoever looks on.
pub fn say(text: &str) {
    // If nobody can be told, nobody can be told that either.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints the result as one line of JSON.
///
/// # Errors
/// [`ServeError::Stdout`] when stdout does not take it.
pub fn result(result: &impl Serialize) -> Result<(), ServeError> {
    let line = serde_json::to_string(result).map_err(|error| ServeError::Fault(format!("the result is no JSON: {error}")))?;
    put(&line, &mut std::io::stdout().lock())
}

/// Prints a line of text.
///
/// # Errors
/// [`ServeError::Stdout`] when stdout does not take it.
pub fn line(text: &str) -> Result<(), ServeError> {
    put(text, &mut std::io::stdout().lock())
}

fn put(line: &str, stdout: &mut impl Write) -> Result<(), ServeError> {
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(ServeError::Stdout)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    /// Takes nothing.
    struct Closed(ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_and_a_program_that_left_are_errors() {
        for kind in [ErrorKind::StorageFull, ErrorKind::BrokenPipe] {
            assert!(matches!(put("x", &mut Closed(kind)), Err(ServeError::Stdout(_))), "{kind}");
        }
    }
}
