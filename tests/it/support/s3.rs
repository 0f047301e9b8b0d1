//! A real S3 server, which `.ci/run` starts, and what lies between it and the binaries.

use std::future::Future;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use super::run::{Binary, Ended};

/// What a test has of the server: a prefix of its own in the bucket.
pub(crate) struct S3 {
    endpoint: String,
    bucket: String,
    key: String,
    secret: String,
    prefix: String,
    store: AmazonS3,
    runtime: Runtime,
}

impl S3 {
    /// The server that `LAPWING_TEST_S3` names by endpoint, bucket, key and secret, with blanks between; none skips the test.
    pub(crate) fn of_test(name: &str) -> Option<Self> {
        let Ok(server) = std::env::var("LAPWING_TEST_S3") else {
            println!("skipped: LAPWING_TEST_S3 is not set; `.ci/run` starts a server and sets it");
            return None;
        };
        let words: Vec<String> = server.split_whitespace().map(str::to_owned).collect();
        let [endpoint, bucket, key, secret] = <[String; 4]>::try_from(words).expect("endpoint, bucket, key and secret");
        let store = AmazonS3Builder::new()
            .with_endpoint(&endpoint)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_bucket_name(&bucket)
            .with_access_key_id(&key)
            .with_secret_access_key(&secret);
        let store = store.build().expect("the server is described well");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system has room for it");
        let prefix = format!("{name}-{}", std::process::id());
        Some(Self { endpoint, bucket, key, secret, prefix, store, runtime })
    }

    /// Where the server is.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The secret, which nobody may be told.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// The URL of a name below the test's prefix.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("s3://{}/{}/{name}", self.bucket, self.prefix)
    }

    fn wait<T, E: std::fmt::Debug>(&self, future: impl Future<Output = Result<T, E>>) -> T {
        self.runtime.block_on(future).expect("the server does what it is asked")
    }

    /// Puts an object.
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        self.wait(self.store.put(&self.path(name), bytes.into()));
    }

    /// The bytes of an object.
    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        self.wait(async { self.store.get(&self.path(name)).await?.bytes().await }).to_vec()
    }

    /// The names below the test's prefix, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let prefix = Path::from(self.prefix.as_str());
        let all: Vec<_> = self.wait(self.store.list(Some(&prefix)).try_collect());
        let mut names: Vec<String> = all.iter().map(|meta| meta.location.as_ref()[self.prefix.len() + 1..].to_owned()).collect();
        names.sort();
        names
    }

    fn path(&self, name: &str) -> Path {
        Path::parse(format!("{}/{name}", self.prefix)).expect("the name is one of an object")
    }

    /// What tells a process of the server.
    pub(crate) fn environment(&self) -> [(&str, &str); 5] {
        [
            ("AWS_ENDPOINT", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &self.key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
        ]
    }

    /// Runs `lapwing-train` against the server.
    pub(crate) fn train(&self, line: &str) -> Ended {
        self.run(Binary::Train, line, &[])
    }

    /// Runs a binary against the server, with some settings of the environment changed.
    pub(crate) fn run(&self, binary: Binary, line: &str, changed: &[(&str, &str)]) -> Ended {
        let mut command = binary.command();
        command.envs(self.environment());
        command.envs(changed.iter().copied());
        command.args(line.split_whitespace()).output().expect("the binary starts").into()
    }

    /// Runs a binary with `line` between it and the server.
    pub(crate) fn run_over(&self, line: &Line, binary: Binary, args: &str) -> Ended {
        self.run(binary, args, &[("AWS_ENDPOINT", &line.endpoint)])
    }

    /// A line to the server.
    pub(crate) fn line(&self, cut: Cut) -> Line {
        let server = self.endpoint.split("//").nth(1).and_then(|host| host.parse().ok()).expect("the endpoint is an address and a port");
        Line::to(server, cut)
    }
}

/// Where a line breaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Whether bytes to the server are counted, or those from it.
    pub(crate) sending: bool,
    /// Bytes of a connection that come through.
    pub(crate) after: usize,
    /// How many connections break; later ones hold.
    pub(crate) times: usize,
}

/// A line that breaks.
pub(crate) struct Line {
    endpoint: String,
    broken: Arc<AtomicUsize>,
    closed: Arc<AtomicBool>,
}

impl Line {
    fn to(server: SocketAddr, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the system has a port");
        let address = listener.local_addr().expect("it is bound");
        let (broken, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, is_closed) = (Arc::clone(&broken), Arc::clone(&closed));
        // Ends with the process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(server) else { continue };
                for sending in [true, false] {
                    let (from, to) = if sending { (&client, &server) } else { (&server, &client) };
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                    let (count, most) = (Arc::clone(&count), (sending == cut.sending).then_some(cut.after));
                    let is_closed = Arc::clone(&is_closed);
                    std::thread::spawn(move || carry((from, to), most, &count, cut.times, &is_closed));
                }
            }
        });
        Self { endpoint: format!("http://{address}"), broken, closed }
    }

    /// Where it begins.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Lets nothing through from now on, or everything again.
    pub(crate) fn close(&self, closed: bool) {
        self.closed.store(closed, Ordering::SeqCst);
    }

    /// How often it broke.
    pub(crate) fn broken(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }
}

/// Carries bytes until an end or the line is closed, or until there were `most` and the line may still break.
fn carry((mut from, mut to): (TcpStream, TcpStream), most: Option<usize>, broken: &AtomicUsize, times: usize, closed: &AtomicBool) {
    let (mut carried, mut buffer) = (0, [0; 4_096]);
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        carried += read;
        let breaks = most.is_some_and(|most| carried > most)
            && broken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |so_far| (so_far < times).then_some(so_far + 1)).is_ok();
        if breaks || closed.load(Ordering::SeqCst) || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
