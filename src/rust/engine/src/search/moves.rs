//! What cells learn from one another.

use nalgebra::{Cholesky, DMatrix, DVector};
use ndarray::{concatenate, Array1, Axis};
use rayon::prelude::*;

use super::cell::Cell;
use super::runs::Effort;
use super::stage::Stage;
use super::Settings;
use crate::covariance::Family;
use crate::error::GmmError;
use crate::mixture::Mixture;
use crate::model::Model;

/// Cells that get their neighbours to help.
const FEW: usize = 3;
/// Pairs of components whose union is tried.
const MERGES: usize = 5;

/// The neighbours of few cells, which nobody asked for, but from which these learn. Many cells have
/// each other.
pub(super) fn helpers(
    cells: &[&mut Cell],
    d: usize,
    distinct: usize,
    settings: &Settings,
) -> Vec<Cell> {
    let mut helpers: Vec<Cell> = Vec::new();
    // Fixed parameters may fit no other number of components.
    if cells.len() > FEW || settings.rounds == 0 || settings.fixed.is_some() {
        return helpers;
    }
    for cell in cells {
        let family = cell.model.family;
        // Whether columns determine others is known only where orientations were asked for.
        let families = Family::ALL.into_iter().filter(|other| {
            other.is_neighbour(family)
                && other.in_dimension(d) == *other
                && (family.is_oriented() || !other.is_oriented())
        });
        let mut wanted: Vec<(usize, Family)> = families.map(|other| (cell.k, other)).collect();
        wanted.extend([(cell.k - 1, family), (cell.k + 1, family)]);
        for (k, family) in wanted {
            let is = |other: &Cell| other.k == k && other.model.family == family;
            let is_there = cells.iter().any(|other| is(other)) || helpers.iter().any(is);
            if cell.k > 1 && k > 0 && k <= distinct && !is_there {
                helpers.push(Cell::new(
                    k,
                    Model {
                        family,
                        ..cell.model
                    },
                ));
            }
        }
    }
    helpers
}

/// Let cells try the optima of their neighbours in the table, until there is no more news.
///
/// A family tries those of the families that differ from it by a letter, and those of its own
/// with a component more or less: split or merged.
///
/// # Errors
/// [`GmmError::Interrupted`].
///
/// # Source
/// Ueda, Nakano, Ghahramani and Hinton (2000), *SMEM algorithm for mixture models*, Neural
/// Computation 12, for splitting and merging.
pub(super) fn learn(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    kept: usize,
    settings: &Settings,
) -> Result<(), GmmError> {
    if cells.len() < 2 {
        return Ok(());
    }
    let effort = Effort {
        glance: 0,
        short: settings.short_iterations,
        long: settings.n_final,
        kept,
    };
    for _ in 0..settings.rounds {
        let news: Vec<News> = cells.iter_mut().filter_map(|cell| News::of(cell)).collect();
        if news.is_empty() {
            break;
        }
        let open = cells
            .par_iter_mut()
            .filter(|cell| cell.behind.is_none() && !cell.is_outsider);
        open.try_for_each(|cell| {
            let mixtures = news.iter().flat_map(|news| news.for_cell(cell));
            let is_other = |mixture: &Mixture| !cell.knows(mixture, stage);
            let mixtures: Vec<Mixture> = mixtures.filter(is_other).collect();
            cell.learn_from(stage, &mixtures, effort, settings)
        })?;
    }
    Ok(())
}

/// Let no cell stay below one whose family its own contains.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn nest(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    // Families come after those that they contain.
    for family in Family::ALL {
        let found: Vec<News> = cells.iter().filter_map(|cell| News::old(cell)).collect();
        let of_family = cells
            .par_iter_mut()
            .filter(|cell| cell.model.family == family && cell.behind.is_none());
        of_family.try_for_each(|cell| {
            let contained = found.iter().filter(|other| {
                other.k == cell.k
                    && cell.model.family.contains(other.family)
                    && other.loglik > cell.loglik()
            });
            let mixtures: Vec<Mixture> = contained.map(|other| other.mixture.clone()).collect();
            cell.learn_from(stage, &mixtures, Effort::ONE_RUN, settings)
        })?;
    }
    Ok(())
}

/// The best optimum of a cell, for others.
struct News {
    k: usize,
    family: Family,
    loglik: f64,
    mixture: Mixture,
}

impl News {
    /// Whatever it is.
    fn old(cell: &Cell) -> Option<Self> {
        if cell.behind.is_some() {
            return None;
        }
        let best = cell.optima.first()?;
        Some(News {
            k: cell.k,
            family: cell.model.family,
            loglik: best.loglik(),
            mixture: best.mixture.clone(),
        })
    }

    /// If the others do not know it.
    fn of(cell: &mut Cell) -> Option<Self> {
        let is_news = std::mem::take(&mut cell.is_news);
        is_news.then(|| Self::old(cell)).flatten()
    }

    /// Mixtures that the cell should try.
    fn for_cell(&self, cell: &Cell) -> Vec<Mixture> {
        if self.k == cell.k && self.family.is_neighbour(cell.model.family) {
            vec![self.mixture.clone()]
        } else if self.family == cell.model.family && self.k + 1 == cell.k {
            (0..self.k).map(|k| split(&self.mixture, k)).collect()
        } else if self.family == cell.model.family && self.k == cell.k + 1 {
            merged(&self.mixture)
        } else {
            Vec::new()
        }
    }
}

/// A mixture with component `k` split across its longest axis, its moments kept.
fn split(mixture: &Mixture, k: usize) -> Mixture {
    let eigen = mixture.covariance(k).symmetric_eigen();
    let longest = eigen.eigenvalues.imax();
    // The halves lie half a standard deviation from the mean.
    let step = eigen.eigenvectors.column(longest) * (0.5 * eigen.eigenvalues[longest].sqrt());
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

/// Mixtures with two components replaced by one that has their moments: the pairs whose union
/// loses least.
fn merged(mixture: &Mixture) -> Vec<Mixture> {
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
    let pairs = pairs.into_iter().take(MERGES);
    pairs.map(|(_, a, b)| merge(mixture, a, b)).collect()
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
fn merge(mixture: &Mixture, a: usize, b: usize) -> Mixture {
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
            let parts = split(&whole, k);
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
    fn unions_keep_the_moments_and_the_nearest_pair_comes_first() {
        let unions = merged(&mixture());
        assert_eq!(unions.len(), 3);
        for union in &unions {
            assert_eq!(union.k(), 2);
            assert_same_moments(&mixture(), union);
        }
        assert!((unions[0].weights[0].max(unions[0].weights[1]) - 0.8).abs() < 1e-15);
    }
}
