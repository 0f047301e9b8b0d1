//! The likelihood of BG/NBD: equation 6 of Fader, Hardie and Lee (2005).

use super::customer::{LogSum, events, rising};
use super::newton::Point;
use super::sample::{Likelihood, Weighted};

/// In `ln r`, `ln alpha`, `ln a` and `ln b`.
pub(super) struct BgNbdLikelihood {
    /// Purchases of a customer in a unit of time, by the mean of all.
    pub(super) pace: f64,
}

impl Likelihood<3, 4> for BgNbdLikelihood {
    fn usual(&self) -> [f64; 4] {
        [0.0, -self.pace.ln(), 0.0, 0.0]
    }

    fn size([x, ..]: &[f64; 3]) -> f64 {
        1.0 + x
    }

    fn log_likelihood(&self, unknowns: &[f64; 4], data: &Weighted<3>) -> Point<4> {
        let [r, alpha, a, b] = unknowns.map(libm::exp);
        let mut sum = Point::ZERO;
        // Sorted by x, so that what depends on x alone is computed once for each.
        for alike in data.chunk_by(|one, two| one.0[0] == two.0[0]) {
            let x = alike[0].0[0];
            let counted = count(r, a, b, x);
            sum.add(alike.iter().map(|(_, weight)| weight).sum(), &counted);
            for ([_, span, age], weight) in alike {
                sum.add(*weight, &lifetime([r, alpha, a, b], x, *span, *age));
            }
        }
        sum
    }
}

/// What depends on the count alone: `gamma(r + x) / gamma(r)` and `B(a, b + x) / B(a, b)`.
fn count(r: f64, a: f64, b: f64, x: f64) -> Point<4> {
    let (rate, kept, all) = (rising(r, x), rising(b, x), super::special::ln_rising(a + b, x));
    let mut out = Point::ZERO;
    out.value = rate[0] + kept[0] - all.value;
    out.gradient = [rate[1], 0.0, -a * all.first, kept[1] - b * all.first];
    out.hessian[0][0] = rate[2];
    out.hessian[2][2] = -a * (all.first + a * all.second);
    out.hessian[2][3] = -a * b * all.second;
    out.hessian[3][2] = out.hessian[2][3];
    out.hessian[3][3] = kept[2] - b * (all.first + b * all.second);
    out
}

/// The rest: still alive, or dropped out right after the last purchase.
fn lifetime([r, alpha, a, b]: [f64; 4], x: f64, span: f64, age: f64) -> Point<4> {
    let mut alive = Point::ZERO;
    events(r, alpha, x, age, 0, &mut alive);
    if x == 0.0 {
        return alive;
    }
    let mut gone = Point::ZERO;
    events(r, alpha, x, span, 0, &mut gone);
    let rest = b + (x - 1.0);
    gone.value += libm::log(a / rest);
    gone.gradient[2] += 1.0;
    gone.gradient[3] -= b / rest;
    gone.hessian[3][3] -= b / rest * ((x - 1.0) / rest);
    let mut either = LogSum::new(alive.value.max(gone.value));
    either.add(alive.value, &alive);
    either.add(gone.value, &gone);
    either.log()
}

/// Few and many kinds of customers, early and late dropout.
pub(super) fn starts(pace: f64) -> Vec<[f64; 4]> {
    // Customers who drop out early buy faster than the mean over their whole age tells.
    let mut starts = Vec::new();
    for r in [0.3_f64, 1.5, 10.0] {
        for hurry in [1.0, 3.0] {
            for (a, b) in [(0.1_f64, 3.0_f64), (0.8, 2.5), (1.0, 10.0), (3.0, 3.0)] {
                starts.push([r.ln(), (r / (pace * hurry)).ln(), a.ln(), b.ln()]);
            }
        }
    }
    starts
}
