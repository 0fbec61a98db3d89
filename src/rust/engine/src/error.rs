//! Why there is no result.

/// Why a fit ended without a result.
///
/// Running out of iterations is not here: that fit is usable and says so through
/// [`crate::Stop`]. Indices count from zero; the R border adds one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GmmError {
    /// Component `k` owns `mass` rows' worth of weight, too little to estimate it.
    #[error("component {k} is empty")]
    EmptyComponent {
        /// The component.
        k: usize,
        /// Sum of its responsibilities.
        mass: f64,
    },
    /// The covariance of component `k` is singular at the scale of the data.
    #[error("component {k} collapsed")]
    Degenerate {
        /// The component.
        k: usize,
    },
    /// Component `k` became narrower, in some direction, than is allowed.
    #[error("component {k} became too narrow")]
    Narrow {
        /// The component.
        k: usize,
    },
    /// Column `column` is a linear combination of the columns before it.
    #[error("column {column} is a linear combination of those before it")]
    Collinear {
        /// The column.
        column: usize,
    },
    /// The data's variances overflow or underflow.
    #[error("the scale of column {column} is out of range")]
    OutOfRange {
        /// The column.
        column: usize,
    },
    /// The mixture to start from is singular at the data's scale, or so far from the rows that
    /// their densities are zero.
    #[error("the start is not on the scale of the data")]
    OutOfScale,
    /// A fixed covariance is singular at the data's scale.
    #[error("a fixed covariance is not on the scale of the data")]
    FixedOutOfScale,
    /// There are fewer distinct rows than components.
    #[error("only {distinct} distinct rows")]
    TooFewDistinct {
        /// How many there are.
        distinct: usize,
    },
    /// Every start of a fit ended as degenerate.
    #[error("no start survived: {cause}")]
    NoStartSurvived {
        /// How the first start ended.
        cause: Box<GmmError>,
        /// The rows that its failing component owned just before.
        rows: Vec<usize>,
        /// How many starts there were.
        starts: usize,
    },
    /// On a sample of the rows the criterion was so much worse than the best that all rows would
    /// hardly have changed it.
    #[error("behind by {by}")]
    Behind {
        /// The difference that is expected on all rows.
        by: f64,
    },
    /// The system refused to start a thread.
    #[error("could not start a thread")]
    NoThread,
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl GmmError {
    /// The component that it speaks of.
    pub(crate) fn component(&self) -> Option<usize> {
        match *self {
            GmmError::EmptyComponent { k, .. }
            | GmmError::Degenerate { k }
            | GmmError::Narrow { k } => Some(k),
            _ => None,
        }
    }
}
