//! Runs the two binaries as their users do, and keeps what they left.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// One of the two binaries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binary {
    /// `lapwing-train`
    Train,
    /// `lapwing-serve`
    Serve,
}

impl Binary {
    /// A command without arguments that knows nothing of this process's settings.
    pub(crate) fn command(self) -> Command {
        let mut command = Command::new(self.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LAPWING_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// `cargo test --workspace` builds the binaries beside the folder of the test executables.
    fn path(self) -> PathBuf {
        let name = match self {
            Self::Train => "lapwing-train",
            Self::Serve => "lapwing-serve",
        };
        let here = std::env::current_exe().expect("a running test has a path");
        let folder = here.ancestors().nth(2).expect("tests run from `<target>/<profile>/deps`");
        let path = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
        assert!(path.is_file(), "`{}` is not built\nhint: run `cargo test --workspace`, which builds it", path.display());
        path
    }
}

/// How a run ended and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code.
    pub(crate) code: i32,
    /// What it wrote to stdout.
    pub(crate) stdout: String,
    /// What it wrote to stderr.
    pub(crate) stderr: String,
}

impl Ended {
    /// Goes on only with a run that did what it was asked.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "stderr was:\n{}", self.stderr);
        self
    }

    /// Goes on only with a run that was refused with `code`, said so in the project's manner, and named each of `words`.
    pub(crate) fn refused(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "stdout was:\n{}\nstderr was:\n{}", self.stdout, self.stderr);
        assert!(self.stderr.contains("hint: ") || self.stderr.contains("Usage:"), "no hint in:\n{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "a panic in:\n{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not named in:\n{}", self.stderr);
        }
        self
    }

    /// The one result that `--json` prints.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{}", self.stdout))
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

/// Runs a binary to its end.
pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(binary: Binary, args: impl IntoIterator<Item = A>) -> Ended {
    binary.command().args(args).output().expect("the binary starts").into()
}

/// Runs `lapwing-train` with the arguments of `line`, which are split at blanks.
pub(crate) fn train(line: &str) -> Ended {
    run(Binary::Train, line.split_whitespace())
}

/// Runs `lapwing-serve` with the arguments of `line`, which are split at blanks.
pub(crate) fn serve(line: &str) -> Ended {
    run(Binary::Serve, line.split_whitespace())
}

/// A folder of one test, gone when it ends. Its path holds no blank.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("the system's temporary folder can be written"))
    }

    /// A path inside.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A path inside, as the text of an argument.
    pub(crate) fn arg(&self, name: &str) -> String {
        text(&self.at(name))
    }

    /// Writes a file and gives its path as the text of an argument.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.at(name), content).expect("the folder can be written");
        self.arg(name)
    }

    /// The names inside, sorted, hidden ones too.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.0.path())
    }
}

/// A path as the text of an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("the path is UTF-8").to_owned()
}

/// The names in a folder, sorted, hidden ones too.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries.map(|entry| entry.expect("the entry can be read").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Fails unless two files, or two folders of files, hold the same bytes.
pub(crate) fn assert_same_bytes(one: &Path, two: &Path) {
    if one.is_dir() {
        assert_eq!(names(one), names(two), "{} and {} hold different files", one.display(), two.display());
        for name in names(one) {
            assert_same_bytes(&one.join(&name), &two.join(&name));
        }
        return;
    }
    let read = |path: &Path| std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (left, right) = (read(one), read(two));
    let first = left.iter().zip(&right).position(|(left, right)| left != right).unwrap_or(left.len().min(right.len()));
    let around = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => text.lines().nth(bytes[..first].split(|byte| *byte == b'\n').count() - 1).unwrap_or_default().to_owned(),
        Err(_) => format!("{} bytes of no text", bytes.len()),
    };
    assert!(left == right, "{} and {} differ from byte {first}:\n{}\n{}", one.display(), two.display(), around(&left), around(&right));
}
