//! Point-in-time features of customer histories.
//!
//! Events become a [`History`] (one customer, sorted, valid); a history shows itself at a [`Cutoff`] only through
//! [`History::observe`]; the [`Kernel`] turns what is observed into a [`FeatureVector`]. Nothing here reads a clock, draws a
//! random number or can fail after a history is built. The `engine` feature adds reading and writing at scale.
//!
//! ```
//! use lapwing_features::{example, Id};
//!
//! let at = example::cutoff("2024-03-01");
//! let history = example::history(&[("2024-01-01", "purchase", 20.0), ("2024-02-10", "purchase", 35.0)]);
//! let mut kernel = example::kernel();
//! let features = kernel.features(&history.observe(at));
//! assert_eq!(features[Id::days_since_last_purchase], 20.0);
//! ```

mod builder;
mod event;
pub mod example;
mod facts;
mod history;
mod kernel;
mod kinds;
mod outcome;
pub mod packed;
mod past;
mod purchase_days;
pub mod schema;
mod shape;
mod signs;
mod snapshot;
mod table;
mod time;
mod vector;
mod words;

#[cfg(feature = "engine")]
pub mod engine;

pub use event::{Kind, KindError, RawEvent, Token};
pub use facts::{FactSettings, StageFacts};
pub use history::{Duplicates, Event, History, HistoryBuilder, Observed};
pub use kernel::{Kernel, Walk};
pub use kinds::{KindRules, NoKind};
pub use outcome::{Population, Windows, WindowsError};
pub use past::{Activity, Past};
pub use schema::{FEATURES, Feature, Id};
pub use shape::DataShape;
pub use signs::{Compared, Exchange, Habit, Messages, OrderValue, SignFacts, Silence, SurveyPoints};
pub use snapshot::{Attribute, Attributes, Snapshot};
pub use table::{Column, OptionalTexts, Texts, Values};
pub use time::{Calendar, Cutoff, TimeError, Timestamp};
pub use vector::FeatureVector;
pub use words::parted;
