//! `webhooks`: who is told what becomes of alerts, and delivery for whoever runs no server.

use std::sync::Arc;

use lapwing_features::Timestamp;
use serde::Serialize;

use crate::error::ServeError;
use crate::http::Desk;
use crate::settings::{StorePlace, WebhookDeed, Webhooks};
use crate::store::{NewReceiver, Receiver, Sealer};
use crate::webhooks::{Courier, check, shown};
use crate::{clock, talk};

/// Bytes of a secret: the specification wants 24 to 64.
const SECRET: usize = 32;

/// For so long a secret that was replaced signs too, in days.
const OVERLAP_DAYS: i64 = 1;

/// What `webhooks --json` prints of a receiver.
#[derive(Debug, Serialize)]
struct Told {
    id: String,
    url: String,
    kinds: Vec<&'static str>,
    allow_private: bool,
    sealed: bool,
    added_at: String,
    /// Until when the secret before signs too.
    old_secret_until: Option<String>,
    /// Since when it is told nothing more, for it answered 410.
    disabled_at: Option<String>,
    /// Why the last try failed; null once one succeeds.
    why: Option<String>,
    sent: i64,
    failed: i64,
    waiting: i64,
    dead: i64,
    /// The secret itself, told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl Told {
    fn of(receiver: Receiver, secret: Option<&[u8]>, now: Timestamp) -> Self {
        Self {
            id: receiver.receiver_id,
            url: receiver.url,
            kinds: receiver.kinds.iter().map(|kind| kind.name()).collect(),
            allow_private: receiver.allow_private,
            sealed: receiver.is_sealed,
            added_at: receiver.added_at.to_string(),
            old_secret_until: receiver.old_until.filter(|until| *until > now).map(|at| at.to_string()),
            disabled_at: receiver.disabled_at.map(|at| at.to_string()),
            why: receiver.why,
            sent: receiver.sent,
            failed: receiver.failed,
            waiting: receiver.waiting,
            dead: receiver.dead,
            secret: secret.map(shown),
        }
    }
}

/// What `webhooks deliver --json` prints.
#[derive(Debug, Serialize)]
struct Delivered {
    sent: u64,
    failed: u64,
    dead: u64,
    waiting: i64,
}

/// Runs `webhooks`.
///
/// # Errors
/// [`ServeError::Place`] when nobody may be told at the address, [`ServeError::Store`] when there is no such receiver or the store does
/// not do what was asked.
pub fn run(settings: &Webhooks) -> Result<(), ServeError> {
    let Webhooks { place, deed, json } = settings;
    let now = clock::now();
    let told = match deed {
        WebhookDeed::Add { url, kinds, allow_private } => {
            runtime()?.block_on(check(url, *allow_private))?;
            let new = NewReceiver { receiver_id: name()?, url: url.clone(), kinds: kinds.clone(), allow_private: *allow_private };
            vec![add(place, &new, now)?]
        }
        WebhookDeed::List => place.open()?.receivers()?.into_iter().map(|receiver| Told::of(receiver, None, now)).collect(),
        WebhookDeed::Remove(id) => vec![Told::of(place.open()?.remove_receiver(id)?, None, now)],
        WebhookDeed::Rotate(id) => {
            let (secret, sealer) = secret(place)?;
            let receiver = place.open()?.rotate_receiver(id, &secret, sealer.as_ref(), now.plus_days(OVERLAP_DAYS))?;
            vec![Told::of(receiver, Some(&secret), now)]
        }
        WebhookDeed::Deliver { until_empty } => return deliver(place, *until_empty, *json),
    };
    if *json {
        return talk::result(&told);
    }
    for Told { id, url, kinds, sent, waiting, dead, disabled_at, why, secret, .. } in told {
        let off = disabled_at.map_or_else(String::new, |at| format!("; told nothing more since {at}"));
        let why = why.map_or_else(String::new, |why| format!("; the last try failed: {why}"));
        talk::say(&format!("{id}  {url}  {}  {sent} sent, {waiting} waiting, {dead} given up{off}{why}", kinds.join(",")));
        if let Some(secret) = secret {
            talk::line(&secret)?;
        }
    }
    Ok(())
}

fn add(place: &StorePlace, new: &NewReceiver, now: Timestamp) -> Result<Told, ServeError> {
    let (secret, sealer) = secret(place)?;
    let store = place.open()?;
    store.add_receiver(new, &secret, sealer.as_ref(), now)?;
    let receiver = Receiver {
        receiver_id: new.receiver_id.clone(),
        url: new.url.clone(),
        kinds: new.kinds.clone(),
        allow_private: new.allow_private,
        is_sealed: sealer.is_some(),
        old_until: None,
        added_at: now,
        disabled_at: None,
        why: None,
        sent: 0,
        failed: 0,
        waiting: 0,
        dead: 0,
    };
    Ok(Told::of(receiver, Some(&secret), now))
}

/// A new secret, and what it is sealed with.
fn secret(place: &StorePlace) -> Result<(Vec<u8>, Option<Sealer>), ServeError> {
    let sealer = place.sealer()?;
    if sealer.is_none() {
        talk::say("the secret is in the store as it is, for there is no `--store-key`: whoever reads the store can sign");
    }
    talk::say("this is the only time that the secret is told: keep it where secrets are kept");
    Ok((random::<SECRET>()?.to_vec(), sealer))
}

/// A name for a receiver.
fn name() -> Result<String, ServeError> {
    Ok(random::<6>()?.iter().fold("hook_".to_owned(), |text, byte| text + &format!("{byte:02x}")))
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], ServeError> {
    let mut random = [0; BYTES];
    getrandom::fill(&mut random).map_err(|error| ServeError::Fault(format!("no randomness to make a secret of: {error}")))?;
    Ok(random)
}

fn runtime() -> Result<tokio::runtime::Runtime, ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| ServeError::Fault(format!("no threads to deliver with: {error}")))
}

fn deliver(place: &StorePlace, until_empty: bool, json: bool) -> Result<(), ServeError> {
    let desk = Arc::new(Desk::new(place.open()?, place.sealer()?, place.alerts));
    // What time has made of alerts is to be told too.
    desk.store.expire(clock::now(), &desk.alerts)?;
    let courier = Courier::new(Arc::clone(&desk), None, Arc::new(clock::now))?;
    if until_empty {
        runtime()?.block_on(courier.until_empty())?;
    } else {
        runtime()?.block_on(async {
            tokio::spawn(crate::http::keep_time(Arc::clone(&desk)));
            tokio::select! {
                () = courier.keep() => {}
                () = super::http::stopped() => {}
            }
        });
    }
    let counts = &desk.posted;
    let told = Delivered { sent: counts.sent.get(), failed: counts.failed.get(), dead: counts.dead.get(), waiting: desk.store.waiting()? };
    talk::say(&format!("{} webhooks sent, {} tries failed, {} given up; {} wait", told.sent, told.failed, told.dead, told.waiting));
    if json { talk::result(&told) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use lapwing_models::lifecycle::AlertSettings;

    use super::*;
    use crate::exit::{self, Exit};
    use crate::store::{MessageKind, StoreError, StoreUrl};
    use crate::webhooks::PlaceError;

    fn settings(folder: &tempfile::TempDir, deed: WebhookDeed) -> Webhooks {
        let url = StoreUrl::Sqlite(folder.path().join("lapwing.db"));
        let key = Some(folder.path().join("store.key")).filter(|key| key.exists());
        Webhooks { place: StorePlace { url, key, alerts: AlertSettings::default() }, deed, json: true }
    }

    fn adding(url: &str, allow_private: bool) -> WebhookDeed {
        WebhookDeed::Add { url: url.to_owned(), kinds: vec![MessageKind::Opened], allow_private }
    }

    #[test]
    fn a_receiver_is_added_rotated_and_removed_and_what_is_off_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let did = |deed: WebhookDeed| run(&settings(&folder, deed));
        for (url, allow_private) in [("http://127.0.0.1/", false), ("https://localhost/", false), ("localhost", true)] {
            let error = did(adding(url, allow_private)).unwrap_err();
            assert!(matches!(error, ServeError::Place(_)) && error.to_string().contains("\nhint: "), "{error}");
            assert_eq!(exit::of_error(&error), Exit::Usage);
        }
        assert!(matches!(did(adding("http://127.0.0.1/", false)), Err(ServeError::Place(PlaceError::Plain))));
        did(adding("http://127.0.0.1/", true)).unwrap();
        std::fs::write(folder.path().join("store.key"), "0f".repeat(32)).unwrap();
        let store = settings(&folder, WebhookDeed::List).place.open().unwrap();
        let told = store.receivers().unwrap().remove(0);
        assert!(told.receiver_id.starts_with("hook_") && !told.is_sealed && told.allow_private);
        did(WebhookDeed::Rotate(told.receiver_id.clone())).unwrap();
        let rotated = store.receivers().unwrap().remove(0);
        assert!(rotated.is_sealed && rotated.old_until.is_some());
        did(WebhookDeed::List).unwrap();
        did(WebhookDeed::Deliver { until_empty: true }).unwrap();
        did(WebhookDeed::Remove(told.receiver_id.clone())).unwrap();
        let error = did(WebhookDeed::Remove(told.receiver_id)).unwrap_err();
        assert!(matches!(error, ServeError::Store(StoreError::NoReceiver(_))), "{error}");
        assert_eq!(exit::of_error(&error), Exit::Refused);
    }

    #[test]
    fn a_secret_is_told_as_receivers_take_it_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = settings(&folder, WebhookDeed::List).place;
        let new = NewReceiver {
            receiver_id: name().unwrap(),
            url: "https://example.com/".to_owned(),
            kinds: MessageKind::ALL.to_vec(),
            allow_private: false,
        };
        let told = add(&place, &new, Timestamp(0)).unwrap();
        assert_eq!((told.kinds.len(), told.secret.as_deref().unwrap().len()), (5, "whsec_".len() + 44));
        let listed = place.open().unwrap().receivers().unwrap().remove(0);
        assert_eq!((&listed.url, Told::of(listed.clone(), None, Timestamp(0)).secret), (&new.url, None));
    }
}
