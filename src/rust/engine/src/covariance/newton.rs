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

/// The quadratic model of the objective around an orientation.
struct Model<'a> {
    frame: &'a Frame,
    /// `Y_1`, ..., `Y_k` on top of each other.
    scatters: DMatrix<f64>,
    /// The `u_k` as `double[d, k]`.
    inverses: DMatrix<f64>,
    /// Skew: the derivative in every plane.
    gradient: DMatrix<f64>,
    /// About the second derivative in every plane, positive.
    curvature: DMatrix<f64>,
    scratch: Scratch,
}

/// Room for a product with the Hessian, so that it allocates nothing.
struct Scratch {
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
    for _ in 0..STEPS {
        let Some((mut step, promise)) = Model::around(frame).step(progress)? else {
            break;
        };
        step *= (LONGEST / step.amax()).min(1.0);
        let mut gain = frame.turn(&orthogonal(&step));
        for _ in 0..HALVINGS {
            if gain.is_some() {
                break;
            }
            step *= 0.5;
            gain = frame.turn(&orthogonal(&step));
        }
        if gain.is_none() || promise < LAST_PROMISE {
            break;
        }
    }
    Ok(())
}

impl<'a> Model<'a> {
    fn around(frame: &'a Frame) -> Self {
        let (k, d) = (frame.k(), frame.d());
        let zeros = DMatrix::zeros(d, d);
        let mut model = Model {
            frame,
            scatters: DMatrix::zeros(k * d, d),
            inverses: frame.squares.map(f64::recip).transpose(),
            gradient: zeros.clone(),
            curvature: zeros.clone(),
            scratch: Scratch {
                products: DMatrix::zeros(k * d, d),
                changes: DMatrix::zeros(d, k),
                half: zeros,
            },
        };
        for k in 0..k {
            let root = frame.stacked.rows((k + 1) * d, d);
            let mut scatter = model.scatters.rows_mut(k * d, d);
            // Transposed first: nalgebra's product with a transpose does not work in blocks.
            scatter.gemm(1.0, &root.transpose(), &root, 0.0);
        }
        for j in 0..d {
            for i in 0..j {
                model.differentiate(i, j);
            }
            model.curvature[(j, j)] = 1.0;
        }
        model
    }

    /// First and second derivative in the plane `(i, j)`.
    fn differentiate(&mut self, i: usize, j: usize) {
        let d = self.gradient.nrows();
        let scale = 2.0 / d as f64;
        let (mut first, mut second, mut majorising, mut squared) = (0.0, 0.0, 0.0, 0.0);
        for (k, weight) in self.frame.weights.iter().enumerate() {
            let entry = self.scatters[(k * d + i, j)];
            let (left, right) = (self.inverses[(i, k)], self.inverses[(j, k)]);
            let slope = entry * (right - left);
            first += weight * slope;
            squared += weight * slope * slope;
            majorising += weight * (right - left) * (right - left) / (left * right);
            second -= weight * 4.0 * entry * entry * left * right;
        }
        second += majorising - 2.0 * squared;
        if self.frame.volumes() == Volumes::Equal {
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

    /// The step to the minimum of the model, or as far as it is convex, and the gain that its
    /// first direction promises, up to a factor; none where there is nothing to gain.
    fn step(&mut self, progress: &Progress) -> Result<Option<(DMatrix<f64>, f64)>, GmmError> {
        let mut residual = -&self.gradient;
        let mut step = DMatrix::zeros(residual.nrows(), residual.ncols());
        let mut image = step.clone();
        let mut scaled = residual.component_div(&self.curvature);
        let mut direction = scaled.clone();
        let mut norm = residual.dot(&scaled);
        let promise = norm;
        if promise < NO_PROMISE {
            return Ok(None);
        }
        // A forcing sequence that makes the convergence superlinear.
        let enough = promise * direction.amax().clamp(1e-3, 0.1).powi(2);
        for product in 0..PRODUCTS {
            progress.check()?;
            if norm <= enough {
                break;
            }
            self.hessian_times(&direction, &mut image);
            let bend = direction.dot(&image);
            if bend <= 0.0 {
                if product == 0 {
                    step = direction;
                }
                break;
            }
            let length = norm / bend;
            step.zip_apply(&direction, |to, by| *to += length * by);
            residual.zip_apply(&image, |left, by| *left -= length * by);
            scaled.copy_from(&residual);
            scaled.component_div_assign(&self.curvature);
            let before = std::mem::replace(&mut norm, residual.dot(&scaled));
            direction.zip_apply(&scaled, |to, by| *to = by + norm / before * *to);
        }
        Ok(Some((step, promise)))
    }

    /// The Hessian times `step`.
    ///
    /// The derivative of the gradient along `step` is not symmetric, because turns do not
    /// commute: `exp(S) exp(T) = exp(S + T + [S, T] / 2 + ...)`. Half a bracket with the gradient
    /// makes it so.
    fn hessian_times(&mut self, step: &DMatrix<f64>, image: &mut DMatrix<f64>) {
        let d = step.nrows();
        let scale = 2.0 / d as f64;
        let Scratch {
            products,
            changes,
            half,
        } = &mut self.scratch;
        products.gemm(1.0, &self.scatters, step, 0.0);
        half.gemm(-0.5, &self.gradient, step, 0.0);
        let mut mean_change = 0.0;
        for (k, mut changes) in changes.column_iter_mut().enumerate() {
            for (j, change) in changes.iter_mut().enumerate() {
                *change = 2.0 * products[(k * d + j, j)] * self.inverses[(j, k)];
            }
            mean_change += self.frame.weights[k] * changes.mean();
        }
        for (k, weight) in self.frame.weights.iter().enumerate() {
            let mut changes = changes.column_mut(k);
            // Where volumes are equal, the weight changes too.
            let reweighing = match self.frame.volumes() {
                Volumes::Equal => changes.mean() - mean_change,
                Volumes::Varying => 0.0,
            };
            let inverses = self.inverses.column(k);
            changes.zip_apply(&inverses, |change, inverse| {
                *change = 0.5 * inverse * (reweighing - *change);
            });
            let (inverses, changes) = (inverses.as_slice(), changes.as_slice());
            let rows = k * d..(k + 1) * d;
            for j in 0..d {
                let products = &products.as_slice()[j * products.nrows()..][rows.clone()];
                let scatters = &self.scatters.as_slice()[j * self.scatters.nrows()..][rows.clone()];
                let half = &mut half.as_mut_slice()[j * d..(j + 1) * d];
                for i in 0..d {
                    half[i] += scale
                        * weight
                        * (products[i] * (inverses[j] - inverses[i])
                            + scatters[i] * (changes[j] - changes[i]));
                }
            }
        }
        half.transpose_to(image);
        image.zip_apply(half, |below, above| *below = above - *below);
    }
}

/// Cayley's orthogonal matrix, `exp(step)` up to third order.
fn orthogonal(step: &DMatrix<f64>) -> DMatrix<f64> {
    let half = step * 0.5;
    let identity = DMatrix::identity(step.nrows(), step.ncols());
    let solved = (&identity - &half).lu().solve(&(identity + half));
    solved.expect("the identity minus a skew matrix can be inverted")
}
