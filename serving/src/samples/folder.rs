//! The folder of the log: who works in it holds its lock, and first ends what another could not.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use super::SampleError;

/// Says that every file of what is left is whole.
const FORGETTING: &str = "forgetting";
/// Ends the names of these.
const KEPT: &str = "kept";

/// The folder, while nobody else works in it.
#[derive(Debug)]
pub(super) struct Held {
    dir: PathBuf,
    _lock: File,
}

impl Held {
    /// Waits for the folder.
    ///
    /// # Errors
    /// [`SampleError::Io`] when it is none, or nothing can be written there.
    pub(super) fn take(dir: &Path) -> Result<Self, SampleError> {
        let path = dir.join("lock");
        let lock = private().open(&path).and_then(|file| file.lock().map(|()| file)).map_err(failed("lock", &path))?;
        let held = Self { dir: dir.to_owned(), _lock: lock };
        held.end_forgetting()?;
        Ok(held)
    }

    /// The files, the oldest first, each with its number.
    ///
    /// # Errors
    /// [`SampleError::Io`].
    pub(super) fn files(&self) -> Result<Vec<(u64, PathBuf)>, SampleError> {
        let mut files: Vec<(u64, PathBuf)> = self
            .entries()?
            .into_iter()
            .filter_map(|path| {
                let name = path.file_name()?.to_str()?.strip_prefix("requests-")?.strip_suffix(".ndjson")?;
                Some((name.parse().ok()?, path))
            })
            .collect();
        files.sort();
        Ok(files)
    }

    /// The file of this number.
    pub(super) fn file(&self, number: u64) -> PathBuf {
        self.dir.join(format!("requests-{number:08}.ndjson"))
    }

    /// Where what is left of a file is put until all is there.
    pub(super) fn kept(path: &Path) -> PathBuf {
        path.with_extension(KEPT)
    }

    /// From now on what is left takes the place of what was: by this program or, if it does not come to it, by the next.
    ///
    /// # Errors
    /// [`SampleError::Io`]; then either nothing has changed, or all will have.
    pub(super) fn put_kept(&self) -> Result<(), SampleError> {
        let path = self.dir.join(FORGETTING);
        self.sync()?;
        private().open(&path).and_then(|file| file.sync_all()).map_err(failed("write", &path))?;
        self.sync()?;
        self.end_forgetting()
    }

    fn end_forgetting(&self) -> Result<(), SampleError> {
        let mark = self.dir.join(FORGETTING);
        let decided = mark.exists();
        let kept = self.entries()?.into_iter().filter(|path| path.extension().is_some_and(|end| end == KEPT));
        for path in kept {
            if decided {
                fs::rename(&path, path.with_extension("ndjson")).map_err(failed("rename", &path))?;
            } else {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        if decided {
            self.sync()?;
            fs::remove_file(&mark).map_err(failed("remove", &mark))?;
        }
        Ok(())
    }

    fn entries(&self) -> Result<Vec<PathBuf>, SampleError> {
        let paths = fs::read_dir(&self.dir).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
        paths.map_err(failed("read", &self.dir))
    }

    /// Makes names last.
    fn sync(&self) -> Result<(), SampleError> {
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(failed("write", &self.dir))
    }
}

/// What the system said, and of what.
pub(super) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SampleError {
    move |source| SampleError::Io { doing, path: path.to_owned(), source }
}

/// For its owner alone.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
