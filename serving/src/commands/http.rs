//! `http`: serves until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::audit::{AuditKey, AuditLog, Record};
use crate::clock;
use crate::error::ServeError;
use crate::http::{
    self, Address, Connections, Desk, Drained, Gate, Lineup, Served, Setup, Spans, State, Tls, app, health_app, keep_time, read_ahead,
    serve, serve_tls, watch,
};
use crate::playbook;
use crate::samples::SampleLog;
use crate::settings::{Http, Security};
use crate::talk;
use crate::webhooks::Courier;

/// What `http --json` prints once it listens.
#[derive(Debug, Serialize)]
struct Listening {
    addr: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    ops_addr: Option<SocketAddr>,
    model_version: String,
}

/// Runs `http`.
///
/// # Errors
/// [`ServeError::Bundle`] or [`ServeError::Registry`] when the bundle is off, [`ServeError::Listen`] when the address cannot be had.
pub fn run(settings: &Http) -> Result<(), ServeError> {
    // Where it cannot be read, neither can what follows.
    let mark = settings.source.mark().ok().flatten();
    let lineup = settings.source.lineup()?;
    for served in lineup.all() {
        warn_of(served);
    }
    let setup = setup(settings, &lineup)?;
    let state = State::of(lineup, settings.limits, setup);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| ServeError::Fault(format!("no threads to serve with: {error}")))?;
    let operations = Operations::start(settings, &state)?;
    let outcome = runtime.block_on(listen(settings, &state, operations.as_ref().map(|operations| operations.addr), mark));
    // Until here, so that health and metrics tell of the end too.
    drop(operations);
    // Scoring that outlives the drain time is left behind; its callers are gone.
    runtime.shutdown_timeout(Duration::ZERO);
    state.flush();
    match outcome? {
        Drained::All => tracing::info!("stopped"),
        Drained::Cut(connections) => tracing::warn!(connections, "stopped before all were answered"),
    }
    Ok(())
}

/// Connections to the second listener at once.
const OPERATIONS_CONNECTIONS: usize = 64;

/// Health and metrics on a listener and a thread of their own, which end when this is dropped.
struct Operations {
    addr: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Operations {
    /// Starts them; `None` when they are not wanted.
    fn start(settings: &Http, state: &Arc<State>) -> Result<Option<Self>, ServeError> {
        if settings.ops_addr.is_empty() {
            return Ok(None);
        }
        let refused = |source| ServeError::Listen { addr: shown(&settings.ops_addr), source };
        let listener = std::net::TcpListener::bind(&settings.ops_addr[..]).map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let fault = |error| ServeError::Fault(format!("no thread for health and metrics: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
        let connections = Connections { most: OPERATIONS_CONNECTIONS, drain_time: Duration::ZERO, ..settings.connections };
        let (stop, stopped) = oneshot::channel();
        let app = health_app(Arc::clone(state));
        let serving = move || {
            runtime.block_on(async {
                match TcpListener::from_std(listener) {
                    Ok(listener) => drop(serve(listener, app, connections, async { drop(stopped.await) }).await),
                    Err(error) => tracing::error!(kind = %error.kind(), "health and metrics are not served"),
                }
            });
        };
        std::thread::Builder::new().name("operations".to_owned()).spawn(serving).map_err(fault)?;
        Ok(Some(Self { addr, _stop: stop }))
    }
}

/// What the service has beside its models.
fn setup(settings: &Http, lineup: &Lineup) -> Result<Setup, ServeError> {
    let Security { keys, per_second, tokens, audit, samples, origins, tls } = &settings.security;
    let guarded = keys.is_some() || tokens.is_some();
    let gate = guarded.then(|| Gate::new(keys.clone(), tokens.clone())).transpose()?;
    let gate = gate.map(|gate| match per_second {
        Some(number) => gate.held_to(*number),
        None => gate,
    });
    let audit = audit.as_ref().map(|(log, key)| {
        let start = Record { model_version: Some(lineup.champion.version.clone()), ..Record::of("start", clock::now()) };
        AuditLog::open(log, AuditKey::read(key)?, start)
    });
    let samples = match samples {
        Some((dir, room, key)) => Some(SampleLog::open(dir, AuditKey::read(key)?, *room)?),
        None => None,
    };
    let told = |address: &Address| Spans::to(address.clone()).map_err(|why| ServeError::Otlp { url: address.to_string(), why });
    let spans = settings.collector.as_ref().map(told).transpose()?;
    let tls = tls.clone().map(|(cert, key)| Tls::new(cert, key)).transpose()?.map(Arc::new);
    let desk = settings.store.as_ref().map(|place| Ok::<_, ServeError>(Desk::new(place.open()?, place.sealer()?, place.alerts)));
    let desk = desk.transpose()?.map(|desk| match settings.store_cache_bytes {
        Some(bytes) => desk.caching(bytes),
        None => desk,
    });
    let (source, advice, origins) = (Some(settings.source.clone()), playbook::advice(&settings.advice)?, origins.clone());
    let advised_by = settings.advice.clone();
    Ok(Setup { source, advice, advised_by, desk, gate, audit: audit.transpose()?, samples, spans, origins, tls })
}

/// Logs what somebody should know who takes the word of these models.
fn warn_of(served: &Served) {
    for model in served.bundle.models() {
        if let Some(why) = model.basis.why() {
            tracing::warn!(target_name = %model.target, why, "probabilities are by the {}", model.basis.name());
        }
    }
    for warning in super::without_skill(&served.bundle) {
        tracing::warn!("{warning}");
    }
}

async fn listen(settings: &Http, state: &Arc<State>, ops_addr: Option<SocketAddr>, mark: Option<Vec<u8>>) -> Result<Drained, ServeError> {
    let refused = |source| ServeError::Listen { addr: shown(&settings.addr), source };
    let mut stop = Signals::new().map_err(|error| ServeError::Fault(format!("no signals to stop by: {error}")))?;
    let listener = TcpListener::bind(&settings.addr[..]).await.map_err(refused)?;
    let addr = listener.local_addr().map_err(refused)?;
    tracing::info!(%addr, ops_addr = ops_addr.map(tracing::field::display), model_version = state.version(), "listening");
    log_panics();
    #[cfg(unix)]
    {
        let hang_ups = Signals::hang_ups().map_err(|error| ServeError::Fault(format!("no signals to reload by: {error}")))?;
        tokio::spawn(reload_at(hang_ups, Arc::clone(state)));
    }
    let keeper = Arc::clone(state);
    tokio::spawn(async move {
        if let Some(gate) = keeper.gate() {
            gate.keep().await;
        }
    });
    if let Some(desk) = state.chores() {
        let courier = Courier::new(Arc::clone(desk), None, Arc::new(clock::now))?;
        tokio::spawn(courier.keep());
        tokio::spawn(keep_time(Arc::clone(desk)));
        tokio::spawn(read_ahead(Arc::clone(desk)));
    }
    if let Some(every) = settings.reload_time {
        tokio::spawn(watch(Arc::clone(state), every, mark));
    }
    if settings.json {
        talk::result(&Listening { addr, ops_addr, model_version: state.version() })?;
    }
    let shutdown = async {
        stop.next().await;
        state.stop();
    };
    Ok(serve_tls(listener, app(Arc::clone(state)), settings.connections, state.tls().cloned(), shutdown).await)
}

/// Reads everything again whenever a signal says so.
#[cfg(unix)]
async fn reload_at(mut hang_ups: tokio::signal::unix::Signal, state: Arc<State>) {
    while hang_ups.recv().await.is_some() {
        state.refresh().await;
    }
}

/// The addresses as one text within backticks.
fn shown(addr: &[SocketAddr]) -> String {
    addr.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join("`, `")
}

/// From now on logs where each panic happened, without its message, which may hold data: the service contains panics and goes
/// on, so nobody else would tell of them.
fn log_panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if http::panics_for_a_caller() {
            return;
        }
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic, which is a fault of the program");
        hook(panic);
    }));
}

/// Completes when somebody says stop, or at once where nobody could.
pub(super) async fn stopped() {
    if let Ok(mut signals) = Signals::new() {
        signals.next().await;
    }
}

/// The signals that mean stop: SIGTERM and SIGINT, or Ctrl-C where there is no such thing.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on the signals are ours, so that one that comes early is not lost.
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    /// SIGHUP, which means to look again; nothing where there is no such thing.
    #[cfg(unix)]
    fn hang_ups() -> std::io::Result<tokio::signal::unix::Signal> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{self, Exit};
    use crate::fixture;
    use crate::http::{Connections, Limits};
    use crate::settings;
    use crate::source::Source;

    #[test]
    fn an_address_that_is_taken_is_wrong_usage() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle");
        fixture::bundle().save(&bundle).unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = vec![taken.local_addr().unwrap()];
        let settings = Http {
            source: Source::Bundle(bundle),
            addr,
            ops_addr: Vec::new(),
            limits: Limits::default(),
            connections: Connections::default(),
            store: None,
            store_cache_bytes: None,
            advice: settings::Advice::default(),
            security: Security::default(),
            collector: None,
            reload_time: None,
            json: false,
        };
        let second = Http { ops_addr: settings.addr.clone(), addr: vec!["127.0.0.1:0".parse().unwrap()], ..settings.clone() };
        for settings in [settings, second] {
            let error = run(&settings).unwrap_err();
            assert!(matches!(error, ServeError::Listen { .. }), "{error}");
            assert_eq!(exit::of_error(&error), Exit::Usage);
        }
    }
}
