//! `skew`: what was seen while serving against what the batch computes of the same customers at the same cutoffs.

use std::sync::atomic::{AtomicU64, Ordering};

use lapwing_features::engine;
use lapwing_features::{Attributes, Kernel, Snapshot};
use serde::Serialize;

use crate::audit::AuditKey;
use crate::commands::as_fitted;
use crate::error::ServeError;
use crate::samples::{self, Asked, Samples, SkewReport};
use crate::settings;
use crate::talk;

/// Rows between two log lines while reading.
const LOG_EVERY: u64 = 5_000_000;

/// What `skew --json` prints.
#[derive(Debug, Serialize)]
struct Printed {
    model_version: String,
    requests: u64,
    by_others: u64,
    unreadable: u64,
    threshold: f64,
    #[serde(flatten)]
    report: SkewReport,
}

/// Runs `skew`.
///
/// # Errors
/// [`ServeError::Skewed`] when more differs than may; else when bundle, log, key or events do not allow to compare.
pub fn run(settings: &settings::Skew) -> Result<(), ServeError> {
    let printed = compare(settings)?;
    tell(&printed);
    if settings.json {
        talk::result(&printed)?;
    }
    let worst = printed.report.worst_share;
    if worst > settings.threshold { Err(ServeError::Skewed { worst, threshold: settings.threshold }) } else { Ok(()) }
}

fn compare(settings: &settings::Skew) -> Result<Printed, ServeError> {
    let bundle = settings.source.load()?;
    let zone = |source| ServeError::Time { setting: "the bundle's time zone", source };
    let calendar = bundle.calendar().map_err(zone)?;
    let (key, model_version) = (AuditKey::read(&settings.log.key)?, bundle.version());
    let Samples { by_customer, by_others, unreadable } = samples::read(&settings.log.dir, &model_version)?;
    let asked = || by_customer.values().flatten();
    let config = as_fitted(&bundle, &settings.reading);
    let told = AtomicU64::new(0);
    let progress = |rows: u64| {
        let before = told.fetch_max(rows, Ordering::Relaxed);
        if before / LOG_EVERY < rows / LOG_EVERY {
            tracing::info!(rows, "reading");
        }
    };
    let dataset = engine::read(&engine::Request {
        events: &settings.events,
        config: &config,
        customers: None,
        calendar: &calendar,
        until: asked().map(|asked| asked.as_of).max(),
        resources: &settings.resources,
        progress: &progress,
    })?;
    let facts = bundle.fact_settings();
    let mut all = samples::Skew::default();
    let work = |part: engine::Part<'_>| {
        let (mut kernel, mut skew) = (Kernel::new(bundle.shape.clone()), samples::Skew::default());
        part.try_each(|customer| {
            for Asked { as_of, features } in by_customer.get(&key.customer(customer.id)).into_iter().flatten() {
                let cutoff = calendar.cutoff(*as_of);
                // Attributes are in no feature.
                if let Some(snapshot) = Snapshot::take(&mut kernel, customer.history, cutoff, facts, Attributes::new()) {
                    skew.add(features, &snapshot.features);
                }
            }
            Ok::<_, ServeError>(())
        })?;
        Ok(skew)
    };
    dataset.sweep(work, |skew| {
        all.merge(&skew);
        Ok::<_, ServeError>(())
    })?;
    let requests = asked().count() as u64;
    Ok(Printed { model_version, requests, by_others, unreadable, threshold: settings.threshold, report: all.report(requests) })
}

fn tell(printed: &Printed) {
    let Printed { model_version, requests, by_others, unreadable, report, .. } = printed;
    talk::say(&format!("{requests} requests to {model_version}, {by_others} to others left out, {unreadable} unreadable lines"));
    let SkewReport { compared, differing, not_found, features, .. } = report;
    talk::say(&format!("{compared} compared: {differing} differ; {not_found} are of customers that the events do not have at that cutoff"));
    for one in features {
        let share = 100.0 * one.share;
        talk::say(&format!(
            "{}: {share:.2} % differ: {} other values, at most {} apart, {} missing, {} extra",
            one.feature, one.mismatch, one.largest_difference, one.missing, one.extra
        ));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use axum::body::Body;
    use axum::http::{Request, header};
    use lapwing_features::engine::EventsConfig;
    use serde_json::json;
    use tower::ServiceExt;

    use super::*;
    use crate::exit::{self, Exit};
    use crate::fixture;
    use crate::http::{Limits, Served, Setup, State, app};
    use crate::samples::{Room, SampleError, SampleLog};
    use crate::settings::{Log, Source};

    /// As [`ask`], on a runtime that ends with it: the engine has one of its own.
    fn serve(folder: &Path, factor: f64) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(ask(folder, factor));
    }

    /// Has every customer scored over HTTP, with the log kept; every amount times `factor`.
    async fn ask(folder: &Path, factor: f64) {
        let key = AuditKey::read(&folder.join("audit.key")).unwrap();
        let log = SampleLog::open(&folder.join("requests"), key, Room { share: 1.0, bytes: 1 << 30 }).unwrap();
        let setup = Setup { samples: Some(log), ..Setup::default() };
        let state = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup);
        for customer in 0..fixture::CUSTOMERS {
            let rows = fixture::rows().into_iter().filter(|row| row.customer == customer);
            let events: Vec<_> = rows.map(|row| json!({"ts": row.ts, "amount": row.amount * factor, "channel": row.channel})).collect();
            let body = json!({"as_of": "2023-10-01", "customers": [{"customer_id": customer, "events": events}]}).to_string();
            let request = Request::post("/v1/score").header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap();
            assert_eq!(app(Arc::clone(&state)).oneshot(request).await.unwrap().status(), 200);
        }
    }

    fn prepare(folder: &Path) -> settings::Skew {
        fixture::bundle().save(&folder.join("bundle")).unwrap();
        std::fs::write(folder.join("events.csv"), fixture::csv()).unwrap();
        std::fs::write(folder.join("audit.key"), [b'k'; 32]).unwrap();
        settings::Skew {
            source: Source::Bundle(folder.join("bundle")),
            log: Log { dir: folder.join("requests"), key: folder.join("audit.key") },
            events: vec![folder.join("events.csv").display().to_string()],
            reading: EventsConfig::default(),
            threshold: 0.0,
            resources: engine::Resources::default(),
            json: false,
        }
    }

    #[test]
    fn what_was_served_is_what_the_batch_computes_and_what_is_not_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let settings = prepare(folder.path());
        std::fs::create_dir(&settings.log.dir).unwrap();
        let error = run(&settings).unwrap_err();
        assert!(matches!(error, ServeError::Samples(SampleError::Nothing { .. })), "{error}");
        assert_eq!(exit::of_error(&error), Exit::Refused);
        serve(folder.path(), 1.0);
        let same = compare(&settings).unwrap();
        assert!(same.requests > 200 && same.report.compared == same.requests, "{same:?}");
        assert_eq!((same.report.differing, same.report.worst_share, same.report.features.len()), (0, 0.0, 0), "{same:?}");
        run(&settings).unwrap();
        serve(folder.path(), 2.0);
        let other = compare(&settings).unwrap();
        assert_eq!(other.report.differing, same.requests);
        assert!(other.report.features.iter().all(|feature| feature.mismatch > 0), "{other:?}");
        let error = run(&settings).unwrap_err();
        assert!(matches!(error, ServeError::Skewed { .. }) && error.to_string().contains("\nhint: "), "{error}");
        assert_eq!(exit::of_error(&error), Exit::Refused);
        run(&settings::Skew { threshold: 0.5, ..settings }).unwrap();
    }
}
