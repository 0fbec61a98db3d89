//! The memory that a pass works in.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut, Range};

use crate::kernel::copy::LINE;
use crate::kernel::{block_rows, Block};

/// The doubles of a cache line: a vector that lies across two takes twice the time.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f64; LINE]);

/// Doubles that begin with a cache line.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    lines: Vec<Line>,
    length: usize,
}

thread_local! {
    /// Buffers that the passes of this thread have done with: small data have many short passes,
    /// which would spend more time on memory than on rows.
    static SPARE: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

impl Buffer {
    /// One of this length; what is in it is nothing to rely on.
    fn spare(length: usize) -> Self {
        let mut buffer = SPARE.with(|spare| spare.borrow_mut().pop().unwrap_or_default());
        buffer
            .lines
            .resize(length.div_ceil(LINE), Line([0.0; LINE]));
        buffer.length = length;
        buffer
    }
}

impl Deref for Buffer {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        // SAFETY: the lines are doubles without gaps, and `spare` has made enough of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f64] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

/// Buffers of one thread for one block of rows.
#[derive(Debug)]
pub(crate) struct Scratch {
    block_rows: usize,
    pub(super) stride: usize,
    /// The block: `d` stretches, and as many for squares or products.
    pub(crate) x: Buffer,
    /// Log joint densities, then responsibilities: `k` stretches.
    pub(crate) weight: Buffer,
    /// See [`crate::kernel::softmax::softmax`].
    pub(crate) largest: Buffer,
    /// See [`crate::kernel::softmax::softmax`].
    pub(crate) total: Buffer,
    /// The block in another basis, or about another point: `d` stretches.
    pub(crate) centred: Buffer,
    /// The block about another point, times the weights of a component: `d` stretches.
    pub(super) weighted: Buffer,
}

impl Scratch {
    /// Buffers for chunks of `rows` rows.
    pub(crate) fn new(d: usize, k: usize, rows: usize) -> Self {
        let block_rows = block_rows(d, k).min(rows);
        let stride = Block::of(block_rows, 0).padded;
        Scratch {
            block_rows,
            stride,
            x: Buffer::spare(2 * d * stride),
            weight: Buffer::spare(k * stride),
            largest: Buffer::spare(stride),
            total: Buffer::spare(stride),
            centred: Buffer::spare(d * stride),
            weighted: Buffer::spare(d * stride),
        }
    }

    /// The blocks of a chunk.
    pub(crate) fn blocks(&self, chunk: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        super::split(chunk, self.block_rows)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // In the order in which the next ones are taken.
        let buffers = [
            &mut self.weighted,
            &mut self.centred,
            &mut self.total,
            &mut self.largest,
            &mut self.weight,
            &mut self.x,
        ];
        SPARE.with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.is_empty() {
                spare.extend(buffers.map(std::mem::take));
            }
        });
    }
}
