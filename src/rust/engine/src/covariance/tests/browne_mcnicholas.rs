//! EVE and VVE against the algorithm of Browne and McNicholas (2014), iterated for long.

use crate::progress::Progress;
use nalgebra::{Cholesky, DMatrix, DVector, DVectorView};

use super::{full, maximise, q, Random};
use crate::covariance::{Ascent, Covariances, Family};

/// Factors `1 / (lambda_k a_kj)` of the closed form for an orientation.
fn precisions(family: Family, mass: &[f64], turned: &[DMatrix<f64>]) -> Vec<DVector<f64>> {
    let volume = |k: usize| turned[k].diagonal().map(f64::ln).mean().exp();
    let total: f64 = mass.iter().sum();
    let equal = (0..mass.len()).map(volume).sum::<f64>() / total;
    let factor = |k: usize| match family {
        Family::Eve => volume(k) / equal,
        _ => mass[k],
    };
    let own = |k: usize| turned[k].diagonal().map(|entry| factor(k) / entry);
    (0..mass.len()).map(own).collect()
}

/// Alternate between the closed form and a step that minimises what majorises the objective on
/// the orthogonal matrices: `tr(F D)` with `F = sum_k P_k D' (W_k - w_k I)`, `w_k` the largest
/// eigenvalue of `W_k` and `P_k` the precisions.
fn reference(
    family: Family,
    mass: &[f64],
    scatters: &[DMatrix<f64>],
    start: &DMatrix<f64>,
    steps: usize,
) -> f64 {
    let d = start.nrows();
    let shift = |scatter: &DMatrix<f64>| {
        scatter - DMatrix::from_diagonal_element(d, d, scatter.symmetric_eigenvalues().max())
    };
    let shifted: Vec<DMatrix<f64>> = scatters.iter().map(shift).collect();
    let turn = |axes: &DMatrix<f64>| -> Vec<DMatrix<f64>> {
        let turned = scatters
            .iter()
            .map(|scatter| axes.transpose() * scatter * axes);
        turned.collect()
    };
    let mut axes = start.clone();
    for _ in 0..steps {
        let mut slope = DMatrix::zeros(d, d);
        let own = precisions(family, mass, &turn(&axes));
        for (precisions, shifted) in own.iter().zip(&shifted) {
            slope += DMatrix::from_diagonal(precisions) * axes.transpose() * shifted;
        }
        let parts = slope.svd(true, true);
        axes = -(parts.u.unwrap() * parts.v_t.unwrap()).transpose();
    }
    let own = precisions(family, mass, &turn(&axes));
    likelihood(mass, scatters, &axes, &own)
}

/// What `q` is of covariances with these axes and precisions. The squared lengths of the columns of
/// `L'D` are those of `W = LL'` to the last digits, however far its eigenvalues lie apart.
fn likelihood(
    mass: &[f64],
    scatters: &[DMatrix<f64>],
    axes: &DMatrix<f64>,
    precisions: &[DVector<f64>],
) -> f64 {
    let term = |k: usize| {
        let root = Cholesky::new(scatters[k].clone()).unwrap();
        let turned = root.l().transpose() * axes;
        let columns = turned.column_iter().zip(&precisions[k]);
        let term = |(column, precision): (_, &f64)| {
            let column: DVectorView<'_, f64> = column;
            column.norm_squared() * precision - mass[k] * precision.ln()
        };
        columns.map(term).sum::<f64>()
    };
    -0.5 * (0..mass.len()).map(term).sum::<f64>()
}

#[test]
fn the_reference_is_not_better_from_wherever_it_starts() {
    let mut random = Random::new(11);
    for (d, cases) in [(2, 12), (3, 8), (4, 6), (5, 4), (6, 3)] {
        for case in 0..cases {
            let (mass, scatters) = random.case(2 + case % 3, d);
            for family in [Family::Eve, Family::Vve] {
                let ours = q(&mass, &scatters, &maximise(family, &mass, &scatters));
                for start in [DMatrix::identity(d, d), random.orthogonal(d)] {
                    let theirs = reference(family, &mass, &scatters, &start, 2000);
                    let name = family.name();
                    assert!(theirs < ours + 1e-8, "{name} {d} {case}: {theirs}, {ours}");
                }
            }
        }
    }
}

#[test]
fn the_reference_finds_nothing_to_gain_where_ours_ends_and_ends_there_from_nearby() {
    let mut random = Random::new(12);
    for d in [2, 3, 5, 6] {
        for _ in 0..5 {
            let (mass, scatters) = random.case(3, d);
            let full = full(&scatters);
            for family in [Family::Eve, Family::Vve] {
                let found = family
                    .m_step(&mass, &full, Ascent::Anew, &Progress::new())
                    .unwrap();
                let Covariances::Common {
                    basis: Some(basis),
                    variances,
                } = found
                else {
                    panic!("a common basis")
                };
                let columns = variances.column_iter();
                let own: Vec<_> = columns.map(|own| own.map(f64::recip)).collect();
                let ours = likelihood(&mass, &scatters, &basis.matrix, &own);
                let stayed = reference(family, &mass, &scatters, &basis.matrix, 3000);
                assert!(
                    stayed < ours + 1e-10 && stayed > ours - 1e-6,
                    "{stayed}, {ours}"
                );
                let nearby = (&basis.matrix + random.matrix(d, d) * 0.01).qr().q();
                let came = reference(family, &mass, &scatters, &nearby, 3000);
                assert!(came < ours + 1e-10 && came > ours - 1e-5, "{came}, {ours}");
            }
        }
    }
}
