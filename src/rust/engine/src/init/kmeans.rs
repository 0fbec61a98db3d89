//! Partitions by k-means: k-means++ centres, then Lloyd's iterations.

use rand::seq::{index, SliceRandom};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::take_rows;
use crate::data::Data;
use crate::em::Scale;
use crate::error::GmmError;
use crate::progress::Progress;

/// Rows that are clustered: a start needs no more of them.
const SAMPLE_ROWS: usize = 10_000;
/// A start is a place to begin at: the last moves of Lloyd's algorithm are not worth their time.
const LLOYD_ITERATIONS: usize = 20;

/// The rows that k-means sees: all, or a random sample of many.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    data: Data<'a>,
    /// The sampled rows, column-major, where not all are used.
    own: Option<Vec<f64>>,
    /// The same rows one after the other, as each [`Metric`] sees them.
    points: [Vec<f64>; Metric::ALL.len()],
}

/// What is near. Neither is right for all data: groups may be thin in the column that separates
/// them, or hidden by the units of a column that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metric {
    /// Every column divided by its own standard deviation.
    Standardised,
    /// All columns divided by the same number: the data's own units.
    Units,
}

impl Metric {
    /// Every metric.
    pub(super) const ALL: [Metric; 2] = [Metric::Standardised, Metric::Units];
}

impl<'a> Sample<'a> {
    /// Sample `data`, which is of this `scale`.
    pub(super) fn of(data: Data<'a>, scale: &Scale, rng: &mut ChaCha8Rng) -> Self {
        let own = (data.n() > SAMPLE_ROWS).then(|| {
            let mut rows = index::sample(rng, data.n(), SAMPLE_ROWS).into_vec();
            rows.sort_unstable();
            take_rows(data, &rows)
        });
        let mut sample = Sample {
            data,
            own,
            points: Default::default(),
        };
        let largest = scale.deviation.iter().copied().fold(0.0, f64::max);
        sample.points = Metric::ALL.map(|metric| match metric {
            Metric::Standardised => points(sample.data(), &scale.deviation),
            Metric::Units => points(sample.data(), &vec![largest; data.d()]),
        });
        sample
    }

    /// The rows, as data.
    pub(super) fn data(&self) -> Data<'_> {
        match &self.own {
            Some(rows) => Data::new(rows, rows.len() / self.data.d(), self.data.d()),
            None => self.data,
        }
    }

    /// A random partition of the rows into `k` clusters of the same size: where the clusters that
    /// k-means sees lead to one optimum, this may lead to another.
    pub(super) fn shuffle(&self, k: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut labels: Vec<usize> = (0..self.data().n()).map(|i| i % k).collect();
        labels.shuffle(rng);
        labels
    }

    /// A partition of the rows into at most `k` clusters.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    ///
    /// # Source
    /// Arthur and Vassilvitskii (2007), *k-means++: the advantages of careful seeding*, SODA;
    /// Lloyd (1982), *Least squares quantization in PCM*, IEEE Transactions on Information
    /// Theory 28.
    pub(super) fn cluster(
        &self,
        k: usize,
        metric: Metric,
        rng: &mut ChaCha8Rng,
        progress: &Progress,
    ) -> Result<Vec<usize>, GmmError> {
        let points: Vec<&[f64]> = self.points[metric as usize].chunks(self.data.d()).collect();
        let mut centres = seed(&points, k, rng, progress)?;
        let mut labels = vec![usize::MAX; points.len()];
        for _ in 0..LLOYD_ITERATIONS {
            if !assign(&points, &centres, &mut labels, progress)? {
                break;
            }
            recentre(&points, &labels, &mut centres);
        }
        Ok(labels)
    }
}

/// The rows one after the other, relative to the first, every column in its own unit.
fn points(data: Data<'_>, units: &[f64]) -> Vec<f64> {
    let origin = data.row(0);
    let mut points = vec![0.0; data.n() * data.d()];
    for (i, point) in points.chunks_mut(data.d()).enumerate() {
        for (j, value) in point.iter_mut().enumerate() {
            *value = (data.column(j)[i] - origin[j]) / units[j];
        }
    }
    points
}

/// Centres among the points, each drawn with probability proportional to its squared distance
/// from those before it.
fn seed(
    points: &[&[f64]],
    k: usize,
    rng: &mut ChaCha8Rng,
    progress: &Progress,
) -> Result<Vec<Vec<f64>>, GmmError> {
    let mut centres = vec![points[rng.random_range(0..points.len())].to_vec()];
    let mut nearest = vec![f64::INFINITY; points.len()];
    while centres.len() < k {
        progress.check()?;
        let newest = &centres[centres.len() - 1];
        for (nearest, point) in nearest.iter_mut().zip(points) {
            *nearest = nearest.min(squared_distance(point, newest));
        }
        let mut left = rng.random::<f64>() * nearest.iter().sum::<f64>();
        let chosen = nearest.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        // Only rounding, or points that all coincide with centres, choose none.
        centres.push(points[chosen.unwrap_or(points.len() - 1)].to_vec());
    }
    Ok(centres)
}

/// Label every point with its nearest centre; whether a label has changed.
fn assign(
    points: &[&[f64]],
    centres: &[Vec<f64>],
    labels: &mut [usize],
    progress: &Progress,
) -> Result<bool, GmmError> {
    let mut changed = false;
    for (point, label) in points.iter().zip(labels) {
        progress.check()?;
        let mut best = (0, f64::INFINITY);
        for (k, centre) in centres.iter().enumerate() {
            let distance = squared_distance(point, centre);
            if distance < best.1 {
                best = (k, distance);
            }
        }
        changed |= *label != best.0;
        *label = best.0;
    }
    Ok(changed)
}

/// Move every centre that owns points to their mean.
fn recentre(points: &[&[f64]], labels: &[usize], centres: &mut [Vec<f64>]) {
    let d = points[0].len();
    let mut sums = vec![(0_usize, vec![0.0; d]); centres.len()];
    for (point, &label) in points.iter().zip(labels) {
        let (count, sum) = &mut sums[label];
        *count += 1;
        for (sum, x) in sum.iter_mut().zip(*point) {
            *sum += x;
        }
    }
    for (centre, (count, sum)) in centres.iter_mut().zip(sums) {
        if count > 0 {
            *centre = sum.into_iter().map(|sum| sum / count as f64).collect();
        }
    }
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
