//! The 14 families: one row of a table each, and what follows from it.

use super::covariances::Covariances;
use super::scatters::{Needs, Scatters};
use super::{axes, matrices, orientation, volumes, Ascent, Given};
use crate::error::GmmError;
use crate::progress::Progress;

/// A family of covariances `Sigma_k = lambda_k D_k A_k D_k'`, named by the letters of its volumes
/// `lambda_k`, shapes `A_k` (diagonal, `|A_k| = 1`) and orientations `D_k` (orthogonal): `E` equal
/// over components, `V` varying, `I` the identity.
///
/// # Source
/// Celeux and Govaert (1995), *Gaussian parsimonious clustering models*, Pattern Recognition
/// 28(5); the names are those of Banfield and Raftery (1993), Biometrics 49(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The letters say it: a sentence per family would repeat them.
pub enum Family {
    Eii,
    Vii,
    Eei,
    Vei,
    Evi,
    Vvi,
    Eee,
    Vee,
    Eve,
    Vve,
    Eev,
    Vev,
    Evv,
    Vvv,
}

/// All that is particular to a family.
struct Description {
    name: &'static str,
    volume: Letter,
    shape: Letter,
    orientation: Letter,
    alias: Option<&'static str>,
    m_step: MStep,
}

type MStep = fn(&Given<'_>) -> Result<Covariances, GmmError>;

/// In the order of [`Family`].
static TABLE: [Description; 14] = [
    describe("EII", None, axes::eii),
    describe("VII", Some("spherical"), axes::vii),
    describe("EEI", None, axes::eei),
    describe("VEI", None, volumes::vei),
    describe("EVI", None, axes::evi),
    describe("VVI", Some("diagonal"), axes::vvi),
    describe("EEE", Some("tied"), matrices::eee),
    describe("VEE", None, volumes::vee),
    describe("EVE", None, orientation::eve),
    describe("VVE", None, orientation::vve),
    describe("EEV", None, matrices::eev),
    describe("VEV", None, volumes::vev),
    describe("EVV", None, matrices::evv),
    describe("VVV", Some("full"), matrices::vvv),
];

/// How components share the volume, the shape or the orientation; a letter further down allows
/// all that those above it allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Letter {
    /// The identity.
    I,
    /// Equal over components.
    E,
    /// Varying over components.
    V,
}

impl Letter {
    /// Read from a name when the table is compiled: a wrong letter does not.
    const fn read(letter: u8) -> Self {
        match letter {
            b'I' => Letter::I,
            b'E' => Letter::E,
            b'V' => Letter::V,
            _ => panic!("a letter is I, E or V"),
        }
    }

    /// Free parameters over `k` components of what has `each` of them in one.
    fn free_parameters(self, each: usize, k: usize) -> usize {
        match self {
            Letter::I => 0,
            Letter::E => each,
            Letter::V => each * k,
        }
    }
}

const fn describe(name: &'static str, alias: Option<&'static str>, m_step: MStep) -> Description {
    let letters = name.as_bytes();
    Description {
        name,
        volume: Letter::read(letters[0]),
        shape: Letter::read(letters[1]),
        orientation: Letter::read(letters[2]),
        alias,
        m_step,
    }
}

impl Family {
    /// Every family, each after those that it contains.
    pub const ALL: [Family; 14] = [
        Family::Eii,
        Family::Vii,
        Family::Eei,
        Family::Vei,
        Family::Evi,
        Family::Vvi,
        Family::Eee,
        Family::Vee,
        Family::Eve,
        Family::Vve,
        Family::Eev,
        Family::Vev,
        Family::Evv,
        Family::Vvv,
    ];

    fn row(self) -> &'static Description {
        &TABLE[self as usize]
    }

    /// The three letters.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The name in `d` dimensions: with one column the letter of the volume, which is all there
    /// is.
    pub fn name_in(self, d: usize) -> &'static str {
        match d {
            1 => &self.name()[..1],
            _ => self.name(),
        }
    }

    /// The word that means the same.
    pub fn alias(self) -> Option<&'static str> {
        self.row().alias
    }

    /// The family with these three letters.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// The family that this one is in `d` dimensions: one column has a volume but neither shape
    /// nor orientation.
    pub fn in_dimension(self, d: usize) -> Self {
        match (d, self.row().volume) {
            (1, Letter::V) => Family::Vii,
            (1, _) => Family::Eii,
            _ => self,
        }
    }

    /// Free parameters of `k` covariances in `d` dimensions.
    pub fn free_parameters(self, k: usize, d: usize) -> usize {
        let of = self.row();
        of.volume.free_parameters(1, k)
            + of.shape.free_parameters(d - 1, k)
            + of.orientation.free_parameters(d * (d - 1) / 2, k)
    }

    /// Whether every member of `other` is a member of this family.
    pub fn contains(self, other: Family) -> bool {
        let (this, other) = (self.row(), other.row());
        other.volume <= this.volume
            && other.shape <= this.shape
            && other.orientation <= this.orientation
    }

    /// Whether `other` differs by one letter.
    pub(crate) fn is_neighbour(self, other: Family) -> bool {
        let letters = self.letters().into_iter().zip(other.letters());
        letters.filter(|(own, other)| own != other).count() == 1
    }

    /// The letters of volume, shape and orientation.
    pub fn letters(self) -> [&'static str; 3] {
        [0, 1, 2].map(|i| &self.name()[i..=i])
    }

    /// Whether all components have the same volume.
    pub(crate) fn has_equal_volumes(self) -> bool {
        self.row().volume == Letter::E
    }

    /// Whether covariances have orientations of their own, not those of the axes.
    pub fn is_oriented(self) -> bool {
        self.row().orientation > Letter::I
    }

    /// Whether its M-step iterates, and so may end before the maximum if that is enough
    /// ([`super::Ascent::Upwards`]).
    pub(crate) fn iterates(self) -> bool {
        let of = self.row();
        self.seeks_orientation() || (of.volume == Letter::V && of.shape == Letter::E)
    }

    /// Whether its M-step looks for an orientation that differing shapes share.
    pub(crate) fn seeks_orientation(self) -> bool {
        let of = self.row();
        of.shape == Letter::V && of.orientation == Letter::E
    }

    /// The least that the M-step must know of the scatters.
    pub(crate) fn needs(self) -> Needs {
        let of = self.row();
        if of.volume < Letter::V && of.shape < Letter::V && of.orientation < Letter::V {
            Needs::Pooled
        } else {
            self.needs_of_each()
        }
    }

    /// The least that it must know of every component's scatter.
    pub(crate) fn needs_of_each(self) -> Needs {
        let of = self.row();
        match (of.shape, of.orientation) {
            (Letter::I, _) => Needs::Trace,
            (_, Letter::I) => Needs::Diagonal,
            _ => Needs::Full,
        }
    }

    /// The covariances of this family that maximise the expected complete-data log-likelihood
    /// `-1/2 sum_k (mass_k log|Sigma_k| + tr(W_k Sigma_k^-1))`.
    ///
    /// Families that iterate go the way of `ascent`, whichever family its covariances are of.
    ///
    /// # Shapes
    /// `mass` is `double[k]`; `scatter` must hold what the family [`Needs`], or more.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where there is no such maximum or it is singular, with the
    /// component, or zero where it is all of them together. What is given is regular; VVV alone,
    /// which needs no inverse, passes singular scatters on: the caller regularises or refuses.
    pub(crate) fn m_step(
        self,
        mass: &[f64],
        scatter: &Scatters,
        ascent: Ascent<'_>,
        progress: &Progress,
    ) -> Result<Covariances, GmmError> {
        let is_sound = |mass: &f64| mass.is_finite() && *mass >= 0.0;
        if let Some(k) = mass.iter().position(|mass| !is_sound(mass)) {
            return Err(GmmError::Degenerate { k });
        }
        let given = Given {
            mass,
            scatter,
            ascent,
            progress,
        };
        (self.row().m_step)(&given)
    }
}
