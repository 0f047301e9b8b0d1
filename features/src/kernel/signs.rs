//! What the warning signs ask: counts, sums and means of windows, from the ledger and one pass back over at most 210 days of events.

use super::coverage::{Coverage, Since, Window};
use super::ledger::{Ledger, Order, Traits};
use super::numbers::add;
use crate::event::Kind;
use crate::history::Event;
use crate::signs::{Compared, Exchange, Habit, Messages, SignFacts, Silence};
use crate::time::Timestamp;

/// Days before the cutoff at which events are counted apart.
const STEPS: [i64; 5] = [30, 60, 90, 180, 210];
/// A cart that no purchase followed within so many days is abandoned.
const CART_DAYS: i64 = 30;

/// Kinds that are counted apart, and one for all others.
const COUNTED: usize = 7;

/// Where a kind is counted.
#[inline(always)]
const fn place(kind: Kind) -> usize {
    match kind {
        Kind::CouponRedeem => 0,
        Kind::MessageSent => 1,
        Kind::MessageOpen => 2,
        Kind::MessageClick => 3,
        Kind::Ticket => 4,
        Kind::Complaint => 5,
        _ => COUNTED - 1,
    }
}

/// Which facts the data can tell at a cutoff, whoever the customer is.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each fact, and none follows from another")]
pub(super) struct SignFrame {
    at: Timestamp,
    /// The instants `STEPS` days before the cutoff.
    steps: [Timestamp; STEPS.len()],
    purchases: bool,
    priced: bool,
    /// The 90 days before the cutoff and the year before them, where amounts are known in both.
    year: Option<Window>,
    interactions: bool,
    visits: bool,
    coupons: bool,
    /// For how many days both messages and interactions are held.
    silence_days: Option<f64>,
    messages: bool,
    complaints: [bool; 2],
    surveys: bool,
    returns: bool,
    carts: [bool; 2],
    categories: bool,
    /// Whether events need counting at all.
    counts: bool,
}

impl SignFrame {
    pub(super) fn of(since: &Since, at: Timestamp) -> Self {
        let first = |kinds: &[Kind]| kinds.iter().map(|kind| since.kind(*kind)).min().unwrap_or(Timestamp::MAX);
        let whole = |since: Timestamp, days: u32| Coverage { since, at }.last(days).is_whole();
        let held = |since: Timestamp| Coverage { since, at }.is_held();
        let complaints = first(&[Kind::Ticket, Kind::Complaint]);
        let (sent, answered) = (since.kind(Kind::MessageSent), first(&[Kind::MessageOpen, Kind::MessageClick]));
        let (purchases, carts) = (since.kind(Kind::Purchase), since.kind(Kind::CartAdd));
        let year = Some(Coverage { since: since.spend, at }.between(455, 90)).filter(|year| !year.scale.is_nan());
        let silent = sent.max(since.interactions);
        // The stage rule asks the same of the data.
        let interactions = since.interactions <= at.plus_days(-210);
        let coupons = whole(since.kind(Kind::CouponRedeem), 180);
        let (messages, held_carts) = (whole(sent.max(answered), 60), held(purchases) && whole(carts, 30));
        let complained = whole(complaints, 30);
        Self {
            at,
            steps: STEPS.map(|days| at.plus_days(-days)),
            purchases: whole(purchases, 180),
            priced: held(since.spend),
            year,
            interactions,
            visits: held(since.kind(Kind::Visit)),
            coupons,
            silence_days: held(silent).then(|| at.days_since(silent)),
            messages,
            complaints: [complained, whole(complaints, 210)],
            surveys: held(since.kind(Kind::Survey)),
            returns: held(purchases) && whole(since.kind(Kind::Return), 90),
            carts: [held_carts, held_carts && whole(carts.max(purchases), 210)],
            categories: whole(since.categories, 180),
            counts: interactions || coupons || messages || complained || held_carts,
        }
    }
}

/// Events of 210 days, by how long ago they were: in each of the [`STEPS`] and not in the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    kinds: [[u32; STEPS.len()]; COUNTED],
    interactions: [u32; STEPS.len()],
    /// Carts that were abandoned.
    carts: [u32; STEPS.len()],
}

impl Counts {
    fn of(events: &[Event], purchases: &[Order], frame: &SignFrame) -> Self {
        let (mut counts, mut later) = (Self::default(), purchases.len());
        let [steps @ .., reach] = &frame.steps;
        for event in events.iter().rev().take_while(|event| event.ts >= *reach) {
            let step = steps.iter().map(|step| usize::from(event.ts < *step)).sum::<usize>();
            counts.kinds[place(event.kind)][step] += 1;
            counts.interactions[step] += u32::from(Traits::of(event.kind).has(Traits::INTERACTION));
            if event.kind == Kind::CartAdd {
                while later > 0 && purchases[later - 1].ts >= event.ts {
                    later -= 1;
                }
                let followed = purchases.get(later).is_some_and(|purchase| purchase.ts < event.ts.plus_days(CART_DAYS));
                counts.carts[step] += u32::from(!followed);
            }
        }
        counts
    }

    fn kind(&self, kind: Kind) -> [u32; STEPS.len()] {
        self.kinds[place(kind)]
    }

    fn kinds(&self, one: Kind, other: Kind) -> [u32; STEPS.len()] {
        let (one, other) = (self.kind(one), self.kind(other));
        std::array::from_fn(|step| one[step] + other[step])
    }
}

/// Purchases of the last 90 days, of the 90 before, and what they and those of the year before are worth.
#[derive(Clone, Copy, Debug)]
struct Bought {
    now: u32,
    before: u32,
    spend: f64,
    spend_before: f64,
}

impl Bought {
    fn of(purchases: &[Order], frame: &SignFrame) -> Self {
        let [_, _, quarter, half, _] = frame.steps;
        let (from, to) = frame.year.map_or((quarter, quarter), |year| (year.from, year.to));
        let mut bought = Self { now: 0, before: 0, spend: 0.0, spend_before: 0.0 };
        let (mut seen, mut seen_before) = (false, false);
        for purchase in purchases.iter().rev().take_while(|purchase| purchase.ts >= from.min(half)) {
            if purchase.ts >= quarter {
                bought.now += 1;
                bought.spend = if seen { add(bought.spend, purchase.amount) } else { purchase.amount };
                seen = true;
            } else if purchase.ts >= half {
                bought.before += 1;
            }
            if purchase.ts >= from && purchase.ts < to {
                bought.spend_before = if seen_before { add(bought.spend_before, purchase.amount) } else { purchase.amount };
                seen_before = true;
            }
        }
        bought
    }
}

/// The facts of what is observed: `events`, which the ledger has taken in and settled.
pub(super) fn facts(ledger: &Ledger, events: &[Event], frame: &SignFrame, marks: &mut Vec<u64>) -> SignFacts {
    let purchases = ledger.purchases.as_slice();
    let bought = Bought::of(purchases, frame);
    let counts = if frame.counts { Counts::of(events, purchases, frame) } else { Counts::default() };
    let quarter = |steps: [u32; STEPS.len()]| Compared { now: steps[0] + steps[1] + steps[2], before: steps[3] };
    let month = |[now, before @ ..]: [u32; STEPS.len()]| (now, f64::from(before.iter().sum::<u32>()) / 6.0);
    let habit = |[told, known]: [bool; 2], steps: [u32; STEPS.len()]| {
        let (now, usual) = month(steps);
        told.then(|| Habit { now, usual: known.then_some(usual) })
    };
    let (interactions, interactions_before) = month(counts.interactions);
    let messages = Messages {
        sent: counts.kind(Kind::MessageSent)[..2].iter().sum(),
        answered: counts.kinds(Kind::MessageOpen, Kind::MessageClick)[..2].iter().sum(),
    };
    SignFacts {
        purchases_90d: frame.purchases.then_some(Compared { now: bought.now, before: bought.before }),
        order_value: ledger.totals.values.lately().filter(|_| frame.priced),
        spend_90d: frame.year.and_then(|year| {
            let known = !bought.spend.is_nan() && !bought.spend_before.is_nan();
            known.then(|| Compared { now: bought.spend, before: bought.spend_before * year.scale * 90.0 / 365.0 })
        }),
        interactions_30d: frame.interactions.then(|| Compared { now: f64::from(interactions), before: interactions_before }),
        visit_gap_days: ledger.visit_days.lately().filter(|_| frame.visits),
        coupons_90d: frame.coupons.then(|| quarter(counts.kind(Kind::CouponRedeem))),
        silence: frame.silence_days.and_then(|covered_days| silence(events, frame.at, covered_days)),
        messages_60d: frame.messages.then_some(messages),
        complaints_30d: habit(frame.complaints, counts.kinds(Kind::Ticket, Kind::Complaint)),
        survey: ledger.answers.lately().filter(|_| frame.surveys),
        returns_90d: frame.returns.then(|| returned(ledger, bought.now, frame)),
        abandoned_carts_30d: habit(frame.carts, counts.carts),
        categories_90d: frame.categories.then(|| categories(ledger, events, frame, marks)),
    }
}

/// Whether it is of the customer's own doing.
const fn is_own(kind: Kind) -> bool {
    kind.is_interaction() || matches!(kind, Kind::Purchase | Kind::Return | Kind::Ticket | Kind::Complaint)
}

fn silence(events: &[Event], at: Timestamp, covered_days: f64) -> Option<Silence> {
    let last = |wanted: &dyn Fn(&&Event) -> bool| events.iter().rev().find(wanted).map(|event| at.days_since(event.ts));
    let own_days = last(&|event| is_own(event.kind)).or_else(|| events.first().map(|event| at.days_since(event.ts)))?;
    Some(Silence { own_days, message_days: last(&|event| event.kind == Kind::MessageSent), covered_days })
}

fn returned(ledger: &Ledger, purchases: u32, frame: &SignFrame) -> Compared<Exchange> {
    let [_, _, quarter, ..] = frame.steps;
    let returns = ledger.returns.iter().rev().take_while(|order| order.ts >= quarter).count() as u32;
    Compared {
        now: Exchange { purchases, returns },
        before: Exchange {
            purchases: ledger.purchases.iter().rev().skip_while(|order| order.ts >= quarter).count() as u32,
            returns: ledger.returns.len() as u32 - returns,
        },
    }
}

fn categories(ledger: &Ledger, events: &[Event], frame: &SignFrame, marks: &mut Vec<u64>) -> Compared<u32> {
    let [_, _, quarter, half, _] = frame.steps;
    let names = &ledger.categories;
    marks.clear();
    marks.resize(names.len().div_ceil(64), 0);
    let mut before = 0;
    let reaching = events.iter().rev().skip_while(|event| event.ts >= quarter).take_while(|event| event.ts >= half);
    for event in reaching.filter(|event| Traits::of(event.kind).has(Traits::NAMED) > 0) {
        if let Some(place) = names.place(event.category) {
            let (word, bit) = (&mut marks[place / 64], 1 << (place % 64));
            before += u32::from(*word & bit == 0);
            *word |= bit;
        }
    }
    Compared { now: names.distinct_since(quarter), before }
}

#[cfg(test)]
mod tests;
