//! What R needs to know of the covariance families.

use extendr_api::prelude::*;
use gaussmix_engine::Family;

use crate::border::Failure;

/// The covariance families: their names, their names for one column, their aliases and what the
/// letters stand for
/// @noRd
#[extendr]
fn engine_families() -> List {
    let each = |of: fn(&Family) -> String| Family::ALL.iter().map(of).collect::<Vec<_>>();
    list!(
        name = each(|family| family.name().into()),
        univariate = each(|family| family.name_in(1).into()),
        alias = each(|family| family.alias().unwrap_or_default().into()),
        volume = each(|family| family.letters()[0].into()),
        shape = each(|family| family.letters()[1].into()),
        orientation = each(|family| family.letters()[2].into())
    )
}

/// The family with this name.
pub(crate) fn family(name: &str) -> Result<Family, Failure> {
    Family::from_name(name).ok_or_else(|| Failure::Internal(format!("no family `{name}`")))
}

extendr_module! {
    mod families;
    fn engine_families;
}
