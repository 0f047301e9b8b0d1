//! Linked ids give the same bytes as if the events had been written with the customers' own ids.

use arrow::array::{Array, AsArray, StringArray};

use crate::support::data;
use crate::support::fitted::{self, Outputs};
use crate::support::run::{Folder, assert_same_bytes, serve, text, train};

/// The shipped events, of which every third row is written with another id of its customer, and the table that tells so.
fn scattered(folder: &Folder) -> String {
    let shipped = data::read(&data::shipped());
    let place = shipped.schema().index_of("customer_id").expect("it has ids");
    let ids = arrow::compute::cast(shipped.column(place), &arrow::datatypes::DataType::Utf8).expect("ids are text or numbers");
    let ids = ids.as_string::<i32>();
    let alias = |id: &str, row: usize| format!("another.id.{}.of.{id}", row % 2);
    let written = (0..ids.len()).map(|row| if row % 3 == 0 { alias(ids.value(row), row) } else { ids.value(row).to_owned() });
    let written: StringArray = written.map(Some).collect();
    let schema = shipped.schema();
    let columns = schema.fields().iter().enumerate().map(|(at, field)| {
        let column: arrow::array::ArrayRef = if at == place { std::sync::Arc::new(written.clone()) } else { shipped.column(at).clone() };
        (field.name().as_str(), column)
    });
    data::write(&folder.at("events.parquet"), &data::table(columns.collect()), 3_000);
    let own: std::collections::BTreeSet<&str> = (0..ids.len()).map(|row| ids.value(row)).collect();
    let rows = own.iter().flat_map(|id| (0..2).map(move |number| format!("{},{id},accepted", alias(id, number))));
    let links = std::iter::once("alias_id,customer_id,status".to_owned()).chain(rows).collect::<Vec<_>>().join("\n");
    format!("{} --links {}", folder.arg("events.parquet"), folder.write("links.csv", links))
}

#[test]
fn linked_ids_change_no_byte() {
    let folder = Folder::new();
    let outputs = Outputs::make(&scattered(&folder), &folder.at(""));
    let clean = fitted::shipped();
    assert_same_bytes(&clean.features, &outputs.features);
    assert_same_bytes(&clean.bundle, &outputs.bundle);
    assert_same_bytes(&clean.scores, &outputs.scores);
    let (bundle, events) = (text(&clean.bundle), scattered(&folder));
    let [own, linked] = [(text(&data::shipped()), "own"), (events, "linked")].map(|(events, name)| {
        let at = |what: &str| folder.arg(&format!("{what}-{name}"));
        let as_of = fitted::AS_OF;
        train(&format!("insights --bundle {bundle} --events {events} --as-of {as_of} --out {}", at("insights"))).done();
        let flows = format!("{}.parquet", at("flows"));
        serve(&format!("transitions --bundle {bundle} --events {events} --from 2011-06-01 --to {as_of} --out {flows}")).done();
        (folder.at(&format!("insights-{name}")), flows)
    });
    assert_same_bytes(&own.0, &linked.0);
    assert_same_bytes(own.1.as_ref(), linked.1.as_ref());
}

#[test]
fn a_chain_is_refused_by_its_rows() {
    let folder = Folder::new();
    let links = folder.write("links.csv", "alias_id,customer_id\nb,a\nc,b\n");
    let (events, out) = (text(&data::shipped()), folder.arg("bundle"));
    train(&format!("fit --events {events} --links {links} --as-of 2011-12-10 --out {out}"))
        .refused(1, &["rows 2 and 1 make a chain", "hint: "]);
    assert_eq!(folder.names(), ["links.csv"]);
}

#[test]
fn what_link_writes_is_taken_and_joins_whom_it_accepted() {
    let folder = Folder::new();
    let customers = folder
        .write("customers.csv", "customer_id,email,name\n12347,Ann@example.com,\n99999,ann@example.com,\n12348,,Bo Li\n12349,,Bo Li\n");
    let links = folder.arg("links.parquet");
    let found = train(&format!("link --customers {customers} --out {links} --json")).done().json();
    assert_eq!((&found["accepted"], &found["proposed"]), (&1.into(), &1.into()));
    let events = folder
        .write("events.csv", "customer_id,ts,amount\n12347,2024-01-01,5\n99999,2024-01-02,5\n12348,2024-01-03,5\n12349,2024-01-04,5\n");
    let table = folder.arg("table");
    let told = train(&format!("histories --events {events} --links {links} --out {table} --json")).done().json();
    assert_eq!(told["input"]["customers"], 3);
}
