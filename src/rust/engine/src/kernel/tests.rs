//! Every kernel against a plain scalar version of itself.

use std::f64::consts::{LN_2, LOG2_E};

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

use super::affine::Affine;
use super::lanes::SMALLEST_EXPONENT;
use super::scale::{Axes, Scalers};
use super::scatter::{accumulate_few, few_sums, packed_row, Moments, FEW_COLUMNS};
use super::whiten::Whiteners;
use super::{softmax, sums, Block, Isa, Kernel, Tiles, ROW_MULTIPLE};
use crate::factors::CholeskyFactors;
use crate::init::generator;

#[test]
fn instructions_are_chosen_by_name_or_the_best() {
    let all = Isa::all();
    for &isa in &all {
        assert_eq!(Isa::chosen(&all, isa.name()), isa);
    }
    assert_eq!(Isa::chosen(&all, "portable"), Isa::Portable);
    for name in ["", "sse2"] {
        assert_eq!(Isa::chosen(&all, name), all[all.len() - 1]);
    }
}

fn normals(length: usize, stream: usize) -> Vec<f64> {
    let mut rng = generator(7, stream);
    (0..length).map(|_| rng.sample(StandardNormal)).collect()
}

/// A block of `rows` rows in `d` dimensions, its padding filled with zeros.
fn block_of(rows: usize, d: usize) -> (Block, Vec<f64>) {
    let block = Block::of(rows, rows.next_multiple_of(ROW_MULTIPLE) + ROW_MULTIPLE);
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

struct LogJoint<'a>(&'a Whiteners, &'a [f64], Block, &'a mut [f64]);

impl Kernel for LogJoint<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::whiten(self.0, 1, self.1.as_ptr(), self.2, self.3.as_mut_ptr());
    }
}

#[test]
fn whitening_is_the_normal_log_density() {
    for d in 1..=40 {
        let spread = DMatrix::from_vec(d, d, normals(d * d, d));
        let covariance = &spread * spread.transpose() + DMatrix::identity(d, d);
        // The second of two components.
        let covariances = [DMatrix::identity(d, d), covariance.clone()];
        let factors = CholeskyFactors::of(&covariances.into_iter().collect()).unwrap();
        let means = DMatrix::from_vec(d, 2, normals(2 * d, 99));
        let mean = means.column(1);
        let rows = 1 + d % 17;
        let (block, x) = block_of(rows, d);
        let inverse = covariance.clone().try_inverse().unwrap();
        let constant = covariance.determinant().ln() + d as f64 * std::f64::consts::TAU.ln();
        for isa in Isa::all() {
            let whiteners = Whiteners::new(&[0.75, 0.25], &means, &factors, isa.outputs());
            let mut out = vec![0.0; block.stride];
            isa.run(LogJoint(&whiteners, &x, block, &mut out));
            for (i, out) in out[..rows].iter().enumerate() {
                let centred = DMatrix::from_fn(d, 1, |j, _| x[j * block.stride + i] - mean[j]);
                let distance = (centred.transpose() * &inverse * &centred)[(0, 0)];
                let expected = LOG2_E * (0.25_f64.ln() - 0.5 * (constant + distance));
                let error = (out - expected).abs() / expected.abs().max(1.0);
                assert!(error < 1e-9, "{isa:?} d = {d}: {out} and {expected}");
            }
        }
    }
}

struct Scale<'a>(&'a Scalers, &'a [f64], Block, &'a mut [f64]);

impl Kernel for Scale<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::scale(self.0, self.1.as_ptr(), self.2, self.3.as_mut_ptr());
    }
}

#[test]
fn scaling_is_the_normal_log_density_with_diagonal_covariances() {
    for d in 1..=40 {
        for k in 1..=9 {
            let (rows, log_volume) = (1 + (3 * d + k) % 17, 0.25 * d as f64);
            let (block, x) = block_of(rows, d);
            let means = normals(k * d, 1);
            let deviations: Vec<f64> = normals(k * d, 2).iter().map(|s| s.exp()).collect();
            let axes: Vec<Axes<'_>> = (0..k)
                .map(|j| Axes {
                    log_weight: -(j as f64),
                    mean: &means[j * d..(j + 1) * d],
                    deviations: &deviations[j * d..(j + 1) * d],
                    log_volume,
                })
                .collect();
            let scalers = Scalers::new(&axes);
            for isa in Isa::all() {
                let mut out = vec![0.0; k * block.stride];
                isa.run(Scale(&scalers, &x, block, &mut out));
                for (i, (j, axes)) in
                    (0..rows).flat_map(|i| axes.iter().enumerate().map(move |a| (i, a)))
                {
                    let density = |l: usize| {
                        let z = (x[l * block.stride + i] - axes.mean[l]) / axes.deviations[l];
                        -0.5 * (z * z + std::f64::consts::TAU.ln()) - axes.deviations[l].ln()
                    };
                    let terms: Vec<f64> = (0..d).map(density).collect();
                    let size: f64 = terms.iter().map(|term| term.abs()).sum();
                    let expected = terms.iter().sum::<f64>() + axes.log_weight - log_volume;
                    let found = LN_2 * out[j * block.stride + i];
                    assert_close(found, expected, 10.0 * size, "density");
                }
            }
        }
    }
}

struct Apply<'a>(&'a Affine, &'a [f64], Block, &'a mut [f64]);

impl Kernel for Apply<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::apply(self.0, self.1.as_ptr(), self.2, self.3.as_mut_ptr());
    }
}

#[test]
fn an_affine_function_is_a_product_and_a_sum() {
    for d in 1..=40 {
        for outputs in [1, 2, 3, 4, 5, 6, 7, 11, 13] {
            let (block, x) = block_of(1 + (d + outputs) % 17, d);
            let matrix = DMatrix::from_vec(outputs, d, normals(outputs * d, 1));
            let constants = normals(outputs, 2);
            for isa in Isa::all() {
                let affine = Affine::new(&matrix, constants.clone(), isa.outputs());
                let mut out = vec![0.0; outputs * block.stride];
                isa.run(Apply(&affine, &x, block, &mut out));
                for row in 0..block.padded {
                    for (i, constant) in constants.iter().enumerate() {
                        let terms = (0..d).map(|j| matrix[(i, j)] * x[j * block.stride + row]);
                        let expected = constant + terms.sum::<f64>();
                        assert_close(out[i * block.stride + row], expected, 100.0, "output");
                    }
                }
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
fn softmax_is_a_power_over_the_sum_of_all() {
    for (rows, k) in (1..=33).flat_map(|rows| [(rows, 1), (rows, 2), (rows, 7)]) {
        let (block, mut joint) = block_of(rows, k);
        for (j, stretch) in joint.chunks_mut(block.stride).enumerate() {
            // Up to and beyond where powers underflow.
            let scale = [1.0, 30.0, 700.0][rows % 3];
            stretch.iter_mut().for_each(|value| *value *= scale);
            stretch[rows..].fill(if j == 0 { 0.0 } else { -1e300 });
        }
        for isa in Isa::all() {
            let mut weight = joint.clone();
            let (mut largest, mut total) = (vec![0.0; block.stride], vec![0.0; block.stride]);
            let loglik = isa.run(Softmax(&mut weight, k, block, &mut largest, &mut total));
            let mut expected_loglik = 0.0;
            for i in 0..rows {
                let column = |j: usize| joint[j * block.stride + i];
                let max = (0..k).map(column).fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = (0..k).map(|j| (column(j) - max).exp2()).sum();
                expected_loglik += LN_2 * max + sum.ln();
                assert_eq!(largest[i], max);
                assert_close(total[i], sum, sum, "sum");
                for j in 0..k {
                    let expected = (column(j) - max).exp2() / sum;
                    assert_close(weight[j * block.stride + i], expected, 1.0, "weight");
                }
            }
            let size = 1.0 + expected_loglik.abs() * rows as f64;
            assert_close(loglik, expected_loglik, size, "log-likelihood");
        }
    }
}

struct Powers<'a>(&'a [f64], &'a mut [f64]);

impl Kernel for Powers<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        for i in (0..self.0.len()).step_by(V::WIDTH) {
            let x = V::load(self.0[i..].as_ptr());
            softmax::power_of_two(x).store(self.1[i..].as_mut_ptr());
        }
    }
}

#[test]
fn powers_of_two_are_good_to_three_units_in_the_last_place() {
    let x: Vec<f64> = (0..=900_000).map(|i| f64::from(i) * -1e-3).collect();
    let mut x = [&x[..], &[-0.5, -1.5, -0.0]].concat();
    x.resize(x.len().next_multiple_of(ROW_MULTIPLE), 0.0);
    for isa in Isa::all() {
        let mut y = vec![0.0; x.len()];
        isa.run(Powers(&x, &mut y));
        for (x, y) in x.iter().zip(&y) {
            let error = (y / x.exp2() - 1.0).abs();
            assert!(error <= 3.0 * f64::EPSILON, "{isa:?} 2^{x}: {error}");
        }
        let far = [SMALLEST_EXPONENT - 0.6, -1e300, f64::NEG_INFINITY, f64::NAN].repeat(2);
        let mut y = [1.0; 8];
        isa.run(Powers(&far, &mut y));
        assert_eq!(y, [0.0; 8]);
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
        sums::mass::<V>(weight, self.block)
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
            for isa in Isa::all() {
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

struct Few<'a> {
    x: &'a [f64],
    weight: &'a [f64],
    block: Block,
    centre: &'a [f64],
}

impl Kernel for Few<'_> {
    type Output = Vec<f64>;
    /// The sums over the block, twice.
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) -> Vec<f64> {
        let mut lanes = vec![0.0; few_sums(self.centre.len()) * V::WIDTH];
        let (x, weight) = (self.x.as_ptr(), self.weight.as_ptr());
        for _ in 0..2 {
            accumulate_few::<V>(x, weight, self.block, self.centre, lanes.as_mut_ptr());
        }
        let lanes = lanes.chunks(V::WIDTH);
        lanes.map(|lane| V::load(lane.as_ptr()).sum()).collect()
    }
}

#[test]
fn sums_of_few_columns_are_added_up() {
    for d in 1..=FEW_COLUMNS {
        for rows in 1..=33 {
            let (block, x) = block_of(rows, d);
            let (_, mut weight) = block_of(rows, 1);
            weight.iter_mut().for_each(|weight| *weight = weight.abs());
            let centre = normals(d, 5);
            let y = |i: usize, row: usize| x[i * block.stride + row] - centre[i];
            let sum = |of: &dyn Fn(usize) -> f64| {
                2.0 * (0..rows).map(|row| weight[row] * of(row)).sum::<f64>()
            };
            let mut expected = vec![sum(&|_| 1.0)];
            expected.extend((0..d).map(|i| sum(&|row| y(i, row))));
            for i in 0..d {
                expected.extend((0..=i).map(|j| sum(&|row| y(i, row) * y(j, row))));
            }
            for isa in Isa::all() {
                let got = isa.run(Few {
                    x: &x,
                    weight: &weight,
                    block,
                    centre: &centre,
                });
                assert_eq!(got.len(), expected.len());
                for (got, expected) in got.iter().zip(&expected) {
                    assert_close(*got, *expected, 100.0, "sum");
                }
            }
        }
    }
}

struct Squares<'a>(Accumulate<'a>);

impl Kernel for Squares<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        let Accumulate {
            x,
            weight,
            block,
            centre,
            moments,
        } = self.0;
        V::accumulate_squares(x.as_ptr(), weight.as_ptr(), block, centre, moments);
    }
}

#[test]
fn squares_are_the_diagonal_of_the_scatter() {
    for d in 1..=40 {
        let rows = 1 + d % 13;
        let (block, x) = block_of(rows, d);
        let (_, mut weight) = block_of(rows, 1);
        weight.iter_mut().for_each(|weight| *weight = weight.abs());
        let centre = normals(d, 5);
        for isa in Isa::all() {
            let (mut sum, mut squares) = (vec![1.0; d], vec![2.0; d]);
            isa.run(Squares(Accumulate {
                x: &x,
                weight: &weight,
                block,
                centre: &centre,
                moments: Moments {
                    sum: &mut sum,
                    scatter: &mut squares,
                },
            }));
            for j in 0..d {
                let y = |row: usize| x[j * block.stride + row] - centre[j];
                let first: f64 = (0..rows).map(|row| weight[row] * y(row)).sum();
                let second: f64 = (0..rows).map(|row| weight[row] * y(row) * y(row)).sum();
                assert_close(sum[j], 1.0 + first, 100.0, "sum");
                assert_close(squares[j], 2.0 + second, 100.0, "square");
            }
        }
    }
}

struct Sums<'a>(&'a [f64], &'a [f64], Block, usize, &'a mut [f64]);

impl Kernel for Sums<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::accumulate_sums(self.0.as_ptr(), self.1.as_ptr(), self.2, self.3, self.4);
    }
}

#[test]
fn sums_are_weighted_by_every_component() {
    for d in 1..=40 {
        for k in 1..=8 {
            let rows = 1 + (d + k) % 13;
            let (block, x) = block_of(rows, d);
            let (_, weight) = block_of(rows, k);
            for isa in Isa::all() {
                let mut sums = vec![1.0; k * d];
                isa.run(Sums(&x, &weight, block, d, &mut sums));
                for (i, sum) in sums.iter().enumerate() {
                    let (component, j) = (i / d * block.stride, i % d * block.stride);
                    let products = (0..rows).map(|row| weight[component + row] * x[j + row]);
                    assert_close(*sum, 1.0 + products.sum::<f64>(), 100.0, "sum");
                }
            }
        }
    }
}

struct Products<'a>(&'a mut [f64], &'a [f64], Block, usize, &'a mut [f64]);

impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        V::accumulate_products(self.0.as_mut_ptr(), self.1.as_ptr(), self.2, self.3, self.4);
    }
}

#[test]
fn products_of_columns_are_weighted_by_every_component() {
    for d in 1..=40 {
        for k in 1..=8 {
            let rows = 1 + (d + k) % 13;
            let (block, columns) = block_of(rows, d);
            let (_, weight) = block_of(rows, k);
            let pairs = (0..d).flat_map(|i| (0..=i).map(move |j| (i, j)));
            let terms: Vec<_> = (0..d)
                .map(|j| (j, None))
                .chain(pairs.map(|(i, j)| (i, Some(j))))
                .collect();
            for isa in Isa::all() {
                let mut x = columns.clone();
                x.resize(2 * d * block.stride, f64::NAN);
                let mut sums = vec![1.0; k * terms.len()];
                isa.run(Products(&mut x, &weight, block, d, &mut sums));
                for (at, sum) in sums.iter().enumerate() {
                    let (component, (i, j)) = (at / terms.len(), terms[at % terms.len()]);
                    let column = |j: usize, row: usize| columns[j * block.stride + row];
                    let term = |row: usize| column(i, row) * j.map_or(1.0, |j| column(j, row));
                    let weighted = |row| weight[component * block.stride + row] * term(row);
                    let expected = 1.0 + (0..rows).map(weighted).sum::<f64>();
                    assert_close(*sum, expected, 100.0, "sum");
                }
            }
        }
    }
}

struct Columns<'a>(&'a mut [f64], Block, usize);

impl Kernel for Columns<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        sums::squares::<V>(self.0.as_mut_ptr(), self.1, self.2);
    }
}

#[test]
fn squares_of_columns_follow_the_columns() {
    for d in [1, 2, 7] {
        let (block, columns) = block_of(1 + d, d);
        for isa in Isa::all() {
            let mut x = columns.clone();
            x.resize(2 * d * block.stride, f64::NAN);
            isa.run(Columns(&mut x, block, d));
            assert_eq!(x[..columns.len()], columns);
            let used =
                (0..d).flat_map(|j| (0..block.padded).map(move |row| j * block.stride + row));
            assert!(used
                .into_iter()
                .all(|at| x[d * block.stride + at] == x[at] * x[at]));
        }
    }
}

struct Norms<'a>(&'a mut [f64], Block, usize);

impl Kernel for Norms<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Tiles>(self) {
        sums::squared_norms::<V>(self.0.as_mut_ptr(), self.1, self.2);
    }
}

#[test]
fn norms_are_sums_of_squares() {
    for d in 1..=40 {
        let rows = 1 + d % 13;
        let (block, columns) = block_of(rows, d);
        for isa in Isa::all() {
            let mut x = columns.clone();
            x.resize((d + 1) * block.stride, f64::NAN);
            isa.run(Norms(&mut x, block, d));
            assert_eq!(x[..columns.len()], columns);
            for row in 0..block.padded {
                let squares = (0..d).map(|j| columns[j * block.stride + row].powi(2));
                let norm = x[d * block.stride + row];
                assert_close(norm, squares.sum(), 100.0, "squared norm");
            }
        }
    }
}
