//! One pass over the data, in parallel over chunks of rows.
//!
//! Chunk boundaries depend on the number of rows only, and the chunks' results are merged in
//! their order: any number of threads gives the same bits.

mod accumulate;
mod scratch;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::assignment::{Assigned, Assignment};
use crate::covariance::{Family, Needs};
use crate::data::Data;
use crate::error::GmmError;
use crate::factors::Factors;
use crate::kernel::copy::copy_rows;
use crate::kernel::{block_rows, sums, Block, Isa, Tiles};
use crate::mixture::Mixture;
use crate::progress::Progress;
use crate::responsibilities::{Expected, Given, Responsibilities};
use crate::stats::{Second, SufficientStats, Total};
use accumulate::Accumulate;
pub(crate) use scratch::Scratch;

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
    /// family, about the mixture's means; or about the mean of all rows, where that is quicker and
    /// near enough.
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
        self.assign(mixture, factors, family, total, &Assignment::Shared)
    }

    /// The E-step likewise, with another assignment of the rows than that of EM.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    pub(crate) fn assign(
        &self,
        mixture: &Mixture,
        factors: &Factors,
        family: Family,
        total: &Arc<Total>,
        assignment: &Assignment,
    ) -> Result<SufficientStats, GmmError> {
        let isa = self.isa;
        let accumulate = |expected: &Expected, centres, second: &Second| {
            let assigned = Assigned {
                expected,
                assignment,
            };
            self.accumulate(&assigned, centres, expected.origin(), second)
        };
        let about_all = || total.mean.repeat(mixture.k()).into();
        match family.needs() {
            // Without orientations, only the diagonal of the total is known.
            Needs::Pooled if family.is_oriented() || factors.diagonal().is_some() => {
                if let Some((expected, rest)) = Expected::linear(mixture, factors, total, isa) {
                    let second = Second::Total(Arc::clone(total));
                    let mut stats = accumulate(&expected, about_all(), &second)?;
                    stats.add_loglik(rest);
                    return Ok(stats);
                }
            }
            Needs::Trace => {
                if let Some(expected) = Expected::spherical(mixture, factors, total, isa) {
                    return accumulate(&expected, about_all(), &Second::Trace);
                }
            }
            Needs::Diagonal => {
                if let Some(expected) = Expected::diagonal(mixture, factors, total, isa) {
                    return accumulate(&expected, about_all(), &Second::Diagonal);
                }
            }
            Needs::Full | Needs::Pooled => {}
        }
        let second = second_of(family);
        if matches!(second, Second::Full) && sums::is_worth_products(self.data.d(), mixture.k()) {
            if let Some(expected) = Expected::about_all(mixture, factors, total, isa) {
                return accumulate(&expected, about_all(), &second);
            }
        }
        let expected = Expected::new(mixture, factors, isa);
        let centres = mixture.means_in_turn().as_ref().into();
        accumulate(&expected, centres, &second)
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

    /// All rows as one component, as far as this family asks.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    pub(crate) fn total(&self, family: Family) -> Result<Total, GmmError> {
        let family = if family.is_oriented() {
            Family::Vvv
        } else {
            Family::Vvi
        };
        Ok(self.given(Given::Whole, 1, family)?.total())
    }

    fn accumulate(
        &self,
        responsibilities: &impl Responsibilities,
        centres: Arc<[f64]>,
        origin: &[f64],
        second: &Second,
    ) -> Result<SufficientStats, GmmError> {
        let mut relative = centres.to_vec();
        for centre in relative.chunks_mut(self.data.d()) {
            for (centre, origin) in centre.iter_mut().zip(origin) {
                *centre -= origin;
            }
        }
        let of_chunk = |rows| {
            self.isa.run(Accumulate {
                passes: self,
                responsibilities,
                centres: &centres,
                relative: &relative,
                origin,
                second,
                rows,
            })
        };
        let k = centres.len() / self.data.d();
        // Small data have many short passes, which a list of one would slow down.
        if self.is_one_chunk(k) {
            return of_chunk(0..self.data.n());
        }
        let mut parts = self.of_chunks(k, of_chunk)?.into_iter();
        let mut whole = parts.next().expect("at least one chunk");
        for part in parts {
            whole.merge(&part);
        }
        Ok(whole)
    }

    /// What every chunk of a pass with `k` components gives, in their order.
    pub(crate) fn of_chunks<T: Send>(
        &self,
        k: usize,
        of_chunk: impl Fn(Range<usize>) -> Result<T, GmmError> + Send + Sync,
    ) -> Result<Vec<T>, GmmError> {
        if self.is_one_chunk(k) {
            return Ok(vec![of_chunk(0..self.data.n())?]);
        }
        // Collected in two steps: rayon takes longer to collect into one result.
        let parts: Vec<Result<T, GmmError>> =
            self.chunks(k).into_par_iter().map(of_chunk).collect();
        parts.into_iter().collect()
    }

    /// The chunks of a pass with `k` components.
    pub(crate) fn chunks(&self, k: usize) -> Vec<Range<usize>> {
        split(0..self.data.n(), self.chunk_rows(k)).collect()
    }

    /// Whether a pass with `k` components has but one.
    fn is_one_chunk(&self, k: usize) -> bool {
        self.chunk_rows(k) >= self.data.n()
    }

    /// Rows of such a chunk.
    fn chunk_rows(&self, k: usize) -> usize {
        let d = self.data.d();
        let chunks = (CHUNK_DOUBLES / (k * d * (d + 3))).clamp(8, CHUNKS);
        let rows = self.data.n().div_ceil(chunks).max(CHUNK_ROWS);
        rows.next_multiple_of(block_rows(d, k))
    }

    /// Read a block of rows into `scratch`, relative to `origin`; here a stop takes effect.
    ///
    /// # Safety
    /// See [`crate::kernel::Kernel::run`].
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

/// What must be kept of every component's scatter about its own mean.
fn second_of(family: Family) -> Second {
    match family.needs_of_each() {
        Needs::Trace | Needs::Diagonal => Second::Diagonal,
        Needs::Full | Needs::Pooled => Second::Full,
    }
}

/// Consecutive ranges of at most `length`.
fn split(rows: Range<usize>, length: usize) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(length)
        .map(move |first| first..end.min(first + length))
}
