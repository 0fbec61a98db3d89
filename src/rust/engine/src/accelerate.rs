//! Anderson acceleration of EM, in the space of sufficient statistics.
//!
//! EM repeats `stats -> M-step -> E-step -> stats`. Its slow runs creep along few directions,
//! which a handful of past steps reveal: the combination of these steps whose residuals cancel
//! best lies far ahead. Combined are the statistics, not the parameters: the M-step makes of any
//! statistics a mixture of its family, so that all families are accelerated in the same way.

use std::collections::VecDeque;
use std::sync::Arc;

use nalgebra::{Cholesky, DMatrix, DVector};

use crate::factors::Factors;
use crate::kernel::scatter::packed_row;
use crate::mixture::Mixture;
use crate::stats::{Second, SufficientStats};

/// Differences of steps that are combined; fewer, but at least two, where the statistics are so
/// many that these would take more doubles than [`MOST_DOUBLES`].
const DEPTH: usize = 10;
const MOST_DOUBLES: usize = 1 << 20;
/// Relative to the squared lengths of the residuals' differences: how far combinations may rest
/// on differences that are nearly the same.
const RIDGE: f64 = 1e-10;

/// The past steps of a run, about one reference mixture.
#[derive(Debug)]
pub(crate) struct Anderson {
    reference: Option<Reference>,
    steps: VecDeque<Step>,
    /// Where the next step starts.
    start: Option<Place>,
    /// How many of EM's steps the last look ahead went straight on; one if it combined steps.
    stretch: f64,
}

/// Statistics as numbers about the reference's centres, and in its coordinates.
#[derive(Debug, Clone)]
struct Place {
    values: Vec<f64>,
    at: Vec<f64>,
}

/// One EM step.
#[derive(Debug)]
struct Step {
    start: Place,
    end: Place,
}

/// Where the past steps lead.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// Statistics whose M-step is to be tried.
    pub(crate) stats: SufficientStats,
    /// Log-likelihood that this should gain, where the steps point to a maximum.
    pub(crate) gain: Option<f64>,
    /// How many differences of steps say so.
    pub(crate) depth: usize,
}

impl Anderson {
    /// No steps yet.
    pub(crate) fn new() -> Self {
        Anderson {
            reference: None,
            steps: VecDeque::new(),
            start: None,
            stretch: 1.0,
        }
    }

    /// Note that EM has led to `stats` at `mixture`, and look ahead.
    ///
    /// `None` where there are no two steps yet that could be combined.
    pub(crate) fn look_ahead(
        &mut self,
        mixture: &Mixture,
        factors: &Factors,
        stats: &SufficientStats,
    ) -> Option<Ahead> {
        match &self.reference {
            Some(reference) if !reference.is_for(stats) => *self = Self::new(),
            Some(reference) if reference.is_stale(mixture, factors, stats) => {
                self.renew(Reference::new(mixture, factors, stats));
            }
            _ => {}
        }
        let reference = self
            .reference
            .get_or_insert_with(|| Reference::new(mixture, factors, stats));
        let end = reference.place(stats);
        let start = self.start.replace(end.clone())?;
        let depth = (MOST_DOUBLES / end.at.len()).clamp(2, DEPTH);
        self.steps.push_back(Step { start, end });
        if self.steps.len() > depth + 1 {
            self.steps.pop_front();
        }
        let residuals = residuals_of(&self.steps);
        let weights = combine(&residuals)?;
        let residual = residuals.column(weights.len());
        let Step { start, end } = &self.steps[weights.len()];
        let mut ahead = end.clone();
        for (i, weight) in weights.iter().enumerate() {
            ahead.add(-weight, &self.steps[i].end, &self.steps[i + 1].end);
        }
        // The residual is the gradient in these coordinates: half its product with the way to the
        // top is the height.
        let way = ahead.at.iter().zip(&start.at).map(|(to, from)| to - from);
        let gain = 0.5 * way.zip(&residual).map(|(way, r)| way * r).sum::<f64>();
        let concave = gain > 0.5 * residual.norm_squared();
        if concave {
            self.stretch = 1.0;
        } else {
            // Steps that grow lead away from a saddle, which is where residuals cancel: instead
            // of back to it, straight on.
            self.stretch *= 2.0;
            ahead = start.clone();
            ahead.add(self.stretch, start, end);
        }
        let stats = stats.with_values(Arc::clone(&reference.centres), ahead.values.clone());
        self.start = Some(ahead);
        Some(Ahead {
            stats,
            gain: concave.then_some(gain),
            depth: weights.len(),
        })
    }

    /// Go on with the same steps about another reference.
    fn renew(&mut self, reference: Reference) {
        let from = self.reference.take();
        let places = self
            .steps
            .iter_mut()
            .flat_map(|step| [&mut step.start, &mut step.end]);
        for place in places.chain(&mut self.start) {
            if let Some(from) = &from {
                let k = reference.masses.len();
                let (from, to) = (&from.centres, &reference.centres);
                place.values = reference.second.move_values(&place.values, from, to, k);
            }
            place.at = reference.coordinates(&place.values);
        }
        self.reference = Some(reference);
    }

    /// Note that the next step starts from the last one's end, not from ahead.
    pub(crate) fn step_back(&mut self) {
        let last = self.steps.pop_back();
        self.steps.clear();
        self.start = last.map(|step| step.end);
        self.stretch = 1.0;
    }
}

impl Place {
    /// Move by a multiple of the way between two places.
    fn add(&mut self, multiple: f64, from: &Place, to: &Place) {
        let parts = [
            (&mut self.values, &from.values, &to.values),
            (&mut self.at, &from.at, &to.at),
        ];
        for (own, from, to) in parts {
            for ((own, from), to) in own.iter_mut().zip(from).zip(to) {
                *own += multiple * (to - from);
            }
        }
    }
}

/// How far every step went, in coordinates, a column each.
fn residuals_of(steps: &VecDeque<Step>) -> DMatrix<f64> {
    let length = steps[0].end.at.len();
    let residuals = steps.iter().flat_map(|Step { start, end }| {
        let pairs = end.at.iter().zip(&start.at);
        pairs.map(|(end, start)| end - start)
    });
    DMatrix::from_iterator(length, steps.len(), residuals)
}

/// Weights of the differences of successive residuals that cancel the last one best.
fn combine(residuals: &DMatrix<f64>) -> Option<DVector<f64>> {
    let depth = residuals.ncols() - 1;
    if depth == 0 {
        return None;
    }
    let mut differences = residuals.columns(1, depth) - residuals.columns(0, depth);
    let mut lengths = DVector::zeros(depth);
    for (mut difference, length) in differences.column_iter_mut().zip(&mut lengths) {
        *length = difference.normalize_mut();
    }
    if !lengths.iter().all(|length| *length > 0.0) {
        return None;
    }
    let mut gram = differences.tr_mul(&differences);
    for i in 0..depth {
        gram[(i, i)] += RIDGE;
    }
    let right = differences.tr_mul(&residuals.column(depth));
    let mut weights = Cholesky::new(gram)?.solve(&right);
    weights.component_div_assign(&lengths);
    weights.iter().all(|w| w.is_finite()).then_some(weights)
}

/// The mixture about which steps are compared.
///
/// Coordinates are those in which the information of the complete data is the identity there, so
/// that neither the units of the columns nor the numbers of rows have a say.
#[derive(Debug)]
struct Reference {
    centres: Arc<[f64]>,
    masses: Vec<f64>,
    /// Variances of all columns in all components.
    variances: Vec<f64>,
    second: Second,
    scale: Scale,
}

/// A reference is stale where a mass or a variance is now this many times as large, or as small:
/// what it makes of a gain would be wrong by as much.
const STALE: f64 = 4.0;

/// What makes the moments of a component independent of its covariance.
#[derive(Debug)]
enum Scale {
    /// `R⁻¹` of every component, with full scatters.
    Full(Vec<DMatrix<f64>>),
    /// Standard deviations of every component, with their diagonals.
    Diagonal(Vec<DVector<f64>>),
    /// The standard deviation of every component, with the traces.
    Trace(Vec<f64>),
    /// `R⁻¹` of every component, without scatters.
    Sums(Vec<DMatrix<f64>>),
}

impl Reference {
    fn new(mixture: &Mixture, factors: &Factors, stats: &SufficientStats) -> Self {
        let k = mixture.k();
        let inverses = || (0..k).map(|k| factors.inverse(k)).collect();
        let deviations = |k| DVector::from_fn(mixture.d(), |j, _| factors.variance(k, j).sqrt());
        let total = stats.total_mass();
        Reference {
            centres: match stats.second() {
                // The scatter of all rows is known about their mean.
                Second::Total(_) => stats.centres(),
                _ => mixture.means.iter().copied().collect(),
            },
            masses: mixture.weights.iter().map(|w| w * total).collect(),
            variances: variances(factors, k, mixture.d()).collect(),
            second: stats.second().clone(),
            scale: match stats.second() {
                Second::Full => Scale::Full(inverses()),
                Second::Diagonal => Scale::Diagonal((0..k).map(deviations).collect()),
                Second::Trace => {
                    let mean = |k| (deviations(k).norm_squared() / mixture.d() as f64).sqrt();
                    Scale::Trace((0..k).map(mean).collect())
                }
                Second::Total(_) => Scale::Sums(inverses()),
            },
        }
    }

    /// Whether statistics keep the moments that this reference is for.
    fn is_for(&self, stats: &SufficientStats) -> bool {
        matches!(
            (&self.scale, stats.second()),
            (Scale::Full(_), Second::Full)
                | (Scale::Diagonal(_), Second::Diagonal)
                | (Scale::Trace(_), Second::Trace)
                | (Scale::Sums(_), Second::Total(_))
        )
    }

    /// Whether the mixture has left the scale of this reference.
    fn is_stale(&self, mixture: &Mixture, factors: &Factors, stats: &SufficientStats) -> bool {
        let total = stats.total_mass();
        let masses = mixture.weights.iter().map(|w| w * total);
        let now = masses.chain(variances(factors, mixture.k(), mixture.d()));
        let then = self.masses.iter().chain(&self.variances);
        let is_near = |(now, then): (f64, &f64)| now < STALE * then && *then < STALE * now;
        !now.zip(then).all(is_near)
    }

    fn place(&self, stats: &SufficientStats) -> Place {
        let values = stats.values_about(&self.centres);
        let at = self.coordinates(&values);
        Place { values, at }
    }

    /// Coordinates of values about the centres.
    fn coordinates(&self, values: &[f64]) -> Vec<f64> {
        let k = self.masses.len();
        let d = self.centres.len() / k;
        let (masses, rest) = values.split_at(k);
        let (sums, scatters) = rest.split_at(k * d);
        let width = scatters.len() / k;
        let mut out = Vec::with_capacity(values.len());
        let (mut whole, mut half_white) = match &self.scale {
            Scale::Full(_) => (DMatrix::zeros(d, d), DMatrix::zeros(d, d)),
            _ => (DMatrix::zeros(0, 0), DMatrix::zeros(0, 0)),
        };
        for component in 0..k {
            let expected = self.masses[component];
            let size = expected.sqrt();
            // Relative to what the reference itself expects.
            let mass = masses[component] - expected;
            out.push(mass / size);
            let sum = &sums[component * d..(component + 1) * d];
            let scatter = &scatters[component * width..(component + 1) * width];
            match &self.scale {
                Scale::Full(inverses) => {
                    let inverse = &inverses[component];
                    whiten(inverse, sum, size, &mut out);
                    for j in 0..d {
                        for i in 0..d {
                            whole[(i, j)] = scatter[packed_row(i.max(j)) + i.min(j)];
                        }
                    }
                    inverse.mul_to(&whole, &mut half_white);
                    for i in 0..d {
                        let white = |j: usize| half_white.row(i).dot(&inverse.row(j));
                        out.extend((0..i).map(|j| white(j) / size));
                        let own = white(i) - expected - mass;
                        out.push(own * std::f64::consts::FRAC_1_SQRT_2 / size);
                    }
                }
                Scale::Diagonal(deviations) => {
                    let deviations = &deviations[component];
                    out.extend(sum.iter().zip(deviations).map(|(s, sd)| s / (sd * size)));
                    out.extend(scatter.iter().zip(deviations).map(|(w, sd)| {
                        let own = w / (sd * sd) - expected - mass;
                        own * std::f64::consts::FRAC_1_SQRT_2 / size
                    }));
                }
                Scale::Trace(deviations) => {
                    let deviation = deviations[component];
                    out.extend(sum.iter().map(|sum| sum / (deviation * size)));
                    let own = scatter[0] / deviation.powi(2) - d as f64 * (expected + mass);
                    out.push(own / ((2.0 * d as f64).sqrt() * size));
                }
                Scale::Sums(inverses) => whiten(&inverses[component], sum, size, &mut out),
            }
        }
        out
    }
}

/// Variances of all columns in all components.
fn variances(factors: &Factors, k: usize, d: usize) -> impl Iterator<Item = f64> + '_ {
    (0..k).flat_map(move |k| (0..d).map(move |j| factors.variance(k, j)))
}

fn whiten(inverse: &DMatrix<f64>, sum: &[f64], size: f64, out: &mut Vec<f64>) {
    out.extend(inverse.row_iter().map(|row| {
        let white: f64 = row.iter().zip(sum).map(|(entry, sum)| entry * sum).sum();
        white / size
    }));
}
