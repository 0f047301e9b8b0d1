//! Arrow streams: rows of events in, a row for each customer out.
//!
//! Rows that follow each other and bear the same id are one customer, so that whoever sorts a table by customer can send it as it
//! is. Nothing that a stream says of its own size is believed: it is measured against the limits before anything is made of it.
//!
//! | file | does |
//! |---|---|
//! | `frames` | from bytes to messages, each within bounds |
//! | `decode` | from messages to batches of the columns that are known |
//! | `schema` | which columns those are, and of which types they may be |
//! | `cells` | what stands in a row |
//! | `rows` | from rows to customers |
//! | `answer` | from scores to messages |
//! | `stream` | one caller's stream from its first byte to its last |

mod answer;
mod cells;
mod decode;
mod frames;
mod rows;
mod schema;
mod stream;

pub(super) use decode::is_contained;
pub(super) use stream::Rows;

/// What Arrow streams are called.
pub(super) const ARROW: &str = "application/vnd.apache.arrow.stream";
