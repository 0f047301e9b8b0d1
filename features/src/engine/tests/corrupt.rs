//! Damage of any kind ends in a result, never in a panic that escapes.

use std::fs;

use super::{Asked, EngineError, Folder, floats, names, read_default};
use crate::engine::read_parquet;

#[test]
fn flipped_and_lost_bytes_end_in_a_result() {
    let folder = Folder::new();
    let ids: Vec<String> = (0..300).map(|row| format!("customer {}", row % 70)).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let amounts: Vec<Option<f64>> = (0..300).map(|row| (row % 7 > 0).then_some(f64::from(row))).collect();
    let file =
        folder.parquet("a.parquet", &[("customer_id", names(&ids)), ("ts", names(&["2024-01-01"; 300])), ("amount", floats(&amounts))]);
    assert_eq!(read_default(&file).report().unwrap().customers, 70);

    let whole = fs::read(&file).unwrap();
    let mut state = 42_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut refused = 0;
    for round in 0..240 {
        let mut bytes = whole.clone();
        if round % 6 == 0 {
            bytes.truncate(next(whole.len()));
        } else {
            bytes[next(whole.len())] ^= 1 << next(8);
        }
        fs::write(&file, bytes).unwrap();
        if let Err(error) = Asked::default().read(std::slice::from_ref(&file)) {
            refused += 1;
            assert!(!matches!(error, EngineError::NotFound { .. }), "{error}");
        }
        let _ = read_parquet(file.as_ref(), &["customer_id", "amount"]);
    }
    assert!(refused >= 40, "at least the files that were cut are refused");
}
