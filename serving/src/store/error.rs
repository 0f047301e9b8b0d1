//! What goes wrong with a store.

use thiserror::Error;

/// Why a store does not do what was asked. No text holds a customer's data.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It is not there, or does not let us in.
    #[error(
        "cannot open the store `{store}`: {why}\nhint: check `--store`: a file that may be written, or `postgres://user@host/database`"
    )]
    Unopened {
        /// Which.
        store: String,
        /// What the database said.
        why: String,
    },
    /// The address is none.
    #[error("`--store` is no address of a PostgreSQL server\nhint: write it as `postgres://user:password@host:5432/database`")]
    Address,
    /// A newer build has been at work.
    #[error("the store has schema {found}, and this build knows schemas up to {newest}\nhint: use the build that wrote it, or a newer one")]
    Newer {
        /// What is there.
        found: usize,
        /// What this build knows.
        newest: usize,
    },
    /// Others hold it, or it just went away.
    #[error("the store is busy\nhint: try again in a moment")]
    Busy,
    /// What was to be unique is there already.
    #[error("the store holds that already\nhint: another process wrote at the same time; try again")]
    Conflict,
    /// What is in it is not what was written.
    #[error("the store is damaged: {0}\nhint: restore it from a backup, or publish into a new one")]
    Damaged(&'static str),
    /// The database said no.
    #[error("the store failed: {0}\nhint: check its disk space and its log")]
    Failed(String),
    /// The scores are none.
    #[error("`{file}` cannot be published: {why}\nhint: publish what `lapwing-serve score` of this version wrote")]
    Scores {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// The run is there with other scores.
    #[error("run `{0}` is published already, with other scores\nhint: give another `--run-id`, or leave it out: then the file names it")]
    OtherRun(String),
    /// A later run serves.
    #[error(
        "the scores are as of {as_of}, and run `{run_id}`, as of {published}, is published\n\
         hint: publish runs in the order of their dates; a store of its own takes an old one"
    )]
    Older {
        /// Of the scores.
        as_of: String,
        /// The run that serves.
        run_id: String,
        /// Of that.
        published: String,
    },
    /// A personal attribute and no key.
    #[error(
        "attributes are personal and there is no key to seal them with\nhint: add `--store-key FILE`; `lapwing-serve store new-key` makes one"
    )]
    NoKey,
    /// Histories that are sealed, and no key.
    #[error(
        "the histories in the store are sealed and there is no key to open them with\nhint: add `--store-key FILE`, as they were published with"
    )]
    NoHistoryKey,
    /// A key that is none, or not the one that sealed.
    #[error("{0}")]
    Key(String),
    /// An alert that is not there.
    #[error("there is no such alert")]
    NoAlert,
    /// What was asked of an alert cannot be done to it.
    #[error("the alert is {0}\nhint: only an open alert can be contacted")]
    Ended(&'static str),
    /// A key against doing things twice, with something else than before.
    #[error("something else was sent under this key before\nhint: give each request a key of its own; a retry sends the same bytes")]
    KeyReused,
    /// A page of a run that is not kept any more.
    #[error("the run that the page is of is not kept any more\nhint: begin again without a cursor, or keep more with `--keep-runs`")]
    RunGone,
    /// A receiver of webhooks that is not there.
    #[error("there is no receiver `{0}`\nhint: `lapwing-serve webhooks list` tells the ids")]
    NoReceiver(String),
    /// More receivers than are served side by side.
    #[error(
        "there are {0} receivers already\nhint: `lapwing-serve webhooks remove ID` takes one out; one receiver may pass messages on to many"
    )]
    ReceiverCount(i64),
    /// A secret of a receiver that is sealed, and no key.
    #[error("the secret of a receiver is sealed and there is no key to open it with\nhint: add `--store-key FILE`, as it was added with")]
    NoWebhookKey,
}
