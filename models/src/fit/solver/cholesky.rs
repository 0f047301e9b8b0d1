//! The lower factor of a positive definite matrix, and what it solves.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, Axis, Slice};

/// Columns that are factored at a time; the rest is left to the matrix product.
const PANEL: usize = 48;
/// Of a matrix with ones on its diagonal, a smaller pivot is nothing but rounding.
const LEAST_PIVOT: f64 = 1e-13;

/// `S (L L') S = A + damping diag(A)`, with `S` the roots of the diagonal of `A`, so that the scale of the columns does not count.
#[derive(Clone, Debug)]
pub(in crate::fit) struct Cholesky {
    lower: Array2<f64>,
    /// One over the roots of the diagonal.
    scale: Array1<f64>,
}

impl Cholesky {
    /// Reads the lower triangle of `matrix`; `None` when it is not positive definite beyond rounding.
    pub(in crate::fit) fn of(matrix: &Array2<f64>, damping: f64) -> Option<Self> {
        let scale = matrix.diag().mapv(|value| 1.0 / value.sqrt());
        if !scale.iter().all(|value| value.is_finite()) {
            return None;
        }
        let mut lower = matrix.as_standard_layout().into_owned();
        for (i, mut row) in lower.rows_mut().into_iter().enumerate() {
            row *= &(&scale * scale[i]);
            row[i] = 1.0 + damping;
        }
        for first in (0..lower.nrows()).step_by(PANEL) {
            let last = (first + PANEL).min(lower.nrows());
            let (_, mut below) = lower.view_mut().split_at(Axis(0), first);
            let (done, mut rest) = below.slice_axis_mut(Axis(1), Slice::from(..last)).split_at(Axis(1), first);
            if first > 0 {
                general_mat_mul(-1.0, &done, &done.slice_axis(Axis(0), Slice::from(..last - first)).t(), 1.0, &mut rest);
            }
            for j in 0..last - first {
                let own = head(rest.row(j), j).to_owned();
                let pivot = rest[[j, j]] - own.dot(&own);
                if pivot.is_nan() || pivot < LEAST_PIVOT {
                    return None;
                }
                rest[[j, j]] = pivot.sqrt();
                for i in j + 1..rest.nrows() {
                    rest[[i, j]] = (rest[[i, j]] - head(rest.row(i), j).dot(&own)) / pivot.sqrt();
                }
            }
        }
        Some(Self { lower, scale })
    }

    /// `A^-1 right`.
    pub(in crate::fit) fn solve(&self, right: ArrayView1<'_, f64>) -> Array1<f64> {
        let mut x = &right * &self.scale;
        for i in 0..x.len() {
            x[i] = (x[i] - head(self.lower.row(i), i).dot(&head(x.view(), i))) / self.lower[[i, i]];
        }
        for i in (0..x.len()).rev() {
            let value = x[i] / self.lower[[i, i]];
            x[i] = value;
            x.view_mut().split_at(Axis(0), i).0.scaled_add(-value, &head(self.lower.row(i), i));
        }
        x * &self.scale
    }

    /// `G` with `G G' = A + damping diag(A)`, lower triangular.
    pub(in crate::fit) fn factor(&self) -> Array2<f64> {
        let roots = self.scale.mapv(|scale| 1.0 / scale);
        let mut factor = Array2::zeros(self.lower.raw_dim());
        for (i, (mut out, row)) in factor.rows_mut().into_iter().zip(self.lower.rows()).enumerate() {
            out.slice_axis_mut(Axis(0), Slice::from(..=i)).assign(&(&head(row, i + 1) * roots[i]));
        }
        factor
    }

    /// `A^-1 right`, column by column.
    pub(in crate::fit) fn solve_each(&self, mut right: Array2<f64>) -> Array2<f64> {
        for mut column in right.columns_mut() {
            let solved = self.solve(column.view());
            column.assign(&solved);
        }
        right
    }
}

/// The first `many` values.
fn head(row: ArrayView1<'_, f64>, many: usize) -> ArrayView1<'_, f64> {
    row.split_at(Axis(0), many).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn solving_undoes_multiplying() {
        let matrix = array![[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]];
        let expected = array![[1.0, -2.0], [0.5, 3.0], [-1.0, 0.0]];
        let found = Cholesky::of(&matrix, 0.0).unwrap().solve_each(matrix.dot(&expected));
        assert!(found.iter().zip(&expected).all(|(one, two)| (one - two).abs() < 1e-14), "{found}");
    }

    #[test]
    fn more_columns_than_a_panel_and_of_any_scale() {
        let scale = |j: usize| [1e-4, 1e-2, 1.0, 1e3, 1e4][j % 5];
        let root = Array2::from_shape_fn((200, 130), |(i, j)| {
            let mixed = (i * 131 + j * 7919) * 2_654_435_761;
            (((mixed >> 16) % 211) as f64 - 105.0) * scale(j)
        });
        let matrix = root.t().dot(&root);
        let expected = Array1::from_shape_fn(130, |j| (j as f64 - 60.0) / scale(j));
        let found = Cholesky::of(&matrix, 0.0).unwrap().solve(matrix.dot(&expected).view());
        let scaled = (&found - &expected) * Array1::from_shape_fn(130, scale);
        assert!(scaled.iter().all(|by| by.abs() < 1e-6), "{scaled}");
    }

    #[test]
    fn damping_adds_to_the_diagonal() {
        let found = Cholesky::of(&array![[4.0, 2.0], [2.0, 4.0]], 0.5).unwrap().solve(array![8.0, 8.0].view());
        assert!((found[0] - 1.0).abs() < 1e-14, "{found}");
    }

    #[test]
    fn the_factor_makes_up_the_matrix() {
        let matrix = array![[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]];
        let factor = Cholesky::of(&matrix, 0.0).unwrap().factor();
        assert!((factor.dot(&factor.t()) - &matrix).iter().all(|by| by.abs() < 1e-14) && factor[[0, 2]] == 0.0, "{factor}");
    }

    #[test]
    fn a_matrix_that_is_not_positive_is_refused() {
        for matrix in [array![[1.0, 2.0], [2.0, 1.0]], array![[1.0, 1.0], [1.0, 1.0]], array![[0.0]], array![[f64::NAN]]] {
            assert!(Cholesky::of(&matrix, 0.0).is_none());
        }
    }
}
