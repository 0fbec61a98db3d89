//! Fit a mixture.

use extendr_api::prelude::*;
use gaussmix_engine::{fit, Data, Fit, Model, Passes, Score, Settings, Start, Stop};
use ndarray::{ArrayView2, ShapeBuilder};

use crate::border::{count, element, guard, Failure};
use crate::families::family;
use crate::mixture::{mixture_from, mixture_into};
use crate::watch::on_threads;

/// Fit a mixture to `x`, `double[n, d]`
/// @noRd
#[extendr]
fn engine_fit(x: &[f64], n: i32, start: Robj, settings: List, threads: i32, tick: Robj) -> Robj {
    guard(|| {
        let n = n as usize;
        let data = Data::new(x, n, x.len() / n);
        let settings = settings_from(&settings)?;
        let labels = labels_from(&start);
        let start = start_from(&start, &labels, n)?;
        let (found, cluster) = on_threads(threads, &tick, |progress| {
            let found = fit(data, &start, &settings, progress)?;
            let mut cluster = vec![0.0; n];
            Passes::over(data, progress).score(&found.mixture, Score::Cluster, &mut cluster)?;
            Ok((found, cluster))
        })?;
        Ok(fit_into(&found, &cluster, &settings).into())
    })
}

fn settings_from(list: &List) -> Result<Settings, Failure> {
    Ok(Settings {
        k: count(list, "k")?,
        model: Model {
            family: family(&element::<String>(list, "covariance")?)?,
            equal_weights: element(list, "equal_weights")?,
            reg_covar: element(list, "reg_covar")?,
        },
        n_init: count(list, "n_init")?,
        n_final: count(list, "n_final")?,
        short_iterations: count(list, "short_iter")?,
        max_iterations: count(list, "max_iter")?,
        tolerance: element(list, "tol")?,
        accelerate: element(list, "accelerate")?,
        seed: element::<f64>(list, "seed")?.to_bits(),
    })
}

/// Labels of a user's partition, counted from zero; none for another kind of start.
fn labels_from(start: &Robj) -> Vec<usize> {
    let labels = start.as_integer_slice().unwrap_or_default();
    labels.iter().map(|&label| label as usize - 1).collect()
}

/// `NULL`: partitions of the engine's own; integers: labels; doubles: responsibilities; a list: a mixture.
fn start_from<'a>(start: &'a Robj, labels: &'a [usize], n: usize) -> Result<Start<'a>, Failure> {
    if start.is_null() {
        Ok(Start::Partitions)
    } else if start.is_integer() {
        Ok(Start::Labels(labels))
    } else if let Some(posterior) = start.as_real_slice() {
        let shape = (n, posterior.len() / n).f();
        let view = ArrayView2::from_shape(shape, posterior);
        let view = view.map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(Start::Posterior(view))
    } else {
        Ok(Start::Mixture(mixture_from(&List::try_from(start)?)?))
    }
}

fn fit_into(found: &Fit, cluster: &[f64], settings: &Settings) -> List {
    list!(
        mixture = mixture_into(&found.mixture),
        cluster = Integers::from_values(cluster.iter().map(|&component| component as i32)),
        trace = found.trace.clone(),
        converged = found.stop == Stop::Converged,
        df = settings
            .model
            .free_parameters(settings.k, found.mixture.d()) as f64,
        starts = list!(
            tried = found.starts.tried as i32,
            degenerate = found.starts.degenerate as i32,
            finished = found.starts.finished as i32,
            reached = found.starts.reached as i32
        )
    )
}

extendr_module! {
    mod fit;
    fn engine_fit;
}
