//! Intervals for scores that are judged: customers drawn with replacement, each of them one row.

use lapwing_models::Estimate;
use lapwing_models::metrics::{self, BINS};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::judging::{NaiveQuality, Quality};

/// Draws, unless the rows are very many.
const DRAWS: usize = 500;
/// Draws at least.
const LEAST_DRAWS: usize = 100;
/// Rows times draws at most, else there are fewer draws.
const MOST_WORK: usize = 20_000_000;

/// The metrics of the rows as they are, and of every draw.
#[derive(Debug)]
pub(crate) struct Draws {
    whole: Metrics,
    drawn: Vec<Metrics>,
}

/// The metrics of the model and the rankings beside it.
#[derive(Clone, Copy, Debug)]
struct Metrics {
    auc: Option<f64>,
    log_loss: f64,
    brier: f64,
    ece: f64,
    top_decile_lift: Option<f64>,
    naive_auc: [Option<f64>; 2],
    naive_lift: [Option<f64>; 2],
}

/// Draws customers with replacement and measures each draw; `None` for no rows. The same seed draws the same customers.
pub(crate) fn draw(probabilities: &[f64], naive: &[Vec<f64>; 2], labels: &[bool], seed: u64) -> Option<Draws> {
    let rows = labels.len();
    let whole = measure(probabilities, naive, labels)?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let draws = (MOST_WORK / rows).clamp(LEAST_DRAWS, DRAWS);
    let (mut picked_probabilities, mut picked_labels) = (vec![0.0; rows], vec![false; rows]);
    let mut picked_naive = [vec![0.0; rows], vec![0.0; rows]];
    let drawn = (0..draws).filter_map(|_| {
        for row in 0..rows {
            let pick = below(&mut random, rows);
            picked_probabilities[row] = probabilities[pick];
            picked_labels[row] = labels[pick];
            for rule in 0..naive.len() {
                picked_naive[rule][row] = naive[rule][pick];
            }
        }
        measure(&picked_probabilities, &picked_naive, &picked_labels)
    });
    Some(Draws { whole, drawn: drawn.collect() })
}

impl Draws {
    /// The model's quality.
    pub(crate) fn quality(&self) -> Quality {
        let sure = |pick: fn(&Metrics) -> f64| self.estimate(&|metrics| Some(pick(metrics))).unwrap_or(point(pick(&self.whole)));
        Quality {
            auc: self.estimate(&|metrics| metrics.auc),
            log_loss: sure(|metrics| metrics.log_loss),
            brier: sure(|metrics| metrics.brier),
            ece: sure(|metrics| metrics.ece),
            top_decile_lift: self.estimate(&|metrics| metrics.top_decile_lift),
        }
    }

    /// The quality of the naive rule number `rule`, which is called `name`.
    pub(crate) fn naive(&self, rule: usize, name: &'static str) -> NaiveQuality {
        NaiveQuality {
            name,
            auc: self.estimate(&|metrics| metrics.naive_auc[rule]),
            top_decile_lift: self.estimate(&|metrics| metrics.naive_lift[rule]),
            model_auc_minus_this: self.estimate(&|metrics| Some(metrics.auc? - metrics.naive_auc[rule]?)),
        }
    }

    /// A draw without one of the classes says nothing about a ranking and is passed over.
    fn estimate(&self, pick: &dyn Fn(&Metrics) -> Option<f64>) -> Option<Estimate> {
        let value = pick(&self.whole)?;
        let mut all: Vec<f64> = self.drawn.iter().filter_map(pick).collect();
        all.sort_unstable_by(f64::total_cmp);
        let Some(last) = all.len().checked_sub(1) else { return Some(point(value)) };
        let at = |share: f64| {
            let place = share * last as f64;
            let (below, above) = (all[place.floor() as usize], all[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Some(Estimate { value, low: at(0.025), high: at(0.975) })
    }
}

fn measure(probabilities: &[f64], naive: &[Vec<f64>; 2], labels: &[bool]) -> Option<Metrics> {
    Some(Metrics {
        auc: metrics::auc(probabilities, labels),
        log_loss: metrics::log_loss(probabilities, labels)?,
        brier: metrics::brier(probabilities, labels)?,
        ece: metrics::ece(probabilities, labels, BINS)?,
        top_decile_lift: metrics::top_decile_lift(probabilities, labels),
        naive_auc: [metrics::auc(&naive[0], labels), metrics::auc(&naive[1], labels)],
        naive_lift: [metrics::top_decile_lift(&naive[0], labels), metrics::top_decile_lift(&naive[1], labels)],
    })
}

fn point(value: f64) -> Estimate {
    Estimate { value, low: value, high: value }
}

/// A number below `most`, each as likely as the next but for 2^-64.
fn below(random: &mut Xoshiro256PlusPlus, most: usize) -> usize {
    ((u128::from(random.next_u64()) * most as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_interval_and_it_holds_the_value() {
        let probabilities: Vec<f64> = (0..60).map(|i| f64::from(i) / 60.0).collect();
        let labels: Vec<bool> = (0..60).map(|i| i % 3 == 0 || i > 40).collect();
        let naive = [probabilities.clone(), probabilities.iter().map(|p| -p).collect()];
        let quality = || draw(&probabilities, &naive, &labels, 7).unwrap().quality();
        let auc = quality().auc.unwrap();
        assert!(auc.low < auc.value && auc.value < auc.high, "{auc:?}");
        assert_eq!(quality(), quality());
        let draws = draw(&probabilities, &naive, &labels, 7).unwrap();
        assert_eq!(draws.naive(0, "same").model_auc_minus_this.unwrap().high, 0.0);
        assert!(draws.naive(1, "opposite").model_auc_minus_this.unwrap().low > 0.0);
    }

    #[test]
    fn no_rows_have_no_draws_and_one_class_has_no_auc() {
        let none = [Vec::new(), Vec::new()];
        assert!(draw(&[], &none, &[], 7).is_none());
        let one = [vec![1.0; 3], vec![1.0; 3]];
        assert_eq!(draw(&[0.5; 3], &one, &[true; 3], 7).unwrap().quality().auc, None);
    }
}
