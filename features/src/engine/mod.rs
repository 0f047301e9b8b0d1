//! Reads events at scale and writes tables.
//!
//! [`read`] turns Parquet and CSV files, here or in a store such as S3, into a [`Dataset`]: one valid history per customer, with a report of every row that
//! was not used. `DataFusion` scans the files; everything that gives a row its meaning is plain Rust over Arrow arrays in
//! `canonical`. Files are grouped by the types of the mapped columns, so that files that differ in them can be read together.
//! No order or partitioning of files and rows changes a bit of the result.

mod ahead;
mod canonical;
#[cfg(feature = "cluster")]
mod cluster;
mod collect;
mod config;
mod contain;
mod customers;
mod dataset;
mod error;
mod gather;
mod histories;
mod layout;
mod links;
mod numbers;
mod pass;
mod paths;
mod pieces;
mod place;
mod read;
mod read_batches;
mod read_table;
mod remote;
mod report;
mod resources;
mod scan;
mod store;
mod sweep;
mod table_file;
#[cfg(test)]
mod tests;
mod write;

pub use config::{CustomersConfig, EventColumns, EventsConfig};
pub use dataset::{Customer, Dataset};
pub use error::EngineError;
pub use histories::{HistoryFiles, most_history_files};
pub use pass::{Customers, Part};
pub use place::{Inputs, guard_file, guard_folder, is_url};
pub use read::{Request, has_campaigns, read};
pub use read_batches::{each_parquet_batch, sha256_of};
pub use read_table::{TextColumn, column_names, read_parquet, read_texts};
pub use remote::{Cluster, EngineChoiceError, Executor, Scheduler};
pub use report::InputReport;
pub use resources::{Memory, MemoryError, Resources};
pub use store::{Mirror, TableSet, stored_file};
pub use table_file::{EncodedRows, Encoder, Encoders, TableFile};
pub use write::write_parquet;
