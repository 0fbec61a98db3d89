//! Optima that are nothing but chance.

use crate::mixture::Mixture;

/// The component of a fit that is narrowest in any direction, of suspect ones if there are any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Narrowest {
    /// Which one.
    pub component: usize,
    /// Its variance there, over that within the components on average.
    pub ratio: f64,
    /// Whether it is so narrow that its rows, being few, may lie so by chance: the likelihood is
    /// high then, and means nothing.
    pub is_suspect: bool,
}

/// Narrow is a component with a smaller ratio, very narrow one with a still smaller.
const NARROW: f64 = 0.05;
const VERY_NARROW: f64 = 1e-4;
/// Narrow enough are those whose rows lie in a plane in any case.
const NARROW_FOR_SO_FEW: f64 = 0.25;
/// A component within another is the likelier to be chance if it is thin: narrower than wide by so
/// much.
const THIN: f64 = 0.2;
/// Few are less rows than so many for each that it takes to lie in a plane, and less than such a
/// share of all; very few are still less than so many, whatever their share.
const FEW: f64 = 15.0;
const FEW_OF_ALL: f64 = 0.2;
const VERY_FEW: f64 = 2.0;
/// A component lies within another if the square of its distance is less than so many times the
/// number of columns, which is what it is for the other's own rows on average.
const WITHIN: f64 = 2.0;

impl Narrowest {
    /// Of a fit on `n` rows.
    pub(crate) fn of(mixture: &Mixture, n: usize) -> Self {
        let d = mixture.d() as f64;
        let is_within = |component: usize| mixture.squared_distance(component) < WITHIN * d;
        let of_component = |(component, (ratio, widest)): (usize, (f64, f64))| {
            let is_thin = d == 1.0 || ratio < THIN * widest;
            let share = mixture.weights[component];
            let rows = share * n as f64 / (d + 1.0);
            Narrowest {
                component,
                ratio,
                is_suspect: (rows < 1.0 && ratio < NARROW_FOR_SO_FEW)
                    || (ratio < NARROW
                        && (rows < VERY_FEW
                            || (rows < FEW
                                && share < FEW_OF_ALL
                                && (ratio < VERY_NARROW || (is_thin && is_within(component)))))),
            }
        };
        let all = mixture.extents().into_iter().enumerate().map(of_component);
        let order = |a: &Self, b: &Self| {
            let by_suspicion = b.is_suspect.cmp(&a.is_suspect);
            by_suspicion.then(a.ratio.total_cmp(&b.ratio))
        };
        all.min_by(order).expect("at least one component")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use ndarray::Array2;

    /// A large component and a small one, its mean at `apart` standard deviations in both columns,
    /// and narrower by `factor` in the second.
    fn two_groups(share: f64, apart: f64, factor: f64) -> Mixture {
        let covariance = |s: f64| DMatrix::from_diagonal(&[1.0, s * s].to_vec().into());
        Mixture {
            weights: vec![1.0 - share, share],
            means: Array2::from_shape_vec((2, 2), vec![0.0, 0.0, apart, apart]).unwrap(),
            covariances: [1.0, factor].into_iter().map(covariance).collect(),
        }
    }

    /// The small one with `rows` of 1,000 rows.
    fn small(rows: f64, apart: f64, factor: f64) -> Narrowest {
        Narrowest::of(&two_groups(rows / 1000.0, apart, factor), 1000)
    }

    /// The small one in the middle of the large one, narrower by ten in all of `d` columns.
    fn compact(rows: f64, d: usize) -> Narrowest {
        let share = rows / 1000.0;
        let covariance = |s: f64| DMatrix::identity(d, d) * (s * s);
        let mixture = Mixture {
            weights: vec![1.0 - share, share],
            means: Array2::zeros((2, d)),
            covariances: [1.0, 0.1].into_iter().map(covariance).collect(),
        };
        Narrowest::of(&mixture, 1000)
    }

    #[test]
    fn few_narrow_rows_within_another_component_are_suspect() {
        assert!(small(30.0, 0.5, 0.1).is_suspect);
        assert_eq!(small(30.0, 0.5, 0.1).component, 1);
        // Not narrow; not few; not within the other.
        assert!(!small(30.0, 0.5, 0.5).is_suspect);
        assert!(!small(300.0, 0.5, 0.1).is_suspect);
        assert!(!small(30.0, 5.0, 0.1).is_suspect);
        // A share of all that no chance makes narrow, unless that is very few rows.
        let of = |n: usize| Narrowest::of(&two_groups(0.25, 0.5, 0.1), n);
        assert!(!of(120).is_suspect);
        assert!(of(20).is_suspect);
        // As narrow in the other column: a group of its own.
        assert!(!compact(30.0, 2).is_suspect);
        assert!(compact(20.0, 1).is_suspect);
        // Hardly enough for a plane; in a plane.
        assert!(small(4.0, 5.0, 0.1).is_suspect);
        assert!(small(30.0, 5.0, 0.001).is_suspect);
    }
}
