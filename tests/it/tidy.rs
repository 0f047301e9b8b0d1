//! What every file keeps to.

use crate::support::tree::{self, File};

/// Files that may be long, each with its reason.
const LONG: &[(&str, &str)] = &[("features/src/schema/list.rs", "one flat list, a row a feature, each with its example")];
const MOST_LINES: usize = 400;
const MOST_FUNCTION_LINES: usize = 70;

/// Fails with every place at which `wrong` holds of a line of Rust.
fn no_line(wrong: impl Fn(&File, &str) -> bool) {
    let files = tree::rust();
    let places: Vec<_> = files
        .iter()
        .flat_map(|file| file.text.lines().enumerate().map(move |(at, line)| (file, at + 1, line)))
        .filter(|(file, _, line)| wrong(file, line))
        .map(|(file, at, line)| format!("{}:{at}: {}", file.path, line.trim()))
        .collect();
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<_> = tree::rust().into_iter().filter(|file| !file.text.starts_with("//! ")).map(|file| file.path).collect();
    assert!(silent.is_empty(), "no `//!` on the first line: {silent:#?}");
}

#[test]
fn files_are_short() {
    let excused = |path: &str| LONG.iter().any(|(known, _)| *known == path);
    let lines = |file: &File| file.text.lines().count();
    let long: Vec<_> = tree::rust()
        .iter()
        .filter(|file| lines(file) >= MOST_LINES && !excused(&file.path))
        .map(|file| format!("{}: {}", file.path, lines(file)))
        .collect();
    assert!(long.is_empty(), "{MOST_LINES} lines or more: {long:#?}");
    for (path, reason) in LONG {
        assert!(lines(&File::read(path)) >= MOST_LINES, "{path} needs no excuse (\"{reason}\") any more");
    }
}

#[test]
fn functions_are_short() {
    let long: Vec<_> = tree::rust().iter().flat_map(|file| long_functions(file, MOST_FUNCTION_LINES)).collect();
    assert!(long.is_empty(), "{MOST_FUNCTION_LINES} lines or more: {long:#?}");
}

/// The functions of a file that have `most` lines or more. Formatted code closes a function at the column where it began.
fn long_functions(file: &File, most: usize) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let starts = lines.iter().enumerate().filter(|(_, line)| {
        !line.trim_start().starts_with("//") && tree::identifiers(line).any(|word| word == "fn") && line.ends_with('{')
    });
    starts
        .filter_map(|(start, first)| {
            let length = lines[start..].iter().position(|line| line.trim() == "}" && indent(line) == indent(first))? + 1;
            (length >= most).then(|| format!("{}:{}: {length}", file.path, start + 1))
        })
        .collect()
}

#[test]
fn nothing_is_left_for_later() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!"), concat!("unimplemented", "!"), concat!("dbg", "!")];
    no_line(|_, line| words.iter().any(|word| line.contains(word)));
}

#[test]
fn a_lint_is_answered_not_switched_off() {
    let (one, inner) = (concat!("#[", "allow("), concat!("#![", "allow("));
    no_line(|_, line| line.contains(one) || line.contains(inner));
    let expect = concat!("#[", "expect(");
    no_line(|_, line| line.trim_start().starts_with(expect) && line.ends_with(")]") && !line.contains("reason = "));
}

#[test]
fn words_that_mean_two_things_are_not_used() {
    // The feature table's own test keeps the same rule and has to name the words.
    let is_rule = |file: &File| file.path == "features/src/schema/tests.rs";
    no_line(|file, line| !is_rule(file) && !line.trim_start().starts_with("//") && tree::identifiers(line).any(is_ambiguous));
    assert!(is_ambiguous(concat!("rec", "ency_days")) && is_ambiguous(concat!("Frequ", "ency")));
    assert!(!is_ambiguous("btyd_recency_days") && !is_ambiguous("days_since_last_purchase"));
}

/// Days since the last purchase, or between the first and the last? A count of purchases, or of repeated ones?
fn is_ambiguous(word: &str) -> bool {
    let word = word.to_lowercase();
    !word.starts_with("btyd")
        && [concat!("rec", "ency"), concat!("frequ", "ency")].iter().any(|bare| word.split('_').any(|part| part == *bare))
}

#[test]
fn nothing_knows_the_machine_it_was_written_on() {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
        concat!("/tm", "p/"),
        concat!("C:", "\\"),
    ];
    let files = tree::files("", "").into_iter();
    let found: Vec<_> = files.filter(|file| places.iter().any(|place| file.text.contains(place))).map(|file| file.path).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn code_that_ships_does_not_panic_on_purpose() {
    let calls = [concat!(".unw", "rap()"), concat!("pan", "ic!("), concat!("unreach", "able!(")];
    let places: Vec<_> = tree::rust()
        .iter()
        .filter(|file| !file.is_test())
        .flat_map(|file| {
            let lines = file.shipped_code().filter(|(_, line)| calls.iter().any(|call| line.contains(call)));
            lines.map(|(at, line)| format!("{}:{at}: {}", file.path, line.trim())).collect::<Vec<_>>()
        })
        .collect();
    assert!(places.is_empty(), "{places:#?}");
}
