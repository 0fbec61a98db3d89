//! Every kernel against a plain scalar version of itself.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

use super::scatter::{self, packed_row, Moments};
use super::whiten::Whitener;
use super::{softmax, Block, Isa, Kernel, Tiles};
use crate::init::generator;
use crate::mixture::Factor;

fn both() -> Vec<Isa> {
    let mut all = vec![Isa::Portable];
    if Isa::detect() != Isa::Portable {
        all.push(Isa::detect());
    }
    all
}

fn normals(length: usize, stream: usize) -> Vec<f64> {
    let mut rng = generator(7, stream);
    (0..length).map(|_| rng.sample(StandardNormal)).collect()
}

/// A block of `rows` rows in `d` dimensions, its padding filled with zeros.
fn block_of(rows: usize, d: usize) -> (Block, Vec<f64>) {
    let block = Block::of(rows, rows.next_multiple_of(8) + 8);
    let mut x = normals(d * block.stride, rows + 1000 * d);
    for stretch in x.chunks_mut(block.stride) {
        stretch[rows..].fill(0.0);
    }
    (block, x)
}

/// Relative to the size of what was added up.
fn assert_close(a: f64, b: f64, size: f64, what: &str) {
    assert!(
        (a - b).abs() <= 1e-13 * size.max(1.0),
        "{what}: {a} and {b}"
    );
}

struct LogJoint<'a>(&'a Whitener, &'a [f64], Block, &'a mut [f64]);

impl Kernel for LogJoint<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::log_joint(self.0, self.1.as_ptr(), self.2, self.3.as_mut_ptr());
    }
}

#[test]
fn whitening_is_the_normal_log_density() {
    for d in 1..=40 {
        let spread = DMatrix::from_vec(d, d, normals(d * d, d));
        let covariance = &spread * spread.transpose() + DMatrix::identity(d, d);
        let factor = Factor::of(&covariance).unwrap();
        let mean = normals(d, 99);
        let rows = 1 + d % 17;
        let (block, x) = block_of(rows, d);
        let inverse = covariance.clone().try_inverse().unwrap();
        let constant = covariance.determinant().ln() + d as f64 * std::f64::consts::TAU.ln();
        for isa in both() {
            let whitener = Whitener::new(0.25_f64.ln(), &mean, &factor, isa.outputs());
            let mut out = vec![0.0; block.stride];
            isa.run(LogJoint(&whitener, &x, block, &mut out));
            for (i, out) in out[..rows].iter().enumerate() {
                let centred = DMatrix::from_fn(d, 1, |j, _| x[j * block.stride + i] - mean[j]);
                let distance = (centred.transpose() * &inverse * &centred)[(0, 0)];
                let expected = 0.25_f64.ln() - 0.5 * (constant + distance);
                let error = (out - expected).abs() / expected.abs().max(1.0);
                assert!(error < 1e-9, "{isa:?} d = {d}: {out} and {expected}");
            }
        }
    }
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

#[test]
fn softmax_is_exp_over_its_sum() {
    for (rows, k) in (1..=33).flat_map(|rows| [(rows, 1), (rows, 2), (rows, 7)]) {
        let (block, mut joint) = block_of(rows, k);
        for (j, stretch) in joint.chunks_mut(block.stride).enumerate() {
            // Up to and beyond where `exp` underflows.
            let scale = [1.0, 30.0, 500.0][rows % 3];
            stretch.iter_mut().for_each(|value| *value *= scale);
            stretch[rows..].fill(if j == 0 { 0.0 } else { -1e300 });
        }
        for isa in both() {
            let mut weight = joint.clone();
            let (mut largest, mut total) = (vec![0.0; block.stride], vec![0.0; block.stride]);
            let loglik = isa.run(Softmax(&mut weight, k, block, &mut largest, &mut total));
            let mut expected_loglik = 0.0;
            for i in 0..rows {
                let column = |j: usize| joint[j * block.stride + i];
                let max = (0..k).map(column).fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = (0..k).map(|j| (column(j) - max).exp()).sum();
                expected_loglik += max + sum.ln();
                assert_eq!(largest[i], max);
                assert_close(total[i], sum, sum, "sum");
                for j in 0..k {
                    let expected = (column(j) - max).exp() / sum;
                    assert_close(weight[j * block.stride + i], expected, 1.0, "weight");
                }
            }
            let size = 1.0 + expected_loglik.abs() * rows as f64;
            assert_close(loglik, expected_loglik, size, "log-likelihood");
        }
    }
}

struct Exp<'a>(&'a [f64], &'a mut [f64]);

impl Kernel for Exp<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        for i in (0..self.0.len()).step_by(V::WIDTH) {
            softmax::exp(V::load(self.0[i..].as_ptr())).store(self.1[i..].as_mut_ptr());
        }
    }
}

#[test]
fn exp_is_good_to_two_units_in_the_last_place() {
    let x: Vec<f64> = (0..708_000).map(|i| f64::from(i) * -1e-3).collect();
    for isa in both() {
        let mut y = vec![0.0; x.len()];
        isa.run(Exp(&x, &mut y));
        for (x, y) in x.iter().zip(&y) {
            let error = (y / x.exp() - 1.0).abs();
            assert!(error <= 2.0 * f64::EPSILON, "{isa:?} exp({x}): {error}");
        }
        let far = [-709.0, -1e300, f64::NEG_INFINITY, -1e4];
        let mut y = [1.0; 4];
        isa.run(Exp(&far, &mut y));
        assert_eq!(y, [0.0; 4]);
    }
}

struct Accumulate<'a> {
    x: &'a [f64],
    weight: &'a [f64],
    block: Block,
    centre: &'a [f64],
    moments: Moments<'a>,
}

impl Kernel for Accumulate<'_> {
    type Output = f64;
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) -> f64 {
        let mut centred = vec![0.0; self.x.len()];
        let mut weighted = vec![0.0; self.x.len()];
        let scratch = (centred.as_mut_ptr(), weighted.as_mut_ptr());
        let (x, weight) = (self.x.as_ptr(), self.weight.as_ptr());
        V::accumulate(x, weight, self.block, self.centre, scratch, self.moments);
        scatter::mass::<V>(weight, self.block)
    }
}

#[test]
fn accumulation_is_the_weighted_sums() {
    for d in 1..=40 {
        for rows in [1, 7, 8, 13] {
            let (block, x) = block_of(rows, d);
            let (_, mut weight) = block_of(rows, 1);
            weight.iter_mut().for_each(|weight| *weight = weight.abs());
            let centre = normals(d, 5);
            for isa in both() {
                let mut sum = vec![1.0; d];
                let mut scatter = vec![2.0; packed_row(d)];
                let mass = isa.run(Accumulate {
                    x: &x,
                    weight: &weight,
                    block,
                    centre: &centre,
                    moments: Moments {
                        sum: &mut sum,
                        scatter: &mut scatter,
                    },
                });
                assert_close(mass, weight.iter().sum(), 10.0, "mass");
                let y = |i: usize, row: usize| x[i * block.stride + row] - centre[i];
                for i in 0..d {
                    let expected: f64 = (0..rows).map(|row| weight[row] * y(i, row)).sum();
                    assert_close(sum[i], 1.0 + expected, 100.0, "sum");
                    for j in 0..=i {
                        let product = |row: usize| weight[row] * y(i, row) * y(j, row);
                        let expected: f64 = (0..rows).map(product).sum();
                        let got = scatter[packed_row(i) + j];
                        assert_close(got, 2.0 + expected, 100.0, "scatter");
                    }
                }
            }
        }
    }
}
