//! Where runs start.

mod kmeans;

use ndarray::ArrayView2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::data::Data;
use crate::em::{Em, Failed};
use crate::mixture::Mixture;
use crate::pass::Passes;
use crate::responsibilities::Given;
use kmeans::{Metric, Sample};

/// How a fit starts.
#[derive(Debug, Clone)]
pub enum Start<'a> {
    /// Partitions of the engine's own, another for every start: by k-means, and random ones.
    Partitions,
    /// A component per row, counted from zero.
    Labels(&'a [usize]),
    /// Responsibilities, `double[n, k]`.
    Posterior(ArrayView2<'a, f64>),
    /// A mixture.
    Mixture(Mixture),
}

/// A way to partition the rows.
#[derive(Debug, Clone, Copy)]
enum Partition {
    KMeans(Metric),
    Random,
}

/// The partitions that successive starts begin with.
const IN_TURN: [Partition; 5] = [
    Partition::KMeans(Metric::Standardised),
    Partition::KMeans(Metric::Units),
    Partition::KMeans(Metric::Standardised),
    Partition::KMeans(Metric::Units),
    Partition::Random,
];

/// All starts of one fit.
#[derive(Debug)]
pub(crate) struct Starts<'a, 'u> {
    em: Em<'a>,
    start: &'a Start<'u>,
    sample: Option<Sample<'a>>,
    k: usize,
    seed: u64,
}

impl<'a, 'u> Starts<'a, 'u> {
    /// Starts of `k` components.
    pub(crate) fn new(em: Em<'a>, start: &'a Start<'u>, k: usize, seed: u64) -> Self {
        let sample = || Sample::of(*em.passes.data(), em.scale, &mut generator(seed, 0));
        Starts {
            sample: matches!(start, Start::Partitions).then(sample),
            em,
            start,
            k,
            seed,
        }
    }

    /// The mixture at which start `index` begins.
    pub(crate) fn mixture(&self, index: usize) -> Result<Mixture, Failed> {
        let passes = self.em.passes;
        match self.start {
            Start::Partitions => {
                let sample = self.sample.as_ref().expect("made for this kind of start");
                let mut rng = generator(self.seed, index + 1);
                let labels = match IN_TURN[index % IN_TURN.len()] {
                    Partition::KMeans(metric) => {
                        sample.cluster(self.k, metric, &mut rng, passes.progress())
                    }
                    Partition::Random => Ok(sample.shuffle(self.k, &mut rng)),
                };
                let labels = labels.map_err(|error| Failed { error, last: None })?;
                let passes = Passes::with_isa(sample.data(), passes.progress(), passes.isa());
                self.maximise_given(passes, Given::Labels(&labels), true)
            }
            Start::Labels(labels) => self.maximise_given(passes, Given::Labels(labels), false),
            Start::Posterior(posterior) => {
                self.maximise_given(passes, Given::Posterior(*posterior), false)
            }
            Start::Mixture(mixture) => Ok(mixture.clone()),
        }
    }

    /// The M-step of given responsibilities.
    ///
    /// A cluster of k-means may have too few rows for a covariance of its own: with `rescue`,
    /// it borrows from the pooled one. A user's start is taken at its word.
    fn maximise_given(
        &self,
        passes: Passes<'_>,
        given: Given<'_>,
        rescue: bool,
    ) -> Result<Mixture, Failed> {
        let failed = |error| Failed { error, last: None };
        let model = &self.em.model;
        let sound = |mixture: Mixture| self.em.sound_factors(&mixture).map(|_| mixture);
        let stats = passes.given(given, self.k, model.family).map_err(failed)?;
        let result = model
            .maximise(&stats, None, passes.progress())
            .and_then(sound);
        match result {
            Err(_) if rescue => {
                let rows = passes.data().d() as f64 + 1.0;
                model
                    .maximise_pooled(&stats, rows, passes.progress())
                    .and_then(sound)
            }
            other => other,
        }
        .map_err(failed)
    }

    /// The rows that belong to component `k` at the start itself, where that is known.
    pub(crate) fn rows(&self, k: usize) -> Vec<usize> {
        let n = self.em.passes.data().n();
        let owns = |i: &usize| match self.start {
            Start::Labels(labels) => labels[*i] == k,
            Start::Posterior(posterior) => {
                let row = posterior.row(*i);
                row.iter().all(|&other| other <= row[k])
            }
            Start::Partitions | Start::Mixture(_) => false,
        };
        (0..n).filter(owns).collect()
    }
}

/// An independent stream of random numbers for each purpose.
pub(crate) fn generator(seed: u64, stream: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}

/// Rows `rows` of `data`, column-major.
fn take_rows(data: Data<'_>, rows: &[usize]) -> Vec<f64> {
    let column = |j| {
        let column = data.column(j);
        rows.iter().map(move |&i| column[i])
    };
    (0..data.d()).flat_map(column).collect()
}
