#' Raise what the engine reports as a condition, or pass its value on
#'
#' @param result Value of an `engine_*()` function.
#' @param x The data, for the words of the message.
#' @param family,k For a fit: the family, from [resolve_family()], and the number of components.
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
abort_degenerate <- function(result, x, call, family, k) {
  component <- result$cause$component
  rows <- result$rows
  constant <- constant_columns(x, rows)
  what <- if (result$cause$condition == "empty") {
    "Component {component} lost its rows: all responsibilities for it sum to
      {signif(result$cause$mass, 2)}, which is too little."
  } else if (is_shared(family$name)) {
    # The engine names the first component, but it is the covariance of all.
    component <- rows <- constant <- NULL
    "The covariance that all components share became singular: {nrow(x)} row{?s} in {k}
      component{?s} leave it too little variation."
  } else if (length(rows) == 0) {
    "Component {component} had too few rows for the covariance family {family$name} in {ncol(x)}
      column{?s}."
  } else {
    "Component {component} collapsed onto {describe_rows(x, rows, constant, family)}."
  }
  simpler <- simpler_family(family$name)
  ways <- c(
    "Fit fewer components",
    if (!is.null(simpler)) "use a covariance family with fewer parameters such as {.val {simpler}}",
    if (length(constant) > 0) "leave out columns with few distinct values",
    "set {.arg reg_covar}, for example to {signif(1e-3 * small_variance(x), 1)}"
  )
  abort_gmm(
    c(
      if (result$starts > 1) {
        "No start led to a mixture whose covariances can be inverted."
      } else {
        "The start did not lead to a mixture whose covariances can be inverted."
      },
      x = what,
      x = if (result$starts > 1) "All {result$starts} starts ended in such a way.",
      i = paste0(paste(ways[-length(ways)], collapse = ", "), ", or ", ways[length(ways)], ".")
    ),
    "degenerate",
    component = component,
    rows = rows,
    starts = result$starts,
    call = call
  )
}

#' The family to fall back on where this one has too many parameters, if there is one
#' @noRd
simpler_family <- function(family) {
  switch(family,
    E = ,
    EII = NULL,
    V = "E",
    VII = ,
    EEI = "EII",
    EEE = "EEI",
    if (endsWith(family, "I")) "EEI" else "tied"
  )
}

#' The smallest variance of a column that outliers do not make large
#' @noRd
small_variance <- function(x) {
  variance <- apply(x, 2, function(column) stats::mad(column)^2)
  variance[variance == 0] <- apply(x[, variance == 0, drop = FALSE], 2, stats::var)
  min(variance)
}

#' The columns in which rows, more than one, are all the same
#' @noRd
constant_columns <- function(x, rows) {
  if (length(rows) > 1) {
    which(apply(x[rows, , drop = FALSE], 2, function(column) all(column == column[1])))
  }
}

#' What a few rows have in common that leaves them no variance
#' @noRd
describe_rows <- function(x, rows, constant, family) {
  count <- cli::pluralize("{length(rows)} row{?s}")
  if (length(rows) == 1) {
    return(count)
  }
  if (length(constant) > 0) {
    values <- format_values(x[rows[1], constant])
    if (ncol(x) == 1) {
      return(paste0(count, ", all equal to ", values))
    }
    columns <- column_labels(x, constant)
    same <- paste0("`", columns, "` = ", values, collapse = ", ")
    return(paste0(count, ", all with ", same))
  }
  if (!is_oriented(family$name)) {
    return(paste(count, "that vary too little"))
  }
  if (length(rows) <= ncol(x)) {
    return(cli::pluralize(
      "{count}, too few for the covariance family {family$name} in {ncol(x)} column{?s}"
    ))
  }
  paste0(count, " whose columns determine one another")
}
