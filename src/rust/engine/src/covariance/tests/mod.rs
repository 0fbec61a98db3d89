//! Laws of the M-steps, and references to hold them against.

mod browne_mcnicholas;
mod degenerate;
mod laws;
mod letters;
mod members;
mod optimum;

use nalgebra::{Cholesky, DMatrix, DVector};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{Ascent, Covariances, Family, Needs, Scatters};
use crate::init::generator;
use crate::progress::Progress;

/// Random numbers, the same ones every time.
struct Random(ChaCha8Rng);

impl Random {
    fn new(stream: usize) -> Self {
        Random(generator(1, stream))
    }

    fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |_, _| self.normal())
    }

    fn orthogonal(&mut self, d: usize) -> DMatrix<f64> {
        self.matrix(d, d).qr().q()
    }

    /// Masses and scatters of `k` components of about 20 rows, without anything in common.
    fn case(&mut self, k: usize, d: usize) -> (Vec<f64>, Vec<DMatrix<f64>>) {
        let scatter = |random: &mut Self| {
            let rows = random.matrix(3 * d + 5, d) * random.matrix(d, d);
            rows.transpose() * rows
        };
        let mass = (0..k).map(|_| 10.0 + 20.0 * self.uniform()).collect();
        (mass, (0..k).map(|_| scatter(self)).collect())
    }
}

/// The expected complete-data log-likelihood, as far as covariances matter to it.
fn q(mass: &[f64], scatters: &[DMatrix<f64>], covariances: &[DMatrix<f64>]) -> f64 {
    let term = |k: usize| {
        let factor = Cholesky::new(covariances[k].clone()).unwrap();
        let log_determinant = 2.0 * factor.l().diagonal().map(f64::ln).sum();
        mass[k] * log_determinant + factor.solve(&scatters[k]).trace()
    };
    -0.5 * (0..mass.len()).map(term).sum::<f64>()
}

fn matrices(covariances: &Covariances) -> Vec<DMatrix<f64>> {
    (0..covariances.k())
        .map(|k| covariances.matrix(k))
        .collect()
}

fn full(scatters: &[DMatrix<f64>]) -> Scatters {
    Scatters::Full(scatters.iter().cloned().collect())
}

/// The M-step's matrices, from full scatters and a cold start.
fn maximise(family: Family, mass: &[f64], scatters: &[DMatrix<f64>]) -> Vec<DMatrix<f64>> {
    let full = full(scatters);
    matrices(
        &family
            .m_step(mass, &full, Ascent::Anew, &Progress::new())
            .unwrap(),
    )
}

/// No more than a family needs of the scatters.
fn least(family: Family, scatters: &[DMatrix<f64>]) -> Scatters {
    let full = full(scatters);
    match family.needs() {
        Needs::Full => full,
        Needs::Diagonal => Scatters::Diagonal(full.diagonals()),
        Needs::Trace => Scatters::Trace {
            traces: scatters.iter().map(DMatrix::trace).collect(),
            d: scatters[0].nrows(),
        },
        Needs::Pooled => Scatters::Pooled(full.pooled()),
    }
}

/// The largest difference between matrices, relative to their largest entry.
fn difference(left: &[DMatrix<f64>], right: &[DMatrix<f64>]) -> f64 {
    let pairs = left.iter().zip(right);
    pairs
        .map(|(left, right)| (left - right).amax() / left.amax())
        .fold(0.0, f64::max)
}

fn log_volume(covariance: &DMatrix<f64>) -> f64 {
    let factor = Cholesky::new(covariance.clone()).unwrap();
    2.0 * factor.l().diagonal().map(f64::ln).mean()
}

/// Eigenvalues in decreasing order, for determinant one.
fn shape(covariance: &DMatrix<f64>) -> DVector<f64> {
    let mut values: Vec<f64> = covariance
        .symmetric_eigenvalues()
        .iter()
        .map(|value| value / log_volume(covariance).exp())
        .collect();
    values.sort_by(|a, b| b.total_cmp(a));
    DVector::from_vec(values)
}
