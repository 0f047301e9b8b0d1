//! The project's own files, as text.

use std::path::{Path, PathBuf};

/// The members of the workspace, by folder.
pub(crate) const MEMBERS: [&str; 5] = ["features", "models", "training", "serving", "tests"];

/// The project's top folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests package lies in the workspace").to_owned()
}

/// A file of the project.
pub(crate) struct File {
    /// Path from the top folder, with `/` between its parts.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) text: String,
}

impl File {
    /// Reads the file at `path`, counted from the top folder.
    pub(crate) fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    /// The lines that are no comments, each with its number, from 1.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// As [`code`](Self::code), up to the file's own tests.
    pub(crate) fn shipped_code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code().take_while(|(_, line)| !opens_tests(line))
    }

    /// Whether the file is only built for tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/fixture.rs")
    }
}

/// Whether what follows is only built for tests.
pub(crate) fn opens_tests(line: &str) -> bool {
    line.contains("#[cfg(test)]") || line.contains("#[cfg(all(test")
}

/// Every file below `folder` whose name ends in `ending`, in the order of their paths; build output is left out.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<File> {
    let mut found = Vec::new();
    collect(&root().join(folder), ending, &mut found);
    found.sort_by(|one, two| one.path.cmp(&two.path));
    assert!(!found.is_empty(), "no `*{ending}` below `{folder}`: the search is broken");
    found
}

/// Every Rust file of the workspace.
pub(crate) fn rust() -> Vec<File> {
    MEMBERS.iter().flat_map(|member| files(member, ".rs")).collect()
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                collect(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            let inside = path.strip_prefix(root()).expect("the walk began at the top folder");
            let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
            if let Ok(text) = std::fs::read_to_string(&path) {
                found.push(File { path: parts.join("/"), text });
            }
        }
    }
}

/// The identifiers of a line: runs of letters, digits and underscores that begin with no digit.
pub(crate) fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| word.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_'))
}

/// Whether a path in `line` begins with `name`: `name::..`, not `other::name::..`.
pub(crate) fn begins_path(line: &str, name: &str) -> bool {
    let part_of_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    line.match_indices(name).any(|(at, _)| {
        let after = &line[at + name.len()..];
        !line[..at].ends_with(part_of_path)
            && (after.starts_with("::") || (line.trim_start().starts_with("use ") && after.starts_with(';')))
    })
}
