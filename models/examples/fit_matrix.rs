//! Fits a matrix from disk: `fit_matrix X.f64 Y.u8 COLUMNS LAMBDA [THREADS] [ROUNDS]`.
//!
//! `X.f64` holds rows of little-endian numbers, `Y.u8` a 0 or 1 for each row. `LAMBDA` is per row of the mean log loss. Prints
//! one line a round: how long the fit took, the objective, and the most memory it took with the matrix, in matrices.

use std::error::Error;
use std::io::{BufReader, Read};
use std::time::Instant;
use std::{env, fs};

use lapwing_models::fit::solver::Params;
use linfa::ParamGuard;
use ndarray::Array2;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [x, y, columns, lambda, rest @ ..] = &arguments[..] else {
        return Err("expected `fit_matrix X.f64 Y.u8 COLUMNS LAMBDA [THREADS] [ROUNDS]`".into());
    };
    let number = |place: usize, otherwise: usize| rest.get(place).map_or(Ok(otherwise), |text| text.parse());
    let (threads, rounds) = (number(0, 2)?, number(1, 1)?);
    let labels: Vec<bool> = fs::read(y)?.into_iter().map(|label| label == 1).collect();
    let design = read(x, labels.len(), columns.parse()?)?;
    let solver = Params::new(lambda.parse::<f64>()?).bound(1e-6).threads(threads).check()?;
    let before = peak().unwrap_or(f64::NAN);
    let matrix = (design.len() * size_of::<f64>()) as f64;
    for _ in 0..rounds {
        let start = Instant::now();
        let solution = solver.solve(&design, &labels, None)?;
        let seconds = start.elapsed().as_secs_f64();
        let memory = 1.0 + (peak().unwrap_or(f64::NAN) - before) / matrix;
        println!("seconds {seconds:.4} objective {:.12} memory {memory:.3}", solution.certificate.objective);
    }
    Ok(())
}

/// Reads straight into the matrix, so that nothing but the matrix is held.
fn read(path: &str, rows: usize, columns: usize) -> Result<Array2<f64>, Box<dyn Error>> {
    let mut file = BufReader::with_capacity(1 << 20, fs::File::open(path)?);
    let mut design = Array2::zeros((rows, columns));
    let mut bytes = [0; 8];
    for value in &mut design {
        file.read_exact(&mut bytes)?;
        *value = f64::from_le_bytes(bytes);
    }
    Ok(design)
}

/// The most memory this process has held, in bytes; Linux tells.
fn peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? * 1024.0)
}
