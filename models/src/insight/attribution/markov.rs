//! A chain from touch to touch, and what it loses when a name is taken out.

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Name(usize),
    Purchase,
    Nothing,
}

/// Steps between names, counted. Every journey ends, so that from each name some way leads to an end.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    names: usize,
    /// Of the begin, then of each name: steps to each name, to a purchase, to nothing.
    steps: Vec<Vec<u64>>,
}

impl Chain {
    pub(super) fn new(names: usize) -> Self {
        Self { names, steps: vec![vec![0; names + 2]; names + 1] }
    }

    /// Counts steps from a name, or from the begin.
    pub(super) fn add(&mut self, from: Option<usize>, to: To, times: u64) {
        let to = match to {
            To::Name(name) => name,
            To::Purchase => self.names,
            To::Nothing => self.names + 1,
        };
        self.steps[from.map_or(0, |name| name + 1)][to] += times;
    }

    /// The removal effect of each name: 1 - P(purchase without it) / P(purchase); of a chain that leads to no purchase 0.
    ///
    /// Without a name all ways through it lead nowhere. Of those through it, the share P(it is ever come to) goes on from it, for the
    /// first time, and P(purchase from it) of that ends in a purchase; so one inverse of the chain tells all effects.
    pub(super) fn removal_effects(&self) -> Vec<f64> {
        let names = self.names;
        let share = |row: usize, to: usize| match self.steps[row].iter().sum::<u64>() {
            0 => 0.0,
            all => self.steps[row][to] as f64 / all as f64,
        };
        let visits = inverse((0..names).map(|from| {
            let row = (0..names).map(|to| f64::from(u8::from(from == to)) - share(from + 1, to));
            row.collect()
        }));
        let bought: Vec<f64> = (0..names).map(|from| share(from + 1, names)).collect();
        let purchase: Vec<f64> = visits.iter().map(|row| row.iter().zip(&bought).map(|(visits, bought)| visits * bought).sum()).collect();
        let reached = |name: usize| (0..names).map(|from| share(0, from) * visits[from][name]).sum::<f64>() / visits[name][name];
        let all: f64 = (0..names).map(|from| share(0, from) * purchase[from]).sum();
        let effect = |name: usize| if all > 0.0 { (reached(name) * purchase[name] / all).clamp(0.0, 1.0) } else { 0.0 };
        (0..names).map(effect).collect()
    }
}

/// The inverse of 1 minus a chain's steps between names, by Gauss and Jordan: the diagonal leads in every row, so that no rows need
/// to change places.
fn inverse(rows: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<f64>> {
    let mut left: Vec<Vec<f64>> = rows.collect();
    let count = left.len();
    let mut right: Vec<Vec<f64>> = (0..count).map(|row| (0..count).map(|column| f64::from(u8::from(row == column))).collect()).collect();
    for pivot in 0..count {
        let by = left[pivot][pivot];
        for row in [&mut left[pivot], &mut right[pivot]] {
            for value in row.iter_mut() {
                *value /= by;
            }
        }
        let (pivot_left, pivot_right) = (left[pivot].clone(), right[pivot].clone());
        for row in (0..count).filter(|row| *row != pivot) {
            let times = left[row][pivot];
            if times != 0.0 {
                let subtract = |from: &mut [f64], what: &[f64]| from.iter_mut().zip(what).for_each(|(from, what)| *from -= times * what);
                subtract(&mut left[row], &pivot_left);
                subtract(&mut right[row], &pivot_right);
            }
        }
    }
    right
}
