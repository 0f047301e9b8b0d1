//! From the rows of one customer, in any order, to a history.

use crate::event::{Kind, RawEvent, Token};
use crate::history::{Duplicates, Event, History};
use crate::time::{Calendar, Timestamp};

/// Collects one customer's events in any order. Its buffers are kept from one customer to the next.
#[derive(Clone, Debug, Default)]
pub struct HistoryBuilder {
    rows: Vec<RawEvent>,
    /// Instants, and where their rows stand.
    instants: Vec<u64>,
    /// Where the rows stand, in their order.
    places: Vec<u32>,
    /// Orders, kinds and where their lines stand.
    lines: Vec<Line>,
}

impl HistoryBuilder {
    /// No events yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event; order does not matter.
    #[inline]
    pub fn push(&mut self, event: RawEvent) {
        self.rows.push(event);
    }

    /// How many events were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As [`build_into`](Self::build_into), for a single history.
    #[must_use]
    pub fn build(mut self, calendar: &Calendar, duplicates: Duplicates) -> History {
        let mut history = History::default();
        self.build_into(calendar, duplicates, &mut history);
        history
    }

    /// Sorts the events into the one order that they have, settles duplicates, tells days and hours on `calendar`, and puts the
    /// result into `history`, whatever was in it. The builder is empty then; it and `history` keep their buffers.
    ///
    /// Events at one instant are ordered by kind, order, line, amount, quantity, channel, category and `known_at`, so that any
    /// order of arrival gives the same history to the bit.
    ///
    /// ```
    /// use lapwing_features::{Calendar, Duplicates, History, HistoryBuilder, Kind, RawEvent, Timestamp};
    /// let (mut builder, mut history) = (HistoryBuilder::new(), History::default());
    /// for customer in [[3, 1, 2], [7, 7, 6]] {
    ///     customer.map(|second| builder.push(RawEvent::new(Timestamp(second * 1_000_000), Kind::Visit, None)));
    ///     builder.build_into(&Calendar::utc(), Duplicates::Drop, &mut history);
    ///     assert!(builder.is_empty());
    /// }
    /// assert_eq!((history.len(), history.duplicates()), (2, 1));
    /// ```
    pub fn build_into(&mut self, calendar: &Calendar, duplicates: Duplicates, history: &mut History) {
        (history.duplicates, history.duplicate_order_lines) = (0, 0);
        // In an ascending order without ties there is nothing to sort and nothing repeats.
        if self.rows.is_sorted_by(|one, two| one.ts < two.ts) {
            write(self.rows.iter(), &mut self.lines, calendar, history);
        } else {
            self.sort();
            if duplicates == Duplicates::Drop {
                self.drop_duplicates(history);
            }
            let rows = &self.rows;
            write(self.places.iter().map(|place| &rows[*place as usize]), &mut self.lines, calendar, history);
        }
        self.rows.clear();
    }

    /// Sorts events, each with whatever it is tagged with, and settles duplicates, as [`build_into`](Self::build_into) does.
    #[cfg(feature = "engine")]
    pub(crate) fn settle<T>(events: &mut Vec<(RawEvent, T)>, duplicates: Duplicates) {
        events.sort_by_key(|(event, _)| (sort_key(event), event.known_at.unwrap_or(event.ts)));
        if duplicates == Duplicates::Drop {
            events.dedup_by(|(event, _), (kept, _)| sort_key(event) == sort_key(kept));
        }
    }

    /// Sorts by time, and what happened at one instant by all the rest. Rows are long, so that they stay where they are.
    fn sort(&mut self) {
        let Self { rows, instants, places, .. } = self;
        let at = rows.iter().map(|row| row.ts.0);
        let (first, last) = (at.clone().min().unwrap_or(0), at.clone().max().unwrap_or(0));
        let bits = usize::BITS - rows.len().leading_zeros();
        places.clear();
        if last.abs_diff(first).leading_zeros() < bits {
            // Instants of which no data has any.
            places.extend(0..rows.len() as u32);
            places.sort_unstable_by_key(|place| rows[*place as usize].ts);
        } else {
            // What is sorted is when each happened after the first one, and in the lowest bits where it stands.
            instants.clear();
            instants.extend(at.zip(0..).map(|(at, place)| at.abs_diff(first) << bits | place));
            instants.sort_unstable();
            places.extend(instants.iter().map(|key| (key & ((1 << bits) - 1)) as u32));
        }
        let row = |place: &u32| &rows[*place as usize];
        for same in places.chunk_by_mut(|one, two| row(one).ts == row(two).ts).filter(|same| same.len() > 1) {
            same.sort_unstable_by_key(|place| (sort_key(row(place)), row(place).known_at.unwrap_or(row(place).ts)));
        }
    }

    fn drop_duplicates(&mut self, history: &mut History) {
        let rows = &self.rows;
        self.places.dedup_by(|row, kept| {
            let (row, kept) = (&rows[*row as usize], &rows[*kept as usize]);
            let repeats = row.ts == kept.ts && sort_key(row) == sort_key(kept);
            history.duplicate_order_lines += usize::from(repeats && row.order.is_some() && !row.line.is_some());
            repeats
        });
        history.duplicates = rows.len() - self.places.len();
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(crate) fn capacities(&self) -> [usize; 4] {
        [self.rows.capacity(), self.instants.capacity(), self.places.capacity(), self.lines.capacity()]
    }
}

/// Makes events of `rows`, which are sorted.
fn write<'a>(rows: impl Iterator<Item = &'a RawEvent> + Clone, lines: &mut Vec<Line>, calendar: &Calendar, history: &mut History) {
    let (mut clock, mut late, mut orders) = (calendar.clock(), false, false);
    history.events.clear();
    history.events.extend(rows.clone().map(|row| {
        let (day, hour) = clock.day_and_hour(row.ts);
        let known_at = row.known_at.unwrap_or(row.ts);
        late |= known_at > row.ts;
        orders |= row.order.is_some();
        Event {
            ts: row.ts,
            known_at,
            amount: row.amount.unwrap_or(f64::NAN),
            quantity: row.quantity.unwrap_or(f64::NAN),
            order: Event::NO_ORDER,
            continues: false,
            day,
            channel: row.channel,
            category: row.category,
            kind: row.kind,
            hour,
        }
    }));
    history.late = late;
    if orders {
        number_orders(rows, lines, &mut history.events);
    }
}

/// Order and kind of a row that names an order, and where it stands.
type Line = (Token, Kind, u32);

/// Gives (kind, order) pairs dense numbers in the order of their first lines, and marks the lines that are not the first.
fn number_orders<'a>(rows: impl Iterator<Item = &'a RawEvent>, lines: &mut Vec<Line>, events: &mut [Event]) {
    lines.clear();
    let named = rows.zip(0..).filter(|(row, _)| row.order.is_some());
    lines.extend(named.map(|(row, place)| (row.order, row.kind, place)));
    lines.sort_unstable();
    for lines in lines.chunk_by(|one, two| (one.0, one.1) == (two.0, two.1)) {
        for (_, _, place) in lines {
            // The place of the first line stands for the number until that line has one.
            (events[*place as usize].order, events[*place as usize].continues) = (lines[0].2, *place != lines[0].2);
        }
    }
    let mut next = 0;
    for place in 0..events.len() {
        let Event { order, continues, .. } = events[place];
        if continues {
            events[place].order = events[order as usize].order;
        } else if order != Event::NO_ORDER {
            events[place].order = next;
            next += 1;
        }
    }
}

/// Everything that tells two rows apart but `known_at`, as totally ordered bits.
pub(crate) type SortKey = (Timestamp, Kind, Token, Token, u64, u64, Token, Token);

pub(crate) fn sort_key(row: &RawEvent) -> SortKey {
    (row.ts, row.kind, row.order, row.line, ordered_bits(row.amount), ordered_bits(row.quantity), row.channel, row.category)
}

/// Bits that order as the numbers do, `None` first.
fn ordered_bits(value: Option<f64>) -> u64 {
    value.map_or(0, |value| {
        let bits = value.to_bits();
        if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = RawEvent> {
        let name = |what: &'static str| (0..4_u8).prop_map(move |n| Token::of_option((n > 0).then_some(&what[..usize::from(n)])));
        let ts = prop_oneof![30 => 0..9_i64, 1 => Just(i64::MIN), 1 => Just(i64::MAX - 9)];
        (ts, prop::option::of(0..3_i64), prop::sample::select(&Kind::ALL[..3]), prop::option::of(0..2_u8), name("abc"), name("xyz"))
            .prop_map(|(ts, late, kind, amount, order, line)| RawEvent {
                known_at: late.map(|late| Timestamp(ts + late)),
                order,
                line,
                ..RawEvent::new(Timestamp(ts), kind, amount.map(f64::from))
            })
    }

    fn build(builder: &mut HistoryBuilder, rows: &[RawEvent], found: &mut History) {
        for row in rows {
            builder.push(*row);
        }
        builder.build_into(&Calendar::utc(), Duplicates::Drop, found);
    }

    /// As a list of (kind, order) pairs in the order of their first lines gives them.
    fn numbers(rows: &[RawEvent]) -> Vec<(u32, bool)> {
        let mut seen = Vec::new();
        let mut number = |row: &RawEvent| match seen.iter().position(|pair| *pair == (row.kind, row.order)) {
            _ if !row.order.is_some() => (Event::NO_ORDER, false),
            Some(number) => (number as u32, true),
            None => {
                seen.push((row.kind, row.order));
                (seen.len() as u32 - 1, false)
            }
        };
        rows.iter().map(&mut number).collect()
    }

    proptest! {
        #[test]
        fn a_used_builder_builds_as_a_new_one(customers in prop::collection::vec(prop::collection::vec(row(), 0..40), 1..4)) {
            let (mut used, mut found) = (HistoryBuilder::new(), History::default());
            for rows in customers {
                let mut new = HistoryBuilder::new();
                rows.iter().rev().for_each(|row| new.push(*row));
                build(&mut used, &rows, &mut found);
                prop_assert_eq!(format!("{found:?}"), format!("{:?}", new.build(&Calendar::utc(), Duplicates::Drop)));

                let mut sorted = rows.clone();
                sorted.sort_by_key(|row| (sort_key(row), row.known_at.unwrap_or(row.ts)));
                sorted.dedup_by_key(|row| sort_key(row));
                let orders: Vec<_> = found.events.iter().map(|event| (event.order, event.continues)).collect();
                prop_assert_eq!(orders, numbers(&sorted));
                prop_assert_eq!(found.duplicates, rows.len() - sorted.len());

                let grown = used.capacities();
                build(&mut used, &rows, &mut found);
                prop_assert_eq!(grown, used.capacities());
            }
        }
    }
}
