//! What holds for every data set.

use gaussmix_engine::{Data, Fit, Model, Passes, Progress, Score, Start};
use gaussmix_properties::{continuous_families, families, labels, models, samples, Sample};
use proptest::prelude::*;

fn last(fit: &Fit) -> f64 {
    *fit.trace.last().unwrap()
}

/// Whether `b` climbed as `a` did, lower by `offset`.
fn same_climb(a: &Fit, b: &Fit, offset: f64, tolerance: f64) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - offset - b).abs() <= tolerance + 1e-12 * (1.0 + a.abs());
    a.trace.iter().zip(&b.trace).all(near)
}

/// How much the rounding of a row is magnified in its log-density: the ratio of the longest to the
/// shortest squared axis of a component.
fn condition(fit: &Fit) -> f64 {
    let of = |k: usize| {
        let axes = fit.mixture.covariance(k).symmetric_eigenvalues();
        axes.max() / axes.min()
    };
    (0..fit.mixture.k()).map(of).fold(1.0, f64::max)
}

/// The means of all components, sorted: with nearly equal weights, rounding decides which comes
/// first.
fn sorted_means(fit: &Fit) -> Vec<f64> {
    let columns = fit.mixture.means.columns();
    let sorted = columns.into_iter().flat_map(|column| {
        let mut means = column.to_vec();
        means.sort_by(f64::total_cmp);
        means
    });
    sorted.collect()
}

fn posterior(sample: &Sample, fit: &Fit) -> Vec<f64> {
    let progress = Progress::new();
    let passes = Passes::over(Data::new(&sample.x, sample.n(), sample.d), &progress);
    let mut out = vec![f64::NAN; sample.n() * fit.mixture.k()];
    passes
        .score(&fit.mixture, Score::Posterior, &mut out)
        .unwrap();
    out
}

proptest! {
    #[test]
    fn a_fit_is_sound_or_an_error(sample in samples(), model in models(), k in 1_usize..5) {
        if let Ok(fit) = sample.fit(model, k, &Start::Partitions, 1) {
            prop_assert!(fit.trace.iter().all(|loglik| loglik.is_finite()));
            prop_assert!((fit.mixture.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!(fit.mixture.weights.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert!(!model.equal_weights || fit.mixture.weights[0] == 1.0 / k as f64);
            prop_assert!(fit.mixture.means.iter().all(|mean| mean.is_finite()));
            for j in 0..k {
                prop_assert!(fit.mixture.covariance(j).cholesky().is_some());
            }
            prop_assert!(fit.starts.reached >= 1);
            prop_assert!(fit.starts.reached <= fit.starts.finished);
            prop_assert!(fit.starts.finished + fit.starts.degenerate <= fit.starts.tried);
        }
    }

    #[test]
    fn the_log_likelihood_never_falls(sample in samples(), model in models(), k in 1_usize..5) {
        let labels = labels(sample.n(), k);
        if let Ok(fit) = sample.fit(model, k, &Start::Labels(&labels), 1) {
            for step in fit.trace.windows(2) {
                let noise = 1e-14 * condition(&fit) * (sample.n() as f64 + step[0].abs());
                prop_assert!(step[1] >= step[0] - noise, "{:?}", step);
            }
        }
    }

    #[test]
    fn posteriors_sum_to_one(sample in samples(), model in models(), k in 1_usize..5) {
        if let Ok(fit) = sample.fit(model, k, &Start::Partitions, 2) {
            let n = sample.n();
            let posterior = posterior(&sample, &fit);
            for i in 0..n {
                let sum: f64 = (0..k).map(|j| posterior[j * n + i]).sum();
                prop_assert!((sum - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn threads_change_no_bit(sample in samples(), model in models(), k in 1_usize..5, threads in 2_usize..8) {
        let fit = |threads| sample.fit(model, k, &Start::Partitions, threads);
        prop_assert_eq!(fit(1), fit(threads));
    }

    #[test]
    fn scaling_scales_the_fit(
        sample in samples(), family in continuous_families(), power in -300..300_i32
    ) {
        let factor = 2.0_f64.powi(power);
        let scaled = sample.map(|_, x| x * factor);
        let labels = labels(sample.n(), 2);
        let start = Start::Labels(&labels);
        let squared = 1e-2 * factor * factor;
        match (sample.begin(family, 1e-2, 2, &start), scaled.begin(family, squared, 2, &start)) {
            (Ok(a), Ok(b)) => {
                let jacobian = (sample.n() * sample.d) as f64 * factor.ln();
                prop_assert!(same_climb(&a, &b, jacobian, 1e-12 * jacobian.abs()));
                for (a, b) in sorted_means(&a).iter().zip(&sorted_means(&b)) {
                    prop_assert!((a * factor - b).abs() <= 1e-6 * factor, "{} {}", a, b / factor);
                }
            }
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
    }

    #[test]
    fn shifting_does_not_change_the_likelihood(
        sample in samples(), family in continuous_families(), shift in -1e4..1e4_f64
    ) {
        let shifted = sample.map(|j, x| x + shift * (j + 1) as f64);
        let labels = labels(sample.n(), 2);
        let start = Start::Labels(&labels);
        let begin = |sample: &Sample| sample.begin(family, 1e-2, 2, &start);
        if let (Ok(a), Ok(b)) = (begin(&sample), begin(&shifted)) {
            // The shifted data are themselves rounded, to 1e-12 of their spread.
            prop_assert!(same_climb(&a, &b, 0.0, 1e-6), "{:?} {:?}", a.trace, b.trace);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        sample in samples(), family in continuous_families(), by in 1_usize..8
    ) {
        let labels = labels(sample.n(), 2);
        let mut rotated = labels.clone();
        rotated.rotate_left(by);
        let a = sample.begin(family, 1e-2, 2, &Start::Labels(&labels));
        let b = sample.rotate_rows(by).begin(family, 1e-2, 2, &Start::Labels(&rotated));
        if let (Ok(a), Ok(b)) = (a, b) {
            prop_assert!(same_climb(&a, &b, 0.0, 1e-9), "{:?} {:?}", a.trace, b.trace);
        }
    }

    #[test]
    fn more_components_are_no_worse_from_a_split(sample in samples(), family in families()) {
        // Splitting a component of a fit in two leaves the likelihood nearly as it is; EM only
        // adds.
        let model = Model {
            family,
            equal_weights: false,
            reg_covar: 0.0,
        };
        if let Ok(one) = sample.fit(model, 1, &Start::Partitions, 1) {
            let mut split = one.mixture.clone();
            split.weights = vec![0.5; 2];
            let covariance = one.mixture.covariance(0);
            split.covariances = [covariance.clone(), covariance.clone()].into_iter().collect();
            split.means = mean_twice(&one);
            for (j, mean) in split.means.row_mut(1).iter_mut().enumerate() {
                *mean += 1e-6 * covariance[(j, j)].sqrt();
            }
            if let Ok(two) = sample.fit(model, 2, &Start::Mixture(split), 1) {
                prop_assert!(last(&two) >= last(&one) - 1e-8 * (1.0 + last(&one).abs()));
            }
        }
    }
}

/// The one mean of a fit, twice.
fn mean_twice(one: &Fit) -> ndarray::Array2<f64> {
    ndarray::concatenate![ndarray::Axis(0), one.mixture.means, one.mixture.means]
}
