//! What follows from the letters.

use crate::progress::Progress;
use nalgebra::DMatrix;

use super::{full, log_volume, maximise, shape, Random};
use crate::covariance::{Ascent, Covariances, Family};

#[test]
fn the_table_is_in_the_order_of_the_families() {
    for (i, family) in Family::ALL.into_iter().enumerate() {
        assert_eq!(family as usize, i);
        assert_eq!(format!("{family:?}").to_uppercase(), family.name());
        assert_eq!(Family::from_name(family.name()), Some(family));
    }
    assert_eq!(Family::from_name("EVIL"), None);
}

#[test]
fn free_parameters_are_those_of_celeux_and_govaert() {
    let published = [
        (2, 2, [6, 7, 7, 8, 8, 9, 8, 9, 9, 10, 9, 10, 10, 11]),
        (
            3,
            4,
            [15, 17, 18, 20, 24, 26, 24, 26, 30, 32, 36, 38, 42, 44],
        ),
    ];
    for (k, d, all) in published {
        for (family, published) in Family::ALL.into_iter().zip(all) {
            let weights_and_means = k - 1 + k * d;
            let found = weights_and_means + family.free_parameters(k, d);
            assert_eq!(found, published, "{}", family.name());
        }
    }
}

#[test]
fn one_column_has_a_volume_only() {
    for family in Family::ALL {
        let volume = &family.name()[..1];
        let in_one = family.in_dimension(1);
        assert_eq!(family.name_in(1), volume);
        assert_eq!(in_one.name(), if volume == "E" { "EII" } else { "VII" });
        assert_eq!(
            family.free_parameters(5, 1),
            if volume == "E" { 1 } else { 5 }
        );
        assert_eq!(
            (family.name_in(2), family.in_dimension(2)),
            (family.name(), family)
        );
    }
}

#[test]
fn a_family_contains_what_has_fewer_parameters_and_no_freer_letter() {
    assert!(Family::Vvv.contains(Family::Eii) && !Family::Eii.contains(Family::Vvv));
    assert!(Family::Vee.contains(Family::Vei) && !Family::Vee.contains(Family::Evi));
    assert!(Family::Eev.contains(Family::Eee) && !Family::Eev.contains(Family::Evi));
    let pairs = Family::ALL.map(|family| Family::ALL.map(|other| family.contains(other)));
    for (i, family) in Family::ALL.into_iter().enumerate() {
        assert!(pairs[i][i]);
        for (j, other) in Family::ALL.into_iter().enumerate().filter(|&(j, _)| j != i) {
            if pairs[i][j] {
                assert!(!pairs[j][i]);
                assert!(family.free_parameters(3, 3) > other.free_parameters(3, 3));
            }
        }
    }
}

#[test]
fn covariances_have_what_their_letters_say_and_nothing_more_in_common() {
    let mut random = Random::new(1);
    for d in [2, 3, 5] {
        let (mass, scatters) = random.case(3, d);
        for family in Family::ALL {
            let found = maximise(family, &mass, &scatters);
            let letters: Vec<char> = family.name().chars().collect();
            let all = |holds: &dyn Fn(&DMatrix<f64>, &DMatrix<f64>) -> bool| {
                (1..3).all(|k| holds(&found[0], &found[k]))
            };
            let volume =
                |a: &DMatrix<f64>, b: &DMatrix<f64>| (log_volume(a) - log_volume(b)).abs() < 1e-10;
            let shape = |a: &DMatrix<f64>, b: &DMatrix<f64>| {
                (shape(a) - shape(b)).amax() < 1e-9 * shape(a).amax()
            };
            // Symmetric matrices have an orthogonal basis in common if and only if they commute.
            let axes = |a: &DMatrix<f64>, b: &DMatrix<f64>| {
                (a * b - b * a).amax() < 1e-11 * a.amax() * b.amax()
            };
            let aligned = found.iter().all(|matrix| {
                let diagonal = DMatrix::from_diagonal(&matrix.diagonal());
                *matrix == diagonal
            });
            assert_eq!(all(&volume), letters[0] == 'E', "{}", family.name());
            assert_eq!(all(&shape), letters[1] != 'V', "{}", family.name());
            assert_eq!(all(&axes), letters[2] != 'V', "{}", family.name());
            assert_eq!(aligned, letters[2] == 'I', "{}", family.name());
            let sphere = |matrix: &DMatrix<f64>| {
                *matrix == DMatrix::from_diagonal_element(d, d, matrix[(0, 0)])
            };
            assert_eq!(found.iter().all(sphere), letters[1] == 'I');
            assert!(found.iter().all(|matrix| *matrix == matrix.transpose()));
        }
    }
}

#[test]
fn the_form_is_the_cheapest_that_the_letters_allow() {
    let (mass, scatters) = Random::new(2).case(3, 4);
    let scatters = full(&scatters);
    for family in Family::ALL {
        let found = family
            .m_step(&mass, &scatters, Ascent::Anew, &Progress::new())
            .unwrap();
        let form = match &found {
            Covariances::Own(_) => 'V',
            Covariances::Common { basis: None, .. } => 'I',
            Covariances::Common {
                basis: Some(basis), ..
            } => {
                let inverse = &basis.matrix * &basis.inverse;
                assert!((inverse - DMatrix::identity(4, 4)).amax() < 1e-12);
                'E'
            }
        };
        let orientation = family.name().chars().last();
        assert_eq!(orientation, Some(form), "{}", family.name());
        assert_eq!((found.k(), found.matrix(0).nrows()), (3, 4));
    }
}
