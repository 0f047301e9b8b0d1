//! Writes history tables.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, Float64Builder, ListArray, StringArray, StringBuilder, StructArray, TimestampMicrosecondBuilder, UInt64Builder,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::{AMOUNTS_SINCE, CUSTOMER_ID, EVENTS, HAS_KINDS};
use crate::engine::config::Role;
use crate::engine::dataset::Dataset;
use crate::engine::error::EngineError;
use crate::engine::gather::{BUCKETS, Bucket};
use crate::engine::sweep;
use crate::engine::table_file::{EncodedRows, TableFile};
use crate::event::{RawEvent, Token};
use crate::history::HistoryBuilder;

/// Events of a file, at most about, unless the customers are too few to be parted.
const EVENTS_OF_A_FILE: u64 = 4_000_000;
/// Events that are held as columns before they are encoded.
const EVENTS_AT_ONCE: usize = 1 << 20;
/// Customers of a row group, at most about.
const CUSTOMERS_OF_A_GROUP: usize = 32_768;

/// The most files that a history table is parted into.
#[must_use]
pub fn most_history_files() -> usize {
    BUCKETS
}

/// How the customers of a history table are parted into files: by the first bits of a hash of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryFiles {
    number: usize,
}

impl HistoryFiles {
    /// `number` files: a power of two, of at most [`most_history_files`].
    ///
    /// ```
    /// use lapwing_features::engine::HistoryFiles;
    /// assert!(HistoryFiles::new(16).is_some_and(|files| files.name(3) == "histories-003-of-016.parquet"));
    /// assert_eq!((HistoryFiles::new(12), HistoryFiles::new(512)), (None, None));
    /// ```
    #[must_use]
    pub fn new(number: usize) -> Option<Self> {
        (number.is_power_of_two() && number <= BUCKETS).then_some(Self { number })
    }

    /// As many as suit so many events.
    #[must_use]
    pub fn for_events(events: u64) -> Self {
        let number = events.div_ceil(EVENTS_OF_A_FILE).next_power_of_two().clamp(1, BUCKETS as u64);
        Self { number: number as usize }
    }

    /// What a table was parted into that has a file of this name.
    ///
    /// ```
    /// use lapwing_features::engine::HistoryFiles;
    /// assert_eq!(HistoryFiles::of_name("histories-003-of-016.parquet"), HistoryFiles::new(16));
    /// assert_eq!(HistoryFiles::of_name("histories-016-of-016.parquet"), None);
    /// ```
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, number) = name.strip_prefix("histories-")?.strip_suffix(".parquet")?.split_once("-of-")?;
        let files = Self::new(number.parse().ok()?)?;
        (0..files.number).any(|file| files.name(file) == name).then_some(files)
    }

    /// The name of a file, counted from zero.
    #[must_use]
    pub fn name(&self, file: usize) -> String {
        format!("histories-{file:03}-of-{:03}.parquet", self.number)
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.number
    }

    /// Never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The files that hold customers of `dataset`.
    #[must_use]
    pub fn with_customers(&self, dataset: &Dataset) -> Vec<usize> {
        let has_customers = |file: &usize| self.buckets(*file).any(|bucket| dataset.buckets[bucket].len() > 0);
        (0..self.number).filter(has_customers).collect()
    }

    fn buckets(self, file: usize) -> Range<usize> {
        let share = BUCKETS / self.number;
        file * share..(file + 1) * share
    }

    /// Writes all events of the customers of some of the files, in the order of these, each file at the path of its name: one row a
    /// customer, in the order of the hashes of their ids, its events in the order of time. Repeated rows are settled as the data
    /// was read.
    ///
    /// # Errors
    /// [`EngineError::Unwritable`] or [`EngineError::Place`] when a file cannot be written, [`EngineError::Spill`] when events that
    /// wait in a file cannot be read back.
    pub fn write(self, dataset: &Dataset, some: &[usize], path: impl Fn(&str) -> PathBuf) -> Result<Vec<TableFile>, EngineError> {
        let table = Table::of(dataset);
        let create = |file: &usize| TableFile::create_as(&path(&self.name(*file)), Arc::clone(&table.schema), table.properties());
        let mut files = some.iter().map(create).collect::<Result<Vec<_>, _>>()?;
        let groups = groups(dataset.len()).max(self.number) / self.number;
        let share = BUCKETS / self.number / groups;
        let encoders: Vec<_> = files.iter().map(TableFile::encoders).collect();
        let work = |number: usize| {
            let (place, group) = (number / groups, number % groups);
            let first = self.buckets(some[place]).start + group * share;
            let mut rows = Rows::new(&table);
            let mut encoder = encoders[place].encoder()?;
            for bucket in first..first + share {
                let bucket = dataset.group(bucket)?;
                for customer in 0..bucket.len() {
                    rows.push(&bucket, customer);
                    if rows.is_full() {
                        encoder.push_arrays(&rows.take())?;
                    }
                }
            }
            encoder.push_arrays(&rows.take())?;
            Ok::<_, EngineError>((place, encoder.finish()?))
        };
        sweep::in_order(some.len() * groups, dataset.threads, work, |(place, rows): (usize, EncodedRows)| files[place].append(rows))?;
        Ok(files)
    }
}

/// Row groups of about the right size, a power of two of them.
fn groups(customers: usize) -> usize {
    customers.div_ceil(CUSTOMERS_OF_A_GROUP).next_power_of_two().clamp(1, BUCKETS)
}

/// What all rows of a table share.
struct Table<'a> {
    dataset: &'a Dataset,
    names: HashMap<Token, String>,
    /// Whether there are more names than are kept as texts, so that all are written as hashes.
    hashed: bool,
    schema: Arc<Schema>,
}

impl<'a> Table<'a> {
    fn of(dataset: &'a Dataset) -> Self {
        let (names, hashed) = dataset.names.texts();
        let role = |role: Role, token: Role| if hashed { (token, DataType::UInt64) } else { (role, DataType::Utf8) };
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let fields: Fields = [
            (Role::Ts, instant.clone()),
            (Role::Kind, DataType::Utf8),
            (Role::Amount, DataType::Float64),
            (Role::Quantity, DataType::Float64),
            (Role::OrderToken, DataType::UInt64),
            (Role::LineToken, DataType::UInt64),
            role(Role::Channel, Role::ChannelToken),
            role(Role::Category, Role::CategoryToken),
            (Role::KnownAt, instant),
        ]
        .into_iter()
        .map(|(role, found)| Field::new(role.key(), found, role != Role::Ts))
        .collect();
        let item = Field::new("item", DataType::Struct(fields), false);
        let schema =
            Schema::new(vec![Field::new(CUSTOMER_ID, DataType::Utf8, false), Field::new(EVENTS, DataType::List(Arc::new(item)), false)]);
        Self { dataset, names, hashed, schema: Arc::new(schema) }
    }

    fn item(&self) -> (FieldRef, Fields) {
        match self.schema.field(1).data_type() {
            DataType::List(item) => match item.data_type() {
                DataType::Struct(fields) => (Arc::clone(item), fields.clone()),
                _ => (Arc::clone(item), Fields::empty()),
            },
            _ => (Arc::new(Field::new("item", DataType::Null, true)), Fields::empty()),
        }
    }

    fn properties(&self) -> WriterProperties {
        let kinds = &self.dataset.kinds;
        let mut said = vec![KeyValue::new(HAS_KINDS.to_owned(), kinds.column.to_string())];
        said.extend(kinds.amounts_since.map(|since| KeyValue::new(AMOUNTS_SINCE.to_owned(), since.0.to_string())));
        let field = |name: &str| ColumnPath::from(["events", "list", "item", name].map(str::to_owned).to_vec());
        WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_key_value_metadata(Some(said))
            // Times ascend and hardly repeat; nor do ids and hashes of orders.
            .set_column_dictionary_enabled(field("ts"), false)
            .set_column_encoding(field("ts"), Encoding::DELTA_BINARY_PACKED)
            .set_column_dictionary_enabled(field("order_token"), false)
            .set_column_dictionary_enabled(field("line_token"), false)
            .set_column_dictionary_enabled(ColumnPath::from(CUSTOMER_ID), false)
            .build()
    }
}

/// Rows of a table, column by column.
struct Rows<'a> {
    table: &'a Table<'a>,
    ids: Vec<String>,
    /// How many events each customer has.
    lengths: Vec<usize>,
    ts: TimestampMicrosecondBuilder,
    known_at: TimestampMicrosecondBuilder,
    kinds: StringBuilder,
    amounts: Float64Builder,
    quantities: Float64Builder,
    orders: UInt64Builder,
    lines: UInt64Builder,
    names: [(StringBuilder, UInt64Builder); 2],
}

impl<'a> Rows<'a> {
    fn new(table: &'a Table<'a>) -> Self {
        Self {
            table,
            ids: Vec::new(),
            lengths: Vec::new(),
            ts: TimestampMicrosecondBuilder::new(),
            known_at: TimestampMicrosecondBuilder::new(),
            kinds: StringBuilder::new(),
            amounts: Float64Builder::new(),
            quantities: Float64Builder::new(),
            orders: UInt64Builder::new(),
            lines: UInt64Builder::new(),
            names: Default::default(),
        }
    }

    fn push(&mut self, bucket: &Bucket, customer: usize) {
        let reading = &self.table.dataset.reading;
        let mut events: Vec<(RawEvent, bool)> = bucket.events(customer, reading).collect();
        HistoryBuilder::settle(&mut events, reading.duplicates);
        self.ids.push(bucket.id(customer).to_owned());
        self.lengths.push(events.len());
        for (event, undecided) in &events {
            self.event(event, *undecided);
        }
    }

    /// Whether there are enough to be encoded.
    fn is_full(&self) -> bool {
        self.ts.len() >= EVENTS_AT_ONCE
    }

    fn event(&mut self, event: &RawEvent, undecided: bool) {
        let token = |token: Token| token.is_some().then(|| token.bits());
        self.ts.append_value(event.ts.0);
        self.known_at.append_option(event.known_at.map(|known_at| known_at.0));
        self.kinds.append_option((!undecided).then(|| event.kind.name()));
        self.amounts.append_option(event.amount);
        self.quantities.append_option(event.quantity);
        self.orders.append_option(token(event.order));
        self.lines.append_option(token(event.line));
        for ((texts, tokens), name) in self.names.iter_mut().zip([event.channel, event.category]) {
            if self.table.hashed {
                tokens.append_option(token(name));
            } else {
                texts.append_option(self.table.names.get(&name));
            }
        }
    }

    /// The columns; none of their rows is left behind.
    fn take(&mut self) -> Vec<ArrayRef> {
        let hashed = self.table.hashed;
        let [channels, categories] = self.names.each_mut().map(|(texts, tokens)| -> ArrayRef {
            if hashed { Arc::new(tokens.finish()) } else { Arc::new(texts.finish()) }
        });
        let (item, fields) = self.table.item();
        let events: Vec<ArrayRef> = vec![
            Arc::new(self.ts.finish().with_timezone("UTC")),
            Arc::new(self.kinds.finish()),
            Arc::new(self.amounts.finish()),
            Arc::new(self.quantities.finish()),
            Arc::new(self.orders.finish()),
            Arc::new(self.lines.finish()),
            channels,
            categories,
            Arc::new(self.known_at.finish().with_timezone("UTC")),
        ];
        let events = StructArray::new(fields, events, None);
        let lists = ListArray::new(item, OffsetBuffer::from_lengths(std::mem::take(&mut self.lengths)), Arc::new(events), None);
        vec![Arc::new(StringArray::from(std::mem::take(&mut self.ids))), Arc::new(lists)]
    }
}
