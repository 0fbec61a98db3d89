//! The kernel of a pass: the statistics of one chunk of rows.

use std::ops::Range;
use std::sync::Arc;

use super::{Passes, Scratch};
use crate::error::GmmError;
use crate::kernel::{sums, Kernel, Tiles};
use crate::responsibilities::Responsibilities;
use crate::stats::{Second, SufficientStats};

/// The statistics of one chunk.
pub(super) struct Accumulate<'a, R> {
    pub(super) passes: &'a Passes<'a>,
    pub(super) responsibilities: &'a R,
    /// What the moments are about, `double[k, d]`, row by row.
    pub(super) centres: &'a Arc<[f64]>,
    /// What blocks are relative to.
    pub(super) origin: &'a [f64],
    pub(super) second: &'a Second,
    pub(super) rows: Range<usize>,
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
        for rows in scratch.blocks(self.rows) {
            let block = self
                .passes
                .read::<V>(rows.clone(), self.origin, &mut scratch)?;
            if let Second::Trace = self.second {
                sums::squared_norms::<V>(scratch.x.as_mut_ptr(), block, d);
            }
            stats.add_loglik(self.responsibilities.fill::<V>(rows, block, &mut scratch));
            let x = scratch.x.as_ptr();
            if let Second::Trace | Second::Total(_) = self.second {
                // Centres are the origin.
                let weight = scratch.weight.as_ptr();
                V::accumulate_sums(x, weight, block, d, stats.sums_mut());
                if let Second::Trace = self.second {
                    let norms = x.add(d * block.stride);
                    V::accumulate_sums(norms, weight, block, 1, stats.scatters_mut());
                }
            }
            for (k, centre) in centres.chunks(d).enumerate() {
                let weight = scratch.weight[k * block.stride..].as_ptr();
                stats.add_mass(k, sums::mass::<V>(weight, block));
                let moments = stats.moments_mut(k);
                match self.second {
                    Second::Full => {
                        let buffers = (scratch.centred.as_mut_ptr(), scratch.weighted.as_mut_ptr());
                        V::accumulate(x, weight, block, centre, buffers, moments);
                    }
                    Second::Diagonal => {
                        V::accumulate_squares(x, weight, block, centre, moments);
                    }
                    Second::Trace | Second::Total(_) => {}
                }
            }
        }
        Ok(stats)
    }
}
