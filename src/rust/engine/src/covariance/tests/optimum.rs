//! Maxima against each other: nested families, cold and warm starts, kinds of scatters.

use crate::progress::Progress;
use nalgebra::{DMatrix, DVector};

use super::{difference, full, least, matrices, maximise, q, Random};
use crate::covariance::{Ascent, Covariances, Family};

#[test]
fn a_family_is_better_than_those_that_it_contains() {
    let mut random = Random::new(4);
    for (k, d) in [(2, 2), (3, 2), (2, 3), (4, 3), (3, 4), (3, 6), (5, 10)] {
        for _ in 0..4 {
            let (mass, scatters) = random.case(k, d);
            let values =
                Family::ALL.map(|family| q(&mass, &scatters, &maximise(family, &mass, &scatters)));
            for (family, value) in Family::ALL.into_iter().zip(values) {
                let others = Family::ALL.into_iter().zip(values);
                for (other, less) in others.filter(|&(other, _)| other != family) {
                    if family.contains(other) {
                        let (family, other) = (family.name(), other.name());
                        assert!(value > less + 1e-6, "{family} {value}, {other} {less}");
                    }
                }
            }
        }
    }
}

#[test]
fn no_more_of_the_scatters_is_used_than_needed() {
    let (mass, scatters) = Random::new(5).case(3, 4);
    for family in Family::ALL {
        let found = family.m_step(
            &mass,
            &least(family, &scatters),
            Ascent::Anew,
            &Progress::new(),
        );
        let full = maximise(family, &mass, &scatters);
        assert!(difference(&matrices(&found.unwrap()), &full) < 1e-13);
    }
}

/// Scatters of components whose axes are nearly the same, so that there is one best orientation.
fn nearly_common(random: &mut Random, k: usize, d: usize) -> (Vec<f64>, Vec<DMatrix<f64>>) {
    let axes = random.orthogonal(d);
    let scatter = |random: &mut Random| {
        let scales = DVector::from_fn(d, |_, _| random.normal().exp());
        let rows = random.matrix(200, d) * DMatrix::from_diagonal(&scales) * axes.transpose();
        rows.transpose() * rows
    };
    let scatters = (0..k).map(|_| scatter(random)).collect();
    (vec![200.0; k], scatters)
}

/// The same scatters after a small change of the coordinates.
fn moved(random: &mut Random, scatters: &[DMatrix<f64>], by: f64) -> Vec<DMatrix<f64>> {
    let d = scatters[0].nrows();
    let change = |scatter: &DMatrix<f64>| {
        let change = DMatrix::identity(d, d) + random.matrix(d, d) * by;
        &change * scatter * change.transpose()
    };
    scatters.iter().map(change).collect()
}

#[test]
fn a_warm_start_ends_where_a_cold_one_does() {
    let mut random = Random::new(6);
    for d in [2, 3, 5, 8] {
        let (mass, scatters) = nearly_common(&mut random, 3, d);
        let before = full(&moved(&mut random, &scatters, 0.02));
        for family in Family::ALL {
            let previous = family
                .m_step(&mass, &before, Ascent::Anew, &Progress::new())
                .unwrap();
            let full = full(&scatters);
            let warm = family
                .m_step(&mass, &full, Ascent::From(&previous), &Progress::new())
                .unwrap();
            let cold = maximise(family, &mass, &scatters);
            let gap = difference(&matrices(&warm), &cold);
            assert!(gap < 1e-9, "{} {gap}", family.name());
        }
    }
}

#[test]
fn any_family_is_a_start_for_any_other() {
    let mut random = Random::new(7);
    let (mass, scatters) = nearly_common(&mut random, 3, 4);
    let full = full(&scatters);
    for family in Family::ALL {
        let cold = maximise(family, &mass, &scatters);
        for other in Family::ALL {
            let previous = other
                .m_step(&mass, &full, Ascent::Anew, &Progress::new())
                .unwrap();
            let found = family
                .m_step(&mass, &full, Ascent::From(&previous), &Progress::new())
                .unwrap();
            assert!(difference(&matrices(&found), &cold) < 1e-9);
        }
    }
}

#[test]
fn a_warm_start_is_never_worse_than_the_previous_orientation() {
    let mut random = Random::new(8);
    for d in [2, 3, 5, 8] {
        for _ in 0..20 {
            let (mass, scatters) = random.case(3, d);
            let (_, others) = random.case(3, d);
            for family in [Family::Eve, Family::Vve] {
                let others = full(&others);
                let previous = family
                    .m_step(&mass, &others, Ascent::Anew, &Progress::new())
                    .unwrap();
                let Covariances::Common {
                    basis: Some(basis), ..
                } = &previous
                else {
                    panic!("a common basis")
                };
                let full = full(&scatters);
                let after = |ascent: Ascent<'_>| {
                    let found = family.m_step(&mass, &full, ascent, &Progress::new());
                    found.unwrap()
                };
                // Staying there is the family with axes, in the turned coordinates.
                let turn = |scatter: &DMatrix<f64>| &basis.inverse * scatter * &basis.matrix;
                let turned: Vec<DMatrix<f64>> = scatters.iter().map(turn).collect();
                let name = family.name().replace("VE", "VI");
                let stay = maximise(Family::from_name(&name).unwrap(), &mass, &turned);
                let value = |found: &Covariances| q(&mass, &scatters, &matrices(found));
                for ascent in [Ascent::From(&previous), Ascent::Upwards(&previous)] {
                    let gain = value(&after(ascent)) - q(&mass, &turned, &stay);
                    assert!(gain > -1e-11, "{ascent:?} {gain}");
                }
                let mut upwards = after(Ascent::Upwards(&previous));
                for _ in 0..2000 {
                    upwards = after(Ascent::Upwards(&upwards));
                }
                let gain = value(&after(Ascent::From(&upwards))) - value(&upwards);
                assert!(gain < 1e-9, "{gain} left");
            }
        }
    }
}

#[test]
fn volumes_that_are_left_early_climb_to_the_same_maximum() {
    let mut random = Random::new(10);
    for d in 2..5 {
        let (mass, scatters) = random.case(3, d);
        let (_, others) = random.case(3, d);
        for family in [Family::Vei, Family::Vee, Family::Vev] {
            let step = |scatters: &[DMatrix<f64>], ascent: Ascent<'_>| {
                let found = family.m_step(&mass, &full(scatters), ascent, &Progress::new());
                found.unwrap()
            };
            let value = |found: &Covariances| q(&mass, &scatters, &matrices(found));
            let mut found = step(&others, Ascent::Anew);
            let first = step(&scatters, Ascent::Upwards(&found));
            for _ in 0..30 {
                let next = step(&scatters, Ascent::Upwards(&found));
                assert!(value(&next) - value(&found) > -1e-9, "{family:?} fell");
                found = next;
            }
            let best = value(&step(&scatters, Ascent::Anew));
            assert!((best - value(&found)).abs() < 1e-9 * best.abs());
            assert!(value(&first) < best - 1e-6, "the first step is left early");
        }
    }
}

#[test]
fn volumes_converge_however_badly_they_are_scaled() {
    let mut random = Random::new(9);
    for factor in [1e-6_f64, 1e6, 1e12] {
        let (mass, mut scatters) = random.case(3, 4);
        scatters[1] *= factor;
        scatters[2] /= factor;
        for family in [Family::Vei, Family::Vee, Family::Vev] {
            let found = maximise(family, &mass, &scatters);
            // The maximum in lambda_k alone: tr(W_k Sigma_k^-1) = N_k d.
            for k in 0..3 {
                let precision = found[k].clone().cholesky().unwrap().inverse();
                let relative = (precision * &scatters[k]).trace() / (mass[k] * 4.0);
                assert!(
                    (relative - 1.0).abs() < 1e-11,
                    "{} {relative}",
                    family.name()
                );
            }
        }
    }
}

#[test]
fn one_component_has_nothing_to_share() {
    let (mass, scatters) = Random::new(10).case(1, 4);
    let mut found: Vec<(String, Vec<DMatrix<f64>>)> = Vec::new();
    for family in Family::ALL {
        let kind = family.name()[1..].replace('V', "E");
        let own = maximise(family, &mass, &scatters);
        match found.iter().find(|(other, _)| *other == kind) {
            Some((_, same)) => assert!(difference(&own, same) < 1e-12, "{}", family.name()),
            None => found.push((kind, own)),
        }
    }
    assert_eq!(found.len(), 3);
}

#[test]
fn one_column_gives_variances() {
    let mass = [2.0, 6.0];
    let scatters = [4.0, 36.0].map(|value| DMatrix::from_element(1, 1, value));
    for family in Family::ALL {
        let found = maximise(family, &mass, &scatters);
        let expected = match family.name_in(1) {
            "E" => [5.0, 5.0],
            _ => [2.0, 6.0],
        };
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found[(0, 0)] - expected).abs() < 1e-12,
                "{}",
                family.name()
            );
        }
    }
}
