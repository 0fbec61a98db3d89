//! How rows get their weights in each component: the one thing in which EM, a start from labels
//! and a plain covariance differ.

use std::f64::consts::LOG2_E;
use std::ops::Range;

use nalgebra::DMatrix;
use ndarray::ArrayView2;

use crate::covariance::product;
use crate::factors::{Factors, Form};
use crate::kernel::affine::Affine;
use crate::kernel::scale::{Axes, Scalers};
use crate::kernel::whiten::Whiteners;
use crate::kernel::{softmax, Block, Isa, Tiles, LOG_TWO_PI};
use crate::mixture::Mixture;
use crate::pass::Scratch;
use crate::stats::Total;

/// A source of responsibilities.
pub(crate) trait Responsibilities: Sync {
    /// Write the weights of `rows` into the `k` stretches of `scratch.weight`, zeros into their
    /// padding, and return the sum of the rows' log-densities.
    ///
    /// # Safety
    /// See [`crate::kernel::Kernel::run`]; `scratch.x` holds the rows in this `block`.
    unsafe fn fill<V: Tiles>(&self, rows: Range<usize>, block: Block, scratch: &mut Scratch)
        -> f64;
}

/// Responsibilities that are known beforehand.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// All rows belong to one component.
    Whole,
    /// A component per row.
    Labels(&'a [usize]),
    /// `double[n, k]`.
    Posterior(ArrayView2<'a, f64>),
}

impl Given<'_> {
    /// Of `n` rows, those that belong to component `k` most.
    pub(crate) fn rows(&self, k: usize, n: usize) -> Vec<usize> {
        let owns = |i: &usize| match self {
            Given::Whole => true,
            Given::Labels(labels) => labels[*i] == k,
            Given::Posterior(posterior) => {
                let row = posterior.row(*i);
                row.iter().all(|&other| other <= row[k])
            }
        };
        (0..n).filter(owns).collect()
    }
}

impl Responsibilities for Given<'_> {
    #[inline(always)]
    unsafe fn fill<V: Tiles>(
        &self,
        rows: Range<usize>,
        block: Block,
        scratch: &mut Scratch,
    ) -> f64 {
        for (k, weight) in scratch.weight.chunks_mut(block.stride).enumerate() {
            let (used, padding) = weight[..block.padded].split_at_mut(rows.len());
            padding.fill(0.0);
            for (weight, i) in used.iter_mut().zip(rows.clone()) {
                *weight = match self {
                    Given::Whole => 1.0,
                    Given::Labels(labels) => f64::from(u8::from(labels[i] == k)),
                    Given::Posterior(posterior) => posterior[(i, k)],
                };
            }
        }
        0.0
    }
}

/// The responsibilities of a mixture: the E-step.
#[derive(Debug)]
pub(crate) struct Expected {
    origin: Vec<f64>,
    joint: Joint,
}

/// Log joint densities, by the form of the covariances.
#[derive(Debug)]
enum Joint {
    /// Every component whitens the rows for itself.
    Own(Whiteners),
    /// The rows are taken into a common basis once, in which all covariances are diagonal.
    Common {
        change: Option<Affine>,
        scalers: Scalers,
    },
    /// Log joint densities are linear in the row, up to a term that is the same for every component
    /// and left out; or in the row and its squares, or their sum, which follow it in the block.
    Linear(Affine),
}

/// Squared distances from the centre of all rows, as multiples of the covariance's own, up to which
/// log joint densities are taken as linear, and moments about that centre: beyond, terms that
/// cancel would swallow digits of the log-likelihood and of the covariances.
const FARTHEST: f64 = 100.0;
/// Parts of a column's variance that the others do not determine, from which on that is done: they
/// are what rounding of the scatters is to be compared with.
const LEAST_OWN_PART: f64 = 1e-4;

/// Whether the others do not determine a column with these.
fn has_own_part((variance, precision): (&f64, &f64)) -> bool {
    variance * precision * LEAST_OWN_PART <= 1.0
}

impl Expected {
    /// Make a mixture ready for blocks of rows relative to its own centre.
    pub(crate) fn new(mixture: &Mixture, factors: &Factors, isa: Isa) -> Self {
        Self::about(mixture.centre(), mixture, factors, isa)
    }

    /// Make a mixture ready for blocks relative to the mean of `total`, about which moments are to
    /// be taken.
    ///
    /// `None` where a component lies too far from it, or its columns are too close to determining
    /// one another.
    pub(crate) fn about_all(
        mixture: &Mixture,
        factors: &Factors,
        total: &Total,
        isa: Isa,
    ) -> Option<Self> {
        let means = relative(mixture, &total.mean);
        let each = means.as_slice().chunks_exact(mixture.d());
        let is_near = each
            .zip(factors.columns())
            .all(|(mean, (variances, precisions))| {
                let is_within = |(mean, variance): (&f64, &f64)| mean * mean <= FARTHEST * variance;
                mean.iter().zip(variances).all(is_within)
                    && variances.iter().zip(precisions).all(has_own_part)
            });
        is_near.then(|| Self::about(total.mean.clone(), mixture, factors, isa))
    }

    /// Make a mixture ready for blocks relative to `origin`.
    fn about(origin: Vec<f64>, mixture: &Mixture, factors: &Factors, isa: Isa) -> Self {
        let means = relative(mixture, &origin);
        let joint = match &factors.form {
            Form::Own(own) => {
                let outputs = isa.outputs();
                Joint::Own(Whiteners::new(&mixture.weights, &means, own, outputs))
            }
            Form::Common { basis, deviations } => {
                let means = match basis {
                    None => means,
                    Some(basis) => &basis.inverse * means,
                };
                let d = mixture.d();
                let log_volume = basis.as_ref().map_or(0.0, |basis| basis.log_determinant);
                let means = means.as_slice().chunks_exact(d);
                let deviations = deviations.as_slice().chunks_exact(d);
                let components = mixture.weights.iter().zip(means).zip(deviations);
                let axes = components.map(|((weight, mean), deviations)| Axes {
                    log_weight: weight.ln(),
                    mean,
                    deviations,
                    log_volume,
                });
                let scalers = Scalers::new(&axes.collect::<Vec<_>>());
                let change = basis
                    .as_ref()
                    .map(|basis| Affine::new(&basis.inverse, vec![0.0; d], isa.outputs()));
                Joint::Common { change, scalers }
            }
        };
        Expected { origin, joint }
    }

    /// Make a mixture with spherical covariances ready for an E-step that is linear in the rows and
    /// their squared norms, both relative to the mean of `total`.
    ///
    /// `None` where covariances are not spherical, or where the components lie too far apart.
    pub(crate) fn spherical(
        mixture: &Mixture,
        factors: &Factors,
        total: &Total,
        isa: Isa,
    ) -> Option<Self> {
        let deviations = factors.diagonal()?;
        let d = mixture.d();
        let means = relative(mixture, &total.mean);
        let mean_square = total.scatter.trace() / total.mass;
        let mut matrix = DMatrix::zeros(mixture.k(), d + 1);
        let mut constants = Vec::with_capacity(mixture.k());
        for (k, deviations) in deviations.column_iter().enumerate() {
            let deviation = deviations[0];
            let mean = means.column(k);
            let square = mean.norm_squared();
            let is_sphere = deviations.iter().all(|other| *other == deviation);
            let farthest = FARTHEST * d as f64 * deviation.powi(2);
            if !is_sphere || square > farthest || mean_square > farthest {
                return None;
            }
            let precision = deviation.powi(-2);
            let normal = factors.log_determinant(k) + 0.5 * d as f64 * LOG_TWO_PI;
            constants.push(mixture.weights[k].ln() - normal - 0.5 * precision * square);
            for (j, mean) in mean.iter().enumerate() {
                matrix[(k, j)] = mean * precision;
            }
            matrix[(k, d)] = -0.5 * precision;
        }
        Some(Self::of_functions(matrix, constants, total, isa))
    }

    /// Make a mixture with diagonal covariances ready for an E-step that is linear in the rows and
    /// the squares of their columns, both relative to the mean of `total`.
    ///
    /// `None` where covariances are not diagonal, or where the components lie too far apart.
    pub(crate) fn diagonal(
        mixture: &Mixture,
        factors: &Factors,
        total: &Total,
        isa: Isa,
    ) -> Option<Self> {
        let deviations = factors.diagonal()?;
        let d = mixture.d();
        let means = relative(mixture, &total.mean);
        let mut matrix = DMatrix::zeros(mixture.k(), 2 * d);
        let mut constants = Vec::with_capacity(mixture.k());
        for (k, deviations) in deviations.column_iter().enumerate() {
            let mean = means.column(k);
            let normal = factors.log_determinant(k) + 0.5 * d as f64 * LOG_TWO_PI;
            let mut constant = mixture.weights[k].ln() - normal;
            for j in 0..d {
                let precision = deviations[j].powi(-2);
                let mean_square = total.scatter[(j, j)] / total.mass;
                if mean[j].powi(2).max(mean_square) * precision > FARTHEST {
                    return None;
                }
                matrix[(k, j)] = precision * mean[j];
                matrix[(k, d + j)] = -0.5 * precision;
                constant -= 0.5 * precision * mean[j].powi(2);
            }
            constants.push(constant);
        }
        Some(Self::of_functions(matrix, constants, total, isa))
    }

    /// Make a mixture with one covariance for all components ready for an E-step by linear
    /// discriminants, with the log-likelihood that these leave out.
    ///
    /// `None` where covariances differ, or where the components lie too far apart or the columns
    /// are too close to determining one another.
    ///
    /// # Source
    /// Fisher's linear discriminant: Bishop (2006), *Pattern Recognition and Machine Learning*,
    /// eqs. 4.68 to 4.70.
    pub(crate) fn linear(
        mixture: &Mixture,
        factors: &Factors,
        total: &Total,
        isa: Isa,
    ) -> Option<(Self, f64)> {
        let Form::Common { deviations, .. } = &factors.form else {
            return None;
        };
        let first = deviations.column(0);
        if deviations.column_iter().any(|other| other != first) {
            return None;
        }
        let d = mixture.d();
        let columns = factors.variances.iter().zip(&factors.precisions);
        if !columns.take(d).all(has_own_part) {
            return None;
        }
        let inverse = factors.inverse(0);
        let whole = product(&inverse, &total.scatter).dot(&inverse);
        if whole > FARTHEST * total.mass * d as f64 {
            return None;
        }
        let log_determinant = factors.log_determinant(0);
        let constant = -log_determinant - 0.5 * d as f64 * LOG_TWO_PI;
        let precision = product(&inverse.transpose(), &inverse);
        let means = relative(mixture, &total.mean).transpose();
        let discriminants = product(&means, &precision);
        let constants = mixture.weights.iter().enumerate().map(|(k, weight)| {
            let square = means.row(k).dot(&discriminants.row(k));
            weight.ln() + constant - 0.5 * square
        });
        let constants = constants.collect();
        let expected = Self::of_functions(discriminants, constants, total, isa);
        Some((expected, -0.5 * whole))
    }

    /// Linear functions that are the natural logarithms of joint densities.
    fn of_functions(
        mut matrix: DMatrix<f64>,
        mut constants: Vec<f64>,
        total: &Total,
        isa: Isa,
    ) -> Self {
        matrix *= LOG2_E;
        for constant in &mut constants {
            *constant *= LOG2_E;
        }
        Expected {
            origin: total.mean.clone(),
            joint: Joint::Linear(Affine::new(&matrix, constants, isa.outputs())),
        }
    }

    /// The point that blocks must be relative to.
    pub(crate) fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// Log joint densities of the block's rows, to base two, into `scratch.weight`.
    ///
    /// The padding gets a first component of log-density 0 and no other, so that it adds
    /// nothing to the log-likelihood.
    ///
    /// # Safety
    /// See [`Responsibilities::fill`].
    #[inline(always)]
    pub(crate) unsafe fn log_joint<V: Tiles>(
        &self,
        rows: usize,
        block: Block,
        scratch: &mut Scratch,
    ) {
        let (x, out) = (scratch.x.as_ptr(), scratch.weight.as_mut_ptr());
        match &self.joint {
            Joint::Own(whiteners) => {
                for k in 0..whiteners.k() {
                    V::whiten(whiteners, k, x, block, out.add(k * block.stride));
                }
            }
            Joint::Common { change, scalers } => {
                let x = match change {
                    None => x,
                    Some(change) => {
                        V::apply(change, x, block, scratch.centred.as_mut_ptr());
                        scratch.centred.as_ptr()
                    }
                };
                V::scale(scalers, x, block, out);
            }
            Joint::Linear(affine) => V::apply(affine, x, block, out),
        }
        for (k, out) in scratch.weight.chunks_mut(block.stride).enumerate() {
            out[rows..block.padded].fill(if k == 0 { 0.0 } else { -1e300 });
        }
    }

    /// From log joint densities to responsibilities, in `scratch.weight`.
    ///
    /// # Safety
    /// See [`Responsibilities::fill`].
    #[inline(always)]
    pub(crate) unsafe fn softmax<V: Tiles>(&self, block: Block, scratch: &mut Scratch) -> f64 {
        softmax::softmax::<V>(
            scratch.weight.as_mut_ptr(),
            scratch.weight.len() / block.stride,
            block,
            scratch.largest.as_mut_ptr(),
            scratch.total.as_mut_ptr(),
        )
    }

    /// The E-step of the block's rows: responsibilities in `scratch.weight`, and the
    /// log-likelihood.
    ///
    /// # Safety
    /// See [`Responsibilities::fill`].
    #[inline(always)]
    pub(crate) unsafe fn share<V: Tiles>(
        &self,
        rows: usize,
        block: Block,
        scratch: &mut Scratch,
    ) -> f64 {
        self.log_joint::<V>(rows, block, scratch);
        let loglik = self.softmax::<V>(block, scratch);
        for weight in scratch.weight.chunks_mut(block.stride) {
            weight[rows..block.padded].fill(0.0);
        }
        loglik
    }
}

/// The means relative to `origin`, a column each.
fn relative(mixture: &Mixture, origin: &[f64]) -> DMatrix<f64> {
    let mut means = mixture.means_in_turn().into_owned();
    for mean in means.chunks_exact_mut(mixture.d()) {
        for (mean, origin) in mean.iter_mut().zip(origin) {
            *mean -= origin;
        }
    }
    DMatrix::from_vec(mixture.d(), mixture.k(), means)
}
