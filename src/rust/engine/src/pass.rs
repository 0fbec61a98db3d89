//! One pass over the data, in parallel over chunks of rows.
//!
//! Chunk boundaries depend on the number of rows only, and the chunks' results are merged in
//! their order: any number of threads gives the same bits.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::covariance::{Family, Needs};
use crate::data::Data;
use crate::error::GmmError;
use crate::factors::Factors;
use crate::kernel::copy::copy_rows;
use crate::kernel::scale::Scalers;
use crate::kernel::{block_rows, scatter, Block, Isa, Kernel, Tiles};
use crate::mixture::Mixture;
use crate::model::Model;
use crate::progress::Progress;
use crate::responsibilities::{Expected, Given, Responsibilities};
use crate::stats::{Second, SufficientStats, Total};

/// Data, and how to go over them.
#[derive(Debug, Clone, Copy)]
pub struct Passes<'a> {
    data: Data<'a>,
    isa: Isa,
    progress: &'a Progress,
}

/// Chunks per pass, and the fewest rows of one: enough to share between threads, few enough
/// that merging costs nothing.
const CHUNKS: usize = 64;
const CHUNK_ROWS: usize = 1024;
/// Doubles that all chunks' statistics may take together: fewer chunks where each is large.
const CHUNK_DOUBLES: usize = 4 << 20;

impl<'a> Passes<'a> {
    /// Passes over `data` with the best instructions that the processor has.
    pub fn over(data: Data<'a>, progress: &'a Progress) -> Self {
        Self::with_isa(data, progress, Isa::detect())
    }

    pub(crate) fn with_isa(data: Data<'a>, progress: &'a Progress, isa: Isa) -> Self {
        Passes {
            data,
            isa,
            progress,
        }
    }

    /// The data.
    pub fn data(&self) -> &Data<'a> {
        &self.data
    }

    /// The instructions.
    pub(crate) fn isa(&self) -> Isa {
        self.isa
    }

    /// What the passes report to.
    pub(crate) fn progress(&self) -> &'a Progress {
        self.progress
    }

    /// The E-step: log-likelihood of the mixture and the statistics for the next M-step of this
    /// family, about the mixture's means.
    ///
    /// `total` is of all rows.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    ///
    /// # Cost
    /// Time is `O(n k d²)`, or `O(n k d)` where covariances are diagonal or the same for all; a
    /// few blocks of scratch per thread and the statistics of at most [`CHUNKS`] chunks, whatever
    /// `n` is.
    ///
    /// # Source
    /// Bishop (2006), *Pattern Recognition and Machine Learning*, eqs. 9.23 and 9.28.
    pub(crate) fn expectation(
        &self,
        mixture: &Mixture,
        factors: &Factors,
        family: Family,
        total: &Arc<Total>,
    ) -> Result<SufficientStats, GmmError> {
        if family.needs() == Needs::Pooled {
            let linear = Expected::linear(mixture, factors, total, self.isa);
            if let Some((expected, rest)) = linear {
                let centres = total.mean.repeat(mixture.k()).into();
                let second = Second::Total(Arc::clone(total));
                let mut stats = self.accumulate(&expected, centres, expected.origin(), &second)?;
                stats.add_loglik(rest);
                return Ok(stats);
            }
        }
        let second = second_of(family);
        let expected = match second {
            Second::Trace => Expected::spherical(mixture, factors),
            _ => None,
        };
        let expected = expected.unwrap_or_else(|| Expected::new(mixture, factors, self.isa));
        let centres = mixture.means.iter().copied().collect();
        self.accumulate(&expected, centres, expected.origin(), &second)
    }

    /// The statistics of known responsibilities of `k` components for the M-step of this family,
    /// about the components' means.
    ///
    /// # Errors
    /// [`GmmError::EmptyComponent`], [`GmmError::Interrupted`].
    pub(crate) fn given(
        &self,
        given: Given<'_>,
        k: usize,
        family: Family,
    ) -> Result<SufficientStats, GmmError> {
        // The means come first, from a pass about an arbitrary row: moments about another
        // point would cancel where the components lie far apart.
        let row = self.data.row(0);
        let second = second_of(family);
        let rough = self.accumulate(&given, row.repeat(k).into(), &row, &second)?;
        if let Some(k) = (0..k).find(|&k| rough.mass(k) <= 0.0) {
            return Err(GmmError::EmptyComponent { k, mass: 0.0 });
        }
        let centres = (0..k).flat_map(|k| rough.mean(k)).collect();
        self.accumulate(&given, centres, &row, &second)
    }

    /// The M-step of known responsibilities of `k` components.
    ///
    /// # Errors
    /// [`GmmError::EmptyComponent`], [`GmmError::Degenerate`], [`GmmError::Interrupted`].
    pub fn maximise(&self, given: Given<'_>, k: usize, model: &Model) -> Result<Mixture, GmmError> {
        model.maximise(&self.given(given, k, model.family)?, None, self.progress)
    }

    /// All rows as one component.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    pub(crate) fn total(&self) -> Result<Total, GmmError> {
        Ok(self.given(Given::Whole, 1, Family::Vvv)?.total())
    }

    fn accumulate(
        &self,
        responsibilities: &impl Responsibilities,
        centres: Arc<[f64]>,
        origin: &[f64],
        second: &Second,
    ) -> Result<SufficientStats, GmmError> {
        let parts: Vec<SufficientStats> = self
            .chunks(centres.len() / self.data.d())
            .into_par_iter()
            .map(|rows| {
                self.isa.run(Accumulate {
                    passes: self,
                    responsibilities,
                    centres: &centres,
                    origin,
                    second,
                    rows,
                })
            })
            .collect::<Result<_, _>>()?;
        let mut parts = parts.into_iter();
        let mut whole = parts.next().expect("at least one chunk");
        for part in parts {
            whole.merge(&part);
        }
        Ok(whole)
    }

    /// The chunks of a pass with `k` components.
    pub(crate) fn chunks(&self, k: usize) -> Vec<Range<usize>> {
        let n = self.data.n();
        let d = self.data.d();
        let block = block_rows(d, k);
        let chunks = (CHUNK_DOUBLES / (k * d * (d + 3))).clamp(8, CHUNKS);
        let rows = n.div_ceil(chunks).max(CHUNK_ROWS).next_multiple_of(block);
        split(0..n, rows).collect()
    }

    /// Read a block of rows into `scratch`, relative to `origin`; here a stop takes effect.
    ///
    /// # Safety
    /// See [`Kernel::run`].
    #[inline(always)]
    pub(crate) unsafe fn read<V: Tiles>(
        &self,
        rows: Range<usize>,
        origin: &[f64],
        scratch: &mut Scratch,
    ) -> Result<Block, GmmError> {
        self.progress.check()?;
        let block = Block::of(rows.len(), scratch.stride);
        copy_rows::<V>(&self.data, rows, origin, block, &mut scratch.x);
        Ok(block)
    }
}

/// What must be kept of every component's scatter.
fn second_of(family: Family) -> Second {
    match family.needs_of_each() {
        Needs::Trace => Second::Trace,
        Needs::Diagonal => Second::Diagonal,
        Needs::Full | Needs::Pooled => Second::Full,
    }
}

/// Consecutive ranges of at most `length`.
fn split(rows: Range<usize>, length: usize) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(length)
        .map(move |first| first..end.min(first + length))
}

/// Buffers of one thread for one block of rows.
#[derive(Debug)]
pub(crate) struct Scratch {
    block_rows: usize,
    stride: usize,
    /// The block: `d` stretches.
    pub(crate) x: Vec<f64>,
    /// Log joint densities, then responsibilities: `k` stretches.
    pub(crate) weight: Vec<f64>,
    /// See [`crate::kernel::softmax::softmax`].
    pub(crate) largest: Vec<f64>,
    /// See [`crate::kernel::softmax::softmax`].
    pub(crate) total: Vec<f64>,
    /// Half the squared distances from the centres, with the opposite sign, where only these are
    /// needed: `k` stretches.
    pub(crate) distance: Vec<f64>,
    /// The block in another basis, or about another point: `d` stretches.
    pub(crate) centred: Vec<f64>,
    weighted: Vec<f64>,
}

impl Scratch {
    /// Buffers for chunks of `rows` rows.
    pub(crate) fn new(d: usize, k: usize, rows: usize) -> Self {
        let block_rows = block_rows(d, k).min(rows);
        let stride = Block::of(block_rows, 0).padded;
        Scratch {
            block_rows,
            stride,
            x: vec![0.0; d * stride],
            weight: vec![0.0; k * stride],
            largest: vec![0.0; stride],
            total: vec![0.0; stride],
            distance: Vec::new(),
            centred: vec![0.0; d * stride],
            weighted: vec![0.0; d * stride],
        }
    }

    /// The blocks of a chunk.
    pub(crate) fn blocks(&self, chunk: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        split(chunk, self.block_rows)
    }
}

/// The statistics of one chunk.
struct Accumulate<'a, R> {
    passes: &'a Passes<'a>,
    responsibilities: &'a R,
    centres: &'a Arc<[f64]>,
    origin: &'a [f64],
    second: &'a Second,
    rows: Range<usize>,
}

impl<R: Responsibilities> Kernel for Accumulate<'_, R> {
    type Output = Result<SufficientStats, GmmError>;

    #[inline(always)]
    unsafe fn run<V: Tiles>(self) -> Self::Output {
        let d = self.passes.data.d();
        let k = self.centres.len() / d;
        let mut centres = self.centres.to_vec();
        for (i, centre) in centres.iter_mut().enumerate() {
            *centre -= self.origin[i % d];
        }
        let mut stats = SufficientStats::empty(Arc::clone(self.centres), d, self.second.clone());
        let mut scratch = Scratch::new(d, k, self.rows.len());
        let distances =
            matches!(self.second, Second::Trace).then(|| Scalers::distances(&centres, d));
        if distances.is_some() {
            scratch.distance = vec![0.0; scratch.weight.len()];
        }
        for rows in scratch.blocks(self.rows) {
            let block = self
                .passes
                .read::<V>(rows.clone(), self.origin, &mut scratch)?;
            let x = scratch.x.as_ptr();
            if let Some(distances) = &distances {
                V::scale(distances, x, block, scratch.distance.as_mut_ptr());
            }
            stats.add_loglik(self.responsibilities.fill::<V>(rows, block, &mut scratch));
            if let Second::Trace | Second::Total(_) = self.second {
                let weight = scratch.weight.as_ptr();
                V::accumulate_sums(x, weight, block, d, stats.sums_mut());
            }
            for (k, centre) in centres.chunks(d).enumerate() {
                let weight = scratch.weight[k * block.stride..].as_ptr();
                stats.add_mass(k, scatter::mass::<V>(weight, block));
                let moments = stats.moments_mut(k);
                match self.second {
                    Second::Full => {
                        let buffers = (scratch.centred.as_mut_ptr(), scratch.weighted.as_mut_ptr());
                        V::accumulate(x, weight, block, centre, buffers, moments);
                    }
                    Second::Diagonal => {
                        V::accumulate_squares(x, weight, block, centre, moments);
                    }
                    Second::Trace => {
                        let distance = scratch.distance[k * block.stride..].as_ptr();
                        moments.scatter[0] -= 2.0 * scatter::product::<V>(weight, distance, block);
                    }
                    Second::Total(_) => {}
                }
            }
        }
        if let Second::Trace = self.second {
            stats.centre_sums(&centres);
        }
        Ok(stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covariance::Scatters;
    use crate::init::generator;
    use rand::Rng;

    fn data(n: usize, d: usize) -> Vec<f64> {
        let mut rng = generator(3, n + d);
        (0..n * d).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn stats(isa: Isa, x: &[f64], d: usize, labels: &[usize], family: Family) -> SufficientStats {
        let progress = Progress::new();
        let data = Data::new(x, labels.len(), d);
        let passes = Passes::with_isa(data, &progress, isa);
        passes.given(Given::Labels(labels), 2, family).unwrap()
    }

    /// The statistics after an M-step of `family` and an E-step for `then`.
    fn expected(isa: Isa, x: &[f64], d: usize, family: Family, then: Family) -> SufficientStats {
        let n = x.len() / d;
        let labels: Vec<usize> = (0..n).map(|i| i % 2).collect();
        let model = Model {
            family,
            equal_weights: false,
            reg_covar: 0.0,
        };
        let given = stats(Isa::Portable, x, d, &labels, family);
        let mixture = model.maximise(&given, None, &Progress::new()).unwrap();
        let factors = Factors::of(&mixture.covariances).unwrap();
        let progress = Progress::new();
        let passes = Passes::with_isa(Data::new(x, n, d), &progress, isa);
        let total = Arc::new(passes.total().unwrap());
        passes
            .expectation(&mixture, &factors, then, &total)
            .unwrap()
    }

    fn assert_same(a: &SufficientStats, b: &SufficientStats) {
        assert!((a.loglik() / b.loglik() - 1.0).abs() < 1e-12);
        for k in 0..2 {
            assert!((a.mass(k) / b.mass(k) - 1.0).abs() < 1e-12);
            let means = a.mean(k).into_iter().zip(b.mean(k));
            assert!(means.into_iter().all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_statistics() {
        for (n, d) in [(10, 1), (1000, 2), (1025, 5), (3001, 7), (700, 20)] {
            let x = data(n, d);
            for family in Family::ALL.map(|family| family.in_dimension(d)) {
                if n < 2 * d {
                    continue;
                }
                let a = expected(Isa::Portable, &x, d, family, family);
                let b = expected(Isa::detect(), &x, d, family, family);
                assert_same(&a, &b);
                let (a, b) = (a.scatters(), b.scatters());
                assert_eq!(
                    family.needs() == Needs::Pooled,
                    matches!(a, Scatters::Pooled(_))
                );
                assert!((a.pooled_trace() / b.pooled_trace() - 1.0).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn linear_discriminants_and_diagonals_give_what_full_matrices_give() {
        let (n, d) = (3001, 6);
        let x = data(n, d);
        for family in [
            Family::Eii,
            Family::Vii,
            Family::Eei,
            Family::Eee,
            Family::Vvi,
            Family::Vve,
        ] {
            let special = expected(Isa::detect(), &x, d, family, family);
            let full = expected(Isa::detect(), &x, d, family, Family::Vvv);
            assert_same(&special, &full);
            let (a, b) = (special.scatters(), full.scatters());
            assert!((a.pooled_trace() / b.pooled_trace() - 1.0).abs() < 1e-11);
        }
    }

    #[test]
    fn no_instruction_set_gives_nan_for_rows_at_the_end_of_the_numbers() {
        let x = [1.7e308, -1e200, 1.7e308, 1e200];
        let covariance = nalgebra::DMatrix::from_row_slice(2, 2, &[1e-4, 9e-5, 9e-5, 1e-4]);
        let mixture = Mixture {
            weights: vec![0.5; 2],
            means: ndarray::arr2(&[[0.0, 0.0], [1.0, 1.0]]),
            covariances: [covariance.clone(), covariance * 2.0].into_iter().collect(),
        };
        for isa in [Isa::Portable, Isa::detect()] {
            let progress = Progress::new();
            let passes = Passes::with_isa(Data::new(&x, 2, 2), &progress, isa);
            let score = |score: crate::Score| {
                let mut out = vec![f64::NAN; 2 * score.columns(2)];
                passes.score(&mixture, score, &mut out).unwrap();
                out
            };
            assert_eq!(score(crate::Score::Posterior), [0.0, 0.0, 1.0, 1.0]);
            assert_eq!(score(crate::Score::LogDensity), [f64::NEG_INFINITY; 2]);
            assert_eq!(
                score(crate::Score::LogComponentDensity),
                [f64::NEG_INFINITY; 4]
            );
        }
    }

    #[test]
    fn statistics_of_labels_are_means_and_scatters() {
        let (n, d) = (2500, 3);
        let x = data(n, d);
        let labels: Vec<usize> = (0..n).map(|i| usize::from(i % 5 == 0)).collect();
        let stats = stats(Isa::detect(), &x, d, &labels, Family::Vvv);
        let scatters = stats.scatters();
        let rows: Vec<usize> = (0..n).filter(|i| i % 5 == 0).collect();
        assert_eq!(stats.mass(1), rows.len() as f64);
        let column = |j: usize| rows.iter().map(move |i| i + j * n);
        let mean = |j: usize| column(j).map(|i| x[i]).sum::<f64>() / rows.len() as f64;
        for j in 0..d {
            assert!((stats.mean(1)[j] - mean(j)).abs() < 1e-14);
            for l in 0..d {
                let pairs = column(j).zip(column(l));
                let sum: f64 = pairs
                    .map(|(i, m)| (x[i] - mean(j)) * (x[m] - mean(l)))
                    .sum();
                assert!((scatters.full(1)[(j, l)] - sum).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn blocks_cover_every_row_once_and_their_products_stay_finite() {
        for (n, d, k) in [(1, 1, 1), (1023, 3, 2), (70_000, 20, 4), (10_000, 2, 999)] {
            let x = vec![0.0; n * d];
            let progress = Progress::new();
            let passes = Passes::over(Data::new(&x, n, d), &progress);
            let chunks = passes.chunks(k);
            let blocks = chunks.iter().flat_map(|chunk| {
                Scratch::new(d, k, chunk.len())
                    .blocks(chunk.clone())
                    .collect::<Vec<_>>()
            });
            assert!(blocks.flatten().eq(0..n));
            // Lanes are at least four rows wide: a block's lane multiplies up this many sums.
            let factors = (block_rows(d, k) / 4) as i32;
            assert!((k as f64).powi(factors).is_finite());
        }
    }
}
