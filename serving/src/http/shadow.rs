//! The challenger in the shadow: it scores the champion's customers too, after they were answered, and how far the two differ is
//! counted. No answer waits for it, and no answer changes by it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lapwing_features::Timestamp;

use super::admission::Watch;
use super::body;
use super::customer;
use super::incoming::Whole;
use super::infer;
use super::invocations;
use super::kept::Kept;
use super::lineup::{Contender, Lineup};
use super::reading::{Reader, Reading};
use super::routes::invocations::cutoff;
use super::state::State;
use super::table::Table;
use super::wire::{DifferenceBin, ScoreEntry, ShadowResponse, ShadowTarget};

/// Upper ends of the bins of differences, challenger less champion; the last bin has none.
pub(super) const ENDS: [f64; 13] = [-0.5, -0.2, -0.1, -0.05, -0.02, -0.005, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// What has been compared since the challenger came with its terms.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    targets: BTreeMap<&'static str, Sums>,
    refused: u64,
    skipped_requests: u64,
}

#[derive(Clone, Debug, Default)]
struct Sums {
    customers: u64,
    sum: f64,
    absolute: f64,
    largest: f64,
    bins: [u64; ENDS.len()],
}

/// What a customer was told, as the shadow compares it: the target and its probability.
pub(super) type Told = Option<(&'static str, f64)>;

/// What an entry told that is the champion's; nothing of another.
pub(super) fn told(entry: &ScoreEntry<'_>) -> Told {
    if entry.model_version.is_some() {
        return None;
    }
    let reactivation = || entry.reactivation_probability.map(|probability| ("reactivation", probability));
    entry.churn_probability.map(|probability| ("churn", probability)).or_else(reactivation)
}

/// How the body of a request is read.
#[derive(Debug)]
pub(super) enum Asked {
    /// As customers, of whom some may be kept.
    Customers(Kept),
    /// As tensors of the Open Inference Protocol.
    Tensors,
    /// As an invocation.
    Invocation,
}

/// Has the challenger score the customers of an answered request; does nothing where there is no shadow. When more requests wait
/// for it than it can follow, this one is left out and counted.
pub(super) fn follow(state: &Arc<State>, lineup: Arc<Lineup>, asked: Asked, bytes: Whole, told: Vec<Told>) {
    let Some(challenger) = lineup.challenger.as_ref().filter(|challenger| challenger.terms.shadow) else { return };
    let Ok(room) = Arc::clone(&state.shadow_room).try_acquire_owned() else {
        challenger.tally.note(|counts| counts.skipped_requests += 1);
        return;
    };
    let shared = Arc::clone(state);
    tokio::spawn(async move {
        let follower = Arc::clone(&shared);
        // What goes wrong in the shadow is nobody's answer.
        let _ = shared
            .admission()
            .compute_apart(move |watch| {
                let _room = room;
                compare(&Shadow { state: &follower, lineup: &lineup, told: &told, watch }, asked, &bytes);
                Ok(())
            })
            .await;
    });
}

/// What one request is compared by.
struct Shadow<'a> {
    state: &'a State,
    lineup: &'a Lineup,
    told: &'a [Told],
    watch: &'a Watch,
}

/// Reads the body as it was read for its answer; the instant is the champion's to read.
fn compare(shadow: &Shadow<'_>, asked: Asked, bytes: &[u8]) {
    let table = |as_of: Option<String>, table: &Table<'_>| {
        let Ok(as_of) = cutoff(shadow.lineup, as_of.as_deref(), "") else { return };
        shadow.rows(as_of, |reader, place| {
            let (id, customer) = table.customer(shadow.lineup, place);
            Some((id, reader.read(None, &customer.ok()?, &Kept::NotHere).ok()?))
        });
    };
    match asked {
        Asked::Customers(kept) => {
            let Ok(request) = body::read(bytes) else { return };
            let Ok(as_of) = shadow.lineup.champion.calendar.parse(&request.as_of) else { return };
            shadow.rows(as_of, |reader, place| {
                let customer = customer::read(Some(place), request.customers.get(place)?).ok()?;
                let reading = reader.read(Some(place), &customer, &kept).ok()?;
                Some((customer.id.into_owned(), reading))
            });
        }
        Asked::Tensors => {
            if let Ok(asked) = infer::read_body(bytes) {
                table(asked.as_of, &asked.table);
            }
        }
        Asked::Invocation => {
            if let Ok(asked) = invocations::read_body(bytes) {
                table(asked.as_of, &asked.table);
            }
        }
    }
}

impl Shadow<'_> {
    /// Has the challenger score whom the champion scored, each as `read` reads it.
    fn rows(&self, as_of: Timestamp, read: impl Fn(&mut Reader<'_>, usize) -> Option<(String, Reading)>) {
        let Some(Contender { served, tally, .. }) = &self.lineup.challenger else { return };
        let mut reader = Reader::new(served, as_of);
        for (place, told) in self.told.iter().enumerate() {
            let Some((target, champion)) = *told else { continue };
            if self.watch.check().is_err() {
                return;
            }
            let scored = read(&mut reader, place).and_then(|(id, reading)| {
                let score = served.bundle.score(&id, &reading.snapshot, 0);
                let prediction = if target == "churn" { score.churn } else { score.reactivation };
                prediction.map(|prediction| prediction.probability)
            });
            if let Some(challenger) = scored {
                let difference = challenger - champion;
                self.state.metrics().shadowed(target, difference);
                tally.note(|counts| counts.targets.entry(target).or_default().add(difference));
            } else {
                tally.note(|counts| counts.refused += 1);
            }
        }
    }
}

impl Sums {
    fn add(&mut self, difference: f64) {
        self.customers += 1;
        self.sum += difference;
        self.absolute += difference.abs();
        self.largest = self.largest.max(difference.abs());
        let bin = ENDS.iter().position(|end| difference <= *end).unwrap_or(ENDS.len() - 1);
        self.bins[bin] += 1;
    }
}

impl Tally {
    fn note(&self, change: impl FnOnce(&mut Counts)) {
        // A panic elsewhere leaves sums as they were before it.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What has been compared of a lineup's challenger; `None` where nobody scores in the shadow.
pub(super) fn report(lineup: &Lineup) -> Option<ShadowResponse> {
    let challenger = lineup.challenger.as_ref().filter(|challenger| challenger.terms.shadow)?;
    let counts = challenger.tally.0.lock().unwrap_or_else(PoisonError::into_inner);
    let targets = counts.targets.iter().map(|(target, sums)| ShadowTarget {
        target,
        customers: sums.customers,
        mean_difference: sums.sum / sums.customers as f64,
        mean_absolute_difference: sums.absolute / sums.customers as f64,
        largest_absolute_difference: sums.largest,
        histogram: ENDS.iter().zip(sums.bins).map(|(up_to, customers)| DifferenceBin { up_to: *up_to, customers }).collect(),
    });
    Some(ShadowResponse {
        champion: lineup.champion.version.clone(),
        challenger: challenger.served.version.clone(),
        targets: targets.collect(),
        not_scored: counts.refused,
        skipped_requests: counts.skipped_requests,
    })
}
