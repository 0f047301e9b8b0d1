//! The directions that a covariance is served by.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use super::solver::{Cholesky, SolveError};
use crate::spread::Spread;

/// So much of the variance is told by directions; the rest is the same for everyone.
const HELD: f64 = 0.99;
/// At most so many directions.
const MOST: usize = 128;
/// A model with so few columns keeps them all.
const FEW: usize = 32;
/// Directions that are sought beside those that are kept, so that the last kept are found well.
const SPARE: usize = 16;
/// Rounds of the search.
const ROUNDS: usize = 12;
/// So many rows tell what rows look like.
const SAMPLE: usize = 16_384;
/// Rows that are held at once.
const BLOCK: usize = 1024;
/// Shares of the diagonal that may be added until a covariance is positive definite beyond rounding.
const DAMPINGS: [f64; 4] = [0.0, 1e-12, 1e-10, 1e-8];
/// `n` rows of any order are read at shares `i PACE` of them, which fall evenly whatever repeats in the order.
const PACE: f64 = 0.618_033_988_749_894_9;

/// The spread of rows like those of `design` (with a 1 before each) whose coefficients have the covariance `covariance`.
///
/// With `V = G G'`, the directions are the leading eigenvectors of `G'CG`, where `C` is the mean over the rows of `x x' / x'Vx`: they hold most
/// of what the variances are, each taken relative to itself, so that small ones are not lost beside large ones. Of the leading 128
/// as many are kept as hold 99 % of that, and always 32; what is left out is added as a constant, so that the mean relative error
/// of the variance over the rows is 0. Of very many rows some 16 thousand are looked at. Loadings are rounded to 5 digits, which is finer.
///
/// # Errors
/// [`SolveError::Singular`] when the covariance is not positive semidefinite, or is beyond the range of the numbers.
pub(super) fn spread(design: &Array2<f64>, covariance: &Array2<f64>) -> Result<Spread, SolveError> {
    let factor = DAMPINGS.iter().find_map(|damping| Cholesky::of(covariance, *damping)).ok_or(SolveError::Singular)?.factor();
    let (moments, weight) = relative_moments(design, &factor);
    let (values, vectors) = leading(&moments);
    let whole = moments.diag().sum();
    let mut held = 0.0;
    let enough = values.iter().take_while(|value| {
        let more = held < HELD * whole;
        held += **value;
        more
    });
    let directions = enough.count().clamp(FEW, MOST).min(values.len());
    let kept = vectors.slice_axis(Axis(1), Slice::from(..directions));
    let left_out = whole - values.iter().take(directions).sum::<f64>();
    let rest = if directions == factor.ncols() || weight <= 0.0 { 0.0 } else { (left_out / weight).max(0.0) };
    let rows: Vec<Vec<f32>> = factor.dot(&kept).rows().into_iter().map(|row| row.iter().copied().map(rounded).collect()).collect();
    let sound = rest.is_finite() && rows.iter().flatten().all(|loading| loading.is_finite());
    Spread::new(&rows, rest).filter(|_| sound).ok_or(SolveError::Singular)
}

/// To 5 digits.
fn rounded(loading: f64) -> f32 {
    format!("{loading:.4e}").parse().unwrap_or(f32::NAN)
}

/// The mean of `z z' / z'z` over rows `z = G'x`, and of `1 / z'z`.
fn relative_moments(design: &Array2<f64>, factor: &Array2<f64>) -> (Array2<f64>, f64) {
    let (all, width) = (design.nrows(), factor.nrows());
    let many = all.min(SAMPLE);
    let place = |number: usize| if all <= SAMPLE { number } else { ((number as f64 * PACE).fract() * all as f64) as usize };
    let mut sum = Array2::zeros((width, width));
    let mut weight = 0.0;
    for first in (0..many).step_by(BLOCK) {
        let mut rows = Array2::ones(((first + BLOCK).min(many) - first, width));
        for (number, mut row) in rows.rows_mut().into_iter().enumerate() {
            row.slice_axis_mut(Axis(0), Slice::from(1..)).assign(&design.row(place(first + number).min(all - 1)));
        }
        let mut mapped = rows.dot(factor);
        for mut row in mapped.rows_mut() {
            let size = row.dot(&row);
            weight += 1.0 / size;
            row /= size.sqrt();
        }
        general_mat_mul(1.0, &mapped.t(), &mapped, 1.0, &mut sum);
    }
    (sum / many as f64, weight / many as f64)
}

/// The largest eigenvalues of a positive semidefinite matrix, descending, and their eigenvectors as columns: those that are kept and
/// some more.
///
/// Source: Halko, Martinsson and Tropp (2011), "Finding structure with randomness", for the search by subspaces.
fn leading(matrix: &Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let (size, many) = (matrix.nrows(), matrix.nrows().min(MOST + SPARE));
    if many == size {
        return eigen(matrix.clone());
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut basis = Array2::from_shape_simple_fn((size, many), || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5);
    for _ in 0..ROUNDS {
        basis = orthonormal(matrix.dot(&basis));
    }
    let (values, turn) = eigen(basis.t().dot(&matrix.dot(&basis)));
    (values, basis.dot(&turn))
}

/// The columns made orthonormal one after the other; one that lies among those before it becomes 0.
fn orthonormal(columns: Array2<f64>) -> Array2<f64> {
    let mut rows = columns.reversed_axes().as_standard_layout().into_owned();
    for place in 0..rows.nrows() {
        let (done, mut rest) = rows.view_mut().split_at(Axis(0), place);
        let mut row = rest.row_mut(0);
        let before = row.dot(&row);
        // Twice is enough: Parlett (1998), "The symmetric eigenvalue problem".
        for _ in 0..2 {
            let along = done.dot(&row);
            row -= &done.t().dot(&along);
        }
        let size = row.dot(&row);
        row *= if size > 1e-24 * before { 1.0 / size.sqrt() } else { 0.0 };
    }
    rows.reversed_axes()
}

/// Eigenvalues of a symmetric matrix, descending, and eigenvectors as columns, by Jacobi's rotations in a fixed order.
///
/// Source: Golub and Van Loan (2013), "Matrix computations", section 8.5.
fn eigen(mut matrix: Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let size = matrix.nrows();
    // Its rows are the vectors.
    let mut vectors = Array2::eye(size);
    let off = |matrix: ArrayView2<'_, f64>| matrix.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, value)| value * value).sum::<f64>();
    let scale: f64 = matrix.iter().map(|value| value * value).sum();
    for _ in 0..SWEEPS {
        if off(matrix.view()) <= 1e-28 * scale {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|one, two| matrix[[*two, *two]].total_cmp(&matrix[[*one, *one]]));
    (order.iter().map(|place| matrix[[*place, *place]].max(0.0)).collect(), vectors.select(Axis(0), &order).reversed_axes())
}

/// Sweeps converge quadratically; a tenth changes nothing.
const SWEEPS: usize = 12;

/// Turns `p` and `q` until nothing is between them.
fn rotate(matrix: &mut Array2<f64>, vectors: &mut Array2<f64>, p: usize, q: usize) {
    let between = matrix[[p, q]];
    if between == 0.0 {
        return;
    }
    let theta = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * between);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |one: &mut f64, two: &mut f64| (*one, *two) = (cosine * *one - sine * *two, sine * *one + cosine * *two);
    for rows in [&mut *matrix, vectors] {
        let (mut before, mut after) = rows.view_mut().split_at(Axis(0), q);
        before.row_mut(p).iter_mut().zip(after.row_mut(0)).for_each(|(one, two)| turn(one, two));
    }
    for mut row in matrix.rows_mut() {
        let (mut one, mut two) = (row[p], row[q]);
        turn(&mut one, &mut two);
        (row[p], row[q]) = (one, two);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, ArrayView1};

    use super::*;

    /// Rows of `width` columns that hang together, each with its own scale.
    fn design(rows: usize, width: usize) -> Array2<f64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let mut draw = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        let common = Array2::from_shape_simple_fn((12, width), &mut draw);
        let of_each = Array2::from_shape_simple_fn((rows, 12), &mut draw);
        of_each.dot(&common) * 3.0 + Array2::from_shape_simple_fn((rows, width), draw)
    }

    /// As of a ridge with `penalty` on each column.
    fn covariance(design: &Array2<f64>, penalty: f64) -> Array2<f64> {
        let mut with_one = Array2::ones((design.nrows(), design.ncols() + 1));
        with_one.slice_axis_mut(Axis(1), Slice::from(1..)).assign(design);
        let mut curvature = with_one.t().dot(&with_one) * 0.2;
        curvature.diag_mut().slice_axis_mut(Axis(0), Slice::from(1..)).mapv_inplace(|value| value + penalty);
        Cholesky::of(&curvature, 0.0).unwrap().solve_each(Array2::eye(design.ncols() + 1))
    }

    /// How far off the standard errors of the rows are, relative, ascending.
    fn errors(design: &Array2<f64>, covariance: &Array2<f64>, spread: &Spread) -> Vec<f64> {
        let of_row = |row: ArrayView1<'_, f64>| {
            let whole: Array1<f64> = [1.0].iter().chain(row).copied().collect();
            let present: Vec<(usize, f32)> = whole.iter().enumerate().map(|(place, value)| (place, *value as f32)).collect();
            (spread.variance(&present) / whole.dot(&covariance.dot(&whole))).sqrt() - 1.0
        };
        let mut errors: Vec<f64> = design.rows().into_iter().map(|row| of_row(row).abs()).collect();
        errors.sort_by(f64::total_cmp);
        errors
    }

    #[test]
    fn few_columns_are_kept_whole() {
        let design = design(500, FEW - 1);
        let covariance = covariance(&design, 5.0);
        let found = spread(&design, &covariance).unwrap();
        assert_eq!((found.rows(), found.directions(), found.variance(&[])), (FEW, FEW, 0.0));
        assert!(errors(&design, &covariance, &found)[499] < 1e-4);
    }

    #[test]
    fn standard_errors_of_many_columns_are_nearly_exact() {
        let design = design(4000, 160);
        let covariance = covariance(&design, 200.0);
        let found = spread(&design, &covariance).unwrap();
        let errors = errors(&design, &covariance, &found);
        assert!(found.directions() <= MOST, "{}", found.directions());
        assert!(errors[2000] < 0.015 && errors[3960] < 0.05, "{} {} {}", found.directions(), errors[2000], errors[3960]);
    }

    #[test]
    fn of_very_many_rows_some_speak_for_all() {
        let all = design(3 * SAMPLE, 3);
        let covariance = covariance(&all, 1.0);
        let (some, _) = relative_moments(&all, &covariance);
        let (every, _) = relative_moments(&all.slice_axis(Axis(0), Slice::from(..SAMPLE)).to_owned(), &covariance);
        assert!(some.iter().zip(&every).all(|(one, two)| (one - two).abs() < 0.01), "{some} {every}");
        assert_eq!(spread(&all, &covariance), spread(&all, &covariance));
    }

    #[test]
    fn eigenvalues_and_vectors_make_up_the_matrix() {
        let root = design(90, 40);
        let matrix = root.t().dot(&root);
        let (values, vectors) = eigen(matrix.clone());
        assert!(values.is_sorted_by(|one, two| one >= two));
        let made = vectors.dot(&Array2::from_diag(&Array1::from(values))).dot(&vectors.t());
        assert!(made.iter().zip(&matrix).all(|(one, two)| (one - two).abs() < 1e-9), "{made}");
        assert_eq!(eigen(Array2::zeros((3, 3))).0, [0.0; 3]);
    }

    #[test]
    fn the_leading_directions_of_a_large_matrix_are_found() {
        let size = MOST + SPARE + 60;
        let turn = orthonormal(design(size, size));
        let expected: Array1<f64> = std::iter::successors(Some(1.0), |value| Some(0.97 * value)).take(size).collect();
        let matrix = turn.dot(&Array2::from_diag(&expected)).dot(&turn.t());
        let (values, _) = leading(&matrix);
        let held = values.iter().take(MOST).sum::<f64>() / expected.iter().take(MOST).sum::<f64>();
        assert!((held - 1.0).abs() < 1e-4, "{held}");
    }

    #[test]
    fn what_is_no_covariance_is_refused() {
        let design = Array2::ones((4, 1));
        for covariance in [[[1.0, 2.0], [2.0, 1.0]], [[f64::NAN, 0.0], [0.0, 1.0]], [[1e200, 0.0], [0.0, 1e200]]] {
            assert_eq!(spread(&design, &ndarray::arr2(&covariance)), Err(SolveError::Singular));
        }
    }
}
