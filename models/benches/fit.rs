//! Time of the logistic fit: `cargo bench -p lapwing-models`.
//!
//! `fit_beside_sklearn.sh` runs scikit-learn on the same data and compares.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use lapwing_models::fit::solver::{Params, Penalty, SolveError, SolverKind};
use lapwing_models::sigmoid;
use linfa::ParamGuard;
use ndarray::{Array1, Array2};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// Rows and columns.
const SHAPES: [(usize, usize); 4] = [(500_000, 64), (50_000, 64), (5_000, 64), (50_000, 8)];
/// The gradient norm that scikit-learn is asked for.
const BOUND: f64 = 1e-6;

struct Random(Xoshiro256PlusPlus);

impl Random {
    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, with variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

/// Correlated columns, and labels of which about an eighth are positive, drawn from a model.
fn problem(rows: usize, columns: usize) -> (Array2<f64>, Vec<bool>) {
    let mut random = Random(Xoshiro256PlusPlus::seed_from_u64(7));
    let common = Array2::from_shape_simple_fn((16, columns), || random.normal() / 4.0);
    let truth = Array1::from_shape_simple_fn(columns, || random.normal() / 4.0);
    let mut design = Array2::zeros((rows, columns));
    let mut labels = Vec::with_capacity(rows);
    for mut row in design.rows_mut() {
        row.assign(&Array1::from_shape_simple_fn(16, || random.normal()).dot(&common));
        row.mapv_inplace(|value| value + 0.6 * random.normal());
        labels.push(random.share() < sigmoid(row.dot(&truth) - 2.4));
    }
    (design, labels)
}

fn fit(criterion: &mut Criterion) -> Result<(), SolveError> {
    let mut group = criterion.benchmark_group("fit");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for (rows, columns) in SHAPES {
        let (design, labels) = problem(rows, columns);
        let name = format!("{rows}x{columns}");
        group.throughput(Throughput::Bytes((design.len() * size_of::<f64>()) as u64));
        for threads in [1, 2] {
            let solver = Params::new(1.0 / rows as f64).bound(BOUND).threads(threads).check()?;
            group.bench_function(BenchmarkId::new(format!("newton on {threads}"), &name), |bench| {
                bench.iter(|| black_box(solver.solve(&design, &labels, None)));
            });
        }
        if rows < 10_000 {
            let solver = Params::new(1.0 / rows as f64).bound(BOUND).kind(SolverKind::Linfa).check()?;
            group.bench_function(BenchmarkId::new("linfa", &name), |bench| {
                bench.iter(|| black_box(solver.solve(&design, &labels, None)));
            });
        }
        let penalties: Vec<Penalty> = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001].map(Penalty::Same).to_vec();
        let solver = Params::rough(1.0).threads(2).check()?;
        group.bench_function(BenchmarkId::new("path of 7", &name), |bench| {
            bench.iter(|| {
                solver.path(&design, &labels, None, &penalties, |optimum| {
                    black_box(optimum);
                    ControlFlow::Continue(())
                })
            });
        });
    }
    group.finish();
    Ok(())
}

fn main() -> Result<(), SolveError> {
    let mut criterion = Criterion::default().configure_from_args();
    fit(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
