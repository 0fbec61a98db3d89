//! What crosses the border whatever the function: named lists on the way in, failures on the way
//! back.

use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};

use extendr_api::prelude::*;
use gaussmix_engine::{GmmError, Pool};

/// Why a call into the engine has no value.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The engine says so.
    Engine(GmmError),
    /// R and the border disagree about an argument: a mistake of ours.
    Internal(String),
}

impl From<GmmError> for Failure {
    fn from(error: GmmError) -> Self {
        Failure::Engine(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Internal(error.to_string())
    }
}

/// Run the body of an exported function; a failure, even a panic, becomes a condition list.
pub(crate) fn guard(body: impl FnOnce() -> Result<Robj, Failure>) -> Robj {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Failure::Internal(text.unwrap_or_default()))
    });
    let value = result.unwrap_or_else(|failure| match failure {
        Failure::Engine(error) => condition(&error),
        Failure::Internal(message) => list!(condition = "internal", message = message).into(),
    });
    // R's thread goes on, and has no use for what the threads of the call have left to it.
    Pool::release();
    value
}

/// An engine error as a list; indices count from one.
pub(crate) fn condition(error: &GmmError) -> Robj {
    let one_based = |index: usize| (index + 1) as f64;
    match error {
        GmmError::EmptyComponent { k, mass } => {
            list!(condition = "empty", component = one_based(*k), mass = *mass)
        }
        GmmError::Degenerate { k } => {
            list!(condition = "singular", component = one_based(*k))
        }
        GmmError::Narrow { k } => {
            list!(condition = "narrow", component = one_based(*k))
        }
        GmmError::Collinear { column } => {
            list!(condition = "collinear", column = one_based(*column))
        }
        GmmError::OutOfRange { column } => {
            list!(condition = "out_of_range", column = one_based(*column))
        }
        GmmError::TooFewDistinct { distinct } => {
            list!(condition = "too_few_distinct", distinct = *distinct as f64)
        }
        GmmError::NoStartSurvived {
            cause,
            rows,
            starts,
        } => {
            let rows: Vec<f64> = rows.iter().map(|&row| one_based(row)).collect();
            list!(
                condition = "no_start_survived",
                cause = condition(cause),
                rows = rows,
                starts = *starts as f64
            )
        }
        GmmError::Behind { by } => list!(condition = "behind", by = *by),
        GmmError::OutOfScale => list!(condition = "out_of_scale"),
        GmmError::FixedOutOfScale => list!(condition = "fixed_out_of_scale"),
        GmmError::NoThread => list!(condition = "no_thread"),
        GmmError::Interrupted => list!(condition = "interrupted"),
        other => list!(condition = "internal", message = other.to_string()),
    }
    .into()
}

/// The elements of a named list, looked up once: every look costs a call into R.
pub(crate) struct Elements(HashMap<&'static str, Robj>);

impl Elements {
    pub(crate) fn of(list: &List) -> Self {
        Elements(list.iter().collect())
    }

    /// The element with this name, unless it is `NULL`.
    pub(crate) fn find(&self, name: &str) -> Option<&Robj> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The value of this name.
    pub(crate) fn value<T>(&self, name: &str) -> Result<T, Failure>
    where
        T: for<'a> TryFrom<&'a Robj, Error = Error>,
    {
        let found = self.0.get(name);
        let value = found.ok_or_else(|| Failure::Internal(format!("no element `{name}`")))?;
        Ok(T::try_from(value)?)
    }

    /// A count that R holds as a double.
    pub(crate) fn count(&self, name: &str) -> Result<usize, Failure> {
        Ok(self.value::<f64>(name)? as usize)
    }
}
