//! What has no maximum, or a singular one, is said.

use crate::progress::Progress;
use nalgebra::DMatrix;

use super::{full, least, Random};
use crate::covariance::{Ascent, Covariances, Family};
use crate::error::GmmError;

fn is_degenerate(found: &Result<Covariances, GmmError>) -> bool {
    matches!(found, Err(GmmError::Degenerate { .. }))
}

/// Whether the M-step refuses or gives numbers that are numbers.
fn no_nan(found: &Result<Covariances, GmmError>) -> bool {
    match found {
        Ok(found) => (0..found.k()).all(|k| found.matrix(k).iter().all(|entry| entry.is_finite())),
        Err(_) => is_degenerate(found),
    }
}

#[test]
fn nothing_scattered_is_degenerate_but_for_vvv() {
    let zero = vec![DMatrix::zeros(3, 3); 2];
    for family in Family::ALL {
        let found = family.m_step(
            &[5.0, 6.0],
            &least(family, &zero),
            Ascent::Anew,
            &Progress::new(),
        );
        assert_eq!(
            is_degenerate(&found),
            family != Family::Vvv,
            "{}",
            family.name()
        );
    }
}

#[test]
fn a_collapsed_component_is_named_where_it_has_a_covariance_of_its_own() {
    let (mass, mut scatters) = Random::new(16).case(3, 3);
    scatters[1].fill(0.0);
    for family in Family::ALL {
        let found = family.m_step(
            &mass,
            &least(family, &scatters),
            Ascent::Anew,
            &Progress::new(),
        );
        let pooled = matches!(family.name(), "EII" | "EEI" | "EEE" | "EEV");
        if pooled || family == Family::Vvv {
            assert!(found.is_ok() && no_nan(&found), "{}", family.name());
        } else {
            assert_eq!(
                found,
                Err(GmmError::Degenerate { k: 1 }),
                "{}",
                family.name()
            );
        }
    }
}

#[test]
fn a_singular_component_is_refused_where_its_determinant_matters() {
    let (_, mut scatters) = Random::new(17).case(3, 3);
    let row = Random::new(18).matrix(3, 1);
    scatters[2] = &row * row.transpose();
    // Less than a third of the mass: with more, volumes run away, see below.
    let mass = [30.0, 30.0, 10.0];
    for family in Family::ALL {
        let found = family.m_step(
            &mass,
            &least(family, &scatters),
            Ascent::Anew,
            &Progress::new(),
        );
        let name = family.name();
        match name {
            "EVE" | "VVE" | "EVV" => assert_eq!(found, Err(GmmError::Degenerate { k: 2 })),
            _ => assert!(found.is_ok() && no_nan(&found), "{name} {found:?}"),
        }
    }
}

#[test]
fn volumes_that_run_away_are_found_out() {
    // With rank one of three, the second component's share of the pooled matrix is at most a
    // third, whatever its volume: less than its share of the mass.
    let (_, mut scatters) = Random::new(19).case(2, 3);
    let row = Random::new(20).matrix(3, 1);
    scatters[1] = &row * row.transpose();
    for family in [Family::Vee, Family::Vev] {
        let full = full(&scatters);
        let enough = family.m_step(&[80.0, 20.0], &full, Ascent::Anew, &Progress::new());
        assert!(enough.is_ok(), "{}", family.name());
        let too_much = family.m_step(&[20.0, 80.0], &full, Ascent::Anew, &Progress::new());
        assert!(is_degenerate(&too_much), "{} {too_much:?}", family.name());
    }
}

#[test]
fn a_singular_pooled_scatter_is_degenerate() {
    let (mass, mut scatters) = Random::new(21).case(2, 3);
    let mut flat = DMatrix::identity(3, 3);
    flat[(2, 2)] = 0.0;
    for scatter in &mut scatters {
        *scatter = &flat * &*scatter * &flat;
    }
    for family in Family::ALL {
        let found = family.m_step(
            &mass,
            &least(family, &scatters),
            Ascent::Anew,
            &Progress::new(),
        );
        let name = family.name();
        if matches!(name, "EII" | "VII" | "VVV") {
            assert!(no_nan(&found) && found.is_ok(), "{name}");
        } else {
            assert!(is_degenerate(&found), "{name} {found:?}");
        }
    }
}

#[test]
fn no_input_gives_nan_or_panics() {
    let mut random = Random::new(22);
    let entries = [
        0.0,
        1e-320,
        1e-300,
        1.0,
        1e300,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    for d in [1, 2, 3, 6] {
        let (_, scatters) = random.case(2, d);
        for factor in entries {
            for mass in [[10.0, 20.0], [0.0, 20.0], [1e-300, 1.0], [f64::NAN, 1.0]] {
                for both in [true, false] {
                    let mut scatters = scatters.clone();
                    scatters[0] *= factor;
                    if both {
                        scatters[1] *= factor;
                    }
                    for family in Family::ALL {
                        let found = family.m_step(
                            &mass,
                            &least(family, &scatters),
                            Ascent::Anew,
                            &Progress::new(),
                        );
                        assert!(no_nan(&found), "{} {factor} {mass:?}", family.name());
                    }
                }
            }
        }
    }
}

#[test]
fn extreme_but_regular_scales_are_no_degeneracy() {
    let (mass, scatters) = Random::new(23).case(3, 4);
    for factor in [1e-295, 1e295] {
        let scaled: Vec<DMatrix<f64>> = scatters.iter().map(|own| own * factor).collect();
        for family in Family::ALL {
            let found = family.m_step(
                &mass,
                &least(family, &scaled),
                Ascent::Anew,
                &Progress::new(),
            );
            assert!(found.is_ok(), "{} {factor} {found:?}", family.name());
        }
    }
}

#[test]
fn a_column_that_others_determine_is_a_lost_pivot_in_any_unit() {
    let mut random = Random::new(24);
    for case in 0..60 {
        let unit = [1e-8, 1.0, 1e8][case % 3];
        let (mass, mut scatters) = random.case(2, 4);
        for scatter in &mut scatters {
            let mut copying = DMatrix::identity(4, 4);
            copying[(3, 3)] = 0.0;
            copying[(3, 0)] = 0.3 * unit;
            copying[(3, 1)] = -0.7 * unit;
            *scatter = &copying * &*scatter * copying.transpose();
        }
        for family in [
            Family::Eee,
            Family::Vee,
            Family::Eve,
            Family::Vve,
            Family::Evv,
        ] {
            let found = family.m_step(
                &mass,
                &least(family, &scatters),
                Ascent::Anew,
                &Progress::new(),
            );
            assert_eq!(
                found,
                Err(GmmError::Degenerate { k: 0 }),
                "{}",
                family.name()
            );
        }
    }
}

#[test]
fn an_m_step_that_takes_long_heeds_a_request_to_stop() {
    let (mass, scatters) = Random::new(17).case(3, 4);
    let progress = Progress::new();
    progress.request_stop();
    for family in [Family::Eve, Family::Vve] {
        let found = family.m_step(&mass, &least(family, &scatters), Ascent::Anew, &progress);
        assert_eq!(found, Err(GmmError::Interrupted));
    }
}
