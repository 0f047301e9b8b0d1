//! Attribution: which channels or campaigns the purchases go back to.
//!
//! A purchase goes back to the touches of the journey that led to it, and each rule gives the whole of it, its count and its
//! amount, to them:
//!
//! | rule | gives a purchase to |
//! |---|---|
//! | `first` | the first touch |
//! | `last` | the last touch |
//! | `linear` | all touches alike |
//! | `markov` | all names of the data by their removal effects, see below |
//!
//! For `markov` the journeys are a chain that goes from touch to touch and ends in a purchase or in none. The removal effect of a
//! name is the share of all purchases that the chain would lose if whoever comes to that name went nowhere from there; what has
//! led to purchases is given to the names in proportion to it. Source: Anderl, Becker, von Wangenheim and Schumann (2016), "Mapping
//! the customer journey: lessons learned from graph-based online attribution modeling", International Journal of Research in
//! Marketing 33, 457-474; of their chains it is the one of the first order.
//!
//! None of the rules knows what would have happened without a touch: only an experiment tells that. Purchases without any touch are
//! given to nobody and told as such; credits are [`Exact`], so that they add up to the totals to the bit.

mod journey;
mod markov;

use std::collections::{BTreeMap, BTreeSet};

use lapwing_features::{Observed, Token};

use crate::exact::Exact;
pub use journey::{End, journeys};

/// The rules, by the names that they have in tables.
pub const RULES: [&str; 4] = ["first", "last", "linear", "markov"];

/// More names than this are not told apart: those with the fewest touches are taken together.
const MOST_NAMES: usize = 300;

/// What is given, or to be given: purchases, and what they were worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credit {
    /// How many.
    pub purchases: Exact,
    /// Their amounts; those without one count nothing here.
    pub amount: Exact,
}

impl Credit {
    fn add(&mut self, other: Self) {
        self.purchases += other.purchases;
        self.amount += other.amount;
    }

    /// So many parts, alike.
    fn shared(self, parts: usize) -> impl Iterator<Item = Self> {
        let both = self.purchases.shared(parts).into_iter().zip(self.amount.shared(parts));
        both.map(|(purchases, amount)| Self { purchases, amount })
    }

    fn parted(self, weights: &[f64]) -> impl Iterator<Item = Self> {
        let both = self.purchases.parted(weights).into_iter().zip(self.amount.parted(weights));
        both.map(|(purchases, amount)| Self { purchases, amount })
    }
}

/// Where a journey is: at its begin or end where there is no name.
type Place = Option<Token>;

/// What is known of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    touches: u64,
    /// Purchases with it on their journeys.
    assisted: u64,
    /// By the rules that need one journey alone.
    credits: [Credit; 3],
}

/// All journeys, counted; mergeable in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    names: BTreeMap<Token, Tally>,
    /// How often a journey went from one place to another, without the steps into no purchase.
    steps: BTreeMap<(Place, Place), u64>,
    /// How often a journey that led to nothing ended at a name.
    failures: BTreeMap<Token, u64>,
    touched: Credit,
    untouched: Credit,
    /// Journeys that may still lead to a purchase.
    open: u64,
}

/// To whom something is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// A channel or campaign.
    Of(Token),
    /// All those together that have few touches, where there are too many names.
    Others,
}

/// What one name is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// To whom.
    pub name: Name,
    /// Touches of all journeys that have ended.
    pub touches: u64,
    /// Purchases with it on their journeys.
    pub assisted: u64,
    /// The share of the purchases that the chain loses without it, from 0 to 1.
    pub removal_effect: f64,
    /// By each of [`RULES`].
    pub credits: [Credit; 4],
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributed {
    /// The most touches first.
    pub shares: Vec<Share>,
    /// Purchases whose journeys have a touch: what each rule gives in all.
    pub touched: Credit,
    /// Purchases without one: given to nobody.
    pub untouched: Credit,
    /// Journeys that ended without a purchase.
    pub failed: u64,
    /// Journeys that may still lead to one, and count nowhere.
    pub open: u64,
}

impl Attribution {
    /// Takes in the journeys of a customer.
    pub fn add(&mut self, observed: &Observed<'_>, window_days: u32) {
        journeys(observed, window_days, |touches, end| self.journey(touches, end));
    }

    /// Takes in one journey: its touches, the oldest first, and how it ended.
    ///
    /// ```
    /// use lapwing_features::Token;
    /// use lapwing_models::Exact;
    /// use lapwing_models::insight::{Attribution, End};
    /// let [mail, web] = ["mail", "web"].map(Token::of);
    /// let mut all = Attribution::default();
    /// all.journey(&[mail, web], End::Purchase(Exact::of(30.0)));
    /// all.journey(&[web], End::Nothing);
    /// let told = all.told();
    /// let of_mail = told.shares.iter().find(|share| share.touches == 1).unwrap();
    /// let purchases: Vec<f64> = of_mail.credits.iter().map(|credit| credit.purchases.value()).collect();
    /// // First, last and linear; without mail half of the purchases would be left, without web none: a third of both effects is mail's.
    /// assert_eq!(purchases[..3], [1.0, 0.0, 0.5]);
    /// assert!((purchases[3] - 1.0 / 3.0).abs() < 1e-6);
    /// ```
    pub fn journey(&mut self, touches: &[Token], end: End) {
        let credit = match end {
            End::Open => return self.open += 1,
            End::Nothing => None,
            End::Purchase(amount) => Some(Credit { purchases: Exact::ONE, amount }),
        };
        let (Some(first), Some(last)) = (touches.first(), touches.last()) else {
            return self.untouched.add(credit.unwrap_or_default());
        };
        let mut before = None;
        for touch in touches {
            self.names.entry(*touch).or_default().touches += 1;
            *self.steps.entry((before, Some(*touch))).or_default() += 1;
            before = Some(*touch);
        }
        let Some(credit) = credit else {
            *self.failures.entry(*last).or_default() += 1;
            return;
        };
        *self.steps.entry((before, None)).or_default() += 1;
        self.touched.add(credit);
        for name in touches.iter().collect::<BTreeSet<_>>() {
            self.names.entry(*name).or_default().assisted += 1;
        }
        self.names.entry(*first).or_default().credits[0].add(credit);
        self.names.entry(*last).or_default().credits[1].add(credit);
        for (name, part) in touches.iter().zip(credit.shared(touches.len())) {
            self.names.entry(*name).or_default().credits[2].add(part);
        }
    }

    /// Takes in what another tally holds.
    pub fn merge(&mut self, other: &Self) {
        for (name, theirs) in &other.names {
            self.names.entry(*name).or_default().merge(theirs);
        }
        other.steps.iter().for_each(|(step, times)| *self.steps.entry(*step).or_default() += times);
        other.failures.iter().for_each(|(name, times)| *self.failures.entry(*name).or_default() += times);
        self.touched.add(other.touched);
        self.untouched.add(other.untouched);
        self.open += other.open;
    }

    /// What each name is given.
    #[must_use]
    pub fn told(&self) -> Attributed {
        let mut by_touches: Vec<(&Token, &Tally)> = self.names.iter().collect();
        by_touches.sort_by_key(|(token, tally)| (std::cmp::Reverse(tally.touches), **token));
        let own = if by_touches.len() > MOST_NAMES { MOST_NAMES - 1 } else { by_touches.len() };
        let (own, others) = by_touches.split_at(own);
        let mut shares: Vec<(Name, Tally)> = own.iter().map(|(token, tally)| (Name::Of(**token), **tally)).collect();
        if !others.is_empty() {
            let mut all = Tally::default();
            for (_, tally) in others {
                all.merge(tally);
            }
            shares.push((Name::Others, all));
        }
        let place: BTreeMap<Token, usize> =
            by_touches.iter().enumerate().map(|(place, (token, _))| (**token, place.min(own.len()))).collect();
        let effects = self.chain(shares.len(), &place).removal_effects();
        let markov = self.touched.parted(&effects);
        let share = |(((name, tally), removal_effect), markov): (((Name, Tally), &f64), Credit)| Share {
            name,
            touches: tally.touches,
            assisted: tally.assisted,
            removal_effect: *removal_effect,
            credits: [tally.credits[0], tally.credits[1], tally.credits[2], markov],
        };
        Attributed {
            shares: shares.into_iter().zip(&effects).zip(markov).map(share).collect(),
            touched: self.touched,
            untouched: self.untouched,
            failed: self.failures.values().sum(),
            open: self.open,
        }
    }

    fn chain(&self, names: usize, place: &BTreeMap<Token, usize>) -> markov::Chain {
        let mut chain = markov::Chain::new(names);
        for ((from, to), times) in &self.steps {
            chain.add(from.map(|from| place[&from]), to.map_or(markov::To::Purchase, |to| markov::To::Name(place[&to])), *times);
        }
        for (from, times) in &self.failures {
            chain.add(Some(place[from]), markov::To::Nothing, *times);
        }
        chain
    }
}

impl Tally {
    fn merge(&mut self, other: &Self) {
        self.touches += other.touches;
        self.assisted += other.assisted;
        self.credits.iter_mut().zip(other.credits).for_each(|(mine, theirs)| mine.add(theirs));
    }
}

#[cfg(test)]
mod tests;
