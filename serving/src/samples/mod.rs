//! The request log: a share of what was scored, kept for a while so that it can be computed again from the events of a batch.
//!
//! It holds what the model saw of a customer and what came out, and the customer as a keyed hash only. Scoring never waits for it.
//!
//! ```text
//! DIR/
//!   requests-00000001.ndjson   lines, a request's customer each; the oldest file goes when there is no more room
//!   lock                       held by whoever writes, reads or forgets
//!   *.kept, forgetting         only while a customer is forgotten: what is left, and that all of it is there
//! ```

mod folder;
mod forget;
mod keep;
mod line;
mod read;
mod skew;

#[cfg(test)]
mod tests;

pub use forget::{Forgotten, forget};
pub use keep::{Room, SampleLog};
pub use line::{Line, Sample};
pub use read::{Asked, Samples, read};
pub use skew::{FeatureSkew, Skew, SkewReport};

use std::path::PathBuf;

use thiserror::Error;

/// Why the request log cannot be kept, read or changed.
#[derive(Debug, Error)]
pub enum SampleError {
    /// The file system said no.
    #[error("cannot {doing} `{path}`: {source}\nhint: check that the folder exists and that you may read and write there")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing in the log that could be compared.
    #[error(
        "`{dir}` holds no request that `{version}` answered\n\
         hint: give the bundle that served, and a folder that `lapwing-serve http --log-requests` wrote to"
    )]
    Nothing {
        /// The folder.
        dir: PathBuf,
        /// The bundle that was given.
        version: String,
    },
}
