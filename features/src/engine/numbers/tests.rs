//! Columns as readers of Parquet see them.

use std::sync::Arc;

use arrow::array::{Array, Float64Array};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::*;

fn writer() -> SerializedFileWriter<Vec<u8>> {
    let schema = Arc::new(parse_message_type("message m { optional double days; }").unwrap());
    SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default())).unwrap()
}

/// These pages of the only column.
fn chunk(pages: &[Vec<f64>]) -> (Chunk, ColumnCloseResult) {
    let (mut numbers, mut scratch) = (Numbers::new(writer().schema_descr().column(0)), Scratch::new());
    for page in pages {
        numbers.push(&Values::Measured(page.clone()), &mut scratch).unwrap();
    }
    numbers.finish(&mut scratch).unwrap()
}

/// A file of one column with these pages, in one row group.
fn file(pages: &[Vec<f64>]) -> Bytes {
    let mut writer = writer();
    let (chunk, close) = chunk(pages);
    let mut group = writer.next_row_group().unwrap();
    group.append_column(&chunk, close).unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap().into()
}

fn read(file: &Bytes) -> (Vec<Option<u64>>, ColumnChunkMetaData) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
    let column = reader.metadata().row_group(0).column(0).clone();
    let mut values = Vec::new();
    for batch in reader.with_batch_size(1_000).build().unwrap() {
        let batch = batch.unwrap();
        let array = batch.column(0).as_any().downcast_ref::<Float64Array>().unwrap();
        values.extend(array.iter().map(|value| value.map(f64::to_bits)));
    }
    (values, column)
}

fn expected(pages: &[Vec<f64>]) -> Vec<Option<u64>> {
    pages.iter().flatten().map(|value| (!value.is_nan()).then_some(value.to_bits())).collect()
}

fn statistics(column: &ColumnChunkMetaData) -> (Option<f64>, Option<f64>, Option<u64>) {
    let Some(Statistics::Double(found)) = column.statistics() else { panic!("{column:?}") };
    (found.min_opt().copied(), found.max_opt().copied(), found.null_count_opt())
}

fn has_dictionary(column: &ColumnChunkMetaData) -> bool {
    column.dictionary_page_offset().is_some()
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0_u8..5).prop_map(f64::from),
        2 => Just(f64::NAN),
        1 => any::<f64>(),
        1 => prop::sample::select(vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE]),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(pages in prop::collection::vec(prop::collection::vec(value(), 0..70), 1..6)) {
        prop_assume!(pages.iter().any(|page| !page.is_empty()));
        let (values, column) = read(&file(&pages));
        prop_assert_eq!(&values, &expected(&pages));
        let given = || pages.iter().flatten().copied().filter(|value| !value.is_nan());
        let missing = values.iter().filter(|value| value.is_none()).count() as u64;
        prop_assert_eq!(statistics(&column), (given().reduce(f64::min), given().reduce(f64::max), Some(missing)));
    }

    #[test]
    fn so_are_places_of_any_width(distinct in 1_usize..700, len in 1_usize..3_000) {
        let drawn = |row: usize| {
            let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ mixed >> 31).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed >> 33) as usize % distinct
        };
        let page = |first: usize| (0..len).map(|row| drawn(first + row) as f64 / 8.0).collect::<Vec<_>>();
        let pages = [page(0), page(distinct / 2), vec![f64::NAN; 9], page(3)];
        let (values, column) = read(&file(&pages));
        prop_assert_eq!(values, expected(&pages));
        prop_assert!(has_dictionary(&column));
    }
}

#[test]
fn a_dictionary_is_given_up_when_values_hardly_repeat() {
    let counts: Vec<f64> = (0..2_000).map(|row| f64::from(row % 12)).collect();
    let amounts: Vec<f64> = (0..2_000).map(|row| f64::from(row).sqrt()).collect();
    let pages = [counts.clone(), amounts.clone(), counts.clone()];
    let (values, column) = read(&file(&pages));
    assert_eq!(values, expected(&pages));
    assert!(has_dictionary(&column), "the first page still goes by it");
    let few = file(&[counts.clone(), counts.clone(), counts]).len();
    let many = file(&pages).len();
    assert!(few * 5 < many, "{few} {many}");

    let (values, column) = read(&file(std::slice::from_ref(&amounts)));
    assert_eq!(values, expected(&[amounts]));
    assert!(!has_dictionary(&column), "nothing goes by it");
}

#[test]
fn a_dictionary_that_would_grow_too_large_is_given_up_early() {
    let of = |distinct: usize, len: usize| {
        let (_, column) = read(&file(&[(0..len).map(|row| (row % distinct) as f64).collect()]));
        has_dictionary(&column)
    };
    assert!(of(126, 128) && of(126, 3_000));
    assert!(!of(127, 128) && !of(200, 3_000));
}

#[test]
fn a_column_without_a_value_is_nulls() {
    let (values, column) = read(&file(&[vec![f64::NAN; 20], vec![f64::NAN; 3]]));
    assert_eq!(values, [None; 23]);
    assert_eq!(statistics(&column), (None, None, Some(23)));
    assert!(!has_dictionary(&column));
}

#[test]
fn a_zero_at_the_end_of_the_range_is_either_zero() {
    let bits = |page: &[f64]| {
        let (_, column) = read(&file(&[page.to_vec()]));
        let (low, high, _) = statistics(&column);
        [low, high].map(|end| end.unwrap().to_bits())
    };
    let zeros = [-0.0, 0.0].map(f64::to_bits);
    assert_eq!(bits(&[0.0]), zeros);
    assert_eq!(bits(&[-0.0]), zeros);
    assert_eq!(bits(&[-0.0, 2.0]), [(-0.0_f64).to_bits(), 2.0_f64.to_bits()]);
}

#[test]
fn a_column_is_compressed_where_that_spares_something() {
    let compression = |page: &[f64]| {
        let (values, column) = read(&file(&[page.to_vec(), page.to_vec()]));
        assert_eq!(values, expected(&[page.to_vec(), page.to_vec()]));
        column.compression()
    };
    // The digits of a sine look random; of a whole number most bytes are zero.
    assert_eq!(compression(&(0..2_000).map(|row| f64::from(row).sin()).collect::<Vec<_>>()), Compression::UNCOMPRESSED);
    assert_eq!(compression(&(0..2_000).map(f64::from).collect::<Vec<_>>()), Compression::SNAPPY);
}

#[test]
fn a_chunk_is_read_from_anywhere() {
    let (chunk, _) = chunk(&[vec![1.0, 2.0, 1.0], vec![f64::NAN, 2.0]]);
    let whole = chunk.get_bytes(0, chunk.len() as usize).unwrap();
    assert_eq!(chunk.0.len(), 3);
    for start in 0..=chunk.len() {
        let rest = (chunk.len() - start) as usize;
        assert_eq!(chunk.get_bytes(start, rest).unwrap(), whole[start as usize..]);
    }
}
