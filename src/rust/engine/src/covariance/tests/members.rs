//! A maximum found without any of the theory: members of a family as a vector of parameters, and
//! a quasi-Newton method with differences for derivatives.

use nalgebra::{DMatrix, DVector};

use super::{maximise, q, Random};
use crate::covariance::Family;

/// The members of a family with these parameters: log volumes, log shapes, rotation angles.
fn member(family: Family, k: usize, d: usize, parameters: &[f64]) -> Vec<DMatrix<f64>> {
    let letters: Vec<char> = family.name().chars().collect();
    let mut left = parameters;
    let mut take = |letter: char, each: usize| -> Vec<Vec<f64>> {
        let mut next = || {
            let (own, rest) = left.split_at(each);
            left = rest;
            own.to_vec()
        };
        match letter {
            'V' => (0..k).map(|_| next()).collect(),
            'E' => vec![next(); k],
            _ => vec![vec![0.0; each]; k],
        }
    };
    let volumes = take(letters[0], 1);
    let shapes = take(letters[1], d - 1);
    let angles = take(letters[2], d * (d - 1) / 2);
    assert!(left.is_empty());
    let own = |k: usize| {
        let last = -shapes[k].iter().sum::<f64>();
        let logs = shapes[k].iter().copied().chain([last]);
        let values = logs.map(|log| (log + volumes[k][0]).exp());
        let values = DVector::from_iterator(d, values);
        let mut axes: DMatrix<f64> = DMatrix::identity(d, d);
        let planes = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
        for ((i, j), angle) in planes.zip(&angles[k]) {
            let mut plane = DMatrix::identity(d, d);
            let (sin, cos) = angle.sin_cos();
            for (at, value) in [((i, i), cos), ((j, j), cos), ((i, j), -sin), ((j, i), sin)] {
                plane[at] = value;
            }
            axes *= plane;
        }
        &axes * DMatrix::from_diagonal(&values) * axes.transpose()
    };
    (0..k).map(own).collect()
}

fn slope(f: &impl Fn(&DVector<f64>) -> f64, x: &DVector<f64>) -> DVector<f64> {
    let step = 1e-5;
    DVector::from_fn(x.len(), |i, _| {
        let at = |step: f64| {
            let mut moved = x.clone();
            moved[i] += step;
            f(&moved)
        };
        // Of fourth order.
        (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step))) / (12.0 * step)
    })
}

/// The least value that BFGS finds.
fn bfgs(f: impl Fn(&DVector<f64>) -> f64, start: DVector<f64>) -> f64 {
    let n = start.len();
    let (mut x, mut inverse) = (start, DMatrix::identity(n, n));
    let (mut value, mut gradient) = (f(&x), slope(&f, &x));
    for _ in 0..500 {
        let mut step = -&inverse * &gradient;
        if step.dot(&gradient) >= 0.0 {
            inverse = DMatrix::identity(n, n);
            step = -&gradient;
        }
        step *= (1.0 / step.amax()).min(1.0);
        while f(&(&x + &step)) > value && step.amax() > 1e-12 {
            step *= 0.5;
        }
        if step.amax() <= 1e-12 {
            break;
        }
        x += &step;
        value = f(&x);
        let bend = slope(&f, &x) - &gradient;
        gradient += &bend;
        let along = step.dot(&bend);
        if along > 1e-14 {
            let left = DMatrix::identity(n, n) - &step * bend.transpose() / along;
            inverse = &left * inverse * left.transpose() + &step * step.transpose() / along;
        }
    }
    value
}

#[test]
fn no_member_of_a_family_is_better_than_its_m_step() {
    let mut random = Random::new(3);
    for (d, cases) in [(2, 3), (3, 2)] {
        for _ in 0..cases {
            let (mass, scatters) = random.case(2, d);
            for family in Family::ALL {
                let ours = q(&mass, &scatters, &maximise(family, &mass, &scatters));
                let minus_q =
                    |x: &DVector<f64>| -q(&mass, &scatters, &member(family, 2, d, x.as_slice()));
                let n = family.free_parameters(2, d);
                let found = (0..8).map(|_| {
                    let start = DVector::from_fn(n, |_, _| random.normal());
                    -bfgs(minus_q, start)
                });
                let found = found.fold(f64::NEG_INFINITY, f64::max);
                let name = family.name();
                assert!(found < ours + 1e-8, "{name}: {found} beats {ours}");
                assert!(
                    found > ours - 1e-6,
                    "{name}: {ours} is not reached: {found}"
                );
            }
        }
    }
}
