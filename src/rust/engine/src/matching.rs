//! Pairs of two partitions' parts.

/// The column that each row of a table of counts is paired with, so that the pairs hold as much as
/// pairs can: the linear sum assignment problem.
///
/// No two rows share a column. A table that is not square leaves rows or columns over; a pair that
/// holds nothing is no pair.
///
/// # Shapes
/// `counts` is `double[rows, columns]`, column-major, finite.
///
/// # Cost
/// `O(m³)` time, `m` the larger of `rows` and `columns`.
///
/// # Source
/// Crouse (2016), *On implementing 2D rectangular assignment algorithms*, IEEE Transactions on
/// Aerospace and Electronic Systems 52, as the crate `lsap` has it.
pub fn best_matching(counts: &[f64], rows: usize, columns: usize) -> Vec<Option<usize>> {
    let mut matching = vec![None; rows];
    // By columns is, for lsap, by the rows of the transpose. It fails at non-finite counts only.
    let Ok((matched, to)) = lsap::solve(columns, rows, &counts.to_vec(), true) else {
        return matching;
    };
    for (column, row) in matched.into_iter().zip(to) {
        if counts[row + rows * column] > 0.0 {
            matching[row] = Some(column);
        }
    }
    matching
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_hold_the_most_even_if_no_row_has_its_largest_count() {
        // Rows (5, 4) and (4, 0): 4 + 4 is more than 5 + 0.
        assert_eq!(
            best_matching(&[5.0, 4.0, 4.0, 0.0], 2, 2),
            [Some(1), Some(0)]
        );
    }

    #[test]
    fn a_wide_and_a_tall_table_leave_columns_and_rows_over() {
        assert_eq!(best_matching(&[1.0, 7.0, 3.0], 1, 3), [Some(1)]);
        assert_eq!(best_matching(&[1.0, 7.0, 3.0], 3, 1), [None, Some(0), None]);
    }

    #[test]
    fn a_pair_that_holds_nothing_is_no_pair() {
        assert_eq!(best_matching(&[6.0, 2.0, 0.0, 0.0], 2, 2), [Some(0), None]);
    }
}
