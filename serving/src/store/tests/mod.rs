//! The store, on a file and, where `LAPWING_TEST_POSTGRES` names a server, there too: the same tests.

mod alerts;
mod histories;
mod kills;
mod lives;
mod lots;
mod news;
mod pages;
mod runs;
mod webhooks;

use std::sync::atomic::{AtomicU32, Ordering};

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::AlertSettings;

use super::*;

/// An address as `postgres://user@host:port/database`, in which schemas are made and dropped.
const SERVER: &str = "LAPWING_TEST_POSTGRES";

pub(crate) const DAY: i64 = 86_400_000_000;

/// When the first run is.
pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000_000);

pub(crate) const SETTINGS: AlertSettings =
    AlertSettings { window_hours: 72, follow_up_days: 30, cooldown_days: 30, rise: 0.18, rise_days: 7, new_signs: 2, calm_scorings: 2 };

pub(crate) fn days(days: i64) -> Timestamp {
    Timestamp(START.0 + days * DAY)
}

/// A place for a store, gone with this.
pub(crate) struct Place {
    url: StoreUrl,
    _folder: tempfile::TempDir,
    schema: Option<(String, String)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema
            && let Ok(mut client) = ::postgres::Client::connect(server, ::postgres::NoTls)
        {
            let _ = client.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"));
        }
    }
}

impl Place {
    fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: StoreUrl::Sqlite(folder.path().join("lapwing.db")), _folder: folder, schema: None }
    }

    fn server(server: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("lapwing_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut client = ::postgres::Client::connect(server, ::postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        let mark = if server.contains('?') { '&' } else { '?' };
        let url = StoreUrl::Postgres(format!("{server}{mark}options=-csearch_path%3D{schema}"));
        Self { url, _folder: tempfile::tempdir().unwrap(), schema: Some((server.to_owned(), schema)) }
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.url).unwrap()
    }
}

/// Each kind of place that is at hand.
pub(crate) fn places() -> Vec<Place> {
    let server = std::env::var(SERVER).ok();
    if server.is_none() {
        eprintln!("only a file: `{SERVER}` names no PostgreSQL server");
    }
    [Place::file()].into_iter().chain(server.map(|server| Place::server(&server))).collect()
}

/// A customer of a run.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    id: String,
    risk: f64,
    band: &'static str,
    stage: &'static str,
    raised: &'static str,
    held_out: Option<bool>,
    campaign: Option<&'static str>,
    pub(crate) bought: Timestamp,
}

impl Row {
    pub(crate) fn new(id: &str, risk: f64) -> Self {
        let band = if risk >= 0.8 {
            "red"
        } else if risk >= 0.5 {
            "yellow"
        } else {
            "green"
        };
        Self { id: id.to_owned(), risk, band, stage: "active", raised: "", held_out: None, campaign: None, bought: days(-20) }
    }

    pub(crate) fn cells(&self) -> Vec<Value<'static>> {
        let cell = |column: &StoreColumn| match column.name {
            "customer_id" => self.id.clone().into(),
            "population" => "current".into(),
            "stage" => self.stage.into(),
            "segment" => "champion".into(),
            "risk_band" => self.band.into(),
            "churn_probability" => self.risk.into(),
            "clv_365d" => 100.0.into(),
            "at_stake" => (self.risk * 100.0).into(),
            "signs_raised" => self.raised.into(),
            "reason_1" => "30 days since the last purchase".into(),
            "campaign" => self.campaign.map_or(Value::Null, Value::from),
            "held_out" => self.held_out.map(i64::from).into(),
            "rfm_r" => Value::Integer(3),
            "last_purchase_us" => self.bought.0.into(),
            _ => Value::Null,
        };
        COLUMNS.iter().map(cell).collect()
    }
}

pub(crate) fn head(name: &str, as_of: Timestamp) -> RunHead {
    let (run_id, model_version) = (name.to_owned(), "20231114-abc".to_owned());
    RunHead { run_id, digest: format!("{name}-digest"), as_of, model_version, horizon_days: 90 }
}

/// Publishes customers under a name, as of `at` and at that instant.
pub(crate) fn publish(store: &Store, name: &str, at: Timestamp, rows: &[Row]) -> Result<Outcome, StoreError> {
    publish_with(store, name, at, rows, &[])
}

/// The same beside events that tell this.
fn publish_with(store: &Store, name: &str, at: Timestamp, rows: &[Row], told: &[Happened]) -> Result<Outcome, StoreError> {
    match store.load(head(name, at), at)? {
        Err(outcome) => Ok(outcome),
        Ok(mut loading) => {
            loading.add(rows.iter().map(Row::cells).collect())?;
            loading.hear(told.to_vec());
            loading.publish(at, &SETTINGS, 3)
        }
    }
}
