//! The public keys of who signs tokens: read from a file, or fetched from the issuer's address and kept.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::http::{Request, header};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::client::{self, Address, exchange};
use crate::guard::{KeyFileError, KeySet};

/// Longest set of public keys, in bytes.
pub(super) const MOST: usize = 1 << 20;
/// How long the issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two times that the issuer is asked for the sake of a token.
const PAUSE: Duration = Duration::from_secs(30);
/// How often the issuer is asked when nobody names such a key.
const EVERY: Duration = Duration::from_mins(10);

/// Where public keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jwks {
    /// In this file.
    File(PathBuf),
    /// At this address, over https, or plain http on this machine.
    Url(Address),
}

impl Jwks {
    /// A file, unless it begins like an address; `None` for an address that is none, or that anybody on the way could answer for.
    #[must_use]
    pub fn of(path: PathBuf) -> Option<Self> {
        match path.to_str().filter(|text| text.contains("://")) {
            None => Some(Self::File(path)),
            Some(text) => Address::anywhere(text).filter(|address| !address.is_plain() || address.is_here()).map(Self::Url),
        }
    }
}

/// An issuer whose keys are fetched.
#[derive(Debug)]
pub(super) struct Issuer {
    address: Address,
    tls: Option<Arc<ClientConfig>>,
    /// However many tokens name keys that are not known, it is asked no sooner again.
    pub(super) pause: Duration,
    /// When it was asked last.
    pub(super) asked: Mutex<Instant>,
    keys: ArcSwap<KeySet>,
    /// Whether it did not give them when it was asked last.
    stale: AtomicBool,
}

impl Issuer {
    /// Fetches the keys for the first time.
    ///
    /// # Errors
    /// [`KeyFileError::Jwks`] when there are none.
    pub(super) async fn begin(address: Address, roots: Option<RootCertStore>) -> Result<Self, KeyFileError> {
        let failed = |why: String| KeyFileError::Jwks { path: address.to_string().into(), why };
        let tls = client::tls(&address, roots).map_err(failed)?;
        let keys = fetch(&address, tls.clone()).await.map_err(failed)?;
        let stale = AtomicBool::new(false);
        Ok(Self { address, tls, pause: PAUSE, asked: Mutex::new(Instant::now()), keys: ArcSwap::from_pointee(keys), stale })
    }

    /// The keys that were fetched last.
    pub(super) fn keys(&self) -> Arc<KeySet> {
        self.keys.load_full()
    }

    /// Whether the issuer did not give its keys when it was asked last; those before are used.
    pub(super) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Fetches the keys again.
    ///
    /// # Errors
    /// [`KeyFileError::Jwks`]; those before are used still, and it is told in the log.
    pub(super) async fn refetch(&self) -> Result<(), KeyFileError> {
        self.ask(&mut *self.asked.lock().await).await
    }

    /// As [`refetch`](Self::refetch), unless that was just done, or is being done: one caller waits for the issuer, no other does.
    pub(super) async fn refetch_if_due(&self) {
        let Ok(mut asked) = self.asked.try_lock() else { return };
        if asked.elapsed() >= self.pause {
            // It has been told.
            let _ = self.ask(&mut asked).await;
        }
    }

    /// Fetches the keys from time to time, for good.
    pub(super) async fn keep(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            // It has been told.
            let _ = self.refetch().await;
        }
    }

    async fn ask(&self, asked: &mut Instant) -> Result<(), KeyFileError> {
        // Also when whoever asks goes away before the answer comes: callers who do that make it be asked no oftener.
        *asked = Instant::now();
        let fetched = fetch(&self.address, self.tls.clone()).await;
        *asked = Instant::now();
        self.stale.store(fetched.is_err(), Ordering::Relaxed);
        match fetched {
            Ok(keys) => {
                self.keys.store(Arc::new(keys));
                Ok(())
            }
            Err(why) => {
                tracing::error!(address = %self.address, why, "the issuer's keys cannot be fetched; those before are good still");
                Err(KeyFileError::Jwks { path: self.address.to_string().into(), why })
            }
        }
    }
}

async fn fetch(address: &Address, tls: Option<Arc<ClientConfig>>) -> Result<KeySet, String> {
    let late = |_| format!("there was no answer within {} seconds", PATIENCE.as_secs());
    let request = Request::get(address.path()).header(header::ACCEPT, "application/json").body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let text = timeout(PATIENCE, exchange(address, tls, request)).await.map_err(late)??;
    let text = String::from_utf8(text).map_err(|_| "the answer is no text".to_owned())?;
    KeySet::read(&text).ok_or_else(|| "none of it is one".to_owned())
}
