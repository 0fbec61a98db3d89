#' Print a fit
#'
#' A few lines: the model, the components' weights and means, the log-likelihood, how sure the
#' search is of it, how the model compares with the others that were fitted, and what to doubt.
#' Wide or long tables are cut.
#'
#' @param x A fit from [gmm_fit()].
#' @param digits Significant digits.
#' @param ... Ignored.
#'
#' @returns `x`, invisibly.
#'
#' @examples
#' set.seed(1)
#' print(gmm_fit(faithful, k = 2), digits = 3)
#' @export
print.gmm <- function(x, digits = 4, ...) {
  check_count(digits, "digits", max = 22, call = quote(print()))
  cat(describe_model(x), "\n\n", sep = "")
  print_cut(cbind(weight = x$weights, label_columns(x$means, "mean")), digits)
  cat("\n", describe_fit(x), "\n", sep = "")
  invisible(x)
}

describe_model <- function(x, family = describe_family(x$covariance)) {
  weights <- if (x$equal_weights) ", equal weights" else ""
  fixed <- describe_fixed(x$fix)
  cli::pluralize(
    "Gaussian mixture of {x$k} component{?s}, covariance {family}{weights}{fixed}, ",
    "on {format_count(x$n)} {cli::qty(x$n)}row{?s} and {x$d} column{?s}"
  )
}

format_count <- function(n) {
  format(n, big.mark = ",", scientific = FALSE)
}

#' Log-likelihood, convergence and starts in sentences
#' @noRd
describe_fit <- function(x) {
  lines <- c(
    describe_loglik(x), describe_run(x), describe_troubles(x), describe_choice(x),
    describe_narrowest(x)
  )
  paste(lines, collapse = "\n")
}

describe_loglik <- function(x) {
  paste0(
    "log-likelihood ", format_2(x$loglik), " (df ", x$df, "), AIC ", format_2(stats::AIC(x)),
    ", BIC ", format_2(stats::BIC(x))
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

#' Which model this is of those that were fitted
#' @noRd
describe_choice <- function(x) {
  table <- x$selection
  if (nrow(table) == 1) {
    return(NULL)
  }
  criterion <- attr(table, "criterion")
  values <- table[[criterion]]
  here <- which(table$k == x$k & table$covariance == x$covariance)
  ranked <- rank_models(table)
  best <- ranked[1]
  without <- nrow(table) - length(ranked)
  among <- cli::pluralize("{nrow(table)} models")
  if (without > 0) {
    among <- paste0(among, ", of which ", without, if (without == 1) " has" else " have", " no fit")
  }
  passed <- sum(is_flagged(table) & values < values[best], na.rm = TRUE)
  passed <- if (passed > 0) {
    cli::pluralize(
      "{passed} model{?s} with a better {criterion} may be spurious and ",
      "{cli::qty(passed)}{?was/were} passed over: ",
      "see the element `selection`."
    )
  }
  if (here == best && length(ranked) == 1) {
    return(c(paste0("The only one with a fit among ", among, "."), passed))
  }
  other <- if (here == best) ranked[2] else best
  compared <- describe_margin(margin(values[other], values[here]))
  said <- if (here == best) {
    sprintf(
      "Best by %s of %s. The next, %s, is %s.", criterion, among, name_model(table, other), compared
    )
  } else {
    sprintf(
      "By %s, the best of %s is %s, which is %s.", criterion, among, name_model(table, other),
      compared
    )
  }
  c(said, passed)
}

#' Differences of values of a criterion, which are none between infinite ones
#' @noRd
margin <- function(values, from) {
  ifelse(values == from, 0, values - from)
}

describe_margin <- function(margin) {
  # What two decimals do not show.
  if (abs(margin) < 0.005) {
    return("as good")
  }
  size <- if (is.finite(margin)) paste0(format_2(abs(margin)), " ")
  paste0(size, if (margin < 0) "better" else "worse")
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
  sprintf(
    paste(
      "Component %d (%s) is %s times narrower in one direction than the components on average:",
      "this optimum may be spurious; see `min_eigen_ratio` in `?gmm_control`."
    ),
    narrowest$component, rows, times
  )
}

#' How the run ended, and what became of the starts
#' @noRd
describe_run <- function(x) {
  if (!is.null(x$origin)) {
    return(paste0("Taken over from a fit of ", x$origin, "."))
  }
  starts <- x$starts
  asked <- !x$converged && !should_converge(x)
  run <- if (x$algorithm == "sem") {
    describe_wander(x)
  } else {
    cli::pluralize(
      if (x$converged) "Converged" else if (asked) "Stopped" else "Not converged",
      " after {x$iterations} iteration{?s}",
      if (x$algorithm == "cem") " of classification EM" else "",
      if (starts$tried == 1) " from one start" else "",
      if (asked) ", as asked (`tol = 0`)." else "."
    )
  }
  if (x$algorithm == "cem") {
    climbed <- format_2(x$trace[length(x$trace)])
    run <- paste0("classification log-likelihood ", climbed, "\n", run)
  }
  if (starts$tried == 1) {
    return(run)
  }
  optimum <- if (x$converged) {
    "to this optimum"
  } else {
    margin <- sub("e-0", "e-", format(max(1e-4, 2 * x$control$tol)))
    paste("to within", margin, "of this log-likelihood")
  }
  rows <- starts$rows
  sampled <- if (rows < x$n) paste0(" on a random sample of ", format_count(rows), " rows,") else ""
  followed <- cli::pluralize(
    " Of {starts$tried} starts{sampled} {cli::qty(starts$finished)}{starts$finished} ",
    "{?was/were} followed",
    if (x$converged) " to the end" else "",
    if (starts$finished > 1) ", {starts$reached} of them {optimum}." else "."
  )
  paste0(run, followed)
}

#' Where in a run of stochastic EM the fit was seen
#' @noRd
describe_wander <- function(x) {
  best <- which.max(x$trace) - 1
  from <- if (x$starts$tried == 1) " from one start" else ""
  cli::pluralize(
    "The best mixture of {x$iterations} iteration{?s} of stochastic EM{from}: ",
    if (best == 0) "the start." else "that after iteration {best}."
  )
}

format_2 <- function(value) {
  format(round(value, 2), nsmall = 2, scientific = FALSE)
}

#' Give columns a name to be printed under
#' @noRd
label_columns <- function(x, single) {
  if (is.null(colnames(x))) {
    colnames(x) <- if (ncol(x) == 1) single else paste0("[,", seq_len(ncol(x)), "]")
  }
  x
}

#' Print a table, at most twenty rows and ten columns of it
#' @noRd
print_cut <- function(table, digits) {
  rows <- seq_len(min(nrow(table), 20))
  columns <- seq_len(min(ncol(table), 10))
  print(format_columns(table[rows, columns, drop = FALSE], digits), quote = FALSE, right = TRUE)
  left <- dim(table) - c(length(rows), length(columns))
  more <- c(
    cli::pluralize("{left[1]} more component{?s}"),
    cli::pluralize("{left[2]} more column{?s}")
  )
  if (any(left > 0)) {
    cat("... and ", paste(more[left > 0], collapse = ", "), "\n", sep = "")
  }
}

#' Every column with as many decimals as its largest number needs for `digits` digits
#' @noRd
format_columns <- function(table, digits) {
  if (is.character(table)) {
    return(table)
  }
  formatted <- table
  for (j in seq_len(ncol(table))) {
    column <- table[, j]
    largest <- max(abs(column), 0, na.rm = TRUE)
    formatted[, j] <- if (largest == 0 || all(column == round(column), na.rm = TRUE)) {
      format(column)
    } else if (largest >= 1e8 || largest < 1e-4) {
      format(column, digits = digits)
    } else {
      decimals <- max(digits - 1 - floor(log10(largest)), 0)
      format(round(column, decimals), nsmall = decimals)
    }
  }
  formatted
}
