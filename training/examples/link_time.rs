//! How long it takes to link 200,000 customers, of whom one in ten is there before under another id.
//!
//! `cargo run --release -p lapwing-training --example link_time`

use std::time::Instant;

use lapwing_training::linking::{Row, email, link, name, open_id, phone};

const CUSTOMERS: u64 = 200_000;
const SYLLABLES: [&str; 20] =
    ["an", "be", "co", "du", "el", "fa", "gi", "ho", "ka", "li", "mo", "na", "ol", "pe", "qu", "ri", "sa", "to", "ul", "va"];

/// A number that looks drawn.
fn mixed(number: u64) -> u64 {
    let mut hash = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 29)
}

fn word(seed: u64, syllables: u32) -> String {
    (0..syllables).map(|place| SYLLABLES[(mixed(seed ^ u64::from(place) << 40) % 20) as usize]).collect()
}

fn row(customer: u64) -> Row {
    let drawn = mixed(customer);
    let who = if drawn.is_multiple_of(10) { mixed(drawn) % CUSTOMERS } else { customer };
    let (first, last) = (word(who, 2), word(who + CUSTOMERS, 3));
    let some = |bit: u32, text: String| (drawn >> bit & 3 > 0).then_some(text);
    Row {
        id: format!("c{customer}"),
        phone: some(8, format!("030 {who:08}")).and_then(|text| phone(&text, "49")),
        email: some(12, format!("{first}.{last}{}@example.com", who % 1_000)).and_then(|text| email(&text)),
        open_id: some(16, format!("o{who}")).and_then(|text| open_id(&text)),
        name: name(&format!("{first} {last}")),
    }
}

fn main() {
    let rows: Vec<Row> = (0..CUSTOMERS).map(row).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let begin = Instant::now();
    let linked = link(rows, 0.9, threads);
    let seconds = begin.elapsed().as_secs_f64();
    let accepted = linked.links.iter().filter(|link| link.accepted).count();
    println!("{CUSTOMERS} customers on {threads} threads: {seconds:.1} s, {accepted} of {} links accepted", linked.links.len());
}
