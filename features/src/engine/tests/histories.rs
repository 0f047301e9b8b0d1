//! A history table is read as the events that it was made of, and as others write it.

use arrow::array::{Array, Int64Array, LargeListArray, ListArray, StructArray, TimestampMillisecondArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;

use super::*;
use crate::engine::{EventColumns, HistoryFiles, TableFile, read_parquet};
use crate::history::Duplicates;

/// Rows of every sort: kinds or none, late ones, twice the same, orders with lines, names.
const ROWS: [&str; 9] = [
    "a,2024-01-01T10:00:00Z,purchase,10,1,o1,1,web,shoes,",
    "a,2024-01-01T10:00:00Z,purchase,10,1,o1,1,web,shoes,",
    "a,2024-01-01T10:00:00Z,purchase,20,2,o1,2,web,,2024-01-03",
    "b,2024-02-01,visit,,,,,app,,",
    "b,2024-01-15,return,-5,1,o2,,shop,hats,",
    "12,2024-03-01T23:59:59.5+02:00,nonsense,3,,,,,,",
    "c,2023-12-31,,7,,,,,,",
    "c,2024-01-02,purchase,,,,,,,",
    "c,2024-01-02,purchase,1e30,,,,,,",
];
const HEADER: &str = "customer_id,ts,kind,amount,quantity,order_id,line_id,channel,category,known_at";

fn dataset(folder: &Folder, without_kinds: bool, asked: &Asked) -> Dataset {
    let line = |line: &str| {
        let fields = line.split(',').enumerate().filter(|(at, _)| !(without_kinds && *at == 2)).map(|(_, field)| field);
        fields.collect::<Vec<_>>().join(",")
    };
    let lines: Vec<String> = std::iter::once(HEADER).chain(ROWS).map(line).collect();
    asked.read(&[folder.csv("events.csv", &lines.iter().map(String::as_str).collect::<Vec<_>>())]).unwrap()
}

/// Writes all of it, and gives the folder.
fn written(folder: &Folder, name: &str, files: HistoryFiles, dataset: &Dataset) -> String {
    let out = folder.path(name);
    let all: Vec<usize> = (0..files.len()).collect();
    for file in files.write(dataset, &all, |name| out.join(name)).unwrap() {
        TableFile::publish(file).unwrap();
    }
    out.display().to_string()
}

/// All that features and models can see of it.
fn seen(dataset: &Dataset) -> String {
    let known = (&dataset.shape, &dataset.kinds, dataset.last_event, dataset.last_purchase);
    format!("{} {known:?} {:?}", dataset.fingerprint().unwrap(), ids(dataset))
}

#[test]
fn what_was_written_is_read_to_the_bit() {
    for (without_kinds, duplicates) in [(false, Duplicates::Drop), (false, Duplicates::Keep), (true, Duplicates::Drop)] {
        let folder = Folder::new();
        // What the table calls a visit is none of what the configuration calls so.
        let kinds = [("visit".to_owned(), crate::Kind::View), ("nonsense".to_owned(), crate::Kind::Visit)].into();
        let asked = Asked { config: EventsConfig { kinds, duplicates, ..EventsConfig::default() }, ..Asked::default() };
        let events = dataset(&folder, without_kinds, &asked);
        for files in [1, 4, 256].map(|files| HistoryFiles::new(files).unwrap()) {
            let table = written(&folder, &format!("table-{}", files.len()), files, &events);
            let histories = asked.read(std::slice::from_ref(&table)).unwrap();
            assert_eq!(seen(&histories), seen(&events));
            let until = Asked { until: Some(at("2024-01-02")), config: asked.config.clone(), ..Asked::default() };
            assert_eq!(seen(&until.read(&[table]).unwrap()), seen(&dataset(&folder, without_kinds, &until)), "as of a past date");
        }
    }
}

#[test]
fn one_table_has_one_form_however_its_rows_came() {
    let folder = Folder::new();
    let events = dataset(&folder, false, &Asked::default());
    let one = written(&folder, "one", HistoryFiles::new(4).unwrap(), &events);
    let few = Asked { resources: Resources { threads: 3, batch_rows: 2, ..Resources::default() }, ..Asked::default() };
    let again = written(&folder, "again", HistoryFiles::new(4).unwrap(), &few.read(std::slice::from_ref(&one)).unwrap());
    for file in 0..4 {
        let name = HistoryFiles::new(4).unwrap().name(file);
        let [one, again] = [&one, &again].map(|folder| fs::read(PathBuf::from(folder).join(&name)).unwrap());
        assert_eq!(one, again, "{name}");
    }
}

#[test]
fn only_files_with_customers_of_the_data_are_told_of() {
    let folder = Folder::new();
    let files = HistoryFiles::new(256).unwrap();
    let dataset = dataset(&folder, false, &Asked::default());
    let table = PathBuf::from(written(&folder, "table", files, &dataset));
    let customers = |file: &usize| read_parquet(&table.join(files.name(*file)), &["customer_id"]).unwrap()[0].values.len();
    let filled: Vec<usize> = (0..256).filter(|file| customers(file) > 0).collect();
    assert_eq!((files.with_customers(&dataset), filled.iter().map(customers).sum::<usize>()), (filled, 4));
    assert_eq!(HistoryFiles::new(1).unwrap().with_customers(&dataset), [0]);
}

#[test]
fn histories_and_events_are_read_together() {
    let folder = Folder::new();
    let asked = Asked::default();
    let all = dataset(&folder, false, &asked);
    let half = |name: &str, lines: &[&str]| folder.csv(name, &[&[HEADER][..], lines].concat());
    let (one, two) = (half("one.csv", &ROWS[..4]), half("two.csv", &ROWS[3..]));
    let table = written(&folder, "table", HistoryFiles::new(2).unwrap(), &asked.read(&[one]).unwrap());
    assert_eq!(seen(&asked.read(&[table, two]).unwrap()), seen(&all));
}

/// Two customers with three events, as another tool writes them: lists of any sort, other types, fields that mean nothing here.
fn foreign(large: bool, fields: Vec<(&str, ArrayRef)>) -> Vec<(&'static str, ArrayRef)> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) =
        fields.into_iter().map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array)).unzip();
    let events = StructArray::new(fields.into(), arrays, None);
    let item = Arc::new(Field::new("element", events.data_type().clone(), true));
    let events: ArrayRef = Arc::new(events);
    let lists: ArrayRef = if large {
        Arc::new(LargeListArray::new(item, OffsetBuffer::from_lengths([2, 0, 1]), events, None))
    } else {
        Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([2, 0, 1]), events, None))
    };
    vec![("customer_id", Arc::new(Int64Array::from(vec![7, 9, 8])) as ArrayRef), ("events", lists)]
}

fn instants() -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from(vec![1_704_067_200_000, 1_706_745_600_000, 1_706_745_600_000]))
}

#[test]
fn a_table_of_another_tool_is_read_as_its_events_are() {
    let folder = Folder::new();
    let lines = ["customer_id,ts,kind,amount,order_id", "7,2024-01-01,sale,5,11", "7,2024-02-01,visit,,", "8,2024-02-01,sale,2.5,12"];
    let events = folder.csv("events.csv", &lines);
    let kinds = EventsConfig { kinds: [("sale".to_owned(), crate::Kind::Purchase)].into(), ..EventsConfig::default() };
    let asked = Asked { config: kinds, ..Asked::default() };
    for large in [false, true] {
        let fields = vec![
            ("order_id", Arc::new(Int64Array::from(vec![Some(11), None, Some(12)])) as ArrayRef),
            ("note", names(&["x", "y", "z"])),
            ("ts", instants()),
            ("kind", names(&["sale", "visit", "sale"])),
            ("amount", text(&[Some("5"), None, Some("2.50")])),
        ];
        let table = folder.parquet(&format!("{large}.parquet"), &foreign(large, fields));
        assert_eq!(seen(&asked.read(&[table]).unwrap()), seen(&asked.read(std::slice::from_ref(&events)).unwrap()));
    }
    let plain = folder.csv("plain.csv", &["customer_id,ts,amount", "7,2024-01-01,5", "7,2024-02-01,", "8,2024-02-01,-2"]);
    let amounts = || floats(&[Some(5.0), None, Some(-2.0)]);
    let table = folder.parquet("plain.parquet", &foreign(false, vec![("ts", instants()), ("amount", amounts())]));
    assert_eq!(seen(&read_default(&table)), seen(&read_default(&plain)));
    let no_kinds = vec![("ts", instants()), ("amount", amounts()), ("kind", text(&[None, None, None]))];
    let table = folder.parquet("no-kinds.parquet", &foreign(false, no_kinds));
    assert_eq!(read_default(&table).report().unwrap().without_kind, 3, "as in events that have kinds");
    let renamed = EventColumns { amount: "Price".to_owned(), ..EventColumns::default() };
    let renamed = Asked { config: EventsConfig { columns: renamed, ..EventsConfig::default() }, ..Asked::default() };
    let table = folder.parquet("renamed.parquet", &foreign(false, vec![("ts", instants()), ("amount", amounts())]));
    assert_eq!(seen(&renamed.read(&[table]).unwrap()), seen(&read_default(&plain)), "names are those of events");
}

#[test]
fn a_table_that_is_none_is_refused() {
    let folder = Folder::new();
    let refused = |columns: &[(&str, ArrayRef)]| {
        let error = Asked::default().read(&[folder.parquet("table.parquet", columns)]).unwrap_err();
        assert!(error.to_string().contains("\nhint: "), "{error}");
        error.to_string()
    };
    assert!(refused(&foreign(false, vec![("at", instants())])).contains("`ts`"));
    assert!(refused(&foreign(false, vec![("ts", floats(&[Some(1.0), None, None]))])).contains("`ts`"));
    let tokens: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    assert!(refused(&foreign(false, vec![("ts", instants()), ("order_token", tokens)])).contains("order_token"));
    let mut nameless = foreign(false, vec![("ts", instants())]);
    nameless[0].0 = "id";
    assert!(refused(&nameless).contains("customer_id"));
    assert!(refused(&[("customer_id", names(&["a"])), ("events", names(&["b"]))]).contains("`ts`"));
    let tokens: ArrayRef = Arc::new(UInt64Array::from(vec![Some(1), None, Some(3)]));
    let table = folder.parquet("tokens.parquet", &foreign(false, vec![("ts", instants()), ("channel_token", tokens)]));
    assert_eq!(read_default(&table).shape.since_channels(), Some(at("2024-01-01")));
}
