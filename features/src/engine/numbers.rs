//! A column of numbers on its way into a Parquet file.
//!
//! A point-in-time table is a hundred columns of numbers a row, and a general writer spends most of a run on them: it hashes each
//! value that may repeat and copies each that may be missing. Here a page goes from numbers to bytes in a few passes over an array.
//! What is written is plain Parquet: data pages of version 1, a dictionary where values repeat, snappy.

use std::io::Write;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use bits::{levels, packed};
use dictionary::Dictionary;

mod bits;
mod dictionary;

/// Bytes of a page's header, at most about.
const MOST_OF_HEADER: usize = 32;

/// Pages of one column; NaN is null.
pub(super) struct Numbers {
    column: ColumnDescPtr,
    /// Each with its header, compressed.
    pages: Vec<Vec<u8>>,
    dictionary: Dictionary,
    /// Values were found to repeat too little for a dictionary, and are taken to go on like that.
    is_varied: bool,
    /// Before compression, headers included.
    plain_bytes: i64,
    rows: u32,
    nulls: u64,
    range: Option<(f64, f64)>,
}

/// What encoding needs besides, for any number of columns one after the other.
pub(super) struct Scratch {
    snappy: snap::raw::Encoder,
    given: Vec<f64>,
    places: Vec<u16>,
    page: Vec<u8>,
    squeezed: Vec<u8>,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self { snappy: snap::raw::Encoder::new(), given: Vec::new(), places: Vec::new(), page: Vec::new(), squeezed: Vec::new() }
    }
}

impl Numbers {
    pub(super) fn new(column: ColumnDescPtr) -> Self {
        Self {
            column,
            pages: Vec::new(),
            dictionary: Dictionary::default(),
            is_varied: false,
            plain_bytes: 0,
            rows: 0,
            nulls: 0,
            range: None,
        }
    }

    /// Adds `values` as a page.
    pub(super) fn push(&mut self, values: &[f64], scratch: &mut Scratch) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let missing = values.iter().filter(|value| value.is_nan()).count();
        scratch.page.clear();
        levels(values, missing, &mut scratch.page);
        let given = if missing == 0 {
            values
        } else {
            scratch.given.clear();
            scratch.given.extend(values.iter().filter(|value| !value.is_nan()));
            &scratch.given
        };
        self.widen(given);
        let encoding = if given.is_empty() {
            Encoding::PLAIN
        } else if !self.is_varied && self.dictionary.places(given, &mut scratch.places) {
            packed(&scratch.places, self.dictionary.width(), &mut scratch.page);
            Encoding::RLE_DICTIONARY
        } else {
            self.is_varied = true;
            scratch.page.extend(given.iter().flat_map(|value| value.to_le_bytes()));
            Encoding::PLAIN
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
        let (written, plain_bytes) = write(page, scratch)?;
        self.pages.push(written);
        self.plain_bytes += plain_bytes;
        Ok(())
    }

    fn widen(&mut self, given: &[f64]) {
        let Some(first) = given.first() else { return };
        let (low, high) = self.range.unwrap_or((*first, *first));
        self.range = Some((given.iter().fold(low, |low, value| low.min(*value)), given.iter().fold(high, |high, value| high.max(*value))));
    }

    /// The bytes of the chunk, and what the file's footer says of it.
    pub(super) fn finish(self, scratch: &mut Scratch) -> Result<(Bytes, ColumnCloseResult)> {
        let Self { column, mut pages, dictionary, mut plain_bytes, rows, nulls, range, .. } = self;
        let values = dictionary.values();
        let mut first_page = 0;
        if !values.is_empty() {
            scratch.page.clear();
            scratch.page.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            let page = |buf| Page::DictionaryPage { buf, num_values: values.len() as u32, encoding: Encoding::PLAIN, is_sorted: false };
            let (written, more) = write(page, scratch)?;
            first_page = written.len();
            plain_bytes += more;
            pages.insert(0, written);
        }
        let bytes = Bytes::from(pages.concat());
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        encodings.extend((first_page > 0).then_some(Encoding::RLE_DICTIONARY));
        // Which of the two zeros is the lowest and the highest is not to be relied on, so each stands for both.
        let [low, high] = [range.map(|(low, _)| if low == 0.0 { -0.0 } else { low }), range.map(|(_, high)| high + 0.0)];
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::SNAPPY)
            .set_encodings(encodings)
            .set_num_values(rows.into())
            .set_total_compressed_size(length(bytes.len())?)
            .set_total_uncompressed_size(plain_bytes)
            .set_data_page_offset(length(first_page)?)
            .set_dictionary_page_offset((first_page > 0).then_some(0))
            .set_statistics(Statistics::Double(ValueStatistics::new(low, high, None, Some(nulls), false)))
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows.into(),
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((bytes, close))
    }
}

/// The page in `scratch`, compressed, after its header; and its size before that, header included.
fn write(page: impl FnOnce(Bytes) -> Page, scratch: &mut Scratch) -> Result<(Vec<u8>, i64)> {
    let Scratch { snappy, page: plain, squeezed, .. } = scratch;
    squeezed.resize(snap::raw::max_compress_len(plain.len()), 0);
    let squeezed_len = snappy.compress(plain, squeezed).map_err(|error| ParquetError::External(Box::new(error)))?;
    let page = CompressedPage::new(page(Bytes::copy_from_slice(&squeezed[..squeezed_len])), plain.len());
    let mut written = Vec::with_capacity(MOST_OF_HEADER + squeezed_len);
    let mut sink = TrackedWrite::new(&mut written);
    let said = SerializedPageWriter::new(&mut sink).write_page(page)?;
    sink.flush()?;
    drop(sink);
    Ok((written, length(said.uncompressed_size)?))
}

fn length(bytes: usize) -> Result<i64> {
    Ok(bytes.try_into()?)
}

#[cfg(test)]
mod tests;
