//! Invariant 5: order and partitioning of the rows do not matter.

use crate::support::data;
use crate::support::fitted::{self, Outputs};
use crate::support::run::{Folder, assert_same_bytes};

#[test]
fn shuffled_rows_in_several_files_and_row_groups_change_no_byte() {
    let shuffled = data::shuffled(&data::read(&data::shipped()), 7);
    let folder = Folder::new();
    std::fs::create_dir_all(folder.at("parts/deeper")).expect("the folder can be written");
    let third = shuffled.num_rows() / 3;
    data::write(&folder.at("parts/b.parquet"), &shuffled.slice(0, third), 1_000);
    data::write(&folder.at("parts/a.parquet"), &shuffled.slice(third, third), 97);
    data::write(&folder.at("parts/deeper/c.parquet"), &shuffled.slice(2 * third, shuffled.num_rows() - 2 * third), 100_000);

    let clean = fitted::shipped();
    let parts = Outputs::make(&folder.arg("parts"), &folder.at(""));
    assert_same_bytes(&clean.features, &parts.features);
    assert_same_bytes(&clean.bundle, &parts.bundle);
    assert_same_bytes(&clean.scores, &parts.scores);

    let list = format!("{} {} {}", folder.arg("parts/a.parquet"), folder.arg("parts/b.parquet"), folder.arg("parts/deeper/c.parquet"));
    let repeated = format!("{} --events {}", folder.arg("parts/*.parquet"), folder.arg("parts/deeper/*.parquet"));
    for (name, events) in [("a list", list), ("globs", repeated)] {
        parts.make_features(&events);
        assert!(parts.features.is_file(), "{name}");
        assert_same_bytes(&clean.features, &parts.features);
    }
}
