//! Tables written and read back.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, Date32Array, Int32Array};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

use super::{EngineError, Folder, names};
use crate::engine::{TableFile, column_names, read_parquet, write_parquet};
use crate::table::{Column, Values};

fn table() -> Vec<Column> {
    vec![
        Column::new("customer_id", Values::Text(vec![Some("a".to_owned()), None])),
        Column::new("as_of", Values::Instant(vec![Some(1_700_000_000_000_000), None])),
        Column::new("probability", Values::Number(vec![Some(0.1), None])),
        Column::new("purchased", Values::Flag(vec![Some(true), None])),
        Column::new("count", Values::Integer(vec![Some(3), None])),
    ]
}

#[test]
fn a_table_comes_back_as_it_was_written() {
    let folder = Folder::new();
    let path = folder.path("scores.parquet");
    write_parquet(&path, &table()).unwrap();
    let back = read_parquet(&path, &["count", "customer_id", "as_of", "probability", "purchased"]).unwrap();
    assert_eq!(back[0], Column::new("count", Values::Number(vec![Some(3.0), None])), "any number is a number");
    assert_eq!(back[1..], table()[..4]);
}

#[test]
fn texts_are_the_same_however_they_are_held() {
    let folder = Folder::new();
    let path = folder.path("texts.parquet");
    for texts in [vec![], vec![None, None], vec![Some("a"), Some("")], vec![None, Some("Übermut"), Some(""), None, Some("x")]] {
        let owned = Values::Text(texts.iter().map(|text| text.map(str::to_owned)).collect());
        let written = Values::Written(texts.iter().copied().collect());
        assert_eq!((written.len(), written.is_empty()), (texts.len(), texts.is_empty()));
        let bytes = [owned.clone(), written].map(|values| {
            write_parquet(&path, &[Column::new("reason_1", values)]).unwrap();
            fs::read(&path).unwrap()
        });
        assert_eq!(bytes[0], bytes[1]);
        assert_eq!(read_parquet(&path, &["reason_1"]).unwrap()[0].values, owned);
    }
}

/// A row of what stands in columns of few values.
type Few = (Option<&'static str>, Option<bool>, Option<i64>, Option<i64>);

fn few(rows: &[Few]) -> [Column; 4] {
    [
        Column::new("stage", Values::Named(rows.iter().map(|row| row.0).collect())),
        Column::new("churned", Values::Flag(rows.iter().map(|row| row.1).collect())),
        Column::new("horizon_days", Values::Integer(rows.iter().map(|row| row.2).collect())),
        Column::new("cutoff", Values::Instant(rows.iter().map(|row| row.3).collect())),
    ]
}

fn row() -> impl Strategy<Value = Few> {
    let name = prop::option::of(prop::sample::select(vec!["new", "active", "", "Übermut", "won_back"]));
    let whole = || prop::option::of(prop_oneof![3 => 0_i64..4, 1 => any::<i64>()]);
    (name, prop::option::of(any::<bool>()), whole(), whole())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn columns_of_few_values_come_back(pages in prop::collection::vec(prop::collection::vec(row(), 0..70), 1..5)) {
        let folder = Folder::new();
        let path = folder.path("few.parquet");
        let mut file = TableFile::create(&path, &few(&[])).unwrap();
        let mut group = file.encoder().unwrap();
        for rows in &pages {
            group.push(&few(rows)).unwrap();
        }
        file.append(group.finish().unwrap()).unwrap();
        file.publish().unwrap();

        let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path).unwrap()).unwrap();
        let missing = |column: usize| -> u64 {
            let groups = reader.metadata().row_groups().iter();
            groups.map(|group| group.column(column).statistics().unwrap().null_count_opt().unwrap()).sum()
        };
        let rows = || pages.iter().flatten();
        let nulls = [
            rows().filter(|row| row.0.is_none()).count(),
            rows().filter(|row| row.1.is_none()).count(),
            rows().filter(|row| row.2.is_none()).count(),
            rows().filter(|row| row.3.is_none()).count(),
        ];
        prop_assert_eq!([0, 1, 2, 3].map(missing), nulls.map(|count| count as u64));
        let mut expected = rows();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let (stages, churned) = (batch.column(0).as_string::<i32>(), batch.column(1).as_boolean());
            let days = batch.column(2).as_primitive::<Int64Type>();
            let cutoffs = batch.column(3).as_primitive::<TimestampMicrosecondType>();
            for (((stage, churned), days), cutoff) in stages.iter().zip(churned).zip(days).zip(cutoffs) {
                prop_assert_eq!(Some(&(stage, churned, days, cutoff)), expected.next());
            }
        }
        prop_assert_eq!(expected.next(), None);
    }
}

#[test]
fn one_table_has_one_file_to_the_byte_and_no_other_remains() {
    let folder = Folder::new();
    let (one, two) = (folder.path("new/deep/one.parquet"), folder.path("two.parquet"));
    fs::remove_dir_all(folder.path("new")).unwrap();
    fs::write(&two, "what was here before").unwrap();
    write_parquet(&one, &table()).unwrap();
    write_parquet(&two, &table()).unwrap();
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    assert_eq!(fs::read_dir(one.parent().unwrap()).unwrap().count(), 1);
}

#[test]
#[cfg(unix)]
fn others_may_read_what_was_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let plain = folder.csv("plain.csv", &["x"]);
    write_parquet(&folder.path("scores.parquet"), &table()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&folder.path("scores.parquet")), mode(plain.as_ref()));
}

#[test]
fn a_table_without_rows_keeps_its_types() {
    let folder = Folder::new();
    let path = folder.path("none.parquet");
    write_parquet(&path, &[Column::new("as_of", Values::Instant(vec![])), Column::new("name", Values::Text(vec![]))]).unwrap();
    let back = read_parquet(&path, &["name", "as_of"]).unwrap();
    assert_eq!((&back[0].values, &back[1].values), (&Values::Text(vec![]), &Values::Instant(vec![])));
}

#[test]
fn what_cannot_be_written_leaves_what_was_there() {
    let folder = Folder::new();
    let old = folder.csv("old.csv", &["x"]);
    let uneven = [Column::new("a", Values::Flag(vec![None])), Column::new("b", Values::Flag(vec![]))];
    for (path, columns) in [
        (Path::new(&old).join("below.parquet"), table()),
        (Path::new(&old).to_path_buf(), uneven.to_vec()),
        (Path::new(&old).to_path_buf(), vec![]),
    ] {
        let error = write_parquet(&path, &columns).unwrap_err();
        assert!(matches!(error, EngineError::Unwritable { .. }) && !error.is_usage(), "{error}");
        assert!(error.to_string().contains("\nhint: "));
    }
    assert_eq!(fs::read_to_string(&old).unwrap(), "x\n");
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 1, "no temporary file remains");
}

#[test]
fn other_types_are_read_as_what_they_mean() {
    let folder = Folder::new();
    let day: ArrayRef = Arc::new(Date32Array::from(vec![1]));
    let whole: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![b"x".as_slice()]));
    let path = folder.parquet("a.parquet", &[("day", day), ("whole", whole), ("bytes", bytes), ("name", names(&["n"]))]);
    let path = Path::new(&path);
    assert_eq!(column_names(path).unwrap(), ["day", "whole", "bytes", "name"]);
    let back = read_parquet(path, &["day", "whole"]).unwrap();
    assert_eq!(back[0].values, Values::Instant(vec![Some(86_400_000_000)]));
    assert_eq!(back[1].values, Values::Number(vec![Some(7.0)]));
    assert!(matches!(read_parquet(path, &["bytes"]), Err(EngineError::WrongType { .. })));
    let error = read_parquet(path, &["name", "score"]).unwrap_err();
    assert!(matches!(&error, EngineError::MissingColumn { column, .. } if column == "score"), "{error}");
    assert!(matches!(read_parquet(&folder.path("none.parquet"), &[]), Err(EngineError::NotFound { .. })));
}
