//! The customers of one bucket, brought together from what all tasks gathered of them.

use std::io;

use super::bucket::Bucket;
use super::record;
use super::run::Run;

/// What all tasks gathered of one bucket, and who is in it.
#[derive(Debug, Default)]
pub(in crate::engine) struct Gathered {
    runs: Vec<Run>,
    /// Sorted by hash, then id; a customer whom several tasks met stands there several times.
    met: Vec<Met>,
    /// Where each customer begins in `met`.
    customers: Vec<u32>,
}

/// A customer of a run.
#[derive(Clone, Copy, Debug)]
struct Met {
    hash: u64,
    run: u32,
    number: u32,
}

impl Gathered {
    /// Finds out who is there.
    pub(in crate::engine) fn new(mut runs: Vec<Run>) -> Self {
        let mut met = Vec::with_capacity(runs.iter().map(Run::len).sum());
        for (run, gathered) in (0..).zip(&mut runs) {
            met.extend(gathered.take_hashes().into_iter().zip(0..).map(|(hash, number)| Met { hash, run, number }));
        }
        let id = |one: &Met| runs[one.run as usize].id(one.number);
        met.sort_unstable_by_key(|one| (one.hash, one.run));
        // Different ids hardly ever have one hash.
        for same in met.chunk_by_mut(|one, two| one.hash == two.hash) {
            if same.iter().any(|one| id(one) != id(&same[0])) {
                same.sort_unstable_by(|one, two| id(one).cmp(id(two)).then(one.run.cmp(&two.run)));
            }
        }
        let is_new = |place: &u32| {
            let place = *place as usize;
            place == 0 || met[place].hash != met[place - 1].hash || id(&met[place]) != id(&met[place - 1])
        };
        let customers = (0..met.len() as u32).filter(is_new).collect();
        Self { runs, met, customers }
    }

    /// Number of customers.
    pub(in crate::engine) fn len(&self) -> usize {
        self.customers.len()
    }

    fn first(&self, place: usize) -> Met {
        self.met[self.customers[place] as usize]
    }

    fn id(&self, place: usize) -> &[u8] {
        let Met { run, number, .. } = self.first(place);
        self.runs[run as usize].id(number)
    }

    /// Where a customer stands.
    pub(in crate::engine) fn position(&self, hash: u64, id: &str) -> Option<usize> {
        let first = self.customers.partition_point(|at| self.met[*at as usize].hash < hash);
        (first..self.len()).take_while(|place| self.first(*place).hash == hash).find(|place| self.id(*place) == id.as_bytes())
    }

    /// Brings each customer's events together, in the order of time.
    pub(in crate::engine) fn group(&self) -> io::Result<Bucket> {
        let mut numbers: Vec<Vec<u32>> = self.runs.iter().map(|run| vec![0; run.len()]).collect();
        let ends = self.customers.iter().skip(1).copied().chain([self.met.len() as u32]);
        for (customer, (begin, end)) in (0..).zip(self.customers.iter().zip(ends)) {
            for one in &self.met[*begin as usize..end as usize] {
                numbers[one.run as usize][one.number as usize] = customer;
            }
        }

        // First how much each customer has, then each record to its place.
        let mut places = vec![0_usize; self.len()];
        self.for_each(&numbers, |customer, record| places[customer] += record.len())?;
        let mut ends = Vec::with_capacity(places.len());
        let mut end = 0;
        for place in &mut places {
            let length = *place;
            *place = end;
            end += length;
            ends.push(end);
        }
        let mut records = vec![0; end];
        self.for_each(&numbers, |customer, record| {
            let begin = places[customer];
            places[customer] += record.len();
            copy(record, &mut records[begin..begin + record.len()]);
        })?;

        let (mut ids, mut id_ends) = (Vec::new(), Vec::with_capacity(self.len()));
        for place in 0..self.len() {
            ids.extend_from_slice(self.id(place));
            id_ends.push(ids.len());
        }
        Ok(Bucket::new(ids, id_ends, records, ends))
    }

    fn for_each(&self, numbers: &[Vec<u32>], mut f: impl FnMut(usize, &[u8])) -> io::Result<()> {
        for (run, numbers) in self.runs.iter().zip(numbers) {
            run.pieces(|mut piece| {
                while let Some((number, rest)) = record::numbered(piece) {
                    let (record, rest) = rest.split_at(record::length(rest));
                    f(numbers[number as usize] as usize, record);
                    piece = rest;
                }
            })?;
        }
        Ok(())
    }
}

/// Copies a record to a place as long as it is. Most are up to 32 bytes: two moves that may overlap do it, where a call costs more.
#[inline]
fn copy(record: &[u8], to: &mut [u8]) {
    fn ends<const N: usize>(record: &[u8], to: &mut [u8]) -> Option<()> {
        *to.first_chunk_mut::<N>()? = *record.first_chunk()?;
        *to.last_chunk_mut::<N>()? = *record.last_chunk()?;
        Some(())
    }
    let done = match record.len() {
        4..8 => ends::<4>(record, to),
        8..16 => ends::<8>(record, to),
        16..=32 => ends::<16>(record, to),
        _ => None,
    };
    if done.is_none() {
        to.copy_from_slice(record);
    }
}
