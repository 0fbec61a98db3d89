//! Anderson acceleration of EM, in the space of sufficient statistics.
//!
//! EM repeats `stats -> M-step -> E-step -> stats`. Its slow runs creep along few directions,
//! which a handful of past steps reveal: the combination of these steps whose residuals cancel
//! best lies far ahead. Combined are the statistics, not the parameters: the M-step makes of any
//! statistics a mixture of its family, so that all families are accelerated in the same way.

use std::collections::VecDeque;
use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::Arc;

use nalgebra::{DMatrix, DVector};

use crate::covariance::{dot, factor, multiply, solve, Stack};
use crate::factors::Factors;
use crate::kernel::scatter::packed_row;
use crate::mixture::Mixture;
use crate::stats::{Second, SufficientStats};

/// Differences of steps that are combined; fewer, but at least two, where the statistics are so
/// many that these would take more doubles than [`MOST_DOUBLES`].
const DEPTH: usize = 10;
const MOST_DOUBLES: usize = 1 << 20;
/// Doubles that the steps of a run may take while it waits for others.
const SMALL: usize = 1 << 16;
/// Relative to the squared lengths of the residuals' differences: how far combinations may rest
/// on differences that are nearly the same.
const RIDGE: f64 = 1e-10;

/// The past steps of a run, about one reference mixture.
#[derive(Debug)]
pub(crate) struct Anderson {
    reference: Option<Reference>,
    steps: Steps,
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
    /// How far it went, in coordinates.
    residual: Vec<f64>,
}

/// The last steps, the oldest first.
#[derive(Debug, Default)]
struct Steps {
    all: VecDeque<Step>,
    /// From the residual of every step but the first back to that of the step before.
    differences: VecDeque<Difference>,
}

/// A difference of residuals.
#[derive(Debug)]
struct Difference {
    length: f64,
    /// Of length one, unless there is none.
    direction: Vec<f64>,
    /// Inner products with the directions before, the oldest first, and with itself.
    products: Vec<f64>,
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
            steps: Steps::default(),
            start: None,
            stretch: 1.0,
        }
    }

    /// Whether the steps take little memory.
    pub(crate) fn is_small(&self) -> bool {
        let each = self.steps.all.iter().map(|step| {
            let places = step.start.values.len() + step.end.values.len();
            places + 4 * step.residual.len()
        });
        each.sum::<usize>() < SMALL
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
        let Some(start) = self.start.take() else {
            self.start = Some(end);
            return None;
        };
        let depth = (MOST_DOUBLES / end.at.len()).clamp(2, DEPTH);
        self.steps.add(Step::new(start, end));
        if self.steps.all.len() > depth + 1 {
            self.steps.drop_oldest();
        }
        let Some(weights) = self.steps.combine() else {
            self.start = self.steps.all.back().map(|step| step.end.clone());
            return None;
        };
        let steps = &self.steps.all;
        let last = &steps[weights.len()];
        let Step {
            start,
            end,
            residual,
        } = last;
        let mut ahead = end.clone();
        for (i, weight) in weights.iter().enumerate() {
            ahead.add(-weight, &steps[i].end, &steps[i + 1].end);
        }
        // The residual is the gradient in these coordinates: half its product with the way to the
        // top is the height.
        let way = ahead.at.iter().zip(&start.at).map(|(to, from)| to - from);
        let gain = 0.5 * way.zip(residual).map(|(way, r)| way * r).sum::<f64>();
        let concave = gain > 0.5 * dot(residual, residual);
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
            .all
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
        for mut step in std::mem::take(&mut self.steps).all {
            step.residual = difference(&step.end.at, &step.start.at);
            self.steps.add(step);
        }
        self.reference = Some(reference);
    }

    /// Note that the next step starts from the last one's end, not from ahead.
    pub(crate) fn step_back(&mut self) {
        let last = std::mem::take(&mut self.steps).all.pop_back();
        self.start = last.map(|step| step.end);
        self.stretch = 1.0;
    }
}

impl Steps {
    /// Add the newest step.
    fn add(&mut self, step: Step) {
        if let Some(before) = self.all.back() {
            let mut direction = difference(&step.residual, &before.residual);
            let length = dot(&direction, &direction).sqrt();
            if length > 0.0 {
                direction.iter_mut().for_each(|entry| *entry /= length);
            }
            let mut products = Vec::with_capacity(DEPTH + 1);
            let others = self.differences.iter();
            products.extend(others.map(|other| dot(&other.direction, &direction)));
            products.push(dot(&direction, &direction));
            self.differences.push_back(Difference {
                length,
                direction,
                products,
            });
        }
        self.all.push_back(step);
    }

    fn drop_oldest(&mut self) {
        self.all.pop_front();
        if self.differences.pop_front().is_some() {
            for difference in &mut self.differences {
                difference.products.remove(0);
            }
        }
    }

    /// Weights of the differences of successive residuals that cancel the last one best.
    fn combine(&self) -> Option<DVector<f64>> {
        let depth = self.differences.len();
        let last = &self.all.back()?.residual;
        let is_sound = |difference: &Difference| difference.length > 0.0;
        if depth == 0 || !self.differences.iter().all(is_sound) {
            return None;
        }
        let mut gram = DMatrix::zeros(depth, depth);
        let mut weights = DVector::zeros(depth);
        for (i, difference) in self.differences.iter().enumerate() {
            for (j, product) in difference.products.iter().enumerate() {
                gram[(i, j)] = *product;
            }
            gram[(i, i)] += RIDGE;
            weights[i] = dot(&difference.direction, last);
        }
        if !factor(gram.as_mut_slice(), depth) {
            return None;
        }
        solve(gram.as_slice(), weights.as_mut_slice());
        for (weight, difference) in weights.iter_mut().zip(&self.differences) {
            *weight /= difference.length;
        }
        weights.iter().all(|w| w.is_finite()).then_some(weights)
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

impl Step {
    fn new(start: Place, end: Place) -> Self {
        let residual = difference(&end.at, &start.at);
        Step {
            start,
            end,
            residual,
        }
    }
}

fn difference(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(l, r)| l - r).collect()
}

/// The mixture about which steps are compared.
///
/// Coordinates are those in which the information of the complete data is the identity there, so
/// that neither the units of the columns nor the numbers of rows have a say.
#[derive(Debug)]
struct Reference {
    centres: Arc<[f64]>,
    masses: Vec<f64>,
    /// Variances of the columns in every component.
    variances: DMatrix<f64>,
    second: Second,
    scale: Scale,
}

/// A reference is stale where a mass or a variance is now this many times as large, or as small:
/// what it makes of a gain would be wrong by as much.
const STALE: f64 = 4.0;

/// What makes the moments of a component independent of its covariance.
#[derive(Debug)]
enum Scale {
    /// `R⁻¹`, transposed, of every component, with full scatters.
    Full(Stack),
    /// Standard deviations of the columns in every component, with the diagonals of scatters.
    Diagonal(DMatrix<f64>),
    /// The standard deviation of every component, with the traces.
    Trace(Vec<f64>),
    /// `R⁻¹`, transposed, of every component, without scatters.
    Sums(Stack),
}

impl Reference {
    fn new(mixture: &Mixture, factors: &Factors, stats: &SufficientStats) -> Self {
        let inverses = || {
            let each = (0..mixture.k()).map(|k| factors.inverse(k).transpose());
            each.collect()
        };
        let total = stats.total_mass();
        Reference {
            centres: match stats.second() {
                // The scatter of all rows is known about their mean.
                Second::Total(_) => stats.centres(),
                _ => mixture.means_in_turn().as_ref().into(),
            },
            masses: mixture.weights.iter().map(|w| w * total).collect(),
            second: stats.second().clone(),
            scale: match stats.second() {
                Second::Full => Scale::Full(inverses()),
                Second::Diagonal => Scale::Diagonal(factors.variances.map(f64::sqrt)),
                Second::Trace => {
                    let each = factors.variances.column_iter();
                    Scale::Trace(each.map(|own| own.mean().sqrt()).collect())
                }
                Second::Total(_) => Scale::Sums(inverses()),
            },
            variances: factors.variances.clone(),
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
        let now = masses.chain(factors.variances.iter().copied());
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
        let room = match &self.scale {
            Scale::Full(_) => d * d,
            _ => 0,
        };
        let (mut whole, mut half_white) = (vec![0.0; room], vec![0.0; room]);
        for component in 0..k {
            let expected = self.masses[component];
            let scale = 1.0 / expected.sqrt();
            // Relative to what the reference itself expects.
            let mass = masses[component] - expected;
            out.push(mass * scale);
            let sum = &sums[component * d..(component + 1) * d];
            let scatter = &scatters[component * width..(component + 1) * width];
            match &self.scale {
                Scale::Full(inverses) => {
                    let inverse = inverses.of(component);
                    whiten(inverse, sum, scale, &mut out);
                    for i in 0..d {
                        for j in 0..=i {
                            let entry = scatter[packed_row(i) + j];
                            whole[j * d + i] = entry;
                            whole[i * d + j] = entry;
                        }
                    }
                    multiply(&whole, inverse, d, &mut half_white);
                    for (i, left) in inverse.chunks_exact(d).enumerate() {
                        let before = half_white.chunks_exact(d).take(i);
                        out.extend(before.map(|column| dot(left, column) * scale));
                        let own = dot(left, &half_white[i * d..][..d]) - expected - mass;
                        out.push(own * FRAC_1_SQRT_2 * scale);
                    }
                }
                Scale::Diagonal(deviations) => {
                    let deviations = &deviations.as_slice()[component * d..][..d];
                    out.extend(sum.iter().zip(deviations).map(|(s, sd)| s / sd * scale));
                    out.extend(scatter.iter().zip(deviations).map(|(w, sd)| {
                        let own = w / (sd * sd) - expected - mass;
                        own * FRAC_1_SQRT_2 * scale
                    }));
                }
                Scale::Trace(deviations) => {
                    let deviation = deviations[component];
                    out.extend(sum.iter().map(|sum| sum / deviation * scale));
                    let own = scatter[0] / deviation.powi(2) - d as f64 * (expected + mass);
                    out.push(own / (2.0 * d as f64).sqrt() * scale);
                }
                Scale::Sums(inverses) => whiten(inverses.of(component), sum, scale, &mut out),
            }
        }
        out
    }
}

/// Whiten a sum by `R⁻¹`, of which this is the transposed, and scale it.
fn whiten(inverse: &[f64], sum: &[f64], scale: f64, out: &mut Vec<f64>) {
    let rows = inverse.chunks_exact(sum.len());
    out.extend(rows.map(|row| dot(row, sum) * scale));
}
