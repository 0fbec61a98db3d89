//! Varying volumes against a common shape: VEI, VEE, VEV.
//!
//! With `Sigma_k = lambda_k C_k`, where the `C_k` are one matrix `C` of determinant one (in VEV
//! but for the orientation), the best `C` for given volumes is proportional to
//! `M = sum_k W_k / lambda_k`. What is left is to minimise over `theta_k = -log lambda_k`
//!
//! `h(theta) = log|sum_k exp(theta_k) W_k| / d - sum_k (N_k / N) theta_k`.
//!
//! This is convex, because the determinant is a sum of exponentials in `theta` with positive
//! coefficients (mixed discriminants). Its gradient is the difference between component `k`'s
//! share `tr(M^-1 W_k) / (lambda_k d)` of `M` and its share `N_k / N` of the mass. So Newton's
//! method finds the one minimum, in a few steps, where alternating between volumes and shape, as
//! in the source, may take hundreds.
//!
//! # Source
//! Celeux and Govaert (1995), Pattern Recognition 28(5), sections 3.1 to 3.2.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::covariances::{compose, inverse_of_lower, log_volume, lower_factor};
use super::matrices::{all_eigen, lost};
use super::{common, is_sound, Basis, Covariances, Given};
use crate::error::GmmError;

/// Newton steps; some five are usual, and what needs so many runs away towards a singular
/// covariance.
const STEPS: usize = 100;

/// How often a step is halved before the alternating step replaces it.
const HALVINGS: usize = 30;

/// The longest step of a log volume: far from the minimum the quadratic model overshoots.
const LONGEST: f64 = 4.0;

/// A Newton step of this length leaves an error of its square.
const CONVERGED: f64 = 1e-8;

/// So near, steps shrink quadratically, or are rounding: of scatters that are nearly singular.
const NEAR: f64 = 1e-3;

/// A previous fit further than this from the volumes of the scatters is no better start.
const FAR: f64 = 20.0;

/// Common diagonal shape: `Sigma_k = lambda_k A`.
pub(super) fn vei(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let scatters: Vec<_> = (0..given.k()).map(|k| given.scatter.diagonal(k)).collect();
    common(None, diagonal_covariances(given, &scatters)?)
}

/// Common shape up to orientation: `Sigma_k = lambda_k L_k A L_k'`, with `W_k = L_k Omega_k L_k'`
/// and `Omega_k` decreasing.
pub(super) fn vev(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let eigen = all_eigen(given)?;
    let scatters: Vec<_> = eigen.iter().map(|own| own.values.clone()).collect();
    let variances = diagonal_covariances(given, &scatters)?;
    if let Some(k) = variances.iter().position(lost) {
        return Err(GmmError::Degenerate { k });
    }
    let own = eigen.iter().zip(&variances);
    let own = own.map(|(eigen, variances)| compose(&eigen.vectors, variances));
    Ok(Covariances::Own(own.collect()))
}

/// Common matrix: `Sigma_k = lambda_k C`.
///
/// # Cost
/// Per Newton step two products of `d` by `d` matrices per component.
pub(super) fn vee(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let k = given.k();
    let scatters: Vec<&DMatrix<f64>> = (0..k).map(|k| given.scatter.full(k)).collect();
    let pool = |theta: &[f64]| {
        let mut pooled = DMatrix::zeros(given.d(), given.d());
        for (scatter, theta) in scatters.iter().zip(theta) {
            let precision = theta.exp();
            pooled.zip_apply(*scatter, |sum, entry| *sum += precision * entry);
        }
        pooled
    };
    let start = start(given, |k| scatters[k].diagonal())?;
    let theta = minimise(given, start, |theta| {
        let lower = lower_factor(&pool(theta))?;
        let inverse = inverse_of_lower(&lower)?;
        let transposed = inverse.transpose();
        let whitened = scatters.iter().zip(theta).map(|(scatter, theta)| {
            let mut part = &inverse * *scatter * &transposed;
            part *= theta.exp();
            part
        });
        let whitened: Vec<DMatrix<f64>> = whitened.collect();
        let trace = |k: usize| whitened[k].trace();
        let product = |i: usize, j: usize| whitened[i].dot(&whitened[j]);
        Some(Slope::of(k, given.d(), log_volume(&lower), trace, product))
    })?;
    // The volume of M / N is the factor that the volumes exp(-theta) lack.
    let mut lower = lower_factor(&pool(&theta)).ok_or(GmmError::Degenerate { k: 0 })?;
    let half_volume = 0.5 * log_volume(&lower);
    lower *= (-half_volume).exp();
    let basis = Basis::triangular(lower).ok_or(GmmError::Degenerate { k: 0 })?;
    let scale = 2.0 * half_volume - given.total_mass().ln();
    let sphere = |theta: &f64| DVector::from_element(given.d(), (scale - theta).exp());
    common(Some(basis), theta.iter().map(sphere).collect())
}

/// The variances `lambda_k A` of diagonal scatters.
fn diagonal_covariances(
    given: &Given<'_>,
    scatters: &[DVector<f64>],
) -> Result<Vec<DVector<f64>>, GmmError> {
    let (k, d) = (given.k(), given.d());
    let pool = |theta: &[f64]| {
        let mut pooled = DVector::zeros(d);
        for (scatter, theta) in scatters.iter().zip(theta) {
            pooled.axpy(theta.exp(), scatter, 1.0);
        }
        pooled
    };
    let start = start(given, |k| scatters[k].clone())?;
    let theta = minimise(given, start, |theta| {
        let pooled = pool(theta);
        if !pooled.iter().all(|&sum| is_sound(sum)) {
            return None;
        }
        let mut parts = DMatrix::zeros(d, k);
        for ((mut part, own), theta) in parts.column_iter_mut().zip(scatters).zip(theta) {
            let precision = theta.exp();
            for ((part, own), pooled) in part.iter_mut().zip(own).zip(&pooled) {
                *part = own / pooled * precision;
            }
        }
        let trace = |k: usize| parts.column(k).sum();
        let product = |i: usize, j: usize| parts.column(i).dot(&parts.column(j));
        let log_volume = pooled.iter().map(|sum| sum.ln()).sum::<f64>() / d as f64;
        Some(Slope::of(k, d, log_volume, trace, product))
    })?;
    let pooled = pool(&theta) / given.total_mass();
    Ok(theta.iter().map(|theta| &pooled * (-theta).exp()).collect())
}

/// What Newton's method must know of `log|M| / d` at a point.
struct Slope {
    log_volume: f64,
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
}

impl Slope {
    /// From traces `tr(P_i)` and products `tr(P_i P_j)` of the parts `P_k = M^-1 W_k / lambda_k`.
    fn of(
        k: usize,
        d: usize,
        log_volume: f64,
        trace: impl Fn(usize) -> f64,
        product: impl Fn(usize, usize) -> f64,
    ) -> Self {
        let d = d as f64;
        let gradient = DVector::from_fn(k, |k, _| trace(k) / d);
        let mut hessian = DMatrix::from_diagonal(&gradient);
        for i in 0..k {
            for j in 0..=i {
                hessian[(i, j)] -= product(i, j) / d;
                hessian[(j, i)] = hessian[(i, j)];
            }
        }
        Slope {
            log_volume,
            gradient,
            hessian,
        }
    }
}

/// Where to start from: the volumes of `previous`, else those of the scatters, measured in units
/// of the pooled scatter so that the scales of the columns do not matter.
fn start(
    given: &Given<'_>,
    diagonal: impl Fn(usize) -> DVector<f64>,
) -> Result<DVector<f64>, GmmError> {
    let k = given.k();
    let diagonals: Vec<DVector<f64>> = (0..k).map(diagonal).collect();
    let mut pooled = diagonals[0].clone();
    for diagonal in &diagonals[1..] {
        pooled += diagonal;
    }
    if !pooled.iter().all(|&sum| is_sound(sum)) {
        return Err(GmmError::Degenerate { k: 0 });
    }
    let volume = |k: usize| diagonals[k].component_div(&pooled).mean() / given.mass[k];
    let theta = DVector::from_fn(k, |k, _| -volume(k).ln());
    if let Some(k) = theta.iter().position(|theta| !theta.is_finite()) {
        return Err(GmmError::Degenerate { k });
    }
    // Only differences between components matter; these sums stay far from overflow.
    let level = pooled.map(f64::ln).mean();
    Ok(from_previous(given, &theta)
        .unwrap_or(theta)
        .add_scalar(-level))
}

/// The volumes of `previous` where they are near `theta`, at the level of `theta`.
fn from_previous(given: &Given<'_>, theta: &DVector<f64>) -> Option<DVector<f64>> {
    let previous = given
        .previous
        .filter(|previous| previous.k() == given.k())?;
    let volumes = (0..given.k()).map(|k| previous.relative_log_volume(k));
    let volumes = DVector::from_vec(volumes.collect::<Option<Vec<f64>>>()?);
    let difference = -volumes - theta;
    let difference = difference.add_scalar(-difference.mean());
    (difference.amax() < FAR).then(|| theta + difference)
}

/// The `theta` that minimises `h`, of which `slope` gives the determinant's part.
fn minimise(
    given: &Given<'_>,
    start: DVector<f64>,
    slope: impl Fn(&[f64]) -> Option<Slope>,
) -> Result<Vec<f64>, GmmError> {
    let shares = DVector::from_column_slice(given.mass) / given.total_mass();
    let evaluate = |theta: &DVector<f64>| {
        let mut slope = slope(theta.as_slice())?;
        slope.log_volume -= shares.dot(theta);
        slope.gradient -= &shares;
        Some(slope)
    };
    let first = start.clone();
    let mut theta = start;
    let mut here = evaluate(&theta).ok_or(GmmError::Degenerate { k: 0 })?;
    let mut before = f64::INFINITY;
    for _ in 0..STEPS {
        let alternating = || alternating_step(&here, &shares);
        let mut step = newton_step(&here).unwrap_or_else(alternating);
        let length = step.amax();
        if length < CONVERGED || (length < NEAR && length > 0.1 * before) {
            theta += step;
            return Ok(theta.as_slice().to_vec());
        }
        before = length;
        step *= (LONGEST / length).min(1.0);
        let mut next = None;
        for _ in 0..HALVINGS {
            next = evaluate(&(&theta + &step)).filter(|next| descends(&here, &step, next));
            if next.is_some() {
                break;
            }
            step *= 0.5;
        }
        if next.is_none() {
            step = alternating_step(&here, &shares);
            next = evaluate(&(&theta + &step));
        }
        theta += step;
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    // There is no minimum: the volume that shrinks most against its start vanishes.
    let k = (theta - first).imax();
    Err(GmmError::Degenerate { k })
}

/// The minimum of the quadratic model. A common shift of all log volumes changes nothing, so the
/// Hessian has a null vector, which is filled up.
fn newton_step(here: &Slope) -> Option<DVector<f64>> {
    let k = here.gradient.len() as f64;
    let hessian = here.hessian.add_scalar(1.0 / (k * k));
    let step = Cholesky::new(hessian)?.solve(&-&here.gradient);
    step.iter().all(|step| step.is_finite()).then_some(step)
}

/// The best volumes for the present shape: slower than Newton's step, but it always descends.
fn alternating_step(here: &Slope, shares: &DVector<f64>) -> DVector<f64> {
    let found = &here.gradient + shares;
    let ratio = |wanted: f64, found: f64| (wanted / found).ln().clamp(-LONGEST, LONGEST);
    shares.zip_map(&found, ratio)
}

/// Whether `h` fell, judged by its derivative along the step where this is enough: near the
/// minimum `h` itself differs by nothing but rounding.
fn descends(here: &Slope, step: &DVector<f64>, next: &Slope) -> bool {
    let convex_and_not_past_it = next.gradient.dot(step) <= 0.0;
    convex_and_not_past_it || next.log_volume <= here.log_volume + 0.1 * here.gradient.dot(step)
}
