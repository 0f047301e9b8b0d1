//! A Parquet file that many threads encode and one writes.

use std::cell::RefCell;
use std::fmt::Display;
use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::mem::{Discriminant, discriminant};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnDescPtr;
use tempfile::{NamedTempFile, TempPath};

use super::error::EngineError;
use super::numbers::{self, Numbers, Scratch};
use super::place::{address, file_place};
use super::store::{self, Address};
use super::write::{array, begin_sync, properties, schema, sync_folder, temporary};
use crate::table::{Column, Values};

/// Bytes that go to the file at once; of many files, these stay in the cache.
const WRITTEN: usize = 1 << 17;

/// Bytes after which the disk is set to work: few enough that little is left to do when the file is synced.
const BEGUN: u64 = 1 << 23;

/// A file that is being written: nobody sees it before it is [`publish`](Self::publish)ed, and without that it goes away.
///
/// ```
/// use lapwing_features::engine::{TableFile, read_parquet};
/// use lapwing_features::{Column, Values};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("table.parquet");
/// let columns = |days| [Column::new("days", Values::Measured(days))];
/// let mut file = TableFile::create(&path, &columns(Vec::new()))?;
/// // Each of these two may be another thread's work.
/// let groups = [vec![1.5, f64::NAN], vec![2.5]].map(|days| {
///     let mut rows = file.encoder()?;
///     rows.push(&columns(days))?;
///     rows.finish()
/// });
/// for group in groups {
///     file.append(group?)?;
/// }
/// assert!(!path.exists());
/// file.publish()?;
/// assert_eq!(read_parquet(&path, &["days"])?[0].values, Values::Number(vec![Some(1.5), None, Some(2.5)]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableFile {
    shown: String,
    goal: Goal,
    temporary: TempPath,
    writer: SerializedFileWriter<BufWriter<File>>,
    /// How far the disk was set to work.
    begun: u64,
    encoders: Encoders,
}

/// Where the file is to be.
enum Goal {
    Local { place: PathBuf, folder: PathBuf },
    Store(Address),
}

/// A file that is whole and not in its place yet.
pub(super) struct Sealed {
    shown: String,
    goal: Goal,
    temporary: TempPath,
}

/// Makes encoders, on any thread.
#[derive(Clone)]
pub struct Encoders {
    shown: String,
    schema: SchemaRef,
    /// Of all leaves that are no numbers.
    factory: Arc<ArrowRowGroupWriterFactory>,
    /// Of each leaf that is.
    numbers: Arc<[Option<Taken>]>,
}

/// A leaf of numbers, and the kind of values that it takes.
type Taken = (ColumnDescPtr, Discriminant<Values>);

/// Rows on their way into a file, encoded and compressed column by column.
pub struct Encoder {
    shown: String,
    schema: SchemaRef,
    leaves: Vec<Leaf>,
    rows: usize,
}

thread_local! {
    /// One for all tables that a thread encodes, so that it stays in the cache.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// A column of the file, or one of those that a nested column has.
enum Leaf {
    Numbers(Numbers, Discriminant<Values>),
    Other(Box<ArrowColumnWriter>),
}

/// Rows that are ready to be appended.
pub struct EncodedRows {
    chunks: Vec<Chunk>,
    rows: usize,
}

/// A column of some rows, encoded.
enum Chunk {
    Numbers(numbers::Chunk, ColumnCloseResult),
    Other(ArrowColumnChunk),
}

impl TableFile {
    /// A file with columns of the names and types of `template`, to be at `path`; its folder is made if there is none. Where the
    /// path is a URL such as `s3://bucket/key`, the file waits among the system's temporary files.
    ///
    /// # Errors
    /// [`EngineError::Place`] when something is there that is no regular file, [`EngineError::Unwritable`] when the place cannot be
    /// written to, or when there is no column.
    pub fn create(path: &Path, template: &[Column]) -> Result<Self, EngineError> {
        if template.is_empty() {
            return Err(unwritable(&path.display().to_string(), &"it has no column"));
        }
        let mut file = Self::create_as(path, Arc::new(schema(template)), properties(template))?;
        let others = || template.iter().filter(|column| !Numbers::take(&column.values));
        if others().count() < template.len() {
            // Writers are made for all columns of a factory's schema, so it is one without those that need none.
            file.encoders.factory = factory(std::io::sink(), Arc::new(schema(others())), properties(others()))
                .map(|(_, factory)| factory)
                .map_err(|error| unwritable(&file.shown, &error))?;
            let described = file.writer.schema_descr().columns().iter();
            let numbers = template.iter().zip(described);
            let numbers =
                numbers.map(|(Column { values, .. }, leaf)| Numbers::take(values).then(|| (Arc::clone(leaf), discriminant(values))));
            file.encoders.numbers = numbers.collect();
        }
        Ok(file)
    }

    /// As [`create`](Self::create), by the schema, for rows that come as arrays.
    pub(super) fn create_as(path: &Path, schema: SchemaRef, properties: WriterProperties) -> Result<Self, EngineError> {
        let shown = path.display().to_string();
        let failed = |reason: &dyn Display| unwritable(&shown, reason);
        let goal = Goal::of(path)?;
        let folder = match &goal {
            Goal::Local { folder, .. } => folder.clone(),
            Goal::Store(_) => std::env::temp_dir(),
        };
        create_dir_all(&folder).map_err(|error| failed(&error))?;
        let (file, temporary) = NamedTempFile::into_parts(temporary(&folder).map_err(|error| failed(&error))?);
        let file = BufWriter::with_capacity(WRITTEN, file);
        let (writer, factory) = factory(file, Arc::clone(&schema), properties).map_err(|error| failed(&error))?;
        let numbers = vec![None; writer.schema_descr().num_columns()].into();
        let encoders = Encoders { shown: shown.clone(), schema, factory, numbers };
        Ok(Self { shown, goal, temporary, writer, begun: 0, encoders })
    }

    /// What makes encoders on other threads.
    #[must_use]
    pub fn encoders(&self) -> Encoders {
        self.encoders.clone()
    }

    /// An encoder of rows for this file.
    ///
    /// # Errors
    /// [`EngineError::Unwritable`] when there is none for a column.
    pub fn encoder(&self) -> Result<Encoder, EngineError> {
        self.encoders.encoder()
    }

    /// Appends rows, as a row group of their own; nothing for none.
    ///
    /// # Errors
    /// [`EngineError::Unwritable`] when they cannot be written.
    pub fn append(&mut self, rows: EncodedRows) -> Result<(), EngineError> {
        if rows.rows == 0 {
            return Ok(());
        }
        let write = || {
            let mut group = self.writer.next_row_group()?;
            rows.chunks.into_iter().try_for_each(|chunk| chunk.append_to(&mut group))?;
            group.close()
        };
        write().map(|_| ()).map_err(|error| unwritable(&self.shown, &error))?;
        let written = self.writer.bytes_written() as u64;
        if written - self.begun >= BEGUN {
            begin_sync(self.writer.inner().get_ref(), self.begun..written);
            self.begun = written;
        }
        Ok(())
    }

    /// Makes the file whole, synced, and puts it into its place, so that readers see all of it or what was there before.
    ///
    /// # Errors
    /// [`EngineError::Unwritable`] when the system does not let it, [`EngineError::Store`] when the store does not; what was there
    /// stays.
    pub fn publish(self) -> Result<(), EngineError> {
        self.seal()?.publish()
    }

    /// As [`publish`](Self::publish), of several: all are whole and synced before the first is put into its place.
    ///
    /// # Errors
    /// As [`publish`](Self::publish). Files may be in their places already when a later one cannot be put there.
    pub fn publish_all(files: Vec<Self>) -> Result<(), EngineError> {
        Self::seal_all(files)?.into_iter().try_for_each(Sealed::publish)
    }

    /// Makes the files whole and synced, all at once: a disk syncs them sooner together than one after the other.
    pub(super) fn seal_all(files: Vec<Self>) -> Result<Vec<Sealed>, EngineError> {
        std::thread::scope(|scope| {
            let sealing: Vec<_> = files.into_iter().map(|file| scope.spawn(|| file.seal())).collect();
            sealing.into_iter().map(|sealed| sealed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }

    /// Makes the file whole and synced.
    fn seal(self) -> Result<Sealed, EngineError> {
        let Self { shown, goal, temporary, writer, .. } = self;
        let file = writer.into_inner().map_err(|error| unwritable(&shown, &error))?;
        let file = file.into_inner().map_err(|error| unwritable(&shown, &error))?;
        file.sync_all().map_err(|error| unwritable(&shown, &error))?;
        Ok(Sealed { shown, goal, temporary })
    }
}

impl Goal {
    fn of(path: &Path) -> Result<Self, EngineError> {
        if let Some(address) = address(path)? {
            return Ok(Self::Store(address));
        }
        let place = file_place(path)?;
        let folder = match place.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self::Local { place, folder })
    }
}

impl Sealed {
    /// Where its bytes are.
    pub(super) fn local(&self) -> &Path {
        &self.temporary
    }

    /// The last part of its name.
    pub(super) fn name(&self) -> &str {
        self.shown.rsplit('/').next().unwrap_or_default()
    }

    fn publish(self) -> Result<(), EngineError> {
        let Self { shown, goal, temporary } = self;
        match goal {
            Goal::Local { place, folder } => {
                temporary.persist(&place).map_err(|error| unwritable(&shown, &error.error))?;
                sync_folder(&folder).map_err(|error| unwritable(&shown, &error))
            }
            Goal::Store(address) => store::block_on(store::put(&address, &temporary)),
        }
    }
}

impl Encoders {
    /// An encoder of rows for the file.
    ///
    /// # Errors
    /// [`EngineError::Unwritable`] when there is none for a column.
    pub fn encoder(&self) -> Result<Encoder, EngineError> {
        let writers = self.factory.create_column_writers(0).map_err(|error| unwritable(&self.shown, &error))?;
        let mut writers = writers.into_iter().map(|writer| Leaf::Other(Box::new(writer)));
        let leaf = |number: &Option<Taken>| match number {
            Some((column, kind)) => Some(Leaf::Numbers(Numbers::new(Arc::clone(column)), *kind)),
            None => writers.next(),
        };
        let leaves = self.numbers.iter().filter_map(leaf).collect();
        Ok(Encoder { shown: self.shown.clone(), schema: Arc::clone(&self.schema), leaves, rows: 0 })
    }
}

impl Encoder {
    /// Adds rows, as many columns of one length as the file has.
    ///
    /// # Errors
    /// [`EngineError::Unwritable`] when they are not the columns of the file.
    pub fn push(&mut self, columns: &[Column]) -> Result<(), EngineError> {
        let rows = columns.first().map_or(0, |column| column.values.len());
        if columns.len() != self.leaves.len() || columns.iter().any(|column| column.values.len() != rows) {
            return Err(unwritable(&self.shown, &"its columns differ in length"));
        }
        self.rows += rows;
        for ((leaf, column), field) in self.leaves.iter_mut().zip(columns).zip(self.schema.fields()) {
            match (leaf, &column.values) {
                (Leaf::Numbers(numbers, kind), values) if discriminant(values) == *kind => {
                    SCRATCH.with_borrow_mut(|scratch| numbers.push(values, scratch))
                }
                (Leaf::Other(writer), values) => {
                    compute_leaves(field, &array(values)).and_then(|leaves| leaves.iter().try_for_each(|leaf| writer.write(leaf)))
                }
                (Leaf::Numbers(..), _) => return Err(unwritable(&self.shown, &"its columns differ in type")),
            }
            .map_err(|error| unwritable(&self.shown, &error))?;
        }
        Ok(())
    }

    /// Adds rows, as arrays of the file's schema, where the file was created by that.
    pub(super) fn push_arrays(&mut self, columns: &[ArrayRef]) -> Result<(), EngineError> {
        self.rows += columns.first().map_or(0, |column| column.len());
        // A nested column has a writer for each of its leaves.
        let mut leaves = self.leaves.iter_mut();
        for (column, field) in columns.iter().zip(self.schema.fields()) {
            for leaf in compute_leaves(field, column).map_err(|error| unwritable(&self.shown, &error))? {
                let Some(Leaf::Other(writer)) = leaves.next() else { return Err(unwritable(&self.shown, &"its columns differ in type")) };
                writer.write(&leaf).map_err(|error| unwritable(&self.shown, &error))?;
            }
        }
        Ok(())
    }

    /// The rows, ready to be appended.
    ///
    /// # Errors
    /// [`EngineError::Unwritable`] when they cannot be encoded.
    pub fn finish(self) -> Result<EncodedRows, EngineError> {
        let Self { shown, leaves, rows, .. } = self;
        let chunk = |leaf| match leaf {
            Leaf::Numbers(numbers, _) => {
                SCRATCH.with_borrow_mut(|scratch| numbers.finish(scratch)).map(|(chunk, close)| Chunk::Numbers(chunk, close))
            }
            Leaf::Other(writer) => writer.close().map(Chunk::Other),
        };
        let chunks = leaves.into_iter().map(chunk).collect::<Result<_, _>>();
        Ok(EncodedRows { chunks: chunks.map_err(|error| unwritable(&shown, &error))?, rows })
    }
}

impl Chunk {
    fn append_to<W: Write + Send>(self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<(), ParquetError> {
        match self {
            Self::Numbers(chunk, close) => group.append_column(&chunk, close),
            Self::Other(chunk) => chunk.append_to_row_group(group),
        }
    }
}

impl EncodedRows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

/// A file that is written, and what makes writers of its columns.
fn factory<W: Write + Send>(
    sink: W,
    schema: SchemaRef,
    properties: WriterProperties,
) -> Result<(SerializedFileWriter<W>, Arc<ArrowRowGroupWriterFactory>), ParquetError> {
    let (writer, factory) = ArrowWriter::try_new(sink, schema, Some(properties))?.into_serialized_writer()?;
    Ok((writer, Arc::new(factory)))
}

fn unwritable(path: &str, reason: &dyn Display) -> EngineError {
    EngineError::Unwritable { path: path.to_owned(), reason: reason.to_string() }
}
