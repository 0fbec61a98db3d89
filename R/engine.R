#' Raise what the engine reports as a condition, or pass its value on
#'
#' @param result Value of an `engine_*()` function.
#' @param x The data, for the words of the message.
#' @noRd
engine_value <- function(result, x, call) {
  condition <- if (is.list(result)) result$condition
  if (is.null(condition)) {
    return(result)
  }
  switch(condition,
    interrupted = interrupt(),
    no_start_survived = abort_degenerate(result, x, call),
    collinear = abort_collinear(result$column, x, call),
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
    no_threads = abort_gmm(
      c(
        "The system did not start {result$wanted} thread{?s}.",
        i = "Use fewer: `threads = 1`."
      ),
      "no_threads",
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
  before <- seq_len(column - 1)
  centred <- scale(x[, c(before, column), drop = FALSE])
  weights <- qr.coef(qr(centred[, before, drop = FALSE], tol = 1e-12), centred[, column])
  weights[is.na(weights)] <- 0
  of <- column_labels(x, before[abs(weights) > 1e-6])
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

#' Say which component collapsed, onto what, and what can be done
#' @noRd
abort_degenerate <- function(result, x, call) {
  component <- result$cause$component
  rows <- result$rows
  lost <- if (result$cause$condition == "empty") {
    "Component {component} lost its rows."
  } else if (length(rows) == 0) {
    "Component {component} had too few rows for a covariance of {ncol(x)} column{?s}."
  } else {
    "Component {component} collapsed onto {describe_rows(x, rows)}."
  }
  abort_gmm(
    c(
      if (result$starts > 1) {
        "No start led to a mixture whose covariances can be inverted."
      } else {
        "The start did not lead to a mixture whose covariances can be inverted."
      },
      x = lost,
      x = if (result$starts > 1) "All {result$starts} starts ended in such a way.",
      i = "Fit fewer components, a covariance family with fewer parameters such as {.val tied},
        leave out columns with few distinct values, or set
        {.arg reg_covar}, for example to {signif(1e-3 * small_variance(x), 1)}."
    ),
    "degenerate",
    component = component,
    rows = rows,
    starts = result$starts,
    call = call
  )
}

#' The smallest variance of a column that outliers do not make large
#' @noRd
small_variance <- function(x) {
  variance <- apply(x, 2, function(column) stats::mad(column)^2)
  variance[variance == 0] <- apply(x[, variance == 0, drop = FALSE], 2, stats::var)
  min(variance)
}

#' What a few rows have in common that leaves them no variance
#' @noRd
describe_rows <- function(x, rows) {
  count <- cli::pluralize("{length(rows)} row{?s}")
  if (length(rows) == 1) {
    return(count)
  }
  x <- x[rows, , drop = FALSE]
  constant <- which(apply(x, 2, function(column) all(column == column[1])))
  if (length(constant) > 0) {
    values <- format_values(x[1, constant])
    if (ncol(x) == 1) {
      return(paste0(count, ", all equal to ", values))
    }
    columns <- column_labels(x, constant)
    same <- paste0("`", columns, "` = ", values, collapse = ", ")
    return(paste0(count, ", all with ", same))
  }
  if (length(rows) <= ncol(x)) {
    return(cli::pluralize("{count}, too few for {ncol(x)} column{?s}"))
  }
  paste0(count, " whose columns determine one another")
}
