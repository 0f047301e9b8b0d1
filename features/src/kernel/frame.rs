//! What the families ask of a cutoff whoever the customer is: which windows it has, and which part of them the data covers.

use super::calendar;
use super::coverage::{Coverage, Since, Window};
use super::signs::SignFrame;
use crate::event::Kind;
use crate::time::{Cutoff, Timestamp};

/// Kinds of events.
pub(super) const KINDS: usize = Kind::ALL.len();
/// Lengths in days of the windows in which purchases are counted and compared.
pub(super) const LENGTHS: [u32; 5] = [7, 30, 90, 180, 365];
/// An edge of a window in which purchases are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Where the covered part of the window `LENGTHS[_]` begins.
    Last(usize),
    /// Where the covered part of the window before it begins.
    Before(usize),
    /// Where that window ends.
    BeforeEnd(usize),
    /// Where the covered part of the quarter a year ago begins.
    Year,
    /// Where that quarter ends.
    YearEnd,
}

impl Edge {
    /// How many there are, filled up to whole vectors.
    pub(super) const MOST: usize = 20;

    #[inline(always)]
    pub(super) fn place(self) -> usize {
        match self {
            Self::Last(length) => length,
            Self::Before(length) => LENGTHS.len() + length,
            Self::BeforeEnd(length) => 2 * LENGTHS.len() + length,
            Self::Year => 3 * LENGTHS.len(),
            Self::YearEnd => 3 * LENGTHS.len() + 1,
        }
    }
}

/// Where the windows of amounts begin, as many as `LENGTHS`, filled up to whole vectors.
pub(super) const PRICED: usize = 8;

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
    /// The instants of the [edges](Edge), by their places; those that there are none of are never reached.
    pub(super) edges: [Timestamp; Edge::MOST],
    /// Where the parts of the windows begin in which amounts are covered, by length.
    pub(super) priced: [Timestamp; PRICED],
    /// The earliest of all these instants.
    pub(super) bought_reach: Timestamp,
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
        let (mut edges, mut spend) = ([Timestamp::MAX; Edge::MOST], [Timestamp::MAX; PRICED]);
        for (length, days) in LENGTHS.into_iter().enumerate() {
            let before = bought.between(2 * days, days);
            edges[Edge::Last(length).place()] = bought.last(days).from;
            edges[Edge::Before(length).place()] = before.from;
            edges[Edge::BeforeEnd(length).place()] = before.to;
            spend[length] = priced.last(days).from;
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
            edges,
            priced: spend,
            bought_reach: edges.into_iter().chain(spend).fold(at, Timestamp::min),
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
