//! Closed forms of matrices: EEE, EEV, EVV, VVV.
//!
//! # Source
//! Celeux and Govaert (1995), Pattern Recognition 28(5), section 3.1.

use nalgebra::allocator::Allocator;
use nalgebra::{
    DMatrix, DefaultAllocator, DimDiff, DimSub, Matrix2, Matrix3, Matrix4, OMatrix, SymmetricEigen,
    U1,
};

use super::covariances::Composer;
use super::stack::Stack;
use super::triangles::{factor_regular, log_volume};
use super::{Basis, Covariances, Given};
use crate::error::GmmError;

/// Sweeps of the eigenvalue iteration per column, far above the two or three that it takes.
const EIGEN_ITERATIONS: usize = 100;

/// `W / N`, with `W` the pooled scatter.
pub(super) fn eee(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut lower = given.scatter.pooled() / given.total_mass();
    let is_regular = factor_regular(lower.as_mut_slice(), given.d());
    let basis = is_regular.then(|| Basis::triangular(lower)).flatten();
    Ok(Covariances::Common {
        basis: Some(basis.ok_or(GmmError::Degenerate { k: 0 })?),
        variances: DMatrix::from_element(given.d(), given.k(), 1.0),
    })
}

/// `L_k sum_j Omega_j L_k' / N`, with `W_k = L_k Omega_k L_k'` and `Omega_k` decreasing.
pub(super) fn eev(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut eigen = Eigen::of_each(given)?;
    let variances = eigen.values.column_sum() / given.total_mass();
    if lost(variances.as_slice()) {
        return Err(GmmError::Degenerate { k: 0 });
    }
    for mut own in eigen.values.column_iter_mut() {
        own.copy_from(&variances);
    }
    Ok(eigen.compose())
}

/// `lambda W_k / |W_k|^(1/d)`, with `lambda = sum_k |W_k|^(1/d) / N`.
pub(super) fn evv(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut factors = given.scatter.full().clone();
    let mut volumes = Vec::with_capacity(given.k());
    for (k, factor) in factors.each_mut().enumerate() {
        if !factor_regular(factor, given.d()) {
            return Err(GmmError::Degenerate { k });
        }
        volumes.push(log_volume(factor, given.d()).exp());
    }
    let equal = volumes.iter().sum::<f64>() / given.total_mass();
    own(given, |k| equal / volumes[k])
}

/// `W_k / N_k`.
pub(super) fn vvv(given: &Given<'_>) -> Result<Covariances, GmmError> {
    own(given, |k| 1.0 / given.mass[k])
}

/// Scatters times a factor each, if that is finite.
fn own(given: &Given<'_>, factor: impl Fn(usize) -> f64) -> Result<Covariances, GmmError> {
    let mut matrices = given.scatter.full().clone();
    for (k, matrix) in matrices.each_mut().enumerate() {
        let factor = factor(k);
        matrix.iter_mut().for_each(|entry| *entry *= factor);
        if !matrix.iter().all(|entry| entry.is_finite()) {
            return Err(GmmError::Degenerate { k });
        }
    }
    Ok(Covariances::Own(matrices))
}

/// `vectors diag(values) vectors'` of every component, the values decreasing and not negative.
pub(super) struct Eigen {
    vectors: Stack,
    /// A column per component.
    pub(super) values: DMatrix<f64>,
}

impl Eigen {
    /// The decomposition of every component's scatter.
    pub(super) fn of_each(given: &Given<'_>) -> Result<Self, GmmError> {
        let (k, d) = (given.k(), given.d());
        let mut eigen = Eigen {
            vectors: Stack::zeros(k, d),
            values: DMatrix::zeros(d, k),
        };
        for k in 0..k {
            let mut values = eigen.values.column_mut(k);
            let to = (eigen.vectors.of_mut(k), values.as_mut_slice());
            if !decompose(given.scatter.full().of(k), to) {
                return Err(GmmError::Degenerate { k });
            }
        }
        Ok(eigen)
    }

    /// The matrices of which this is the decomposition.
    pub(super) fn compose(&self) -> Covariances {
        let (k, d) = (self.vectors.k(), self.vectors.d());
        let mut matrices = Stack::zeros(k, d);
        let mut composer = Composer::new(d);
        let values = self.values.as_slice().chunks_exact(d);
        let vectors = self.vectors.each();
        for ((matrix, vectors), values) in matrices.each_mut().zip(vectors).zip(values) {
            composer.compose(vectors, values, matrix);
        }
        Covariances::Own(matrices)
    }
}

/// The eigenvectors of a symmetric positive semidefinite matrix, if that is finite; those of the
/// largest eigenvalues first.
pub(super) fn axes(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let mut vectors = matrix.clone();
    let mut values = vec![0.0; matrix.nrows()];
    let to = (vectors.as_mut_slice(), &mut values[..]);
    decompose(matrix.as_slice(), to).then_some(vectors)
}

/// Eigenvectors and eigenvalues of a symmetric positive semidefinite matrix, if that is finite, the
/// largest first.
///
/// # Cost
/// About `9 d³` operations; of small matrices a third of what it takes where the size is not known
/// to the compiler.
fn decompose(matrix: &[f64], to: (&mut [f64], &mut [f64])) -> bool {
    // The iteration never ends on what is not finite.
    if !matrix.iter().all(|entry| entry.is_finite()) {
        return false;
    }
    match to.1.len() {
        2 => decompose_sized(Matrix2::from_column_slice(matrix), to),
        3 => decompose_sized(Matrix3::from_column_slice(matrix), to),
        4 => decompose_sized(Matrix4::from_column_slice(matrix), to),
        d => decompose_sized(DMatrix::from_column_slice(d, d, matrix), to),
    }
}

fn decompose_sized<D: DimSub<U1>>(
    matrix: OMatrix<f64, D, D>,
    (vectors, values): (&mut [f64], &mut [f64]),
) -> bool
where
    DefaultAllocator: Allocator<D, D> + Allocator<D> + Allocator<DimDiff<D, U1>>,
{
    let d = values.len();
    let found = SymmetricEigen::try_new(matrix, f64::EPSILON, EIGEN_ITERATIONS * d);
    let Some(found) = found else {
        return false;
    };
    let all = found.eigenvalues.as_slice();
    if !all.iter().all(|value| value.is_finite()) {
        return false;
    }
    for (i, value) in all.iter().enumerate() {
        let before = all[..i].iter().filter(|other| *other >= value).count();
        let at = before + all[i + 1..].iter().filter(|other| *other > value).count();
        values[at] = value.max(0.0);
        vectors[at * d..(at + 1) * d].copy_from_slice(&found.eigenvectors.as_slice()[i * d..][..d]);
    }
    true
}

/// Whether decreasing eigenvalues end in nothing but the rounding error of the first.
pub(super) fn lost(values: &[f64]) -> bool {
    let (first, last) = (values[0], values[values.len() - 1]);
    let rounding = values.len() as f64 * f64::EPSILON * first;
    !(first.is_finite() && last.is_normal() && last > rounding)
}
