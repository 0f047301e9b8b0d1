//! How often each name occurs.

use std::sync::LazyLock;

use crate::event::Token;
use crate::time::Timestamp;

/// So many names are kept in order as they come; of more, the rest is put in order when it is asked for.
const KEPT: usize = 32;
/// So many names stay from one customer to the next.
const FEW: usize = 16;
/// Names are looked up by the lowest bits of their tokens.
const SLOTS: usize = 256;

/// n ln n for small n.
static LOGS: LazyLock<[f64; 128]> = LazyLock::new(|| std::array::from_fn(|n| if n == 0 { 0.0 } else { n as f64 * libm::log(n as f64) }));

#[derive(Clone, Copy, Debug)]
struct Name {
    token: Token,
    count: u32,
    last: Timestamp,
}

impl Name {
    #[inline(always)]
    fn note<const DATED: bool>(&mut self, ts: Timestamp, counts: u8) {
        self.count += u32::from(counts);
        if DATED {
            self.last = std::hint::select_unpredictable(counts > 0, ts, self.last);
        }
    }
}

/// Names with how often they occurred, and when last if `DATED`.
#[derive(Clone, Debug)]
pub(super) struct Names<const DATED: bool> {
    /// The first `sorted` stand in the order of their tokens, each once; the rest in any order, some of them more than once.
    all: Vec<Name>,
    sorted: usize,
    /// Where a token with these lowest bits may stand. What stands there tells whether it does, so that nothing is ever cleared.
    slots: [u8; SLOTS],
}

impl<const DATED: bool> Default for Names<DATED> {
    fn default() -> Self {
        Self { all: Vec::new(), sorted: 0, slots: [0; SLOTS] }
    }
}

impl<const DATED: bool> Names<DATED> {
    /// Forgets what occurred. Names that are few stay, not to be sought again for the next customer.
    pub(super) fn clear(&mut self) {
        self.all.truncate(if self.all.len() <= FEW { self.sorted } else { 0 });
        self.sorted = self.all.len();
        for name in &mut self.all {
            (name.count, name.last) = (0, Timestamp(i64::MIN));
        }
    }

    /// Takes in that `token`, if it names something and `counts` is 1, not 0, occurred at `ts`, which is not before the last one.
    #[inline(always)]
    pub(super) fn note(&mut self, token: Token, ts: Timestamp, counts: u8) {
        if !token.is_some() {
            return;
        }
        match self.all.get_mut(usize::from(self.slots[token.slot()])) {
            Some(name) if name.token == token => name.note::<DATED>(ts, counts),
            _ if counts > 0 => self.find(token, ts),
            _ => {}
        }
    }

    #[cold]
    fn find(&mut self, token: Token, ts: Timestamp) {
        let sorted = &mut self.all[..self.sorted];
        let place = sorted.partition_point(|name| name.token < token);
        if let Some(name) = sorted.get_mut(place)
            && name.token == token
        {
            name.note::<DATED>(ts, 1);
            self.slots[token.slot()] = place as u8;
            return;
        }
        // Where those in order end, unless some are not.
        let in_order = self.sorted == self.all.len() && self.sorted < KEPT;
        let place = if in_order { place } else { self.all.len() };
        self.all.insert(place, Name { token, count: 1, last: ts });
        self.sorted += usize::from(in_order);
        self.note_slots(place);
    }

    /// Notes where the names from `place` on stand.
    fn note_slots(&mut self, place: usize) {
        for (place, name) in self.all.iter().enumerate().skip(place) {
            self.slots[name.token.slot()] = place as u8;
        }
    }

    /// Puts all names in order, each once.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        if self.sorted < self.all.len() {
            self.all.sort_unstable_by_key(|name| name.token);
            self.all.dedup_by(|name, kept| {
                let same = name.token == kept.token;
                if same {
                    (kept.count, kept.last) = (kept.count + name.count, kept.last.max(name.last));
                }
                same
            });
            self.sorted = self.all.len();
            self.note_slots(0);
        }
    }

    /// How often anything was named; names must be settled for this and what follows.
    #[inline(always)]
    pub(super) fn occurrences(&self) -> u32 {
        self.all.iter().map(|name| name.count).sum()
    }

    /// Distinct names that occurred.
    #[inline(always)]
    pub(super) fn distinct(&self) -> u32 {
        self.all.iter().map(|name| u32::from(name.count > 0)).sum()
    }

    /// Entropy of their shares in nats, summed in the order of their tokens: 0 of one name, missing of none.
    #[inline(always)]
    pub(super) fn entropy(&self) -> f64 {
        let logs = &*LOGS;
        let (mut apart, mut occurrences) = (0.0, 0);
        for name in &self.all {
            (apart, occurrences) = (apart + n_log_n(logs, name.count), occurrences + name.count);
        }
        ((n_log_n(logs, occurrences) - apart) / f64::from(occurrences)).max(0.0)
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Where a name stands; names must be settled.
    #[inline(always)]
    pub(super) fn place(&self, token: Token) -> Option<usize> {
        let likely = usize::from(self.slots[token.slot()]);
        match self.all.get(likely) {
            _ if !token.is_some() => None,
            Some(name) if name.token == token => Some(likely),
            _ => self.all.binary_search_by_key(&token, |name| name.token).ok(),
        }
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.all.capacity()
    }
}

impl Names<true> {
    /// Distinct names that occurred from `since` on; they must be settled.
    #[inline(always)]
    pub(super) fn distinct_since(&self, since: Timestamp) -> u32 {
        self.all.iter().map(|name| u32::from(name.count > 0 && name.last >= since)).sum()
    }
}

#[inline(always)]
fn n_log_n(logs: &[f64], n: u32) -> f64 {
    logs.get(n as usize).copied().unwrap_or_else(|| f64::from(n) * libm::log(f64::from(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_counted_as_few_are() {
        let mut names = Names::<true>::default();
        for round in 0..3_i64 {
            (0..200_u32).for_each(|name| names.note(Token::of(&name.to_string()), Timestamp(round), 1));
            names.note(Token::of("7"), Timestamp(10 + round), 1);
            names.settle();
            let all = f64::from(201 * (round as u32 + 1));
            let (once, seven) = ((round + 1) as f64 / all, 2.0 * (round + 1) as f64 / all);
            let entropy = -199.0 * once * once.ln() - seven * seven.ln();
            assert_eq!((names.distinct(), names.distinct_since(Timestamp(10))), (200, 1));
            assert!((names.entropy() - entropy).abs() < 1e-12);
        }
    }

    #[test]
    fn names_of_earlier_customers_do_not_count() {
        let mut names = Names::<true>::default();
        for customer in [["a", "b", "b"], ["c", "c", "c"], ["b", "d", "a"]] {
            let mut new = Names::<true>::default();
            names.clear();
            for (name, at) in customer.into_iter().zip(0..) {
                for names in [&mut names, &mut new] {
                    names.note(Token::of(name), Timestamp(at), 1);
                }
                names.note(Token::of("not counted"), Timestamp(at), 0);
            }
            names.settle();
            new.settle();
            let all = |names: &Names<true>| (names.occurrences(), names.distinct(), names.distinct_since(Timestamp(2)), names.entropy());
            assert_eq!(all(&names), all(&new));
        }
    }
}
