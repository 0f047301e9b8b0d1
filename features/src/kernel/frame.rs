//! What the families ask of a cutoff whoever the customer is: which windows it has, and which part of them the data covers.

use super::calendar;
use super::coverage::{Coverage, Since, Window};
use super::signs::SignFrame;
use crate::event::Kind;
use crate::time::{Cutoff, DAY, Timestamp};

/// Kinds of events.
pub(super) const KINDS: usize = Kind::ALL.len();
/// Lengths in days of the windows in which purchases are counted and compared.
pub(super) const LENGTHS: [u32; 5] = [7, 30, 90, 180, 365];
/// The edges of those windows, four each, and the two of the quarter a year ago.
const EDGES: usize = 4 * LENGTHS.len() + 2;
/// Days that the longest of those windows and the one before it take, and one that stands for all before them.
const DAYS: usize = 2 * LENGTHS[LENGTHS.len() - 1] as usize + 1;

/// An edge of a window of purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Where the covered part of the window `LENGTHS[_]` begins.
    Last(usize),
    /// Where the covered part of the window before it begins.
    Before(usize),
    /// Where that window ends.
    BeforeEnd(usize),
    /// Where the part of the window begins in which amounts are covered.
    Spend(usize),
    /// Where the covered part of the quarter a year ago begins.
    Year,
    /// Where that quarter ends.
    YearEnd,
}

impl Edge {
    #[inline(always)]
    fn place(self) -> usize {
        match self {
            Self::Last(length) => 4 * length,
            Self::Before(length) => 4 * length + 1,
            Self::BeforeEnd(length) => 4 * length + 2,
            Self::Spend(length) => 4 * length + 3,
            Self::Year => EDGES - 2,
            Self::YearEnd => EDGES - 1,
        }
    }
}

/// The edges of the windows of purchases, each instant once.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// Latest first.
    instants: [Timestamp; EDGES],
    len: usize,
    /// For each edge, which of the instants it is.
    ranks: [u8; EDGES],
    /// For each day of 24 hours before the cutoff, how many instants lie after all of it.
    after: [u8; DAYS],
    cutoff: Timestamp,
}

impl Steps {
    /// What one pass back over the purchases fills, a value an instant.
    pub(super) const MOST: usize = EDGES;

    fn of(cutoff: Timestamp, edges: [Timestamp; EDGES]) -> Self {
        let mut instants = edges;
        instants.sort_unstable_by(|one, two| two.cmp(one));
        let mut len = 0;
        for place in 0..EDGES {
            if place == 0 || instants[place] != instants[len - 1] {
                instants[len] = instants[place];
                len += 1;
            }
        }
        let rank = |edge: Timestamp| instants[..len].partition_point(|instant| *instant > edge) as u8;
        let mut after = [0; DAYS];
        for (after, day) in after.iter_mut().zip(0..) {
            *after = rank(Timestamp(cutoff.plus_days(-day).0.saturating_sub(1)));
        }
        Self { instants, len, ranks: edges.map(rank), after, cutoff }
    }

    /// How many of the instants lie after `ts`, which is before the cutoff and not before all of them.
    #[inline(always)]
    pub(super) fn count_after(&self, ts: Timestamp) -> usize {
        let day = (self.cutoff.0.saturating_sub(ts.0).saturating_sub(1)) as u64 / DAY as u64;
        let mut count = usize::from(self.after[(day as usize).min(DAYS - 1)]);
        // Most instants are whole days before the cutoff, so that none lies within a day.
        while count < self.len && self.instants[count] > ts {
            count += 1;
        }
        count
    }

    /// The instants, latest first.
    #[inline(always)]
    pub(super) fn instants(&self) -> &[Timestamp] {
        &self.instants[..self.len]
    }

    /// Which of the instants `edge` is.
    #[inline(always)]
    pub(super) fn rank(&self, edge: Edge) -> usize {
        usize::from(self.ranks[edge.place()])
    }
}

/// All that.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) cutoff: Cutoff,
    /// Sine and cosine of its month.
    pub(super) month: (f64, f64),
    held: [bool; KINDS],
    /// The first interaction in the data.
    pub(super) since_interactions: Timestamp,
    pub(super) holds_interactions: bool,
    pub(super) holds_spend: bool,
    /// The window in which events of a kind are counted, by kind; nothing lies in that of a kind that is not counted.
    pub(super) recent: [Window; KINDS],
    /// The last 30 days, of visits and of interactions.
    pub(super) visits_30d: Window,
    pub(super) interactions_30d: Window,
    /// The 180 days before those, of interactions.
    pub(super) interactions_before: Window,
    /// Nothing before it lies in any of the windows above.
    pub(super) reach: Timestamp,
    pub(super) returns_90d: Window,
    pub(super) categories_90d: Window,
    pub(super) steps: Steps,
    /// Scales of the windows of purchases and of those before them.
    pub(super) scales: [[f64; 2]; LENGTHS.len()],
    pub(super) year_scale: f64,
    pub(super) signs: SignFrame,
}

impl Frame {
    pub(super) fn of(since: &Since, cutoff: Cutoff) -> Self {
        let at = cutoff.at;
        let covered = |since: Timestamp| Coverage { since, at };
        let nowhere = Window { from: Timestamp::MAX, to: Timestamp::MAX, scale: f64::NAN };
        let recent = std::array::from_fn(|kind| match days(Kind::ALL[kind]) {
            0 => nowhere,
            days => covered(since.kind(Kind::ALL[kind])).last(days),
        });
        let visits_30d = covered(since.kind(Kind::Visit)).last(30);
        let interactions = covered(since.interactions);
        let (interactions_30d, interactions_before) = (interactions.last(30), interactions.between(210, 30));
        let others = [visits_30d, interactions_30d, interactions_before];
        let (bought, priced) = (covered(since.kind(Kind::Purchase)), covered(since.spend));
        let year = bought.between(365, 275);
        let mut edges = [at; EDGES];
        for (length, days) in LENGTHS.into_iter().enumerate() {
            let before = bought.between(2 * days, days);
            edges[Edge::Last(length).place()] = bought.last(days).from;
            edges[Edge::Before(length).place()] = before.from;
            edges[Edge::BeforeEnd(length).place()] = before.to;
            edges[Edge::Spend(length).place()] = priced.last(days).from;
        }
        (edges[Edge::Year.place()], edges[Edge::YearEnd.place()]) = (year.from, year.to);
        Self {
            cutoff,
            month: calendar::direction(cutoff.month),
            held: std::array::from_fn(|kind| covered(since.kind(Kind::ALL[kind])).is_held()),
            since_interactions: since.interactions,
            holds_interactions: interactions.is_held(),
            holds_spend: priced.is_held(),
            reach: others.iter().chain(&recent).map(|window| window.from).fold(at, Timestamp::min),
            recent,
            visits_30d,
            interactions_30d,
            interactions_before,
            returns_90d: covered(since.kind(Kind::Return)).last(90),
            categories_90d: covered(since.categories).last(90),
            steps: Steps::of(at, edges),
            scales: LENGTHS.map(|days| [bought.last(days).scale, bought.between(2 * days, days).scale]),
            year_scale: year.scale,
            signs: SignFrame::of(since, at),
        }
    }

    /// Whether the data holds `kind` at all before the cutoff.
    #[inline(always)]
    pub(super) fn holds(&self, kind: Kind) -> bool {
        self.held[kind as usize]
    }
}

/// Length in days of the window in which events of `kind` are counted; 0 where none are.
fn days(kind: Kind) -> u32 {
    match kind {
        Kind::View | Kind::Search | Kind::CartAdd | Kind::Checkout => 30,
        Kind::MessageSent | Kind::MessageOpen | Kind::MessageClick => 60,
        Kind::Visit | Kind::CouponRedeem | Kind::Ticket | Kind::Complaint => 90,
        Kind::Purchase | Kind::Return | Kind::Survey | Kind::Referral | Kind::Review | Kind::Other => 0,
    }
}

/// Frames of the cutoffs that were asked last: customers come one after the other, their cutoffs are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames {
    kept: Vec<Frame>,
    /// Which one is asked next, if they are asked in turn.
    next: usize,
}

impl Frames {
    /// So many are kept: more slices than years of history give.
    const MOST: usize = 64;

    /// The frame of `cutoff`.
    #[inline(always)]
    pub(super) fn at(&mut self, since: &Since, cutoff: Cutoff) -> &Frame {
        let is_asked = |frame: &Frame| frame.cutoff == cutoff;
        if !self.kept.get(self.next).is_some_and(is_asked) {
            self.next = self.kept.iter().position(is_asked).unwrap_or_else(|| self.make(since, cutoff));
        }
        let asked = self.next;
        self.next = if asked + 1 < self.kept.len() { asked + 1 } else { 0 };
        &self.kept[asked]
    }

    #[cold]
    fn make(&mut self, since: &Since, cutoff: Cutoff) -> usize {
        if self.kept.len() == Self::MOST {
            self.kept.clear();
        }
        self.kept.push(Frame::of(since, cutoff));
        self.kept.len() - 1
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.kept.capacity()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::RawEvent;
    use crate::shape::DataShape;
    use crate::time::Calendar;

    proptest! {
        #[test]
        fn instants_after_a_purchase_are_counted(begin in 0..800 * DAY, ago in prop::collection::vec(1..900 * DAY, 1..20), days in 0..800_i64) {
            let cutoff = Calendar::utc().cutoff(Timestamp(0).plus_days(20_000));
            let mut shape = DataShape::default();
            shape.note(&RawEvent::new(Timestamp(cutoff.at.0 - begin), Kind::Purchase, Some(1.0)));
            let steps = Frame::of(&Since::of(&shape), cutoff).steps;
            for ts in ago.into_iter().map(|ago| Timestamp(cutoff.at.0 - ago)).chain([cutoff.at.plus_days(-days - 1), Timestamp(i64::MIN)]) {
                let truth = steps.instants().iter().filter(|instant| **instant > ts).count();
                prop_assert_eq!(steps.count_after(ts), truth);
            }
        }
    }
}
