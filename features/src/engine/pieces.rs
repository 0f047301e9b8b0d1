//! Pieces of work in a row, parted among workers of whom those that are done help the others.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is left of the pieces, and who works at it.
///
/// Two workers share a stretch, one from its first piece on and one from its last piece back, until they meet: neither waits for the
/// other, and what each has done lies in a row.
pub(super) struct Pieces(Mutex<Left>);

struct Left {
    stretches: Vec<Range<usize>>,
    /// The stretch of each worker, and from which end it is worked at.
    workers: Vec<(usize, End)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// A piece, and whether it lies before all that the worker has done of its stretch, not after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) number: usize,
    pub(super) before: bool,
}

impl Pieces {
    /// `count` pieces, about as many for each of the workers.
    pub(super) fn new(count: usize, workers: usize) -> Self {
        let begin = |worker: usize| worker.min(workers) * count / workers.max(1);
        Self(Mutex::new(Left {
            stretches: (0..workers).step_by(2).map(|first| begin(first)..begin(first + 2)).collect(),
            workers: (0..workers).map(|worker| (worker / 2, if worker % 2 == 0 { End::First } else { End::Last })).collect(),
        }))
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece of the worker's stretch.
    pub(super) fn next(&self, worker: usize) -> Option<Piece> {
        let mut left = self.left();
        let (stretch, end) = left.workers[worker];
        let stretch = &mut left.stretches[stretch];
        match end {
            End::First => stretch.next().map(|number| Piece { number, before: false }),
            End::Last => stretch.next_back().map(|number| Piece { number, before: true }),
        }
    }

    /// Gives a worker without pieces something of the stretch that has the most left; whether there was any.
    pub(super) fn help(&self, worker: usize) -> bool {
        let mut left = self.left();
        let Left { stretches, workers } = &mut *left;
        let Some((most, whole)) =
            stretches.iter().cloned().enumerate().max_by_key(|(_, left)| left.len()).filter(|(_, left)| !left.is_empty())
        else {
            return false;
        };
        let at = |end| workers.iter().enumerate().position(|(other, at)| other != worker && *at == (most, end));
        workers[worker] = match (at(End::First), at(End::Last)) {
            (None, _) => (most, End::First),
            (_, None) => (most, End::Last),
            (Some(_), Some(last)) => {
                // The middle: those who work at both ends are left what is theirs.
                let (begin, end) = (whole.start + whole.len().div_ceil(3), whole.end - whole.len() / 3);
                stretches[most] = whole.start..begin;
                stretches.extend([begin..end, end..whole.end]);
                workers[last] = (stretches.len() - 1, End::Last);
                (stretches.len() - 2, End::First)
            }
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_done_once_however_fast_the_workers_are() {
        for (count, workers, fast) in [(16, 2, 1), (16, 2, 0), (7, 3, 0), (0, 2, 1), (1, 1, 0), (40, 4, 3), (40, 5, 4), (3, 8, 7)] {
            let (pieces, mut done) = (Pieces::new(count, workers), Vec::new());
            // One takes ten for each that the others take.
            let mut last = vec![None; workers];
            let mut turn = 0;
            loop {
                let worker = if turn % 11 == 10 { turn / 11 % workers } else { fast };
                turn += 1;
                match pieces.next(worker) {
                    Some(Piece { number, before }) => {
                        let in_a_row = |last: usize| if before { number + 1 == last } else { last + 1 == number };
                        assert!(last[worker].is_none_or(in_a_row), "in a row until it helps");
                        last[worker] = Some(number);
                        done.push(number);
                    }
                    None if pieces.help(worker) => last[worker] = None,
                    None if worker == fast => break,
                    None => {}
                }
            }
            done.sort_unstable();
            assert!(done.iter().copied().eq(0..count), "{done:?}");
        }
    }

    #[test]
    fn two_meet_in_the_middle_and_a_third_takes_it() {
        let numbers = |pieces: &Pieces, worker| std::iter::from_fn(|| pieces.next(worker)).map(|piece| piece.number).collect::<Vec<_>>();
        let pieces = Pieces::new(9, 2);
        assert_eq!(pieces.next(0), Some(Piece { number: 0, before: false }));
        assert_eq!((numbers(&pieces, 1), pieces.next(0), pieces.help(1)), ((1..9).rev().collect(), None, false));

        let pieces = Pieces::new(12, 3);
        assert_eq!(numbers(&pieces, 2), [8, 9, 10, 11]);
        assert!(pieces.help(2));
        assert_eq!((numbers(&pieces, 2), numbers(&pieces, 0), numbers(&pieces, 1)), (vec![3, 4, 5], vec![0, 1, 2], vec![7, 6]));
    }
}
