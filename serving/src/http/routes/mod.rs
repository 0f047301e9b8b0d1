//! The handlers, one file a noun.

pub(super) mod alerts;
pub(super) mod campaigns;
pub(super) mod customers;
pub(super) mod invocations;
pub(super) mod models;
pub(super) mod news;
pub(super) mod operations;
pub(super) mod score;
pub(super) mod stream;
pub(super) mod v2;
