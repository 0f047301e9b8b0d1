//! From scores to messages: the columns of a table of scores, then what the service tells of a customer beside.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::buffer::Buffer;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamEncoder;
use axum::body::Bytes;
use lapwing_features::{Column, Values};
use lapwing_models::playbook::Advice;
use lapwing_models::score;

use crate::http::problem::Problem;
use crate::http::sheet::Row;
use crate::http::wire::{EntryError, RefusedEntry};

/// What is counted of each customer.
const COUNTS: [&str; 3] = ["ignored_events", "unknown_kinds", "without_kind"];
/// What says of a customer why there is no score; null where there is one.
const ERRORS: [&str; 3] = ["error_code", "error", "error_pointer"];

/// Makes the messages of one answer.
pub(super) struct Encoder(StreamEncoder);

impl Encoder {
    /// An answer of which nothing is written yet.
    ///
    /// # Errors
    /// [`Problem::Fault`] when it cannot be begun.
    pub(super) fn new(advice: &Advice) -> Result<Self, Problem> {
        let schema = batch(Vec::new(), advice)?.schema();
        StreamEncoder::try_new(&schema).map(Self).map_err(fault)
    }

    /// The bytes of these rows; those of the first rows begin the stream.
    ///
    /// # Errors
    /// [`Problem::Fault`] when they cannot be written.
    pub(super) fn encode(&mut self, rows: &RecordBatch) -> Result<Bytes, Problem> {
        self.0.encode(rows).map(|parts| joined(&parts)).map_err(fault)
    }

    /// The bytes that end the stream, after the schema where there was nothing else.
    ///
    /// # Errors
    /// [`Problem::Fault`] when they cannot be written.
    pub(super) fn finish(self) -> Result<Bytes, Problem> {
        self.0.finish().map(|parts| joined(&parts)).map_err(fault)
    }
}

/// A batch of these rows.
///
/// # Errors
/// [`Problem::Fault`] when they are none.
pub(super) fn batch(rows: Vec<Row>, advice: &Advice) -> Result<RecordBatch, Problem> {
    let (fields, arrays): (Vec<_>, Vec<_>) =
        columns(rows, advice).into_iter().map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array)).unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(fault)
}

fn joined(parts: &[Buffer]) -> Bytes {
    parts.iter().map(Buffer::as_slice).collect::<Vec<_>>().concat().into()
}

fn fault(_: ArrowError) -> Problem {
    Problem::Fault
}

/// The row of an answer that ends before its time.
pub(super) fn ended(problem: &Problem) -> Row {
    let error = EntryError { code: problem.code(), detail: problem.detail(), pointer: String::new() };
    Row::Refused(RefusedEntry { customer_id: None, error })
}

/// The columns of rows: those of refused customers hold nothing but who it is and why.
fn columns(rows: Vec<Row>, advice: &Advice) -> Vec<(String, ArrayRef)> {
    let (mut scores, mut places, mut counts) = (Vec::new(), Vec::with_capacity(rows.len()), Vec::new());
    let (mut ids, mut errors): (_, [Vec<Option<String>>; 3]) = (Vec::new(), Default::default());
    for row in rows {
        let (id, told) = match row {
            Row::Scored(score, counted) => {
                places.push(Some(scores.len()));
                counts.push(counted);
                let id = score.customer_id.clone();
                scores.push(*score);
                (Some(id), [None, None, None])
            }
            Row::Refused(RefusedEntry { customer_id, error }) => {
                places.push(None);
                (customer_id, [Some(error.code.to_owned()), Some(error.detail), Some(error.pointer)])
            }
        };
        ids.push(id);
        errors.iter_mut().zip(told).for_each(|(column, told)| column.push(told));
    }
    let mut columns: Vec<_> = advice.table(&scores).into_iter().map(|Column { name, values }| (name, spread(values, &places))).collect();
    if let Some((_, array)) = columns.iter_mut().find(|(name, _)| name == score::CUSTOMER_ID) {
        *array = Arc::new(StringArray::from(ids));
    }
    for (place, name) in COUNTS.into_iter().enumerate() {
        let counted = places.iter().map(|at| at.and_then(|at| i64::try_from(counts[at][place]).ok()));
        columns.push((name.to_owned(), Arc::new(counted.collect::<Int64Array>())));
    }
    columns.extend(ERRORS.into_iter().zip(errors).map(|(name, told)| (name.to_owned(), Arc::new(StringArray::from(told)) as ArrayRef)));
    columns
}

/// The values at these places, and null where there is none.
fn spread(values: Values, places: &[Option<usize>]) -> ArrayRef {
    fn at<'a, T>(values: &'a [T], places: &'a [Option<usize>]) -> impl Iterator<Item = Option<&'a T>> {
        places.iter().map(|place| place.and_then(|place| values.get(place)))
    }
    match values {
        Values::Number(values) => Arc::new(at(&values, places).map(|value| value.copied().flatten()).collect::<Float64Array>()),
        Values::Measured(values) => {
            Arc::new(at(&values, places).map(|value| value.copied().filter(|value| !value.is_nan())).collect::<Float64Array>())
        }
        Values::Integer(values) => Arc::new(at(&values, places).map(|value| value.copied().flatten()).collect::<Int64Array>()),
        Values::Text(values) => Arc::new(at(&values, places).map(|value| value.and_then(Option::as_deref)).collect::<StringArray>()),
        Values::Written(texts) => {
            let texts: Vec<Option<&str>> = texts.iter().collect();
            Arc::new(at(&texts, places).map(|value| value.copied().flatten()).collect::<StringArray>())
        }
        Values::Ids(texts) => {
            let texts: Vec<&str> = texts.iter().collect();
            Arc::new(at(&texts, places).map(Option::<&&str>::copied).collect::<StringArray>())
        }
        Values::Named(values) => Arc::new(at(&values, places).map(|value| value.copied().flatten()).collect::<StringArray>()),
        Values::Instant(values) => {
            let instants = at(&values, places).map(|value| value.copied().flatten());
            Arc::new(instants.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        Values::Flag(values) => Arc::new(at(&values, places).map(|value| value.copied().flatten()).collect::<arrow::array::BooleanArray>()),
    }
}
