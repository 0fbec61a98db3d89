//! The partitions that starts begin with.

use std::ops::Range;

use nalgebra::{Cholesky, DMatrix, DMatrixView};
use rand::seq::{index, SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::generator;
use super::hierarchy::{Criterion, Hierarchy};
use super::kmeans;
use crate::covariance::{decompose, inverse_of_lower, Family};
use crate::data::Data;
use crate::em::Scale;
use crate::error::GmmError;
use crate::pass::Passes;
use crate::responsibilities::Given;
use crate::stats::SufficientStats;

/// Rows from which trees grow: a random sample of more. The others are told apart by the clusters
/// of these.
const TREE_ROWS: usize = 2000;

/// The part of a column's variance that the others must leave it, for columns to be made
/// uncorrelated.
const LEAST_OWN_PART: f64 = 1e-8;

/// Columns up to which principal components take no time to speak of.
const MOST_COLUMNS: usize = 200;

/// The rows on which starts are tried: all, or a random sample of many.
#[derive(Debug)]
pub(crate) struct Sample<'a> {
    data: Data<'a>,
    /// Which rows, and their values, column-major, where not all are used.
    own: Option<(Vec<usize>, Vec<f64>)>,
}

impl<'a> Sample<'a> {
    /// Sample so many rows of `data`, unless it has less than twice as many.
    pub(crate) fn of(data: Data<'a>, rows: usize, seed: u64) -> Self {
        let own = (data.n() >= 2 * rows).then(|| {
            let mut rng = generator(seed, 0);
            let mut rows = index::sample(&mut rng, data.n(), rows).into_vec();
            // What hardly varies must vary in the sample, too.
            let others = (0..data.d()).filter_map(|j| {
                let (column, value) = (data.column(j), data.column(j)[rows[0]]);
                let is_constant = rows.iter().all(|&row| column[row] == value);
                let is_other = |other: &f64| is_constant && *other != value;
                column.iter().position(is_other)
            });
            let others: Vec<usize> = others.collect();
            rows.extend(others);
            rows.sort_unstable();
            rows.dedup();
            let column = |j| {
                let column = data.column(j);
                rows.iter().map(move |&i| column[i])
            };
            let values = (0..data.d()).flat_map(column).collect();
            (rows, values)
        });
        Sample { data, own }
    }

    /// The rows, as data.
    pub(crate) fn data(&self) -> Data<'_> {
        match &self.own {
            Some((rows, values)) => Data::new(values, rows.len(), self.data.d()),
            None => self.data,
        }
    }

    /// Which rows these are, if they are not all.
    pub(crate) fn rows(&self) -> Option<&[usize]> {
        self.own.as_ref().map(|(rows, _)| rows.as_slice())
    }
}

/// What is near. None is right for all data: groups may be thin in the column that separates
/// them, or hidden by the units of a column that does not, or long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    /// Every column divided by its own standard deviation.
    Standardised,
    /// All columns divided by the same number: the data's own units.
    Units,
    /// Principal components, each divided by the root of its standard deviation: half the way to
    /// columns that are uncorrelated and vary alike.
    ///
    /// # Source
    /// Scrucca and Raftery (2015), *Improved initialisation of model-based clustering using
    /// Gaussian hierarchical partitions*, Advances in Data Analysis and Classification 9.
    HalfWhitened,
    /// Columns made uncorrelated.
    Whitened,
}

/// A partition of the rows.
#[derive(Debug)]
pub(crate) struct Partition {
    /// The cluster of every row.
    pub(crate) labels: Vec<usize>,
    /// Statistics of the clusters; a cluster may have no row.
    pub(crate) stats: Result<SufficientStats, GmmError>,
    /// Whether its run goes on whatever the short one is worth.
    pub(crate) is_chosen: bool,
}

/// A way to partition the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Tree(Metric, Criterion),
    KMeans(Metric),
    /// Parts of random sizes, of random rows.
    Random,
    /// Of one column: equal parts in the order of their values.
    Quantiles,
}

/// The start that others would have made alone.
const CUSTOMARY: usize = 1;

/// The partitions that the first starts begin with.
const FIRST: [Way; 12] = [
    Way::KMeans(Metric::Standardised),
    Way::Tree(Metric::HalfWhitened, Criterion::Spheres),
    Way::Tree(Metric::Whitened, Criterion::Full),
    Way::Tree(Metric::Standardised, Criterion::EqualSpheres),
    Way::KMeans(Metric::Units),
    Way::Tree(Metric::Standardised, Criterion::Tied),
    Way::Tree(Metric::Standardised, Criterion::Full),
    Way::KMeans(Metric::Whitened),
    Way::Tree(Metric::Units, Criterion::EqualSpheres),
    Way::Tree(Metric::Units, Criterion::Full),
    Way::Tree(Metric::Whitened, Criterion::EqualSpheres),
    Way::KMeans(Metric::Standardised),
];

/// The same for one column, which all metrics see alike.
const FIRST_OF_ONE_COLUMN: [Way; 6] = [
    Way::KMeans(Metric::Standardised),
    Way::Quantiles,
    Way::Tree(Metric::Standardised, Criterion::Full),
    Way::Tree(Metric::Standardised, Criterion::EqualSpheres),
    Way::Random,
    Way::Tree(Metric::Standardised, Criterion::Tied),
];

/// The ways of the first starts.
fn first_ways(d: usize) -> &'static [Way] {
    match d {
        1 => &FIRST_OF_ONE_COLUMN,
        _ => &FIRST,
    }
}

/// The partitions that those after them begin with, in turn.
const IN_TURN: [Way; 6] = [
    Way::KMeans(Metric::Standardised),
    Way::Random,
    Way::KMeans(Metric::Units),
    Way::Random,
    Way::KMeans(Metric::Whitened),
    Way::Random,
];

/// Partitions of a sample, another for every start.
#[derive(Debug)]
pub(crate) struct Partitions<'a> {
    passes: Passes<'a>,
    /// What statistics are for.
    family: Family,
    seed: u64,
    /// The rows one after the other, as each metric sees them.
    points: Vec<(Metric, Vec<f64>)>,
    /// The rows of the trees, where these are not all.
    tree_rows: Option<Vec<usize>>,
    trees: Vec<(Metric, Criterion, Hierarchy)>,
}

impl<'a> Partitions<'a> {
    /// Prepare partitions into at most `k` clusters, with statistics for this family.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    pub(crate) fn of(
        passes: Passes<'a>,
        scale: &Scale,
        family: Family,
        k: usize,
        seed: u64,
    ) -> Result<Self, GmmError> {
        let data = *passes.data();
        let largest = scale.deviation.iter().copied().fold(0.0, f64::max);
        let standardised = points(data, &scale.deviation);
        let mut points = vec![
            (Metric::Units, points(data, &vec![largest; data.d()])),
            (Metric::HalfWhitened, half_whitened(&standardised, data.d())),
            (Metric::Whitened, whitened(&standardised, data.d())),
        ];
        points.insert(0, (Metric::Standardised, standardised));
        let (n, d) = (data.n(), data.d());
        let tree_rows = (n > TREE_ROWS).then(|| {
            let mut rows = index::sample(&mut generator(seed, 0), n, TREE_ROWS).into_vec();
            rows.sort_unstable();
            rows
        });
        let trees: Vec<Vec<_>> = points
            .par_iter()
            .map(|(metric, points)| {
                let of_metric = |way: &Way| match way {
                    Way::Tree(other, criterion) if other == metric => Some(*criterion),
                    _ => None,
                };
                let criteria: Vec<Criterion> = first_ways(d).iter().filter_map(of_metric).collect();
                let trees = match &tree_rows {
                    None => Hierarchy::trees(points, d, k, &criteria, passes.progress())?,
                    Some(rows) => {
                        let some = |&row: &usize| points[row * d..][..d].iter().copied();
                        let points: Vec<f64> = rows.iter().flat_map(some).collect();
                        Hierarchy::trees(&points, d, k, &criteria, passes.progress())?
                    }
                };
                let named = trees
                    .into_iter()
                    .map(|(criterion, tree)| (*metric, criterion, tree));
                Ok(named.collect())
            })
            .collect::<Result<_, GmmError>>()?;
        Ok(Partitions {
            passes,
            family,
            seed,
            points,
            tree_rows,
            trees: trees.into_iter().flatten().collect(),
        })
    }

    /// Number of columns.
    pub(crate) fn d(&self) -> usize {
        self.passes.data().d()
    }

    /// The rows, which may be a sample.
    pub(crate) fn passes(&self) -> &Passes<'a> {
        &self.passes
    }

    /// The partitions into `k` clusters with which these starts begin.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    pub(crate) fn make(&self, k: usize, starts: Range<usize>) -> Result<Vec<Partition>, GmmError> {
        // There is but one partition into one.
        let last = if k == 1 { 1 } else { starts.end };
        let of = |start| {
            let labels = self.labels(k, start)?;
            let stats = self.passes.given(Given::Labels(&labels), k, self.family);
            Ok(Partition {
                labels,
                stats,
                is_chosen: self.is_chosen(start),
            })
        };
        (starts.start..last).into_par_iter().map(of).collect()
    }

    fn way(&self, start: usize) -> Way {
        let first = first_ways(self.d()).get(start).copied();
        first.unwrap_or(IN_TURN[start % IN_TURN.len()])
    }

    /// Whether the run of a start goes on in any case: that of random parts begins far below all
    /// others, and leads elsewhere.
    fn is_chosen(&self, start: usize) -> bool {
        start == CUSTOMARY || self.way(start) == Way::Random
    }

    fn labels(&self, k: usize, start: usize) -> Result<Vec<usize>, GmmError> {
        if k == 1 {
            return Ok(vec![0; self.passes.data().n()]);
        }
        let mut rng = generator(self.seed, 1 + start);
        match self.way(start) {
            Way::Tree(metric, criterion) => {
                let tree = self
                    .trees
                    .iter()
                    .find(|tree| tree.0 == metric && tree.1 == criterion);
                match tree {
                    Some((_, _, tree)) => {
                        let labels = tree.cut(k);
                        match &self.tree_rows {
                            None => Ok(labels),
                            Some(rows) => {
                                let points = self.points(metric);
                                kmeans::spread(&points, rows, &labels, k, self.passes.progress())
                            }
                        }
                    }
                    None => self.k_means(k, metric, &mut rng),
                }
            }
            Way::KMeans(metric) => self.k_means(k, metric, &mut rng),
            Way::Quantiles => Ok(quantiles(self.passes.data().column(0), k)),
            Way::Random => Ok(random_parts(self.passes.data().n(), k, &mut rng)),
        }
    }

    fn k_means(
        &self,
        k: usize,
        metric: Metric,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<usize>, GmmError> {
        kmeans::cluster(&self.points(metric), k, rng, self.passes.progress())
    }

    fn points(&self, metric: Metric) -> Vec<&[f64]> {
        let points = self.points.iter().find(|points| points.0 == metric);
        let (_, points) = points.expect("every metric");
        points.chunks(self.passes.data().d()).collect()
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

/// Parts of random sizes, of two rows at least if there are enough, of rows in a random order; of
/// fewer rows than parts, a part for each.
fn random_parts(n: usize, k: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n).collect();
    rows.shuffle(rng);
    let k = k.min(n);
    let least = if n >= 2 * k { 2 } else { 1 };
    let mut ends = index::sample(rng, n / least - 1, k - 1).into_vec();
    ends.sort_unstable();
    let mut labels = vec![0; n];
    for (rank, row) in rows.into_iter().enumerate() {
        labels[row] = ends.partition_point(|end| least * (end + 1) <= rank);
    }
    labels
}

/// Equal parts in the order of the values.
fn quantiles(values: &[f64], k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut labels = vec![0; values.len()];
    for (rank, &row) in order.iter().enumerate() {
        labels[row] = rank * k / values.len();
    }
    labels
}

/// Standardised points, their columns made uncorrelated; as they are where columns determine
/// others.
fn whitened(points: &[f64], d: usize) -> Vec<f64> {
    let rows = DMatrixView::from_slice(points, d, points.len() / d);
    let sound = |root: &DMatrix<f64>| {
        // The points have variance one.
        let own_parts = root.diagonal().map(|l| l * l);
        own_parts.min() > LEAST_OWN_PART
    };
    let root = Cholesky::new(covariance(&rows)).map(|root| root.unpack());
    let root = root.filter(sound);
    match root.and_then(|root| inverse_of_lower(&root)) {
        Some(inverse) => (inverse * rows).as_slice().to_vec(),
        None => points.to_vec(),
    }
}

/// The principal components of standardised points, each over the fourth root of its variance, none
/// that hardly varies; points of very many columns as they are.
fn half_whitened(points: &[f64], d: usize) -> Vec<f64> {
    if d > MOST_COLUMNS {
        return points.to_vec();
    }
    let rows = DMatrixView::from_slice(points, d, points.len() / d);
    let covariance = covariance(&rows);
    let (mut axes, mut variances) = (DMatrix::zeros(d, d), vec![0.0; d]);
    if !decompose(covariance.as_slice(), (axes.as_mut_slice(), &mut variances)) {
        return points.to_vec();
    }
    for (mut axis, variance) in axes.column_iter_mut().zip(&variances) {
        axis *= if *variance > LEAST_OWN_PART {
            variance.powf(-0.25)
        } else {
            0.0
        };
    }
    axes.tr_mul(&rows).as_slice().to_vec()
}

/// The covariance of points that are columns.
fn covariance(points: &DMatrixView<'_, f64>) -> DMatrix<f64> {
    let mean = points.column_mean();
    let mut covariance = points * points.transpose() / points.ncols() as f64;
    covariance.ger(-1.0, &mean, &mean, 1.0);
    covariance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;
    use rand::Rng;

    #[test]
    fn quantiles_are_equal_parts() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0, 0.0];
        assert_eq!(quantiles(&values, 3), [2, 0, 2, 1, 1, 0]);
        assert_eq!(quantiles(&values, 1), [0; 6]);
    }

    #[test]
    fn random_parts_are_of_random_sizes_and_random_rows() {
        let sizes = |labels: &[usize], k: usize| -> Vec<usize> {
            let own = |part| labels.iter().filter(|&&label| label == part).count();
            (0..k).map(own).collect()
        };
        for (n, k, least) in [(2, 1, 2), (2, 2, 1), (3, 2, 1), (8, 4, 2), (9, 4, 2)] {
            for stream in 0..50 {
                let sizes = sizes(&random_parts(n, k, &mut generator(1, stream)), k);
                assert!(sizes.iter().all(|&size| size >= least), "{n} {sizes:?}");
                assert_eq!(sizes.iter().sum::<usize>(), n);
            }
        }
        // A sample may have fewer rows than there are to be components.
        let labels = random_parts(3, 5, &mut generator(1, 0));
        assert_eq!(sizes(&labels, 5), [1, 1, 1, 0, 0]);
        let made: Vec<Vec<usize>> = (0..50)
            .map(|stream| random_parts(100, 3, &mut generator(1, stream)))
            .collect();
        let first = |labels: &Vec<usize>| sizes(labels, 3)[0];
        assert!(made.iter().any(|labels| first(labels) > 70));
        assert!(made.iter().any(|labels| first(labels) < 10));
        // Rows beside one another are not together more often than others.
        let together =
            |labels: &Vec<usize>| labels.windows(2).filter(|two| two[0] == two[1]).count();
        let average = made.iter().map(together).sum::<usize>() as f64 / 50.0;
        assert!((40.0..60.0).contains(&average), "{average}");
    }

    #[test]
    fn a_column_that_varies_at_all_varies_in_a_sample() {
        let n = 1000;
        let mut x: Vec<f64> = (0..2 * n).map(|i| (i % n) as f64).collect();
        x[n..].fill(3.0);
        x[n + 700] = 4.0;
        let sample = Sample::of(Data::new(&x, n, 2), 50, 1);
        let rows = sample.rows().unwrap();
        assert!(rows.contains(&700) && rows.len() <= 51);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        for (i, &row) in rows.iter().enumerate() {
            assert_eq!(sample.data().row(i), [x[row], x[n + row]]);
        }
        assert!(Sample::of(Data::new(&x, n, 2), 501, 1).rows().is_none());
    }

    #[test]
    fn whitened_columns_are_uncorrelated() {
        let points = [1.0, 2.0, 3.0, 5.0, -1.0, 0.5, 2.0, 2.0];
        let white = DMatrix::from_row_slice(4, 2, &whitened(&points, 2));
        let mean = white.row_mean();
        let centred = DMatrix::from_fn(4, 2, |i, j| white[(i, j)] - mean[j]);
        let covariance = centred.transpose() * centred / 4.0;
        assert!((covariance - DMatrix::identity(2, 2)).norm() < 1e-12);
        // Columns that determine one another stay as they are.
        let twice = [1.0, 2.0, 2.0, 4.0, 3.0, 6.0];
        assert_eq!(whitened(&twice, 2), twice);
    }

    #[test]
    fn every_start_is_a_partition_and_the_same_again() {
        for (n, d) in [(60, 1), (60, 2), (TREE_ROWS + 500, 2)] {
            let mut rng = generator(4, d);
            let x: Vec<f64> = (0..n * d).map(|_| rng.random_range(0.0..1.0)).collect();
            let progress = Progress::new();
            let passes = Passes::over(Data::new(&x, n, d), &progress);
            let total = passes.total(Family::Vvv).unwrap();
            let deviation = (0..d).map(|j| (total.scatter[(j, j)] / n as f64).sqrt());
            let scale = Scale {
                deviation: deviation.collect(),
                resolution: vec![0.0; d],
                total: std::sync::Arc::new(total),
            };
            let make = || {
                let partitions = Partitions::of(passes, &scale, Family::Vvv, 4, 7).unwrap();
                let made = partitions.make(3, 0..20).unwrap();
                let chosen = (0..20).filter(|&start| made[start].is_chosen);
                // The one that others make, and those that are random.
                let expected: &[usize] = match d {
                    1 => &[CUSTOMARY, 4, 7, 9, 11, 13, 15, 17, 19],
                    _ => &[CUSTOMARY, 13, 15, 17, 19],
                };
                assert_eq!(chosen.collect::<Vec<_>>(), expected);
                made.into_iter().map(|made| made.labels).collect::<Vec<_>>()
            };
            let labels = make();
            assert_eq!(labels.len(), 20);
            assert!(labels.iter().all(|labels| labels.len() == n));
            assert!(labels.iter().flatten().all(|&label| label < 3));
            assert_eq!(labels, make());
        }
    }
}
