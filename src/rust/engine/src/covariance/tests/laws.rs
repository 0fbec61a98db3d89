//! Rescaled or permuted data give rescaled or permuted covariances.

use nalgebra::{DMatrix, DVector};

use super::{difference, maximise, Random};
use crate::covariance::Family;

/// `factor W factor'` for every scatter.
fn congruent(factor: &DMatrix<f64>, matrices: &[DMatrix<f64>]) -> Vec<DMatrix<f64>> {
    let own = matrices.iter();
    own.map(|matrix| factor * matrix * factor.transpose())
        .collect()
}

#[test]
fn the_scale_of_the_data_is_that_of_the_covariances() {
    let (mass, scatters) = Random::new(13).case(3, 4);
    for family in Family::ALL {
        let once = maximise(family, &mass, &scatters);
        for scale in [1e-150, 1e-4, 1e3, 1e150] {
            let factor = DMatrix::from_diagonal_element(4, 4, scale);
            let scaled = maximise(family, &mass, &congruent(&factor, &scatters));
            let gap = difference(&congruent(&factor, &once), &scaled);
            assert!(gap < 1e-8, "{} {scale} {gap}", family.name());
        }
    }
}

#[test]
fn families_that_rescaled_columns_stay_in_follow_them_and_others_do_not() {
    let (mass, scatters) = Random::new(14).case(3, 4);
    let factor = DMatrix::from_diagonal(&DVector::from_vec(vec![1e-3, 1.0, 7.0, 1e4]));
    for family in Family::ALL {
        let once = congruent(&factor, &maximise(family, &mass, &scatters));
        let rescaled = maximise(family, &mass, &congruent(&factor, &scatters));
        // Relative to the columns' own scales.
        let back = factor.map_diagonal(f64::recip);
        let back = DMatrix::from_diagonal(&back);
        let gap = difference(&congruent(&back, &once), &congruent(&back, &rescaled));
        // A sphere becomes none, and a rotation none, unless every matrix or none is one.
        let follows = matches!(
            family.name(),
            "EEI" | "VEI" | "EVI" | "VVI" | "EEE" | "VEE" | "EVV" | "VVV"
        );
        assert_eq!(gap < 1e-9, follows, "{} {gap}", family.name());
    }
}

#[test]
fn permuted_components_and_columns_permute_the_covariances() {
    let mut random = Random::new(15);
    for d in [2, 3, 4] {
        let (mass, scatters) = random.case(3, d);
        let mut columns = DMatrix::identity(d, d);
        columns.swap_rows(0, d - 1);
        let order = [2, 0, 1];
        let permuted_mass = order.map(|k| mass[k]);
        let permuted = order.map(|k| &columns * &scatters[k] * columns.transpose());
        for family in Family::ALL {
            let once = maximise(family, &mass, &scatters);
            let expected = order.map(|k| &columns * &once[k] * columns.transpose());
            let found = maximise(family, &permuted_mass, &permuted);
            let gap = difference(&expected, &found);
            assert!(gap < 1e-8, "{} {gap}", family.name());
        }
    }
}
