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
    /// How many pieces were full and how much of the last one was, when it was [turned back](Self::turn_back).
    turns: Vec<(usize, usize)>,
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

    /// Tells that the records that come next are to be shown before those that are in memory.
    pub(super) fn turn_back(&mut self) {
        self.turns.push((self.full.len(), self.last.len()));
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

    /// Writes all records to `file`, in the order in which they came.
    pub(super) fn spill(&mut self, file: &mut SpillFile) -> io::Result<()> {
        self.turns.clear();
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

    /// Shows each piece of the records, whole records each, in the order in which they came but for [turns](Self::turn_back).
    pub(super) fn pieces(&self, mut show: impl FnMut(&[u8])) -> io::Result<()> {
        if let Some(spilled) = &self.spilled {
            let mut piece = Vec::new();
            for segment in &self.segments {
                piece.clear();
                spilled.read(*segment, &mut piece)?;
                show(&piece);
            }
        }
        let mut end = (self.full.len(), self.last.len());
        for begin in self.turns.iter().rev().chain([&(0, 0)]) {
            self.between(*begin, end, &mut show);
            end = *begin;
        }
        Ok(())
    }

    /// Shows the pieces from one place, a piece and where in it, to another.
    fn between(&self, begin: (usize, usize), end: (usize, usize), mut show: impl FnMut(&[u8])) {
        for (number, piece) in self.full.iter().chain([&self.last]).enumerate().take(end.0 + 1).skip(begin.0) {
            let from = if number == begin.0 { begin.1 } else { 0 };
            let to = if number == end.0 { end.1 } else { piece.len() };
            if from < to {
                show(&piece[from..to]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{self, Code};
    use super::*;
    use crate::event::{Kind, RawEvent};
    use crate::time::Timestamp;

    #[test]
    fn what_came_after_a_turn_is_shown_before_the_rest() {
        for lengths in [vec![5, 0, 3], vec![0, 0, 7_000, 1, 9_000], vec![20_000]] {
            let mut run = Run::default();
            let mut begin = 0;
            let block = |length: &i64| {
                begin += length;
                begin - length..begin
            };
            let blocks: Vec<_> = lengths.iter().map(block).collect();
            for (number, block) in blocks.iter().enumerate() {
                if number > 0 {
                    run.turn_back();
                }
                for at in block.clone() {
                    let event = RawEvent::new(Timestamp(at), Kind::Visit, None);
                    run.push(7, &Record { event: &event, channel: Code::NONE, category: Code::NONE, undecided: false });
                }
            }
            let mut found = Vec::new();
            let show = |mut piece: &[u8]| {
                while let Some((_, rest)) = record::numbered(piece) {
                    let (event, _, taken) = record::read(rest, &[]);
                    found.push(event.ts.0);
                    piece = &rest[taken..];
                }
            };
            run.pieces(show).unwrap();
            assert!(found.into_iter().eq(blocks.into_iter().rev().flatten()));
        }
    }
}
