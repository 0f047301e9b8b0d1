//! Parquet files with a byte that is not as it was written: batch scoring ends in scores or in a message, never in an abort.
//!
//! A few files are tried each time, always the same; `LAPWING_FUZZ_CASES=500` tries as many.

use crate::support::data::{self, Draw};
use crate::support::fitted;
use crate::support::run::{Folder, serve, text};
use crate::support::shop;

#[test]
fn a_flipped_byte_ends_in_scores_or_in_a_message() {
    let cases = std::env::var("LAPWING_FUZZ_CASES").map_or(24, |cases| cases.parse::<usize>().expect("it is a number").min(500));
    let (folder, bundle) = (Folder::new(), text(&fitted::shipped().bundle));
    data::write(&folder.at("events.parquet"), &shop::table(), 300);
    let whole = std::fs::read(folder.at("events.parquet")).expect("it was written");
    let mut draw = Draw(20_111_209);
    let mut refused = 0;
    for case in 0..cases {
        // The footer is where most bytes matter: every other flip is there.
        let from = if case % 2 == 0 { 0 } else { whole.len() as u64 * 3 / 4 };
        let place = (from + draw.below(whole.len() as u64 - from)) as usize;
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << draw.below(8);
        let events = folder.write("flipped.parquet", &bytes);
        let out = folder.arg("scores.parquet");
        let ended = serve(&format!("score --bundle {bundle} --events {events} --as-of 2024-04-01 --out {out}"));
        let said = &ended.stderr;
        if ended.code == 0 {
            std::fs::remove_file(folder.at("scores.parquet")).expect("scores were written");
        } else {
            refused += 1;
            // A file whose column has another name now is as one that another configuration was meant for.
            let is_named_otherwise = said.contains(" has no column `");
            assert_eq!(ended.code, if is_named_otherwise { 2 } else { 1 }, "byte {place}:\n{said}");
            assert!(said.contains("error: ") && said.contains("\nhint: "), "byte {place}:\n{said}");
        }
        assert_eq!(folder.names(), ["events.parquet", "flipped.parquet"], "byte {place}");
    }
    println!("{refused} of {cases} flipped files were refused");
    assert!(refused > 0, "no byte mattered");
}
