//! How far log-odds could be off, told from few directions instead of a whole covariance.

use serde::{Deserialize, Serialize};

/// The covariance `V` of an intercept and coefficients, as `V = L L' + rest` with few columns in `L`, its directions: a row `x` of
/// the design, with a 1 before it, has variance `|L'x|^2 + rest`.
///
/// Its JSON reads back to the same bits. A customer is scored by what `Curves` make of it, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Spread {
    rows: usize,
    directions: usize,
    /// The rows of `L`, one after the other.
    loadings: Vec<f32>,
    rest: f64,
}

impl Spread {
    /// From the rows of `L`, that of the intercept first, and the variance that its directions leave out.
    ///
    /// `None` when the rows are not of one length.
    ///
    /// ```
    /// use lapwing_models::Spread;
    /// let spread = Spread::new(&[vec![0.5, 0.0], vec![0.25, 1.0]], 0.75).unwrap();
    /// assert_eq!((spread.rows(), spread.directions()), (2, 2));
    /// // At the row (1, 2): (0.5 + 2 x 0.25)^2 + 2^2 + 0.75.
    /// assert_eq!(spread.variance(&[(0, 1.0), (1, 2.0)]), 5.75);
    /// assert_eq!(Spread::new(&[vec![0.5], vec![]], 0.0), None);
    /// ```
    #[must_use]
    pub fn new(rows: &[Vec<f32>], rest: f64) -> Option<Self> {
        let directions = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != directions) {
            return None;
        }
        Some(Self { rows: rows.len(), directions, loadings: rows.concat(), rest })
    }

    /// Number of rows of `L`: one more than there are columns in the design.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns of `L`.
    #[must_use]
    pub fn directions(&self) -> usize {
        self.directions
    }

    /// The variance of a row of the design, given as the places that are not 0, ascending, with what stands there; place 0 is that
    /// of the intercept.
    ///
    /// # Panics
    /// When a place is not below [`rows`](Self::rows).
    #[must_use]
    pub fn variance(&self, row: &[(usize, f32)]) -> f64 {
        let mut along = vec![0.0; self.directions];
        for (place, value) in row {
            for (sum, loading) in along.iter_mut().zip(self.loadings(*place)) {
                *sum += f64::from(*value) * f64::from(*loading);
            }
        }
        along.iter().fold(self.rest, |sum, part| sum + part * part)
    }

    /// Whether every number is one that learning can give.
    pub(crate) fn is_sound(&self) -> bool {
        self.rest.is_finite() && self.rest >= 0.0 && self.loadings.iter().all(|loading| loading.is_finite())
    }

    /// A row of `L`.
    pub(crate) fn loadings(&self, row: usize) -> &[f32] {
        &self.loadings[row * self.directions..(row + 1) * self.directions]
    }

    /// The variance that the directions leave out.
    pub(crate) fn rest(&self) -> f64 {
        self.rest
    }
}

/// As JSON has it: a text for each row of `L`, for numbers on lines of their own would take many times the room.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rest: f64,
    loadings: Vec<String>,
}

impl From<Spread> for Written {
    fn from(spread: Spread) -> Self {
        let line = |row| spread.loadings(row).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        Self { rest: spread.rest, loadings: (0..spread.rows).map(line).collect() }
    }
}

impl TryFrom<Written> for Spread {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let number = |text: &str| text.parse::<f32>().map_err(|_| format!("the loading `{text}` is no number"));
        let line = |text: &String| text.split_ascii_whitespace().map(number).collect::<Result<Vec<f32>, String>>();
        let rows = written.loadings.iter().map(line).collect::<Result<Vec<_>, String>>()?;
        Self::new(&rows, written.rest).ok_or_else(|| "its lines of loadings are not of one length".to_owned())
    }
}

#[cfg(test)]
impl Spread {
    /// Of a positive definite covariance, given by its lower triangle row after row; nothing is left out.
    pub(crate) fn of_triangle(triangle: &[f64]) -> Self {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut rest = triangle;
        while !rest.is_empty() {
            let (line, below) = rest.split_at(rows.len() + 1);
            let mut row: Vec<f64> = Vec::new();
            for (value, above) in line.iter().zip(&rows) {
                let dot: f64 = row.iter().zip(above).map(|(one, two)| one * two).sum();
                row.push((value - dot) / above[row.len()]);
            }
            row.push((line[rows.len()] - row.iter().map(|value| value * value).sum::<f64>()).sqrt());
            rows.push(row);
            rest = below;
        }
        let size = rows.len();
        let padded = |row: &Vec<f64>| (0..size).map(|place| row.get(place).map_or(0.0, |value| *value as f32)).collect();
        Self::new(&rows.iter().map(padded).collect::<Vec<_>>(), 0.0).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many directions as `count`, over three rows.
    fn spread(count: usize) -> Spread {
        let row = |row: usize| (0..count).map(|place| ((7 * place + 3 * row) % 11) as f32 / 8.0 - 0.6).collect();
        Spread::new(&[row(0), row(1), row(2)], 0.25).unwrap()
    }

    #[test]
    fn the_variance_is_the_sum_of_squares_over_all_directions() {
        for count in [0, 1, 31, 32, 101] {
            let spread = spread(count);
            let along = |direction: usize| {
                let at = |row: usize| f64::from(spread.loadings(row)[direction]);
                at(0) - 3.0 * at(2)
            };
            let expected = 0.25 + (0..count).map(|direction| along(direction).powi(2)).sum::<f64>();
            let found = spread.variance(&[(0, 1.0), (2, -3.0)]);
            assert!((found - expected).abs() < 1e-5 * expected, "{count}: {found} is not {expected}");
        }
    }

    #[test]
    fn json_gives_back_every_bit_and_has_a_line_for_each_row() {
        for count in [0, 5, 37] {
            let json = serde_json::to_value(spread(count)).unwrap();
            assert_eq!(json["loadings"].as_array().unwrap().len(), 3);
            assert_eq!(serde_json::from_value::<Spread>(json).unwrap(), spread(count));
        }
        let read = |loadings: &[&str]| serde_json::from_value::<Spread>(serde_json::json!({ "rest": 0.0, "loadings": loadings }));
        assert!(read(&["1 2", "1"]).unwrap_err().to_string().contains("not of one length"));
        assert!(read(&["1 a"]).unwrap_err().to_string().contains("`a` is no number"));
        assert!(read(&["1 inf"]).is_ok_and(|spread| !spread.is_sound()), "that is for the check of the model");
    }

    #[test]
    fn a_covariance_is_factored_whole() {
        let spread = Spread::of_triangle(&[0.04, 0.01, 0.09]);
        assert!((spread.variance(&[(0, 1.0), (1, 2.0)]) - 0.44).abs() < 1e-7);
    }
}
