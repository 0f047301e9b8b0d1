//! Webhooks, checked.

use super::{StorePlace, missing};
use crate::cli::{StoreArgs, WebhooksArgs, WebhooksCommand};
use crate::config::Config;
use crate::error::ServeError;
use crate::store::MessageKind;

/// Settings of `webhooks`.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// Where they are kept.
    pub place: StorePlace,
    /// What is to be done.
    pub deed: WebhookDeed,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// What is done with webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookDeed {
    /// One more is told.
    Add {
        /// Where it is.
        url: String,
        /// What it wants to know, each once.
        kinds: Vec<MessageKind>,
        /// Whether it may be on this machine or its network.
        allow_private: bool,
    },
    /// All are listed.
    List,
    /// The one with this id is told nothing more.
    Remove(String),
    /// The one with this id gets another secret.
    Rotate(String),
    /// What is due is delivered: for good, or until there is nothing.
    Deliver {
        /// Whether it ends then.
        until_empty: bool,
    },
}

impl Webhooks {
    /// Checks the flags of `webhooks`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], or what reading the config file gives.
    pub fn new(args: WebhooksArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.config.as_deref())?;
        let store = StoreArgs { store: args.store, store_key: args.store_key };
        let place = StorePlace::new(store, &config)?.ok_or_else(|| missing("store", "LAPWING_STORE", "store"))?;
        let deed = match args.deed {
            WebhooksCommand::Add { url, mut kinds, allow_private } => {
                kinds.sort_unstable();
                kinds.dedup();
                let kinds = if kinds.is_empty() { MessageKind::ALL.to_vec() } else { kinds };
                WebhookDeed::Add { url, kinds, allow_private }
            }
            WebhooksCommand::List => WebhookDeed::List,
            WebhooksCommand::Remove { id } => WebhookDeed::Remove(id),
            WebhooksCommand::Rotate { id } => WebhookDeed::Rotate(id),
            WebhooksCommand::Deliver { until_empty } => WebhookDeed::Deliver { until_empty },
        };
        Ok(Self { place, deed, json: args.json.or(config.json).unwrap_or(false) })
    }
}
