//! Which columns and names mean what: the `[events]` and `[customers]` tables of the configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::Kind;
use crate::history::Duplicates;

/// How events are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// The columns' names in the data.
    pub columns: EventColumns,
    /// Kinds by their names in the data; the names of [`Kind`] itself need no entry.
    pub kinds: BTreeMap<String, Kind>,
    /// What becomes of rows that repeat another.
    pub duplicates: Duplicates,
    /// A link table, by path or URL: events of an `alias_id` are those of its `customer_id`, as if they had been written with that
    /// one. Where it has a `status`, only rows that are `accepted` count.
    pub links: Option<String>,
    /// Whether campaigns are read in the place of channels: who asks what brought a purchase about reads events a second time, so
    /// that nobody else's events carry them.
    #[serde(skip)]
    pub by_campaign: bool,
}

/// What a column of an events file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Role {
    CustomerId,
    Ts,
    Amount,
    Kind,
    Quantity,
    OrderId,
    LineId,
    Channel,
    Category,
    KnownAt,
    /// Instead of the name its hash, as a history table has it.
    OrderToken,
    LineToken,
    ChannelToken,
    CategoryToken,
}

impl Role {
    /// The key under `[events.columns]`, which is the column's default name too.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::CustomerId => "customer_id",
            Self::Ts => "ts",
            Self::Amount => "amount",
            Self::Kind => "kind",
            Self::Quantity => "quantity",
            Self::OrderId => "order_id",
            Self::LineId => "line_id",
            Self::Channel => "channel",
            Self::Category => "category",
            Self::KnownAt => "known_at",
            Self::OrderToken => "order_token",
            Self::LineToken => "line_token",
            Self::ChannelToken => "channel_token",
            Self::CategoryToken => "category_token",
        }
    }

    /// Those whose values are hashes; only a history table has them.
    pub(super) const TOKENS: [Self; 4] = [Self::OrderToken, Self::LineToken, Self::ChannelToken, Self::CategoryToken];

    /// Whether each file must have the column.
    pub(super) fn is_required(self) -> bool {
        matches!(self, Self::CustomerId | Self::Ts)
    }
}

/// The names of the columns of an events file.
///
/// `customer_id` and `ts` must exist in each file. The others are optional as long as they keep their default names; one that is
/// renamed must exist in at least one file. An optional column set to `""` is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventColumns {
    /// Whose event it is: text or a whole number.
    pub customer_id: String,
    /// When it happened: a timestamp, a date or text.
    pub ts: String,
    /// Money, or the score of a survey.
    pub amount: String,
    /// What happened; see [`EventsConfig::kinds`]. Without it the amount decides, as [`Kind::of_amount`] tells.
    pub kind: String,
    /// Units.
    pub quantity: String,
    /// Which order the row belongs to.
    pub order_id: String,
    /// Which line of the order it is.
    pub line_id: String,
    /// Where it happened.
    pub channel: String,
    /// The campaign that it belongs to; read where [`EventsConfig::by_campaign`] is set, and then alone required when it is renamed.
    pub campaign: String,
    /// What it was about.
    pub category: String,
    /// When it was learned of; at once where it is null.
    pub known_at: String,
}

impl Default for EventColumns {
    fn default() -> Self {
        let name = |role: Role| role.key().to_owned();
        Self {
            customer_id: name(Role::CustomerId),
            ts: name(Role::Ts),
            amount: name(Role::Amount),
            kind: name(Role::Kind),
            quantity: name(Role::Quantity),
            order_id: name(Role::OrderId),
            line_id: name(Role::LineId),
            channel: name(Role::Channel),
            campaign: Self::CAMPAIGN.to_owned(),
            category: name(Role::Category),
            known_at: name(Role::KnownAt),
        }
    }
}

impl EventColumns {
    /// The default name of the column of campaigns.
    const CAMPAIGN: &str = "campaign";

    /// The columns with that of campaigns in the place of channels.
    pub(super) fn by_campaign(&self) -> Self {
        Self { channel: self.campaign.clone(), ..self.clone() }
    }

    /// Whether all files may lack a column: one that nobody renamed.
    pub(super) fn may_lack(role: Role, name: &str, by_campaign: bool) -> bool {
        let default = if by_campaign && role == Role::Channel { Self::CAMPAIGN } else { role.key() };
        role.is_required() || name.is_empty() || name == default
    }

    /// Each role with the name of its column.
    pub(super) fn by_role(&self) -> [(Role, &str); 10] {
        [
            (Role::CustomerId, &self.customer_id),
            (Role::Ts, &self.ts),
            (Role::Amount, &self.amount),
            (Role::Kind, &self.kind),
            (Role::Quantity, &self.quantity),
            (Role::OrderId, &self.order_id),
            (Role::LineId, &self.line_id),
            (Role::Channel, &self.channel),
            (Role::Category, &self.category),
            (Role::KnownAt, &self.known_at),
        ]
    }
}

/// How the customers table is read: every column but the id is an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CustomersConfig {
    /// The column with the customer's id.
    pub customer_id: String,
}

impl Default for CustomersConfig {
    fn default() -> Self {
        Self { customer_id: Role::CustomerId.key().to_owned() }
    }
}
