//! Agglomeration of single rows into spheres of different sizes.

use crate::error::GmmError;
use crate::progress::Progress;

/// The merges of the points (one after the other, `d` numbers each), each as a row of either
/// cluster: always of the pair that costs least, by `sum_k n_k log((tr W_k + a) / n_k)`, where the
/// mean variance `a` of the columns stands for what a single row does not show.
///
/// # Errors
/// [`GmmError::Interrupted`].
///
/// # Cost
/// `O(n d)` memory, and about `O(n² d)` time: what a cluster could merge with at least is known as
/// a bound, so that few have to look at all others again.
///
/// # Source
/// Fraley (1998), *Algorithms for model-based Gaussian hierarchical clustering*, SIAM Journal on
/// Scientific Computing 20; the bounds are those of Müllner (2011), *Modern hierarchical,
/// agglomerative clustering algorithms*, section 3.1.
pub(super) fn merges(
    points: &[f64],
    d: usize,
    progress: &Progress,
) -> Result<Vec<(usize, usize)>, GmmError> {
    let mut clusters = Clusters::new(points, d);
    let mut merges = Vec::with_capacity(clusters.len());
    for at in 1..clusters.len() {
        progress.check()?;
        clusters.meet(at, at);
    }
    while clusters.len() > 1 {
        progress.check()?;
        let at = clusters.cheapest();
        let nearest = clusters.nearest[at];
        if nearest.is_exact {
            merges.push((clusters.names[at], nearest.name));
            clusters.merge(at, clusters.position[nearest.name]);
        } else {
            clusters.nearest[at] = Nearest::NONE;
            clusters.meet(at, clusters.len());
        }
    }
    Ok(merges)
}

/// The clusters that are still apart, their centres column by column.
struct Clusters {
    /// A row of each cluster, which names it.
    names: Vec<usize>,
    /// Where the cluster of this name is.
    position: Vec<usize>,
    sizes: Vec<f64>,
    /// The traces of the scatters.
    squares: Vec<f64>,
    /// What the criterion takes each for.
    worths: Vec<f64>,
    columns: Vec<Vec<f64>>,
    nearest: Vec<Nearest>,
    costs: Vec<f64>,
    allowance: f64,
}

/// The cluster that is cheapest to merge with another.
#[derive(Clone, Copy)]
struct Nearest {
    name: usize,
    /// What that costs, or a bound that no merge of this cluster is cheaper than.
    cost: f64,
    is_exact: bool,
}

impl Nearest {
    const NONE: Nearest = Nearest {
        name: usize::MAX,
        cost: f64::INFINITY,
        is_exact: false,
    };
}

impl Clusters {
    fn new(points: &[f64], d: usize) -> Self {
        let rows = points.len() / d;
        let column = |j: usize| points[j..].iter().step_by(d).copied().collect();
        let columns: Vec<Vec<f64>> = (0..d).map(column).collect();
        let variance = |column: &Vec<f64>| {
            let mean = column.iter().sum::<f64>() / rows as f64;
            column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64
        };
        let allowance = columns.iter().map(variance).sum::<f64>() / d as f64;
        // Points that all coincide are all as near.
        let allowance = allowance.max(f64::MIN_POSITIVE);
        Clusters {
            names: (0..rows).collect(),
            position: (0..rows).collect(),
            sizes: vec![1.0; rows],
            squares: vec![0.0; rows],
            worths: vec![worth(1.0, allowance); rows],
            columns,
            nearest: vec![Nearest::NONE; rows],
            costs: vec![0.0; rows],
            allowance,
        }
    }

    fn len(&self) -> usize {
        self.names.len()
    }

    /// The cluster that may have the cheapest merge.
    fn cheapest(&self) -> usize {
        let mut best = 0;
        for (at, nearest) in self.nearest.iter().enumerate() {
            if nearest.cost < self.nearest[best].cost {
                best = at;
            }
        }
        best
    }

    /// Find out what a merge with each of the first others costs, and note for both where it is
    /// cheaper than all that they knew.
    fn meet(&mut self, at: usize, others: usize) {
        let costs = &mut self.costs[..others];
        costs.fill(0.0);
        for column in &self.columns {
            let own = column[at];
            for (cost, x) in costs.iter_mut().zip(column) {
                *cost += (x - own) * (x - own);
            }
        }
        let (size, squares, worth_of_one) = (self.sizes[at], self.squares[at], self.worths[at]);
        let known = self.sizes.iter().zip(&self.squares).zip(&self.worths);
        for (cost, ((other, own_squares), own_worth)) in costs.iter_mut().zip(known) {
            let both = size + other;
            let between = size * other / both * *cost;
            let together = worth(both, squares + own_squares + between + self.allowance);
            *cost = together - worth_of_one - own_worth;
        }
        let name = self.names[at];
        let mut best = self.nearest[at];
        for (other, &cost) in self.costs[..others].iter().enumerate() {
            if other == at {
                continue;
            }
            // Whatever it costs, there is one.
            if cost < best.cost || best.name == usize::MAX {
                best = Nearest {
                    name: self.names[other],
                    cost,
                    is_exact: true,
                };
            }
            if cost < self.nearest[other].cost {
                self.nearest[other] = Nearest {
                    name,
                    cost,
                    is_exact: true,
                };
            }
        }
        self.nearest[at] = best;
    }

    /// Merge the second cluster into the first.
    fn merge(&mut self, at: usize, gone: usize) {
        let (size, other) = (self.sizes[at], self.sizes[gone]);
        let both = size + other;
        let mut apart = 0.0;
        for column in &mut self.columns {
            let difference = column[gone] - column[at];
            apart += difference * difference;
            column[at] += difference * other / both;
            column.swap_remove(gone);
        }
        self.squares[at] += self.squares[gone] + size * other / both * apart;
        self.sizes[at] = both;
        self.worths[at] = worth(both, self.squares[at] + self.allowance);
        let merged = [self.names[at], self.names[gone]];
        for nearest in &mut self.nearest {
            nearest.is_exact &= !merged.contains(&nearest.name);
        }
        self.nearest[at] = Nearest::NONE;
        self.sizes.swap_remove(gone);
        self.squares.swap_remove(gone);
        self.worths.swap_remove(gone);
        self.nearest.swap_remove(gone);
        self.names.swap_remove(gone);
        if let Some(&moved) = self.names.get(gone) {
            self.position[moved] = gone;
        }
        self.meet(self.position[merged[0]], self.len());
    }
}

/// Rows times the logarithm of what they have of the squares each.
fn worth(size: f64, squares: f64) -> f64 {
    size * (squares / size).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::generator;
    use rand::Rng;

    /// The criterion of a partition, as it is told.
    fn criterion(points: &[f64], d: usize, clusters: &[Vec<usize>]) -> f64 {
        let squares = |rows: &[usize]| {
            let column = |j: usize| {
                let values = || rows.iter().map(|row| points[row * d + j]);
                let mean = values().sum::<f64>() / rows.len() as f64;
                values().map(|x| (x - mean).powi(2)).sum::<f64>()
            };
            (0..d).map(column).sum::<f64>()
        };
        let all: Vec<usize> = (0..points.len() / d).collect();
        let allowance = squares(&all) / (all.len() * d) as f64;
        let term = |rows: &Vec<usize>| {
            let size = rows.len() as f64;
            size * ((squares(rows) + allowance) / size).ln()
        };
        clusters.iter().map(term).sum()
    }

    #[test]
    fn every_merge_is_the_best_of_all() {
        for (rows, d) in [(2, 1), (12, 1), (25, 2), (30, 4)] {
            let mut rng = generator(1, rows);
            let points: Vec<f64> = (0..rows * d).map(|_| rng.random_range(0.0..1.0)).collect();
            let mut clusters: Vec<Vec<usize>> = (0..rows).map(|row| vec![row]).collect();
            let merges = merges(&points, d, &Progress::new()).unwrap();
            assert_eq!(merges.len(), rows - 1);
            for (a, b) in merges {
                let merged = |a: usize, b: usize| {
                    let mut clusters = clusters.clone();
                    let gone = clusters.remove(a.max(b));
                    clusters[a.min(b)].extend(gone);
                    clusters
                };
                let value = |a: usize, b: usize| criterion(&points, d, &merged(a, b));
                let pairs = (0..clusters.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
                let best = pairs
                    .map(|(a, b)| value(a, b))
                    .fold(f64::INFINITY, f64::min);
                let of = |row: usize| clusters.iter().position(|own| own.contains(&row)).unwrap();
                assert_ne!(of(a), of(b));
                assert!(value(of(a), of(b)) <= best + 1e-9);
                clusters = merged(of(a), of(b));
            }
        }
    }

    #[test]
    fn points_that_coincide_are_merged_first() {
        let points: Vec<f64> = (0..30).map(|i| f64::from(i % 3)).collect();
        let merges = merges(&points, 1, &Progress::new()).unwrap();
        assert!(merges[..27].iter().all(|(a, b)| a % 3 == b % 3));
        assert_eq!(merges.len(), 29);
        assert_eq!(
            super::merges(&[7.0; 4], 1, &Progress::new()).unwrap().len(),
            3
        );
    }
}
