//! Parts that the likelihoods of both models share, with derivatives by the logarithms of the parameters.

use super::newton::Point;
use super::special::ln_rising;

/// `ln(gamma(shape + x) / gamma(shape))`: value, first and second derivative by `ln shape`.
pub(super) fn rising(shape: f64, x: f64) -> [f64; 3] {
    let at = ln_rising(shape, x);
    [at.value, shape * at.first, shape * at.first + shape * shape * at.second]
}

/// `shape ln rate - (shape + x) ln(rate + time)`: what is left of `x` events and no other until `time`, when their rate is
/// gamma distributed. Its derivatives by `ln shape` and `ln rate` take the places `at` and `at + 1`.
pub(super) fn events<const N: usize>(shape: f64, rate: f64, x: f64, time: f64, at: usize, out: &mut Point<N>) {
    let (seen, whole) = (libm::log1p(time / rate), rate + time);
    let share = shape * time / whole;
    out.value -= shape * seen + x * libm::log(whole);
    out.gradient[at] -= shape * seen;
    out.gradient[at + 1] += share - x * rate / whole;
    out.hessian[at][at] -= shape * seen;
    out.hessian[at][at + 1] += share;
    out.hessian[at + 1][at] += share;
    out.hessian[at + 1][at + 1] -= rate / whole * (share + x * time / whole);
}

/// The logarithm of a sum of positive functions given by their logarithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSum<const N: usize> {
    /// The largest logarithm; the others count relative to it.
    shift: f64,
    sum: Point<N>,
}

impl<const N: usize> LogSum<N> {
    /// An empty sum whose largest part will have the logarithm `shift`, roughly.
    pub(super) fn new(shift: f64) -> Self {
        Self { shift, sum: Point::ZERO }
    }

    /// Adds a function whose logarithm has the derivatives of `log` and the value `value`.
    pub(super) fn add(&mut self, value: f64, log: &Point<N>) {
        self.add_part(libm::exp(value - self.shift), log);
    }

    /// Adds a function that is `e^shift part` and whose logarithm has the derivatives of `log`.
    pub(super) fn add_part(&mut self, part: f64, log: &Point<N>) {
        self.sum.value += part;
        for i in 0..N {
            self.sum.gradient[i] += part * log.gradient[i];
            for j in 0..N {
                self.sum.hessian[i][j] += part * (log.hessian[i][j] + log.gradient[i] * log.gradient[j]);
            }
        }
    }

    /// The logarithm of the sum.
    pub(super) fn log(&self) -> Point<N> {
        let mut log = Point { value: self.shift + libm::log(self.sum.value), ..Point::ZERO };
        log.gradient = self.sum.gradient.map(|part| part / self.sum.value);
        for i in 0..N {
            for j in 0..N {
                log.hessian[i][j] = self.sum.hessian[i][j] / self.sum.value - log.gradient[i] * log.gradient[j];
            }
        }
        log
    }
}
