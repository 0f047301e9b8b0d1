//! Value tiers by clusters of log spend.

use smartcore::cluster::kmeans::{KMeans, KMeansParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::TierCuts;

/// Clusters are sought from so many starts, and the tightest are kept.
const STARTS: u64 = 8;
const TIERS: usize = 3;

impl TierCuts {
    /// Cuts between three clusters of the logarithm of one more than ascending `spend`, found by k-means; `None` when fewer than
    /// three different amounts are known. Spend below 0 counts as 0.
    ///
    /// The starts are drawn by fixed seeds, so that the same spend has the same cuts.
    ///
    /// ```
    /// use lapwing_models::lifecycle::TierCuts;
    /// let spend = [9.0, 10.0, 11.0, 90.0, 100.0, 110.0, 900.0, 1_000.0];
    /// assert_eq!(TierCuts::learn_clusters(&spend), Some(TierCuts { middle: 11.0, top: 110.0 }));
    /// assert_eq!(TierCuts::learn_clusters(&[5.0, 5.0, 7.0]), None);
    /// ```
    #[must_use]
    pub fn learn_clusters(spend: &[f64]) -> Option<Self> {
        let logs: Vec<f64> = spend.iter().map(|spend| libm::log1p(spend.max(0.0))).collect();
        if logs.windows(2).filter(|pair| pair[0] < pair[1]).count() + 1 < TIERS {
            return None;
        }
        let points = DenseMatrix::new(logs.len(), 1, logs.clone(), false).ok()?;
        let found = (0..STARTS).filter_map(|seed| {
            let parameters = KMeansParameters { k: TIERS, max_iter: 300, seed: Some(seed) };
            let clusters: Vec<u32> = KMeans::fit(&points, parameters).and_then(|fitted| fitted.predict(&points)).ok()?;
            let parts: Vec<&[f64]> = parts(&logs, &clusters);
            let tightness = parts.iter().map(|part| spread(part)).sum::<f64>();
            let [low, middle, _] = parts[..] else { return None };
            let cut = |place: usize| spend[place - 1];
            Some((tightness, Self { middle: cut(low.len()), top: cut(low.len() + middle.len()) }))
        });
        found.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, cuts)| cuts)
    }
}

/// The runs of one cluster each, of ascending points.
fn parts<'a>(points: &'a [f64], clusters: &[u32]) -> Vec<&'a [f64]> {
    let mut rest = points;
    let runs = clusters.chunk_by(|one, other| one == other);
    let mut cut = |run: &[u32]| {
        let (part, after) = rest.split_at(run.len());
        rest = after;
        part
    };
    runs.map(&mut cut).collect()
}

/// Sum of the squared distances from the mean.
fn spread(points: &[f64]) -> f64 {
    let mean = points.iter().sum::<f64>() / points.len() as f64;
    points.iter().map(|point| (point - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best of all ways to part the points in three.
    fn by_trying(spend: &[f64]) -> f64 {
        let logs: Vec<f64> = spend.iter().map(|spend| libm::log1p(*spend)).collect();
        let parted = |low: usize, high: usize| spread(&logs[..low]) + spread(&logs[low..high]) + spread(&logs[high..]);
        let ways = (1..logs.len() - 1).flat_map(|low| (low + 1..logs.len()).map(move |high| (low, high)));
        ways.map(|(low, high)| parted(low, high)).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn clusters_are_nearly_as_tight_as_they_can_be() {
        for shape in 1..=6_i32 {
            let mut spend: Vec<f64> = (0..60_u32).map(|n| f64::from(n * n % 61 + 1).powi(shape)).collect();
            spend.sort_unstable_by(f64::total_cmp);
            let cuts = TierCuts::learn_clusters(&spend).unwrap();
            let logs: Vec<f64> = spend.iter().map(|spend| libm::log1p(*spend)).collect();
            let (low, high) = (spend.partition_point(|spend| *spend <= cuts.middle), spend.partition_point(|spend| *spend <= cuts.top));
            let found = spread(&logs[..low]) + spread(&logs[low..high]) + spread(&logs[high..]);
            assert!(found <= 1.05 * by_trying(&spend), "{found} but {}", by_trying(&spend));
            assert_eq!(TierCuts::learn_clusters(&spend), Some(cuts), "the same twice");
        }
    }

    #[test]
    fn too_few_amounts_make_no_clusters() {
        for spend in [&[][..], &[1.0], &[1.0, 2.0], &[0.0, 0.0, -5.0]] {
            assert_eq!(TierCuts::learn_clusters(spend), None);
        }
        assert!(TierCuts::learn_clusters(&[1.0, 2.0, 3.0]).is_some());
    }
}
