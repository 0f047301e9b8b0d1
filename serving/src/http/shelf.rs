//! Answers on published customers that were given before, for as long as the store tells that nothing has changed.
//!
//! The store is looked at again for whoever comes a millisecond after the last look: what was published or forgotten longer ago than
//! that is never told as it was before. What there is room for is read before anybody asks, whoever has the most at stake first.

use std::sync::{Mutex, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use hashlink::LruCache;
use prometheus_client::metrics::gauge::Gauge;

use crate::store::{Lookout, Mark, Store};

/// How long a look lasts. A look takes as long as a fifth of a request.
const LASTS: Duration = Duration::from_millis(1);

/// Bytes that an answer takes beside its own and its customer's id.
const OVERHEAD: usize = 128;

/// Answers that are laid down at once.
const ARMFUL: usize = 64;

/// The answers.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Bytes that they may take.
    room: usize,
    kept: RwLock<Kept>,
    /// How many there are.
    pub(super) count: Gauge,
}

#[derive(Debug)]
struct Kept {
    /// Only who holds all of this looks.
    lookout: Mutex<Option<Lookout>>,
    looked: Option<Instant>,
    /// As of the last look; `None` when it failed, and where there is no looking out.
    mark: Option<Mark>,
    answers: LruCache<String, Bytes>,
    bytes: usize,
    /// Under which mark answers were read ahead last.
    ahead: Option<Mark>,
    /// How many there are.
    count: Gauge,
}

/// Answers that were read ahead, whoever is the likeliest to be asked for first, until there is no more room for them. Those that were
/// added together lie together: each by itself would take another page of memory to be found, and more of it.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    answers: Vec<(String, Bytes)>,
    bytes: usize,
}

impl Ahead {
    /// Adds answers that lie one after the other, each by its customer's id and its length; `false` when there is no more room.
    pub(super) fn add(&mut self, shelf: &Shelf, lengths: Vec<(String, usize)>, answers: Vec<u8>) -> bool {
        let mut rest = Bytes::from(answers.into_boxed_slice());
        for (customer_id, length) in lengths {
            let answer = rest.split_to(length);
            self.bytes += size(&customer_id, &answer);
            self.answers.push((customer_id, answer));
        }
        self.bytes <= shelf.room
    }
}

impl Shelf {
    /// No answers, on what is in `store`, and room for so many bytes of them.
    pub(super) fn new(store: &Store, room: usize) -> Self {
        let lookout = store.lookout().unwrap_or_else(|error| {
            tracing::warn!(%error, "every answer is read from the store");
            None
        });
        let (count, answers) = (Gauge::default(), LruCache::new_unbounded());
        let kept = Kept { lookout: Mutex::new(lookout), looked: None, mark: None, answers, bytes: 0, ahead: None, count: count.clone() };
        Self { room, kept: RwLock::new(kept), count }
    }

    /// The answer on a customer, if it was given before and is so still; and under which mark another may be kept.
    pub(super) fn find(&self, customer_id: &str) -> (Option<Bytes>, Option<Mark>) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        // As long as nothing is given up, it does not matter who was asked for last.
        if kept.is_fresh() && kept.bytes <= self.room / 8 * 7 {
            return (kept.answers.peek(customer_id).cloned(), kept.mark);
        }
        drop(kept);
        let mut kept = self.kept();
        if !kept.is_fresh() {
            kept.look();
        }
        (kept.answers.get(customer_id).cloned(), kept.mark)
    }

    /// Keeps an answer that was read since `mark`, unless the store has changed meanwhile.
    pub(super) fn keep(&self, mark: Mark, customer_id: String, answer: Bytes) {
        self.kept().keep(mark, self.room, [(customer_id, answer)]);
    }

    /// Under which mark answers are to be read ahead; `None` when that is done, and where there is no looking out.
    pub(super) fn is_behind(&self) -> Option<Mark> {
        let mut kept = self.kept();
        kept.look();
        kept.mark.filter(|_| kept.mark != kept.ahead)
    }

    /// Keeps what was read ahead since `mark`, so that what was added first goes last; nobody waits for all of it.
    pub(super) fn keep_ahead(&self, mark: Mark, mut ahead: Ahead) {
        while !ahead.answers.is_empty() {
            let rest = ahead.answers.len().saturating_sub(ARMFUL);
            let answers = ahead.answers.drain(rest..).rev();
            self.kept().keep(mark, self.room, answers);
        }
        self.kept().ahead = Some(mark);
    }

    /// Gives up what is no longer so, though nobody asks.
    pub(super) fn tidy(&self) {
        self.kept().look();
    }

    fn kept(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, mark: Mark, room: usize, answers: impl IntoIterator<Item = (String, Bytes)>) {
        if self.mark != Some(mark) {
            return;
        }
        for (customer_id, answer) in answers {
            if let Some((id, before)) = self.answers.remove_entry(&customer_id) {
                self.bytes -= size(&id, &before);
            }
            self.bytes += size(&customer_id, &answer);
            self.answers.insert(customer_id, answer);
        }
        while self.bytes > room
            && let Some((id, answer)) = self.answers.remove_lru()
        {
            self.bytes -= size(&id, &answer);
        }
        self.count.set(i64::try_from(self.answers.len()).unwrap_or(i64::MAX));
    }

    /// Whether the last look lasts still.
    fn is_fresh(&self) -> bool {
        self.looked.is_some_and(|at| at.elapsed() < LASTS)
    }

    fn look(&mut self) {
        // From before the look on: what changes meanwhile is seen by the next.
        self.looked = Some(Instant::now());
        let Some(lookout) = self.lookout.get_mut().unwrap_or_else(PoisonError::into_inner) else { return };
        let mark = lookout.mark().inspect_err(|error| tracing::warn!(%error, "whether the store has changed is not known")).ok();
        if mark.is_none() || mark != self.mark {
            self.answers.clear();
            self.bytes = 0;
            self.count.set(0);
        }
        self.mark = mark;
    }
}

fn size(customer_id: &str, answer: &Bytes) -> usize {
    customer_id.len() + answer.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreUrl;

    #[test]
    fn there_is_room_for_so_many_bytes_and_what_was_asked_for_last_stays() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(&Store::open(&StoreUrl::Sqlite(folder.path().join("lapwing.db"))).unwrap(), 3_800);
        let (nothing, mark) = shelf.find("first");
        let (answer, mark) = (Bytes::from(vec![b'x'; 1_000]), mark.unwrap());
        assert_eq!(nothing, None);
        for id in ["first", "second", "third", "third"] {
            shelf.keep(mark, id.to_owned(), answer.clone());
        }
        assert_eq!(shelf.find("first").0.as_ref(), Some(&answer));
        shelf.keep(mark, "fourth".to_owned(), answer.clone());
        for (id, is_there) in [("first", true), ("second", false), ("third", true), ("fourth", true)] {
            assert_eq!(shelf.find(id).0.is_some(), is_there, "{id}");
        }
        shelf.kept().mark = None;
        shelf.keep(mark, "second".to_owned(), answer);
        assert!(!shelf.kept().answers.contains_key("second"), "it was read before the store changed");
        shelf.tidy();
        let kept = shelf.kept();
        assert_eq!((kept.answers.len(), kept.bytes), (0, 0));
    }

    #[test]
    fn what_was_added_first_of_what_is_read_ahead_goes_last() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(&Store::open(&StoreUrl::Sqlite(folder.path().join("lapwing.db"))).unwrap(), 100_000);
        let (mark, mut ahead, mut next) = (shelf.is_behind().unwrap(), Ahead::default(), 0..);
        let two = |number: usize| vec![(format!("{number:04}"), 200), (format!("{:04}", number + 1), 544)];
        let answers = [vec![b'x'; 200], vec![b'y'; 544]].concat();
        while ahead.add(&shelf, two(next.next().unwrap() * 2), answers.clone()) {}
        assert_eq!(ahead.answers.len(), 200);
        shelf.keep_ahead(mark, ahead);
        assert_eq!(shelf.is_behind(), None);
        let is_there = |number: usize| shelf.kept().answers.contains_key(&format!("{number:04}"));
        assert!((0..198).all(is_there) && !is_there(199));
        assert_eq!(shelf.find("0003").0.unwrap(), answers[200..]);
        for number in 0..100 {
            shelf.keep(mark, format!("new {number}"), Bytes::from_static(&[b'z'; 372]));
        }
        assert!((0..90).all(is_there) && !is_there(110), "whoever has less at stake goes first");
    }
}
