//! From messages to batches. What arrow says of a message that does not hold together, by an error or by giving up, is one problem.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use arrow::ipc::{DictionaryBatch, Endianness, Message, MessageHeader};

use super::frames::{Frame, damaged};
use super::schema::{Column, Plan};
use crate::http::lineup::Lineup;
use crate::http::problem::Problem;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is the reader's, who gives up on what a caller sent.
pub(in crate::http) fn is_contained() -> bool {
    CONTAINED.get()
}

/// What is known of a stream, from its schema on.
#[derive(Debug)]
pub(super) struct Decoder {
    schema: SchemaRef,
    /// The columns that are read, as the values of dictionaries are found by.
    read: Schema,
    places: Vec<usize>,
    /// What these columns are.
    pub(super) columns: Arc<[Column]>,
    dictionaries: HashMap<i64, ArrayRef>,
    /// Bytes of each of them.
    sizes: HashMap<i64, usize>,
    /// Most bytes of all of them.
    most: usize,
}

impl Decoder {
    /// What the first message of a stream says; dictionaries are at most `most` bytes together.
    ///
    /// # Errors
    /// [`Problem::NotArrow`], or [`Problem::WrongShape`] with the columns that do not fit.
    pub(super) fn begin(frame: &Frame, lineup: &Lineup, most: usize) -> Result<Self, Problem> {
        let schema = contained(|| {
            let message = frame.message()?;
            let Some(schema) = message.header_as_schema() else {
                return Err(Problem::NotArrow("does not begin with a schema"));
            };
            if schema.endianness() != Endianness::Little {
                return Err(Problem::NotArrow("is big-endian; only little-endian streams are taken"));
            }
            Ok(fb_to_schema(schema))
        })?;
        let Plan { schema, places, columns } = Plan::of(&schema, lineup)?;
        let read = schema.project(&places).map_err(|_| damaged())?;
        Ok(Self {
            schema: Arc::new(schema),
            read,
            places,
            columns: columns.into(),
            dictionaries: HashMap::new(),
            sizes: HashMap::new(),
            most,
        })
    }

    /// The batch of a message; `None` when it is a dictionary.
    ///
    /// # Errors
    /// [`Problem::NotArrow`], or [`Problem::LargeMessage`] for too large dictionaries.
    pub(super) fn decode(&mut self, frame: &Frame) -> Result<Option<RecordBatch>, Problem> {
        contained(|| {
            let message = frame.message()?;
            match message.header_type() {
                MessageHeader::RecordBatch => self.batch(frame, &message).map(Some),
                MessageHeader::DictionaryBatch => {
                    let dictionary = message.header_as_dictionary_batch().ok_or_else(damaged)?;
                    self.dictionary(frame, &message, dictionary).map(|()| None)
                }
                MessageHeader::Schema => Err(Problem::NotArrow("has a second schema")),
                _ => Err(Problem::NotArrow("holds a message that is neither rows nor a dictionary")),
            }
        })
    }

    fn batch(&self, frame: &Frame, message: &Message<'_>) -> Result<RecordBatch, Problem> {
        let batch = message.header_as_record_batch().ok_or_else(damaged)?;
        uncompressed(batch.compression().is_none())?;
        let schema = Arc::clone(&self.schema);
        sound(read_record_batch(&frame.body, batch, schema, &self.dictionaries, Some(&self.places), &message.version()))
    }

    fn dictionary(&mut self, frame: &Frame, message: &Message<'_>, dictionary: DictionaryBatch<'_>) -> Result<(), Problem> {
        uncompressed(dictionary.data().ok_or_else(damaged)?.compression().is_none())?;
        let id = dictionary.id();
        #[expect(deprecated, reason = "the place of a dictionary's id is to change, and nothing else tells it yet")]
        let is_read = !self.read.fields_with_dict_id(id).is_empty();
        if !is_read {
            return Ok(());
        }
        if dictionary.isDelta() {
            return Err(Problem::NotArrow("adds to a dictionary; send dictionaries whole"));
        }
        self.sizes.insert(id, frame.body.len());
        if self.kept() > self.most {
            return Err(Problem::LargeMessage(self.most));
        }
        sound(read_dictionary(&frame.body, dictionary, &self.read, &mut self.dictionaries, &message.version()))
    }

    /// Bytes of the dictionaries that are kept.
    pub(super) fn kept(&self) -> usize {
        self.sizes.values().sum()
    }
}

/// A few bytes that are compressed may become any number.
fn uncompressed(is_so: bool) -> Result<(), Problem> {
    if is_so { Ok(()) } else { Err(Problem::NotArrow("is compressed; send its batches without compression")) }
}

fn sound<T>(read: Result<T, ArrowError>) -> Result<T, Problem> {
    // What arrow says may repeat what the caller sent.
    read.map_err(|_| damaged())
}

/// Runs a reader that gives up by a panic on some damaged messages.
fn contained<T>(read: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    CONTAINED.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    CONTAINED.set(false);
    read.unwrap_or_else(|_| Err(damaged()))
}
