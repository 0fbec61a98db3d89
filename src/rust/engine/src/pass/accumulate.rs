//! The kernel of a pass: the statistics of one chunk of rows.

use std::ops::Range;
use std::sync::Arc;

use super::{Passes, Scratch};
use crate::error::GmmError;
use crate::kernel::scale::Scalers;
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
                    Second::Trace => {
                        let distance = scratch.distance[k * block.stride..].as_ptr();
                        moments.scatter[0] -= 2.0 * sums::product::<V>(weight, distance, block);
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
