//! What the binaries make of the shipped data, made once for all the tests that compare with it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::data;
use super::run::{names, serve, text, train};
use super::shop;

/// The date that the shipped data is looked at from: 90 days of outcome lie behind it.
pub(crate) const AS_OF: &str = "2011-09-10";

/// The three outputs of one set of events.
pub(crate) struct Outputs {
    /// `lapwing-train features`: a cutoff with its outcome known, one without.
    pub(crate) features: PathBuf,
    /// `lapwing-train fit`
    pub(crate) bundle: PathBuf,
    /// `lapwing-serve score`
    pub(crate) scores: PathBuf,
}

impl Outputs {
    /// Runs the three commands on `events` (what stands behind `--events`) and writes into `folder`.
    pub(crate) fn make(events: &str, folder: &Path) -> Self {
        let outputs = Self::at(folder);
        outputs.make_features(events);
        train(&format!("fit --events {events} --as-of {AS_OF} --out {}", text(&outputs.bundle))).done();
        let (bundle, scores) = (text(&outputs.bundle), text(&outputs.scores));
        serve(&format!("score --bundle {bundle} --events {events} --as-of {AS_OF} --out {scores}")).done();
        outputs
    }

    /// Runs `features` only.
    pub(crate) fn make_features(&self, events: &str) {
        let out = text(&self.features);
        train(&format!("features --events {events} --cutoff 2011-06-12 --cutoff {AS_OF} --data-until {AS_OF} --out {out}")).done();
    }

    /// The paths in `folder`.
    pub(crate) fn at(folder: &Path) -> Self {
        Self { features: folder.join("features.parquet"), bundle: folder.join("bundle"), scores: folder.join("scores.parquet") }
    }
}

/// The outputs of the shipped data as it is.
pub(crate) fn shipped() -> &'static Outputs {
    static MADE: LazyLock<Outputs> = LazyLock::new(|| Outputs::make(&text(&data::shipped()), folder()));
    &MADE
}

/// The bundle of a shop in which a model knows more than any naive rule: every customer has a pace of its own.
pub(crate) fn paced() -> &'static Path {
    static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
        let (events, bundle) = (folder().join("paced.parquet"), folder().join("paced"));
        data::write(&events, &shop::paced(), 10_000);
        train(&format!("fit --events {} --as-of 2024-01-01 --horizon-days 60 --out {}", text(&events), text(&bundle))).done();
        bundle
    });
    &MADE
}

fn folder() -> &'static Path {
    static FOLDER: LazyLock<(PathBuf, File)> = LazyLock::new(own_folder);
    &FOLDER.0
}

/// A folder that lives as long as this process, which nothing in it outlives to remove it: the next run does.
fn own_folder() -> (PathBuf, File) {
    let above = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for name in names(above).iter().filter(|name| name.starts_with("fitted-")) {
        let left = above.join(name);
        if File::open(left.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok()) {
            // Another process may be removing it as well.
            let _ = std::fs::remove_dir_all(left);
        }
    }
    let folder = above.join(format!("fitted-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests can be written");
    let lock = File::create(folder.join("lock")).expect("cargo's folder for tests can be written");
    lock.lock().expect("nobody else knows the folder");
    (folder, lock)
}
