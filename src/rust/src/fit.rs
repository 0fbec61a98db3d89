//! Fit a mixture.

use extendr_api::prelude::*;
use gaussmix_engine::{
    search, Algorithm, Budget, Criterion, Data, Fit, Fixed, GmmError, Passes, Score, Search,
    Settings, Start, Stop,
};
use ndarray::{ArrayView2, ShapeBuilder};

use crate::border::{condition, guard, Elements, Failure};
use crate::families::family;
use crate::mixture::{matrices_from, means_from, mixture_from, mixture_into, path_into};
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
            let found = search(data, &start, &settings, progress)?;
            let best = found.best.and_then(|best| found.cells[best].as_ref().ok());
            let mut cluster = Vec::new();
            if let Some(fit) = best {
                cluster.resize(n, 0.0);
                Passes::over(data, progress).score(&fit.mixture, Score::Cluster, &mut cluster)?;
            }
            Ok((found, cluster))
        })?;
        Ok(search_into(&found, &cluster, n))
    })
}

fn settings_from(list: &List) -> Result<Settings, Failure> {
    let settings = Elements::of(list);
    let criterion = settings.value::<String>("criterion")?;
    let criterion = Criterion::from_name(&criterion);
    let families = settings.value::<Vec<String>>("covariance")?;
    Ok(Settings {
        k: settings
            .value::<Vec<f64>>("k")?
            .iter()
            .map(|&k| k as usize)
            .collect(),
        families: families
            .iter()
            .map(|name| family(name))
            .collect::<Result<_, _>>()?,
        criterion: criterion.ok_or_else(|| Failure::Internal("no such criterion".into()))?,
        equal_weights: settings.value("equal_weights")?,
        reg_covar: settings.value("reg_covar")?,
        min_eigen_ratio: settings.value("min_eigen_ratio")?,
        budget: budget_from(&settings, "budget")?,
        alone: budget_from(&settings, "alone")?,
        finish_all: settings.value("finish_all")?,
        short_iterations: settings.count("short_iter")?,
        max_iterations: settings.count("max_iter")?,
        tolerance: settings.value("tol")?,
        accelerate: settings.value("accelerate")?,
        algorithm: algorithm_named(&settings.value::<String>("algorithm")?)?,
        fixed: fixed_from(&settings)?,
        keep_path: settings.value("keep_path")?,
        seed: settings.value::<f64>("seed")?.to_bits(),
    })
}

/// How hard to try: counts in the order of the fields.
fn budget_from(settings: &Elements, name: &str) -> Result<Budget, Failure> {
    let counts = settings.value::<Vec<f64>>(name)?;
    let &[n_init, n_final, rounds, explorations] = counts.as_slice() else {
        return Err(Failure::Internal(format!("`{name}` is no budget")));
    };
    Ok(Budget {
        n_init: n_init as usize,
        n_final: n_final as usize,
        rounds: rounds as usize,
        explorations: explorations as usize,
    })
}

fn algorithm_named(name: &str) -> Result<Algorithm, Failure> {
    Algorithm::from_name(name).ok_or_else(|| Failure::Internal(format!("no algorithm `{name}`")))
}

/// The parameters that are fixed: `NULL`, or a list with those that are.
fn fixed_from(settings: &Elements) -> Result<Option<Fixed>, Failure> {
    let Some(fixed) = settings.find("fix") else {
        return Ok(None);
    };
    let fixed = Elements::of(&List::try_from(fixed)?);
    let d = fixed.count("d")?;
    let values = |name: &str| -> Result<Option<Vec<f64>>, Failure> {
        let is_there = fixed.find(name).is_some();
        is_there.then(|| fixed.value(name)).transpose()
    };
    let means = values("means")?
        .map(|means| means_from(means, d))
        .transpose()?;
    let covariances = values("covariances")?;
    Ok(Some(Fixed {
        weights: values("weights")?,
        means,
        covariances: covariances.map(|values| matrices_from(&values, d)),
    }))
}

/// Labels of a user's partition, counted from zero; none for another kind of start.
pub(crate) fn labels_from(start: &Robj) -> Vec<usize> {
    let labels = start.as_integer_slice().unwrap_or_default();
    labels.iter().map(|&label| label as usize - 1).collect()
}

/// `NULL`: partitions of the engine's own; integers: labels; doubles: responsibilities; a list: a
/// mixture.
pub(crate) fn start_from<'a>(
    start: &'a Robj,
    labels: &'a [usize],
    n: usize,
) -> Result<Start<'a>, Failure> {
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

/// `best` counts from one, and is zero where there is no fit; `cells` are fits or conditions.
fn search_into(found: &Search, cluster: &[f64], n: usize) -> Robj {
    let cell = |cell: &Result<Fit, GmmError>| match cell {
        Ok(fit) => fit_into(fit, n).into(),
        Err(error) => condition(error),
    };
    list!(
        cells = List::from_values(found.cells.iter().map(cell)),
        best = found.best.map_or(0, |best| best as i32 + 1),
        cluster = Integers::from_values(cluster.iter().map(|&component| component as i32)),
        rows = found.rows as f64
    )
    .into()
}

/// All of a fit but what it says of each row: the mixture, the path, the trace, and the numbers
/// that R calls `fit_numbers`, in one vector, since a search has many fits and each value that
/// crosses the border costs as much as an iteration.
pub(crate) fn fit_into(found: &Fit, n: usize) -> List {
    let count = |count: usize| count as f64;
    let flag = |flag: bool| f64::from(u8::from(flag));
    let tie = found.narrowest.tie;
    let mut numbers = vec![found.loglik, count(found.df)];
    numbers.extend(Criterion::ALL.map(|c| c.value(found.loglik, found.df, n, found.entropy)));
    numbers.extend([
        found.entropy,
        count(found.trace.len() - 1),
        flag(found.stop == Stop::Converged),
        count(found.starts.tried),
        count(found.starts.degenerate),
        count(found.starts.finished),
        count(found.starts.reached),
        count(found.starts.rows),
        count(found.narrowest.component + 1),
        found.narrowest.ratio,
        flag(found.narrowest.is_suspect),
        tie.map_or(f64::na(), |tie| count(tie.column + 1)),
        tie.map_or(f64::na(), |tie| tie.value),
        found.passed_over.unwrap_or(f64::na()),
    ]);
    list!(
        mixture = mixture_into(&found.mixture),
        trace = found.trace.clone(),
        path = path_into(&found.path),
        numbers = numbers
    )
}

extendr_module! {
    mod fit;
    fn engine_fit;
}
