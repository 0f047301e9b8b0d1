//! From pairs to customers: chains of accepted pairs are one.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::pairs::Pair;
use super::{Link, MOST_PROPOSED, Row};

/// Who hangs together: each person's way to the first of its customer.
struct Union(Vec<u32>);

impl Union {
    fn root(&mut self, mut place: u32) -> u32 {
        while self.0[place as usize] != place {
            let above = self.0[place as usize];
            self.0[place as usize] = self.0[above as usize];
            place = above;
        }
        place
    }
}

/// The links, accepted ones first, and the ids of the customer with the most.
pub(super) fn unite(people: &[&[Row]], mut pairs: Vec<Pair>, threshold: f64) -> (Vec<Link>, usize) {
    let id = |place: u32| people[place as usize][0].id.clone();
    pairs.sort_by(|one, other| other.confidence().total_cmp(&one.confidence()).then((one.one, one.other).cmp(&(other.one, other.other))));
    let (accepted, below): (Vec<&Pair>, Vec<&Pair>) = pairs.iter().partition(|pair| pair.confidence() >= threshold);
    let mut union = Union((0..people.len() as u32).collect());
    // The surest pairs that hold each customer together.
    let mut held: HashMap<u32, Vec<(u32, &Pair)>> = HashMap::new();
    for pair in accepted {
        let (one, other) = (union.root(pair.one), union.root(pair.other));
        if one != other {
            union.0[one.max(other) as usize] = one.min(other);
            held.entry(pair.one).or_default().push((pair.other, pair));
            held.entry(pair.other).or_default().push((pair.one, pair));
        }
    }
    let mut links = Vec::new();
    let mut largest = usize::from(!people.is_empty());
    for root in (0..people.len() as u32).filter(|place| held.contains_key(place)) {
        if union.root(root) == root {
            let aliases = reached(root, &held);
            largest = largest.max(aliases.len() + 1);
            links.extend(aliases.into_iter().map(|(place, (weakest, steps))| {
                let way =
                    if steps > 1 { format!("; by way of {} other{}", steps - 1, if steps > 2 { "s" } else { "" }) } else { String::new() };
                Link {
                    alias: id(place),
                    customer: id(root),
                    confidence: weakest.confidence(),
                    reason: weakest.reason() + &way,
                    accepted: true,
                }
            }));
        }
    }
    links.extend(proposed(&below, &mut union).into_iter().map(|(one, other, pair)| Link {
        alias: id(other),
        customer: id(one),
        confidence: pair.confidence(),
        reason: pair.reason(),
        accepted: false,
    }));
    (links, largest)
}

/// Everybody who hangs together with `root`, each with the weakest pair on the way and its steps.
fn reached<'a>(root: u32, held: &HashMap<u32, Vec<(u32, &'a Pair)>>) -> BTreeMap<u32, (&'a Pair, usize)> {
    let mut found: BTreeMap<u32, (&Pair, usize)> = BTreeMap::new();
    let mut open = vec![root];
    while let Some(place) = open.pop() {
        let so_far = found.get(&place).copied();
        for (next, pair) in held.get(&place).into_iter().flatten() {
            if *next != root && !found.contains_key(next) {
                let weakest = so_far.map_or(*pair, |(weakest, _)| if weakest.confidence() <= pair.confidence() { weakest } else { *pair });
                found.insert(*next, (weakest, so_far.map_or(1, |(_, steps)| steps + 1)));
                open.push(*next);
            }
        }
    }
    found
}

/// The pairs below the threshold, by the customers that they are between: of several the surest, and not more by name alone than
/// somebody would look through.
fn proposed<'a>(below: &[&'a Pair], union: &mut Union) -> Vec<(u32, u32, &'a Pair)> {
    let mut seen: HashSet<(u32, u32)> = HashSet::new();
    let mut by_name: HashMap<u32, usize> = HashMap::new();
    let mut kept = Vec::new();
    for pair in below {
        let (one, other) = (union.root(pair.one), union.root(pair.other));
        let (one, other) = (one.min(other), one.max(other));
        if one == other || !seen.insert((one, other)) {
            continue;
        }
        if pair.is_by_name() {
            if [one, other].iter().any(|place| by_name.get(place).copied().unwrap_or(0) >= MOST_PROPOSED) {
                continue;
            }
            for place in [one, other] {
                *by_name.entry(place).or_default() += 1;
            }
        }
        kept.push((one, other, *pair));
    }
    kept
}
