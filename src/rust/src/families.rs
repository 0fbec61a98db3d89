//! What R needs to know of the covariance families.

use extendr_api::prelude::*;
use gaussmix_engine::Family;

use crate::border::Failure;

/// Names of the covariance families and their aliases
/// @noRd
#[extendr]
fn engine_families() -> List {
    let names: Vec<&str> = Family::ALL.iter().map(|family| family.name()).collect();
    let aliases: Vec<&str> = Family::ALL
        .iter()
        .map(|family| family.alias().unwrap_or_default())
        .collect();
    list!(name = names, alias = aliases)
}

/// The family with this name.
pub(crate) fn family(name: &str) -> Result<Family, Failure> {
    Family::from_name(name).ok_or_else(|| Failure::Internal(format!("no family `{name}`")))
}

extendr_module! {
    mod families;
    fn engine_families;
}
