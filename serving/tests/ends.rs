//! The binary under load, told to stop or killed: what was accepted is answered right, and no file is damaged.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

const CALLERS: usize = 4;
/// Answers that must have come before the end.
const ENOUGH: usize = 400;

fn lapwing_serve() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lapwing-serve"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LAPWING_")) {
        command.env_remove(name);
    }
    command
}

/// A folder with both logs and their key; gone when dropped.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::write(place.path("audit.key"), "0123456789abcdef0123456789abcdef").unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn start(&self) -> Service {
        let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/bundle-v5");
        let mut command = lapwing_serve();
        command
            .args(["http", "--json", "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--log-share", "1"])
            .arg("--bundle")
            .arg(bundle);
        for (flag, name) in [("--audit-log", "audit.jsonl"), ("--audit-key", "audit.key"), ("--log-requests", "requests")] {
            command.arg(flag).arg(self.path(name));
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let addr = |name: &str| told[name].as_str().unwrap().to_owned();
        Service { addr: addr("addr"), ops_addr: addr("ops_addr"), child }
    }

    /// What `audit verify` says.
    fn verify(&self) -> Output {
        let mut command = lapwing_serve();
        command.args(["audit", "verify"]).arg(self.path("audit.jsonl")).arg("--audit-key").arg(self.path("audit.key")).output().unwrap()
    }

    /// The lines of the audit log; the last may be torn.
    fn audit(&self) -> Vec<Option<Value>> {
        let text = std::fs::read_to_string(self.path("audit.jsonl")).unwrap();
        text.split_inclusive('\n').map(|line| serde_json::from_str(line).ok().filter(|_| line.ends_with('\n'))).collect()
    }

    /// Lines of the request log that hold together, and those that do not.
    fn requests(&self) -> (usize, usize) {
        let files = std::fs::read_dir(self.path("requests")).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|kind| kind == "ndjson"));
        let text: String = files.map(|path| std::fs::read_to_string(path).unwrap() + "\n").collect();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let whole = lines.iter().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
        (whole, lines.len() - whole)
    }
}

struct Service {
    addr: String,
    ops_addr: String,
    child: Child,
}

impl Service {
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request() -> String {
    let body = r#"{"as_of":"2011-12-10T00:00:00Z","customers":[{"customer_id":"12347","events":[{"ts":"2011-10-31T12:25:00Z","kind":"purchase","amount":12.5}]}]}"#;
    format!("POST /v1/score HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// How the request of one caller ended.
enum Answer {
    Whole(u16, String),
    /// The connection ended before a byte of an answer.
    None,
    Torn(String),
}

fn ask(stream: &mut TcpStream, request: &str) -> Answer {
    let (mut held, mut room) = (Vec::new(), [0; 4_096]);
    if stream.write_all(request.as_bytes()).is_err() {
        return Answer::None;
    }
    loop {
        let text = String::from_utf8_lossy(&held).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
            if body.len() >= length {
                return Answer::Whole(head[9..12].parse().unwrap(), body.to_owned());
            }
        }
        match stream.read(&mut room) {
            Ok(more) if more > 0 => held.extend_from_slice(&room[..more]),
            _ if held.is_empty() => return Answer::None,
            _ => return Answer::Torn(text),
        }
    }
}

/// Callers who ask until they are not answered any more.
struct Load {
    callers: Vec<JoinHandle<()>>,
    answered: Arc<AtomicUsize>,
    torn: Arc<Mutex<Vec<String>>>,
}

impl Load {
    fn on(addr: &str) -> Self {
        let (answered, torn) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let first: Arc<Mutex<Option<String>>> = Arc::default();
        let caller = |_| {
            let (addr, answered, torn, first) = (addr.to_owned(), Arc::clone(&answered), Arc::clone(&torn), Arc::clone(&first));
            std::thread::spawn(move || {
                let request = request();
                while let Ok(mut stream) = TcpStream::connect(&addr) {
                    loop {
                        match ask(&mut stream, &request) {
                            Answer::Whole(200, body) => {
                                assert_eq!(*first.lock().unwrap().get_or_insert_with(|| body.clone()), body);
                                answered.fetch_add(1, Ordering::Relaxed);
                            }
                            Answer::Whole(503, body) => assert!(body.contains("urn:lapwing:problem:stopping"), "{body}"),
                            Answer::Whole(status, body) => panic!("{status} {body}"),
                            Answer::None => break,
                            Answer::Torn(text) => {
                                torn.lock().unwrap().push(text);
                                break;
                            }
                        }
                    }
                }
            })
        };
        let load = Self { callers: (0..CALLERS).map(caller).collect(), answered: Arc::clone(&answered), torn: Arc::clone(&torn) };
        while answered.load(Ordering::Relaxed) < ENOUGH {
            assert!(load.callers.iter().any(|caller| !caller.is_finished()), "nobody is answered");
            std::thread::sleep(Duration::from_millis(5));
        }
        load
    }

    /// Right answers, and those that broke off, once nobody is answered any more.
    fn end(self) -> (usize, Vec<String>) {
        self.callers.into_iter().for_each(|caller| caller.join().unwrap());
        (self.answered.load(Ordering::Relaxed), std::mem::take(&mut *self.torn.lock().unwrap()))
    }
}

/// Records of requests that were answered with a score.
fn scored(lines: &[Option<Value>]) -> usize {
    lines.iter().flatten().filter(|line| line["record"]["status"] == 200 && line["record"]["route"] == "POST /v1/score").count()
}

#[test]
fn what_was_accepted_is_answered_and_noted_before_the_end() {
    let place = Place::new();
    let mut service = place.start();
    let load = Load::on(&service.addr);
    let mut health = TcpStream::connect(&service.ops_addr).unwrap();
    assert!(matches!(ask(&mut health, "GET /health/ready HTTP/1.1\r\nhost: test\r\n\r\n"), Answer::Whole(200, _)));
    service.signal("-TERM");
    assert_eq!(service.child.wait().unwrap().code(), Some(0));
    let (answered, torn) = load.end();
    assert_eq!(torn, Vec::<String>::new());
    let verified = place.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    assert_eq!(scored(&place.audit()), answered, "each right answer is in the audit log");
    let (whole, damaged) = place.requests();
    assert!(whole > 0 && whole <= answered && damaged == 0, "{whole} of {answered}, {damaged} damaged");
}

#[test]
fn a_service_that_was_killed_leaves_files_that_the_next_one_goes_on_with() {
    let place = Place::new();
    let mut service = place.start();
    let load = Load::on(&service.addr);
    service.signal("-KILL");
    assert_eq!(service.child.wait().unwrap().code(), None);
    let (answered, torn) = load.end();
    assert!(torn.len() <= CALLERS, "{torn:?}");
    let before = place.audit();
    // Batches are written after their answers: what waited is lost, and nothing that was not answered is told.
    assert!((1..=answered + CALLERS).contains(&scored(&before)), "{} of {answered}", scored(&before));
    assert!(before[..before.len() - 1].iter().all(Option::is_some), "only the last line may be torn");
    // As the system does when it dies with half a write.
    std::fs::OpenOptions::new().append(true).open(place.path("audit.jsonl")).unwrap().write_all(b"{\"sequence\":").unwrap();
    assert_eq!(place.verify().status.code(), Some(1), "a torn line is told");
    let service = place.start();
    let verified = place.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let after = place.audit();
    let start = after.iter().flatten().rfind(|line| line["record"]["event"] == "start").unwrap();
    assert!(start["record"]["note"].as_str().unwrap().ends_with("bytes of a torn line were cut off"), "{start}");
    let mut caller = TcpStream::connect(&service.addr).unwrap();
    assert!(matches!(ask(&mut caller, &request()), Answer::Whole(200, _)));
    let (whole, damaged) = place.requests();
    assert!(whole > 0 && damaged <= 1, "{whole}, {damaged} damaged");
    let mut forget = lapwing_serve();
    forget.args(["forget", "--customer", "12347", "--log-requests"]).arg(place.path("requests"));
    let forgotten = forget.arg("--audit-key").arg(place.path("audit.key")).output().unwrap();
    assert!(forgotten.status.success(), "{}", String::from_utf8_lossy(&forgotten.stderr));
}
