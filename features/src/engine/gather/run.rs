//! What one task gathered of one bucket.

use std::io;
use std::sync::Arc;

#[cfg(feature = "cluster")]
use super::record::{self, Code};
use super::record::{LONGEST, NUMBER, Record};
use super::spill::{Held, Segment, SpillFile, Spilled};

/// Records lie in pieces of this size, so that nothing that was gathered is copied to make room.
const CHUNK: usize = 16 << 10;

/// Customers by their numbers, and their events in the order in which they came.
#[derive(Debug, Default)]
pub(in crate::engine) struct Run {
    hashes: Vec<u64>,
    /// Where each id ends in `id_bytes`.
    id_ends: Vec<u64>,
    id_bytes: Vec<u8>,
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
    segments: Vec<Segment>,
    spilled: Option<Arc<Spilled>>,
    /// What it takes, with the runs of the other buckets, counted against the budget as long as one of them is around.
    held: Option<Arc<Held>>,
}

impl Run {
    /// The number of a new customer.
    pub(super) fn enter(&mut self, id: &str, hash: u64) -> u32 {
        self.hashes.push(hash);
        self.id_bytes.extend_from_slice(id.as_bytes());
        self.id_ends.push(self.id_bytes.len() as u64);
        self.id_ends.len() as u32 - 1
    }

    #[inline]
    pub(super) fn push(&mut self, number: u32, record: &Record<'_>) {
        record.write(number, self.room());
    }

    /// Adds a record as it is written elsewhere, with names as `code` writes them here.
    #[cfg(feature = "cluster")]
    pub(super) fn push_written(&mut self, number: u32, record: &[u8], code: impl Fn(Code) -> Code) {
        let room = self.room();
        record::write_number(number, room);
        record::recode(record, code, room);
    }

    /// Where the next record goes; there is room for the longest.
    #[inline]
    fn room(&mut self) -> &mut Vec<u8> {
        if self.last.capacity() - self.last.len() < LONGEST + NUMBER {
            let next = Vec::with_capacity(CHUNK);
            let full = std::mem::replace(&mut self.last, next);
            if !full.is_empty() {
                self.full.push(full);
            }
        }
        &mut self.last
    }

    /// Number of customers.
    pub(super) fn len(&self) -> usize {
        self.id_ends.len()
    }

    /// Takes the hashes of the customers' ids, by number, out of memory.
    pub(super) fn take_hashes(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.hashes)
    }

    /// The id of a customer.
    pub(super) fn id(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let begin = number.checked_sub(1).map_or(0, |before| self.id_ends[before]);
        &self.id_bytes[begin as usize..self.id_ends[number] as usize]
    }

    /// Bytes of memory that the records take.
    pub(super) fn record_bytes(&self) -> usize {
        self.full.len() * CHUNK + self.last.capacity()
    }

    /// Bytes of memory that the ids take.
    pub(super) fn id_bytes(&self) -> usize {
        self.hashes.capacity() * 8 + self.id_ends.capacity() * 8 + self.id_bytes.capacity()
    }

    /// Writes all records to `file`.
    pub(super) fn spill(&mut self, file: &mut SpillFile) -> io::Result<()> {
        for chunk in self.full.drain(..).chain([std::mem::take(&mut self.last)]).filter(|chunk| !chunk.is_empty()) {
            self.segments.push(file.append(&chunk)?);
        }
        Ok(())
    }

    /// The file that was spilled to.
    pub(super) fn spilled_to(&mut self, file: &Arc<Spilled>) {
        self.spilled = Some(Arc::clone(file));
    }

    /// Keeps counted what the runs hold together.
    pub(super) fn keep(&mut self, held: &Arc<Held>) {
        self.held = Some(Arc::clone(held));
    }

    /// Gives back what was kept in reserve.
    pub(super) fn shrink(&mut self) {
        self.hashes.shrink_to_fit();
        self.id_ends.shrink_to_fit();
        self.id_bytes.shrink_to_fit();
        self.last.shrink_to_fit();
    }

    /// Shows each piece of the records, whole records each, in the order in which they came.
    pub(super) fn pieces(&self, mut show: impl FnMut(&[u8])) -> io::Result<()> {
        if let Some(spilled) = &self.spilled {
            let mut piece = Vec::new();
            for segment in &self.segments {
                piece.clear();
                spilled.read(*segment, &mut piece)?;
                show(&piece);
            }
        }
        self.full.iter().chain([&self.last]).for_each(|piece| show(piece));
        Ok(())
    }
}
