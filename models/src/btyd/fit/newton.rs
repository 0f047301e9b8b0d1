//! Damped Newton for functions of a few unknowns whose second derivatives are known.

/// A function at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point<const N: usize> {
    pub(super) value: f64,
    pub(super) gradient: [f64; N],
    pub(super) hessian: [[f64; N]; N],
}

impl<const N: usize> Point<N> {
    pub(super) const ZERO: Self = Self { value: 0.0, gradient: [0.0; N], hessian: [[0.0; N]; N] };

    /// Adds `weight` times another function.
    pub(super) fn add(&mut self, weight: f64, other: &Self) {
        self.value += weight * other.value;
        for i in 0..N {
            self.gradient[i] += weight * other.gradient[i];
            for j in 0..N {
                self.hessian[i][j] += weight * other.hessian[i][j];
            }
        }
    }

    /// Euclidean norm of the gradient; NaN when the function has no value here.
    pub(super) fn gradient_norm(&self) -> f64 {
        if self.value.is_finite() { self.gradient.iter().map(|part| part * part).sum::<f64>().sqrt() } else { f64::NAN }
    }
}

/// Where a search ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<const N: usize> {
    pub(super) place: [f64; N],
    pub(super) at: Point<N>,
    pub(super) iterations: u64,
}

/// A gradient this small cannot be told from 0.
const ENOUGH: f64 = 1e-12;

/// The longest step, in any one unknown.
const LONGEST: f64 = 2.0;

/// Walks downhill from `start` until the gradient is 0 to rounding, no step leads further down, or `iterations` are used up.
///
/// Each step solves `(H + damping I) step = -gradient`; the damping grows until the matrix is positive definite and the step
/// leads down (Levenberg and Marquardt), so that saddles and flat directions do no harm.
pub(super) fn minimise<const N: usize>(f: impl Fn(&[f64; N]) -> Point<N>, start: [f64; N], iterations: u64) -> Found<N> {
    let mut found = Found { place: start, at: f(&start), iterations: 0 };
    let mut damping = 0.0;
    while found.iterations < iterations && found.at.gradient_norm() > ENOUGH {
        found.iterations += 1;
        let scale = (0..N).map(|i| found.at.hessian[i][i].abs()).fold(f64::MIN_POSITIVE, f64::max);
        let Some(mut step) = solve(&found.at, damping) else {
            damping = (4.0 * damping).max(1e-6 * scale);
            continue;
        };
        let longest = step.iter().fold(0.0, |most: f64, part| most.max(part.abs()));
        step = step.map(|part| part * (LONGEST / longest).min(1.0));
        let place: [f64; N] = std::array::from_fn(|i| found.place[i] + step[i]);
        let at = f(&place);
        let slope: f64 = step.iter().zip(found.at.gradient).map(|(part, slope)| part * slope).sum();
        // Close to the optimum rounding hides whether the value falls, but the gradient still tells better from worse.
        let (change, size) = (at.value - found.at.value, found.at.value.abs());
        let is_lower = change <= 1e-4 * slope && change < -1e-14 * size;
        let is_level = change.abs() <= 1e-9 * (1.0 + size);
        if is_lower || is_level && at.gradient_norm() < 0.9 * found.at.gradient_norm() {
            (found.place, found.at) = (place, at);
            damping = if damping > 1e-9 * scale { 0.1 * damping } else { 0.0 };
        } else if damping > 1e9 * scale {
            break;
        } else {
            damping = (4.0 * damping).max(1e-6 * scale);
        }
    }
    found
}

/// `-(H + damping I)^-1 gradient` by Cholesky's method; `None` unless the matrix is positive definite.
fn solve<const N: usize>(at: &Point<N>, damping: f64) -> Option<[f64; N]> {
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = at.hessian[i][j] + if i == j { damping } else { 0.0 } - known;
            lower[i][j] = if i == j { rest.sqrt() } else { rest / lower[j][j] };
        }
        // The square root of a negative number is NaN.
        if !(lower[i][i] > 0.0 && lower[i][i].is_finite()) {
            return None;
        }
    }
    let mut solution = at.gradient.map(|part| -part);
    for i in 0..N {
        let known: f64 = (0..i).map(|k| lower[i][k] * solution[k]).sum();
        solution[i] = (solution[i] - known) / lower[i][i];
    }
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|k| lower[k][i] * solution[k]).sum();
        solution[i] = (solution[i] - known) / lower[i][i];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley: not convex, and its floor is bent.
    fn valley(place: &[f64; 2]) -> Point<2> {
        let [x, y] = *place;
        let bend = y - x * x;
        Point {
            value: (1.0 - x).powi(2) + 100.0 * bend * bend,
            gradient: [-2.0 * (1.0 - x) - 400.0 * x * bend, 200.0 * bend],
            hessian: [[2.0 - 400.0 * bend + 800.0 * x * x, -400.0 * x], [-400.0 * x, 200.0]],
        }
    }

    #[test]
    fn the_bottom_of_a_bent_valley_is_found() {
        for start in [[-1.2, 1.0], [0.0, 5.0], [10.0, -10.0]] {
            let found = minimise(valley, start, 200);
            assert!((found.place[0] - 1.0).abs() < 1e-10 && (found.place[1] - 1.0).abs() < 1e-10, "{found:?}");
        }
    }

    #[test]
    fn a_search_that_is_cut_short_says_so_by_its_gradient() {
        let found = minimise(valley, [-1.2, 1.0], 2);
        assert_eq!(found.iterations, 2);
        assert!(found.at.gradient_norm() > 1.0);
    }

    #[test]
    fn a_place_without_a_value_is_not_entered() {
        // x - ln x, which has no value at or below 0; Newton's own step from 3 leads to -3.
        let f =
            |place: &[f64; 1]| Point { value: place[0] - place[0].ln(), gradient: [1.0 - 1.0 / place[0]], hessian: [[place[0].powi(-2)]] };
        assert!((minimise(f, [3.0], 100).place[0] - 1.0).abs() < 1e-10);
    }
}
