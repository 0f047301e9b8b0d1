//! States as other processes read them.

use proptest::prelude::*;

use super::super::group::Gathered;
use super::super::ids::hash_of;
use super::super::record::Record;
use super::*;
use crate::event::{Kind, RawEvent};
use crate::time::Timestamp;

/// A customer, a time, an amount, a channel and a category.
type Row = (u16, i64, Option<i32>, u8, u8);

fn name(number: u8) -> Token {
    if number == 0 { Token::NONE } else { Token::of(&number.to_string()) }
}

/// What one process gathered, as states.
fn gathered(rows: &[Row], id: impl Fn(u16) -> String) -> Vec<Vec<u8>> {
    let names = Names::default();
    let mut runs = Runs::new(Arc::new(Budget::new(usize::MAX, None)));
    let mut known = std::collections::HashMap::new();
    for (customer, ts, amount, channel, category) in rows {
        let hash = hash_of(&id(*customer));
        let run = runs.of_bucket(bucket_of(hash));
        let number = *known.entry(*customer).or_insert_with(|| run.enter(&id(*customer), hash));
        let event = RawEvent::new(Timestamp(*ts), Kind::Purchase, amount.map(f64::from));
        let (channel, category) = (names.code(name(*channel), ""), names.code(name(*category), ""));
        run.push(number, &Record { event: &event, channel, category, undecided: false });
    }
    let tokens = names.tokens();
    let runs = runs.finish().unwrap();
    runs.into_iter().flat_map(|run| states(&Gathered::new(vec![run]).group().unwrap(), &tokens)).collect()
}

/// A time, the bits of an amount, a channel and a category.
type Read = (i64, Option<u64>, Token, Token);

/// Everything that came of states, sorted.
fn received(states: &[Vec<u8>]) -> Vec<(String, Vec<Read>)> {
    let names = Arc::new(Names::default());
    // Other names come first here.
    (100..140).for_each(|other| _ = names.code(name(other), ""));
    let mut received = Received::new(Arc::clone(&names), Arc::new(Budget::new(usize::MAX, None)));
    for state in states {
        received.add(state).unwrap();
    }
    let tokens = names.tokens();
    let mut all = Vec::new();
    for run in received.finish().unwrap() {
        let bucket = Gathered::new(vec![run]).group().unwrap();
        for place in 0..bucket.len() {
            let (id, mut records) = bucket.written(place);
            let mut events = Vec::new();
            while !records.is_empty() {
                let (event, _, taken) = record::read(records, &tokens);
                events.push((event.ts.0, event.amount.map(f64::to_bits), event.channel, event.category));
                records = &records[taken..];
            }
            events.sort_unstable_by_key(|(ts, amount, channel, category)| (*ts, *amount, channel.bits(), category.bits()));
            all.push((id.to_owned(), events));
        }
    }
    all.sort_unstable_by(|one, two| one.0.cmp(&two.0));
    all
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0..40_u16, 0..1_000_i64, proptest::option::of(any::<i32>()), 0..30_u8, 0..200_u8), 0..200)
}

proptest! {
    #[test]
    fn it_does_not_show_who_gathered_what(rows in rows(), at in 0.0..1.0_f64) {
        let id = |customer: u16| format!("customer number {customer}");
        let (one, two) = rows.split_at((rows.len() as f64 * at) as usize);
        let parted: Vec<_> = gathered(two, id).into_iter().chain(gathered(one, id)).collect();
        prop_assert_eq!(received(&parted), received(&gathered(&rows, id)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), rows in rows(), cut in 0..400_usize) {
        let mut received = Received::new(Arc::default(), Arc::new(Budget::new(usize::MAX, None)));
        prop_assert!(received.add(&bytes).is_err() || !bytes.is_empty());
        for mut state in gathered(&rows, |customer| customer.to_string()) {
            state.truncate(cut.min(state.len() - 1));
            prop_assert!(received.add(&state).is_err());
        }
    }

    #[test]
    fn bytes_that_were_changed_are_refused_or_read(rows in rows(), at in any::<proptest::sample::Index>(), change in 1..=255_u8) {
        let mut received = Received::new(Arc::default(), Arc::new(Budget::new(usize::MAX, None)));
        for mut state in gathered(&rows, |customer| customer.to_string()) {
            let at = at.index(state.len());
            state[at] ^= change;
            let _ = received.add(&state);
        }
        for run in received.finish().unwrap() {
            let bucket = Gathered::new(vec![run]).group().unwrap();
            let mut events = 0;
            (0..bucket.len()).for_each(|place| events += bucket.written(place).1.len());
            prop_assert!(events < 1 << 20);
        }
    }
}

#[test]
fn a_customer_may_be_larger_than_a_state() {
    let rows: Vec<Row> = (0..40_000).map(|ts| (7, ts, Some(1), 1, 2)).collect();
    let states = gathered(&rows, |customer| customer.to_string());
    assert!(states.len() > 2 && states.iter().all(|state| state.len() < MOST + 1_000), "{}", states.len());
    let received = received(&states);
    assert_eq!((received.len(), received[0].1.len()), (1, 40_000));
}
