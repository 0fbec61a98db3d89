#' Raise what the engine reports as a condition, or pass its value on
#'
#' @param result Value of an `engine_*()` function.
#' @param x The data, for the words of the message.
#' @param family,k For a fit: the family, a list with its `name`, and the number of components.
#' @noRd
engine_value <- function(result, x, call, family = NULL, k = NULL) {
  condition <- if (is.list(result)) result$condition
  if (is.null(condition)) {
    return(result)
  }
  switch(condition,
    interrupted = interrupt(),
    no_start_survived = abort_degenerate(result, x, call, family, k),
    collinear = abort_collinear(result$column, x, call),
    too_few_rows = abort_too_few_rows(family$name, x, call),
    too_few_distinct = abort_gmm(
      c(
        "{.arg k} must be at most the number of distinct rows of {.arg x}.",
        x = "Only {result$distinct} {cli::qty(result$distinct)}row{?s} {?is/are} distinct."
      ),
      "bad_value",
      argument = "k",
      distinct = result$distinct,
      call = call
    ),
    out_of_scale = abort_gmm(
      c(
        "{.arg start} must be a mixture on the scale of the data.",
        x = "A covariance is singular at that scale, or the density is zero at some rows."
      ),
      "bad_value",
      argument = "start",
      call = call
    ),
    singular = abort_gmm(
      "The covariance of component {result$component} must be one that can be inverted.",
      "degenerate",
      component = result$component,
      call = call
    ),
    fixed_out_of_scale = abort_gmm(
      c(
        "{.arg fix} must be on the scale of the data.",
        x = "A covariance is singular at that scale, or the density is zero at some rows."
      ),
      "bad_value",
      argument = "fix",
      call = call
    ),
    out_of_range = abort_gmm(
      c(
        "The variances of {.arg x} must be representable as numbers.",
        x = "Column {.var {column_labels(x, result$column)}} is on a scale where they are not.",
        i = "Use another unit: multiply or divide the column."
      ),
      "bad_value",
      argument = "x",
      columns = column_labels(x, result$column),
      call = call
    ),
    no_thread = abort_gmm(
      c(
        "The system did not start a thread for the engine.",
        i = "Stop other programs, or raise the limits on memory and processes."
      ),
      "no_thread",
      call = call
    ),
    abort_gmm(
      c(
        "The engine failed; this is a mistake in gaussmix.",
        x = "{result$condition}: {result$message}",
        i = "Please report it with the data and the call."
      ),
      "internal",
      call = call
    )
  )
}

#' Say which columns determine another
#' @noRd
abort_collinear <- function(column, x, call) {
  of <- determining_columns(column, x)
  column <- column_labels(x, column)
  abort_gmm(
    c(
      "No column of {.arg x} may be a combination of others.",
      x = "Column {.var {column}} is determined by {.var {of}}.",
      i = "Drop it: it adds nothing, and the covariance could not be inverted. Or use a family
        without orientations, such as {.val diagonal}, or set {.arg reg_covar}."
    ),
    "collinear",
    argument = "x",
    columns = column,
    call = call
  )
}

#' The columns before `column` of which it is a combination
#' @noRd
determining_columns <- function(column, x) {
  before <- seq_len(column - 1)
  centred <- scale(x[, c(before, column), drop = FALSE])
  weights <- qr.coef(qr(centred[, before, drop = FALSE], tol = 1e-12), centred[, column])
  weights[is.na(weights)] <- 0
  column_labels(x, before[abs(weights) > 1e-6])
}

#' Say that there are not more rows than columns
#' @noRd
abort_too_few_rows <- function(families, x, call) {
  n <- nrow(x)
  d <- ncol(x)
  abort_gmm(
    c(
      "{.arg x} must have more rows than columns for the covariance
        {cli::qty(families)}famil{?y/ies} {families}.",
      x = "It has {n} row{?s} and {d} column{?s}.",
      i = "Use fewer columns, a family without orientations such as {.val diagonal}, or set
        {.arg reg_covar}."
    ),
    "too_few_rows",
    argument = "x",
    call = call
  )
}
