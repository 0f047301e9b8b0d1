//! What is counted while serving, in the text format of Prometheus.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use lapwing_models::lifecycle::RiskBand;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::admission::Times;
use super::lineup::Lineup;
use super::shadow::ENDS;
use super::sheet::BANDS;
use crate::guard::ROUTES;
use crate::webhooks::Counts;

/// The content type of what [`Metrics::text`] gives.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 14] = [0.0001, 0.0003, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    version: String,
    fitted_as_of: String,
    role: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabels {
    target: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VersionLabels {
    version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BandLabels {
    version: String,
    band: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BaselineLabels {
    version: String,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DriftLabels {
    version: String,
    kind: &'static str,
    name: &'static str,
}

/// How far customers differ from those of the fit, as of the last look.
#[derive(Debug, Default)]
struct DriftGauges {
    customers: Family<VersionLabels, Gauge>,
    baselines: Family<BaselineLabels, Gauge>,
    indices: Family<DriftLabels, Gauge<f64, AtomicU64>>,
}

/// What is counted of nearly every request to a route, found once: finding it by its labels takes longer than counting.
#[derive(Debug)]
struct Usual {
    ok: Counter,
    seconds: Histogram,
}

/// The counters of one service.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
    usual: HashMap<&'static str, OnceLock<Usual>>,
    rows: Counter,
    rows_by_model: Family<VersionLabels, Counter>,
    bands: Family<BandLabels, Counter>,
    refused_requests: Family<ReasonLabels, Counter>,
    refused_rows: Family<ReasonLabels, Counter>,
    models: Family<ModelLabels, Gauge>,
    reloads: Family<ReloadLabels, Counter>,
    reload_refused: Gauge,
    shadow: Family<TargetLabels, Histogram>,
    audit_lost: Gauge,
    samples: [Gauge; 2],
    times: Times,
    drift: DriftGauges,
}

impl Metrics {
    /// All counters at zero.
    #[must_use]
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("lapwing");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let rows = Counter::default();
        let refused_requests = Family::default();
        let refused_rows = Family::default();
        let models = Family::default();
        registry.register("http_requests", "Requests answered, by route and status", requests.clone());
        registry.register_with_unit("http_request_duration", "Time from head to answer, by route", Unit::Seconds, seconds.clone());
        registry.register("rows_scored", "Customers scored", rows.clone());
        registry.register("requests_refused", "Requests refused, by reason", refused_requests.clone());
        registry.register("rows_refused", "Customers not scored within requests that were, by reason", refused_rows.clone());
        registry.register("model_info", "The models that serve", models.clone());
        let reloads = Family::default();
        registry.register("model_reloads", "Reloads of the models, by outcome and reason", reloads.clone());
        let reload_refused = Gauge::default();
        registry.register("model_reload_refused", "1 while the last reload was refused and older models serve on", reload_refused.clone());
        let rows_by_model = Family::default();
        registry.register("rows_scored_by_model", "Customers scored, by the version of the model", rows_by_model.clone());
        let shadow = Family::new_with_constructor(differences as fn() -> Histogram);
        let help = "Probability by the challenger in the shadow less that by the champion, by target";
        registry.register("shadow_difference", help, shadow.clone());
        let audit_lost = Gauge::default();
        registry.register("audit_records_lost", "Records of the audit log that could not be written", audit_lost.clone());
        let bands = Family::default();
        registry.register("scores", "Customers scored, by version of the model and risk band", bands.clone());
        let times = Times { queue: histogram(), work: histogram() };
        let help = "Time from when a body is there to when it is worked on";
        registry.register_with_unit("queue_duration", help, Unit::Seconds, times.queue.clone());
        registry.register_with_unit("score_duration", "Time that a body is worked on", Unit::Seconds, times.work.clone());
        let samples = [Gauge::default(), Gauge::default()];
        registry.register("request_log_lines", "Lines that were written to the request log", samples[0].clone());
        let help = "Customers that the request log left out, since it was behind or could not be written";
        registry.register("request_log_dropped", help, samples[1].clone());
        let drift = DriftGauges::register(&mut registry);
        Self {
            registry,
            requests,
            seconds,
            usual: ROUTES.iter().map(|route| (route.path, OnceLock::new())).collect(),
            rows,
            rows_by_model,
            bands,
            refused_requests,
            refused_rows,
            models,
            reloads,
            reload_refused,
            shadow,
            audit_lost,
            samples,
            times,
            drift,
        }
    }

    /// From now on tells what is delivered to receivers of webhooks too.
    pub(super) fn post(&mut self, counts: &Counts) {
        let registry = &mut self.registry;
        registry.register("webhooks_sent", "Webhooks that were taken", counts.sent.clone());
        registry.register("webhooks_failed", "Tries of webhooks that failed", counts.failed.clone());
        registry.register("webhooks_dead", "Webhooks that were given up", counts.dead.clone());
        registry.register("webhooks_waiting", "Webhooks in the store that wait, whoever delivers them", counts.waiting.clone());
    }

    /// From now on tells how many answers on published customers are kept too.
    pub(super) fn keep(&mut self, count: &Gauge) {
        self.registry.register("store_answers_kept", "Answers on published customers that are kept in memory", count.clone());
    }

    /// How long work waits and takes.
    #[must_use]
    pub(super) fn times(&self) -> Times {
        self.times.clone()
    }

    /// From now on these models serve.
    pub(super) fn in_office(&self, lineup: &Lineup) {
        self.models.clear();
        for (served, role) in lineup.all().zip(["champion", "challenger"]) {
            let (version, fitted_as_of) = (served.version.clone(), served.bundle.as_of.to_string());
            self.models.get_or_create(&ModelLabels { version, fitted_as_of, role }).set(1);
        }
    }

    /// A reload ended.
    pub(super) fn reloaded(&self, outcome: &'static str, reason: &'static str) {
        self.reloads.get_or_create(&ReloadLabels { outcome, reason }).inc();
        self.reload_refused.set(i64::from(outcome == "refused"));
    }

    /// The challenger scored a customer of the champion's, and told a probability that differs by this.
    pub(super) fn shadowed(&self, target: &'static str, difference: f64) {
        self.shadow.get_or_create(&TargetLabels { target }).observe(difference);
    }

    /// A request to `route` was answered.
    pub(super) fn answered(&self, route: &str, status: u16, seconds: f64) {
        if let (200, Some(usual)) = (status, self.usual.get(route)) {
            let usual = usual.get_or_init(|| Usual {
                ok: self.requests.get_or_create_owned(&RequestLabels { route: route.to_owned(), status }),
                seconds: self.seconds.get_or_create_owned(&RouteLabels { route: route.to_owned() }),
            });
            usual.ok.inc();
            usual.seconds.observe(seconds);
            return;
        }
        self.requests.get_or_create(&RequestLabels { route: route.to_owned(), status }).inc();
        self.seconds.get_or_create(&RouteLabels { route: route.to_owned() }).observe(seconds);
    }

    /// A request was refused.
    pub(super) fn refused_request(&self, reason: &'static str) {
        self.refused_requests.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// So many records of the audit log were lost until now.
    pub(super) fn audit_lost(&self, records: u64) {
        self.audit_lost.set(records.cast_signed());
    }

    /// So many lines of the request log were written and left out until now.
    pub(super) fn samples(&self, written: u64, dropped: u64) {
        for (gauge, count) in self.samples.iter().zip([written, dropped]) {
            gauge.set(count.cast_signed());
        }
    }

    /// Customers were scored by the model of this version: all, and those of each band, the last without one.
    pub(super) fn scored_rows(&self, version: &str, rows: u64, bands: [u64; BANDS]) {
        self.rows.inc_by(rows);
        let names = RiskBand::ALL.iter().map(|band| band.name()).chain(["none"]);
        for (band, count) in names.zip(bands).filter(|(_, count)| *count > 0) {
            self.bands.get_or_create(&BandLabels { version: version.to_owned(), band }).inc_by(count);
        }
        self.rows_by_model.get_or_create(&VersionLabels { version: version.to_owned() }).inc_by(rows);
    }

    /// A customer could not be scored.
    pub(super) fn refused_row(&self, reason: &'static str) {
        self.refused_rows.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// The counters as text, with how far the customers of these models differ.
    #[must_use]
    pub(super) fn text(&self, lineup: &Lineup) -> String {
        self.drift.set(lineup);
        let mut text = String::new();
        // Writing to a string cannot fail; were it cut, the missing `# EOF` would tell the scraper.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl DriftGauges {
    fn register(registry: &mut Registry) -> Self {
        let gauges = Self::default();
        let help = "Customers of late by whom drift is told, at most twice ten thousand";
        registry.register("drift_customers", help, gauges.customers.clone());
        let help = "Features and scores of which the model knows how they were at the fit; 0 when it knows of none";
        registry.register("drift_baselines", help, gauges.baselines.clone());
        let help = "Population stability index of the customers of late against those of the fit; from 0.1 on look, from 0.25 on fit again";
        registry.register("drift_psi", help, gauges.indices.clone());
        gauges
    }

    fn set(&self, lineup: &Lineup) {
        self.customers.clear();
        self.baselines.clear();
        self.indices.clear();
        for served in lineup.all() {
            let version = || served.version.clone();
            let differences = served.drift.differences();
            self.customers.get_or_create(&VersionLabels { version: version() }).set(differences.customers.cast_signed());
            for (kind, count) in ["feature", "score"].into_iter().zip(differences.baselines) {
                self.baselines.get_or_create(&BaselineLabels { version: version(), kind }).set(i64::try_from(count).unwrap_or(i64::MAX));
            }
            for (kind, name, index) in differences.indices {
                self.indices.get_or_create(&DriftLabels { version: version(), kind, name }).set(index);
            }
        }
    }
}

fn differences() -> Histogram {
    Histogram::new(ENDS)
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}
