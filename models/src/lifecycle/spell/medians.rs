//! The median gap between purchase days, as it was when there were fewer.

/// No place.
const NOWHERE: u32 = u32::MAX;

/// Medians of the first gaps of a list, asked for ever fewer of them.
///
/// The gaps stand in the order of their lengths, each linked to its neighbours, so that one is taken out in no time and the median
/// moves by a place at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Medians {
    /// Gaps by length, each with its place in the list.
    sorted: Vec<(i32, u32)>,
    /// Where each gap of the list stands in `sorted`.
    ranks: Vec<u32>,
    /// The neighbours of each, of those that are still in.
    links: Vec<[u32; 2]>,
    /// The middle one, of an even number the lower of the two.
    middle: u32,
    count: usize,
}

impl Medians {
    /// Forgets the list.
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// The median gap between `days`, of which there are at least two: the first ones of those that were asked before.
    pub(super) fn of(&mut self, days: &[i32]) -> f64 {
        let wanted = days.len() - 1;
        if self.count < wanted {
            self.fill(days);
        }
        while self.count > wanted {
            self.take_out(self.count - 1);
        }
        let upper = if self.count % 2 == 1 { self.middle } else { self.links[self.middle as usize][1] };
        f64::midpoint(self.length(self.middle), self.length(upper))
    }

    fn length(&self, rank: u32) -> f64 {
        f64::from(self.sorted[rank as usize].0)
    }

    fn fill(&mut self, days: &[i32]) {
        self.sorted.clear();
        self.sorted.extend(days.windows(2).zip(0..).map(|(ends, place)| (ends[1] - ends[0], place)));
        self.sorted.sort_unstable();
        self.count = self.sorted.len();
        self.ranks.clear();
        self.ranks.resize(self.count, 0);
        for ((_, place), rank) in self.sorted.iter().zip(0..) {
            self.ranks[*place as usize] = rank;
        }
        let last = self.count as u32 - 1;
        let link = |rank: u32| [rank.checked_sub(1).unwrap_or(NOWHERE), if rank == last { NOWHERE } else { rank + 1 }];
        self.links.clear();
        self.links.extend((0..=last).map(link));
        self.middle = last / 2;
    }

    /// Takes out the gap that stands at `place` in the list.
    fn take_out(&mut self, place: usize) {
        let rank = self.ranks[place];
        let [before, after] = self.links[rank as usize];
        // Of an odd number the middle is then one place lower, of an even one it is where it was.
        let [lower, upper] = self.links[self.middle as usize];
        self.middle = match (self.count % 2 == 1, rank < self.middle) {
            (true, false) => lower,
            (false, true) => upper,
            (false, false) if rank == self.middle => upper,
            _ => self.middle,
        };
        if let Some(links) = self.links.get_mut(before as usize) {
            links[1] = after;
        }
        if let Some(links) = self.links.get_mut(after as usize) {
            links[0] = before;
        }
        self.count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted_median(days: &[i32]) -> f64 {
        let mut gaps: Vec<i32> = days.windows(2).map(|ends| ends[1] - ends[0]).collect();
        gaps.sort_unstable();
        f64::midpoint(gaps[(gaps.len() - 1) / 2].into(), gaps[gaps.len() / 2].into())
    }

    proptest! {
        #[test]
        fn medians_of_ever_fewer_gaps(gaps in prop::collection::vec(1..9_i32, 1..40), skip in 1..4_usize) {
            let days: Vec<i32> = gaps.iter().scan(0, |day, gap| { *day += gap; Some(*day) }).chain([1_000]).collect();
            let mut medians = Medians::default();
            let _ = medians.of(&[1, 5, 7]);
            medians.clear();
            for count in (2..=days.len()).rev().step_by(skip) {
                prop_assert_eq!(medians.of(&days[..count]), sorted_median(&days[..count]), "{} of {:?}", count, days);
            }
        }
    }
}
