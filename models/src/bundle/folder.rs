//! Replacing a folder: whole or not at all, and nothing in it that is not one's own.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Why a folder is not replaced; what was there stays.
#[derive(Debug)]
pub enum FolderError {
    /// The file system said no.
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds something that is not one's own, which would be lost.
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The first such entry.
        entry: String,
    },
}

/// The names in the folder `dir`, all of which must be plain files that `is_ours`; `None` when there is no such folder.
///
/// # Errors
/// [`FolderError::Foreign`] for any other entry, [`FolderError::Io`] when the folder cannot be listed or is none.
pub fn own_files(dir: &Path, is_ours: impl Fn(&str) -> bool) -> Result<Option<Vec<String>>, FolderError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(failed("list", dir))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed("list", dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let plain = entry.file_type().map_err(failed("list", dir))?.is_file();
        if !plain || !is_ours(&name) {
            return Err(FolderError::Foreign { path: dir.to_owned(), entry: name });
        }
        names.push(name);
    }
    Ok(Some(names))
}

/// Makes the folder `dir` anew from what `fill` puts into an empty one, making the folders above it where needed.
///
/// `fill` works beside `dir`, and the full folder is then renamed, so that nobody ever sees half of it. A link to a folder
/// stays one: the folder that it leads to is replaced. The old folder goes only if [`own_files`] finds nothing but our own in it.
///
/// # Errors
/// [`FolderError`], or whatever `fill` says.
///
/// ```
/// use lapwing_models::bundle::folder::{FolderError, replace};
/// let place = tempfile::tempdir().unwrap();
/// let dir = place.path().join("notes");
/// let write = |text: &str| replace(&dir, |name| name == "note.txt", |fresh| Ok(std::fs::write(fresh.join("note.txt"), text).unwrap()));
/// write("one")?;
/// write("two")?;
/// assert_eq!(std::fs::read_to_string(dir.join("note.txt")).unwrap(), "two");
/// std::fs::write(dir.join("thesis.txt"), "years of work").unwrap();
/// assert!(matches!(write("three"), Err(FolderError::Foreign { entry, .. }) if entry == "thesis.txt"));
/// # Ok::<(), FolderError>(())
/// ```
pub fn replace<T, E: From<FolderError>>(
    dir: &Path,
    is_ours: impl Fn(&str) -> bool,
    fill: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let target = resolve(dir)?;
    own_files(&target, &is_ours)?;
    let parent = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failed("create", parent))?;
    let workshop = tempfile::Builder::new().prefix(".lapwing-").tempdir_in(parent).map_err(failed("create a folder in", parent))?;
    let fresh = workshop.path().join("fresh");
    // Made apart from the workshop, whose rights are the owner's only: others may read what is written.
    fs::create_dir(&fresh).map_err(failed("create", &fresh))?;
    let filled = fill(&fresh)?;
    sync(&fresh)?;
    // Looked at again: filling may have taken long.
    if own_files(&target, &is_ours)?.is_some() {
        swap(&fresh, &target, workshop, is_ours)?;
    } else {
        fs::rename(&fresh, &target).map_err(failed("create", &target))?;
    }
    sync(parent)?;
    Ok(filled)
}

/// Puts `fresh` in the place of `target`, and the old folder back when that fails. Whatever slipped into the old one
/// meanwhile is not ours to delete: it stays in the workshop.
fn swap(fresh: &Path, target: &Path, workshop: TempDir, is_ours: impl Fn(&str) -> bool) -> Result<(), FolderError> {
    let old = workshop.path().join("replaced");
    fs::rename(target, &old).map_err(failed("replace", target))?;
    let swapped = fs::rename(fresh, target).map_err(failed("replace", target));
    let gone = if swapped.is_ok() { discard(&old, is_ours) } else { fs::rename(&old, target).is_ok() };
    if !gone {
        let _ = workshop.keep();
    }
    swapped
}

/// Deletes a folder that was replaced, our own files only; whether nothing is left.
fn discard(old: &Path, is_ours: impl Fn(&str) -> bool) -> bool {
    if let Ok(entries) = fs::read_dir(old) {
        for entry in entries.flatten().filter(|entry| is_ours(&entry.file_name().to_string_lossy())) {
            let _ = fs::remove_file(entry.path());
        }
    }
    fs::remove_dir(old).is_ok()
}

/// The folder itself where `dir` is a link to it, and an absolute path, so that it has a parent.
fn resolve(dir: &Path) -> Result<PathBuf, FolderError> {
    match fs::canonicalize(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => std::path::absolute(dir).map_err(failed("write to", dir)),
        found => found.map_err(failed("write to", dir)),
    }
}

/// Makes new names in a folder outlast a power cut; only Unix lets a folder be opened for that.
pub(super) fn sync(folder: &Path) -> Result<(), FolderError> {
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write to", folder))?;
    }
    Ok(())
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { doing, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_slips_in_while_writing_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("tables");
        fs::create_dir(&dir).unwrap();
        let error = replace(
            &dir,
            |_| false,
            |_| {
                fs::write(dir.join("thesis.txt"), "years").unwrap();
                Ok::<_, FolderError>(())
            },
        )
        .unwrap_err();
        assert!(matches!(error, FolderError::Foreign { entry, .. } if entry == "thesis.txt"));
        assert_eq!((names(place.path()), names(&dir)), (vec!["tables".to_owned()], vec!["thesis.txt".to_owned()]));
    }

    #[test]
    fn the_old_folder_comes_back_when_the_new_one_cannot_be_put_there() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("tables");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("old"), "old").unwrap();
        let workshop = tempfile::tempdir_in(place.path()).unwrap();
        let nothing = workshop.path().join("fresh");
        assert!(matches!(swap(&nothing, &dir, workshop, |_| true), Err(FolderError::Io { doing: "replace", .. })));
        assert_eq!((names(place.path()), names(&dir)), (vec!["tables".to_owned()], vec!["old".to_owned()]));
    }

    #[test]
    fn what_is_not_ours_outlasts_a_swap() {
        let place = tempfile::tempdir().unwrap();
        let (dir, fresh) = (place.path().join("tables"), place.path().join("fresh"));
        for folder in [&dir, &fresh] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(dir.join("ours"), "old").unwrap();
        fs::write(dir.join("thesis.txt"), "years").unwrap();
        let workshop = tempfile::Builder::new().prefix("workshop").tempdir_in(place.path()).unwrap();
        let kept = workshop.path().join("replaced");
        swap(&fresh, &dir, workshop, |name| name == "ours").unwrap();
        assert_eq!((names(&dir), names(&kept)), (Vec::new(), vec!["thesis.txt".to_owned()]));
    }
}
