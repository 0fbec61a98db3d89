//! Newton steps of all planes at once: the fast end of the way to a common orientation.
//!
//! Sweeps treat one plane after the other and converge linearly: where the components' own axes
//! differ much and `d` is large, by a few per cent per sweep. Here the orientation moves along
//! `D exp(S)`, with a skew `S` that minimises the quadratic model of the objective, found by
//! conjugate gradients.
//!
//! Let `Y_k = D'W_kD` and `u_k = 1 / diag(Y_k)`. The derivative of `l_k = sum log diag(Y_k) / d`
//! in the plane `(i, j)` is `2/d Y_k,ij (u_kj - u_ki)`, and along `S` the matrix `Y_k` itself
//! moves by `Y_k S - S Y_k`: so a product with the Hessian costs one matrix product per component.
//!
//! # Source
//! Absil, Mahony and Sepulchre (2008), *Optimization Algorithms on Matrix Manifolds*, chapters 6
//! and 8; the truncation is that of Steihaug (1983), SIAM Journal on Numerical Analysis 20(3).

use nalgebra::DMatrix;

use super::frame::{Frame, Volumes};
use super::products::multiply;
use crate::error::GmmError;
use crate::progress::Progress;

/// Newton steps before the sweeps are asked again; some five are usual.
const STEPS: usize = 50;

/// Products with the Hessian per step.
const PRODUCTS: usize = 200;

/// The longest step: angles beyond it are out of the model's reach.
const LONGEST: f64 = 0.5;

/// How often a step is halved.
const HALVINGS: usize = 12;

/// A step that promises less than this is the last: what it leaves is far smaller still.
const LAST_PROMISE: f64 = 1e-14;

/// A step that promises less than this is not worth its cost: nothing but rounding is left.
const NO_PROMISE: f64 = 1e-17;

/// The quadratic model of the objective around an orientation, with room for all that a step
/// takes: many orientations are those of a few columns, where allocations would cost the most.
struct Model {
    /// `Y_1`, ..., `Y_k` on top of each other.
    scatters: DMatrix<f64>,
    /// The `u_k` as `double[d, k]`.
    inverses: DMatrix<f64>,
    /// Skew: the derivative in every plane.
    gradient: DMatrix<f64>,
    /// About the second derivative in every plane, positive.
    curvature: DMatrix<f64>,
    /// Towards the minimum: the sum of the conjugate directions so far.
    step: DMatrix<f64>,
    /// The next of these.
    direction: DMatrix<f64>,
    /// The Hessian times the direction.
    image: DMatrix<f64>,
    residual: DMatrix<f64>,
    /// The residual over the curvature.
    scaled: DMatrix<f64>,
    /// `Y_1 S`, ..., `Y_k S` on top of each other.
    products: DMatrix<f64>,
    /// Relative changes of `diag(Y_k)`, as `double[d, k]`.
    changes: DMatrix<f64>,
    /// One half of what becomes skew.
    half: DMatrix<f64>,
}

/// Step down until the promised gain is a matter of rounding.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn descend(frame: &mut Frame, progress: &Progress) -> Result<(), GmmError> {
    let mut model = Model::with_room_for(frame);
    for _ in 0..STEPS {
        model.look(frame);
        let Some(promise) = model.find_step(frame, progress)? else {
            break;
        };
        let step = &mut model.step;
        *step *= (LONGEST / step.amax()).min(1.0);
        let mut gain = frame.turn(&orthogonal(step));
        for _ in 0..HALVINGS {
            if gain.is_some() {
                break;
            }
            *step *= 0.5;
            gain = frame.turn(&orthogonal(step));
        }
        if gain.is_none() || promise < LAST_PROMISE {
            break;
        }
    }
    Ok(())
}

impl Model {
    fn with_room_for(frame: &Frame) -> Self {
        let (k, d) = (frame.k(), frame.d());
        let square = || DMatrix::zeros(d, d);
        Model {
            scatters: DMatrix::zeros(k * d, d),
            inverses: DMatrix::zeros(d, k),
            gradient: square(),
            // The diagonal is that of no plane.
            curvature: DMatrix::identity(d, d),
            step: square(),
            direction: square(),
            image: square(),
            residual: square(),
            scaled: square(),
            products: DMatrix::zeros(k * d, d),
            changes: DMatrix::zeros(d, k),
            half: square(),
        }
    }

    /// The model around the frame's orientation.
    fn look(&mut self, frame: &Frame) {
        let d = frame.d();
        frame.scatters(&mut self.scatters);
        frame.squares.transpose_to(&mut self.inverses);
        self.inverses.apply(|square| *square = 1.0 / *square);
        for j in 0..d {
            for i in 0..j {
                self.differentiate(frame, i, j);
            }
        }
    }

    /// First and second derivative in the plane `(i, j)`.
    fn differentiate(&mut self, frame: &Frame, i: usize, j: usize) {
        let d = frame.d();
        let scale = 2.0 / d as f64;
        let entries = self.scatters.column(j);
        let entries = entries.as_slice().chunks_exact(d);
        let inverses = self.inverses.as_slice().chunks_exact(d);
        let (mut first, mut second, mut majorising, mut squared) = (0.0, 0.0, 0.0, 0.0);
        for ((weight, entries), inverses) in frame.weights.iter().zip(entries).zip(inverses) {
            let (entry, left, right) = (entries[i], inverses[i], inverses[j]);
            let slope = entry * (right - left);
            first += weight * slope;
            squared += weight * slope * slope;
            majorising += weight * (right - left) * (right - left) / (left * right);
            second -= weight * 4.0 * entry * entry * left * right;
        }
        second += majorising - 2.0 * squared;
        if frame.volumes() == Volumes::Equal {
            second += (squared - first * first) * scale;
        }
        // This is but a preconditioner: where the plane is not convex, part of what majorises the
        // objective will do.
        let curvature = second.max(0.1 * majorising).max(1e-6);
        for (i, j, sign) in [(i, j, 1.0), (j, i, -1.0)] {
            self.gradient[(i, j)] = sign * scale * first;
            self.curvature[(i, j)] = scale * curvature;
        }
    }

    /// Step to the minimum of the model, or as far as it is convex. Returns the gain that the
    /// first direction promises, up to a factor; none where there is nothing to gain.
    fn find_step(&mut self, frame: &Frame, progress: &Progress) -> Result<Option<f64>, GmmError> {
        self.residual.copy_from(&self.gradient);
        self.residual.neg_mut();
        self.scale_residual();
        self.direction.copy_from(&self.scaled);
        self.step.fill(0.0);
        let mut norm = self.residual.dot(&self.scaled);
        let promise = norm;
        if promise < NO_PROMISE {
            return Ok(None);
        }
        // A forcing sequence that makes the convergence superlinear.
        let enough = promise * self.direction.amax().clamp(1e-3, 0.1).powi(2);
        for product in 0..PRODUCTS {
            progress.check()?;
            if norm <= enough {
                break;
            }
            self.differentiate_along_direction(frame);
            let bend = self.direction.dot(&self.image);
            if bend <= 0.0 {
                if product == 0 {
                    self.step.copy_from(&self.direction);
                }
                break;
            }
            let length = norm / bend;
            add(&mut self.step, length, &self.direction);
            add(&mut self.residual, -length, &self.image);
            self.scale_residual();
            let before = std::mem::replace(&mut norm, self.residual.dot(&self.scaled));
            self.direction *= norm / before;
            self.direction += &self.scaled;
        }
        Ok(Some(promise))
    }

    fn scale_residual(&mut self) {
        self.scaled.copy_from(&self.residual);
        self.scaled.component_div_assign(&self.curvature);
    }

    /// Set `image` to the Hessian times the direction.
    ///
    /// The derivative of the gradient along a step is not symmetric, because turns do not
    /// commute: `exp(S) exp(T) = exp(S + T + [S, T] / 2 + ...)`. Half a bracket with the gradient
    /// makes it so.
    fn differentiate_along_direction(&mut self, frame: &Frame) {
        let (k, d) = (frame.k(), frame.d());
        let scale = 2.0 / d as f64;
        let direction = self.direction.as_slice();
        let products = self.products.as_mut_slice();
        multiply(self.scatters.as_slice(), direction, d, products);
        let half = self.half.as_mut_slice();
        multiply(self.gradient.as_slice(), direction, d, half);
        self.half *= -0.5;
        let products = self.products.as_slice();
        let scatters = self.scatters.as_slice();
        let inverses = self.inverses.as_slice();
        let changes = self.changes.as_mut_slice();
        let half = self.half.as_mut_slice();
        let mut mean_change = 0.0;
        for (c, weight) in frame.weights.iter().enumerate() {
            let mut sum = 0.0;
            for j in 0..d {
                let change = 2.0 * products[(j * k + c) * d + j] * inverses[c * d + j];
                changes[c * d + j] = change;
                sum += change;
            }
            mean_change += weight * sum / d as f64;
        }
        for (c, weight) in frame.weights.iter().enumerate() {
            let inverses = &inverses[c * d..][..d];
            let changes = &mut changes[c * d..][..d];
            // Where volumes are equal, the weight changes too.
            let reweighing = match frame.volumes() {
                Volumes::Equal => changes.iter().sum::<f64>() / d as f64 - mean_change,
                Volumes::Varying => 0.0,
            };
            for (change, inverse) in changes.iter_mut().zip(inverses) {
                *change = 0.5 * inverse * (reweighing - *change);
            }
            let factor = scale * weight;
            for (j, half) in half.chunks_exact_mut(d).enumerate() {
                let products = &products[(j * k + c) * d..][..d];
                let scatters = &scatters[(j * k + c) * d..][..d];
                for i in 0..d {
                    half[i] += factor
                        * (products[i] * (inverses[j] - inverses[i])
                            + scatters[i] * (changes[j] - changes[i]));
                }
            }
        }
        self.half.transpose_to(&mut self.image);
        let above = &self.half;
        self.image
            .zip_apply(above, |below, above| *below = above - *below);
    }
}

/// `to += factor * from`.
fn add(to: &mut DMatrix<f64>, factor: f64, from: &DMatrix<f64>) {
    to.zip_apply(from, |to, from| *to += factor * from);
}

/// Cayley's orthogonal matrix, `exp(step)` up to third order.
fn orthogonal(step: &DMatrix<f64>) -> DMatrix<f64> {
    let half = step * 0.5;
    let identity = DMatrix::identity(step.nrows(), step.ncols());
    let solved = (&identity - &half).lu().solve(&(identity + half));
    solved.expect("the identity minus a skew matrix can be inverted")
}
