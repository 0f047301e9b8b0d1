//! Where a customer stands, by rule: stage, segment, RFM scores, value tier and risk band.
//!
//! [`LifecycleSettings`] is what the user may set; [`Thresholds`] is what the rules run on, learned once from the customers
//! at fit time and kept in the bundle, so that scoring never learns anything. Each rule is one file:
//!
//! | file | gives | from |
//! |---|---|---|
//! | `stage` | [`Stage`], [`Phase`] | stage facts |
//! | `spell` | [`Spell`] | the history and the stage rule |
//! | `segment` | [`Segment`] | stage facts, order value, tier |
//! | `rfm` | [`Rfm`] | stage facts, spend |
//! | `tier` | [`ValueTier`] | spend |
//! | `risk` | [`RiskBand`] | probabilities |
//! | `transitions` | [`Transitions`] | the stages of all at two cutoffs |
//! | `signs` | [`Sign`], [`SignState`] | stage facts, sign facts |
//! | `alert` | [`Warning`]s, [`Episode`] | scorings, contacts, purchases |

/// Declares an enum whose variants have a name in data, so that the name in JSON, in tables and in filters is the same.
macro_rules! named {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $each:literal])+ $variant:ident = $name:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $type { $($(#[doc = $each])+ #[serde(rename = $name)] $variant,)+ }

        impl $type {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in data.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

mod alert;
mod inputs;
mod quantile;
mod rfm;
mod risk;
mod segment;
mod settings;
mod signs;
mod spell;
mod stage;
mod thresholds;
mod tier;
mod transitions;

pub use alert::{
    AlertSettingError, AlertSettings, AlertState, Because, Deed, Episode, Heed, Input, OutOfPlace, Sighting, Step, Unmoved, Warning, heed,
    may_open, warnings,
};
pub(crate) use quantile::{ascending, nearest_rank};
pub use rfm::{Rfm, RfmCuts};
pub use risk::{BandCuts, RiskBand, RiskCuts};
pub use segment::Segment;
pub use settings::{Auto, LifecycleSettings, SettingError};
pub use signs::{Group, SIGNS, Sign, SignReading, SignSettings, SignState, SignStates, SignTally};
pub use spell::{Replay, Spell};
pub use stage::{Phase, Stage};
pub use thresholds::Thresholds;
pub use tier::{TierCuts, Tiering, ValueTier};
pub use transitions::{Flow, NOT_SEEN, Transitions};
