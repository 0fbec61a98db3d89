//! The memory that a pass works in.

use std::cell::Cell;
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

/// The buffers of a [`Scratch`].
type Buffers = [Buffer; 6];

thread_local! {
    /// Buffers that a pass of this thread has done with: small data have many short passes, which
    /// would spend more time on memory than on rows.
    static SPARE: Cell<Option<Buffers>> = const { Cell::new(None) };
}

impl Buffer {
    /// Give it this length, and keep what memory it has; what is in it is nothing to rely on.
    fn resize(&mut self, length: usize) {
        let lines = length.div_ceil(LINE);
        if lines > self.lines.len() {
            self.lines.resize(lines, Line([0.0; LINE]));
        }
        self.length = length;
    }
}

impl Deref for Buffer {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        // SAFETY: the lines are doubles without gaps, and `resize` has made enough of them.
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
        let mut buffers = SPARE.take().unwrap_or_default();
        for (buffer, stretches) in buffers.iter_mut().zip([2 * d, k, 1, 1, d, d]) {
            buffer.resize(stretches * stride);
        }
        let [x, weight, largest, total, centred, weighted] = buffers;
        Scratch {
            block_rows,
            stride,
            x,
            weight,
            largest,
            total,
            centred,
            weighted,
        }
    }

    /// The blocks of a chunk.
    pub(crate) fn blocks(&self, chunk: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        super::split(chunk, self.block_rows)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffers = [
            &mut self.x,
            &mut self.weight,
            &mut self.largest,
            &mut self.total,
            &mut self.centred,
            &mut self.weighted,
        ];
        SPARE.set(Some(buffers.map(std::mem::take)));
    }
}
