//! Optima that are nothing but chance.

use crate::mixture::Mixture;
use crate::pass::Passes;
use crate::score::Score;

/// The component of a fit that is narrowest in any direction, of suspect ones if there are any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Narrowest {
    /// Which one.
    pub component: usize,
    /// Its variance there, over that within the components on average.
    pub ratio: f64,
    /// Whether it is narrow because its rows have one value, or so narrow that they, being few, may
    /// lie so by chance: the likelihood is high then, and means nothing.
    pub is_suspect: bool,
    /// The value that nearly all of its rows have.
    pub tie: Option<Tie>,
}

/// A value that nearly all rows of a component have in a column in which it is narrow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// The column.
    pub column: usize,
    /// The value.
    pub value: f64,
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
/// Nearly all rows are such a share of them, where they are no less than so many.
const NEARLY_ALL: f64 = 0.95;
const LEAST_TIED: usize = 3;

impl Narrowest {
    /// Of a fit on `n` rows, whose components lie on these values.
    pub(crate) fn of(mixture: &Mixture, n: usize, ties: &[Option<Tie>]) -> Self {
        let d = mixture.d() as f64;
        let is_within = |component: usize| mixture.squared_distance(component) < WITHIN * d;
        let of_component = |(component, (ratio, widest)): (usize, (f64, f64))| {
            let is_thin = d == 1.0 || ratio < THIN * widest;
            let share = mixture.weights[component];
            let rows = share * n as f64 / (d + 1.0);
            Narrowest {
                component,
                ratio,
                tie: ties[component],
                is_suspect: ties[component].is_some()
                    || (rows < 1.0 && ratio < NARROW_FOR_SO_FEW)
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

/// Of each component, the value that nearly all of its rows have.
///
/// Families whose components share a shape or an orientation can't follow rows into a plane, and
/// so end beside it, at a likelihood that is as high as the plane is near.
pub(crate) fn ties(mixture: &Mixture, passes: &Passes<'_>) -> Vec<Option<Tie>> {
    let mut ties = vec![None; mixture.k()];
    let narrow = narrow_columns(mixture);
    if narrow.is_empty() {
        return ties;
    }
    let data = passes.data();
    let mut cluster = vec![0.0; data.n()];
    // What keeps this from its end, a stop or a covariance that can't be inverted, others find.
    let _ = passes.score(mixture, Score::Cluster, &mut cluster);
    for (component, column) in narrow {
        let own = (component + 1) as f64;
        let rows = data.column(column).iter().zip(&cluster);
        let values = rows
            .filter(|(_, cluster)| **cluster == own)
            .map(|(x, _)| *x);
        let found = || tied(values.collect()).map(|value| Tie { column, value });
        ties[component] = ties[component].or_else(found);
    }
    ties
}

/// Components, each with a column in which it is narrow.
fn narrow_columns(mixture: &Mixture) -> Vec<(usize, usize)> {
    let variances: Vec<Vec<f64>> = (0..mixture.k())
        .map(|k| mixture.covariance(k).diagonal().iter().copied().collect())
        .collect();
    let mut narrow = Vec::new();
    for j in 0..mixture.d() {
        let weighted = mixture.weights.iter().zip(&variances);
        let within: f64 = weighted.map(|(weight, own)| weight * own[j]).sum();
        let is_narrow = |k: &usize| variances[*k][j] < NARROW * within;
        narrow.extend((0..mixture.k()).filter(is_narrow).map(|k| (k, j)));
    }
    narrow
}

/// The value of nearly all of them.
fn tied(mut values: Vec<f64>) -> Option<f64> {
    if values.len() < LEAST_TIED {
        return None;
    }
    // If there is one, then it is the median.
    let half = values.len() / 2;
    let median = *values.select_nth_unstable_by(half, f64::total_cmp).1;
    let same = values.iter().filter(|value| **value == median).count();
    let are_tied = same >= LEAST_TIED && same as f64 >= NEARLY_ALL * values.len() as f64;
    are_tied.then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;
    use crate::progress::Progress;
    use nalgebra::DMatrix;
    use ndarray::Array2;

    /// On the rows of `x`, column by column.
    fn narrowest(mixture: &Mixture, x: &[f64]) -> Narrowest {
        let progress = Progress::new();
        let data = Data::new(x, x.len() / mixture.d(), mixture.d());
        let ties = ties(mixture, &Passes::over(data, &progress));
        Narrowest::of(mixture, data.n(), &ties)
    }

    /// On `n` rows, no two of which have the same value.
    fn of_different(mixture: &Mixture, n: usize) -> Narrowest {
        let column: Vec<f64> = (0..n).map(|i| i as f64 / n as f64).collect();
        narrowest(mixture, &column.repeat(mixture.d()))
    }

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
        of_different(&two_groups(rows / 1000.0, apart, factor), 1000)
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
        of_different(&mixture, 1000)
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
        let of = |n: usize| of_different(&two_groups(0.25, 0.5, 0.1), n);
        assert!(!of(120).is_suspect);
        assert!(of(20).is_suspect);
        // As narrow in the other column: a group of its own.
        assert!(!compact(30.0, 2).is_suspect);
        assert!(compact(20.0, 1).is_suspect);
        // Hardly enough for a plane; in a plane.
        assert!(small(4.0, 5.0, 0.1).is_suspect);
        assert!(small(30.0, 5.0, 0.001).is_suspect);
    }

    #[test]
    fn values_are_tied_if_nearly_all_are_the_same() {
        assert_eq!(tied(vec![]), None);
        assert_eq!(tied(vec![2.0; 2]), None);
        assert_eq!(tied(vec![2.0; 3]), Some(2.0));
        assert_eq!(tied(vec![0.0, -0.0, 0.0]), Some(0.0));
        assert_eq!(tied(vec![2.0, 2.0, 3.0]), None);
        let but = |others: usize| [vec![7.0; others], vec![2.0; 40 - others]].concat();
        assert_eq!(tied(but(2)), Some(2.0));
        assert_eq!(tied(but(3)), None);
    }

    #[test]
    fn a_narrow_component_on_a_value_is_suspect_however_many_its_rows() {
        // Rows here and there, and as many near a point, of which `others` do not have its value.
        let rows = |others: usize| {
            let wide = (0..400).map(|i| f64::from(i * 7 % 400) / 50.0 - 4.0);
            let near = |i: usize| 5.0 + (i as f64 - 200.0) * 1e-4;
            let own = |i| if i < others { near(i) } else { 5.0 };
            let first = wide.chain((0..400).map(near));
            let second = (0..400).map(|i| f64::from(i) / 50.0 - 4.0);
            let second = second.chain((0..400).map(own));
            first.chain(second).collect::<Vec<f64>>()
        };
        let tie = Tie {
            column: 1,
            value: 5.0,
        };
        for (others, factor, expected) in [
            (0, 0.1, Some(tie)),
            (20, 0.1, Some(tie)),
            (21, 0.1, None),
            (0, 0.3, None),
        ] {
            let mut mixture = two_groups(0.5, 5.0, factor);
            // As narrow in both columns.
            let both = |s: f64| DMatrix::identity(2, 2) * (s * s);
            mixture.covariances = [1.0, factor].into_iter().map(both).collect();
            let found = narrowest(&mixture, &rows(others));
            assert_eq!(found.tie, expected);
            assert_eq!(found.is_suspect, expected.is_some());
        }
    }
}
