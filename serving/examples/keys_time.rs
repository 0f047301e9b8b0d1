//! Whether the time of a refusal tells a wrong key from one that has expired and from none: `cargo run --release -p lapwing-serving
//! --no-default-features --example keys_time -- BUNDLE`.
//!
//! One caller asks over loopback, the three by turns in an order that is drawn anew each round. Who shows no key sends as many bytes,
//! under a name that nobody looks at: how long a request is, is no secret of the service's. Told are the medians, and of each pair
//! how often the one takes longer than the other (0.5 when they are alike) with how many standard errors that is off.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lapwing_features::Timestamp;
use lapwing_models::bundle::ModelBundle;
use lapwing_serving::guard::key::{digest, minted};
use lapwing_serving::guard::{Key, KeyFile, Role};
use lapwing_serving::http::{Connections, Gate, Limits, Served, Setup, State, app, serve};

const ROUNDS: usize = 30_000;
const NAMES: [&str; 3] = ["wrong", "expired", "missing"];

fn request(header: &str, number: u8) -> String {
    let (key, _) = minted([number; 32]);
    format!("GET /v1/models HTTP/1.1\r\nhost: bench\r\n{header}: Bearer {key}\r\n\r\n")
}

/// How long the answer takes, in microseconds; it must be a refusal.
fn ask(stream: &mut TcpStream, request: &str) -> std::io::Result<f64> {
    let (begin, mut held) = (Instant::now(), [0; 4_096]);
    stream.write_all(request.as_bytes())?;
    let length = stream.read(&mut held)?;
    let took = begin.elapsed().as_secs_f64() * 1e6;
    assert!(held[..length].starts_with(b"HTTP/1.1 401") && held[..length].ends_with(b"}"), "a whole refusal");
    Ok(took)
}

fn start(bundle: &Path) -> Result<std::net::SocketAddr, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let keys = folder.path().join("keys.json");
    let (text, id) = minted([4; 32]);
    let roles = vec![Role::Read];
    KeyFile::update(&keys, |held| {
        held.push(Key { id, name: String::new(), roles, sha256: digest(&text), expires: Some(Timestamp(0)) });
        Ok(())
    })?;
    let setup = Setup { gate: Some(Gate::new(Some(keys), None)?), ..Setup::default() };
    let state = State::of(Served::new(ModelBundle::load(bundle)?, None)?.into(), Limits::default(), setup);
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let _ = serve(listener, app(Arc::clone(&state)), Connections::default(), std::future::pending()).await;
            std::io::Result::Ok(())
        })
    });
    Ok(addr)
}

/// How often one of `these` is more than one of `those`, ties by half, and by how many standard errors that is off a half.
fn rank(these: &[f64], those: &[f64]) -> (f64, f64) {
    let mut sorted = those.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = |time: f64| sorted.partition_point(|other| *other < time) + sorted.partition_point(|other| *other <= time);
    let (n, m) = (these.len() as f64, those.len() as f64);
    let share = these.iter().map(|time| below(*time) as f64 / 2.0).sum::<f64>() / (n * m);
    (share, (share - 0.5) / ((n + m + 1.0) / (12.0 * n * m)).sqrt())
}

fn main() -> Result<(), Box<dyn Error>> {
    let bundle = std::env::args().nth(1).ok_or("give the folder of a bundle")?;
    let mut stream = TcpStream::connect(start(Path::new(&bundle))?)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let requests = [("authorization", 9), ("authorization", 4), ("cache-control", 9)].map(|(header, number)| request(header, number));
    let mut times: [Vec<f64>; 3] = Default::default();
    let mut draw = 1_u64;
    for round in 0..ROUNDS + ROUNDS / 10 {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (first, turn) = ((draw >> 40) as usize % 3, if draw >> 63 == 0 { 1 } else { 2 });
        for place in 0..3 {
            let kind = (first + place * turn) % 3;
            let took = ask(&mut stream, &requests[kind])?;
            // The first tenth warms up.
            if round >= ROUNDS / 10 {
                times[kind].push(took);
            }
        }
    }
    for (name, times) in NAMES.iter().zip(&times) {
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        println!("{name}: median {:.2} us, a tenth below {:.2} us", sorted[sorted.len() / 2], sorted[sorted.len() / 10]);
    }
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let (share, errors) = rank(&times[one], &times[other]);
        println!("{} longer than {}: {share:.4}, {errors:+.1} standard errors", NAMES[one], NAMES[other]);
    }
    Ok(())
}
