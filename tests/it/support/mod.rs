//! What the tests share.

pub(crate) mod bundle;
#[cfg(feature = "cluster")]
pub(crate) mod cluster;
pub(crate) mod data;
pub(crate) mod fitted;
pub(crate) mod http;
pub(crate) mod run;
pub(crate) mod s3;
pub(crate) mod shop;
pub(crate) mod tree;
