//! Customers with their events as bytes that another process can read: what travels through a cluster.
//!
//! A state stands for itself: names are numbered differently in every process, so it brings a table of those that its records use.
//! All numbers are little-endian.
//!
//! | bytes | meaning |
//! |---|---|
//! | 1 | the version of this layout |
//! | 4, 4 | how many customers and how many names follow |
//! | 10 each | a name: its number in the records, its token |
//! | 4 each | how long the id of each customer is |
//! | 4 each | how long the records of each customer are |
//! | | all ids, then all records |

use std::io;
use std::sync::Arc;

use thiserror::Error;

use super::bucket::Bucket;
use super::ids::{Ids, Place, bucket_of};
use super::record::{self, Code, LONGEST, Names, SHORTEST};
use super::run::Run;
use super::runs::Runs;
use super::spill::Budget;
use crate::event::Token;

/// A state of another version is refused.
const VERSION: u8 = 2;

/// Bytes of records in a state, about: small enough to be one message among others.
const MOST: usize = 256 << 10;

/// Bytes after which who receives looks at the budget.
const SETTLED: usize = 4 << 20;

/// The bytes are no state of this version.
#[derive(Debug, Error)]
#[error("what came through the cluster is not what this version writes")]
pub(in crate::engine) struct Malformed;

/// The customers of a bucket as states; `tokens` are the names by the numbers that its records are written with.
pub(in crate::engine) fn states(bucket: &Bucket, tokens: &[Token]) -> Vec<Vec<u8>> {
    let mut writer = Writer { used: vec![false; tokens.len()], ..Writer::default() };
    let mut states = Vec::new();
    for place in 0..bucket.len() {
        let (id, mut records) = bucket.written(place);
        while !records.is_empty() {
            if writer.records.len() >= MOST {
                states.push(writer.finish(tokens));
            }
            records = writer.customer(id, records);
        }
    }
    if !writer.ids.is_empty() {
        states.push(writer.finish(tokens));
    }
    states
}

/// A state in the making.
#[derive(Default)]
struct Writer {
    used: Vec<bool>,
    names: Vec<u16>,
    id_lengths: Vec<u32>,
    record_lengths: Vec<u32>,
    ids: Vec<u8>,
    records: Vec<u8>,
}

impl Writer {
    /// Takes in a customer, and gives back the records for which there is no room.
    fn customer<'a>(&mut self, id: &str, records: &'a [u8]) -> &'a [u8] {
        let begin = self.records.len();
        let mut taken = 0;
        while taken < records.len() && begin + taken < MOST {
            let length = record::length(&records[taken..]).min(records.len() - taken);
            for number in record::names_in(&records[taken..taken + length]).0.into_iter().filter_map(Code::number) {
                if let Some(used @ false) = self.used.get_mut(usize::from(number)) {
                    *used = true;
                    self.names.push(number);
                }
            }
            taken += length;
        }
        self.ids.extend_from_slice(id.as_bytes());
        self.id_lengths.push(id.len() as u32);
        self.records.extend_from_slice(&records[..taken]);
        self.record_lengths.push(taken as u32);
        &records[taken..]
    }

    /// The state, after which the next one begins.
    fn finish(&mut self, tokens: &[Token]) -> Vec<u8> {
        let lengths = 4 * (self.id_lengths.len() + self.record_lengths.len());
        let mut out = Vec::with_capacity(9 + 10 * self.names.len() + lengths + self.ids.len() + self.records.len());
        out.push(VERSION);
        out.extend_from_slice(&(self.id_lengths.len() as u32).to_le_bytes());
        out.extend_from_slice(&(self.names.len() as u32).to_le_bytes());
        for number in self.names.drain(..) {
            self.used[usize::from(number)] = false;
            out.extend_from_slice(&number.to_le_bytes());
            out.extend_from_slice(&tokens[usize::from(number)].bits().to_le_bytes());
        }
        for length in self.id_lengths.drain(..).chain(self.record_lengths.drain(..)) {
            out.extend_from_slice(&length.to_le_bytes());
        }
        out.append(&mut self.ids);
        out.append(&mut self.records);
        out
    }
}

/// What came of all states, within a budget.
pub(in crate::engine) struct Received {
    ids: Ids,
    runs: Runs,
    names: Arc<Names>,
    unsettled: usize,
}

impl Received {
    pub(in crate::engine) fn new(names: Arc<Names>, budget: Arc<Budget>) -> Self {
        Self { ids: Ids::default(), runs: Runs::new(budget), names, unsettled: 0 }
    }

    /// Takes in a state. A customer may come in several.
    pub(in crate::engine) fn add(&mut self, state: &[u8]) -> Result<(), Malformed> {
        let mut rest = state;
        if *chunk::<1>(&mut rest)? != [VERSION] {
            return Err(Malformed);
        }
        let (customers, names) = (number(&mut rest)? as usize, number(&mut rest)? as usize);
        let mut codes: Vec<(u16, Code)> = Vec::with_capacity(names.min(1 << 16));
        for _ in 0..names {
            let number = u16::from_le_bytes(*chunk(&mut rest)?);
            codes.push((number, self.names.code_without_name(Token::from_bits(u64::from_le_bytes(*chunk(&mut rest)?)))));
        }
        codes.sort_unstable_by_key(|(number, _)| *number);
        let code = |written: Code| {
            let place = written.number().and_then(|number| codes.binary_search_by_key(&number, |(number, _)| *number).ok());
            place.map_or(written, |place| codes[place].1)
        };
        let mut id_lengths = taken(&mut rest, customers.checked_mul(4).ok_or(Malformed)?)?;
        let mut record_lengths = taken(&mut rest, customers * 4)?;
        let mut ids = taken(&mut rest, sum(id_lengths)?)?;
        for _ in 0..customers {
            let id = taken(&mut ids, number(&mut id_lengths)? as usize)?;
            let id = std::str::from_utf8(id).map_err(|_| Malformed)?;
            let mut records = taken(&mut rest, number(&mut record_lengths)? as usize)?;
            let runs = &mut self.runs;
            let place = self.ids.place(id, |hash| {
                let bucket = bucket_of(hash);
                Place { bucket: bucket as u32, number: runs.of_bucket(bucket).enter(id, hash) }
            });
            let run = self.runs.of_bucket(place.bucket as usize);
            while !records.is_empty() {
                let length = record::length(records);
                if !(SHORTEST..=LONGEST).contains(&length) {
                    return Err(Malformed);
                }
                run.push_written(place.number, taken(&mut records, length)?, code);
            }
        }
        self.unsettled += state.len();
        if rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// Keeps to the budget, now and then.
    pub(in crate::engine) fn settle(&mut self) -> io::Result<()> {
        if self.unsettled < SETTLED {
            return Ok(());
        }
        self.unsettled = 0;
        self.runs.settle(self.ids.bytes())
    }

    /// What was received of each bucket.
    pub(in crate::engine) fn finish(self) -> io::Result<Vec<Run>> {
        self.runs.finish()
    }
}

fn taken<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = left;
    Ok(taken)
}

fn chunk<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], Malformed> {
    let (chunk, left) = rest.split_first_chunk().ok_or(Malformed)?;
    *rest = left;
    Ok(chunk)
}

fn number(rest: &mut &[u8]) -> Result<u32, Malformed> {
    Ok(u32::from_le_bytes(*chunk(rest)?))
}

/// The sum of numbers that stand one after the other.
fn sum(mut numbers: &[u8]) -> Result<usize, Malformed> {
    let mut sum = 0_usize;
    while !numbers.is_empty() {
        sum = sum.checked_add(number(&mut numbers)? as usize).ok_or(Malformed)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests;
