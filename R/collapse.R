#' Say which component collapsed, onto what, and what can be done
#' @noRd
abort_degenerate <- function(result, x, call, family, k) {
  collapse <- describe_collapse(result, x, family$name, k)
  abort_gmm(
    c(
      if (result$starts > 1) {
        "No start led to a mixture whose covariances can be inverted."
      } else {
        "The start did not lead to a mixture whose covariances can be inverted."
      },
      x = "{collapse$what}",
      x = if (result$starts > 1) "All {result$starts} starts ended in such a way.",
      i = "{ways_out(family$name, k, x, length(collapse$constant) > 0)}"
    ),
    "degenerate",
    component = collapse$component,
    rows = collapse$rows,
    starts = result$starts,
    call = call
  )
}

#' Which component collapsed, and onto what
#'
#' @param result The engine's condition `no_start_survived`.
#' @param family The family's name.
#' @returns A list of a sentence, `what`; the same in a few words, `status`; and, unless it is the
#'   covariance of all components that collapsed, the `component`, its `rows`, and the columns that
#'   are `constant` in them.
#' @noRd
describe_collapse <- function(result, x, family, k) {
  component <- result$cause$component
  rows <- result$rows
  found <- list(component = component, rows = rows, constant = constant_columns(x, rows))
  if (result$cause$condition == "empty") {
    mass <- signif(result$cause$mass, 2)
    found$what <- cli::pluralize(
      "Component {component} lost its rows: all responsibilities for it sum to {mass}, which is ",
      "too little."
    )
    found$status <- paste("component", component, "lost its rows")
    return(found)
  }
  if (result$cause$condition == "narrow") {
    found$what <- sprintf(
      "Component %.0f became narrower than `min_eigen_ratio` allows, with %s.",
      component, describe_rows(x, rows, found$constant, family)
    )
    found$status <- sprintf("component %.0f became narrower than allowed", component)
    return(found)
  }
  if (is_shared(family)) {
    # The engine names the first component, but it is the covariance of all.
    return(list(
      what = cli::pluralize(
        "The covariance that all components share became singular: {nrow(x)} row{?s} in {k} ",
        "component{?s} leave it too little variation."
      ),
      status = "the covariance that all components share became singular"
    ))
  }
  if (length(rows) == 0) {
    found$status <- paste("the covariance of component", component, "was singular from the start")
    found$what <- paste0(
      "The covariance of component ", component, " was singular from the start: it had too few ",
      "rows, or they vary too little."
    )
    return(found)
  }
  onto <- describe_rows(x, rows, found$constant, family)
  found$what <- paste0("Component ", component, " collapsed onto ", onto, ".")
  if (length(found$constant) > 0 && ncol(x) > 1) {
    onto <- describe_values(x, rows, found$constant)
  }
  found$status <- paste("component", component, "collapsed onto", onto)
  found
}

#' What can be done where components collapse
#' @noRd
ways_out <- function(family, k, x, is_constant) {
  simpler <- simpler_family(family)
  ways <- c(
    if (k > 1) "fit fewer components",
    if (is_far(x)) "subtract the means of the columns, beside which they hardly vary",
    if (!is.null(simpler)) {
      cli::format_inline("use a covariance family with fewer parameters such as {.val {simpler}}")
    },
    if (is_constant) "leave out columns with few distinct values",
    cli::format_inline(
      "set {.arg reg_covar}, for example to {signif(1e-3 * small_variance(x), 1)}"
    )
  )
  last <- length(ways)
  if (last > 1) {
    ways[last] <- paste("or", ways[last])
  }
  ways <- toString(ways)
  paste0(toupper(substr(ways, 1, 1)), substring(ways, 2), ".")
}

#' Whether a column varies so little beside its mean that few digits are left for that
#' @noRd
is_far <- function(x) {
  deviation <- apply(x, 2, stats::sd)
  is_little <- .Machine$double.eps * abs(colMeans(x)) > 1e-4 * deviation
  any(is_little & deviation > 0, na.rm = TRUE)
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
    if (ncol(x) == 1) {
      return(paste0(count, ", all equal to ", format_values(x[rows[1], constant])))
    }
    return(paste0(count, ", all with ", describe_values(x, rows, constant)))
  }
  if (!is_oriented(family)) {
    return(paste(count, "that vary too little"))
  }
  if (length(rows) <= ncol(x)) {
    return(cli::pluralize(
      "{count}, too few for the covariance family {family} in {ncol(x)} column{?s}"
    ))
  }
  paste0(count, " whose columns determine one another")
}

#' The values of columns that are constant in some rows
#' @noRd
describe_values <- function(x, rows, constant) {
  paste(name_value(x, constant, x[rows[1], constant]), collapse = ", ")
}

#' Values of columns, in words
#'
#' @param x A matrix with these columns.
#' @noRd
name_value <- function(x, column, value) {
  if (ncol(x) == 1) {
    return(format_values(value))
  }
  paste0("`", column_labels(x, column), "` = ", format_values(value))
}
