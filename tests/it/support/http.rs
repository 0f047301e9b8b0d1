//! A running `lapwing-serve http` on a port of the system's choice, and the little of HTTP/1.1 that asking it takes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::run::{Binary, text};

/// A server that ends with the test.
pub(crate) struct Server {
    child: Child,
    address: String,
    // Kept open: a server whose reader is gone could fail to print.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a server on `bundle` and waits for the line that tells its address.
    pub(crate) fn start(bundle: &Path) -> Self {
        Self::start_on("--bundle", bundle)
    }

    /// Starts a server on what is behind a flag.
    pub(crate) fn start_on(flag: &str, path: &Path) -> Self {
        let mut command = Binary::Serve.command();
        command.args(["http", "--addr", "127.0.0.1:0", "--json", flag, &text(path)]);
        Self::of(command)
    }

    /// Starts a server by a command that prints its address as JSON.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("stdout can be read");
        let address = address_in(&line).unwrap_or_else(|| panic!("no address in the first line of stdout: `{line}`"));
        Self { child, address, _stdout: stdout }
    }

    /// Sends `body` with POST.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Asks with GET.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Sends any request on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n", self.address, body.len());
        for (name, value) in headers {
            head += &[name, ": ", value, "\r\n"].concat();
        }
        head.push_str("\r\n");
        self.raw(&[head.as_bytes(), body].concat()).expect("the server answers")
    }

    /// Sends bytes as they are; `None` when the connection was closed without an answer. A server that has answered may close
    /// before it has read all, so a broken pipe is no failure.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        (!answer.is_empty()).then(|| Answer::parse(&answer))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<String> {
    let from = line.find("127.0.0.1:")?;
    let length = line[from..].find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != ':').unwrap_or(line.len() - from);
    Some(line[from..from + length].to_owned())
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// The body as text.
    pub(crate) body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).expect("a status line");
        let headers: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        Self { status, headers, body: if chunked { joined(body) } else { body.to_owned() } }
    }

    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("the body is no JSON: {error}\n{}", self.body))
    }

    /// The body of a 200.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }
}

/// A chunked body put together.
fn joined(body: &str) -> String {
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((size, after)) = rest.split_once("\r\n") {
        match usize::from_str_radix(size.trim(), 16) {
            Ok(size) if size > 0 && after.len() >= size => {
                whole.push_str(&after[..size]);
                rest = after[size..].trim_start_matches("\r\n");
            }
            _ => break,
        }
    }
    whole
}
