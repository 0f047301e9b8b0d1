//! Rows of events out of rows of customers.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StructArray, UInt32Array};
use arrow::compute::{cast, is_null, nullif, take};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;

/// Events that are made into rows at once: what is made of them is many times their size.
const ROWS: usize = 65_536;

/// The events of a batch of two columns, ids and lists of structs: rows of the id and the fields of the struct, a piece at a time.
pub(in crate::engine) fn flatten(batch: &RecordBatch) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>, ArrowError> {
    let ids = Arc::clone(batch.column(0));
    let lists = lists(batch.column(1))?;
    let owners = owners(&lists);
    let (places, fields) = (owners.1, fields(lists.values().as_struct())?);
    let owners = owners.0;
    let schema = std::iter::once(Field::new(super::CUSTOMER_ID, ids.data_type().clone(), true))
        .chain(fields.iter().map(|(name, values)| Field::new(name, values.data_type().clone(), true)));
    let schema = Arc::new(Schema::new(schema.collect::<Vec<_>>()));
    Ok((0..owners.len()).step_by(ROWS).map(move |begin| {
        let length = ROWS.min(owners.len() - begin);
        let mut columns = vec![take(&ids, &owners.slice(begin, length), None)?];
        for (_, values) in &fields {
            columns.push(match &places {
                Places::From(first) => values.slice(first + begin, length),
                Places::At(places) => take(values, &places.slice(begin, length), None)?,
            });
        }
        RecordBatch::try_new(Arc::clone(&schema), columns)
    }))
}

/// Where the events stand among the values of the lists.
enum Places {
    /// One after the other.
    From(usize),
    /// Here and there, for a list that is null may have values none the less.
    At(UInt32Array),
}

fn lists(column: &ArrayRef) -> Result<ListArray, ArrowError> {
    let (DataType::List(item) | DataType::LargeList(item)) = column.data_type() else {
        return Err(ArrowError::SchemaError(format!("`{}` is no list", super::EVENTS)));
    };
    Ok(cast(column, &DataType::List(Arc::clone(item)))?.as_list::<i32>().clone())
}

/// In whose row each event stands, and where.
fn owners(lists: &ListArray) -> (UInt32Array, Places) {
    let offsets = lists.value_offsets();
    let given = |row: &usize| lists.is_valid(*row);
    let range = |row: usize| offsets[row] as u32..offsets[row + 1] as u32;
    let owners = (0..lists.len()).filter(given).flat_map(|row| range(row).map(move |_| row as u32)).collect();
    let hidden = lists.null_count() > 0 && (0..lists.len()).any(|row| lists.is_null(row) && !range(row).is_empty());
    let places =
        if hidden { Places::At((0..lists.len()).filter(given).flat_map(range).collect()) } else { Places::From(offsets[0] as usize) };
    (owners, places)
}

/// The fields by their names; those of an event that is null are null.
fn fields(events: &StructArray) -> Result<Vec<(String, ArrayRef)>, ArrowError> {
    let missing = (events.null_count() > 0).then(|| is_null(events)).transpose()?;
    let names = events.fields().iter().map(|field| field.name().clone());
    names
        .zip(events.columns())
        .map(|(name, values)| match &missing {
            Some(missing) => Ok((name, nullif(values, missing)?)),
            None => Ok((name, Arc::clone(values))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringArray};
    use arrow::buffer::{NullBuffer, OffsetBuffer};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn batch(offsets: Vec<i32>, lists: Option<Vec<bool>>, events: Option<Vec<bool>>, ts: Vec<i64>) -> RecordBatch {
        let ts: ArrayRef = Arc::new(Int64Array::from(ts));
        let fields = vec![Field::new("ts", DataType::Int64, true)];
        let events = StructArray::new(fields.into(), vec![ts], events.map(NullBuffer::from));
        let item = Arc::new(Field::new("item", events.data_type().clone(), true));
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..offsets.len() - 1).map(|row| format!("c{row}"))));
        let lists: ArrayRef =
            Arc::new(ListArray::new(item, OffsetBuffer::new(offsets.into()), Arc::new(events), lists.map(NullBuffer::from)));
        RecordBatch::try_from_iter([("customer_id", ids), ("events", lists)]).unwrap()
    }

    fn rows(batch: &RecordBatch) -> Vec<(String, Option<i64>)> {
        let mut rows = Vec::new();
        for piece in flatten(batch).unwrap().map(Result::unwrap) {
            let (ids, ts) = (piece.column(0).as_string::<i32>(), piece.column(1).as_primitive::<Int64Type>());
            rows.extend(ids.iter().zip(ts).map(|(id, ts)| (id.unwrap().to_owned(), ts)));
        }
        rows
    }

    fn row(id: &str, ts: i64) -> (String, Option<i64>) {
        (id.to_owned(), Some(ts))
    }

    #[test]
    fn each_event_stands_beside_its_customer() {
        let batch = batch(vec![0, 2, 2, 3], None, None, vec![1, 2, 3]);
        assert_eq!(rows(&batch), [row("c0", 1), row("c0", 2), row("c2", 3)]);
        assert_eq!(rows(&batch.slice(1, 2)), [row("c2", 3)]);
        assert!(rows(&batch.slice(1, 1)).is_empty() && rows(&batch.slice(0, 0)).is_empty());
    }

    #[test]
    fn what_a_null_list_or_event_hides_is_not_seen() {
        let lists = batch(vec![0, 1, 3, 4], Some(vec![true, false, true]), None, vec![1, 2, 3, 4]);
        assert_eq!(rows(&lists), [row("c0", 1), row("c2", 4)]);
        let events = batch(vec![0, 2, 3], None, Some(vec![true, false, true]), vec![1, 2, 3]);
        assert_eq!(rows(&events), [row("c0", 1), ("c0".to_owned(), None), row("c1", 3)]);
    }

    #[test]
    fn a_long_list_comes_in_pieces() {
        let many = 150_000;
        let batch = batch(vec![0, many, many + 1], None, None, (0..=i64::from(many)).collect());
        let lengths: Vec<usize> = flatten(&batch).unwrap().map(|piece| piece.unwrap().num_rows()).collect();
        assert_eq!(lengths, [ROWS, ROWS, 150_001 - 2 * ROWS]);
        assert_eq!(rows(&batch).last(), Some(&row("c1", i64::from(many))));
    }
}
