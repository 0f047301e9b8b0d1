//! What can go wrong with files and columns.

use thiserror::Error;

/// Why events or a table could not be read or written. Messages name files, columns and types, never the values of cells.
#[derive(Debug, Error)]
pub enum EngineError {
    /// No file or folder has this name.
    #[error(
        "`{path}` does not exist\nhint: give a file, a folder or a quoted glob such as `'events/*.parquet'`, here or behind `s3://bucket/`"
    )]
    NotFound {
        /// As it was given.
        path: String,
    },
    /// The text is no glob.
    #[error("`{pattern}` is no glob: {reason}\nhint: `*` stands for any characters, `**` for any folders, `[[]` for a bracket")]
    BadGlob {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The text begins like a URL of a store and is none.
    #[error(
        "`{url}` is no URL that can be used: {reason}\nhint: write `s3://bucket/key`, `gs://bucket/key`, `az://container/key` or, to read only, `https://host/file`"
    )]
    BadUrl {
        /// As much of it as may be shown.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A store cannot be reached, or does not give or take a file.
    #[error("`{url}` failed: {reason}\nhint: {hint}")]
    Store {
        /// The file or the folder, without query and credentials.
        url: String,
        /// What went wrong.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// A folder or a glob holds no Parquet or CSV file, or nothing was given.
    #[error("`{path}` holds no `.parquet` or `.csv` file\nhint: hidden files and names that begin with `_` are not read in folders")]
    NoFiles {
        /// As it was given.
        path: String,
    },
    /// The file is named as neither Parquet nor CSV.
    #[error("`{path}` is neither `.parquet` nor `.csv`\nhint: only these two are read; rename the file if it is one of them")]
    WrongExtension {
        /// The file.
        path: String,
    },
    /// A column that is needed is not there.
    #[error("`{file}` has no column `{column}`; it has {available}\nhint: {hint}")]
    MissingColumn {
        /// The file, or all of them.
        file: String,
        /// The column that was looked for.
        column: String,
        /// The columns that are there.
        available: String,
        /// What to do.
        hint: String,
    },
    /// A column's type is not one that can be read for what the column is for.
    #[error("column `{column}` of `{file}` has type {found}, which is not taken for `{role}`\nhint: {hint}")]
    WrongType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its Arrow type.
        found: String,
        /// What it was to be read as.
        role: String,
        /// What to do.
        hint: &'static str,
    },
    /// A link table that does not say plainly whose an alias is.
    #[error("link table `{file}`: {problem}\nhint: {hint}")]
    Links {
        /// The file.
        file: String,
        /// Which rows, and what is wrong with them.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// A file is damaged, cut short, not what its name says, or may not be read.
    #[error("`{files}` cannot be read: {reason}\nhint: {hint}")]
    Unreadable {
        /// The file, or the first of those read together and how many more.
        files: String,
        /// What the reader said.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// The files have columns, but no row.
    #[error("`{files}` has no rows\nhint: check the export that wrote it")]
    NoRows {
        /// The file, or the first of them and how many more.
        files: String,
    },
    /// There are rows, but none can be used.
    #[error("none of the {rows} rows can be used: {why}\nhint: {hint}")]
    NoUsableRows {
        /// How many rows there are.
        rows: u64,
        /// What became of them.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// A result may not be written where it was asked for.
    #[error("`{path}` is not written to: {why}\nhint: give `--out` another path")]
    Place {
        /// As it was given.
        path: String,
        /// What is there.
        why: String,
    },
    /// The cluster did not do what was asked of it; nothing was left half-written.
    #[error("`ballista://{address}` failed: {reason}\nhint: {hint}")]
    Cluster {
        /// Host and port of its scheduler.
        address: String,
        /// What went wrong.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// What an executor of the cluster says of the data, with a hint of its own.
    #[error("{0}")]
    OnExecutor(String),
    /// A process of the cluster cannot be reached at the address that it was given.
    #[error("cannot listen on `{addr}`: {reason}\nhint: choose another `--addr`; port 0 takes any free port")]
    Listen {
        /// The address.
        addr: String,
        /// What the system said.
        reason: String,
    },
    /// The program was built without what speaks to clusters.
    #[error(
        "this program was built without clusters\nhint: build it with `cargo build --release --features cluster -p lapwing-training -p lapwing-serving`"
    )]
    NoCluster,
    /// Events that do not fit into memory could not be kept in a file, or not be read back.
    #[error("events that exceed the memory cannot be kept in a file: {reason}\nhint: give more `--memory`, or a `--spill-dir` with room")]
    Spill {
        /// What the system said.
        reason: String,
    },
    /// A table could not be written; what was at its place before is still there.
    #[error("`{path}` cannot be written: {reason}\nhint: check that the folder may be written to and has room")]
    Unwritable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl EngineError {
    pub(super) fn spill(error: &std::io::Error) -> Self {
        Self::Spill { reason: error.to_string() }
    }

    /// Whether the call was wrong (a path, a glob, a column's name) rather than the data.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NotFound { .. }
            | Self::BadGlob { .. }
            | Self::BadUrl { .. }
            | Self::NoFiles { .. }
            | Self::WrongExtension { .. }
            | Self::MissingColumn { .. }
            | Self::Listen { .. }
            | Self::NoCluster
            | Self::Place { .. } => true,
            Self::WrongType { .. }
            | Self::Unreadable { .. }
            | Self::Links { .. }
            | Self::Store { .. }
            | Self::NoRows { .. }
            | Self::NoUsableRows { .. }
            | Self::Cluster { .. }
            | Self::OnExecutor(_)
            | Self::Spill { .. }
            | Self::Unwritable { .. } => false,
        }
    }
}
