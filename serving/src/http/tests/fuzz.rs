//! Whatever is sent, or stands in a file: nothing panics, and nobody is told that it was the service's fault.
//!
//! Cases are drawn anew from the corpus each time in the same way, so that a failure comes back. `LAPWING_FUZZ_CASES` says how many
//! of each kind, `LAPWING_FUZZ_SEED` that others are drawn.

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(feature = "arrow")]
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, header};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{fixture, get, post, send, state};
use crate::cli::{CommonArgs, HttpArgs};
use crate::settings::Http;

/// What readers stumble over.
const ODD: [&str; 40] = [
    "",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "0",
    "-0.0",
    "-1",
    "1e308",
    "-1e308",
    "1e999",
    "5e-324",
    "9007199254740993",
    "18446744073709551616",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\u{feff}",
    "\u{0}",
    "\n",
    "\r\n",
    "é",
    "😀",
    "[[[[[[[[",
    "\"customer_id\":",
    "\"events\":[]",
    "\"features\":{}",
    "\"ts\":\"0000-01-01\"",
    "\"9999-12-31T23:59:59.999999999Z\"",
    "\"-262143-01-01\"",
    "\"2024-01-01T00:00:00+99:99\"",
    "\"kind\":\"purchase\"",
    "\"as_of\":\"1900-01-01\"",
    "inf",
];

/// How a text is changed.
#[derive(Clone, Debug)]
enum Change {
    Cut(Index, usize),
    Double(Index, usize),
    Put(Index, &'static str),
    Replace(Index, &'static str),
    Byte(Index, u8),
    /// As lengths and offsets of a binary form are written.
    Number(Index, i64, bool),
}

fn change() -> impl Strategy<Value = Change> {
    let odd = || prop::sample::select(ODD.to_vec());
    let at = any::<Index>;
    let numbers = vec![0, 1, -1, 7, 255, 1 << 16, i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX, i64::MIN, 1 << 40];
    prop_oneof![
        2 => (at(), 1..40_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => (at(), 1..200_usize).prop_map(|(at, length)| Change::Double(at, length)),
        2 => (at(), odd()).prop_map(|(at, odd)| Change::Put(at, odd)),
        4 => (at(), odd()).prop_map(|(at, odd)| Change::Replace(at, odd)),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (at(), prop::sample::select(numbers), any::<bool>()).prop_map(|(at, number, wide)| Change::Number(at, number, wide)),
    ]
}

/// The end of the value, name or number that begins at or around `at`.
fn token(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let parts = |byte: &u8| b"{}[]:,\"\n= ".contains(byte);
    let begin = bytes[..at].iter().rposition(parts).map_or(0, |begin| begin + 1);
    let end = bytes[at..].iter().position(parts).map_or(bytes.len(), |end| at + end);
    // With its quotes, so that numbers come where texts were.
    let quoted = begin > 0 && end < bytes.len() && bytes[begin - 1] == b'"' && bytes[end] == b'"';
    if quoted { begin - 1..end + 1 } else { begin..end }
}

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match change {
            Change::Cut(at, length) => {
                let at = place(at);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Change::Double(at, length) => {
                let at = place(at);
                let part = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            Change::Put(at, odd) => {
                let at = place(at);
                bytes.splice(at..at, odd.bytes());
            }
            Change::Replace(at, odd) => {
                let range = token(&bytes, place(at));
                bytes.splice(range, odd.bytes());
            }
            Change::Byte(at, byte) => {
                let at = place(at);
                if let Some(place) = bytes.get_mut(at) {
                    *place = *byte;
                }
            }
            Change::Number(at, number, wide) => {
                let width = if *wide { 8 } else { 4 };
                let at = place(at) / 4 * 4;
                if let Some(place) = bytes.get_mut(at..at + width) {
                    place.copy_from_slice(&number.to_le_bytes()[..width]);
                }
            }
        }
    }
    bytes
}

/// The files of the corpus for this kind.
fn corpus(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz-corpus").join(kind);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A number that is asked for.
fn asked(name: &str) -> Option<u32> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

/// How many cases are drawn; when nobody asks, fewer where one costs so many times what a body costs.
fn cases(cost: u32) -> u32 {
    asked("LAPWING_FUZZ_CASES").unwrap_or_else(|| (384 / cost).max(8))
}

/// Always the same draws, unless others are asked for.
fn draws() -> TestRng {
    let Some(number) = asked("LAPWING_FUZZ_SEED") else { return TestRng::deterministic_rng(RngAlgorithm::ChaCha) };
    let seed = number.to_le_bytes().into_iter().cycle().take(32).collect::<Vec<u8>>();
    TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
}

/// Tries the seeds as they are and changed. What fails is left as a file, for the corpus.
fn try_all(kind: &str, seeds: &[Vec<u8>], cases: u32, holds: impl Fn(&[u8])) {
    for seed in seeds {
        holds(seed);
    }
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let case = (any::<Index>(), vec(change(), 1..6)).prop_map(|(seed, changes)| changed(seed.get::<Vec<u8>>(seeds), &changes));
    let told = TestRunner::new_with_rng(config, draws()).run(&case, |bytes| {
        holds(&bytes);
        Ok(())
    });
    if let Err(TestError::Fail(why, bytes)) = &told {
        let file = std::env::temp_dir().join(format!("lapwing-fuzz-{kind}"));
        fs::write(&file, bytes).unwrap();
        panic!(
            "{why}\nhint: `{}` has the case: copy it to `serving/fuzz-corpus/{kind}` under a name that says what was wrong",
            file.display()
        );
    }
    assert!(told.is_ok(), "{kind}: the cases could not be drawn");
    println!("{kind}: {} files as they are, {cases} changed", seeds.len());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn fuzz_bodies() {
    let (runtime, state) = (runtime(), state());
    try_all("score", &corpus("score"), cases(1), |body| {
        let answer = runtime.block_on(send(&state, post(body.to_vec())));
        assert!(answer.status.as_u16() < 500, "{}: {}", String::from_utf8_lossy(body), answer.text);
        let json: Value = serde_json::from_str(&answer.text).unwrap();
        assert!(json["scores"].is_array() || json["errors"].is_array() || json["error"].is_string(), "{json}");
    });
    assert_eq!(runtime.block_on(get(&state, "/health/ready")).status, 200);
}

/// Tables are answered by scores, or by one problem that says what is wrong.
fn try_tables(kind: &str, path: &str, answered: &str) {
    let (runtime, state) = (runtime(), state());
    try_all(kind, &corpus(kind), cases(1), |body| {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let answer = runtime.block_on(send(&state, request.body(Body::from(body.to_vec())).unwrap()));
        assert!(answer.status.as_u16() < 500, "{}: {}", String::from_utf8_lossy(body), answer.text);
        let json: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(answer.status == 200, json[answered].is_array(), "{}: {json}", String::from_utf8_lossy(body));
        assert!(answer.status == 200 || json["error"].is_string(), "{json}");
    });
    assert_eq!(runtime.block_on(get(&state, "/health/ready")).status, 200);
}

#[test]
fn fuzz_inference() {
    try_tables("infer", "/v2/models/churn/infer", "outputs");
}

#[test]
fn fuzz_invocations() {
    try_tables("invocations", "/invocations", "predictions");
}

#[test]
fn fuzz_streams() {
    let (runtime, state) = (runtime(), state());
    try_all("stream", &corpus("stream"), cases(1), |body| {
        let request = Request::post("/v1/score/stream?as_of=2024-01-01").header(header::CONTENT_TYPE, "application/x-ndjson");
        let answer = runtime.block_on(send(&state, request.body(Body::from(body.to_vec())).unwrap()));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(body));
        for line in answer.text.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            assert!(entry["error"]["code"] != "fault", "{}: {entry}", String::from_utf8_lossy(body));
        }
    });
}

/// Where `LAPWING_FUZZ_KEEP` says, one stream for each place at which a reader gave up by a panic, which is contained.
#[cfg(feature = "arrow")]
struct Kept {
    folder: Option<PathBuf>,
    place: Arc<Mutex<Option<String>>>,
}

#[cfg(feature = "arrow")]
impl Kept {
    fn new() -> Self {
        let kept = Self { folder: std::env::var_os("LAPWING_FUZZ_KEEP").map(PathBuf::from), place: Arc::default() };
        if kept.folder.is_some() {
            let place = Arc::clone(&kept.place);
            std::panic::set_hook(Box::new(move |panic| *place.lock().unwrap() = panic.location().map(ToString::to_string)));
        }
        kept
    }

    fn keep(&self, body: &[u8]) {
        let Some((folder, place)) = self.folder.as_ref().zip(self.place.lock().unwrap().take()) else { return };
        let name: Vec<&str> = place.rsplit('/').take(3).collect();
        let file = folder.join(name.into_iter().rev().collect::<Vec<_>>().join("-").replace(['.', ':'], "-") + ".arrow");
        // The shortest tells most.
        if fs::metadata(&file).map_or(usize::MAX, |held| held.len() as usize) > body.len() {
            fs::write(file, body).unwrap();
        }
    }
}

#[cfg(feature = "arrow")]
#[test]
fn fuzz_arrow_streams() {
    use super::arrow::{request, rows, seeds};
    let (runtime, state, kept) = (runtime(), state(), Kept::new());
    try_all("arrow", &[seeds(), corpus("arrow")].concat(), cases(1), |body| {
        let answer = runtime.block_on(send(&state, request(body.to_vec())));
        kept.keep(body);
        if answer.status == 200 {
            let told = rows(&answer);
            assert!(told.iter().all(|row| row.get("error_code").is_none_or(|code| code != "fault")), "{body:?}");
        } else {
            assert!(answer.status.as_u16() < 500 && answer.json()["error"].is_string(), "{}: {body:?}", answer.text);
        }
    });
    assert_eq!(runtime.block_on(get(&state, "/health/ready")).status, 200);
}

#[test]
fn fuzz_configs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("churn.toml");
    try_all("config", &corpus("config"), cases(4), |text| {
        fs::write(&path, text).unwrap();
        let common = CommonArgs { config: Some(path.clone()), ..CommonArgs::default() };
        // A host name would be looked up on the network.
        let args =
            HttpArgs { common, addr: Some("127.0.0.1:0".to_owned()), ops_addr: Some("127.0.0.1:0".to_owned()), ..HttpArgs::default() };
        if let Err(error) = Http::new(args) {
            assert!(error.to_string().contains("\nhint: ") || error.to_string().contains("`--"), "{error}");
        }
    });
}

/// The files of a bundle, and its manifest.
fn bundle_files(dir: &Path) -> (Vec<(String, Vec<u8>)>, Value) {
    let manifest: Value = serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap();
    let names = manifest["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned());
    (names.map(|name| (name.clone(), fs::read(dir.join(name)).unwrap())).collect(), manifest)
}

#[test]
fn fuzz_bundles() {
    use lapwing_models::bundle::{BundleError, ModelBundle};
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("bundle");
    fixture::bundle().save(&dir).unwrap();
    let hex = |bytes: &[u8]| crate::guard::key::hex(&Sha256::digest(bytes));
    let (files, manifest) = bundle_files(&dir);
    for (place, (name, sound)) in files.iter().enumerate() {
        // Each file has its share.
        try_all(&format!("bundle-{name}"), std::slice::from_ref(sound), cases(40) / files.len() as u32 + 1, |bytes| {
            let mut manifest = manifest.clone();
            manifest["files"][place]["bytes"] = bytes.len().into();
            manifest["files"][place]["sha256"] = hex(bytes).into();
            let list = manifest["files"].as_array().unwrap().iter();
            let lines: String =
                list.flat_map(|file| [file["sha256"].as_str().unwrap(), "  ", file["name"].as_str().unwrap(), "\n"]).collect();
            let day = manifest["version"].as_str().unwrap()[..9].to_owned();
            manifest["version"] = (day + &hex(lines.as_bytes())[..8]).into();
            let text = serde_json::to_vec_pretty(&manifest).unwrap();
            fs::write(dir.join(name), bytes).unwrap();
            fs::write(dir.join("manifest.sha256"), format!("{}  manifest.json\n", hex(&text))).unwrap();
            fs::write(dir.join("manifest.json"), text).unwrap();
            match ModelBundle::load(&dir) {
                Ok(_) => {}
                Err(BundleError::Size { .. } | BundleError::Digest { .. }) => panic!("the hashes were made to fit"),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        });
        fs::write(dir.join(name), sound).unwrap();
    }
}
