//! Rows into a block.

use std::ops::Range;

use super::lanes::Lanes;
use super::Block;
use crate::data::Data;

/// Doubles in a cache line.
pub(crate) const LINE: usize = 8;

/// Copy rows into a block, relative to `origin`, with zeros in the padding, and have the rows
/// after them brought near: the columns are as many streams, too short each for the processor to
/// foresee them.
///
/// # Safety
/// See [`Lanes`]; `to` holds `d` stretches of `block.stride` doubles.
#[inline(always)]
pub(crate) unsafe fn copy_rows<V: Lanes>(
    data: &Data<'_>,
    rows: Range<usize>,
    origin: &[f64],
    block: Block,
    to: &mut [f64],
) {
    let whole = rows.len() / V::WIDTH * V::WIDTH;
    for (j, (to, origin)) in to.chunks_mut(block.stride).zip(origin).enumerate() {
        let from = &data.column(j)[rows.clone()];
        let ahead = from.as_ptr().wrapping_add(rows.len());
        for line in (0..rows.len()).step_by(LINE) {
            V::prefetch(ahead.wrapping_add(line));
        }
        let shift = V::splat(*origin);
        for row in (0..whole).step_by(V::WIDTH) {
            let x = V::load(from.as_ptr().add(row));
            x.sub(shift).store(to.as_mut_ptr().add(row));
        }
        for row in whole..rows.len() {
            to[row] = from[row] - origin;
        }
        to[rows.len()..block.padded].fill(0.0);
    }
}
