//! A column of numbers, names or flags on its way into a Parquet file.
//!
//! A point-in-time table is a hundred columns of numbers a row, and a general writer spends most of a run on them: it hashes each
//! value that may repeat and copies each that may be missing. Here a page goes from values to bytes in a few passes over an array.
//! What is written is plain Parquet: data pages of version 1, a dictionary where values repeat, snappy where it makes a page smaller.

use std::io::{Read, Write};
use std::vec::IntoIter;

use arrow::datatypes::{ArrowNativeType, ToByteSlice};
use bytes::{Buf, Bytes};
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use pulp::Arch;

use bits::{levels, packed, plain};
use dictionary::{Dictionary, Names};
use span::{Look, given_of};

use crate::table::Values;

mod bits;
mod dictionary;
mod span;

/// A column is compressed when that spares one byte of so many in its first page: there is nothing to find in digits that look random.
const SPARED: usize = 10;

/// Pages of one column.
pub(super) struct Numbers {
    column: ColumnDescPtr,
    /// The data pages, each after its header.
    pages: Vec<Bytes>,
    dictionary: Dictionary,
    names: Names,
    /// Values were found to repeat too little for a dictionary, and are taken to go on like that.
    is_varied: bool,
    /// Whether pages are compressed, once there is one.
    is_squeezed: Option<bool>,
    /// Before compression, headers included.
    plain_bytes: i64,
    rows: u32,
    nulls: u64,
    range: Range,
}

/// What the numbers of a column lie between.
#[derive(Clone, Copy)]
enum Range {
    Nothing,
    Measured(f64, f64),
    Whole(i64, i64),
}

/// A column, whole: the page of its dictionary, if it has one, then those of its data.
pub(super) struct Chunk(Vec<Bytes>);

/// The bytes of some pages.
pub(super) struct Pages {
    now: Bytes,
    next: IntoIter<Bytes>,
}

/// What encoding needs besides, for any number of columns one after the other.
pub(super) struct Scratch {
    arch: Arch,
    snappy: snap::raw::Encoder,
    measured: Vec<f64>,
    whole: Vec<i64>,
    places: Vec<u16>,
    page: Vec<u8>,
    squeezed: Vec<u8>,
    /// A page after its header.
    written: TrackedWrite<Vec<u8>>,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self {
            arch: Arch::new(),
            snappy: snap::raw::Encoder::new(),
            measured: Vec::new(),
            whole: Vec::new(),
            places: Vec::new(),
            page: Vec::new(),
            squeezed: Vec::new(),
            written: TrackedWrite::new(Vec::new()),
        }
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.0.iter().map(|part| part.len() as u64).sum()
    }
}

impl ChunkReader for Chunk {
    type T = Pages;

    fn get_read(&self, start: u64) -> Result<Pages> {
        let mut pages = Pages { now: Bytes::new(), next: self.0.clone().into_iter() };
        std::io::copy(&mut pages.by_ref().take(start), &mut std::io::sink())?;
        Ok(pages)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = Vec::with_capacity(length);
        self.get_read(start)?.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

impl Read for Pages {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.now.is_empty() {
            let Some(page) = self.next.next() else { return Ok(0) };
            self.now = page;
        }
        (&mut self.now).reader().read(buffer)
    }
}

impl Numbers {
    pub(super) fn new(column: ColumnDescPtr) -> Self {
        Self {
            column,
            pages: Vec::new(),
            dictionary: Dictionary::default(),
            names: Names::default(),
            is_varied: false,
            is_squeezed: None,
            plain_bytes: 0,
            rows: 0,
            nulls: 0,
            range: Range::Nothing,
        }
    }

    /// Whether there are columns of these values.
    pub(super) fn take(values: &Values) -> bool {
        matches!(values, Values::Measured(_) | Values::Integer(_) | Values::Instant(_) | Values::Named(_) | Values::Flag(_))
    }

    /// Adds `values` as a page.
    pub(super) fn push(&mut self, values: &Values, scratch: &mut Scratch) -> Result<()> {
        scratch.page.clear();
        let (missing, encoding) = match (self.column.physical_type(), values) {
            _ if values.is_empty() => return Ok(()),
            (Type::DOUBLE, Values::Measured(values)) => self.push_measured(values, scratch),
            (Type::INT64, Values::Integer(values) | Values::Instant(values)) => self.push_whole(values, scratch),
            (Type::BYTE_ARRAY, Values::Named(values)) => self.push_names(values, scratch)?,
            (Type::BOOLEAN, Values::Flag(values)) => push_flags(values, scratch),
            _ => return Err(ParquetError::General("it takes other values".to_owned())),
        };
        self.rows += values.len() as u32;
        self.nulls += missing as u64;
        let page = |buf| Page::DataPage {
            buf,
            num_values: values.len() as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (written, plain_bytes) = write(page, &mut self.is_squeezed, scratch)?;
        self.pages.push(written);
        self.plain_bytes += plain_bytes;
        Ok(())
    }

    /// How many are missing, which are NaN, and how the others are written.
    fn push_measured(&mut self, values: &[f64], scratch: &mut Scratch) -> (usize, Encoding) {
        let Scratch { arch, measured, places, page, .. } = scratch;
        let span = arch.dispatch(Look { values, page });
        let given = if span.missing == 0 {
            values
        } else {
            given_of(values, span.missing, measured);
            measured
        };
        if !given.is_empty() {
            self.range = match self.range {
                Range::Measured(low, high) => Range::Measured(low.min(span.low), high.max(span.high)),
                _ => Range::Measured(span.low, span.high),
            };
        }
        (span.missing, self.push_given(given, f64::to_bits, places, page))
    }

    fn push_whole(&mut self, values: &[Option<i64>], scratch: &mut Scratch) -> (usize, Encoding) {
        let Scratch { whole, places, page, .. } = scratch;
        whole.clear();
        whole.extend(values.iter().flatten());
        let missing = values.len() - whole.len();
        levels(values, missing, Option::is_some, page);
        let (low, high) = if let Range::Whole(low, high) = self.range { (low, high) } else { (i64::MAX, i64::MIN) };
        if !whole.is_empty() {
            self.range = Range::Whole(whole.iter().copied().fold(low, i64::min), whole.iter().copied().fold(high, i64::max));
        }
        (missing, self.push_given(whole, i64::cast_unsigned, places, page))
    }

    fn push_names(&mut self, values: &[Option<&'static str>], scratch: &mut Scratch) -> Result<(usize, Encoding)> {
        let Scratch { places, page, .. } = scratch;
        places.clear();
        for name in values.iter().flatten() {
            places.push(self.names.place(name).ok_or_else(|| ParquetError::General("it has too many names".to_owned()))?);
        }
        let missing = values.len() - places.len();
        levels(values, missing, Option::is_some, page);
        if places.is_empty() {
            return Ok((missing, Encoding::PLAIN));
        }
        packed(places, self.names.width(), page);
        Ok((missing, Encoding::RLE_DICTIONARY))
    }

    /// Adds what is given of the values, by places in the dictionary as long as there are few.
    fn push_given<T: ArrowNativeType>(
        &mut self,
        given: &[T],
        bits: impl Fn(T) -> u64,
        places: &mut Vec<u16>,
        page: &mut Vec<u8>,
    ) -> Encoding {
        if given.is_empty() {
            Encoding::PLAIN
        } else if !self.is_varied && self.dictionary.places(given, bits, places) {
            packed(places, self.dictionary.width(), page);
            Encoding::RLE_DICTIONARY
        } else {
            self.is_varied = true;
            page.extend_from_slice(given.to_byte_slice());
            Encoding::PLAIN
        }
    }

    /// The chunk, and what the file's footer says of it.
    pub(super) fn finish(self, scratch: &mut Scratch) -> Result<(Chunk, ColumnCloseResult)> {
        let Self { column, mut pages, dictionary, names, mut is_squeezed, mut plain_bytes, rows, nulls, range, .. } = self;
        scratch.page.clear();
        scratch.page.extend_from_slice(dictionary.values().to_byte_slice());
        for name in names.all() {
            scratch.page.extend((name.len() as u32).to_le_bytes());
            scratch.page.extend_from_slice(name.as_bytes());
        }
        let values = dictionary.values().len() + names.all().len();
        let mut first_page = 0;
        if values > 0 {
            let page = |buf| Page::DictionaryPage { buf, num_values: values as u32, encoding: Encoding::PLAIN, is_sorted: false };
            let (written, more) = write(page, &mut is_squeezed, scratch)?;
            first_page = written.len();
            plain_bytes += more;
            pages.insert(0, written);
        }
        let chunk = Chunk(pages);
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        encodings.extend((first_page > 0).then_some(Encoding::RLE_DICTIONARY));
        let statistics = statistics(column.physical_type(), range, nulls);
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(if is_squeezed == Some(true) { Compression::SNAPPY } else { Compression::UNCOMPRESSED })
            .set_encodings(encodings)
            .set_num_values(rows.into())
            .set_total_compressed_size(chunk.len().cast_signed())
            .set_total_uncompressed_size(plain_bytes)
            .set_data_page_offset(length(first_page)?)
            .set_dictionary_page_offset((first_page > 0).then_some(0))
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: chunk.len(),
            rows_written: rows.into(),
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((chunk, close))
    }
}

/// Adds a bit for each flag that is given: how many are missing.
fn push_flags(values: &[Option<bool>], scratch: &mut Scratch) -> (usize, Encoding) {
    let missing = values.iter().filter(|flag| flag.is_none()).count();
    levels(values, missing, Option::is_some, &mut scratch.page);
    plain(values.iter().flatten().copied(), &mut scratch.page);
    (missing, Encoding::PLAIN)
}

/// Of names and flags it is only told how many are missing.
fn statistics(column: Type, range: Range, nulls: u64) -> Statistics {
    let nulls = Some(nulls);
    match (column, range) {
        // Which of the two zeros is the lowest and the highest is not to be relied on, so each stands for both.
        (_, Range::Measured(low, high)) => {
            Statistics::double(Some(if low == 0.0 { -0.0 } else { low }), Some(high + 0.0), None, nulls, false)
        }
        (_, Range::Whole(low, high)) => Statistics::int64(Some(low), Some(high), None, nulls, false),
        (Type::INT64, _) => Statistics::int64(None, None, None, nulls, false),
        (Type::BYTE_ARRAY, _) => Statistics::byte_array(None, None, None, nulls, false),
        (Type::BOOLEAN, _) => Statistics::boolean(None, None, None, nulls, false),
        _ => Statistics::double(None, None, None, nulls, false),
    }
}

/// The page in `scratch`, after its header; and its size before compression, header included. Whether the column is compressed is
/// settled by its first page.
fn write(page: impl FnOnce(Bytes) -> Page, is_squeezed: &mut Option<bool>, scratch: &mut Scratch) -> Result<(Bytes, i64)> {
    let Scratch { snappy, page: plain, squeezed, written, .. } = scratch;
    let plain_len = plain.len();
    if *is_squeezed != Some(false) {
        squeezed.resize(snap::raw::max_compress_len(plain.len()), 0);
        let len = snappy.compress(plain, squeezed).map_err(|error| ParquetError::External(Box::new(error)))?;
        squeezed.truncate(len);
        is_squeezed.get_or_insert(len < plain.len() - plain.len() / SPARED);
    }
    // Lent for as long as the page is written: nothing is copied.
    let lent = if *is_squeezed == Some(true) { squeezed } else { &mut *plain };
    let bytes = Bytes::from(std::mem::take(lent));
    let said = SerializedPageWriter::new(written).write_page(CompressedPage::new(page(bytes.clone()), plain_len))?;
    *lent = bytes.into();
    written.flush()?;
    let whole = Bytes::copy_from_slice(written.inner());
    written.inner_mut().clear();
    Ok((whole, length(said.uncompressed_size)?))
}

fn length(bytes: usize) -> Result<i64> {
    Ok(bytes.try_into()?)
}

#[cfg(test)]
mod tests;
