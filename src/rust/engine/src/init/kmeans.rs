//! Partitions by k-means: k-means++ centres, then Lloyd's iterations.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::error::GmmError;
use crate::progress::Progress;

/// A start is a place to begin at: the last moves of Lloyd's algorithm are not worth their time.
const LLOYD_ITERATIONS: usize = 20;

/// A partition of the points into at most `k` clusters.
///
/// # Errors
/// [`GmmError::Interrupted`].
///
/// # Source
/// Arthur and Vassilvitskii (2007), *k-means++: the advantages of careful seeding*, SODA;
/// Lloyd (1982), *Least squares quantization in PCM*, IEEE Transactions on Information
/// Theory 28.
pub(super) fn cluster(
    points: &[&[f64]],
    k: usize,
    rng: &mut ChaCha8Rng,
    progress: &Progress,
) -> Result<Vec<usize>, GmmError> {
    let mut centres = seed(points, k, rng, progress)?;
    let mut labels = vec![usize::MAX; points.len()];
    for _ in 0..LLOYD_ITERATIONS {
        if !assign(points, &centres, &mut labels, progress)? {
            break;
        }
        recentre(points, &labels, &mut centres);
    }
    Ok(labels)
}

/// The partition of all points by the nearest centre of a partition of some of them.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn spread(
    points: &[&[f64]],
    some: &[usize],
    labels: &[usize],
    k: usize,
    progress: &Progress,
) -> Result<Vec<usize>, GmmError> {
    let known: Vec<&[f64]> = some.iter().map(|&i| points[i]).collect();
    let mut centres = vec![vec![f64::INFINITY; points[0].len()]; k];
    recentre(&known, labels, &mut centres);
    let mut all = vec![0; points.len()];
    assign(points, &centres, &mut all, progress)?;
    for (&i, &label) in some.iter().zip(labels) {
        all[i] = label;
    }
    Ok(all)
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
