//! Mixtures next to a mixture: with a component split, with another, with two merged.

use nalgebra::{Cholesky, DMatrix, DVector};
use ndarray::{concatenate, Array1, Axis};

use crate::mixture::Mixture;

/// A mixture with component `k` split across one of its axes, counted from the longest, its moments
/// kept.
pub(super) fn split(mixture: &Mixture, k: usize, axis: usize) -> Mixture {
    let eigen = mixture.covariance(k).symmetric_eigen();
    let mut axes: Vec<usize> = (0..mixture.d()).collect();
    axes.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let axis = axes[axis];
    // The halves lie half a standard deviation from the mean.
    let step = eigen.eigenvectors.column(axis) * (0.5 * eigen.eigenvalues[axis].max(0.0).sqrt());
    let half = mixture.covariance(k) - &step * step.transpose();
    let covariance = |other| {
        if other == k {
            half.clone()
        } else {
            mixture.covariance(other)
        }
    };
    let mut weights = mixture.weights.clone();
    weights[k] *= 0.5;
    weights.push(weights[k]);
    let mut means = mixture.means.clone();
    let mut mean = means.row(k).to_owned();
    for (j, step) in step.iter().enumerate() {
        means[(k, j)] += step;
        mean[j] -= step;
    }
    Mixture {
        weights,
        means: concatenate![Axis(0), means, mean.insert_axis(Axis(0))],
        covariances: (0..mixture.k()).chain([k]).map(covariance).collect(),
    }
}

/// A mixture with a component more, of few rows about this one, that has the covariance within
/// components.
pub(super) fn with_component_at(mixture: &Mixture, row: &[f64]) -> Mixture {
    let k = mixture.k();
    let weight = 0.5 / (k + 1) as f64;
    let mut within = DMatrix::zeros(mixture.d(), mixture.d());
    for (k, own) in mixture.weights.iter().enumerate() {
        within += mixture.covariance(k) * *own;
    }
    let covariance = |other| {
        if other == k {
            within.clone()
        } else {
            mixture.covariance(other)
        }
    };
    let others = mixture.weights.iter().map(|own| own * (1.0 - weight));
    let row = Array1::from_iter(row.iter().copied()).insert_axis(Axis(0));
    Mixture {
        weights: others.chain([weight]).collect(),
        means: concatenate![Axis(0), mixture.means, row],
        covariances: (0..=k).map(covariance).collect(),
    }
}

/// A mixture without component `k`, whose weight the others share.
pub(super) fn without(mixture: &Mixture, k: usize) -> Mixture {
    let kept: Vec<usize> = (0..mixture.k()).filter(|&other| other != k).collect();
    let mut others = mixture.select(&kept);
    let left: f64 = others.weights.iter().sum();
    others.weights.iter_mut().for_each(|weight| *weight /= left);
    others
}

/// Pairs of components, those first whose union loses least.
pub(super) fn nearest_pairs(mixture: &Mixture) -> Vec<(usize, usize)> {
    let volume = |weight: f64, covariance: DMatrix<f64>| {
        Cholesky::new(covariance).map_or(f64::INFINITY, |root| {
            let diagonal = root.l_dirty().diagonal();
            weight * diagonal.iter().map(|l| l.ln()).sum::<f64>()
        })
    };
    let own: Vec<f64> = (0..mixture.k())
        .map(|k| volume(mixture.weights[k], mixture.covariance(k)))
        .collect();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for a in 0..mixture.k() {
        for b in 0..a {
            let weight = mixture.weights[a] + mixture.weights[b];
            let union = volume(weight, union(mixture, a, b).1);
            pairs.push((union - own[a] - own[b], a, b));
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.into_iter().map(|(_, a, b)| (a, b)).collect()
}

/// Mean and covariance of two components as one.
fn union(mixture: &Mixture, a: usize, b: usize) -> (DVector<f64>, DMatrix<f64>) {
    let mean = |k: usize| DVector::from_iterator(mixture.d(), mixture.means.row(k).iter().copied());
    let share = mixture.weights[b] / (mixture.weights[a] + mixture.weights[b]);
    let apart = mean(b) - mean(a);
    let mut covariance = mixture.covariance(a) * (1.0 - share) + mixture.covariance(b) * share;
    covariance.ger(share * (1.0 - share), &apart, &apart, 1.0);
    (mean(a) + apart * share, covariance)
}

/// A mixture with component `a` in the place of both.
pub(super) fn merge(mixture: &Mixture, a: usize, b: usize) -> Mixture {
    let (mean, covariance) = union(mixture, a, b);
    let kept: Vec<usize> = (0..mixture.k()).filter(|&k| k != b).collect();
    let mut weights = mixture.weights.clone();
    weights[a] += weights[b];
    weights.remove(b);
    let mut means = mixture.means.clone();
    means
        .row_mut(a)
        .assign(&Array1::from_iter(mean.iter().copied()));
    let own = |&k: &usize| {
        if k == a {
            covariance.clone()
        } else {
            mixture.covariance(k)
        }
    };
    Mixture {
        weights,
        means: means.select(Axis(0), &kept),
        covariances: kept.iter().map(own).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn mixture() -> Mixture {
        let covariance = |a: f64, b: f64| DMatrix::from_row_slice(2, 2, &[a, b, b, 2.0]);
        Mixture {
            weights: vec![0.5, 0.3, 0.2],
            means: Array2::from_shape_vec((3, 2), vec![0.0, 0.0, 1.0, 1.0, 9.0, 9.0]).unwrap(),
            covariances: [
                covariance(1.0, 0.5),
                covariance(2.0, 0.1),
                covariance(3.0, -1.0),
            ]
            .into_iter()
            .collect(),
        }
    }

    /// Mean and covariance of the whole mixture.
    fn moments(mixture: &Mixture) -> (DVector<f64>, DMatrix<f64>) {
        let mut all = mixture.clone();
        while all.k() > 1 {
            all = merge(&all, 0, 1);
        }
        let mean = DVector::from_iterator(2, all.means.iter().copied());
        (mean, all.covariance(0))
    }

    fn assert_same_moments(a: &Mixture, b: &Mixture) {
        let ((mean, covariance), (other, expected)) = (moments(a), moments(b));
        assert!((mean - other).norm() < 1e-12);
        assert!((covariance - expected).norm() < 1e-12);
        assert!((b.weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_split_keeps_the_moments_and_the_other_components() {
        let whole = mixture();
        for k in 0..3 {
            let parts = split(&whole, k, 0);
            assert_eq!(parts.k(), 4);
            assert_same_moments(&whole, &parts);
            let other = (k + 1) % 3;
            assert_eq!(parts.means.row(other), whole.means.row(other));
            assert!(Cholesky::new(parts.covariance(3)).is_some());
            let (mean, covariance) = union(&parts, k, 3);
            assert!((mean[0] - whole.means[(k, 0)]).abs() < 1e-12);
            assert!((covariance - whole.covariance(k)).norm() < 1e-12);
        }
    }

    #[test]
    fn a_split_is_across_the_axis_that_was_asked_for() {
        let apart = |axis| {
            let parts = split(&mixture(), 2, axis);
            let apart = &parts.means.row(2) - &parts.means.row(3);
            DVector::from_iterator(2, apart.iter().copied())
        };
        let own = mixture().covariance(2);
        let variance = |axis: DVector<f64>| {
            let axis = axis.normalize();
            (axis.transpose() * &own * &axis)[(0, 0)]
        };
        let eigenvalues = own.clone().symmetric_eigenvalues();
        assert!((variance(apart(0)) - eigenvalues.max()).abs() < 1e-12);
        assert!((variance(apart(1)) - eigenvalues.min()).abs() < 1e-12);
    }

    #[test]
    fn without_a_component_the_others_share_its_weight() {
        let left = without(&mixture(), 1);
        assert_eq!(left.k(), 2);
        let expected = [0.5 / 0.7, 0.2 / 0.7];
        let near = |(a, b): (&f64, f64)| (a - b).abs() < 1e-15;
        assert!(left.weights.iter().zip(expected).all(near));
        assert_eq!(left.means.row(1), mixture().means.row(2));
        assert_eq!(left.covariance(1), mixture().covariance(2));
    }

    #[test]
    fn a_component_more_is_small_and_as_wide_as_the_others_are_within() {
        let (before, row) = (mixture(), [40.0, -3.0]);
        let found = with_component_at(&before, &row);
        assert_eq!(found.k(), 4);
        assert_eq!(found.means.row(3).to_vec(), row);
        assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert_eq!(found.weights[3], 0.125);
        let ratio = before.weights[0] / before.weights[1];
        assert!((found.weights[0] / found.weights[1] - ratio).abs() < 1e-14);
        // 0.5 * 1 + 0.3 * 2 + 0.2 * 3, and so on.
        let within = DMatrix::from_row_slice(2, 2, &[1.7, 0.08, 0.08, 2.0]);
        assert!((found.covariance(3) - within).norm() < 1e-14);
        assert_eq!(found.covariance(1), before.covariance(1));
    }

    #[test]
    fn unions_keep_the_moments_and_the_nearest_pair_comes_first() {
        let pairs = nearest_pairs(&mixture()).into_iter();
        let unions: Vec<Mixture> = pairs.map(|(a, b)| merge(&mixture(), a, b)).collect();
        assert_eq!(unions.len(), 3);
        for union in &unions {
            assert_eq!(union.k(), 2);
            assert_same_moments(&mixture(), union);
        }
        assert!((unions[0].weights[0].max(unions[0].weights[1]) - 0.8).abs() < 1e-15);
    }
}
