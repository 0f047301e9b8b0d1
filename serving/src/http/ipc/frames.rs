//! From bytes to messages: a length, a head that says how long the body is, the body.

use arrow::buffer::Buffer;
use arrow::ipc::{Message, root_as_message};

use crate::http::problem::Problem;

/// What a length follows; very old writers leave it out.
const CONTINUES: [u8; 4] = [0xff; 4];
/// What files of Arrow begin with, which are no streams.
const FILE: &[u8] = b"ARROW1";
/// Longest head, in bytes: room for some thousand columns.
const MOST_HEAD: usize = 1 << 20;

/// A message whose head was verified.
#[derive(Debug)]
pub(super) struct Frame {
    head: Buffer,
    /// The values.
    pub(super) body: Buffer,
    /// How many bytes of the stream it was.
    pub(super) bytes: usize,
}

impl Frame {
    /// The head.
    ///
    /// # Errors
    /// Never, since it was verified.
    pub(super) fn message(&self) -> Result<Message<'_>, Problem> {
        root_as_message(&self.head).map_err(|_| damaged())
    }
}

/// The bytes that are no whole message yet.
#[derive(Debug)]
pub(super) struct Frames {
    held: Vec<u8>,
    /// Longest body.
    most: usize,
    /// As many bytes must be there before anything more can be told.
    need: usize,
    /// Whether the end was announced.
    ended: bool,
    begun: bool,
}

/// A head or body that is none.
pub(super) fn damaged() -> Problem {
    Problem::NotArrow("holds a damaged message")
}

impl Frames {
    /// No bytes yet; bodies of messages are at most `most` bytes long.
    pub(super) fn new(most: usize) -> Self {
        Self { held: Vec::new(), most, need: 4, ended: false, begun: false }
    }

    /// Takes bytes in.
    pub(super) fn push(&mut self, data: &[u8]) {
        self.held.extend_from_slice(data);
    }

    /// The next message, if it is there.
    ///
    /// # Errors
    /// [`Problem::NotArrow`], or [`Problem::LargeMessage`] as soon as its head says that it is too long.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Problem> {
        if self.ended && !self.held.is_empty() {
            return Err(Problem::NotArrow("goes on after its end"));
        }
        if self.held.len() < self.need {
            return Ok(None);
        }
        let prefix = if self.held.starts_with(&CONTINUES) { 8 } else { 4 };
        let Some(length) = self.held[..prefix.min(self.held.len())].last_chunk::<4>().filter(|_| self.held.len() >= prefix) else {
            self.need = prefix;
            return Ok(None);
        };
        let head = u32::from_le_bytes(*length) as usize;
        if head == 0 {
            self.held.drain(..prefix);
            self.ended = true;
            self.need = 4;
            return self.next();
        }
        if head > MOST_HEAD {
            return Err(self.unlike());
        }
        let begin = prefix + head;
        if self.held.len() < begin {
            self.need = begin;
            return Ok(None);
        }
        let body = self.body(prefix, begin)?;
        let end = begin + body;
        if self.held.len() < end {
            self.need = end;
            return Ok(None);
        }
        // Copied, so that values lie where numbers may: those of a stream begin anywhere.
        let frame = Frame { head: Buffer::from(&self.held[prefix..begin]), body: Buffer::from(&self.held[begin..end]), bytes: end };
        self.held.drain(..end);
        (self.need, self.begun) = (4, true);
        Ok(Some(frame))
    }

    /// How long the body of the message with this head is.
    fn body(&self, prefix: usize, begin: usize) -> Result<usize, Problem> {
        let message = root_as_message(&self.held[prefix..begin]).map_err(|_| self.unlike())?;
        let length = usize::try_from(message.bodyLength()).map_err(|_| damaged())?;
        if length > self.most { Err(Problem::LargeMessage(self.most)) } else { Ok(length) }
    }

    /// What begins like no message.
    fn unlike(&self) -> Problem {
        if self.begun {
            return damaged();
        }
        let is_file = self.held.starts_with(FILE);
        Problem::NotArrow(if is_file { "is an Arrow file, not a stream" } else { "does not begin like an Arrow stream" })
    }

    /// Whether the stream may end here.
    ///
    /// # Errors
    /// [`Problem::NotArrow`] when it broke off, or never began.
    pub(super) fn finish(&self) -> Result<(), Problem> {
        match (self.held.is_empty(), self.begun) {
            (true, true) => Ok(()),
            (false, true) => Err(Problem::NotArrow("breaks off within a message")),
            (true, false) => Err(Problem::NotArrow("is empty; even a stream without rows begins with its schema")),
            (false, false) => Err(self.unlike()),
        }
    }
}
