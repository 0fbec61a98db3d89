//! Match two partitions.

use extendr_api::prelude::*;

/// The column, from 1, that each row of `counts`, `double[rows, columns]`, is matched with; 0 for
/// none
/// @noRd
#[extendr]
fn engine_matching(counts: &[f64], rows: i32) -> Vec<i32> {
    let rows = rows as usize;
    let matching = gaussmix_engine::best_matching(counts, rows, counts.len() / rows);
    let one_based = |column: Option<usize>| column.map_or(0, |column| column as i32 + 1);
    matching.into_iter().map(one_based).collect()
}

extendr_module! {
    mod matching;
    fn engine_matching;
}
