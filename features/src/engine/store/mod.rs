//! Files at `s3://`, `gs://`, `az://` and `http(s)://`.
//!
//! An [`Address`] is what a user names. [`find`] gives the [`Object`]s that it leads to, each held to the version that was found,
//! so that a file that is replaced while it is read is an error and never a mixture. [`put`] writes one file, which appears whole
//! or not at all; a [`TableSet`] does the same for several. A [`Mirror`] copies a few files, to be read or changed here. Everything is tried again for half a minute before it is an error.

mod address;
mod connect;
mod failure;
mod find;
mod manifest;
mod mirror;
mod object;
mod pinned;
mod put;
mod table_set;
#[cfg(test)]
mod tests;

pub(super) use address::{Address, Root, is_url};
pub(super) use connect::block_on;
pub(super) use failure::failure_in;
pub(super) use find::{find, find_one, reach};
pub(super) use manifest::{MANIFEST, Manifest};
pub use mirror::{Mirror, stored_file};
pub(super) use object::{Object, contents};
pub(super) use pinned::Pinned;
pub(super) use put::put;
pub use table_set::TableSet;
