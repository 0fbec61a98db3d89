#' Refuse what are no labels of rows: one rule for all that takes labels
#'
#' `factor()` makes a partition of those that pass, its levels sorted or in their own order, without
#' those that no row has.
#'
#' @param must What `arg` may be, in words.
#' @param hint,hint_missing Ways out for what is of another type, and for missing labels.
#' @noRd
check_labels <- function(labels, arg, must, call, hint = NULL, hint_missing = NULL) {
  if (!is_label_type(labels)) {
    abort_argument(arg, must, is_type(labels), "bad_type", call, hint %||% hint_labels)
  }
  rows <- which(is_no_label(labels))
  if (length(rows) > 0) {
    abort_gmm(
      c(
        "{.arg {arg}} must have a label for every row.",
        x = "{length(rows)} {?is/are} missing, at row{?s} {rows}.",
        hint_missing
      ),
      "bad_value",
      argument = arg,
      rows = rows,
      call = call
    )
  }
  other <- if (is.numeric(labels)) which(!is.finite(labels) | labels != round(labels))
  if (length(other) > 0) {
    is <- sprintf("has %s at row %d", format_values(labels[other[1]]), other[1])
    abort_argument(arg, must, is, "bad_value", call, hint_labels)
  }
}

hint_labels <- c(i = "Labels are a factor, whole numbers, strings, or `TRUE` and `FALSE`.")

#' Whether these may be labels. What is.object() but no factor, such as dates or 64-bit integers,
#' means something else.
#' @noRd
is_label_type <- function(labels) {
  is_plain <- is.numeric(labels) || is.character(labels) || is.logical(labels)
  (is.factor(labels) || (is_plain && !is.object(labels))) && length(dim(labels)) < 2
}

#' Missing labels; those of a factor may hide behind a level
#' @noRd
is_no_label <- function(labels) {
  is.na(if (is.factor(labels)) as.character(labels) else labels)
}
