//! The kernels on a block of rows that stays in the cache: rows per second, with each set of
//! instructions.

use divan::counter::ItemsCount;
use divan::{black_box, Bencher};
use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

use crate::factors::CholeskyFactors;
use crate::init::generator;
use crate::kernel::scatter::{packed_row, Moments};
use crate::kernel::whiten::Whiteners;
use crate::kernel::{block_rows, softmax, Block, Isa, Kernel, Tiles};

/// Components, in [`softmax_of_block`].
const COMPONENTS: [usize; 3] = [3, 5, 10];
/// Columns of the data.
const COLUMNS: [usize; 5] = [1, 2, 10, 50, 100];

fn normals(length: usize) -> Vec<f64> {
    let mut rng = generator(1, length);
    (0..length).map(|_| rng.sample(StandardNormal)).collect()
}

/// Every size with every set of instructions.
fn with_isas(sizes: &[usize]) -> Vec<Case> {
    let each = |&size: &usize| Isa::all().into_iter().map(move |isa| Case { size, isa });
    sizes.iter().flat_map(each).collect()
}

#[derive(Clone, Copy)]
struct Case {
    size: usize,
    isa: Isa,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.size, self.isa)
    }
}

/// A full block of `stretches` stretches.
fn block_of(d: usize, k: usize, stretches: usize) -> (Block, Vec<f64>) {
    let rows = block_rows(d, k);
    (Block::of(rows, rows), normals(stretches * rows))
}

struct Whiten<'a>(&'a Whiteners, &'a [f64], Block, &'a mut [f64]);

impl Kernel for Whiten<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::whiten(self.0, 0, self.1.as_ptr(), self.2, self.3.as_mut_ptr());
    }
}

/// Log joint density of one component.
#[divan::bench(args = with_isas(&COLUMNS))]
fn whiten_block(bencher: Bencher, case: &Case) {
    let &Case { size: d, isa } = case;
    let (block, x) = block_of(d, 5, d);
    let spread = DMatrix::from_vec(d, d, normals(d * d));
    let covariance = &spread * spread.transpose() + DMatrix::identity(d, d);
    let factors =
        CholeskyFactors::of(&[covariance].into_iter().collect()).expect("positive definite");
    let means = DMatrix::from_vec(d, 1, normals(d));
    let whiteners = Whiteners::new(&[0.2], &means, &factors, isa.outputs());
    let mut out = vec![0.0; block.stride];
    bencher
        .counter(ItemsCount::new(block.padded))
        .bench_local(|| isa.run(Whiten(&whiteners, black_box(&x), block, &mut out)));
}

struct Softmax<'a>(&'a mut [f64], usize, Block, &'a mut [f64], &'a mut [f64]);

impl Kernel for Softmax<'_> {
    type Output = f64;
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) -> f64 {
        let (largest, total) = (self.3.as_mut_ptr(), self.4.as_mut_ptr());
        softmax::softmax::<V>(self.0.as_mut_ptr(), self.1, self.2, largest, total)
    }
}

/// Responsibilities of all components.
#[divan::bench(args = with_isas(&COMPONENTS))]
fn softmax_of_block(bencher: Bencher, case: &Case) {
    let &Case { size: k, isa } = case;
    // In place, and repeated: no value grows, and the time depends on none of them.
    let (block, mut joint) = block_of(2, k, k);
    let (mut largest, mut total) = (vec![0.0; block.stride], vec![0.0; block.stride]);
    bencher
        .counter(ItemsCount::new(block.padded))
        .bench_local(|| {
            isa.run(Softmax(
                black_box(&mut joint),
                k,
                block,
                &mut largest,
                &mut total,
            ))
        });
}

struct Accumulate<'a> {
    x: &'a [f64],
    weight: &'a [f64],
    block: Block,
    centre: &'a [f64],
    scratch: (&'a mut [f64], &'a mut [f64]),
    moments: Moments<'a>,
}

impl Kernel for Accumulate<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        let scratch = (self.scratch.0.as_mut_ptr(), self.scratch.1.as_mut_ptr());
        let (x, weight) = (self.x.as_ptr(), self.weight.as_ptr());
        V::accumulate(x, weight, self.block, self.centre, scratch, self.moments);
    }
}

/// Moments of one component.
#[divan::bench(args = with_isas(&COLUMNS))]
fn accumulate_block(bencher: Bencher, case: &Case) {
    let &Case { size: d, isa } = case;
    let (block, x) = block_of(d, 5, d);
    let weight = vec![0.5; block.stride];
    let centre = normals(d);
    let (mut centred, mut weighted) = (x.clone(), x.clone());
    let (mut sum, mut scatter) = (vec![0.0; d], vec![0.0; packed_row(d)]);
    bencher
        .counter(ItemsCount::new(block.padded))
        .bench_local(|| {
            isa.run(Accumulate {
                x: black_box(&x),
                weight: &weight,
                block,
                centre: &centre,
                scratch: (&mut centred, &mut weighted),
                moments: Moments {
                    sum: &mut sum,
                    scatter: &mut scatter,
                },
            });
        });
}

struct Products<'a>(&'a mut [f64], &'a [f64], Block, usize, &'a mut [f64]);

impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::accumulate_products(self.0.as_mut_ptr(), self.1.as_ptr(), self.2, self.3, self.4);
    }
}

/// Moments of five components at once.
#[divan::bench(args = with_isas(&COLUMNS))]
fn accumulate_products_of_block(bencher: Bencher, case: &Case) {
    let &Case { size: d, isa } = case;
    let k = 5;
    let (block, mut x) = block_of(d, k, 2 * d);
    let weight = vec![0.5; k * block.stride];
    let mut sums = vec![0.0; k * (d + packed_row(d))];
    bencher
        .counter(ItemsCount::new(block.padded))
        .bench_local(|| isa.run(Products(black_box(&mut x), &weight, block, d, &mut sums)));
}
