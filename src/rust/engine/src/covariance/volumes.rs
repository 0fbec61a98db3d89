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

use nalgebra::{DMatrix, DVector};

use super::matrices::{lost, Eigen};
use super::products::{dot, multiply, sum_of_logs};
use super::triangles::{factor, factor_regular, invert, log_volume, solve};
use super::{common, is_sound, Ascent, Basis, Covariances, Given};
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
    common(
        None,
        diagonal_covariances(given, &given.scatter.diagonals())?,
    )
}

/// Common shape up to orientation: `Sigma_k = lambda_k L_k A L_k'`, with `W_k = L_k Omega_k L_k'`
/// and `Omega_k` decreasing.
pub(super) fn vev(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut eigen = Eigen::of_each(given)?;
    eigen.values = diagonal_covariances(given, &eigen.values)?;
    let mut variances = eigen.values.as_slice().chunks_exact(given.d());
    if let Some(k) = variances.position(lost) {
        return Err(GmmError::Degenerate { k });
    }
    Ok(eigen.compose())
}

/// Common matrix: `Sigma_k = lambda_k C`.
///
/// # Cost
/// Per Newton step two products of `d` by `d` matrices per component.
pub(super) fn vee(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let (k, d) = (given.k(), given.d());
    let scatters = given.scatter.full();
    let mut lower = DMatrix::zeros(d, d);
    let [mut inverse, mut transposed, mut half] = [(); 3].map(|()| lower.clone());
    let mut parts = DMatrix::zeros(d * d, k);
    let start = start(given, &given.scatter.diagonals())?;
    let precisions = minimise(given, start, |precisions, slope| {
        pool(scatters.values(), precisions, lower.as_mut_slice());
        let is_regular = factor_regular(lower.as_mut_slice(), d)
            && invert(lower.as_slice(), d, inverse.as_mut_slice());
        if !is_regular {
            return false;
        }
        inverse.transpose_to(&mut transposed);
        let parts_of_each = parts.as_mut_slice().chunks_exact_mut(d * d);
        for ((scatter, part), precision) in scatters.each().zip(parts_of_each).zip(precisions) {
            multiply(scatter, transposed.as_slice(), d, half.as_mut_slice());
            multiply(inverse.as_slice(), half.as_slice(), d, part);
            part.iter_mut().for_each(|entry| *entry *= precision);
        }
        slope.set(log_volume(lower.as_slice(), d), &parts, d);
        true
    })?;
    pool(scatters.values(), &precisions, lower.as_mut_slice());
    if !factor_regular(lower.as_mut_slice(), d) {
        return Err(GmmError::Degenerate { k: 0 });
    }
    // The volume of M / N is the factor that the volumes lack.
    let half_volume = 0.5 * log_volume(lower.as_slice(), d);
    lower *= (-half_volume).exp();
    let basis = Basis::triangular(lower).ok_or(GmmError::Degenerate { k: 0 })?;
    let scale = (2.0 * half_volume).exp() / given.total_mass();
    let mut spheres = DMatrix::zeros(d, k);
    for (mut sphere, precision) in spheres.column_iter_mut().zip(&precisions) {
        sphere.fill(scale / precision);
    }
    common(Some(basis), spheres)
}

/// The variances `lambda_k A` of diagonal scatters, `double[d, k]`.
fn diagonal_covariances(
    given: &Given<'_>,
    scatters: &DMatrix<f64>,
) -> Result<DMatrix<f64>, GmmError> {
    let (d, k) = scatters.shape();
    let mut pooled = DVector::zeros(d);
    let mut parts = DMatrix::zeros(d, k);
    let start = start(given, scatters)?;
    let precisions = minimise(given, start, |precisions, slope| {
        pool(scatters.as_slice(), precisions, pooled.as_mut_slice());
        if !pooled.iter().all(|&sum| is_sound(sum)) {
            return false;
        }
        let own = scatters.as_slice().chunks_exact(d);
        let parts_of_each = parts.as_mut_slice().chunks_exact_mut(d);
        for ((own, part), precision) in own.zip(parts_of_each).zip(precisions) {
            for ((part, own), pooled) in part.iter_mut().zip(own).zip(&pooled) {
                *part = own / pooled * precision;
            }
        }
        let log_volume = sum_of_logs(pooled.iter().copied()) / d as f64;
        slope.set(log_volume, &parts, d);
        true
    })?;
    pool(scatters.as_slice(), &precisions, pooled.as_mut_slice());
    pooled /= given.total_mass();
    for (mut variances, precision) in parts.column_iter_mut().zip(&precisions) {
        variances.copy_from(&pooled);
        variances /= *precision;
    }
    Ok(parts)
}

/// `sum_k W_k / lambda_k`, of which `scatters` holds one after the other.
fn pool(scatters: &[f64], precisions: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (scatter, precision) in scatters.chunks_exact(out.len()).zip(precisions) {
        for (sum, entry) in out.iter_mut().zip(scatter) {
            *sum += precision * entry;
        }
    }
}

/// What Newton's method must know of `h` at a point: [`Slope::set`] gives the part of `log|M| / d`,
/// [`minimise`] takes the masses' part off.
#[derive(Clone)]
struct Slope {
    value: f64,
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
}

impl Slope {
    fn with_room_for(k: usize) -> Self {
        Slope {
            value: 0.0,
            gradient: DVector::zeros(k),
            hessian: DMatrix::zeros(k, k),
        }
    }

    /// From the parts `L^-1 W_k L'^-1 / lambda_k`, with `M = LL'`, as columns: matrices, or their
    /// diagonals alone. Needed are their traces and those of their products.
    fn set(&mut self, log_volume: f64, parts: &DMatrix<f64>, d: usize) {
        let of = |k: usize| &parts.as_slice()[k * parts.nrows()..][..parts.nrows()];
        let stride = if parts.nrows() == d { 1 } else { d + 1 };
        let d = d as f64;
        self.value = log_volume;
        for i in 0..parts.ncols() {
            self.gradient[i] = of(i).iter().step_by(stride).sum::<f64>() / d;
            for j in 0..=i {
                let product = -dot(of(i), of(j)) / d;
                self.hessian[(i, j)] = product;
                self.hessian[(j, i)] = product;
            }
            self.hessian[(i, i)] += self.gradient[i];
        }
    }
}

/// Where Newton's method starts.
struct Start {
    theta: DVector<f64>,
    /// Whether it is that of the previous covariances, from which one step is enough.
    climbs: bool,
}

/// Where to start from: the volumes of `previous`, else those of the scatters, measured in units
/// of the pooled scatter so that the scales of the columns do not matter.
fn start(given: &Given<'_>, diagonals: &DMatrix<f64>) -> Result<Start, GmmError> {
    let pooled = diagonals.column_sum();
    if !pooled.iter().all(|&sum| is_sound(sum)) {
        return Err(GmmError::Degenerate { k: 0 });
    }
    let log_volume = |k: usize| {
        let own = diagonals.column(k);
        let relative = own.iter().zip(&pooled).map(|(own, pooled)| own / pooled);
        (relative.sum::<f64>() / given.d() as f64 / given.mass[k]).ln()
    };
    let theta = DVector::from_fn(given.k(), |k, _| -log_volume(k));
    if let Some(k) = theta.iter().position(|theta| !theta.is_finite()) {
        return Err(GmmError::Degenerate { k });
    }
    // Only differences between components matter; these sums stay far from overflow.
    let level = sum_of_logs(pooled.iter().copied()) / given.d() as f64;
    let previous = from_previous(given, &theta);
    Ok(Start {
        climbs: previous.is_some() && matches!(given.ascent, Ascent::Upwards(_)),
        theta: previous.unwrap_or(theta).add_scalar(-level),
    })
}

/// The volumes of `previous` where they are near `theta`, at the level of `theta`.
fn from_previous(given: &Given<'_>, theta: &DVector<f64>) -> Option<DVector<f64>> {
    let previous = given
        .ascent
        .previous()
        .filter(|previous| previous.k() == given.k())?;
    let volumes = DVector::from_vec(previous.relative_log_volumes());
    let difference = -volumes - theta;
    let difference = difference.add_scalar(-difference.mean());
    let is_near = difference.iter().all(|entry| entry.abs() < FAR);
    is_near.then(|| theta + difference)
}

/// The `exp(theta)` that minimise `h`, of which `look` gives the determinant's part, if there are
/// any.
fn minimise(
    given: &Given<'_>,
    Start {
        theta: start,
        climbs,
    }: Start,
    mut look: impl FnMut(&[f64], &mut Slope) -> bool,
) -> Result<Vec<f64>, GmmError> {
    let shares = DVector::from_column_slice(given.mass) / given.total_mass();
    let mut evaluate = |theta: &DVector<f64>, precisions: &mut [f64], slope: &mut Slope| {
        take_exp(theta, precisions);
        let is_found = look(precisions, slope);
        if is_found {
            slope.value -= shares.dot(theta);
            slope.gradient -= &shares;
        }
        is_found
    };
    let mut theta = start.clone();
    let mut here = Slope::with_room_for(given.k());
    let mut next = here.clone();
    let mut to = theta.clone();
    let mut precisions = vec![0.0; given.k()];
    if !evaluate(&theta, &mut precisions, &mut here) {
        return Err(GmmError::Degenerate { k: 0 });
    }
    let mut before = f64::INFINITY;
    let mut step = DVector::zeros(given.k());
    let mut room = here.hessian.clone();
    for _ in 0..STEPS {
        if !newton_step(&here, &mut room, &mut step) {
            step = alternating_step(&here, &shares);
        }
        let length = step.amax();
        if length < CONVERGED || (length < NEAR && length > 0.1 * before) {
            theta += &step;
            take_exp(&theta, &mut precisions);
            return Ok(precisions);
        }
        before = length;
        step *= (LONGEST / length).min(1.0);
        let mut is_found = false;
        for _ in 0..HALVINGS {
            theta.add_to(&step, &mut to);
            is_found = evaluate(&to, &mut precisions, &mut next) && descends(&here, &step, &next);
            if is_found {
                break;
            }
            step *= 0.5;
        }
        if !is_found {
            theta.add_to(&alternating_step(&here, &shares), &mut to);
            is_found = evaluate(&to, &mut precisions, &mut next);
        }
        std::mem::swap(&mut theta, &mut to);
        std::mem::swap(&mut here, &mut next);
        if !is_found {
            break;
        }
        if climbs {
            return Ok(precisions);
        }
    }
    // There is no minimum: the volume that shrinks most against its start vanishes.
    let k = (theta - start).imax();
    Err(GmmError::Degenerate { k })
}

fn take_exp(theta: &DVector<f64>, precisions: &mut [f64]) {
    for (precision, theta) in precisions.iter_mut().zip(theta) {
        *precision = theta.exp();
    }
}

/// Step to the minimum of the quadratic model, if it has one. A common shift of all log volumes
/// changes nothing, so the Hessian has a null vector, which is filled up.
fn newton_step(here: &Slope, room: &mut DMatrix<f64>, step: &mut DVector<f64>) -> bool {
    let k = step.len();
    let filling = 1.0 / (k * k) as f64;
    room.copy_from(&here.hessian);
    room.add_scalar_mut(filling);
    step.copy_from(&here.gradient);
    step.neg_mut();
    if !factor(room.as_mut_slice(), k) {
        return false;
    }
    solve(room.as_slice(), step.as_mut_slice());
    step.iter().all(|step| step.is_finite())
}

/// The best volumes for the present shape: slower than Newton's step, but it always descends.
fn alternating_step(here: &Slope, shares: &DVector<f64>) -> DVector<f64> {
    shares.zip_map(&here.gradient, |wanted, surplus| {
        let ratio = wanted / (wanted + surplus);
        ratio.ln().clamp(-LONGEST, LONGEST)
    })
}

/// Whether `h` fell, judged by its derivative along the step where this is enough: near the
/// minimum `h` itself differs by nothing but rounding.
fn descends(here: &Slope, step: &DVector<f64>, next: &Slope) -> bool {
    let convex_and_not_past_it = next.gradient.dot(step) <= 0.0;
    convex_and_not_past_it || next.value <= here.value + 0.1 * here.gradient.dot(step)
}
