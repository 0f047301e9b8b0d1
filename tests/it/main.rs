//! The promises of the whole, kept against the code and against the two binaries as their users meet them.
//!
//! Run `cargo test --workspace`: that builds the binaries that these tests start.

mod backtest;
mod bad_files;
mod bad_requests;
mod bad_usage;
mod btyd_cdnow;
mod campaigns;
mod cluster;
mod edges;
mod flipped;
mod future_groups;
mod future_poison;
mod golden;
mod half_open;
mod hermetic;
mod histories;
mod links;
mod object_store;
mod one_config;
mod one_table;
mod outputs;
mod promotion;
mod published;
mod readme;
mod replay;
mod shuffle;
mod skill;
mod stored_registry;
mod support;
mod tamper;
mod tidy;
mod totality;
mod unknown;
mod users;
mod walls;
