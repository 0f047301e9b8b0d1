//! Changes the model a thousand times while it is asked, and tells whether anybody notices: `cargo run --release -p lapwing-serving
//! --no-default-features --example reloads -- BUNDLE OTHER [MILLISECONDS]`, two bundles of one date, and the time from
//! one reload to the next, 100 unless given.
//!
//! Five times over: a while of quiet, then as long a while with 200 reloads, under the same load of callers who each ask at a fixed
//! rate. Told are the p99 of both, counted from when a request was due, and the memory of the process. Every answer must be 200.

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lapwing_models::bundle::ModelBundle;
use lapwing_serving::http::{Connections, Limits, Reloaded, Setup, State, app, serve};
use lapwing_serving::source::Source;
use serde_json::{Value, json};

const PAIRS: usize = 5;
const RELOADS: usize = 200;
const CALLERS: u32 = 4;
const RATE_EACH: f64 = 200.0;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A registry of two bundles, either of which may be champion.
struct Place {
    folder: tempfile::TempDir,
    bundles: Vec<ModelBundle>,
}

impl Place {
    fn new(paths: &[PathBuf]) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let mut bundles = Vec::new();
        for path in paths {
            let bundle = ModelBundle::load(path)?;
            let dir = folder.path().join("bundles").join(bundle.version());
            fs::create_dir_all(&dir)?;
            for file in fs::read_dir(path)? {
                let file = file?;
                fs::copy(file.path(), dir.join(file.file_name()))?;
            }
            bundles.push(bundle);
        }
        Ok(Self { folder, bundles })
    }

    /// Makes the first of so many bundles that took office one after the other the last.
    fn list(&self, champions: usize) -> Outcome<()> {
        let mut before = Value::Null;
        let entries: Vec<Value> = (1..)
            .zip(&self.bundles[..champions])
            .map(|(sequence, bundle)| {
                let before = std::mem::replace(&mut before, json!(bundle.version()));
                json!({"sequence": sequence, "action": "promoted", "version": bundle.version(), "as_of": bundle.as_of, "before": before,
                       "decision": null, "contest": null})
            })
            .collect();
        let fresh = self.folder.path().join("registry.json.new");
        fs::write(&fresh, json!({"format_version": 2, "history": entries, "challenger": null}).to_string())?;
        Ok(fs::rename(fresh, self.folder.path().join("registry.json"))?)
    }
}

fn request(bundle: &ModelBundle) -> String {
    let at = bundle.as_of.to_string();
    let events: Vec<Value> = (0..50)
        .map(|event| json!({"ts": bundle.as_of.plus_days(-7 * (event + 1)).to_string(), "kind": "purchase", "amount": 10 + event, "channel": "web"}))
        .collect();
    let body = json!({"as_of": at, "customers": [{"customer_id": "12347", "events": events}]}).to_string();
    format!("POST /v1/score HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// How long an answer is whose head is there.
fn whole(held: &[u8]) -> Option<usize> {
    let end = held.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&held[..end]).ok()?;
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    Some(end + length)
}

/// Asks at a fixed rate until told to stop; the times from when each was due, in microseconds.
fn caller(addr: SocketAddr, request: String, over: Arc<AtomicBool>) -> JoinHandle<Outcome<Vec<f64>>> {
    std::thread::spawn(move || {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        let (begin, mut times, mut held) = (Instant::now(), Vec::new(), vec![0; 1 << 16]);
        while !over.load(Ordering::Relaxed) {
            let due = begin + Duration::from_secs_f64(times.len() as f64 / RATE_EACH);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            stream.write_all(request.as_bytes())?;
            let mut length = 0;
            while whole(&held[..length]).is_none_or(|whole| length < whole) {
                let more = stream.read(&mut held[length..])?;
                length += more;
                if more == 0 || !held[..length].starts_with(b"HTTP/1.1 200") {
                    return Err(format!("after {} answers: `{}`", times.len(), String::from_utf8_lossy(&held[..length])).into());
                }
            }
            times.push(due.elapsed().as_secs_f64() * 1e6);
        }
        Ok(times)
    })
}

/// The p99 of all callers while `work` goes on.
fn under_load(addr: SocketAddr, request: &str, work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS).map(|_| caller(addr, request.to_owned(), Arc::clone(&over))).collect();
    let done = work();
    over.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.join().map_err(|_| "a caller gave up")??);
    }
    done?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() * 99 / 100])
}

/// Kilobytes that the process holds.
fn memory() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn main() -> Outcome<()> {
    let paths: Vec<PathBuf> = std::env::args().skip(1).take(2).map(|path| Path::new(&path).to_owned()).collect();
    let every = Duration::from_millis(std::env::args().nth(3).map_or(Ok(100), |text| text.parse())?);
    if paths.len() != 2 {
        return Err("give the folders of two bundles".into());
    }
    let place = Place::new(&paths)?;
    place.list(1)?;
    let source = Source::Registry(place.folder.path().to_owned());
    let state = State::of(source.lineup()?, Limits::default(), Setup { source: Some(source), ..Setup::default() });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let addr = listener.local_addr()?;
    runtime.spawn(serve(listener, app(Arc::clone(&state)), Connections::default(), std::future::pending()));
    let request = request(&place.bundles[0]);
    let mut champions = 1;
    let mut took = Vec::new();
    let mut reload = |times: usize| -> Outcome<()> {
        for _ in 0..times {
            let next = Instant::now() + every;
            champions = 3 - champions;
            place.list(champions)?;
            let begin = Instant::now();
            let reloaded = runtime.block_on(state.reload());
            took.push(begin.elapsed().as_secs_f64() * 1e3);
            if reloaded != Ok(Reloaded::Loaded) {
                return Err("a reload was refused".into());
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        Ok(())
    };
    let quiet = || {
        std::thread::sleep(every * RELOADS as u32);
        Ok(())
    };
    // Buffers find their size.
    under_load(addr, &request, || reload(RELOADS))?;
    let before = memory()?;
    let (mut quiets, mut busies) = (Vec::new(), Vec::new());
    for pair in 1..=PAIRS {
        quiets.push(under_load(addr, &request, quiet)?);
        busies.push(under_load(addr, &request, || reload(RELOADS))?);
        let held = memory()?;
        println!("{pair}: p99 quiet {:.0} us, with reloads {:.0} us; {held:.0} kB", quiets[pair - 1], busies[pair - 1]);
    }
    let (quiet, busy, after) = (median(quiets), median(busies), memory()?);
    println!("a reload took {:.1} ms at the median", median(took));
    println!("{} reloads: p99 {quiet:.0} us quiet, {busy:.0} us with reloads ({:+.1} %)", PAIRS * RELOADS, 100.0 * (busy / quiet - 1.0));
    println!("memory: {before:.0} kB before, {after:.0} kB after ({:+.2} %)", 100.0 * (after / before - 1.0));
    Ok(())
}
