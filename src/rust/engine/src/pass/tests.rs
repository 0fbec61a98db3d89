//! A pass gives the statistics that it says it gives.

use super::*;
use crate::covariance::{Ascent, Scatters};
use crate::init::generator;
use crate::model::Model;
use crate::score::Score;
use ndarray::{Array2, Axis};
use rand::Rng;

fn data(n: usize, d: usize) -> Vec<f64> {
    let mut rng = generator(3, n + d);
    (0..n * d).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn stats(isa: Isa, x: &[f64], d: usize, labels: &[usize], family: Family) -> SufficientStats {
    let progress = Progress::new();
    let data = Data::new(x, labels.len(), d);
    let passes = Passes::with_isa(data, &progress, isa);
    passes.given(Given::Labels(labels), 2, family).unwrap()
}

/// The statistics after an M-step of `family` and an E-step for `then`.
fn expected(isa: Isa, x: &[f64], d: usize, family: Family, then: Family) -> SufficientStats {
    let n = x.len() / d;
    let labels: Vec<usize> = (0..n).map(|i| i % 2).collect();
    let model = Model {
        family,
        equal_weights: false,
        reg_covar: 0.0,
    };
    let given = stats(Isa::Portable, x, d, &labels, family);
    let mixture = model
        .maximise(&given, Ascent::Anew, &Progress::new())
        .unwrap();
    let factors = Factors::of(&mixture.covariances).unwrap();
    let progress = Progress::new();
    let passes = Passes::with_isa(Data::new(x, n, d), &progress, isa);
    let total = Arc::new(passes.total(then).unwrap());
    passes
        .expectation(&mixture, &factors, then, &total)
        .unwrap()
}

#[test]
fn components_unite_as_if_their_responsibilities_were_summed() {
    let (n, d) = (90, 3);
    let x = data(n, d);
    let progress = Progress::new();
    let passes = Passes::over(Data::new(&x, n, d), &progress);
    let posterior = Array2::from_shape_fn((n, 4), |(i, k)| 0.1 + 0.2 * ((i + k) % 4) as f64);
    for family in [Family::Vvv, Family::Vvi] {
        let given = |posterior: &Array2<f64>| {
            let given = Given::Posterior(posterior.view());
            passes.given(given, posterior.ncols(), family).unwrap()
        };
        let parts = given(&posterior);
        for (a, b) in [(0, 1), (1, 0), (3, 1), (0, 3)] {
            let mut whole = posterior.clone();
            let sum = &posterior.column(a) + &posterior.column(b);
            whole.column_mut(a).assign(&sum);
            let kept: Vec<usize> = (0..4).filter(|k| *k != b).collect();
            let (found, expected) = (parts.union(a, b), given(&whole.select(Axis(1), &kept)));
            for k in 0..3 {
                assert!((found.mass(k) - expected.mass(k)).abs() < 1e-12);
                let means = found.mean(k).zip(expected.mean(k));
                assert!(means.into_iter().all(|(a, b)| (a - b).abs() < 1e-12));
            }
            let (found, expected) = (found.scatters(), expected.scatters());
            for (found, expected) in entries(&found).zip(entries(&expected)) {
                assert!((found - expected).abs() < 1e-11);
            }
        }
    }
}

/// The numbers of full or diagonal scatters.
fn entries(scatters: &Scatters) -> impl Iterator<Item = f64> + '_ {
    match scatters {
        Scatters::Full(full) => full.values().iter().copied(),
        Scatters::Diagonal(diagonals) => diagonals.as_slice().iter().copied(),
        _ => panic!("neither full nor diagonal"),
    }
}

/// Whether the moments of all components are about the same point.
fn are_about_all_rows(stats: &SufficientStats) -> bool {
    let centres = stats.centres();
    let mut each = centres.chunks(stats.d());
    each.all(|centre| centre == &centres[..stats.d()])
}

fn assert_same(a: &SufficientStats, b: &SufficientStats) {
    assert!((a.loglik() / b.loglik() - 1.0).abs() < 1e-12);
    for k in 0..2 {
        assert!((a.mass(k) / b.mass(k) - 1.0).abs() < 1e-12);
        let means = a.mean(k).zip(b.mean(k));
        assert!(means.into_iter().all(|(a, b)| (a - b).abs() < 1e-12));
    }
}

#[test]
fn every_instruction_set_gives_the_same_statistics() {
    for (n, d) in [(10, 1), (1000, 2), (1025, 5), (3001, 7), (700, 20)] {
        let x = data(n, d);
        for family in Family::ALL.map(|family| family.in_dimension(d)) {
            if n < 2 * d {
                continue;
            }
            let a = expected(Isa::Portable, &x, d, family, family);
            let of_family = a.scatters();
            let kept = match of_family {
                Scatters::Full(_) => Needs::Full,
                Scatters::Diagonal(_) => Needs::Diagonal,
                Scatters::Trace { .. } => Needs::Trace,
                Scatters::Pooled(_) => Needs::Pooled,
            };
            assert_eq!(family.needs(), kept);
            for isa in Isa::all() {
                let b = expected(isa, &x, d, family, family);
                assert_same(&a, &b);
                let ratio = of_family.pooled_trace() / b.scatters().pooled_trace();
                assert!((ratio - 1.0).abs() < 1e-10);
            }
        }
    }
}

#[test]
fn linear_discriminants_and_diagonals_give_what_full_matrices_give() {
    let (n, d) = (3001, 6);
    let x = data(n, d);
    for family in [
        Family::Eii,
        Family::Vii,
        Family::Eei,
        Family::Eee,
        Family::Vei,
        Family::Evi,
        Family::Vvi,
        Family::Vve,
    ] {
        let special = expected(Isa::detect(), &x, d, family, family);
        let full = expected(Isa::detect(), &x, d, family, Family::Vvv);
        assert_eq!(are_about_all_rows(&special), family != Family::Vve);
        assert!(!are_about_all_rows(&full));
        assert_same(&special, &full);
        let (a, b) = (special.scatters(), full.scatters());
        assert!((a.pooled_trace() / b.pooled_trace() - 1.0).abs() < 1e-11);
    }
}

#[test]
fn a_start_outside_the_family_has_its_own_log_likelihood() {
    let (n, d) = (500, 3);
    let x = data(n, d);
    for family in [Family::Eii, Family::Vii, Family::Eei, Family::Vvi] {
        let own = expected(Isa::detect(), &x, d, Family::Eee, family);
        let full = expected(Isa::detect(), &x, d, Family::Eee, Family::Vvv);
        assert_same(&own, &full);
    }
}

#[test]
fn far_components_are_not_taken_as_linear() {
    let (n, d) = (3001, 3);
    let mut x = data(n, d);
    // Labels alternate: so do the places.
    for (i, x) in x.iter_mut().enumerate() {
        *x += 1e6 * f64::from(u8::from(i % n % 2 == 0));
    }
    for family in [Family::Eii, Family::Vii, Family::Vvi, Family::Eee] {
        let special = expected(Isa::detect(), &x, d, family, family);
        let full = expected(Isa::detect(), &x, d, family, Family::Vvv);
        assert_same(&special, &full);
        assert!(!are_about_all_rows(&special), "{family:?} was linear");
        let (a, b) = (special.scatters().trace(0), full.scatters().trace(0));
        assert!((a / b - 1.0).abs() < 1e-12);
    }
}

/// Of every `k`-th row as a group: the statistics of the E-step, about each component's own mean,
/// and as a pass has them.
fn groups(isa: Isa, x: &[f64], d: usize, k: usize) -> [SufficientStats; 2] {
    let n = x.len() / d;
    let labels: Vec<usize> = (0..n).map(|i| i % k).collect();
    let model = Model {
        family: Family::Vvv,
        equal_weights: false,
        reg_covar: 0.0,
    };
    let progress = Progress::new();
    let passes = Passes::with_isa(Data::new(x, n, d), &progress, isa);
    let mixture = passes.maximise(Given::Labels(&labels), k, &model).unwrap();
    let factors = Factors::of(&mixture.covariances).unwrap();
    let total = Arc::new(passes.total(Family::Vvv).unwrap());
    let found = passes.expectation(&mixture, &factors, Family::Vvv, &total);
    let mut posterior = Array2::zeros((k, n));
    let out = posterior.as_slice_mut().unwrap();
    passes.score(&mixture, Score::Posterior, out).unwrap();
    let given = passes.given(Given::Posterior(posterior.t()), k, Family::Vvv);
    [given.unwrap(), found.unwrap()]
}

#[test]
fn components_have_their_scatters_from_products_where_that_is_quick_and_right() {
    let n = 3000;
    for (d, k, offset, own, are_together) in [
        (5, 3, 2.0, 1.0, true),
        (16, 3, 2.0, 1.0, true),
        (6, 4, 2.0, 1.0, true),
        (5, 3, 2.0, 0.1, true),
        (4, 3, 2.0, 1.0, false),
        (17, 3, 2.0, 1.0, false),
        (5, 2, 2.0, 1.0, false),
        (5, 3, 1e3, 1.0, false),
        (5, 3, 2.0, 1e-3, false),
    ] {
        let mut x = data(n, d);
        for (at, x) in x.iter_mut().enumerate() {
            *x += offset * (at % n % k) as f64;
        }
        // The last column is nearly the sum of the first two.
        if own < 1.0 {
            for i in 0..n {
                let last = i + (d - 1) * n;
                x[last] = own * x[last] + x[i] + x[i + n];
            }
        }
        for isa in Isa::all() {
            let [each, found] = groups(isa, &x, d, k);
            assert_eq!(
                are_about_all_rows(&found),
                are_together,
                "{d} {k} {offset} {own}"
            );
            for k in 0..k {
                assert!((found.mass(k) / each.mass(k) - 1.0).abs() < 1e-13);
                let mut means = found.mean(k).zip(each.mean(k));
                assert!(means.all(|(a, b)| (a - b).abs() < 1e-12 * offset));
                let (found, each) = (found.scatters(), each.scatters());
                let difference = found.full().matrix(k) - each.full().matrix(k);
                assert!(difference.amax() < 1e-12 * n as f64);
            }
        }
    }
}

#[test]
fn no_instruction_set_gives_nan_for_rows_at_the_end_of_the_numbers() {
    let x = [1.7e308, -1e200, 1.7e308, 1e200];
    let covariance = nalgebra::DMatrix::from_row_slice(2, 2, &[1e-4, 9e-5, 9e-5, 1e-4]);
    let mixture = Mixture {
        weights: vec![0.5; 2],
        means: ndarray::arr2(&[[0.0, 0.0], [1.0, 1.0]]),
        covariances: [covariance.clone(), covariance * 2.0].into_iter().collect(),
    };
    for isa in Isa::all() {
        let progress = Progress::new();
        let passes = Passes::with_isa(Data::new(&x, 2, 2), &progress, isa);
        let score = |score: Score| {
            let mut out = vec![f64::NAN; 2 * score.columns(2)];
            passes.score(&mixture, score, &mut out).unwrap();
            out
        };
        assert_eq!(score(Score::Posterior), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(score(Score::LogDensity), [f64::NEG_INFINITY; 2]);
        assert_eq!(score(Score::LogComponentDensity), [f64::NEG_INFINITY; 4]);
    }
}

#[test]
fn statistics_of_labels_are_means_and_scatters() {
    let (n, d) = (2500, 3);
    let x = data(n, d);
    let labels: Vec<usize> = (0..n).map(|i| usize::from(i % 5 == 0)).collect();
    let stats = stats(Isa::detect(), &x, d, &labels, Family::Vvv);
    let scatters = stats.scatters();
    let rows: Vec<usize> = (0..n).filter(|i| i % 5 == 0).collect();
    assert_eq!(stats.mass(1), rows.len() as f64);
    let column = |j: usize| rows.iter().map(move |i| i + j * n);
    let mean = |j: usize| column(j).map(|i| x[i]).sum::<f64>() / rows.len() as f64;
    for j in 0..d {
        assert!((stats.mean(1).nth(j).unwrap() - mean(j)).abs() < 1e-14);
        for l in 0..d {
            let pairs = column(j).zip(column(l));
            let sum: f64 = pairs
                .map(|(i, m)| (x[i] - mean(j)) * (x[m] - mean(l)))
                .sum();
            assert!((scatters.full().matrix(1)[(j, l)] - sum).abs() < 1e-11);
        }
    }
}

#[test]
fn blocks_cover_every_row_once_and_their_products_stay_finite() {
    for (n, d, k) in [
        (1, 1, 1),
        (1023, 3, 2),
        (70_000, 20, 4),
        (5_000, 20, 20),
        (10_000, 2, 999),
    ] {
        let x = vec![0.0; n * d];
        let progress = Progress::new();
        let passes = Passes::over(Data::new(&x, n, d), &progress);
        let chunks = passes.chunks(k);
        let blocks = chunks.iter().flat_map(|chunk| {
            Scratch::new(d, k, chunk.len())
                .blocks(chunk.clone())
                .collect::<Vec<_>>()
        });
        assert!(blocks.flatten().eq(0..n));
        assert!((k as f64).powi(block_rows(d, k) as i32).is_finite());
    }
}

#[test]
fn an_evaluation_is_the_sum_of_what_is_said_of_each_row() {
    let (n, d) = (3001, 2);
    let x = data(n, d);
    let labels: Vec<usize> = (0..n).map(|i| usize::from(x[i] > 0.2)).collect();
    let model = Model {
        family: Family::Vvv,
        equal_weights: false,
        reg_covar: 0.0,
    };
    let progress = Progress::new();
    let passes = Passes::over(Data::new(&x, n, d), &progress);
    let mixture = passes.maximise(Given::Labels(&labels), 2, &model).unwrap();
    let score = |score: Score| {
        let mut out = vec![f64::NAN; n * score.columns(2)];
        passes.score(&mixture, score, &mut out).unwrap();
        out
    };
    let found = passes.evaluate(&mixture).unwrap();
    let loglik: f64 = score(Score::LogDensity).iter().sum();
    assert!((found.loglik / loglik - 1.0).abs() < 1e-12);
    let posterior = score(Score::Posterior);
    let terms = posterior
        .iter()
        .map(|r| if *r > 0.0 { -r * r.ln() } else { 0.0 });
    assert!((found.entropy / terms.sum::<f64>() - 1.0).abs() < 1e-10);
}
