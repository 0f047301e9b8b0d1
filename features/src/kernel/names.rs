//! How often each name occurs.

use std::sync::LazyLock;

use crate::event::Token;
use crate::time::Timestamp;

/// So many names are kept in order as they come; of more, the rest is put in order when it is asked for.
const KEPT: usize = 32;
/// So many names are looked through without a branch to guess.
const FEW: usize = 4;

/// n ln n for small n.
static LOGS: LazyLock<[f64; 128]> = LazyLock::new(|| std::array::from_fn(|n| if n == 0 { 0.0 } else { n as f64 * libm::log(n as f64) }));

#[derive(Clone, Copy, Debug)]
struct Name {
    token: Token,
    count: u32,
    last: Timestamp,
}

/// Names with how often and when last they occurred.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The first `sorted` stand in the order of their tokens, each once; the rest in any order, some of them more than once.
    all: Vec<Name>,
    sorted: usize,
    /// The tokens of the first of them, [`Token::MAX`] where there are fewer.
    first: [Token; FEW],
    occurrences: u32,
}

impl Default for Names {
    fn default() -> Self {
        Self { all: Vec::new(), sorted: 0, first: [Token::MAX; FEW], occurrences: 0 }
    }
}

impl Names {
    pub(super) fn clear(&mut self) {
        self.all.clear();
        (self.sorted, self.occurrences, self.first) = (0, 0, [Token::MAX; FEW]);
    }

    /// Takes in that `token`, if it names something, occurred at `ts`, which is not before the last one.
    #[inline]
    pub(super) fn note(&mut self, token: Token, ts: Timestamp) {
        if !token.is_some() {
            return;
        }
        self.occurrences += 1;
        let sorted = &mut self.all[..self.sorted];
        let place = if sorted.len() <= FEW {
            self.first.iter().map(|first| usize::from(*first < token)).sum()
        } else {
            sorted.partition_point(|name| name.token < token)
        };
        match sorted.get_mut(place) {
            Some(name) if name.token == token => (name.count, name.last) = (name.count + 1, ts),
            _ => self.insert(place, Name { token, count: 1, last: ts }),
        }
    }

    #[cold]
    fn insert(&mut self, place: usize, name: Name) {
        if self.sorted == self.all.len() && self.sorted < KEPT {
            self.all.insert(place, name);
            self.sorted += 1;
            self.note_first();
        } else {
            self.all.push(name);
        }
    }

    /// Whether nothing was named.
    pub(super) fn is_empty(&self) -> bool {
        self.occurrences == 0
    }

    /// Puts all names in order, each once.
    #[inline]
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
            self.note_first();
        }
    }

    fn note_first(&mut self) {
        self.first.iter_mut().zip(&self.all).for_each(|(first, name)| *first = name.token);
    }

    /// Distinct names; they must be settled.
    pub(super) fn distinct(&self) -> usize {
        self.all.len()
    }

    /// Those of them that occur from `since` on.
    pub(super) fn distinct_since(&self, since: Timestamp) -> usize {
        self.all.iter().filter(|name| name.last >= since).count()
    }

    /// Entropy of their shares in nats, summed in the order of their tokens: 0 of one name, missing of none.
    #[inline]
    pub(super) fn entropy(&self) -> f64 {
        let apart = self.all.iter().fold(0.0, |sum, name| sum + n_log_n(name.count));
        ((n_log_n(self.occurrences) - apart) / f64::from(self.occurrences)).max(0.0)
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.all.capacity()
    }
}

#[inline]
fn n_log_n(n: u32) -> f64 {
    LOGS.get(n as usize).copied().unwrap_or_else(|| f64::from(n) * libm::log(f64::from(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_counted_as_few_are() {
        let mut names = Names::default();
        for round in 0..3_i64 {
            (0..200_u32).for_each(|name| names.note(Token::of(&name.to_string()), Timestamp(round)));
            names.note(Token::of("7"), Timestamp(10 + round));
            names.settle();
            let (once, seven) =
                ((round + 1) as f64 / f64::from(names.occurrences), 2.0 * (round + 1) as f64 / f64::from(names.occurrences));
            let entropy = -199.0 * once * once.ln() - seven * seven.ln();
            assert_eq!((names.distinct(), names.distinct_since(Timestamp(10))), (200, 1));
            assert!((names.entropy() - entropy).abs() < 1e-12);
        }
    }
}
