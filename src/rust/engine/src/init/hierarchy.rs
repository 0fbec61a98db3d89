//! Partitions by agglomeration: Ward's clusters of rows, merged further by what the criterion of a
//! covariance family loses; or single rows, by spheres.

use nalgebra::{Cholesky, DMatrix, DVector};

use crate::covariance::{diagonal, factor, inverse_of_lower, sum_of_logs};
use crate::error::GmmError;
use crate::progress::Progress;

use super::spheres;

/// The family whose classification log-likelihood a merge should keep high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Criterion {
    /// Spheres of one size: Ward's method.
    EqualSpheres,
    /// Spheres of different sizes.
    Spheres,
    /// One covariance for all.
    Tied,
    /// A covariance for each.
    Full,
}

/// Ward's clusters from which the other criteria go on: a covariance of its own needs rows.
const BASE_CLUSTERS: usize = 40;
/// Multiplications that the determinants of one tree may take.
const MOST_WORK: f64 = 2e8;
/// Rows that the covariance of a cluster borrows, and the part of the total variance, in one
/// column, that they have where there are no more clusters than one.
const BORROWED_ROWS: f64 = 1.0;
/// Added to the total covariance, relative to its diagonal, so that it can be inverted.
const RIDGE: f64 = 1e-6;

/// Which clusters are merged, from many to one.
#[derive(Debug)]
pub(super) struct Hierarchy {
    /// Pairs of rows whose clusters are merged, in order: as many clusters are left after all but
    /// the last `k - 1` as are asked for.
    merges: Vec<(usize, usize)>,
    rows: usize,
}

impl Hierarchy {
    /// Trees of the points (one after the other, `d` numbers each) by each of these criteria that
    /// can be afforded, of at least `k` clusters.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    ///
    /// # Cost
    /// `O(n² d)` time and `O(n d)` memory, and `O(m² d³)` time for the last `m` clusters.
    ///
    /// # Source
    /// Ward (1963), *Hierarchical grouping to optimize an objective function*, Journal of the
    /// American Statistical Association 58, by chains of nearest neighbours; the criteria after
    /// Fraley (1998), *Algorithms for model-based Gaussian hierarchical clustering*, SIAM Journal
    /// on Scientific Computing 20. Hers all begin with single rows, where a covariance is not yet
    /// known.
    pub(super) fn trees(
        points: &[f64],
        d: usize,
        k: usize,
        criteria: &[Criterion],
        progress: &Progress,
    ) -> Result<Vec<(Criterion, Self)>, GmmError> {
        let rows = points.len() / d;
        let mut trees = Vec::new();
        if criteria.contains(&Criterion::Spheres) {
            let merges = spheres::merges(points, d, progress)?;
            trees.push((Criterion::Spheres, Hierarchy { merges, rows }));
        }
        if criteria.iter().all(|other| *other == Criterion::Spheres) {
            return Ok(trees);
        }
        let ward = ward(points, d, progress)?;
        let affordable = (MOST_WORK / (d as f64).powi(3)).sqrt() as usize;
        let base = BASE_CLUSTERS.max(2 * k).min(affordable).min(rows);
        if base > k {
            let kept = rows - base;
            let labels = Hierarchy {
                merges: ward[..kept].to_vec(),
                rows,
            }
            .cut(base);
            let is_other = |other: &&Criterion| matches!(other, Criterion::Tied | Criterion::Full);
            for &criterion in criteria.iter().filter(is_other) {
                let clusters = clusters(points, d, &labels, base);
                let mut merges = ward[..kept].to_vec();
                merges.extend(agglomerate(clusters, criterion, progress)?);
                trees.push((criterion, Hierarchy { merges, rows }));
            }
        }
        if criteria.contains(&Criterion::EqualSpheres) {
            let ward = Hierarchy { merges: ward, rows };
            trees.push((Criterion::EqualSpheres, ward));
        }
        Ok(trees)
    }

    /// The partition of the rows into `k` clusters.
    pub(super) fn cut(&self, k: usize) -> Vec<usize> {
        let mut parent: Vec<usize> = (0..self.rows).collect();
        let merges = self.merges.len().min(self.rows.saturating_sub(k));
        for &(a, b) in &self.merges[..merges] {
            let (a, b) = (root(&mut parent, a), root(&mut parent, b));
            parent[b] = a;
        }
        let mut names = vec![usize::MAX; self.rows];
        let mut found = 0;
        (0..self.rows)
            .map(|row| {
                let root = root(&mut parent, row);
                if names[root] == usize::MAX {
                    names[root] = found;
                    found += 1;
                }
                names[root]
            })
            .collect()
    }
}

/// The representative of the cluster of `row`.
fn root(parent: &mut [usize], mut row: usize) -> usize {
    while parent[row] != row {
        parent[row] = parent[parent[row]];
        row = parent[row];
    }
    row
}

/// Ward's merges, cheapest first, each as a row of either cluster.
fn ward(points: &[f64], d: usize, progress: &Progress) -> Result<Vec<(usize, usize)>, GmmError> {
    let rows = points.len() / d;
    let mut active = Active::new(points, d);
    let mut merges = Vec::with_capacity(rows - 1);
    let mut chain: Vec<usize> = Vec::new();
    while active.len() > 1 {
        progress.check()?;
        let Some(&last) = chain.last() else {
            chain.push(active.names[0]);
            continue;
        };
        let before = chain.len().checked_sub(2).map(|i| chain[i]);
        let (nearest, cost) = active.nearest(last, before);
        if Some(nearest) == before {
            // Each other's nearest: no merge elsewhere will change that.
            chain.truncate(chain.len() - 2);
            active.merge(nearest, last);
            merges.push((cost, nearest, last));
        } else {
            chain.push(nearest);
        }
    }
    // Stable: of equal costs, a cluster's own merges stay before those it is part of.
    merges.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(merges.into_iter().map(|(_, a, b)| (a, b)).collect())
}

/// The clusters that are still apart, their centres column by column.
struct Active {
    /// A row of each cluster, which names it.
    names: Vec<usize>,
    /// Where the cluster of this name is.
    position: Vec<usize>,
    sizes: Vec<f64>,
    columns: Vec<Vec<f64>>,
    costs: Vec<f64>,
}

impl Active {
    fn new(points: &[f64], d: usize) -> Self {
        let rows = points.len() / d;
        let column = |j: usize| points[j..].iter().step_by(d).copied().collect();
        Active {
            names: (0..rows).collect(),
            position: (0..rows).collect(),
            sizes: vec![1.0; rows],
            columns: (0..d).map(column).collect(),
            costs: vec![0.0; rows],
        }
    }

    fn len(&self) -> usize {
        self.names.len()
    }

    /// The cluster that is cheapest to merge with `name`, and what that costs; of equals
    /// `preferred`, without which chains would not end.
    fn nearest(&mut self, name: usize, preferred: Option<usize>) -> (usize, f64) {
        let (at, length) = (self.position[name], self.len());
        let costs = &mut self.costs[..length];
        costs.fill(0.0);
        for column in &self.columns {
            let own = column[at];
            for (cost, x) in costs.iter_mut().zip(column) {
                *cost += (x - own) * (x - own);
            }
        }
        let size = self.sizes[at];
        for (cost, other) in costs.iter_mut().zip(&self.sizes) {
            *cost *= size * other / (size + other);
        }
        costs[at] = f64::INFINITY;
        let mut best = preferred.map_or(usize::from(at == 0), |name| self.position[name]);
        for (i, cost) in costs.iter().enumerate() {
            if *cost < costs[best] {
                best = i;
            }
        }
        (self.names[best], costs[best])
    }

    /// Merge the second cluster into the first.
    fn merge(&mut self, a: usize, b: usize) {
        let (at, gone) = (self.position[a], self.position[b]);
        let (size, other) = (self.sizes[at], self.sizes[gone]);
        for column in &mut self.columns {
            column[at] += (column[gone] - column[at]) * other / (size + other);
            column.swap_remove(gone);
        }
        self.sizes[at] = size + other;
        self.sizes.swap_remove(gone);
        self.names.swap_remove(gone);
        if let Some(&moved) = self.names.get(gone) {
            self.position[moved] = gone;
        }
    }
}

/// A cluster on its way.
#[derive(Clone)]
struct Cluster {
    /// A row of it, which names it.
    row: usize,
    size: f64,
    mean: DVector<f64>,
    scatter: DMatrix<f64>,
}

impl Cluster {
    fn merged(&self, other: &Cluster) -> Cluster {
        let size = self.size + other.size;
        let apart = &other.mean - &self.mean;
        let mut scatter = &self.scatter + &other.scatter;
        scatter.ger(self.size * other.size / size, &apart, &apart, 1.0);
        Cluster {
            row: self.row,
            size,
            mean: &self.mean + apart * (other.size / size),
            scatter,
        }
    }
}

/// The clusters of a partition.
fn clusters(points: &[f64], d: usize, labels: &[usize], count: usize) -> Vec<Cluster> {
    let mut clusters: Vec<Option<Cluster>> = vec![None; count];
    for (row, (point, &label)) in points.chunks(d).zip(labels).enumerate() {
        let single = Cluster {
            row,
            size: 1.0,
            mean: DVector::from_column_slice(point),
            scatter: DMatrix::zeros(d, d),
        };
        clusters[label] = Some(match &clusters[label] {
            None => single,
            Some(cluster) => cluster.merged(&single),
        });
    }
    clusters.into_iter().flatten().collect()
}

/// Merge clusters until one is left, always the pair that costs least.
fn agglomerate(
    mut clusters: Vec<Cluster>,
    criterion: Criterion,
    progress: &Progress,
) -> Result<Vec<(usize, usize)>, GmmError> {
    let mut merges = Vec::with_capacity(clusters.len() - 1);
    let mut price = Price::new(&clusters, criterion);
    let volume = |cluster| price.volume(cluster);
    let mut volumes: Vec<f64> = clusters.iter().map(volume).collect();
    let all_costs = |price: &Price, clusters: &[Cluster], volumes: &[f64]| {
        let with_volumes = |i: usize| (&clusters[i], volumes[i]);
        let of_one = |i| {
            (0..i)
                .map(|j| price.of(with_volumes(i), with_volumes(j)))
                .collect()
        };
        (0..clusters.len()).map(of_one).collect::<Vec<Vec<f64>>>()
    };
    let mut costs = all_costs(&price, &clusters, &volumes);
    while clusters.len() > 1 {
        progress.check()?;
        if criterion == Criterion::Tied {
            price = Price::new(&clusters, criterion);
            costs = all_costs(&price, &clusters, &volumes);
        }
        let mut best = (f64::INFINITY, 1, 0);
        for (i, costs) in costs.iter().enumerate() {
            for (j, &cost) in costs.iter().enumerate() {
                if cost < best.0 {
                    best = (cost, i, j);
                }
            }
        }
        let (_, gone, kept) = best;
        merges.push((clusters[kept].row, clusters[gone].row));
        clusters[kept] = clusters[kept].merged(&clusters[gone]);
        volumes[kept] = price.volume(&clusters[kept]);
        clusters.remove(gone);
        volumes.remove(gone);
        costs.remove(gone);
        for costs in &mut costs[gone..] {
            costs.remove(gone);
        }
        for i in 0..clusters.len() {
            if i != kept {
                let cost = price.of((&clusters[i], volumes[i]), (&clusters[kept], volumes[kept]));
                costs[i.max(kept)][i.min(kept)] = cost;
            }
        }
    }
    Ok(merges)
}

/// What a merge costs.
enum Price {
    /// `L⁻¹` of the covariance within.
    Tied(Option<DMatrix<f64>>),
    /// The scatter that every cluster borrows.
    Full(DMatrix<f64>),
}

impl Price {
    fn new(clusters: &[Cluster], criterion: Criterion) -> Self {
        let d = clusters[0].mean.len();
        let mut total = clusters[0].clone();
        let mut within = DMatrix::zeros(d, d);
        for cluster in &clusters[1..] {
            total = total.merged(cluster);
        }
        for cluster in clusters {
            within += &cluster.scatter;
        }
        // As if the clusters filled the space of all rows.
        let part = BORROWED_ROWS * (clusters.len() as f64).powf(-2.0 / d as f64);
        let mut borrowed = total.scatter * (part / total.size);
        for j in 0..d {
            borrowed[(j, j)] *= 1.0 + RIDGE;
        }
        match criterion {
            Criterion::Full => Price::Full(borrowed),
            _ => {
                let root = Cholesky::new(within + borrowed);
                Price::Tied(root.and_then(|root| inverse_of_lower(&root.unpack())))
            }
        }
    }

    /// Of two clusters, each with its volume.
    fn of(&self, (a, volume): (&Cluster, f64), (b, other): (&Cluster, f64)) -> f64 {
        match self {
            Price::Tied(inverse) => {
                let columns = a.mean.len();
                let apart = |j: usize| a.mean[j] - b.mean[j];
                let along = |i: usize| match inverse {
                    Some(inverse) => (0..=i).map(|j| inverse[(i, j)] * apart(j)).sum(),
                    None => apart(i),
                };
                let square = (0..columns).map(along).map(|x: f64| x * x).sum::<f64>();
                a.size * b.size / (a.size + b.size) * square
            }
            Price::Full(_) => self.volume(&a.merged(b)) - volume - other,
        }
    }

    /// Rows times log-determinant of their covariance.
    fn volume(&self, cluster: &Cluster) -> f64 {
        let Price::Full(borrowed) = self else {
            return 0.0;
        };
        let mut lower = (&cluster.scatter + borrowed) / (cluster.size + BORROWED_ROWS);
        let d = lower.nrows();
        if !factor(lower.as_mut_slice(), d) {
            return f64::INFINITY;
        }
        2.0 * cluster.size * sum_of_logs(diagonal(lower.as_slice(), d))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::generator;
    use rand::Rng;

    fn tree(points: &[f64], d: usize, criterion: Criterion) -> Hierarchy {
        let trees = Hierarchy::trees(points, d, 3, &[criterion], &Progress::new()).unwrap();
        trees.into_iter().next().expect("the criterion's").1
    }

    /// Labels with clusters numbered as they appear.
    fn numbered(labels: &[usize]) -> Vec<usize> {
        let mut seen: Vec<usize> = Vec::new();
        let number = |label: &usize| {
            let known = seen.iter().position(|other| other == label);
            known.unwrap_or_else(|| {
                seen.push(*label);
                seen.len() - 1
            })
        };
        labels.iter().map(number).collect()
    }

    /// Ward's method as it is told: of all pairs, merge the one that adds least to the squares.
    fn ward_by_hand(points: &[f64], d: usize, k: usize) -> Vec<usize> {
        let rows = points.len() / d;
        let mut labels: Vec<usize> = (0..rows).collect();
        for count in (k..rows).rev() {
            let squares = |labels: &[usize]| -> f64 {
                let mut total = 0.0;
                for cluster in 0..=count {
                    let own: Vec<&[f64]> = points
                        .chunks(d)
                        .zip(labels)
                        .filter(|(_, label)| **label == cluster)
                        .map(|(point, _)| point)
                        .collect();
                    for j in 0..d {
                        let mean = own.iter().map(|p| p[j]).sum::<f64>() / own.len().max(1) as f64;
                        total += own.iter().map(|p| (p[j] - mean).powi(2)).sum::<f64>();
                    }
                }
                total
            };
            let mut best = (f64::INFINITY, labels.clone());
            for a in 0..=count {
                for b in 0..a {
                    let merged: Vec<usize> = labels
                        .iter()
                        .map(|&label| if label == a { b } else { label })
                        .collect();
                    let squares = squares(&merged);
                    if squares < best.0 {
                        best = (squares, merged);
                    }
                }
            }
            labels = numbered(&best.1);
        }
        labels
    }

    #[test]
    fn chains_of_neighbours_merge_as_the_best_pairs_do() {
        for (rows, d) in [(12, 1), (15, 2), (14, 3)] {
            let mut rng = generator(1, rows);
            let points: Vec<f64> = (0..rows * d).map(|_| rng.random_range(0.0..1.0)).collect();
            let tree = tree(&points, d, Criterion::EqualSpheres);
            for k in 1..=rows {
                assert_eq!(tree.cut(k), ward_by_hand(&points, d, k), "{rows} {d} {k}");
            }
        }
    }

    #[test]
    fn covariances_tell_long_clusters_apart() {
        // Two stripes side by side: longer than they are apart.
        let mut rng = generator(2, 0);
        let stripe = |i: u32| f64::from(i % 2);
        let points: Vec<f64> = (0..300)
            .flat_map(|i| {
                let along = rng.random_range(0.0..10.0);
                [along, stripe(i) + rng.random_range(0.0..0.2)]
            })
            .collect();
        let truth: Vec<usize> = (0..300).map(|i| i % 2).collect();
        for criterion in [Criterion::Tied, Criterion::Full] {
            assert_eq!(tree(&points, 2, criterion).cut(2), truth, "{criterion:?}");
        }
        assert_ne!(tree(&points, 2, Criterion::EqualSpheres).cut(2), truth);
    }

    #[test]
    fn points_that_coincide_are_no_obstacle() {
        let points: Vec<f64> = (0..90).map(|i| f64::from(i % 3)).collect();
        for criterion in [Criterion::EqualSpheres, Criterion::Tied, Criterion::Full] {
            let labels = tree(&points, 1, criterion).cut(3);
            let truth: Vec<usize> = (0..90).map(|i| i % 3).collect();
            assert_eq!(labels, truth, "{criterion:?}");
        }
    }
}
