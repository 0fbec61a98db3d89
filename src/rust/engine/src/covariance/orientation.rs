//! A common orientation of varying shapes: EVE and VVE.
//!
//! For a given orientation `D` the rest is a closed form, that of EVI or VVI for the scatters
//! `D'W_kD`. The orientation itself has none, and what it minimises may have several minima. An
//! M-step that knows previous covariances descends from their orientation, so that it never ends
//! above it; one that does not races the likely orientations against each other.
//!
//! # Source
//! Celeux and Govaert (1995), Pattern Recognition 28(5), section 3.3, for the model; Browne and
//! McNicholas (2014), Advances in Data Analysis and Classification 8(2), for orientations as a
//! minimum over orthogonal matrices. Their steps along a tangent that majorises the objective
//! appear here plane by plane only, in [`sweep`], where they are explicit: taken alone they
//! converge linearly, and stopped early they leave the likelihood short of its maximum.

use nalgebra::DMatrix;

use super::eigen::axes;
use super::frame::{log_sum_exp, Frame, Roots, Volumes};
use super::newton::descend;
use super::products::product;
use super::sweeps::sweep;
use super::triangles::{factor_regular, inverse_of_lower};
use super::volumes::vee;
use super::{common, Ascent, Basis, Covariances, Given};
use crate::error::GmmError;
use crate::progress::Progress;

/// Descents, each checked by a sweep; one is usual, and some more past a saddle.
const DESCENTS: usize = 100;

/// A sweep that gains less has nothing left to gain.
const CONVERGED: f64 = 1e-14;

/// How many components' own axes enter a race.
const OWN_AXES: usize = 3;

/// Sweeps per round of a race, and of an M-step that need not end at its maximum.
const LAP: usize = 2;

/// Such an M-step is over where a sweep gains less, per row.
const WORTHWHILE: f64 = 1e-4;

/// `lambda D A_k D'`.
///
/// # Errors
/// [`GmmError::Degenerate`] for a singular scatter: turned into its null space, the orientation
/// gives the component no volume.
pub(super) fn eve(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let roots = roots(given)?;
    let frame = best_frame(given, &roots, Volumes::Equal)?;
    let mean_logs = frame.mean_logs();
    let log_volume = log_sum_exp(&mean_logs) - given.total_mass().ln();
    covariances(&frame, |k| log_volume - mean_logs[k])
}

/// `D B_k D'`, with diagonal `B_k`.
///
/// # Errors
/// As for [`eve`].
pub(super) fn vve(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let roots = roots(given)?;
    let frame = best_frame(given, &roots, Volumes::Varying)?;
    covariances(&frame, |k| -given.mass[k].ln())
}

fn roots(given: &Given<'_>) -> Result<Roots, GmmError> {
    let mut lowers = given.scatter.full().clone();
    for (k, (lower, mass)) in lowers.each_mut().zip(given.mass).enumerate() {
        let is_sound = *mass > 0.0 && mass.is_finite();
        if !is_sound || !factor_regular(lower, given.d()) {
            return Err(GmmError::Degenerate { k });
        }
    }
    Ok(Roots::of(&lowers))
}

/// Variances `y_kj` times a factor per component, in the basis of the frame.
fn covariances(frame: &Frame, log_factor: impl Fn(usize) -> f64) -> Result<Covariances, GmmError> {
    let factor = |(k, log_volume): (usize, &f64)| (log_volume + log_factor(k)).exp();
    let factors: Vec<f64> = frame.log_volumes.iter().enumerate().map(factor).collect();
    let variance = |j: usize, k: usize| frame.squares[(k, j)] * factors[k];
    let basis = Basis::orthogonal(orthonormal(frame.basis()));
    common(
        Some(basis),
        DMatrix::from_fn(frame.d(), frame.k(), variance),
    )
}

/// The best orientation there is, or that descends from the previous one.
fn best_frame(given: &Given<'_>, roots: &Roots, volumes: Volumes) -> Result<Frame, GmmError> {
    let total = given.total_mass();
    let shares: Vec<f64> = given.mass.iter().map(|mass| mass / total).collect();
    let frame = |basis: &DMatrix<f64>| Frame::new(volumes, &shares, roots, basis);
    let mut best = match given.ascent.previous() {
        None if matches!(given.ascent, Ascent::Roughly) => {
            let (d, pooled) = (given.d(), axes(&given.scatter.pooled()));
            frame(&pooled.unwrap_or_else(|| DMatrix::identity(d, d)))
        }
        None => {
            let bases = likely_bases(given, roots, volumes)?;
            race(bases.iter().map(frame).collect(), given.progress)?
        }
        Some(previous) => {
            let mut frames: Vec<Frame> = bases_of(given, previous).iter().map(frame).collect();
            if frames.len() > 1 {
                frames = best_first(frames).collect();
            }
            frames.swap_remove(0)
        }
    };
    match given.ascent {
        Ascent::Roughly | Ascent::Upwards(_) => improve(&mut best, given.progress)?,
        _ => minimise(&mut best, given.progress)?,
    }
    Ok(best)
}

/// The orientation that the previous covariances share; if they do not, the axes of one of them,
/// which are those of all where the family is contained, and those of the pooled scatter.
fn bases_of(given: &Given<'_>, previous: &Covariances) -> Vec<DMatrix<f64>> {
    let d = given.d();
    match previous {
        Covariances::Common { basis: None, .. } => vec![DMatrix::identity(d, d)],
        Covariances::Common {
            basis: Some(basis), ..
        } if basis.is_orthogonal() => vec![orthonormal(basis.matrix.clone())],
        _ => {
            let mut bases: Vec<DMatrix<f64>> = axes(&previous.matrix(0)).into_iter().collect();
            bases.extend(axes(&given.scatter.pooled()));
            if bases.is_empty() {
                bases.push(DMatrix::identity(d, d));
            }
            bases
        }
    }
}

/// Orientations at which the families that are contained have their maximum, so that none of
/// them can be better: the axes of the data (EVI, VVI), those of the pooled scatter (EEE), of the
/// matrix that VEE shares, and the orientation of EVE. Then compromises in which no component
/// outweighs the others by its volume, and the components' own axes.
fn likely_bases(
    given: &Given<'_>,
    roots: &Roots,
    volumes: Volumes,
) -> Result<Vec<DMatrix<f64>>, GmmError> {
    let d = given.d();
    let mut bases = vec![DMatrix::identity(d, d)];
    bases.extend(axes(&given.scatter.pooled()));
    if given.k() == 1 {
        return Ok(bases);
    }
    if volumes == Volumes::Varying {
        let cold = Given {
            ascent: Ascent::Anew,
            ..*given
        };
        bases.extend(vee(&cold).ok().and_then(|vee| axes(&vee.matrix(0))));
        bases.push(best_frame(&cold, roots, Volumes::Equal)?.basis());
    }
    let mut scatters = DMatrix::zeros(d, d);
    let mut inverses = DMatrix::zeros(d, d);
    for factor in roots.each() {
        let lower = factor.transpose();
        scatters += &lower * factor;
        if let Some(inverse) = inverse_of_lower(&lower) {
            inverses += inverse.transpose() * inverse;
        }
    }
    bases.extend(axes(&scatters));
    bases.extend(axes(&inverses));
    let mut order: Vec<usize> = (0..given.k()).collect();
    order.sort_by(|&i, &j| given.mass[j].total_cmp(&given.mass[i]));
    let heaviest = order.into_iter().take(OWN_AXES);
    bases.extend(heaviest.filter_map(|k| axes(&given.scatter.full().matrix(k).into_owned())));
    Ok(bases)
}

/// Frames, the best first.
fn best_first(frames: Vec<Frame>) -> impl Iterator<Item = Frame> {
    let judged = frames.into_iter().map(|frame| (frame.objective(), frame));
    let mut judged: Vec<(f64, Frame)> = judged.collect();
    judged.sort_by(|a, b| a.0.total_cmp(&b.0));
    judged.into_iter().map(|(_, frame)| frame)
}

/// The best of several frames: after every lap the worse half drops out.
fn race(mut frames: Vec<Frame>, progress: &Progress) -> Result<Frame, GmmError> {
    while frames.len() > 1 {
        for frame in &mut frames {
            for _ in 0..LAP {
                if sweep(frame, progress)? < CONVERGED {
                    break;
                }
            }
        }
        let left = frames.len().div_ceil(2);
        frames = best_first(frames).take(left).collect();
    }
    Ok(frames.swap_remove(0))
}

/// A few sweeps, of which those that gain little are the last.
fn improve(frame: &mut Frame, progress: &Progress) -> Result<(), GmmError> {
    for _ in 0..LAP {
        if sweep(frame, progress)? < WORTHWHILE {
            break;
        }
    }
    Ok(())
}

/// Descend until a sweep over all planes finds nothing left to gain. Where there is but one plane,
/// sweeps are Newton steps themselves.
fn minimise(frame: &mut Frame, progress: &Progress) -> Result<(), GmmError> {
    for _ in 0..DESCENTS {
        if frame.d() > 2 {
            descend(frame, progress)?;
        }
        if sweep(frame, progress)? < CONVERGED {
            break;
        }
    }
    Ok(())
}

/// The orthogonal matrix next to one that rounding has moved off the orthogonal ones: a step of
/// Newton and Schulz.
fn orthonormal(basis: DMatrix<f64>) -> DMatrix<f64> {
    let mut correction = product(&basis.transpose(), &basis);
    correction *= -0.5;
    for i in 0..basis.ncols() {
        correction[(i, i)] += 1.5;
    }
    product(&basis, &correction)
}
