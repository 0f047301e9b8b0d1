//! Gathers events by customer while they come in, in any order, as compact bytes.
//!
//! Each task of a scan has a [`Gatherer`] of its own, so that no thread waits for another: it numbers the customers that it meets
//! within [`BUCKETS`] buckets and appends each event to its bucket. When all rows are in, each pass over the customers
//! [groups](Gathered::group) one bucket after the other, on all threads: what the tasks gathered of one customer comes together.
//! Neither the number of tasks nor the order of the rows shows in what comes out but for the order of the events of a customer,
//! which a history settles.

mod bucket;
mod group;
mod ids;
mod record;
mod run;
mod runs;
mod spill;
#[cfg(feature = "cluster")]
mod state;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

pub(super) use bucket::{Bucket, Reading};
pub(super) use group::Gathered;
pub(super) use ids::{BUCKETS, ShortKey, ShortMap, bucket_of, hash_of};
pub(super) use record::{Code, Names};
pub(super) use run::Run;
pub(super) use spill::Budget;
#[cfg(feature = "cluster")]
pub(super) use state::{Received, states};

use super::canonical::Cell;
use super::canonical::texts::Texts;
use super::links::Links;
use crate::event::{RawEvent, Token};
use ids::{Found, Ids, Place};
use record::Record;
use runs::Runs;

/// What one task has gathered.
pub(super) struct Gatherer {
    ids: Ids,
    /// Ids as they are written that name nobody, or are not written as they are kept.
    written: ShortMap<Whom>,
    found: Vec<Found>,
    runs: Runs,
    names: Arc<Names>,
    channels: Codes,
    categories: Codes,
    has_nameless: bool,
}

/// Whom a written id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// Nobody: it is not given.
    NotGiven,
    /// Nobody: it is no id.
    Unreadable,
    /// A customer.
    Customer(Known),
}

/// A customer of a [`Gatherer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known(Place);

impl Gatherer {
    pub(super) fn new(names: Arc<Names>, budget: Arc<Budget>) -> Self {
        Self {
            ids: Ids::default(),
            written: ShortMap::default(),
            found: Vec::new(),
            runs: Runs::new(budget),
            names,
            channels: Codes::default(),
            categories: Codes::default(),
            has_nameless: false,
        }
    }

    /// Looks up whose the rows of a batch are: memory is waited for once for many rows, not row by row.
    pub(super) fn look_up(&mut self, ids: &Texts) {
        match ids.views().filter(|_| !ids.is_rewritten()) {
            Some(views) => self.ids.known_of(ids.len(), |row| ShortKey::of_view(views[row]), &mut self.found),
            None => self.ids.known_of(ids.len(), |row| ids.short(row).filter(|_| !ids.is_rewritten()), &mut self.found),
        }
    }

    /// Looks up the channels of a batch.
    pub(super) fn look_up_channels(&mut self, channels: &Texts) {
        self.channels.look_up(channels);
    }

    /// Looks up the categories of a batch.
    pub(super) fn look_up_categories(&mut self, categories: &Texts) {
        self.categories.look_up(categories);
    }

    /// Whose row it is, of the batch that was [looked up](Self::look_up) last.
    #[inline]
    pub(super) fn whom(&mut self, ids: &Texts, row: usize, links: Option<&Links>) -> Whom {
        match self.found[row].place() {
            Some(place) => Whom::Customer(Known(place)),
            None => self.new_whom(ids, row, links),
        }
    }

    fn new_whom(&mut self, ids: &Texts, row: usize, links: Option<&Links>) -> Whom {
        let key = ids.short(row);
        if let Some(key) = key {
            // Most ids are kept as they are written.
            let known = self.ids.known(key).place().filter(|_| !ids.is_rewritten());
            if let Some(whom) = known.map(|place| Whom::Customer(Known(place))).or_else(|| self.written.get(key)) {
                return whom;
            }
        }
        let mut is_alias = false;
        let whom = match ids.id(row) {
            Cell::Null | Cell::Nan => Whom::NotGiven,
            Cell::Unreadable => Whom::Unreadable,
            Cell::Value(written) => {
                let id = links.map_or(written, |links| links.customer(written));
                is_alias = id != written;
                let runs = &mut self.runs;
                let enter = |hash| {
                    let bucket = bucket_of(hash);
                    Place { bucket: bucket as u32, number: runs.of_bucket(bucket).enter(id, hash) }
                };
                Whom::Customer(Known(self.ids.place(id, enter)))
            }
        };
        if let Some(key) = key
            && (ids.is_rewritten() || is_alias || !matches!(whom, Whom::Customer(_)))
        {
            self.written.insert(key, whom);
        }
        whom
    }

    /// How the channel of a row is written, of the batch that was looked up last.
    #[inline]
    pub(super) fn channel(&mut self, channels: &Texts, row: usize) -> Code {
        self.channels.code(&self.names, channels, row)
    }

    /// How the category of a row is written, of the batch that was looked up last.
    #[inline]
    pub(super) fn category(&mut self, categories: &Texts, row: usize) -> Code {
        self.categories.code(&self.names, categories, row)
    }

    /// How a channel or category is written of which only the token is known.
    pub(super) fn nameless(&mut self, token: Token) -> Code {
        if token.is_some() && !self.has_nameless {
            self.names.nameless();
            self.has_nameless = true;
        }
        Code::whole(token)
    }

    /// Adds an event, of which channel and category are told by their codes.
    #[inline]
    pub(super) fn push(&mut self, whom: Known, event: &RawEvent, [channel, category]: [Code; 2], undecided: bool) {
        let Place { bucket, number } = whom.0;
        self.runs.of_bucket(bucket as usize).push(number, &Record { event, channel, category, undecided });
    }

    /// Tells that the events that come next lie before those that came, in the order in which rows are written.
    pub(super) fn turn_back(&mut self) {
        self.runs.turn_back();
    }

    /// Keeps to the budget: when all tasks together hold more, what this one has gathered goes to a file.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.runs.settle(self.ids.bytes())
    }

    /// What was gathered of each bucket.
    pub(super) fn finish(self) -> io::Result<Vec<Run>> {
        self.runs.finish()
    }
}

/// Short numbers of names, as one task knows them.
#[derive(Default)]
struct Codes {
    written: ShortMap<Code>,
    tokens: HashMap<Token, Code>,
    /// What is known already of the rows of a batch.
    found: Vec<Option<Code>>,
}

impl Codes {
    fn look_up(&mut self, texts: &Texts) {
        self.written.near_all(texts, &mut self.found);
    }

    #[inline]
    fn code(&mut self, names: &Names, texts: &Texts, row: usize) -> Code {
        self.found[row].unwrap_or_else(|| self.new_code(names, texts, row))
    }

    fn new_code(&mut self, names: &Names, texts: &Texts, row: usize) -> Code {
        let key = texts.short(row);
        if let Some(code) = key.and_then(|key| self.written.get(key)) {
            return code;
        }
        let Cell::Value(text) = texts.get(row) else { return Code::NONE };
        let token = Token::of(text);
        let code = self.tokens.get(&token).copied().unwrap_or_else(|| {
            let code = names.code(token, text);
            // What many rows share is worth remembering; names that hardly repeat are not.
            if code.is_short() {
                self.tokens.insert(token, code);
            }
            code
        });
        if let Some(key) = key
            && code.is_short()
        {
            self.written.insert(key, code);
        }
        code
    }
}
