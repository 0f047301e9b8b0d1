//! Asks a service for scores and tells how fast it answers: in a closed loop, or at a fixed rate whatever the answers do.
//!
//! `cargo run --release -p lapwing-serving --example load -- addr=127.0.0.1:8080 connections=16 seconds=5 rate=0 customers=1
//! events=50 slow=0`. `path=/invocations body=FILE` asks another service the same way, and `path=/v1/customers/ gets=FILE` gets what stands after the
//! path in each line of the file, one after the other. With a rate, time counts from when a request was due, so that one late answer does not hide those that
//! wait behind it; how long the load itself was kept from running is told too, for it is in those times. `slow` adds callers who send nothing, half a head, no body, or a byte at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use memchr::memmem;

/// A caller that is asked to be.
struct Settings {
    addr: String,
    connections: usize,
    seconds: f64,
    rate: f64,
    customers: usize,
    events: usize,
    slow: usize,
    path: String,
    /// What is sent; customers and events are made up where there is none.
    body: Option<String>,
    /// What is asked for by GET, one after the other, in the place of that.
    gets: Vec<String>,
}

impl Settings {
    fn read() -> Result<Self> {
        let given: BTreeMap<String, String> =
            std::env::args().skip(1).filter_map(|one| one.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect();
        let number = |key: &str, default: f64| given.get(key).and_then(|value| value.parse().ok()).unwrap_or(default);
        let text = |key: &str, default: &str| given.get(key).cloned().unwrap_or_else(|| default.to_owned());
        Ok(Self {
            addr: text("addr", "127.0.0.1:8080"),
            connections: number("connections", 16.0) as usize,
            seconds: number("seconds", 5.0),
            rate: number("rate", 0.0),
            customers: number("customers", 1.0) as usize,
            events: number("events", 50.0) as usize,
            slow: number("slow", 0.0) as usize,
            path: text("path", "/v1/score"),
            gets: given.get("gets").map(std::fs::read_to_string).transpose()?.unwrap_or_default().lines().map(str::to_owned).collect(),
            body: given.get("body").map(std::fs::read_to_string).transpose()?,
        })
    }

    /// The bytes of the requests that are made in turn.
    fn requests(&self) -> Vec<Vec<u8>> {
        if !self.gets.is_empty() {
            let get = |what: &String| format!("GET {}{what} HTTP/1.1\r\nhost: bench\r\n\r\n", self.path).into_bytes();
            return self.gets.iter().map(get).collect();
        }
        let body = self.body.clone().unwrap_or_else(|| self.customers());
        vec![(self.head(body.len()) + &body).into_bytes()]
    }

    fn head(&self, length: usize) -> String {
        let path = &self.path;
        format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")
    }

    /// Customers with their events.
    fn customers(&self) -> String {
        let mut body = String::from("{\"as_of\":\"2011-12-10T00:00:00Z\",\"explain\":5,\"customers\":[");
        for customer in 0..self.customers {
            let comma = if customer == 0 { "" } else { "," };
            let _ = write!(body, "{comma}{{\"customer_id\":\"{}\",\"events\":[", 12_347 + customer);
            for event in 0..self.events {
                // The newest comes last; days and amounts differ from customer to customer.
                let day = (event * 350 / self.events.max(1) + customer) % 340;
                let (month, day, minute) = (1 + day / 31, 1 + day % 28, (event * 7 + customer) % 60);
                let comma = if event == 0 { "" } else { "," };
                let (cents, channel) = ((event * 37 + customer) % 90_000, ["web", "store"][event % 2]);
                let _ = write!(
                    body,
                    "{comma}{{\"ts\":\"2011-{month:02}-{day:02}T10:{minute:02}:00Z\",\"kind\":\"purchase\",\"amount\":{}.{:02},\
                     \"channel\":\"{channel}\",\"category\":\"gift\"}}",
                    6 + cents / 100,
                    cents % 100,
                );
            }
            body.push_str("]}");
        }
        body.push_str("]}");
        body
    }
}

/// A connection that asks and waits.
struct Caller {
    stream: TcpStream,
    due: Instant,
    sent: Instant,
    /// Bytes of the request that are sent; `None` when nothing is asked.
    written: Option<usize>,
    /// Which of the requests it is.
    which: usize,
    answer: Vec<u8>,
}

impl Caller {
    fn connect(addr: &str) -> Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let now = Instant::now();
        Ok(Self { stream, due: now, sent: now, written: None, which: 0, answer: Vec::with_capacity(1 << 16) })
    }

    /// Goes on sending and reading; the status and the length of the body once an answer is there.
    fn go_on(&mut self, request: &[u8], room: &mut [u8]) -> Result<Option<(u16, usize)>> {
        let Some(written) = self.written.as_mut() else { return Ok(None) };
        while *written < request.len() {
            match self.stream.write(&request[*written..]) {
                Ok(more) => *written += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        match self.stream.read(room) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(more) => self.answer.extend_from_slice(&room[..more]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        let Some(told) = whole(&self.answer) else { return Ok(None) };
        self.answer.clear();
        self.written = None;
        Ok(Some(told))
    }
}

/// The status of an answer that is there to its end, and the length of its body by `content-length`, however that is written. Takes little:
/// while it reads, nobody asks.
fn whole(answer: &[u8]) -> Option<(u16, usize)> {
    let end = memmem::find(answer, b"\r\n\r\n")? + 4;
    let begin = memmem::find(&answer[..end], b"ength: ")? + 7;
    let number =
        |digits: &[u8]| digits.iter().take_while(|byte| byte.is_ascii_digit()).fold(0, |sum, byte| 10 * sum + usize::from(byte - b'0'));
    let length = number(&answer[begin..end]);
    (answer.len() >= end + length).then_some((number(answer.get(9..12)?) as u16, length))
}

/// Callers who never come to the point, and those of them who still send.
fn slow(settings: &Settings) -> Result<Vec<TcpStream>> {
    let head = settings.head(1 << 20);
    let begins = ["", "POST /v1/score HTTP/1.1\r\nhost: ", &head, &(head.clone() + "{\"as_of\"")];
    (0..settings.slow)
        .map(|number| {
            let mut stream = TcpStream::connect(&settings.addr)?;
            stream.write_all(begins[number % begins.len()].as_bytes())?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        })
        .collect()
}

/// A turn of the loop takes far less.
const PAUSE: Duration = Duration::from_millis(1);

/// What came of it, by status; times in microseconds from when a request was due, and from when it was sent.
#[derive(Default)]
struct Told {
    times: BTreeMap<u16, [Vec<f64>; 2]>,
    broken: usize,
    /// How long the load did not run, a millisecond or more at a time.
    paused: Duration,
    /// Bytes of the last body of an answer.
    answer_bytes: usize,
}

impl Told {
    fn print(&mut self, settings: &Settings, seconds: f64) {
        let mut text = format!(
            "{{\"customers\":{},\"rate\":{},\"seconds\":{seconds:.2},\"broken\":{},\"paused_ms\":{},\"answer_bytes\":{}",
            settings.customers,
            settings.rate,
            self.broken,
            self.paused.as_millis(),
            self.answer_bytes
        );
        for (status, [due, sent]) in &mut self.times {
            let _ = write!(text, ",\"{status}\":{{\"count\":{},\"per_second\":{:.0}", due.len(), due.len() as f64 / seconds);
            for (name, times) in [("us", due), ("us_from_sent", sent)] {
                times.sort_by(f64::total_cmp);
                let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
                let _ = write!(
                    text,
                    ",\"{name}\":{{\"p50\":{:.0},\"p99\":{:.0},\"p999\":{:.0},\"max\":{:.0}}}",
                    at(0.5),
                    at(0.99),
                    at(0.999),
                    at(1.0)
                );
            }
            text.push('}');
        }
        println!("{text}}}");
    }
}

fn main() -> Result<()> {
    let settings = Settings::read()?;
    let requests = settings.requests();
    let mut dawdlers: std::collections::VecDeque<_> = slow(&settings)?.into();
    let mut callers = (0..settings.connections).map(|_| Caller::connect(&settings.addr)).collect::<Result<Vec<_>>>()?;
    let (begin, mut asked, mut told) = (Instant::now(), 0_u64, Told::default());
    let end = begin + Duration::from_secs_f64(settings.seconds);
    // The first tenth warms up.
    let counted = begin + Duration::from_secs_f64(settings.seconds / 10.0);
    let (mut dawdle, mut last) = (begin, begin);
    let mut room = vec![0; 1 << 14];
    loop {
        let now = Instant::now();
        let pause = now - std::mem::replace(&mut last, now);
        if pause >= PAUSE {
            told.paused += pause;
        }
        if now >= end {
            break;
        }
        if now >= dawdle && !dawdlers.is_empty() {
            // One after the other, so that each sends ten times a second.
            dawdle = now + Duration::from_millis(100) / dawdlers.len() as u32;
            dawdlers.rotate_left(1);
            // Whether it was cut is not what is asked here.
            let _ = dawdlers[0].write(b" ");
        }
        for caller in &mut callers {
            if caller.written.is_none() {
                let now = Instant::now();
                let due = if settings.rate > 0.0 { begin + Duration::from_secs_f64(asked as f64 / settings.rate) } else { now };
                if due > now {
                    continue;
                }
                asked += 1;
                (caller.due, caller.sent, caller.written) = (due, now, Some(0));
                caller.which = (asked % requests.len() as u64) as usize;
            }
            match caller.go_on(&requests[caller.which], &mut room) {
                Ok(Some((status, length))) if caller.due >= counted => {
                    told.answer_bytes = length;
                    let times = told.times.entry(status).or_default();
                    times[0].push(caller.due.elapsed().as_secs_f64() * 1e6);
                    times[1].push(caller.sent.elapsed().as_secs_f64() * 1e6);
                }
                Ok(_) => {}
                Err(_) => {
                    told.broken += 1;
                    *caller = Caller::connect(&settings.addr)?;
                }
            }
        }
    }
    told.print(&settings, end.duration_since(counted).as_secs_f64());
    Ok(())
}
