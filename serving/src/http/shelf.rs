//! Answers on published customers that were given before, for as long as the store tells that nothing has changed.
//!
//! The store is looked at again for whoever comes a millisecond after the last look: what was published or forgotten longer ago than
//! that is never told as it was before. What there is room for is read before anybody asks, whoever has the most at stake first.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use prometheus_client::metrics::gauge::Gauge;

use crate::store::{Lookout, Mark, Store};

/// How long a look lasts. A look takes as long as a fifth of a request.
const LASTS: Duration = Duration::from_millis(1);

/// When whoever comes looks again, unless somebody does already; nobody waits for that.
const AGES: Duration = Duration::from_micros(500);

/// Bytes that an answer takes beside its own and its customer's id.
const OVERHEAD: usize = 128;

/// Answers that are laid down at once.
const ARMFUL: usize = 64;

/// An answer behind its customer's id: in one piece, so that who has found the one has the other at hand.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    whole: Bytes,
    /// Bytes of the id.
    id: usize,
}

impl Answer {
    /// From the bytes of both, those of the id first.
    pub(super) fn new(whole: Bytes, customer_id: &str) -> Self {
        Self { whole, id: customer_id.len() }
    }

    /// What is answered.
    pub(super) fn body(&self) -> Bytes {
        self.whole.slice(self.id..)
    }

    fn size(&self) -> usize {
        self.whole.len() + OVERHEAD
    }
}

impl Borrow<[u8]> for Answer {
    fn borrow(&self) -> &[u8] {
        &self.whole[..self.id]
    }
}

impl Hash for Answer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrow::<[u8]>::borrow(self).hash(state);
    }
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        Borrow::<[u8]>::borrow(self) == Borrow::<[u8]>::borrow(other)
    }
}

impl Eq for Answer {}

/// The answers.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Bytes that they may take.
    room: usize,
    begin: Instant,
    lookout: Mutex<Option<Lookout>>,
    /// Microseconds from the beginning to the last look; 0 before the first.
    looked: AtomicU64,
    kept: RwLock<Kept>,
    /// How many there are.
    pub(super) count: Gauge,
}

#[derive(Debug)]
struct Kept {
    /// As of the last look; `None` when it failed, and where there is no looking out.
    mark: Option<Mark>,
    answers: Answers,
    /// Under which mark answers were read ahead last.
    ahead: Option<Mark>,
    /// How many there are.
    count: Gauge,
}

/// Answers by their customers, and whether each was asked for since it was passed over last.
#[derive(Debug, Default)]
struct Answers {
    by_id: HashMap<Answer, AtomicBool>,
    /// Each of them once, in the order in which they are looked at when room is wanted.
    line: VecDeque<Answer>,
    bytes: usize,
}

impl Answers {
    fn find(&self, customer_id: &str) -> Option<Bytes> {
        let (answer, was_asked_for) = self.by_id.get_key_value(customer_id.as_bytes())?;
        // Written only when it is news: all threads read it.
        if !was_asked_for.load(Ordering::Relaxed) {
            was_asked_for.store(true, Ordering::Relaxed);
        }
        Some(answer.body())
    }

    /// Adds an answer, unless there is one: it is the same.
    fn add(&mut self, answer: Answer) {
        if !self.by_id.contains_key(&answer) {
            self.bytes += answer.size();
            self.line.push_back(answer.clone());
            self.by_id.insert(answer, AtomicBool::new(false));
        }
    }

    /// Gives up what nobody asked for since it was passed over last, until there is no more than `room`.
    fn shrink(&mut self, room: usize) {
        while self.bytes > room
            && let Some(answer) = self.line.pop_front()
        {
            if self.by_id.get_mut(&answer).is_some_and(|was_asked_for| std::mem::take(was_asked_for.get_mut())) {
                self.line.push_back(answer);
            } else {
                self.bytes -= answer.size();
                self.by_id.remove(&answer);
            }
        }
    }
}

/// Answers that were read ahead, whoever is the likeliest to be asked for first, until there is no more room for them. Those that were
/// added together lie together: each by itself would take another page of memory to be found, and more of it.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    answers: Vec<Answer>,
    bytes: usize,
}

impl Ahead {
    /// Adds answers that lie one after the other, each behind its customer's id, by the lengths of both; `false` when there is no more
    /// room.
    pub(super) fn add(&mut self, shelf: &Shelf, lengths: &[(usize, usize)], answers: &[u8]) -> bool {
        let mut rest = Bytes::copy_from_slice(answers);
        for (id, answer) in lengths {
            let answer = Answer { whole: rest.split_to(id + answer), id: *id };
            self.bytes += answer.size();
            self.answers.push(answer);
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
        let count = Gauge::default();
        let kept = RwLock::new(Kept { mark: None, answers: Answers::default(), ahead: None, count: count.clone() });
        Self { room, begin: Instant::now(), lookout: Mutex::new(lookout), looked: AtomicU64::new(0), kept, count }
    }

    /// The answer on a customer, if it was given before and is so still; and under which mark another may be kept.
    pub(super) fn find(&self, customer_id: &str) -> (Option<Bytes>, Option<Mark>) {
        match self.age() {
            Some(age) if age < AGES => {}
            Some(age) if age < LASTS => {
                if let Ok(mut lookout) = self.lookout.try_lock() {
                    self.look(&mut lookout);
                }
            }
            _ => {
                let mut lookout = self.lookout();
                // Who held it may have looked.
                if self.age().is_none_or(|age| age >= LASTS) {
                    self.look(&mut lookout);
                }
            }
        }
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (kept.answers.find(customer_id), kept.mark)
    }

    /// How long ago was the last look; `None` before the first.
    fn age(&self) -> Option<Duration> {
        let looked = Some(self.looked.load(Ordering::Acquire)).filter(|looked| *looked > 0)?;
        Some(self.begin.elapsed().saturating_sub(Duration::from_micros(looked)))
    }

    fn look(&self, lookout: &mut Option<Lookout>) {
        // From before the look on: what changes meanwhile is seen by the next.
        let looked = self.begin.elapsed().as_micros().max(1);
        if let Some(lookout) = lookout {
            let mark = lookout.mark().inspect_err(|error| tracing::warn!(%error, "whether the store has changed is not known")).ok();
            // Nothing is kept where there is no mark, so that a store that fails is no news for a second time.
            let is_other = mark != self.kept.read().unwrap_or_else(PoisonError::into_inner).mark;
            if is_other {
                let before = self.kept().begin(mark);
                // There may be a million of them, and who looks has something else to do.
                let _ = std::thread::Builder::new().name("tidy".to_owned()).spawn(|| drop(before));
            }
        }
        self.looked.store(u64::try_from(looked).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Keeps an answer that was read since `mark`, unless the store has changed meanwhile.
    pub(super) fn keep(&self, mark: Mark, answer: Answer) {
        self.kept().keep(mark, self.room, [answer]);
    }

    /// Under which mark answers are to be read ahead; `None` when that is done, and where there is no looking out.
    pub(super) fn is_behind(&self) -> Option<Mark> {
        self.tidy();
        let kept = self.kept();
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
        self.look(&mut self.lookout());
    }

    fn lookout(&self) -> MutexGuard<'_, Option<Lookout>> {
        self.lookout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, mark: Mark, room: usize, answers: impl IntoIterator<Item = Answer>) {
        if self.mark != Some(mark) {
            return;
        }
        answers.into_iter().for_each(|answer| self.answers.add(answer));
        self.answers.shrink(room);
        self.count.set(i64::try_from(self.answers.line.len()).unwrap_or(i64::MAX));
    }

    /// Begins anew, with nothing, under this mark; what there was is given up.
    fn begin(&mut self, mark: Option<Mark>) -> Answers {
        self.count.set(0);
        self.mark = mark;
        std::mem::take(&mut self.answers)
    }
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
        let told = |id: &str| Answer::new(Bytes::from([id.as_bytes(), &answer].concat()), id);
        for id in ["first", "second", "third", "third"] {
            shelf.keep(mark, told(id));
        }
        assert_eq!(shelf.find("first").0.as_ref(), Some(&answer));
        shelf.keep(mark, told("fourth"));
        for (id, is_there) in [("first", true), ("second", false), ("third", true), ("fourth", true)] {
            assert_eq!(shelf.find(id).0.is_some(), is_there, "{id}");
        }
        shelf.kept().mark = None;
        shelf.keep(mark, told("second"));
        assert_eq!(shelf.kept().answers.find("second"), None, "it was read before the store changed");
        shelf.tidy();
        let kept = shelf.kept();
        assert_eq!((kept.answers.by_id.len(), kept.answers.line.len(), kept.answers.bytes), (0, 0, 0));
    }

    #[test]
    fn what_was_added_first_of_what_is_read_ahead_goes_last() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(&Store::open(&StoreUrl::Sqlite(folder.path().join("lapwing.db"))).unwrap(), 100_000);
        let (mark, mut ahead, mut next) = (shelf.is_behind().unwrap(), Ahead::default(), 0..);
        let two = |number: usize| {
            let ids = [number, number + 1].map(|number| format!("{number:04}").into_bytes());
            [&ids[0], &[b'x'; 200][..], &ids[1], &[b'y'; 544]].concat()
        };
        while ahead.add(&shelf, &[(4, 200), (4, 544)], &two(next.next().unwrap() * 2)) {}
        assert_eq!(ahead.answers.len(), 200);
        shelf.keep_ahead(mark, ahead);
        assert_eq!(shelf.is_behind(), None);
        let is_there = |number: usize| shelf.kept().answers.by_id.contains_key(format!("{number:04}").as_bytes());
        assert!((0..198).all(is_there) && !is_there(199));
        assert_eq!(shelf.find("0003").0.unwrap(), [b'y'; 544][..]);
        for number in 0..100 {
            let id = format!("new {number}");
            shelf.keep(mark, Answer::new(Bytes::from([id.as_bytes(), &[b'z'; 372]].concat()), &id));
        }
        assert!((0..90).all(is_there) && !is_there(110), "whoever has less at stake goes first");
    }
}
