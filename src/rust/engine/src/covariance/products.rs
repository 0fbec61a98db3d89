//! Products of matrices, of which most are small here, and many.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

/// Columns up to which a product has so little to do that nalgebra's takes longer to begin.
const FEW: usize = 8;

/// `out = left right`, of matrices of `d` columns, the right one square.
pub(crate) fn multiply(left: &[f64], right: &[f64], d: usize, out: &mut [f64]) {
    let rows = left.len() / d;
    if d > FEW {
        let left = DMatrixView::from_slice(left, rows, d);
        let right = DMatrixView::from_slice(right, d, d);
        DMatrixViewMut::from_slice(out, rows, d).gemm(1.0, &left, &right, 0.0);
        return;
    }
    // Of square matrices of few columns, the size is known to the compiler.
    match (rows, d) {
        (2, 2) => multiply_few(&left[..4], &right[..4], 2, &mut out[..4]),
        (3, 3) => multiply_few(&left[..9], &right[..9], 3, &mut out[..9]),
        (4, 4) => multiply_few(&left[..16], &right[..16], 4, &mut out[..16]),
        _ => multiply_few(left, right, d, out),
    }
}

#[inline(always)]
fn multiply_few(left: &[f64], right: &[f64], d: usize, out: &mut [f64]) {
    let rows = left.len() / d;
    let columns = out.chunks_exact_mut(rows).zip(right.chunks_exact(d));
    for (out, factors) in columns {
        let mut parts = left.chunks_exact(rows).zip(factors);
        let (first, factor) = parts.next().expect("at least one column");
        for (out, left) in out.iter_mut().zip(first) {
            *out = factor * left;
        }
        for (left, factor) in parts {
            for (out, left) in out.iter_mut().zip(left) {
                *out += factor * left;
            }
        }
    }
}

/// `left right`, likewise.
pub(crate) fn product(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    let (rows, d) = left.shape();
    let mut out = DMatrix::zeros(rows, d);
    multiply(left.as_slice(), right.as_slice(), d, out.as_mut_slice());
    out
}

/// The sum of the logarithms of positive numbers: of their product as long as this neither under-
/// nor overflows, since a logarithm takes ten times as long as a multiplication.
pub(crate) fn sum_of_logs(factors: impl Iterator<Item = f64>) -> f64 {
    const SAFE: std::ops::RangeInclusive<f64> = 1e-140..=1e140;
    let (mut sum, mut product) = (0.0, 1.0);
    for factor in factors {
        if !SAFE.contains(&factor) {
            sum += factor.ln();
            continue;
        }
        product *= factor;
        if !SAFE.contains(&product) {
            sum += product.ln();
            product = 1.0;
        }
    }
    sum + product.ln()
}

/// Inner product; a long one in lanes, which the compiler turns into vector instructions.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    const LANES: usize = 8;
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = xs.remainder().iter().zip(ys.remainder());
    let rest: f64 = rest.map(|(x, y)| x * y).sum();
    if x.len() < LANES {
        return rest;
    }
    let mut lanes = [0.0; LANES];
    for (x, y) in xs.zip(ys) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_logarithms_neither_under_nor_overflow() {
        for factors in [
            vec![],
            vec![3.0_f64, 0.1, 7.0],
            vec![1e-130; 9],
            vec![1e139; 9],
            vec![1e-300, 1e300, 1e-308, 2.0],
        ] {
            let expected: f64 = factors.iter().map(|factor: &f64| factor.ln()).sum();
            let found = sum_of_logs(factors.iter().copied());
            assert!((found - expected).abs() <= 1e-13 * (1.0 + expected.abs()));
        }
        assert_eq!(sum_of_logs([2.0, 0.0].into_iter()), f64::NEG_INFINITY);
        assert!(sum_of_logs([2.0, -1.0].into_iter()).is_nan());
        assert!(sum_of_logs([2.0, f64::NAN].into_iter()).is_nan());
    }

    #[test]
    fn products_are_those_of_nalgebra_for_few_columns_and_many() {
        for d in 1..=FEW + 3 {
            for rows in [1, d, 3 * d + 1] {
                let left = DMatrix::from_fn(rows, d, |i, j| ((i * 7 + j * 3) % 11) as f64 - 5.0);
                let right = DMatrix::from_fn(d, d, |i, j| ((i * 5 + j * 2) % 7) as f64 - 3.0);
                // Of small whole numbers, so that nothing is rounded.
                assert_eq!(product(&left, &right), &left * &right);
                let column = left.column(d - 1).into_owned();
                assert_eq!(
                    dot(column.as_slice(), column.as_slice()),
                    column.norm_squared()
                );
            }
        }
    }
}
