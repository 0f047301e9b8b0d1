//! A design with the coefficients of a choice of candidates.

use lapwing_features::Snapshot;
use ndarray::{Array1, Axis};

use super::design::{Columns, Design};
use super::paths::follow;
use super::select::Member;
use super::solver::{Optimum, Params, SolveError, SolverKind, Weights};
use super::table::Table;
use crate::logit;
use crate::report::Certificate;

/// The average of some candidates, each fitted to the same rows.
#[derive(Clone, Debug)]
pub(super) struct Scorer {
    pub(super) design: Design,
    pub(super) weights: Weights,
    /// The penalty that each coefficient bears: one over the mean of the variances that the candidates expect of it.
    pub(super) penalties: Vec<f64>,
    /// How far each candidate lies from the average, intercept first, times the root of its weight.
    pub(super) apart: Vec<Array1<f64>>,
    /// Of the candidate with the greatest weight; its gradient norm is the greatest of all.
    pub(super) certificate: Certificate,
}

/// Log-odds of the share of positive labels, with half a row of either class added so that it is finite.
pub(super) fn one_rate(labels: &[bool]) -> f64 {
    let positives = labels.iter().filter(|label| **label).count();
    logit((positives as f64 + 0.5) / (labels.len() as f64 + 1.0))
}

impl Scorer {
    /// Fits every member to the rows at `places` and adds them up by their weights. A member too weak to have an optimum
    /// leaves its weight to the others.
    ///
    /// # Errors
    /// [`SolveError`] when no member has an optimum.
    pub(super) fn learn(
        table: &Table<'_>,
        places: &[usize],
        columns: Columns<'_>,
        members: &[Member],
        solver: SolverKind,
    ) -> Result<Self, SolveError> {
        let rows = table.rows_at(places);
        let labels = table.labels_at(places);
        let design = Design::learn(&rows, columns);
        let matrix = design.matrix(&rows);
        let shares = design.shares();
        let every: Vec<usize> = (0..matrix.ncols()).collect();
        let mut sum = Sum::new(matrix.ncols());
        let mut failed = None;
        for (bent, columns) in [(false, design.straight()), (true, every)] {
            let some: Vec<&Member> = members.iter().filter(|member| member.candidate.bent == bent).collect();
            if some.is_empty() {
                continue;
            }
            let part = matrix.select(Axis(1), &columns);
            let own: Vec<f64> = columns.iter().map(|column| shares[*column]).collect();
            let lambdas: Vec<f64> = some.iter().map(|member| member.candidate.lambda).collect();
            let mut rest = some.into_iter();
            let add = |optimum| rest.next().into_iter().for_each(|member| sum.add(member, &optimum, &columns, &own));
            failed = follow(Params::new(1.0), solver, (&part, &labels), &own, &lambdas, add).err().or(failed);
        }
        sum.mean(design).ok_or(failed.unwrap_or(SolveError::Singular))
    }

    /// Tells everyone the rate of the rows at `places`.
    pub(super) fn of_base_rate(table: &Table<'_>, places: &[usize]) -> Self {
        let labels = table.labels_at(places);
        let intercept = one_rate(&labels);
        let certificate = Certificate { gradient_norm: 0.0, objective: entropy(intercept), iterations: 0 };
        let design = Design::learn(&table.rows_at(places), Columns::None);
        Self {
            design,
            weights: Weights { intercept, coefficients: Array1::zeros(0) },
            penalties: Vec::new(),
            apart: Vec::new(),
            certificate,
        }
    }

    /// Log-odds for a customer.
    pub(super) fn log_odds(&self, snapshot: &Snapshot) -> f64 {
        let row = self.design.transform.apply(&self.design.inputs.read(snapshot));
        self.weights.coefficients.iter().zip(&row).fold(self.weights.intercept, |sum, (weight, value)| sum + weight * value)
    }
}

/// Mean log loss of one rate for all where it is the true one.
fn entropy(log_odds: f64) -> f64 {
    let p = crate::sigmoid(log_odds);
    -(p * p.ln() + (1.0 - p) * (1.0 - p).ln())
}

/// The sum of the members so far.
struct Sum {
    weight: f64,
    point: Array1<f64>,
    intercept: f64,
    /// Weighted sum of one over the penalties: the variances that the members expect.
    variances: Vec<f64>,
    /// Each member, intercept first, with its weight.
    members: Vec<(f64, Array1<f64>)>,
    main: Option<(f64, Certificate)>,
    gradient_norm: f64,
}

impl Sum {
    fn new(width: usize) -> Self {
        let (point, variances) = (Array1::zeros(width), vec![0.0; width]);
        Self { weight: 0.0, point, intercept: 0.0, variances, members: Vec::new(), main: None, gradient_norm: 0.0 }
    }

    /// Adds a member that uses `columns` only.
    fn add(&mut self, member: &Member, Optimum { weights, certificate }: &Optimum, columns: &[usize], shares: &[f64]) {
        let Member { candidate, weight } = *member;
        self.weight += weight;
        self.intercept += weight * weights.intercept;
        let mut whole = Array1::zeros(self.point.len() + 1);
        whole[0] = weights.intercept;
        for ((column, coefficient), share) in columns.iter().zip(&weights.coefficients).zip(shares) {
            self.point[*column] += weight * coefficient;
            whole[column + 1] = *coefficient;
            self.variances[*column] += weight / (candidate.lambda * share);
        }
        self.members.push((weight, whole));
        self.gradient_norm = self.gradient_norm.max(certificate.gradient_norm);
        if self.main.as_ref().is_none_or(|(most, _)| weight > *most) {
            self.main = Some((weight, *certificate));
        }
    }

    /// Over the columns of `design` that a member uses; `None` when there is no member.
    fn mean(self, mut design: Design) -> Option<Scorer> {
        let (_, main) = self.main?;
        let used: Vec<usize> = (0..self.point.len()).filter(|column| self.variances[*column] > 0.0).collect();
        design.transform.columns = used.iter().map(|column| design.transform.columns[*column]).collect();
        let coefficients = used.iter().map(|column| self.point[*column] / self.weight).collect();
        let weights = Weights { intercept: self.intercept / self.weight, coefficients };
        let penalties = used.iter().map(|column| self.weight / self.variances[*column]).collect();
        let mean: Array1<f64> = [weights.intercept].iter().chain(&weights.coefficients).copied().collect();
        let places: Vec<usize> = [0].into_iter().chain(used.iter().map(|column| column + 1)).collect();
        let away = |(weight, member): &(f64, Array1<f64>)| (member.select(Axis(0), &places) - &mean) * (weight / self.weight).sqrt();
        let apart = self.members.iter().map(away).collect();
        let certificate = Certificate { gradient_norm: self.gradient_norm, ..main };
        Some(Scorer { design, weights, penalties, apart, certificate })
    }
}

#[cfg(test)]
mod tests {
    use super::super::select::Candidate;
    use super::*;
    use crate::input::InputSchema;
    use crate::transform::{DesignColumn, Form, Transform};

    fn member(bent: bool, lambda: f64, weight: f64) -> Member {
        Member { candidate: Candidate { bent, lambda }, weight }
    }

    /// A line and a bend.
    fn design() -> Design {
        let line = DesignColumn { input: 0, form: Form::Value { low: 0.0, high: 9.0, log: false }, mean: 4.0, scale: 2.0 };
        let bend = DesignColumn { form: Form::Bend { low: 0.0, high: 9.0, log: false, knot: 4.0, tilt: 0.5 }, ..line };
        Design { inputs: InputSchema::default(), transform: Transform { columns: vec![line, bend] }, typical: Vec::new() }
    }

    fn optimum(intercept: f64, coefficients: &[f64], gradient_norm: f64) -> Optimum {
        let weights = Weights { intercept, coefficients: coefficients.to_vec().into() };
        Optimum { weights, certificate: Certificate { gradient_norm, objective: 0.5, iterations: 3 } }
    }

    #[test]
    fn the_average_is_by_weight_and_knows_how_far_its_members_lie_apart() {
        let mut sum = Sum::new(2);
        sum.add(&member(false, 0.1, 0.6), &optimum(1.0, &[2.0], 1e-9), &[0], &[1.0]);
        sum.add(&member(true, 0.2, 0.2), &optimum(-1.0, &[4.0, 8.0], 1e-8), &[0, 1], &[1.0, 10.0]);
        let found = sum.mean(design()).unwrap();
        let near = |found: &[f64], expected: &[f64]| {
            assert!(found.len() == expected.len() && found.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-12), "{found:?}");
        };
        near(&[found.weights.intercept], &[0.5]);
        near(found.weights.coefficients.as_slice().unwrap(), &[2.5, 2.0]);
        // Variances of 10 and 5 in the shares 0.75 and 0.25, then of 0 and 0.5.
        near(&found.penalties, &[1.0 / 8.75, 1.0 / 0.125]);
        near(found.apart[0].as_slice().unwrap(), &[0.5, -0.5, -2.0].map(|away| away * 0.75_f64.sqrt()));
        near(found.apart[1].as_slice().unwrap(), &[-1.5, 1.5, 6.0].map(|away| away * 0.5));
        assert_eq!(found.certificate, Certificate { gradient_norm: 1e-8, objective: 0.5, iterations: 3 });
    }

    #[test]
    fn a_column_that_no_member_uses_is_left_out() {
        let mut sum = Sum::new(2);
        sum.add(&member(false, 0.1, 0.6), &optimum(1.0, &[2.0], 0.0), &[0], &[1.0]);
        let found = sum.mean(design()).unwrap();
        assert_eq!((found.design.transform.columns.len(), &found.weights.coefficients.to_vec()[..]), (1, &[2.0][..]));
        assert!((found.penalties[0] - 0.1).abs() < 1e-15 && found.penalties.len() == 1 && found.apart == [Array1::<f64>::zeros(2)]);
        assert!(Sum::new(2).mean(design()).is_none());
    }
}
