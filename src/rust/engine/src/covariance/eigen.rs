//! Eigenvectors and eigenvalues of scatters.

use nalgebra::{DMatrix, SymmetricEigen};

/// Steps of nalgebra's iteration per column, far above the two or three that it takes.
const STEPS: usize = 100;
/// What is to nothing of the largest entry.
const LEAST: f64 = 1e-150;
/// The square of a relative rounding error.
const ROUNDING: f64 = f64::EPSILON * f64::EPSILON;
/// The tangent of an angle whose cosine is rounded to one.
const STRAIGHT: f64 = 1e-8;
/// Sweeps of rotations, far above the four or five that they take.
const SWEEPS: usize = 50;

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
/// About `9 d³` operations.
pub(crate) fn decompose(matrix: &[f64], to: (&mut [f64], &mut [f64])) -> bool {
    // No iteration ends on what is not finite.
    if !matrix.iter().all(|entry| entry.is_finite()) {
        return false;
    }
    match to.1.len() {
        2 => rotate::<2>(matrix, to),
        3 => rotate::<3>(matrix, to),
        4 => rotate::<4>(matrix, to),
        d => iterate(DMatrix::from_column_slice(d, d, matrix), to),
    }
}

fn iterate(matrix: DMatrix<f64>, to: (&mut [f64], &mut [f64])) -> bool {
    let steps = STEPS * matrix.nrows();
    let Some(found) = SymmetricEigen::try_new(matrix, f64::EPSILON, steps) else {
        return false;
    };
    let values = found.eigenvalues.as_slice();
    let vectors = found.eigenvectors.as_slice();
    let d = values.len();
    sort(values, |j| &vectors[j * d..][..d], to);
    values.iter().all(|value| value.is_finite())
}

/// Of very few columns, by rotations in one plane after the other: in half the time.
///
/// # Source
/// Jacobi's method: Golub and Van Loan (2013), *Matrix Computations*, section 8.5.
fn rotate<const D: usize>(matrix: &[f64], to: (&mut [f64], &mut [f64])) -> bool {
    let largest = matrix.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    if largest == 0.0 {
        to.0.copy_from_slice(DMatrix::identity(D, D).as_slice());
        to.1.fill(0.0);
        return true;
    }
    // So that products neither under- nor overflow.
    let mut a = [[0.0; D]; D];
    for (column, from) in a.iter_mut().zip(matrix.chunks_exact(D)) {
        for (entry, from) in column.iter_mut().zip(from) {
            *entry = from / largest;
        }
    }
    let mut vectors = [[0.0; D]; D];
    for (j, vector) in vectors.iter_mut().enumerate() {
        vector[j] = 1.0;
    }
    for _ in 0..SWEEPS {
        let mut is_diagonal = true;
        for q in 1..D {
            for p in 0..q {
                let (own, other, between) = (a[p][p], a[q][q], a[q][p]);
                if between.abs() < LEAST || between.powi(2) <= ROUNDING * (own * other).abs() {
                    continue;
                }
                is_diagonal = false;
                let difference = other - own;
                let (tangent, cos) = if between.abs() < STRAIGHT * difference.abs() {
                    (between / difference, 1.0)
                } else {
                    // Of twice the angle the cosine is `|difference| / length`.
                    let length = (difference * difference + 4.0 * between * between).sqrt();
                    let sum = difference.abs() + length;
                    let tangent = 2.0 * between.copysign(between * difference) / sum;
                    (tangent, (sum / (2.0 * length)).sqrt())
                };
                let sin = tangent * cos;
                a[p][p] = own - tangent * between;
                a[q][q] = other + tangent * between;
                a[q][p] = 0.0;
                let turn =
                    |left: f64, right: f64| (cos * left - sin * right, sin * left + cos * right);
                for r in (0..D).filter(|r| *r != p && *r != q) {
                    let (left, right) = (a[p.max(r)][p.min(r)], a[q.max(r)][q.min(r)]);
                    let (left, right) = turn(left, right);
                    a[p.max(r)][p.min(r)] = left;
                    a[q.max(r)][q.min(r)] = right;
                }
                let (before, from) = vectors.split_at_mut(q);
                for (left, right) in before[p].iter_mut().zip(&mut from[0]) {
                    (*left, *right) = turn(*left, *right);
                }
            }
        }
        if is_diagonal {
            break;
        }
    }
    let mut values = [0.0; D];
    for (j, value) in values.iter_mut().enumerate() {
        *value = a[j][j] * largest;
    }
    sort(&values, |j| &vectors[j], to);
    values.iter().all(|value| value.is_finite())
}

/// Put decreasing eigenvalues, none of them negative, and their vectors into their places.
fn sort<'a>(
    all: &[f64],
    vector: impl Fn(usize) -> &'a [f64],
    (vectors, values): (&mut [f64], &mut [f64]),
) {
    let d = all.len();
    for (i, value) in all.iter().enumerate() {
        let before = all[..i].iter().filter(|other| *other >= value).count();
        let at = before + all[i + 1..].iter().filter(|other| *other > value).count();
        values[at] = value.max(0.0);
        vectors[at * d..(at + 1) * d].copy_from_slice(vector(i));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symmetric matrices of full rank, of less, with equal eigenvalues, and in any unit.
    fn matrices(d: usize) -> Vec<DMatrix<f64>> {
        let factor =
            |rank: usize| DMatrix::from_fn(d, rank, |i, j| ((3 * i + 5 * j) % 7) as f64 - 2.5);
        let full = factor(d + 2) * factor(d + 2).transpose();
        let mut matrices = vec![
            DMatrix::zeros(d, d),
            DMatrix::identity(d, d),
            DMatrix::from_element(d, d, 1.0),
            factor(1) * factor(1).transpose(),
            &full * 1e-300,
            &full * 1e-320,
            &full * 1e300,
            DMatrix::from_fn(d, d, |i, j| {
                if i == j {
                    10f64.powi(-8 * i as i32)
                } else {
                    0.0
                }
            }),
            DMatrix::from_fn(d, d, |i, j| {
                0.5 * 10f64.powi(-6 * (i + j) as i32) * (1.0 + f64::from(u8::from(i == j)))
            }),
        ];
        matrices.push(full);
        matrices
    }

    #[test]
    fn matrices_are_their_decreasing_eigenvalues_along_their_eigenvectors() {
        for d in 1..=5 {
            for matrix in matrices(d) {
                let (mut vectors, mut values) = (DMatrix::zeros(d, d), vec![0.0; d]);
                assert!(decompose(
                    matrix.as_slice(),
                    (vectors.as_mut_slice(), &mut values)
                ));
                assert!(values.windows(2).all(|pair| pair[0] >= pair[1]) && values[d - 1] >= 0.0);
                let gram = vectors.transpose() * &vectors - DMatrix::identity(d, d);
                assert!(gram.amax() < 1e-14, "{gram}");
                let scaled = DMatrix::from_fn(d, d, |i, j| vectors[(i, j)] * values[j]);
                let error = scaled * vectors.transpose() - &matrix;
                assert!(
                    error.amax() <= 1e-14 * matrix.amax() + 1e-322,
                    "{d} {matrix} {error}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_finite_has_no_eigenvectors() {
        for d in 1..=5 {
            for entry in [f64::NAN, f64::INFINITY] {
                let matrix = DMatrix::from_element(d, d, entry);
                assert_eq!(axes(&matrix), None);
            }
        }
    }
}
