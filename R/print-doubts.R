#' What to doubt of a fit, of the words that `print()` and `summary()` share
#' @noRd
describe_doubts <- function(x) {
  c(
    describe_troubles(x), describe_passed(x), describe_passed_over(x), describe_narrowest(x),
    describe_lone(x), describe_same(x), describe_collinear(x), describe_edge(x)
  )
}

#' Starts that ended badly, and why the likelihood may mean little
#' @noRd
describe_troubles <- function(x) {
  degenerate <- x$starts$degenerate
  c(
    if (degenerate > 0) {
      cli::pluralize("{degenerate} start{?s} ended with a component that collapsed or lost its rows.")
    },
    if (x$control$reg_covar > 0) {
      paste(format(x$control$reg_covar), "was added to the diagonal of every covariance.")
    },
    if (x$df > x$n) "It has more free parameters than rows: do not trust it."
  )
}

#' Say that the model has a better optimum that may be spurious
#' @noRd
describe_passed_over <- function(x) {
  if (is.na(x$passed_over)) {
    return(NULL)
  }
  sprintf(
    "Another optimum of this model, with a log-likelihood %s higher, may be spurious and was passed %s",
    format(signif(x$passed_over - x$loglik, 2)), "over: see `?gmm_select`."
  )
}

#' Say that a component is suspiciously narrow
#' @noRd
describe_narrowest <- function(x) {
  narrowest <- x$narrowest
  if (!narrowest$is_suspect) {
    return(NULL)
  }
  rows <- component_rows(x$weights, narrowest$component, x$n)
  # Of variances, where widths are standard deviations.
  times <- format_count(signif(1 / sqrt(narrowest$ratio), 2))
  lies_on <- if (is.na(narrowest$column)) {
    ""
  } else {
    sprintf(" lies on %s and", name_value(x$means, narrowest$column, narrowest$value))
  }
  sprintf(
    paste(
      "Component %d (%s)%s is %s times narrower in one direction than the components on average:",
      "this optimum may be spurious; see `min_eigen_ratio` in `?gmm_control`."
    ),
    narrowest$component, rows, lies_on, times
  )
}

#' Say that no other start agrees
#' @noRd
describe_lone <- function(x) {
  starts <- x$starts
  # Of two, one may be that which runs on whatever it is worth, and need not meet the other, unless
  # these are all there are; nor can runs of stochastic EM meet.
  are_all <- starts$finished + starts$degenerate >= starts$tried
  could_meet <- starts$finished > (if (are_all) 1 else 2) && x$algorithm != "sem"
  if (!could_meet || starts$reached != 1 || !x$converged) {
    return(NULL)
  }
  more <- if (identical(x$control$search, "thorough")) {
    "a larger `n_init`"
  } else {
    "`search = \"thorough\"`"
  }
  sprintf("Only one of %d starts found this optimum; %s tries more.", starts$tried, more)
}

#' Say that components coincide
#' @noRd
describe_same <- function(x) {
  pair <- same_components(x)
  if (is.null(pair)) {
    return(NULL)
  }
  sprintf(
    "Components %d and %d are the same: a saddle of the likelihood; start elsewhere.",
    pair[1], pair[2]
  )
}

#' Two components whose means and covariances agree to a thousandth, or `NULL`
#' @noRd
same_components <- function(x, tolerance = 1e-3) {
  deviations <- component_deviations(x)
  for (i in seq_len(x$k - 1)) {
    rest <- seq(i + 1, x$k)
    scale <- deviations[i, ]
    away <- abs(t(x$means[rest, , drop = FALSE]) - x$means[i, ]) / scale
    for (j in rest[apply(away < tolerance, 2, all)]) {
      differs <- abs(x$covariances[, , j] - x$covariances[, , i]) / outer(scale, scale)
      if (all(differs < tolerance)) {
        return(c(i, j))
      }
    }
  }
  NULL
}

#' Say which families were left out because a column is a combination of others
#' @noRd
describe_collinear <- function(x) {
  is_left_out <- attr(x$selection, "failures") %in% failure_words[["collinear"]]
  if (!any(is_left_out)) {
    return(NULL)
  }
  status <- x$selection$status[is_left_out][1]
  paste0("C", substring(status, 2), ": families with orientations have no fit.")
}

#' Say that more components may be better
#' @noRd
describe_edge <- function(x) {
  k <- x$selection$k
  best <- k[attr(x$selection, "best")]
  if (min(k) == max(k) || x$k != best || best < max(k)) {
    return(NULL)
  }
  sprintf("No more than %.0f components were tried; a larger `k` may be better.", best)
}
