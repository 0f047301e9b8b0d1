//! What the service does while it runs without being asked: reads again what has changed, and takes the steps of alerts that time has made.

use std::sync::Arc;
use std::time::Duration;

use super::desk::Desk;
use super::problem::Problem;
use super::routes;
use super::state::State;
use crate::audit::Record;
use crate::clock;
use crate::error::ServeError;
use crate::{playbook, settings};

impl State {
    /// Reads everything again. What is off is told where it is read, and changes nothing.
    pub async fn refresh(self: &Arc<Self>) {
        // Both outcomes have been told.
        let _ = self.reload().await;
        self.refresh_keys().await;
        self.refresh_certificate();
        self.refresh_advice();
    }

    async fn refresh_keys(self: &Arc<Self>) {
        let Some(gate) = self.gate() else { return };
        let read = gate.reload();
        let note = match gate.refetch().await.and(read) {
            Ok(()) => {
                tracing::info!("the keys were read again");
                None
            }
            Err(error) => {
                tracing::error!(why = %error, "the keys cannot be read again; those before are good still");
                Some("refused".to_owned())
            }
        };
        self.note(Record { note, ..Record::of("keys", clock::now()) }).await;
    }

    fn refresh_certificate(&self) {
        match self.tls().map(|tls| tls.reload()) {
            None => {}
            Some(Ok(())) => tracing::info!("the certificate was read again"),
            Some(Err(error)) => tracing::error!(why = %error, "the certificate cannot be read again; the one before is shown still"),
        }
    }

    fn refresh_advice(&self) {
        let from = self.advised_by();
        if *from == settings::Advice::default() {
            return;
        }
        match playbook::advice(from) {
            Ok(advice) => {
                self.advise(advice);
                tracing::info!("the playbook and the hold-out key were read again");
            }
            Err(error) => {
                tracing::error!(why = %error, "the playbook or the hold-out key cannot be read again; those before are kept to");
            }
        }
    }

    /// What differs once the registry has other models; `None` while there is nothing to look at.
    async fn models_mark(&self) -> Result<Option<Vec<u8>>, ServeError> {
        let Some(source) = self.reloads.source.clone() else { return Ok(None) };
        tokio::task::spawn_blocking(move || source.mark())
            .await
            .unwrap_or_else(|_| Err(ServeError::Fault("the look at the models panicked".to_owned())))
    }
}

/// What was seen of the models when they were looked at last.
#[derive(Debug)]
enum Seen {
    /// Their mark.
    Mark(Option<Vec<u8>>),
    /// That they could not be looked at, which has been told.
    Nothing,
}

/// Looks at the models, and reads them again when they have changed since, or can be looked at again.
async fn look(state: &Arc<State>, before: Option<Seen>) -> Seen {
    match (state.models_mark().await, before) {
        (Ok(mark), None) => Seen::Mark(mark),
        (Ok(mark), Some(Seen::Mark(before))) if mark == before => Seen::Mark(mark),
        (Ok(mark), _) => match state.reload().await {
            // A store that did not give what its list names may give it the next time.
            Err(Problem::Reload(refused)) if refused.code == "store_away" => Seen::Nothing,
            _ => Seen::Mark(mark),
        },
        // They are away still, which was told when they went.
        (Err(_), Some(Seen::Nothing)) => Seen::Nothing,
        (Err(error), _) => {
            state.refuse(&error).await;
            Seen::Nothing
        }
    }
}

/// Reads the models, the keys and the certificate again whenever the registry's manifest, or their files, have changed, looking `every`
/// so often. What was refused is not tried again until it changes or somebody asks, unless a store was away. The `mark` is that of the
/// models before they were read, so that what changed meanwhile has changed; `None` where it is not known.
pub async fn watch(state: Arc<State>, every: Duration, mark: Option<Vec<u8>>) {
    // Keys do not wait for a store that takes its time.
    tokio::join!(watch_models(&state, every, mark), watch_files(&state, every));
}

async fn watch_models(state: &Arc<State>, every: Duration, mark: Option<Vec<u8>>) {
    let mut models = look(state, mark.map(|mark| Seen::Mark(Some(mark)))).await;
    loop {
        tokio::time::sleep(every).await;
        models = look(state, Some(models)).await;
    }
}

async fn watch_files(state: &Arc<State>, every: Duration) {
    let (mut keys, mut certificate) = (state.gate().map(super::Gate::mark), state.tls().map(|tls| tls.mark()));
    loop {
        tokio::time::sleep(every).await;
        let mark = state.gate().map(super::Gate::mark);
        if mark != keys {
            keys = mark;
            state.refresh_keys().await;
        }
        let mark = state.tls().map(|tls| tls.mark());
        if mark != certificate {
            certificate = mark;
            state.refresh_certificate();
        }
    }
}

/// Between two looks for alerts whose time has passed.
const EXPIRE_EVERY: Duration = Duration::from_secs(5);

/// Between two looks for what is published anew, to be read before anybody asks.
const AHEAD_EVERY: Duration = Duration::from_secs(1);

/// Reads answers on published customers ahead, as many as there is room for, at the start and whenever the store has changed.
pub async fn read_ahead(desk: Arc<Desk>) {
    loop {
        if let Err(error) = desk.read_ahead(routes::customers::write).await {
            tracing::warn!(%error, "answers are read when they are asked for");
        }
        tokio::time::sleep(AHEAD_EVERY).await;
    }
}

/// Takes the steps of alerts that time has made, so that they are told though nobody looks; and gives up what is kept of customers who
/// are gone.
pub async fn keep_time(desk: Arc<Desk>) {
    loop {
        let working = Arc::clone(&desk);
        let done = tokio::task::spawn_blocking(move || working.keep_time()).await;
        if let Ok(Err(error)) = done {
            tracing::warn!(%error, "alerts whose time has passed wait");
        }
        tokio::time::sleep(EXPIRE_EVERY).await;
    }
}
