//! Pieces of work in a row, parted among workers of whom those that are done help the others.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What of the pieces each worker has left.
pub(super) struct Pieces(Mutex<Vec<Range<usize>>>);

impl Pieces {
    /// `count` pieces, about as many for each of the workers.
    pub(super) fn new(count: usize, workers: usize) -> Self {
        Self(Mutex::new((0..workers).map(|worker| worker * count / workers..(worker + 1) * count / workers).collect()))
    }

    fn left(&self) -> MutexGuard<'_, Vec<Range<usize>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next of the worker's pieces: each is the one after the one before it.
    pub(super) fn next(&self, worker: usize) -> Option<usize> {
        self.left()[worker].next()
    }

    /// Gives a worker without pieces the latter half of those of the one that has the most left; whether there were any.
    pub(super) fn help(&self, worker: usize) -> bool {
        let mut left = self.left();
        let Some(most) = left.iter_mut().max_by_key(|pieces| pieces.end - pieces.start).filter(|pieces| pieces.start < pieces.end) else {
            return false;
        };
        let begin = most.start + (most.end - most.start) / 2;
        let taken = begin..most.end;
        most.end = begin;
        left[worker] = taken;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_done_once_however_fast_the_workers_are() {
        for (count, workers, fast) in [(16, 2, 1), (7, 3, 0), (0, 2, 1), (1, 1, 0), (40, 4, 3), (3, 8, 7)] {
            let (pieces, mut done) = (Pieces::new(count, workers), Vec::new());
            // One takes ten for each that the others take.
            let mut stretches = vec![None; workers];
            let mut turn = 0;
            loop {
                let worker = if turn % 11 == 10 { turn / 11 % workers } else { fast };
                turn += 1;
                match pieces.next(worker) {
                    Some(piece) => {
                        assert!(stretches[worker].is_none_or(|before| before + 1 == piece), "in a row until it helps");
                        stretches[worker] = Some(piece);
                        done.push(piece);
                    }
                    None if pieces.help(worker) => stretches[worker] = None,
                    None => break,
                }
            }
            done.sort_unstable();
            assert!(done.iter().copied().eq(0..count), "{done:?}");
        }
    }
}
