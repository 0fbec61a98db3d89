//! Sweeps of plane rotations: the robust way to a common orientation.
//!
//! In the plane of columns `p` and `q`, turned by half of `psi`, the variances are
//! `m_k + u_k` and `m_k - u_k` with `u_k = a_k cos psi + b_k sin psi`, where `a_k` is half the
//! difference of the variances at `psi = 0` and `b_k` the covariance there. So the objective is
//! an explicit function of one angle.
//!
//! # Source
//! Flury and Gautschi (1986), *An algorithm for simultaneous orthogonal transformation of several
//! positive definite symmetric matrices to nearly diagonal form*, SIAM Journal on Scientific and
//! Statistical Computing 7(1). The majorising angle is the step of Browne and McNicholas (2014)
//! restricted to a plane, where it is explicit; it is also one iteration of Flury and Gautschi's
//! inner algorithm.

use std::f64::consts::FRAC_PI_4;

use super::frame::{Frame, Volumes};
use super::products::dot;
use crate::error::GmmError;
use crate::progress::Progress;

/// A turn by less than this changes variances by less than their rounding.
const STILL: f64 = 1e-12;

/// The longest Newton step of `psi`.
const LONGEST: f64 = 1.0;

/// What there is per component in a plane; kept over a sweep so that nothing is allocated in it.
struct Plane {
    half_difference: Vec<f64>,
    covariance: Vec<f64>,
    /// One over the product of the two variances.
    scale: Vec<f64>,
    /// See [`Frame::growth`], at the angle tried last.
    growths: Vec<f64>,
}

/// The derivatives of the objective at `psi = 0`.
struct Slope {
    first: f64,
    second: f64,
    /// Of the function that majorises the objective.
    majorising_second: f64,
}

/// Turn every plane once, and return by how much the objective fell. No turn raises it.
///
/// # Cost
/// `6 k d³` operations.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn sweep(frame: &mut Frame, progress: &Progress) -> Result<f64, GmmError> {
    let (k, d) = (frame.k(), frame.d());
    let mut plane = Plane {
        half_difference: vec![0.0; k],
        covariance: vec![0.0; k],
        scale: vec![0.0; k],
        growths: vec![0.0; k],
    };
    let mut total = 0.0;
    for p in 0..d {
        progress.check()?;
        for q in p + 1..d {
            plane.look(frame, p, q);
            if let Some((psi, gain)) = plane.best(frame) {
                turn(frame, p, q, 0.5 * psi);
                frame.reweigh(&plane.growths);
                total += gain;
            }
        }
    }
    // The weights were followed by products; take them anew.
    frame.measure();
    Ok(total)
}

impl Plane {
    fn look(&mut self, frame: &Frame, p: usize, q: usize) {
        let d = frame.d();
        let (left, right) = (frame.stacked.column(p), frame.stacked.column(q));
        let left = left.as_slice().chunks_exact(d).skip(1);
        let right = right.as_slice().chunks_exact(d).skip(1);
        for (k, (left, right)) in left.zip(right).enumerate() {
            let (first, second) = (frame.squares[(k, p)], frame.squares[(k, q)]);
            self.half_difference[k] = 0.5 * (first - second);
            self.covariance[k] = dot(left, right);
            self.scale[k] = 1.0 / (first * second);
        }
    }

    /// The angle `psi` that is best, or good enough for a sweep, and its gain.
    fn best(&mut self, frame: &Frame) -> Option<(f64, f64)> {
        let slope = self.slope(frame);
        let majorising = (-slope.first).atan2(slope.majorising_second);
        if slope.second > 0.0 {
            let newton = (-slope.first / slope.second).clamp(-LONGEST, LONGEST);
            if newton.abs() < STILL {
                return None;
            }
            return self
                .descent(frame, newton)
                .or_else(|| self.descent(frame, majorising));
        }
        // On a hill, on its top perhaps, where the slope says nothing: look around.
        let mut best = (majorising, self.gain(frame, majorising));
        for eighth in 1..8 {
            let psi = f64::from(eighth) * FRAC_PI_4;
            let gain = self.gain(frame, psi);
            if gain > best.1 {
                best = (psi, gain);
            }
        }
        self.descent(frame, best.0)
    }

    /// An angle and its gain, if there is any.
    fn descent(&mut self, frame: &Frame, psi: f64) -> Option<(f64, f64)> {
        let gain = self.gain(frame, psi);
        (gain > 0.0 && psi.abs() >= STILL).then_some((psi, gain))
    }

    fn slope(&self, frame: &Frame) -> Slope {
        let (mut first, mut second, mut majorising_second, mut squared) = (0.0, 0.0, 0.0, 0.0);
        for (k, weight) in frame.weights.iter().enumerate() {
            let (a, b, scale) = (self.half_difference[k], self.covariance[k], self.scale[k]);
            let own = -2.0 * a * b * scale;
            first += weight * own;
            squared += weight * own * own;
            majorising_second += weight * 2.0 * a * a * scale;
            second += weight * 2.0 * (a * a - b * b) * scale;
        }
        second -= squared;
        if frame.volumes() == Volumes::Equal {
            second += (squared - first * first) / frame.d() as f64;
        }
        Slope {
            first,
            second,
            majorising_second,
        }
    }

    /// By how much the objective falls at `psi`: not by differences of objectives, which would
    /// hide small gains behind rounding.
    fn gain(&mut self, frame: &Frame, psi: f64) -> f64 {
        let (sin_half, cos_half) = (0.5 * psi).sin_cos();
        let (one_minus_cos, sin) = (2.0 * sin_half * sin_half, 2.0 * sin_half * cos_half);
        for (k, growth) in self.growths.iter_mut().enumerate() {
            let (a, b, scale) = (self.half_difference[k], self.covariance[k], self.scale[k]);
            let fall = a * one_minus_cos - b * sin;
            *growth = frame.growth(fall * (2.0 * a - fall) * scale);
        }
        frame.gain(&self.growths)
    }
}

/// Rotate columns `p` and `q` of everything.
fn turn(frame: &mut Frame, p: usize, q: usize, angle: f64) {
    let d = frame.d();
    let (sin, cos) = angle.sin_cos();
    let rows = frame.stacked.nrows();
    let (before, from) = frame.stacked.as_mut_slice().split_at_mut(q * rows);
    let (left, right) = (&mut before[p * rows..][..rows], &mut from[..rows]);
    for (left, right) in left.iter_mut().zip(right.iter_mut()) {
        let turned = cos * *left + sin * *right;
        *right = cos * *right - sin * *left;
        *left = turned;
    }
    for (j, column) in [(p, left), (q, right)] {
        let parts = column.chunks_exact(d).skip(1);
        for (k, part) in parts.enumerate() {
            frame.squares[(k, j)] = dot(part, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covariance::frame::Roots;
    use crate::covariance::{factor, Stack};
    use nalgebra::DMatrix;

    /// Scatters of three components that share no axes.
    fn roots(d: usize) -> Roots {
        let scatter = |k: usize| {
            let root = DMatrix::from_fn(d, d, |i, j| ((3 * i + (k + 2) * j) % 7) as f64 - 2.5);
            &root * root.transpose() + DMatrix::identity(d, d)
        };
        let mut lowers: Stack = (0..3).map(scatter).collect();
        for lower in lowers.each_mut() {
            assert!(factor(lower, d));
        }
        Roots::of(&lowers)
    }

    #[test]
    fn what_a_sweep_or_a_turn_gains_is_what_the_objective_falls() {
        for (d, volumes) in [2, 3, 5]
            .into_iter()
            .flat_map(|d| [Volumes::Equal, Volumes::Varying].map(|volumes| (d, volumes)))
        {
            let basis = DMatrix::identity(d, d);
            let mut frame = Frame::new(volumes, &[0.2, 0.3, 0.5], &roots(d), &basis);
            let before = frame.objective();
            let gain = sweep(&mut frame, &Progress::new()).unwrap();
            assert!(gain > 1e-3);
            assert!((before - frame.objective() - gain).abs() < 1e-12);
            // Back again, it rises, and that is refused.
            let objective = frame.objective();
            let back = frame.basis().transpose();
            assert_eq!(frame.turn(&back), None);
            assert_eq!(frame.objective(), objective);
            let mut other = Frame::new(volumes, &[0.2, 0.3, 0.5], &roots(d), &basis);
            let gain = other.turn(&frame.basis()).unwrap();
            assert!((before - other.objective() - gain).abs() < 1e-12);
        }
    }
}
