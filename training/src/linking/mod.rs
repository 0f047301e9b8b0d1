//! Which rows of a customers table are one person: proposals with a confidence and a reason.
//!
//! Pairs are found by equal keys and within blocks of customers who share a part of one, never by comparing all with all; each gets a
//! confidence by the table below. Pairs at or above the threshold are accepted, and whoever hangs together by them is one customer,
//! whose id is the least; pairs below it are told as proposed and join nobody.
//!
//! | evidence | confidence |
//! |---|---|
//! | the same open id | 0.99 |
//! | the same e-mail | 0.97 |
//! | the same phone | 0.95 |
//! | names alike, and the same last seven digits of the phone | 0.95 x how alike |
//! | names alike, and the same part of the e-mail before the `@` | 0.8 x how alike |
//! | names nearly the same | 0.6 x how alike |
//!
//! Several of the first three count together, as 1 - (1 - a)(1 - b). Where e-mail or phone are the same and the names are not alike at
//! all, as in a family, it is 3/4 of that. The part of an e-mail before the `@` often is the name, which is why it adds little to it.
//! How alike two names are is the similarity of Jaro and Winkler, from 0 to 1, of their words in alphabetical order; from 0.95 on they
//! are nearly the same, below 0.9 not alike, below 0.6 not at all. The numbers are judgements, not estimates: look at some rows before you trust a threshold.
//!
//! A key that more than [`MOST_SAME`] customers share, as the number of a shop does, and a block of more than [`MOST_BLOCK`] are not
//! looked into, but told.

mod normal;
mod pairs;
mod unite;

use std::collections::BTreeMap;

use serde::Serialize;

pub use normal::{email, name, open_id, phone};
use pairs::Found;

/// More customers than this do not share a key by being one.
pub const MOST_SAME: usize = 20;
/// Blocks of more customers than this are not looked into.
pub const MOST_BLOCK: usize = 100;
/// Most proposals that a customer is in by its name alone.
pub const MOST_PROPOSED: usize = 5;

/// A row of a customers table.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Whose it is.
    pub id: String,
    /// As [`phone`] gives it.
    pub phone: Option<String>,
    /// As [`email`] gives it.
    pub email: Option<String>,
    /// As [`open_id`] gives it.
    pub open_id: Option<String>,
    /// As [`name`] gives it.
    pub name: Option<String>,
}

/// A link, accepted or proposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// The other id.
    pub alias: String,
    /// The customer's own id: the least of all of its ids, shorter ones first, then by their characters.
    pub customer: String,
    /// From 0 to 1; where several pairs lie between the two, that of the weakest.
    pub confidence: f64,
    /// What speaks for it, and what against.
    pub reason: String,
    /// Whether it reaches the threshold.
    pub accepted: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// Accepted ones first, by customer; then proposed ones, the surest first.
    pub links: Vec<Link>,
    /// Different ids.
    pub customers: usize,
    /// Ids of the customer with the most.
    pub largest: usize,
    /// Keys and blocks that were too large, by what they are: how many, and the size of the largest.
    pub crowded: BTreeMap<&'static str, Crowd>,
}

/// Keys or blocks that too many share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Crowd {
    /// How many.
    pub count: usize,
    /// Customers of the largest.
    pub largest: usize,
}

/// Finds the links between rows, on so many threads; neither these nor the order of the rows change a byte of the result.
///
/// ```
/// use lapwing_training::linking::{Row, link};
/// let row = |id: &str, phone: &str| Row { id: id.to_owned(), phone: Some(phone.to_owned()), ..Row::default() };
/// let linked = link(vec![row("12", "4915"), row("7", "4915"), row("8", "4916")], 0.9, 1);
/// assert_eq!((linked.links[0].alias.as_str(), linked.links[0].customer.as_str()), ("12", "7"));
/// assert_eq!((linked.links.len(), linked.links[0].reason.as_str()), (1, "same phone"));
/// ```
#[must_use]
pub fn link(mut rows: Vec<Row>, threshold: f64, threads: usize) -> Linked {
    // Everything below names people by their place in this order. Tables with a row an order say the same of a person many times.
    rows.sort_unstable_by(|one, other| one.id.len().cmp(&other.id.len()).then_with(|| one.cmp(other)));
    rows.dedup();
    let people: Vec<&[Row]> = rows.chunk_by(|one, other| one.id == other.id).collect();
    let Found { pairs, crowded } = pairs::find(&people, threads.max(1));
    let (links, largest) = unite::unite(&people, pairs, threshold);
    Linked { links, customers: people.len(), largest, crowded }
}

#[cfg(test)]
mod tests;
