//! From what all tasks gathered of a bucket to its customers, each with its events in one place.

use std::io;

use super::bucket::{Bucket, BucketBuilder};
use super::record;
use super::run::Run;

/// Brings the customers of one bucket together, sorted by the hash of their ids, then by id.
pub(in crate::engine) fn group(runs: &[Run]) -> io::Result<Bucket> {
    let customers = merged(runs);
    let mut numbers: Vec<Vec<u32>> = runs.iter().map(|run| vec![0; run.len()]).collect();
    let mut builder = BucketBuilder::default();
    for same in customers.chunk_by(|one, two| (one.hash, one.id) == (two.hash, two.id)) {
        let number = builder.enter(same[0].hash, same[0].id);
        same.iter().for_each(|one| numbers[one.run][one.number] = number);
    }

    // First how much each customer has, then each record to its place.
    let mut lengths = vec![0_usize; builder.len()];
    for_each(runs, &numbers, |number, record| lengths[number] += record.len())?;
    let mut ends = Vec::with_capacity(lengths.len());
    let mut places = lengths;
    let mut end = 0;
    for place in &mut places {
        let length = *place;
        *place = end;
        end += length;
        ends.push(end);
    }
    let mut records = vec![0; end];
    for_each(runs, &numbers, |number, record| {
        let begin = places[number];
        places[number] += record.len();
        records[begin..begin + record.len()].copy_from_slice(record);
    })?;
    sort(&mut records, &ends);
    Ok(builder.finish(ends, records))
}

/// A customer of a run.
struct Met<'a> {
    hash: u64,
    id: &'a [u8],
    run: usize,
    number: usize,
}

fn merged(runs: &[Run]) -> Vec<Met<'_>> {
    let mut customers = Vec::with_capacity(runs.iter().map(Run::len).sum());
    for (run, gathered) in runs.iter().enumerate() {
        for number in 0..gathered.len() {
            let (hash, id) = gathered.customer(number);
            customers.push(Met { hash, id, run, number });
        }
    }
    customers.sort_unstable_by(|one, two| (one.hash, one.id, one.run).cmp(&(two.hash, two.id, two.run)));
    customers
}

fn for_each(runs: &[Run], numbers: &[Vec<u32>], mut f: impl FnMut(usize, &[u8])) -> io::Result<()> {
    for (run, numbers) in runs.iter().zip(numbers) {
        run.pieces(|mut piece| {
            while piece.len() > 4 {
                let number = record::number(piece) as usize;
                let length = record::length(&piece[4..]);
                f(numbers[number] as usize, &piece[4..4 + length]);
                piece = &piece[4 + length..];
            }
        })?;
    }
    Ok(())
}

/// Puts each customer's records into the order of time. Most come in it.
fn sort(records: &mut [u8], ends: &[usize]) {
    let mut order: Vec<(i64, usize, usize)> = Vec::new();
    let mut sorted: Vec<u8> = Vec::new();
    let mut begin = 0;
    for end in ends {
        let own = &mut records[begin..*end];
        begin = *end;
        order.clear();
        let mut at = 0;
        while at < own.len() {
            let length = record::length(&own[at..]);
            order.push((record::ts(&own[at..]), at, length));
            at += length;
        }
        if order.is_sorted_by_key(|(ts, ..)| *ts) {
            continue;
        }
        order.sort_unstable();
        sorted.clear();
        order.iter().for_each(|(_, at, length)| sorted.extend_from_slice(&own[*at..at + length]));
        own.copy_from_slice(&sorted);
    }
}
