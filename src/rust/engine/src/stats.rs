//! What the M-step needs of the data: a commutative monoid.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector, DVectorView};

use crate::covariance::{Scatters, Stack};
use crate::kernel::scatter::{packed_row, Moments};

/// Which second moments are kept of the components.
#[derive(Debug, Clone)]
pub(crate) enum Second {
    /// The lower triangle of a component's scatter, packed row by row.
    Full,
    /// Its diagonal.
    Diagonal,
    /// The sum of its diagonal.
    Trace,
    /// None: the scatter within the components follows from that of all rows.
    Total(Arc<Total>),
}

impl Second {
    /// Doubles per component.
    pub(crate) fn width(&self, d: usize) -> usize {
        match self {
            Second::Full => packed_row(d),
            Second::Diagonal => d,
            Second::Trace => 1,
            Second::Total(_) => 0,
        }
    }
}

impl Second {
    /// Values of statistics of `k` components, their moments moved from one set of centres to
    /// another.
    pub(crate) fn move_values(
        &self,
        values: &[f64],
        from: &[f64],
        to: &[f64],
        k: usize,
    ) -> Vec<f64> {
        let d = from.len() / k;
        let mut values = values.to_vec();
        let (masses, rest) = values.split_at_mut(k);
        let (sums, scatters) = rest.split_at_mut(k * d);
        let width = self.width(d);
        for (component, &mass) in masses.iter().enumerate() {
            let own = component * d..(component + 1) * d;
            let (from, to) = (&from[own.clone()], &to[own.clone()]);
            let shift = |i: usize| from[i] - to[i];
            let sum = &mut sums[own];
            let scatter = &mut scatters[component * width..(component + 1) * width];
            self.move_scatter(scatter, d, |i, j| {
                shift(i) * sum[j] + shift(j) * sum[i] + mass * shift(i) * shift(j)
            });
            for (i, sum) in sum.iter_mut().enumerate() {
                *sum += mass * shift(i);
            }
        }
        values
    }

    /// Add to what is kept of a scatter what a shift adds to its entries.
    fn move_scatter(&self, scatter: &mut [f64], d: usize, added: impl Fn(usize, usize) -> f64) {
        match self {
            Second::Full => {
                for i in 0..d {
                    for j in 0..=i {
                        scatter[packed_row(i) + j] += added(i, j);
                    }
                }
            }
            Second::Diagonal => {
                for (i, entry) in scatter.iter_mut().enumerate() {
                    *entry += added(i, i);
                }
            }
            Second::Trace => scatter[0] += (0..d).map(|i| added(i, i)).sum::<f64>(),
            Second::Total(_) => {}
        }
    }
}

/// All rows as one component, about their mean.
#[derive(Debug, Clone)]
pub(crate) struct Total {
    /// Number of rows.
    pub(crate) mass: f64,
    /// `double[d]`.
    pub(crate) mean: Vec<f64>,
    /// Sum of `(x - mean)(x - mean)'`, of which families without orientations know the diagonal
    /// only.
    pub(crate) scatter: DMatrix<f64>,
}

/// Per component the mass `N = sum r`, the sum `S = sum r (x - c)` and the scatter
/// `W = sum r (x - c)(x - c)'` about a centre `c`, or as much of it as a family needs, with the
/// log-likelihood of the mixture that gave the responsibilities `r`.
///
/// The centres are the component means of that mixture, so that nothing cancels; or, where they are
/// near enough to it that little does, the mean of all rows.
///
/// # Shapes
/// `k` components in `d` dimensions.
#[derive(Debug, Clone)]
pub struct SufficientStats {
    k: usize,
    d: usize,
    loglik: f64,
    centres: Arc<[f64]>,
    second: Second,
    /// `k` masses, then `k` sums, then `k` scatters.
    values: Vec<f64>,
}

impl SufficientStats {
    /// The neutral element: no rows, about `centres` (`double[k, d]`, row by row).
    pub(crate) fn empty(centres: Arc<[f64]>, d: usize, second: Second) -> Self {
        let k = centres.len() / d;
        SufficientStats {
            k,
            d,
            loglik: 0.0,
            values: vec![0.0; k * (1 + d + second.width(d))],
            centres,
            second,
        }
    }

    /// Add what a block gave: its log-likelihood.
    pub(crate) fn add_loglik(&mut self, loglik: f64) {
        self.loglik += loglik;
    }

    /// Add a block's mass to component `k`.
    pub(crate) fn add_mass(&mut self, k: usize, mass: f64) {
        self.values[k] += mass;
    }

    /// The places for the moments of component `k`.
    pub(crate) fn moments_mut(&mut self, k: usize) -> Moments<'_> {
        let (d, width) = (self.d, self.second.width(self.d));
        let (first, second) = self.values[self.k..].split_at_mut(self.k * d);
        Moments {
            sum: &mut first[k * d..(k + 1) * d],
            scatter: &mut second[k * width..(k + 1) * width],
        }
    }

    /// The points that the moments are about, `double[k, d]`, row by row.
    pub(crate) fn centres(&self) -> Arc<[f64]> {
        Arc::clone(&self.centres)
    }

    /// All numbers, with the moments about other centres: `k` masses, `k` sums, `k` scatters.
    pub(crate) fn values_about(&self, centres: &[f64]) -> Vec<f64> {
        self.second
            .move_values(&self.values, &self.centres, centres, self.k)
    }

    /// Statistics like these, with other numbers about other centres.
    pub(crate) fn with_values(&self, centres: Arc<[f64]>, values: Vec<f64>) -> Self {
        debug_assert_eq!(values.len(), self.values.len());
        SufficientStats {
            centres,
            values,
            second: self.second.clone(),
            ..*self
        }
    }

    /// Which second moments these are.
    pub(crate) fn second(&self) -> &Second {
        &self.second
    }

    /// Add the statistics of other rows about the same centres.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.centres, other.centres);
        self.loglik += other.loglik;
        for (to, from) in self.values.iter_mut().zip(&other.values) {
            *to += from;
        }
    }

    /// The statistics if component `b` were part of component `a`: exactly those of the summed
    /// responsibilities. The log-likelihood is still that of the mixture that gave them.
    pub(crate) fn union(&self, a: usize, b: usize) -> Self {
        let (k, d, width) = (self.k, self.d, self.second.width(self.d));
        let (masses, moments) = self.values.split_at(k);
        let (sums, scatters) = moments.split_at(k * d);
        let parts = [(masses, 1), (sums, d), (scatters, width)];
        let of = |all: &[f64], each: usize, component: usize| {
            all[component * each..(component + 1) * each].to_vec()
        };
        let moved = self.second.move_values(
            &parts.map(|(all, each)| of(all, each, b)).concat(),
            &of(&self.centres, d, b),
            &of(&self.centres, d, a),
            1,
        );
        let mut first = 0;
        let mut values = Vec::with_capacity(self.values.len());
        for (all, each) in parts {
            for component in (0..k).filter(|component| *component != b) {
                let mut own = of(all, each, component);
                if component == a {
                    for (own, moved) in own.iter_mut().zip(&moved[first..]) {
                        *own += moved;
                    }
                }
                values.extend(own);
            }
            first += each;
        }
        let kept = (0..k).filter(|component| *component != b);
        SufficientStats {
            k: k - 1,
            centres: kept.flat_map(|k| of(&self.centres, d, k)).collect(),
            second: self.second.clone(),
            values,
            ..*self
        }
    }

    /// Number of components.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Number of columns.
    pub fn d(&self) -> usize {
        self.d
    }

    /// Log-likelihood of the mixture that gave the responsibilities.
    pub fn loglik(&self) -> f64 {
        self.loglik
    }

    /// Mass of component `k`.
    pub fn mass(&self, k: usize) -> f64 {
        self.values[k]
    }

    /// Masses of the components.
    pub fn masses(&self) -> &[f64] {
        &self.values[..self.k]
    }

    /// Mass of all components.
    pub fn total_mass(&self) -> f64 {
        self.masses().iter().sum()
    }

    /// Sum of component `k` about its centre.
    fn sum(&self, k: usize) -> &[f64] {
        let first = self.k + k * self.d;
        &self.values[first..first + self.d]
    }

    /// What is kept of the scatter of component `k` about its centre.
    fn scatter(&self, k: usize) -> &[f64] {
        let width = self.second.width(self.d);
        let first = self.k * (1 + self.d) + k * width;
        &self.values[first..first + width]
    }

    /// Mean of component `k`.
    pub fn mean(&self, k: usize) -> impl Iterator<Item = f64> + '_ {
        let centre = &self.centres[k * self.d..];
        let mass = self.mass(k);
        let parts = centre.iter().zip(self.sum(k));
        parts.map(move |(centre, sum)| centre + sum / mass)
    }

    /// The scatters of the components about their own means, as far as they are known.
    pub(crate) fn scatters(&self) -> Scatters {
        match &self.second {
            Second::Full => {
                let mut scatters = Stack::zeros(self.k, self.d);
                for (k, scatter) in scatters.each_mut().enumerate() {
                    self.write_scatter(k, scatter);
                }
                Scatters::Full(scatters)
            }
            Second::Diagonal => {
                let mut diagonals = DMatrix::zeros(self.d, self.k);
                let each = diagonals.as_mut_slice().chunks_exact_mut(self.d);
                for (k, diagonal) in each.enumerate() {
                    self.write_squares(k, diagonal);
                }
                Scatters::Diagonal(diagonals)
            }
            Second::Trace => Scatters::Trace {
                traces: (0..self.k).map(|k| self.trace(k)).collect(),
                d: self.d,
            },
            Second::Total(total) => {
                let mut within = total.scatter.clone();
                for k in 0..self.k {
                    let sum = DVectorView::from_slice(self.sum(k), self.d);
                    within.ger(-1.0 / self.mass(k), &sum, &sum, 1.0);
                }
                Scatters::Pooled(within)
            }
        }
    }

    fn write_scatter(&self, k: usize, scatter: &mut [f64]) {
        let (sum, packed, mass) = (self.sum(k), self.scatter(k), self.mass(k));
        for i in 0..self.d {
            for j in 0..=i {
                let value = packed[packed_row(i) + j] - sum[i] * sum[j] / mass;
                scatter[j * self.d + i] = value;
                scatter[i * self.d + j] = value;
            }
        }
    }

    fn write_squares(&self, k: usize, diagonal: &mut [f64]) {
        let parts = self.scatter(k).iter().zip(self.sum(k));
        for (entry, (square, sum)) in diagonal.iter_mut().zip(parts) {
            *entry = square - sum * sum / self.mass(k);
        }
    }

    fn trace(&self, k: usize) -> f64 {
        let sum = self.sum(k);
        let square: f64 = sum.iter().map(|sum| sum * sum).sum();
        self.scatter(k)[0] - square / self.mass(k)
    }

    /// All rows as one component: for statistics of one, with full or diagonal scatters.
    pub(crate) fn total(&self) -> Total {
        let mut scatter = DMatrix::zeros(self.d, self.d);
        match self.second {
            Second::Full => self.write_scatter(0, scatter.as_mut_slice()),
            _ => {
                let mut squares = vec![0.0; self.d];
                self.write_squares(0, &mut squares);
                scatter.set_diagonal(&DVector::from_vec(squares));
            }
        }
        Total {
            mass: self.mass(0),
            mean: self.mean(0).collect(),
            scatter,
        }
    }
}
