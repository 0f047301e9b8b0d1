//! How data tell the kind of each event: files and single requests go by the same rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::Kind;
use crate::time::Timestamp;

/// What decides the kind of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindRules {
    /// Whether the data has a column of kinds; then an event without a kind is `other`, whatever its amount.
    pub column: bool,
    /// Kinds by their names in the data; the names of [`Kind`] itself need no entry.
    pub names: BTreeMap<String, Kind>,
    /// From when on rows without a column of kinds have amounts; see [`Kind::of_amount`].
    pub amounts_since: Option<Timestamp>,
}

/// Why an event counts as `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKind {
    /// Its kind is a name that is not known.
    Unknown,
    /// Nothing tells its kind.
    NotGiven,
}

impl KindRules {
    /// The kind of an event: by its name where it has one, else by its amount.
    ///
    /// # Errors
    /// [`NoKind`] tells why the event is to be taken as [`Kind::Other`].
    ///
    /// ```
    /// use lapwing_features::{Kind, KindRules, NoKind, Timestamp};
    ///
    /// let rules = KindRules { names: [("sale".to_owned(), Kind::Purchase)].into(), ..KindRules::default() };
    /// let at = Timestamp(0);
    /// assert_eq!(rules.kind(Some("sale"), None, at), Ok(Kind::Purchase));
    /// assert_eq!(rules.kind(Some("visit"), None, at), Ok(Kind::Visit));
    /// assert_eq!(rules.kind(Some("gossip"), None, at), Err(NoKind::Unknown));
    /// assert_eq!(rules.kind(None, Some(-5.0), at), Ok(Kind::Return));
    ///
    /// let rules = KindRules { column: true, ..rules };
    /// assert_eq!(rules.kind(None, Some(-5.0), at), Err(NoKind::NotGiven));
    /// ```
    pub fn kind(&self, name: Option<&str>, amount: Option<f64>, ts: Timestamp) -> Result<Kind, NoKind> {
        match name {
            Some(name) => named(&self.names, name).ok_or(NoKind::Unknown),
            None if self.column => Err(NoKind::NotGiven),
            None => match Kind::of_amount(amount, ts, self.amounts_since) {
                Kind::Other if amount.is_none() => Err(NoKind::NotGiven),
                kind => Ok(kind),
            },
        }
    }
}

/// The kind of this name: the user's names come first.
pub(crate) fn named(names: &BTreeMap<String, Kind>, name: &str) -> Option<Kind> {
    names.get(name).copied().or_else(|| name.parse().ok())
}
