//! Where handlers go for published scores and alerts: the store, off their own threads where it is far.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use lapwing_features::Timestamp;
use lapwing_models::lifecycle::AlertSettings;
use tokio::sync::Semaphore;

use super::background::Background;
use super::problem::Problem;
use super::shelf::{Ahead, Answer, Shelf};
use super::state::State;
use crate::clock;
use crate::store::{Customer, CustomerFilter, Sealer, Sort, Store, StoreError};
use crate::webhooks::Counts;

/// Requests that ask the store at once; each has a connection to it.
const AT_ONCE: usize = 16;

/// Requests that change it at once, each of which may wait for another writer: they do not keep readers out.
const WRITERS: usize = 8;

/// Requests that wait for one of these.
const WAITING: usize = 240;

/// Bytes of answers on customers that are kept where nobody says how many: some two hundred thousand answers.
const CACHE: usize = 256 << 20;

/// Bytes that the answer on a customer mostly takes.
const ANSWER: usize = 1_280;

/// Customers that are read ahead at once.
const PAGE: usize = 100;

/// The store and what is asked with it.
#[derive(Debug)]
pub struct Desk {
    /// Published scores and alerts.
    pub store: Store,
    /// What opens personal attributes; without it they are not told.
    pub sealer: Option<Sealer>,
    /// The rules of alerts.
    pub alerts: AlertSettings,
    /// What was delivered to receivers of webhooks.
    pub posted: Counts,
    pub(super) shelf: Shelf,
    background: Background,
    turn: Arc<Semaphore>,
    pens: Arc<Semaphore>,
    room: Arc<Semaphore>,
}

/// The desk as one request has it.
pub(super) struct Seat<'a> {
    /// Published scores and alerts.
    pub(super) store: Store,
    /// What opens personal attributes.
    pub(super) sealer: Option<&'a Sealer>,
    /// The rules of alerts.
    pub(super) alerts: &'a AlertSettings,
}

impl Desk {
    /// A desk for this store, that keeps 256 MiB of answers on customers.
    #[must_use]
    pub fn new(store: Store, sealer: Option<Sealer>, alerts: AlertSettings) -> Self {
        let (turn, room) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(AT_ONCE + WAITING)));
        let (shelf, background) = (Shelf::new(&store, CACHE), Background::default());
        Self { store, sealer, alerts, posted: Counts::default(), shelf, background, turn, pens: Arc::new(Semaphore::new(WRITERS)), room }
    }

    /// The same desk, that keeps so many bytes of answers.
    #[must_use]
    pub fn caching(self, bytes: usize) -> Self {
        Self { shelf: Shelf::new(&self.store, bytes), ..self }
    }

    /// The desk for one request, whose reads are broken off after `time`.
    fn seat(&self, time: Duration) -> Seat<'_> {
        Seat { store: self.store.within(time), sealer: self.sealer.as_ref(), alerts: &self.alerts }
    }

    /// The answer on a published customer, as `write` writes it; `None` when there is none. In a store that is near it is read where
    /// it was asked for, which takes a few microseconds.
    pub(super) async fn answer(
        self: &Arc<Self>,
        state: &State,
        id: String,
        write: fn(&Customer, &mut Vec<u8>) -> Option<()>,
    ) -> Result<Option<Bytes>, Problem> {
        if !self.store.is_near() {
            let read = move |seat: &Seat<'_>, _| seat.store.customer(&id, seat.sealer);
            let Some(customer) = self.work(state, read).await? else { return Ok(None) };
            return written("", &customer, write).map(|answer| Some(answer.body()));
        }
        let (kept, mark) = self.shelf.find(&id);
        if kept.is_some() {
            return Ok(kept);
        }
        let Some(customer) = self.store.customer(&id, self.sealer.as_ref())? else { return Ok(None) };
        let answer = written(&id, &customer, write)?;
        let body = answer.body();
        if let Some(mark) = mark {
            self.shelf.keep(mark, answer);
        }
        Ok(Some(body))
    }

    /// Reads answers, as `write` writes them, before anybody asks for them, where that was not done since the store changed.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read; then it is tried again the next time.
    pub(super) async fn read_ahead(self: &Arc<Self>, write: fn(&Customer, &mut Vec<u8>) -> Option<()>) -> Result<(), StoreError> {
        let Some(mark) = self.shelf.is_behind() else { return Ok(()) };
        let desk = Arc::clone(self);
        let read = move || {
            let (mut ahead, mut answers) = (Ahead::default(), Vec::new());
            let mut filter = CustomerFilter { sort: Sort::By("at_stake"), limit: PAGE, ..CustomerFilter::default() };
            loop {
                let page = desk.store.customers(&filter, desk.sealer.as_ref())?;
                let mut lengths = Vec::new();
                answers.clear();
                for customer in &page.customers {
                    let Some(id) = customer.text("customer_id") else { continue };
                    let begin = answers.len();
                    answers.extend_from_slice(id.as_bytes());
                    match write(customer, &mut answers) {
                        Some(()) => lengths.push((id.len(), answers.len() - begin - id.len())),
                        None => answers.truncate(begin),
                    }
                }
                if !ahead.add(&desk.shelf, &lengths, &answers) {
                    break;
                }
                filter.after = page.next;
                if filter.after.is_none() {
                    break;
                }
            }
            desk.shelf.keep_ahead(mark, ahead);
            Ok(())
        };
        // Whoever asks for scores goes first.
        self.background.run(read).await.unwrap_or(Err(StoreError::Damaged("what was read of customers could not be told")))
    }

    /// Does what time asks for: takes the steps of alerts, and gives up what is kept of runs and customers that are gone.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written.
    pub(super) fn keep_time(&self) -> Result<(), StoreError> {
        self.shelf.tidy();
        self.store.expire(clock::now(), &self.alerts).map(drop)
    }

    /// What `work` changes, on a thread that may wait.
    pub(super) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        state: &State,
        work: impl FnOnce(&Seat<'_>, Timestamp) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.aside(state, &self.pens, work).await
    }

    /// What `work` finds, on a thread that may wait.
    pub(super) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        state: &State,
        work: impl FnOnce(&Seat<'_>, Timestamp) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.aside(state, &self.turn, work).await
    }

    async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        state: &State,
        turns: &Arc<Semaphore>,
        work: impl FnOnce(&Seat<'_>, Timestamp) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let _room = Arc::clone(&self.room).try_acquire_owned().map_err(|_| Problem::Overloaded)?;
        let (desk, time, begin) = (Arc::clone(self), state.limits().request_time, Instant::now());
        let working = async {
            let turn = Arc::clone(turns).acquire_owned().await.map_err(|_| Problem::Fault)?;
            let done = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                // Nobody waits for the answer once the request's time is over.
                work(&desk.seat(time.saturating_sub(begin.elapsed())), clock::now())
            });
            done.await.map_err(|_| Problem::Fault)?.map_err(Problem::from)
        };
        tokio::time::timeout(time, working).await.map_err(|_| Problem::Deadline)?
    }
}

/// The answer on a customer, behind its id.
fn written(id: &str, customer: &Customer, write: fn(&Customer, &mut Vec<u8>) -> Option<()>) -> Result<Answer, Problem> {
    let mut whole = Vec::with_capacity(id.len() + ANSWER);
    whole.extend_from_slice(id.as_bytes());
    write(customer, &mut whole).ok_or(Problem::Fault)?;
    Ok(Answer::new(whole.into(), id))
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoAlert => Self::NoAlert,
            StoreError::Ended(state) => Self::AlertEnded(state),
            StoreError::KeyReused => Self::KeyReused,
            StoreError::RunGone => Self::CursorGone,
            StoreError::Busy | StoreError::Conflict => Self::StoreBusy,
            error => {
                // Of the database's own words some are about its data, so that they are for the log only.
                tracing::error!(%error, "the store failed");
                Self::StoreFailed
            }
        }
    }
}
