//! How far long work has come: a bar on a terminal, log lines elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Rows between two log lines where there is no terminal.
const LOG_EVERY: u64 = 5_000_000;

/// Sends log lines to stderr. `LAPWING_LOG` chooses what is told, as in `LAPWING_LOG=warn`; without it the steps are told where
/// no bar shows them.
pub fn start_log() {
    let level = if std::io::stderr().is_terminal() { LevelFilter::WARN } else { LevelFilter::INFO };
    let filter = EnvFilter::builder().with_default_directive(level.into()).with_env_var("LAPWING_LOG").from_env_lossy();
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

/// One step of the work; the bar goes when it is dropped.
#[derive(Debug)]
pub struct Step {
    bar: ProgressBar,
    done: AtomicU64,
}

impl Step {
    /// A step that reads rows, nobody knows how many.
    #[must_use]
    pub fn rows(name: &str) -> Self {
        Self::with(name, ProgressBar::no_length(), "{spinner} {msg}: {human_pos} rows")
    }

    /// A step over `length` things.
    #[must_use]
    pub fn of(name: &str, length: u64) -> Self {
        Self::with(name, ProgressBar::new(length), "{spinner} {msg} {wide_bar} {percent} %")
    }

    /// A step that tells nothing until it is done.
    #[must_use]
    pub fn alone(name: &str) -> Self {
        Self::with(name, ProgressBar::no_length(), "{spinner} {msg}: {elapsed}")
    }

    fn with(name: &str, bar: ProgressBar, template: &str) -> Self {
        tracing::info!("{name}");
        if std::io::stderr().is_terminal() {
            // The templates are those above; a default bar would do no harm.
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        Self { bar, done: AtomicU64::new(0) }
    }

    /// So much is done in all.
    pub fn reached(&self, position: u64) {
        let before = self.done.fetch_max(position, Ordering::Relaxed);
        if before / LOG_EVERY < position / LOG_EVERY {
            tracing::info!("{position} so far");
        }
        self.bar.set_position(position);
    }

    /// One more is done.
    pub fn advance(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_position_is_kept_whatever_thread_reports_first() {
        let step = Step::rows("reading");
        step.reached(7);
        step.reached(3);
        assert_eq!(step.done.load(Ordering::Relaxed), 7);
    }
}
