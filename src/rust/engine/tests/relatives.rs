//! Laws of fits by relatives of EM, with fixed parameters, and of the path of a fit.

mod support;

use gaussmix_engine::{
    Algorithm, Budget, Family, Fit, Fixed, GmmError, Mixture, Settings, Start, Stop,
};
use nalgebra::DMatrix;
use ndarray::Array2;
use support::{draws, fit_on, joint, loglik, mixture, settings, BUDGET};

/// Rounding of a log-likelihood.
fn noise(loglik: f64) -> f64 {
    64.0 * f64::EPSILON * loglik.abs()
}

fn classification(mixture: &Mixture, x: &[f64]) -> f64 {
    let largest = |row: Vec<f64>| row.into_iter().fold(f64::NEG_INFINITY, f64::max);
    joint(mixture, x).into_iter().map(largest).sum()
}

fn by(algorithm: Algorithm, k: usize, family: Family) -> Settings {
    Settings {
        algorithm,
        families: vec![family],
        keep_path: true,
        max_iterations: 60,
        budget: Budget {
            n_init: 4,
            ..BUDGET
        },
        ..settings(k)
    }
}

fn assert_equal(a: f64, b: f64) {
    assert!((a / b - 1.0).abs() < 1e-10, "{a} {b}");
}

#[test]
fn classification_em_climbs_the_classification_log_likelihood_until_a_partition_repeats() {
    let (k, d) = (3, 2);
    let x = draws(k, d, 600, 2.0);
    for family in [
        Family::Eii,
        Family::Vvi,
        Family::Eee,
        Family::Vev,
        Family::Vvv,
    ] {
        let settings = by(Algorithm::Cem, k, family);
        let found = fit_on(2, &x, d, &Start::Partitions, &settings).unwrap();
        assert_eq!(found.stop, Stop::Converged);
        assert_eq!(found.path.len(), found.trace.len());
        for step in found.trace.windows(2) {
            assert!(step[1] - step[0] > -noise(step[0]), "fell at {step:?}");
        }
        for (mixture, value) in found.path.iter().zip(&found.trace) {
            assert_equal(classification(mixture, &x), *value);
        }
        assert_equal(loglik(&found.mixture, &x), found.loglik);
        assert_eq!(found.starts.finished + found.starts.degenerate, 4);
    }
}

#[test]
fn stochastic_em_ends_at_the_best_mixture_that_it_has_seen() {
    let (k, d) = (2, 2);
    let x = draws(k, d, 500, 1.0);
    let found = fit_on(
        2,
        &x,
        d,
        &Start::Partitions,
        &by(Algorithm::Sem, k, Family::Vvv),
    )
    .unwrap();
    assert_eq!(found.trace.len(), 61);
    let best = found
        .trace
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(found.loglik, best);
    assert!(found.trace.windows(2).any(|step| step[1] < step[0]));
    assert_equal(loglik(&found.mixture, &x), best);
    assert!(found.path.contains(&found.mixture));
}

#[test]
fn threads_change_no_bit_of_relatives() {
    let x = draws(3, 3, 5000, 2.0);
    for algorithm in [Algorithm::Cem, Algorithm::Sem] {
        let settings = by(algorithm, 3, Family::Vvv);
        let fits: Vec<Fit> = [1, 2, 7]
            .iter()
            .map(|&threads| fit_on(threads, &x, 3, &Start::Partitions, &settings).unwrap())
            .collect();
        assert_eq!(fits[0], fits[1]);
        assert_eq!(fits[0], fits[2]);
    }
}

#[test]
fn another_seed_draws_other_components() {
    let x = draws(2, 1, 300, 1.0);
    let start = Start::Mixture(mixture(2, 1, 1.0));
    let trace = |seed| {
        let settings = Settings {
            seed,
            ..by(Algorithm::Sem, 2, Family::Vvv)
        };
        fit_on(1, &x, 1, &start, &settings).unwrap().trace
    };
    assert_eq!(trace(1), trace(1));
    assert_ne!(trace(1)[1..], trace(2)[1..]);
}

#[test]
fn a_component_without_rows_ends_a_classification() {
    let x = draws(2, 2, 200, 1.0);
    let mut start = mixture(2, 2, 1.0);
    start.means.row_mut(1).fill(1e3);
    for algorithm in [Algorithm::Cem, Algorithm::Sem] {
        let settings = by(algorithm, 2, Family::Vvv);
        let failed = fit_on(1, &x, 2, &Start::Mixture(start.clone()), &settings).unwrap_err();
        let GmmError::NoStartSurvived { cause, .. } = failed else {
            panic!("{failed:?}");
        };
        assert!(matches!(*cause, GmmError::EmptyComponent { k: 1, .. }));
    }
}

#[test]
fn the_path_has_the_mixtures_of_the_trace_in_the_order_of_the_fit() {
    let x = draws(3, 2, 700, 1.5);
    for accelerate in [false, true] {
        let settings = Settings {
            accelerate,
            keep_path: true,
            ..settings(3)
        };
        let found = fit_on(2, &x, 2, &Start::Partitions, &settings).unwrap();
        assert_eq!(found.path.len(), found.trace.len());
        assert_eq!(found.path.last(), Some(&found.mixture));
        for (mixture, value) in found.path.iter().zip(&found.trace) {
            assert_equal(loglik(mixture, &x), *value);
        }
        let without = Settings {
            keep_path: false,
            ..settings
        };
        let other = fit_on(2, &x, 2, &Start::Partitions, &without).unwrap();
        assert!(other.path.is_empty());
        assert_eq!((other.mixture, other.trace), (found.mixture, found.trace));
    }
}

/// The parameters of a mixture of the tests that are named.
fn fixed(parts: [bool; 3]) -> Fixed {
    let Mixture { weights, means, .. } = mixture(3, 2, 3.0);
    let covariances = (0..3).map(|k| mixture(3, 2, 3.0).covariance(k)).collect();
    Fixed {
        weights: parts[0].then_some(weights),
        means: parts[1].then_some(means),
        covariances: parts[2].then_some(covariances),
    }
}

#[test]
fn what_is_fixed_stays_and_the_log_likelihood_never_falls() {
    let (k, d) = (3, 2);
    let x = draws(k, d, 600, 3.0);
    let truth = mixture(k, d, 3.0);
    for case in 1..8 {
        let parts = [case & 1 > 0, case & 2 > 0, case & 4 > 0];
        for family in Family::ALL {
            let settings = Settings {
                families: vec![if parts[2] { Family::Vvv } else { family }],
                fixed: Some(fixed(parts)),
                keep_path: true,
                ..settings(k)
            };
            let found = fit_on(2, &x, d, &Start::Partitions, &settings).unwrap();
            for step in found.trace.windows(2) {
                assert!(
                    step[1] - step[0] > -noise(step[0]),
                    "{family:?} fell at {step:?}"
                );
            }
            for mixture in &found.path {
                assert!(!parts[0] || mixture.weights == truth.weights);
                assert!(!parts[1] || mixture.means == truth.means);
                assert!(!parts[2] || mixture.covariances == truth.covariances);
            }
            assert_equal(loglik(&found.mixture, &x), found.loglik);
            let free = [2, 6, settings.families[0].free_parameters(k, d)];
            let left = free.iter().zip(parts).filter(|(_, is_fixed)| !is_fixed);
            assert_eq!(found.df, left.map(|(free, _)| free).sum::<usize>());
        }
    }
}

#[test]
fn no_other_mixture_with_the_fixed_means_is_better() {
    let (k, d) = (2, 2);
    let x = draws(k, d, 500, 3.0);
    let mut means = mixture(k, d, 3.0).means;
    means[(0, 0)] += 0.5;
    let settings = Settings {
        fixed: Some(Fixed {
            means: Some(means),
            ..Fixed::default()
        }),
        tolerance: 1e-9,
        ..settings(k)
    };
    let found = fit_on(1, &x, d, &Start::Partitions, &settings).unwrap();
    for (row, column) in [(0, 0), (0, 1), (1, 1)] {
        for step in [-1e-3, 1e-3] {
            let mut other = found.mixture.clone();
            let moved = |j: usize| {
                let mut covariance = found.mixture.covariance(j);
                covariance[(row, column)] += step;
                covariance[(column, row)] = covariance[(row, column)];
                covariance
            };
            other.covariances = (0..k).map(moved).collect();
            assert!(loglik(&other, &x) < found.loglik);
        }
    }
    for step in [-1e-3, 1e-3] {
        let mut other = found.mixture.clone();
        other.weights[0] += step;
        other.weights[1] -= step;
        assert!(loglik(&other, &x) < found.loglik);
    }
}

#[test]
fn one_fixed_covariance_serves_every_number_of_components() {
    let x = draws(3, 2, 400, 4.0);
    for k in 1..5 {
        let settings = Settings {
            families: vec![Family::Eii],
            fixed: Some(Fixed {
                covariances: Some(vec![DMatrix::identity(2, 2)]),
                ..Fixed::default()
            }),
            ..settings(k)
        };
        let found = fit_on(2, &x, 2, &Start::Partitions, &settings).unwrap();
        assert_eq!(found.df, k - 1 + 2 * k);
        assert!((0..k).all(|j| found.mixture.covariance(j) == DMatrix::identity(2, 2)));
        // Components are told apart by their weights alone.
        assert!(found
            .mixture
            .weights
            .windows(2)
            .all(|pair| pair[0] >= pair[1]));
    }
}

#[test]
fn fixed_covariances_that_are_nothing_at_the_scale_of_the_data_are_refused() {
    let x = draws(2, 2, 100, 1.0);
    let settings = Settings {
        fixed: Some(Fixed {
            covariances: Some(vec![DMatrix::identity(2, 2) * 1e-60]),
            ..Fixed::default()
        }),
        ..settings(2)
    };
    let failed = fit_on(1, &x, 2, &Start::Partitions, &settings).unwrap_err();
    assert_eq!(failed, GmmError::FixedOutOfScale);
}

#[test]
fn a_far_fixed_mean_ends_its_only_start() {
    let x = draws(2, 2, 100, 1.0);
    let settings = Settings {
        fixed: Some(Fixed {
            means: Some(Array2::from_shape_vec((2, 2), vec![0.0, 0.0, 1e3, 1e3]).unwrap()),
            ..Fixed::default()
        }),
        ..settings(2)
    };
    let failed = fit_on(1, &x, 2, &Start::Partitions, &settings).unwrap_err();
    let GmmError::NoStartSurvived { starts: 1, .. } = failed else {
        panic!("{failed:?}");
    };
}
