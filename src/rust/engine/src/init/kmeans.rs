//! Partitions by k-means: k-means++ centres, then Lloyd's iterations.

use rand::seq::index;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::take_rows;
use crate::data::Data;
use crate::error::GmmError;
use crate::mixture::Factor;
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
    /// The same rows one after the other, every column divided by its standard deviation, so
    /// that units do not decide what is near.
    points: Vec<f64>,
}

impl<'a> Sample<'a> {
    /// Sample `data`, whose covariance has the factor `scale`.
    pub(super) fn of(data: Data<'a>, scale: &Factor, rng: &mut ChaCha8Rng) -> Self {
        let own = (data.n() > SAMPLE_ROWS).then(|| {
            let mut rows = index::sample(rng, data.n(), SAMPLE_ROWS).into_vec();
            rows.sort_unstable();
            take_rows(data, &rows)
        });
        let mut sample = Sample {
            data,
            own,
            points: Vec::new(),
        };
        let deviations: Vec<f64> = (0..data.d()).map(|j| scale.lower.row(j).norm()).collect();
        let used = sample.data();
        let origin = used.row(0);
        sample.points = (0..used.n())
            .flat_map(|i| {
                let value = move |j: usize| used.column(j)[i];
                let (origin, deviations) = (&origin, &deviations);
                (0..used.d()).map(move |j| (value(j) - origin[j]) / deviations[j])
            })
            .collect();
        sample
    }

    /// The rows, as data.
    pub(super) fn data(&self) -> Data<'_> {
        match &self.own {
            Some(rows) => Data::new(rows, rows.len() / self.data.d(), self.data.d()),
            None => self.data,
        }
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
        rng: &mut ChaCha8Rng,
        progress: &Progress,
    ) -> Result<Vec<usize>, GmmError> {
        let mut centres = self.seed(k, rng, progress)?;
        let mut labels = vec![usize::MAX; self.points.len() / self.data.d()];
        for _ in 0..LLOYD_ITERATIONS {
            progress.check()?;
            if !self.assign(&centres, &mut labels) {
                break;
            }
            self.recentre(&labels, &mut centres);
        }
        Ok(labels)
    }

    /// Centres among the points, each drawn with probability proportional to its squared
    /// distance from those before it.
    fn seed(
        &self,
        k: usize,
        rng: &mut ChaCha8Rng,
        progress: &Progress,
    ) -> Result<Vec<f64>, GmmError> {
        let d = self.data.d();
        let points: Vec<&[f64]> = self.points.chunks(d).collect();
        let mut centre = points[rng.random_range(0..points.len())];
        let mut centres = centre.to_vec();
        let mut nearest = vec![f64::INFINITY; points.len()];
        while centres.len() < k * d {
            progress.check()?;
            for (nearest, point) in nearest.iter_mut().zip(&points) {
                *nearest = nearest.min(squared_distance(point, centre));
            }
            let mut left = rng.random::<f64>() * nearest.iter().sum::<f64>();
            let chosen = nearest.iter().position(|distance| {
                left -= distance;
                left < 0.0
            });
            // Only rounding, or points that all coincide with centres, choose none.
            centre = points[chosen.unwrap_or(points.len() - 1)];
            centres.extend_from_slice(centre);
        }
        Ok(centres)
    }

    /// Label every point with its nearest centre; whether a label has changed.
    fn assign(&self, centres: &[f64], labels: &mut [usize]) -> bool {
        let d = self.data.d();
        let mut changed = false;
        for (point, label) in self.points.chunks(d).zip(labels) {
            let mut best = (0, f64::INFINITY);
            for (k, centre) in centres.chunks(d).enumerate() {
                let distance = squared_distance(point, centre);
                if distance < best.1 {
                    best = (k, distance);
                }
            }
            changed |= *label != best.0;
            *label = best.0;
        }
        changed
    }

    /// Move every centre that owns points to their mean.
    fn recentre(&self, labels: &[usize], centres: &mut [f64]) {
        let d = self.data.d();
        let mut sums = vec![0.0; centres.len()];
        let mut counts = vec![0_usize; centres.len() / d];
        for (point, &label) in self.points.chunks(d).zip(labels) {
            counts[label] += 1;
            let sum = &mut sums[label * d..(label + 1) * d];
            for (sum, x) in sum.iter_mut().zip(point) {
                *sum += x;
            }
        }
        let moved = centres.chunks_mut(d).zip(sums.chunks(d)).zip(counts);
        for ((centre, sum), count) in moved.filter(|(_, count)| *count > 0) {
            for (centre, sum) in centre.iter_mut().zip(sum) {
                *centre = sum / count as f64;
            }
        }
    }
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
