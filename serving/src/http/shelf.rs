//! Answers on published customers that were given before, for as long as the store tells that nothing has changed.
//!
//! The store is looked at again for whoever comes a millisecond after the last look: what was published or forgotten longer ago than
//! that is never told as it was before.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use hashlink::LruCache;

use crate::store::{Lookout, Mark, Store};

/// Bytes of answers that are kept: some fifty thousand.
const ROOM: usize = 64 << 20;

/// How long a look lasts. A look takes as long as a fifth of a request.
const LASTS: Duration = Duration::from_millis(1);

/// Bytes that an answer takes beside its own and its customer's id.
const OVERHEAD: usize = 128;

/// The answers.
#[derive(Debug)]
pub(super) struct Shelf(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    lookout: Option<Lookout>,
    looked: Option<Instant>,
    /// As of the last look; `None` when it failed, and where there is no looking out.
    mark: Option<Mark>,
    answers: LruCache<String, Bytes>,
    bytes: usize,
}

impl Shelf {
    /// No answers, on what is in `store`.
    pub(super) fn new(store: &Store) -> Self {
        let lookout = store.lookout().unwrap_or_else(|error| {
            tracing::warn!(%error, "every answer is read from the store");
            None
        });
        Self(Mutex::new(Kept { lookout, looked: None, mark: None, answers: LruCache::new_unbounded(), bytes: 0 }))
    }

    /// The answer on a customer, if it was given before and is so still; and under which mark another may be kept.
    pub(super) fn find(&self, customer_id: &str) -> (Option<Bytes>, Option<Mark>) {
        let mut kept = self.kept();
        if kept.looked.is_none_or(|at| at.elapsed() >= LASTS) {
            kept.look();
        }
        (kept.answers.get(customer_id).cloned(), kept.mark)
    }

    /// Keeps an answer that was read since `mark`, unless the store has changed meanwhile.
    pub(super) fn keep(&self, mark: Mark, customer_id: String, answer: Bytes) {
        let mut kept = self.kept();
        if kept.mark != Some(mark) {
            return;
        }
        if let Some((id, before)) = kept.answers.remove_entry(&customer_id) {
            kept.bytes -= size(&id, &before);
        }
        kept.bytes += size(&customer_id, &answer);
        kept.answers.insert(customer_id, answer);
        while kept.bytes > ROOM
            && let Some((id, answer)) = kept.answers.remove_lru()
        {
            kept.bytes -= size(&id, &answer);
        }
    }

    /// Gives up what is no longer so, though nobody asks.
    pub(super) fn tidy(&self) {
        self.kept().look();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn look(&mut self) {
        // From before the look on: what changes meanwhile is seen by the next.
        self.looked = Some(Instant::now());
        let Some(lookout) = &mut self.lookout else { return };
        let mark = lookout.mark().inspect_err(|error| tracing::warn!(%error, "whether the store has changed is not known")).ok();
        if mark.is_none() || mark != self.mark {
            self.answers.clear();
            self.bytes = 0;
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
        let shelf = Shelf::new(&Store::open(&StoreUrl::Sqlite(folder.path().join("lapwing.db"))).unwrap());
        let (nothing, mark) = shelf.find("first");
        let (answer, mark) = (Bytes::from(vec![b'x'; ROOM / 4]), mark.unwrap());
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
}
