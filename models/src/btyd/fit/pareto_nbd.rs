//! The likelihood of Pareto/NBD, the moment of dropout integrated by quadrature: see [`ParetoNbd`](crate::btyd::ParetoNbd).

use super::customer::{LogSum, events, rising};
use super::newton::Point;
use super::sample::{Likelihood, Weighted};
use crate::btyd::integrate::Decay;

/// In `ln r`, `ln alpha`, `ln s` and `ln beta`.
pub(super) struct ParetoNbdLikelihood {
    /// Purchases of a customer in a unit of time, by the mean of all.
    pub(super) pace: f64,
}

impl Likelihood<3, 4> for ParetoNbdLikelihood {
    fn usual(&self) -> [f64; 4] {
        [0.0, -self.pace.ln(), 0.0, 0.0]
    }

    fn size([x, ..]: &[f64; 3]) -> f64 {
        1.0 + x
    }

    fn log_likelihood(&self, unknowns: &[f64; 4], data: &Weighted<3>) -> Point<4> {
        let parameters = unknowns.map(libm::exp);
        let mut sum = Point::ZERO;
        // Sorted by x, so that what depends on x alone is computed once for each.
        for alike in data.chunk_by(|one, two| one.0[0] == two.0[0]) {
            let x = alike[0].0[0];
            let weight: f64 = alike.iter().map(|(_, weight)| weight).sum();
            let [value, first, second] = rising(parameters[0], x);
            sum.value += weight * value;
            sum.gradient[0] += weight * first;
            sum.hessian[0][0] += weight * second;
            for ([_, span, age], weight) in alike {
                sum.add(*weight, &lifetime(parameters, x, *span, *age));
            }
        }
        sum
    }
}

/// Still alive, or dropped out at some moment after the last purchase.
fn lifetime([r, alpha, s, beta]: [f64; 4], x: f64, span: f64, age: f64) -> Point<4> {
    let mut alive = Point::ZERO;
    events(r, alpha, x, age, 0, &mut alive);
    events(s, beta, 0.0, age, 2, &mut alive);
    if age == span {
        return alive;
    }
    let gone = |time: f64| {
        let mut log = Point::<4>::ZERO;
        events(r, alpha, x, time, 0, &mut log);
        events(s, beta, 1.0, time, 2, &mut log);
        log.value += libm::log(s);
        log.gradient[2] += 1.0;
        log
    };
    let first = gone(span).value;
    let decay = Decay { a: alpha + span, p: r + x, c: beta + span, q: s + 1.0 };
    // The integral is about its length or the time in which the integrand falls, whichever is shorter.
    let length = (age - span).min(1.0 / (decay.p / decay.a + decay.q / decay.c));
    let shift = alive.value.max(first + libm::log(length));
    let mut either = LogSum::new(shift);
    either.add(alive.value, &alive);
    let scale = libm::exp(first - shift);
    decay.visit(age - span, |after, part| either.add_part(scale * part, &gone(span + after)));
    either.log()
}

/// Few and many kinds of customers, early and late dropout.
pub(super) fn starts(pace: f64) -> Vec<[f64; 4]> {
    // Customers who drop out early buy faster than the mean over their whole age tells.
    let mut starts = Vec::new();
    for r in [0.3_f64, 1.5, 10.0] {
        for hurry in [1.0, 3.0] {
            for (s, beta) in [(0.3_f64, 0.3_f64), (0.6, 3.0), (1.5, 3.0), (3.0, 0.5)] {
                starts.push([r.ln(), (r / (pace * hurry)).ln(), s.ln(), beta.ln()]);
            }
        }
    }
    starts
}
