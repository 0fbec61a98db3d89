//! Lower triangular matrices, column by column: Cholesky factors and their inverses.
//!
//! In place, for the matrices of a [`super::Stack`] and for those of a few columns that M-steps
//! and Anderson's steps factor by the thousand; elsewhere nalgebra's own do.

use nalgebra::DMatrix;

use super::products::sum_of_logs;

/// Put the Cholesky factor of a symmetric matrix in its place, if it is positive definite.
pub(crate) fn factor(matrix: &mut [f64], d: usize) -> bool {
    // Of few columns, the size is known to the compiler: half the time.
    match d {
        2 => factor_sized(&mut matrix[..4], 2),
        3 => factor_sized(&mut matrix[..9], 3),
        4 => factor_sized(&mut matrix[..16], 4),
        _ => factor_sized(matrix, d),
    }
}

#[inline(always)]
fn factor_sized(matrix: &mut [f64], d: usize) -> bool {
    for j in 0..d {
        let (before, from) = matrix.split_at_mut(j * d);
        let (above, column) = from[..d].split_at_mut(j);
        above.fill(0.0);
        for other in before.chunks_exact(d) {
            let multiple = other[j];
            for (entry, other) in column.iter_mut().zip(&other[j..]) {
                *entry -= multiple * other;
            }
        }
        let pivot = column[0].sqrt();
        if pivot.is_nan() || pivot <= 0.0 {
            return false;
        }
        column[0] = pivot;
        let inverse = 1.0 / pivot;
        for entry in &mut column[1..] {
            *entry *= inverse;
        }
    }
    matrix.iter().all(|entry| entry.is_finite())
}

/// Likewise, unless the matrix is singular.
///
/// A pivot that is nothing but rounding error of the entry that it came from is lost. That is
/// relative to this entry, so rescaled columns are judged alike.
pub(super) fn factor_regular(matrix: &mut [f64], d: usize) -> bool {
    let rounding = d as f64 * f64::EPSILON;
    // The entries that pivots came from are gone once it is factored: they are the squared lengths
    // of the factor's rows.
    let is_sound = |lower: &[f64], j: usize| {
        let row = lower.iter().skip(j).step_by(d).take(j + 1);
        let pivot = lower[j * d + j].powi(2);
        pivot.is_normal() && pivot > rounding * row.map(|entry| entry * entry).sum::<f64>()
    };
    factor(matrix, d) && (0..d).all(|j| is_sound(matrix, j))
}

/// Put the inverse of a lower triangular matrix into `inverse`, unless it is singular.
pub(crate) fn invert(lower: &[f64], d: usize, inverse: &mut [f64]) -> bool {
    match d {
        2 => invert_sized(&lower[..4], 2, &mut inverse[..4]),
        3 => invert_sized(&lower[..9], 3, &mut inverse[..9]),
        4 => invert_sized(&lower[..16], 4, &mut inverse[..16]),
        _ => invert_sized(lower, d, inverse),
    }
}

#[inline(always)]
fn invert_sized(lower: &[f64], d: usize, inverse: &mut [f64]) -> bool {
    inverse.fill(0.0);
    // From the last column to the first, so that the inverses of the pivots are there.
    for j in (0..d).rev() {
        let (before, after) = inverse.split_at_mut((j + 1) * d);
        let column = &mut before[j * d..];
        column[j] = 1.0 / lower[j * (d + 1)];
        for i in j..d {
            if i > j {
                column[i] *= after[(i - j - 1) * d + i];
            }
            let solved = column[i];
            for (entry, factor) in column[i + 1..]
                .iter_mut()
                .zip(&lower[i * d + i + 1..][..d - i - 1])
            {
                *entry -= solved * factor;
            }
        }
    }
    inverse.iter().all(|entry| entry.is_finite())
}

/// Solve `LL'x = b` in the place of `b`.
pub(crate) fn solve(lower: &[f64], x: &mut [f64]) {
    let d = x.len();
    for (j, column) in lower.chunks_exact(d).enumerate() {
        let (solved, rest) = x[j..].split_first_mut().expect("the diagonal");
        *solved /= column[j];
        for (entry, factor) in rest.iter_mut().zip(&column[j + 1..]) {
            *entry -= *solved * factor;
        }
    }
    for (j, column) in lower.chunks_exact(d).enumerate().rev() {
        let (entry, solved) = x[j..].split_first_mut().expect("the diagonal");
        let parts = solved.iter().zip(&column[j + 1..]);
        *entry -= parts.map(|(x, factor)| x * factor).sum::<f64>();
        *entry /= column[j];
    }
}

/// The inverse of a lower triangular matrix, unless it is singular.
pub(crate) fn inverse_of_lower(lower: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let d = lower.nrows();
    let mut inverse = DMatrix::zeros(d, d);
    invert(lower.as_slice(), d, inverse.as_mut_slice()).then_some(inverse)
}

/// The diagonal of a matrix.
pub(crate) fn diagonal(matrix: &[f64], d: usize) -> impl Iterator<Item = f64> + '_ {
    matrix.iter().step_by(d + 1).copied()
}

/// `log |LL'|^(1/d)`: of the determinant's root, because the determinant itself under- or
/// overflows.
pub(super) fn log_volume(lower: &[f64], d: usize) -> f64 {
    2.0 * sum_of_logs(diagonal(lower, d)) / d as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Cholesky;

    fn lower(d: usize) -> DMatrix<f64> {
        let entry = |i, j| if i < j { 0.0 } else { 1.0 + (i + 2 * j) as f64 };
        DMatrix::from_fn(d, d, entry)
    }

    #[test]
    fn factors_are_those_of_nalgebra_and_solve_equations() {
        for d in 1..=6 {
            let matrix = &lower(d) * lower(d).transpose();
            let expected = Cholesky::new(matrix.clone()).unwrap().unpack();
            for factor in [factor, factor_regular] {
                let mut found = matrix.clone();
                assert!(factor(found.as_mut_slice(), d));
                assert!((&found - &expected).amax() < 1e-12 * expected.amax());
                let mut x: Vec<f64> = (0..d).map(|i| i as f64 - 1.5).collect();
                let right = DMatrix::from_column_slice(d, 1, &x);
                solve(found.as_slice(), &mut x);
                let error = &matrix * DMatrix::from_vec(d, 1, x) - right;
                assert!(error.amax() < 1e-9);
            }
        }
    }

    #[test]
    fn a_lost_pivot_is_found_in_any_unit() {
        for unit in [1e-8, 1.0, 1e8_f64] {
            let mut matrix = [1.0, unit, unit, unit * unit * (1.0 + f64::EPSILON)];
            assert!(factor(&mut matrix.clone(), 2));
            assert!(!factor_regular(&mut matrix, 2));
        }
        for entries in [
            [1.0, 2.0, 2.0, 1.0],
            [0.0; 4],
            [f64::NAN; 4],
            [f64::INFINITY; 4],
        ] {
            assert!(!factor(&mut entries.clone(), 2));
        }
    }

    #[test]
    fn triangles_are_inverted_unless_they_are_singular() {
        for d in 1..=6 {
            let mut lower = lower(d);
            let inverse = inverse_of_lower(&lower).unwrap();
            let difference = &lower * inverse - DMatrix::identity(d, d);
            assert!(difference.amax() < 1e-12);
            lower[(d - 1, d - 1)] = 0.0;
            assert_eq!(inverse_of_lower(&lower), None);
        }
    }
}
