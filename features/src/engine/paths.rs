//! From what a user names (files, folders, globs, each here or in a store) to the files that are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf, absolute};

use serde::{Deserialize, Serialize};

use super::contain::inaccessible;
use super::error::EngineError;
use super::store::{self, Address, MANIFEST, Manifest, Object, Root};

/// What makes a name a glob.
pub(super) const WILD: [char; 3] = ['*', '?', '['];

/// As shells do it: names that begin with a dot are only found by a dot.
pub(super) const GLOB_OPTIONS: glob::MatchOptions =
    glob::MatchOptions { case_sensitive: true, require_literal_separator: false, require_literal_leading_dot: true };

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Format {
    Parquet,
    Csv,
}

impl Format {
    /// By the extension, in any case.
    pub(super) fn of(path: impl AsRef<Path>) -> Option<Self> {
        let extension = path.as_ref().extension()?;
        [(Self::Parquet, "parquet"), (Self::Csv, "csv")]
            .into_iter()
            .find_map(|(format, name)| extension.eq_ignore_ascii_case(name).then_some(format))
    }

    /// What to do about a file that cannot be read.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Parquet => "it may be damaged or cut short, or not be Parquet: write or copy it again",
            Self::Csv => "it must be UTF-8 with a header line, commas between fields and as many fields in each line",
        }
    }
}

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// As the user would name it.
    pub(super) shown: String,
    pub(super) place: Place,
    /// By its extension.
    pub(super) format: Format,
}

/// Where a file is. Local files come first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Absolute, with links resolved.
    Local(PathBuf),
    Store(Object),
}

impl SourceFile {
    /// The store that holds it, unless it is local.
    pub(super) fn root(&self) -> Option<&Root> {
        match &self.place {
            Place::Local(_) => None,
            Place::Store(object) => Some(&object.address.root),
        }
    }

    /// What tells a local file from another one of its name; of stores, the version that was found is read.
    pub(super) fn stamp(&self) -> Option<[u64; 4]> {
        let Place::Local(path) = &self.place else { return None };
        let found = fs::metadata(path).ok()?;
        #[cfg(unix)]
        return {
            use std::os::unix::fs::MetadataExt;
            Some([found.len(), found.ino(), found.mtime().cast_unsigned(), found.mtime_nsec().cast_unsigned()])
        };
        #[cfg(not(unix))]
        Some([found.len(), 0, 0, 0])
    }

    fn stored(object: Object) -> Result<Self, EngineError> {
        let shown = object.address.to_string();
        let Some(format) = Format::of(object.address.key.as_ref()) else { return Err(EngineError::WrongExtension { path: shown }) };
        Ok(Self { shown, place: Place::Store(object), format })
    }
}

/// Names `files` in a message: the first, and how many more.
pub(super) fn names<'a>(files: impl IntoIterator<Item = &'a SourceFile>) -> String {
    let mut files = files.into_iter();
    let first = files.next().map_or("nothing", |file| &file.shown);
    match files.count() {
        0 => first.to_owned(),
        more => format!("{first} and {more} more"),
    }
}

/// The files that `inputs` name, each once, ordered by path.
pub(super) fn resolve(inputs: &[String]) -> Result<Vec<SourceFile>, EngineError> {
    let mut found = Found::default();
    for input in inputs {
        found.input(input)?;
    }
    if found.files.is_empty() {
        return Err(EngineError::NoFiles { path: inputs.join(", ") });
    }
    Ok(found.files.into_values().collect())
}

/// The one file at `path`.
pub(super) fn resolve_one(path: &str) -> Result<SourceFile, EngineError> {
    if let Some(address) = Address::parse(path)? {
        return SourceFile::stored(store::block_on(store::find_one(address))?);
    }
    let mut found = Found::default();
    found.file(Path::new(path))?;
    found.files.into_values().next().ok_or_else(|| EngineError::NotFound { path: path.to_owned() })
}

/// The input that would read a file written at `place`, a settled path: a folder or a glob that it would be found by.
pub(super) fn reader<'a>(inputs: &'a [String], place: &Path) -> Result<Option<&'a str>, EngineError> {
    for input in inputs.iter().filter(|input| !store::is_url(input)) {
        let mut found = Found::default();
        found.input(input)?;
        if found.folders.iter().any(|folder| place.starts_with(folder)) || (is_glob(input) && glob_finds(input, place)?) {
            return Ok(Some(input));
        }
    }
    Ok(None)
}

/// Whether `pattern` matches `place`, or a folder that holds it.
fn glob_finds(pattern: &str, place: &Path) -> Result<bool, EngineError> {
    let mut parts = Path::new(pattern).components().peekable();
    let mut root = PathBuf::from(".");
    while let Some(part) = parts.next_if(|part| !part.as_os_str().to_string_lossy().contains(WILD)) {
        root.push(part);
    }
    let root = settled(&root).map_err(|error| inaccessible(&root, &error))?;
    let whole = Path::new(&glob::Pattern::escape(&root.to_string_lossy())).join(parts.collect::<PathBuf>());
    let whole = glob::Pattern::new(&whole.to_string_lossy()).map_err(|error| bad_glob(pattern, &error))?;
    let options = glob::MatchOptions { require_literal_separator: true, ..GLOB_OPTIONS };
    Ok(place.ancestors().any(|path| whole.matches_path_with(path, options)))
}

/// Whether an entry of a folder is not read unless it is named.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".") || name.starts_with(b"_")
}

fn is_glob(input: &str) -> bool {
    input.contains(WILD) && !Path::new(input).exists()
}

pub(super) fn bad_glob(pattern: &str, error: &glob::PatternError) -> EngineError {
    EngineError::BadGlob { pattern: pattern.to_owned(), reason: error.msg.to_owned() }
}

/// The absolute path without links and dots, of which the last parts need not exist yet.
pub(super) fn settled(path: &Path) -> std::io::Result<PathBuf> {
    let mut place = PathBuf::new();
    for part in absolute(path)?.components() {
        match part {
            Component::ParentDir => {
                place.pop();
            }
            part => place.push(part),
        }
        place = place.canonicalize().unwrap_or(place);
    }
    Ok(place)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// By resolved path.
    files: BTreeMap<Place, SourceFile>,
    /// The folders that this input led to, so that links cannot lead in circles.
    folders: BTreeSet<PathBuf>,
    /// How often a file was named, known or new.
    named: usize,
}

impl Found {
    fn input(&mut self, input: &str) -> Result<(), EngineError> {
        let path = Path::new(input);
        let before = self.named;
        self.folders.clear();
        if let Some(address) = Address::parse(input)? {
            for object in store::block_on(store::find(&address))? {
                self.add(SourceFile::stored(object)?);
            }
        } else if path.is_dir() {
            self.folder(path)?;
        } else if is_glob(input) {
            self.glob(input)?;
        } else {
            self.file(path)?;
        }
        if self.named == before {
            return Err(EngineError::NoFiles { path: Address::parse(input)?.map_or(input.to_owned(), |address| address.to_string()) });
        }
        Ok(())
    }

    fn add(&mut self, file: SourceFile) {
        self.named += 1;
        self.files.entry(file.place.clone()).or_insert(file);
    }

    fn glob(&mut self, pattern: &str) -> Result<(), EngineError> {
        let matches = glob::glob_with(pattern, GLOB_OPTIONS).map_err(|error| bad_glob(pattern, &error))?;
        for entry in matches {
            let path = entry.map_err(|error| inaccessible(error.path(), error.error()))?;
            self.either(&path)?;
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path) -> Result<(), EngineError> {
        let resolved = folder.canonicalize().map_err(|error| inaccessible(folder, &error))?;
        if !self.folders.insert(resolved) {
            return Ok(());
        }
        let list = folder.join(MANIFEST);
        if list.is_file() {
            let text = fs::read(&list).map_err(|error| inaccessible(&list, &error))?;
            let manifest = Manifest::parse(&list.display().to_string(), &text)?;
            return manifest.files.iter().try_for_each(|file| self.file(&folder.join(&file.path)));
        }
        for entry in fs::read_dir(folder).map_err(|error| inaccessible(folder, &error))? {
            let entry = entry.map_err(|error| inaccessible(folder, &error))?;
            if !is_hidden(entry.file_name().as_encoded_bytes()) {
                self.either(&entry.path())?;
            }
        }
        Ok(())
    }

    /// A folder, a file to be read, or something else that lies beside them.
    fn either(&mut self, path: &Path) -> Result<(), EngineError> {
        if path.is_dir() {
            self.folder(path)
        } else if Format::of(path).is_some() {
            self.file(path)
        } else {
            Ok(())
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), EngineError> {
        let shown = path.display().to_string();
        let resolved = match path.canonicalize() {
            Ok(resolved) => resolved,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(EngineError::NotFound { path: shown }),
            Err(error) => return Err(inaccessible(path, &error)),
        };
        let Some(format) = Format::of(path) else {
            return Err(EngineError::WrongExtension { path: shown });
        };
        self.add(SourceFile { shown, place: Place::Local(resolved), format });
        Ok(())
    }
}
