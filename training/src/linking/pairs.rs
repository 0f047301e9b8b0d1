//! Pairs of people, and what speaks for each.

use std::collections::{BTreeMap, HashMap, HashSet};

use strsim::jaro_winkler;

use super::{Crowd, MOST_BLOCK, MOST_SAME, Row};

/// The same keys, and what each is worth.
const KEYS: [(&str, f64); 3] = [("same open id", 0.99), ("same e-mail", 0.97), ("same phone", 0.95)];
/// Parts of keys that names alike are held against, and what these are worth with them.
const PARTS: [(&str, f64); 2] = [("same last 7 digits of the phone", 0.95), ("same e-mail before the @", 0.8)];
/// What names alike are worth by themselves.
const NAME_ALONE: f64 = 0.6;
/// From here on names are alike.
pub(super) const ALIKE: f64 = 0.9;
/// From here on that says something by itself.
const NEARLY_THE_SAME: f64 = 0.95;
/// Below it they are not alike at all.
const UNLIKE: f64 = 0.6;
/// What is left where they are not and the same key is one that families share.
const SHARED: f64 = 0.75;
/// Digits at the end of a phone number that make a block.
const TAIL: usize = 7;
/// Fewer letters before the `@` tell nobody apart.
const LEAST_LOCAL: usize = 5;

/// A bit for each key and part that is the same.
type Evidence = u8;

/// Two people, by their places, the first one first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) one: u32,
    pub(super) other: u32,
    evidence: Evidence,
    /// How alike their names are; `None` where one has none.
    names: Option<f64>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By their places.
    pub(super) pairs: Vec<Pair>,
    pub(super) crowded: BTreeMap<&'static str, Crowd>,
}

impl Pair {
    pub(super) fn confidence(&self) -> f64 {
        let keys = KEYS.iter().zip(0..).filter(|(_, bit)| self.has(*bit));
        let doubt = keys.fold(1.0, |doubt, ((_, worth), _)| doubt * (1.0 - worth));
        let alike = self.names.unwrap_or(0.0);
        let same = if self.differs() { SHARED * (1.0 - doubt) } else { 1.0 - doubt };
        let part = PARTS.iter().zip(KEYS.len()..).find(|(_, bit)| self.has(*bit)).map(|((_, worth), _)| *worth);
        let least = if part.is_some() { ALIKE } else { NEARLY_THE_SAME };
        same.max(if alike >= least { part.unwrap_or(NAME_ALONE) * alike } else { 0.0 })
    }

    /// Whether nothing but the names speaks for it.
    pub(super) fn is_by_name(&self) -> bool {
        self.evidence == 0
    }

    pub(super) fn reason(&self) -> String {
        let keys = KEYS.iter().zip(0..).filter(|(_, bit)| self.has(*bit));
        // Where the whole key is the same, so is its part.
        let parts = PARTS.iter().zip([(3, 2), (4, 1)]).filter(|(_, (bit, whole))| self.has(*bit) && !self.has(*whole));
        let what = keys.map(|((what, _), _)| *what).chain(parts.map(|((what, _), _)| *what));
        let mut reasons: Vec<String> = what.map(str::to_owned).collect();
        match self.names {
            Some(alike) if alike >= ALIKE => reasons.push(format!("names {alike:.2} alike")),
            Some(alike) if self.differs() => reasons.push(format!("but names only {alike:.2} alike")),
            _ => {}
        }
        reasons.join("; ")
    }

    fn has(&self, bit: usize) -> bool {
        self.evidence & 1 << bit > 0
    }

    /// Whether the names speak against a key that several people may share.
    fn differs(&self) -> bool {
        !self.has(0) && self.names.is_some_and(|alike| alike < UNLIKE)
    }
}

/// All pairs that share a key or a block and for which something speaks.
pub(super) fn find(people: &[&[Row]], threads: usize) -> Found {
    let mut crowded = BTreeMap::new();
    let mut candidates: Vec<(u32, u32, Evidence)> = Vec::new();
    // The keys that too many share.
    let mut gather = |what: &'static str, most: usize, evidence: Evidence, keys: &dyn Fn(&Row) -> Option<String>| {
        let mut left_out = HashSet::new();
        for (key, members) in blocks(people, keys) {
            if members.len() > most {
                let crowd: &mut Crowd = crowded.entry(what).or_default();
                *crowd = Crowd { count: crowd.count + 1, largest: crowd.largest.max(members.len()) };
                left_out.insert(key);
                continue;
            }
            for (place, one) in members.iter().enumerate() {
                candidates.extend(members[place + 1..].iter().map(|other| (*one, *other, evidence)));
            }
        }
        left_out
    };
    gather("open id", MOST_SAME, 1, &|row| row.open_id.clone());
    let emails = gather("e-mail", MOST_SAME, 1 << 1, &|row| row.email.clone());
    let phones = gather("phone", MOST_SAME, 1 << 2, &|row| row.phone.clone());
    // What is not followed whole is not followed by its part.
    let phone = |row: &Row| row.phone.as_ref().filter(|phone| !phones.contains(*phone)).and_then(|phone| tail(phone));
    let email = |row: &Row| row.email.as_ref().filter(|email| !emails.contains(*email)).and_then(|email| local(email));
    gather("end of phone", MOST_BLOCK, 1 << 3, &phone);
    gather("e-mail before the @", MOST_BLOCK, 1 << 4, &email);
    gather("begin of name", MOST_BLOCK, 0, &|row| row.name.as_deref().map(|name| of_ends(name, begin)));
    gather("sound of name", MOST_BLOCK, 0, &|row| row.name.as_deref().map(|name| of_ends(name, sound)));
    candidates.sort_unstable();
    candidates.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        kept.2 |= if same { next.2 } else { 0 };
        same
    });
    Found { pairs: compared(people, &candidates, threads), crowded }
}

/// People by the keys of their rows, each list in order and of two or more.
fn blocks(people: &[&[Row]], key: &dyn Fn(&Row) -> Option<String>) -> Vec<(String, Vec<u32>)> {
    let mut blocks: HashMap<String, Vec<u32>> = HashMap::new();
    for (rows, place) in people.iter().zip(0..) {
        for key in rows.iter().filter_map(key) {
            let members = blocks.entry(key).or_default();
            if members.last() != Some(&place) {
                members.push(place);
            }
        }
    }
    blocks.into_iter().filter(|(_, members)| members.len() > 1).collect()
}

/// Compares the names of each pair, and drops pairs for which nothing speaks.
fn compared(people: &[&[Row]], candidates: &[(u32, u32, Evidence)], threads: usize) -> Vec<Pair> {
    let compare = |part: &[(u32, u32, Evidence)]| -> Vec<Pair> {
        let pair = |(one, other, evidence): &(u32, u32, Evidence)| {
            let names = alike(people[*one as usize], people[*other as usize]);
            Pair { one: *one, other: *other, evidence: *evidence, names }
        };
        part.iter().map(pair).filter(|pair| pair.confidence() > 0.0).collect()
    };
    let share = candidates.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = candidates.chunks(share).map(|part| scope.spawn(move || compare(part))).collect();
        let mut all = Vec::new();
        for worker in workers {
            // A comparison that panicked is told as any other panic is.
            all.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    })
}

/// How alike the names are that are most alike.
fn alike(one: &[Row], other: &[Row]) -> Option<f64> {
    let names = |rows: &'_ [Row]| rows.iter().filter_map(|row| row.name.clone()).collect::<Vec<_>>();
    let (ones, others) = (names(one), names(other));
    ones.iter().flat_map(|one| others.iter().map(move |other| jaro_winkler(one, other))).reduce(f64::max)
}

/// The last digits of a phone number.
fn tail(phone: &str) -> Option<String> {
    phone.len().checked_sub(TAIL).map(|from| phone[from..].to_owned())
}

/// What stands before the `@`, without dots and what follows a `+`.
fn local(email: &str) -> Option<String> {
    let local = email.split(['@', '+']).next()?.replace('.', "");
    (local.chars().count() >= LEAST_LOCAL).then_some(local)
}

/// What is taken of the first word and of the last.
fn of_ends(name: &str, of: fn(&str) -> String) -> String {
    let words = || name.split(' ');
    format!("{} {}", words().next().map(of).unwrap_or_default(), words().next_back().map(of).unwrap_or_default())
}

/// The first letters.
fn begin(word: &str) -> String {
    word.chars().take(3).collect()
}

/// The first letter and the consonants after it, each once in a row: Meier, Maier and Meyer are one.
fn sound(word: &str) -> String {
    let mut letters: Vec<char> =
        word.chars().enumerate().filter(|(at, letter)| *at == 0 || !"aeiouyh".contains(*letter)).map(|(_, letter)| letter).collect();
    letters.dedup();
    letters.into_iter().take(5).collect()
}
