//! Customers drawn from a model, and data sets of odd shapes.

use rand::{Rng, RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::btyd::{BgNbd, Habits, ParetoNbd};

/// A source of random numbers that is the same on every run.
pub(super) struct Draws(Xoshiro256PlusPlus);

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(super) fn whole(&mut self, below: u64) -> f64 {
        (self.0.next_u64() % below) as f64
    }

    /// Between 0 and 1, neither included.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0.random::<f64>().max(f64::MIN_POSITIVE)
    }

    pub(super) fn exponential(&mut self, rate: f64) -> f64 {
        -self.uniform().ln() / rate
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Gamma distributed, by Marsaglia and Tsang.
    pub(super) fn gamma(&mut self, shape: f64, rate: f64) -> f64 {
        let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = self.normal();
            let v = (1.0 + c * normal).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
                let boost = if shape < 1.0 { self.uniform().powf(1.0 / shape) } else { 1.0 };
                return d * v * boost / rate;
            }
        }
    }

    pub(super) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (one, two) = (self.gamma(a, 1.0), self.gamma(b, 1.0));
        one / (one + two)
    }
}

/// The times of a customer's repeat purchases up to `end`, the first purchase being at 0.
pub(super) fn bg_nbd_purchases(model: &BgNbd, end: f64, draws: &mut Draws) -> Vec<f64> {
    let (rate, dropout) = (draws.gamma(model.r, model.alpha), draws.beta(model.a, model.b));
    let (mut times, mut now) = (Vec::new(), draws.exponential(rate));
    while now < end {
        times.push(now);
        now = if draws.uniform() < dropout { f64::INFINITY } else { now + draws.exponential(rate) };
    }
    times
}

/// As [`bg_nbd_purchases`].
pub(super) fn pareto_nbd_purchases(model: &ParetoNbd, end: f64, draws: &mut Draws) -> Vec<f64> {
    let (rate, dropout) = (draws.gamma(model.r, model.alpha), draws.gamma(model.s, model.beta));
    poisson_purchases(rate, end.min(draws.exponential(dropout)), draws)
}

/// Purchases at one rate, until `end`.
pub(super) fn poisson_purchases(rate: f64, end: f64, draws: &mut Draws) -> Vec<f64> {
    let (mut times, mut now) = (Vec::new(), draws.exponential(rate));
    while now < end {
        times.push(now);
        now += draws.exponential(rate);
    }
    times
}

/// What is known at `age` of a customer who bought at `times`.
pub(super) fn habits(times: &[f64], age: f64) -> Habits {
    let known = times.partition_point(|time| *time < age);
    Habits::new(known as f64, known.checked_sub(1).map_or(0.0, |last| times[last]), age).unwrap()
}

/// `count` customers whose first purchases are spread evenly over the first part of `days`.
pub(super) fn population(count: u32, days: f64, mut purchases: impl FnMut(f64) -> Vec<f64>) -> Vec<(Habits, f64)> {
    (0..count)
        .map(|customer| {
            let age = days * (1.0 - 0.6 * f64::from(customer) / f64::from(count));
            (habits(&purchases(age), age), 1.0)
        })
        .collect()
}

/// The same customers as a history knows them, by whole days.
pub(super) fn in_whole_days(customers: &[(Habits, f64)]) -> Vec<(Habits, f64)> {
    let whole = |habits: &Habits| {
        let span = habits.span_days().ceil();
        Habits::new(habits.repeat_days().min(span), span, habits.age_days().ceil()).unwrap()
    };
    customers.iter().map(|(habits, weight)| (whole(habits), *weight)).collect()
}
