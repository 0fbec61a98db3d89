#' Select a model by a criterion
#'
#' `gmm_fit()` fits every number of components with every covariance family that it is asked for and
#' chooses the best; the table of all is `fit$selection`. `gmm_select()` returns this table alone,
#' without the mixtures in it. `gmm_refit()` takes another model of the table, without searching
#' again.
#'
#' The best model has the smallest value of the criterion. Models whose criterion means nothing stand
#' back: they rank after all others. Their status says why: `"near-spurious"`, or `"too rich"` for as
#' many free parameters as rows, or more.
#'
#' Near-spurious are fits with a component that is narrow: its variance in some direction is less
#' than 0.05 of that within the components on average. It is flagged in two cases.
#' * It lies on one value, as those of rounded data may: it is that narrow in a column in which 95 %
#'   of the rows of its cluster, and no less than three, are equal. Its likelihood tells how finely
#'   they were measured, not how near they are. (Where all components lie on values, none is
#'   narrower than the others; and `reg_covar` says how wide a value is: with it, none is flagged
#'   for this.)
#' * It has few rows, which may lie so by chance: less than 15 (`d` + 1), and less than a fifth of
#'   all. It is flagged if it also is thin (in some direction a fifth as much so as in another, or
#'   `d` = 1) and lies within another component (the squared Mahalanobis distance of its mean from
#'   the other is less than 2 `d`), or is narrower than 1e-4. Of less than 2 (`d` + 1) rows, it is
#'   flagged in any case, and one of less than `d` + 1 rows is flagged if it is narrower than 0.25.
#'
#' `min_eigen_ratio` in [gmm_control()] drops such runs, so that the model may be fitted otherwise.
#'
#' The row of a model is its best optimum, even if that is flagged. But where a flagged optimum
#' would make a model the best of all, the search for several models looks for another beside it
#' that is not flagged. If that, too, makes the model the best, it is chosen, and is in the table:
#' its status says by how much the log-likelihood of the other, that was passed over, is higher.
#' `gmm_fit()` with this model alone passes over none. Nor does a search on a sample of the rows
#' that gives up no models, one with `fix` or `start`, or another algorithm than EM.
#'
#' @param x For `gmm_select()`: the data, as for [gmm_fit()]. For the methods: a selection.
#' @param ... For `gmm_select()`: the other arguments of [gmm_fit()]. For `plot()`: graphical
#'   parameters, such as `ylim`. Otherwise ignored.
#' @param fit A fit from [gmm_fit()].
#' @param k,covariance The model to take: a number of components, and a covariance family, or an
#'   alias. Without one of them, the best model by the criterion that has the other; without both,
#'   the best of all.
#' @param object A selection; for `ICL()` a fit.
#' @param n Whole number, at least 1: models to print. Families that are the same model, as many are
#'   with one component, count once.
#' @param row.names,optional As for [as.data.frame()].
#'
#' @returns
#' * `gmm_select()`, and the element `selection` of a fit: a data frame of class
#'   `"gmm_selection"`, a row per model, with columns
#'   \describe{
#'     \item{`k`, `covariance`}{The model.}
#'     \item{`loglik`, `df`}{Log-likelihood and number of free parameters.}
#'     \item{`BIC`, `ICL`, `AIC`, `AICc`}{The criteria; smaller is better. See Criteria.}
#'     \item{`entropy`}{Of the responsibilities, summed over the rows: 0 where all rows are sure.}
#'     \item{`starts`, `hits`}{Starts that were tried, and those that were seen to reach the
#'       optimum. Most of more than three models are not followed so far, and within 0.06 of its
#'       log-likelihood counts as there; where no rows are left out and no models given up, all of
#'       the best one are, to the end: see [gmm_control()].}
#'     \item{`iterations`, `converged`}{Of the best run.}
#'     \item{`status`}{`"ok"`, for the best model perhaps
#'       `"ok: loglik ... below a near-spurious optimum"`;
#'       `"near-spurious: ..."` with the component, and the value that it lies on, if it does;
#'       `"too rich: ..."`; or why there is no fit.}
#'   }
#'   All numbers are `NA` where there is no fit. Its attributes are `criterion`; `best`, the row of
#'   the best model; `n`, the number of rows of the data, and `rows`, of those on which starts were
#'   tried; `failures`, the kind of failure of each model; and, but for `gmm_select()`, `fits`. A
#'   part of the table, such as `fit$selection[1:3, ]`, is a plain data frame.
#' * `gmm_refit()`: a list of class `"gmm"` as [gmm_fit()] returns it, with the same `selection`.
#' * `summary()`: a list of class `"summary.gmm_selection"`: `models`, `fits` and `flagged` are
#'   counts; `failures` are counts by reason; `best` is a data frame with the best model by each of
#'   the four criteria.
#' * `plot()` draws a line per family, and a ring around the best model. Values far above the others
#'   are out of sight, and their number is given; `ylim` shows them. Invisibly it returns the values:
#'   a data frame of `k`, `covariance`, the criterion, and `flagged`.
#' * `as.data.frame()`: the table as a plain data frame.
#' * `ICL()`: a number.
#'
#' @section Criteria:
#' With the log-likelihood \eqn{\ell}{loglik}, \eqn{p}{df} free parameters, \eqn{n}{n} rows and the
#' entropy \eqn{E = -\sum_{nk} r_{nk} \log r_{nk}}{E = -sum r log r} of the responsibilities:
#' * `BIC` \eqn{= -2 \ell + p \log n}{= -2 loglik + df log(n)};
#' * `ICL` \eqn{= BIC + 2 E}{= BIC + 2 E}, which prefers components that do not overlap;
#' * `AIC` \eqn{= -2 \ell + 2 p}{= -2 loglik + 2 df};
#' * `AICc` \eqn{= AIC + 2 p (p + 1) / (n - p - 1)}{= AIC + 2 df (df + 1) / (n - df - 1)}, infinite
#'   where \eqn{n \le p + 1}{n <= df + 1}.
#'
#' The package mclust reports BIC and ICL with the opposite sign. Its ICL also has another entropy,
#' that of the hard assignment: it adds \eqn{2 \sum_n \log \max_k r_{nk}}{2 sum_n log max_k r_nk} to
#' its BIC, where the entropy here counts all components of a row. So even apart from the sign, the
#' two differ where components overlap.
#'
#' @section Errors:
#' `gmm_select()`: as [gmm_fit()], also where no model has a fit. `gmm_refit()`:
#' `gmm_error_bad_type` for what is not a fit, `gmm_error_bad_value` for a model that is not in the
#' table, `gmm_error_no_fit` for one without a fit (with the field `status`), `gmm_error_no_data`
#' where the fit was made with `keep_data = FALSE`.
#'
#' @references
#' Schwarz, G. (1978). Estimating the dimension of a model. *Annals of Statistics* 6, 461--464.
#'
#' Biernacki, C., Celeux, G. and Govaert, G. (2000). Assessing a mixture model for clustering with
#' the integrated completed likelihood. *IEEE Transactions on Pattern Analysis and Machine
#' Intelligence* 22, 719--725.
#'
#' Akaike, H. (1974). A new look at the statistical model identification. *IEEE Transactions on
#' Automatic Control* 19, 716--723.
#'
#' Hurvich, C. M. and Tsai, C.-L. (1989). Regression and time series model selection in small
#' samples. *Biometrika* 76, 297--307.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 1:5)
#' fit$selection
#' summary(fit$selection)
#' plot(fit$selection)
#'
#' gmm_refit(fit, k = 2)
#' gmm_refit(fit, k = 2, covariance = "full")
#' ICL(fit)
#'
#' gmm_select(faithful, k = 1:3, covariance = "all diagonal", criterion = "ICL")
#' @export
gmm_select <- function(x, ...) {
  selection <- gmm_fit(x, ...)$selection
  attr(selection, "fits") <- NULL
  selection
}

#' The table of a search
#'
#' @param models As [list_models()] returns them.
#' @param found As [search_models()] returns it.
#' @noRd
new_selection <- function(models, found, x, criterion) {
  cells <- found$cells
  failures <- failure_kinds(cells)
  is_fit <- is.na(failures)
  numbers <- matrix(
    NA_real_, length(fit_numbers), length(cells),
    dimnames = list(fit_numbers, NULL)
  )
  numbers[, is_fit] <- vapply(cells[is_fit], `[[`, numeric(length(fit_numbers)), "numbers")
  for (i in which(!is_fit)) {
    if (cells[[i]]$condition == "no_start_survived") {
      numbers[c("tried", "reached"), i] <- c(cells[[i]]$starts, 0)
    }
  }
  column <- function(name) unname(numbers[name, ])
  count <- function(name) as.integer(numbers[name, ])
  is_ok <- is_fit & !(numbers["is_suspect", ] | numbers["df", ] >= nrow(x))
  status <- rep("ok", length(cells))
  has_passed <- is_ok & !is.na(numbers["passed_over", ])
  status[has_passed] <- sprintf(
    "ok: loglik %s below a near-spurious optimum",
    format(signif((numbers["passed_over", ] - numbers["loglik", ])[has_passed], 2))
  )
  status[!is_ok] <- vapply(which(!is_ok), function(i) {
    describe_status(cells[[i]], numbers[, i], x, models$covariance[i], models$k[i])
  }, character(1))
  # data.frame() would take longer than a fit of a few thousand rows.
  table <- list2DF(list(
    k = as.integer(models$k),
    covariance = models$covariance,
    loglik = column("loglik"),
    df = count("df"),
    BIC = column("BIC"),
    ICL = column("ICL"),
    AIC = column("AIC"),
    AICc = column("AICc"),
    entropy = column("entropy"),
    starts = count("tried"),
    hits = count("reached"),
    iterations = count("iterations"),
    converged = as.logical(column("converged")),
    status = status
  ))
  structure(
    table,
    class = c("gmm_selection", "data.frame"),
    criterion = criterion,
    best = found$best,
    rows = found$rows,
    n = nrow(x),
    failures = failures,
    fits = replace(cells, !is_fit, list(NULL))
  )
}

#' The numbers that the engine says of a fit, in this order
#' @noRd
fit_numbers <- c(
  "loglik", "df", criteria, "entropy", "iterations", "converged", "tried", "degenerate",
  "finished", "reached", "rows", "component", "ratio", "is_suspect", "tied_column", "tied_value",
  "passed_over"
)

#' What the engine says of a fit, by name
#' @noRd
name_numbers <- function(cell) {
  numbers <- set_names(as.list(cell$numbers), fit_numbers)
  counts <- c("tried", "degenerate", "finished", "reached")
  c(
    cell[c("mixture", "trace", "path")],
    numbers[c("loglik", "df", "entropy", "passed_over")],
    list(
      converged = numbers$converged == 1,
      starts = c(lapply(numbers[counts], as.integer), numbers["rows"]),
      narrowest = list(
        component = as.integer(numbers$component),
        ratio = numbers$ratio,
        is_suspect = numbers$is_suspect == 1,
        column = as.integer(numbers$tied_column),
        value = numbers$tied_value
      )
    )
  )
}

#' What the table says of a model that is not just as it should be
#'
#' @param numbers Those of its fit, by name.
#' @noRd
describe_status <- function(cell, numbers, x, family, k) {
  if (is.null(cell$condition)) {
    if (!numbers[["is_suspect"]]) {
      return(sprintf("too rich: %d free parameters", as.integer(numbers[["df"]])))
    }
    component <- as.integer(numbers[["component"]])
    if (!is.na(numbers[["tied_column"]])) {
      value <- name_value(x, numbers[["tied_column"]], numbers[["tied_value"]])
      return(sprintf("near-spurious: component %d lies on %s", component, value))
    }
    rows <- component_rows(cell$mixture$weights, component, nrow(x))
    return(sprintf("near-spurious: component %d has %s and is narrow", component, rows))
  }
  switch(cell$condition,
    no_start_survived = describe_collapse(cell, x, family, k)$status,
    collinear = sprintf(
      "column `%s` is determined by %s",
      column_labels(x, cell$column),
      paste0("`", determining_columns(cell$column, x), "`", collapse = " and ")
    ),
    behind = sprintf("given up: behind the best by about %s", format_count(signif(cell$by, 2))),
    too_few_distinct = sprintf("fewer than %.0f distinct rows", k),
    too_few_rows = cli::pluralize("{nrow(x)} row{?s} are too few for {ncol(x)} column{?s}"),
    failure_kinds(list(cell))
  )
}

#' Rows of a component, by its weight
#' @noRd
component_rows <- function(weights, component, n) {
  rows <- round(weights[[component]] * n)
  paste(format_count(rows), if (rows == 1) "row" else "rows")
}

is_flagged <- function(selection) {
  startsWith(selection$status, "near-spurious") | startsWith(selection$status, "too rich")
}

#' Whether models are flagged for a component whose rows have one value
#' @noRd
lies_on_value <- function(selection) {
  grepl("^near-spurious: component [0-9]+ lies on", selection$status)
}

is_given_up <- function(selection) {
  startsWith(selection$status, "given up")
}

#' Rows of the table with a fit, the best first; of those that differ by rounding, the first
#' @noRd
rank_models <- function(selection, criterion = attr(selection, "criterion")) {
  ranked <- order(is_flagged(selection), signif(selection[[criterion]], 12))
  ranked[!is.na(selection$loglik[ranked])]
}

name_model <- function(selection, row) {
  sprintf("%s with k = %d", selection$covariance[row], selection$k[row])
}

#' @export
`[.gmm_selection` <- function(x, ...) {
  as.data.frame(x)[...]
}

#' @rdname gmm_select
#' @export
as.data.frame.gmm_selection <- function(x, row.names = NULL, optional = FALSE, ...) {
  attributes(x) <- attributes(x)[c("names", "row.names")]
  class(x) <- "data.frame"
  if (!is.null(row.names)) {
    row.names(x) <- row.names
  }
  x
}

#' @rdname gmm_select
#' @export
gmm_refit <- function(fit, k = NULL, covariance = NULL) {
  call <- quote(gmm_refit())
  check_given(c(fit = missing(fit)), call)
  hint <- if (inherits(fit, "gmm_selection")) {
    c(i = "A table has no data, and that of `gmm_select()` has no mixtures: use `gmm_fit()`.")
  }
  check_fit(fit, call, hint)
  selection <- fit$selection
  row <- find_model(selection, k, covariance, fit$d, call)
  cell <- name_numbers(attr(selection, "fits")[[row]])
  x <- fit_data(fit, call)
  threads <- resolve_threads(fit$control$threads, call)
  cell$cluster <- as.integer(score_rows(cell$mixture, x, "cluster", threads, call))
  refit <- new_gmm(
    cell, x, selection$covariance[row], fit, TRUE, selection, fit$control, call
  )
  refit$call <- as.call(list_modify(
    as.list(fit$call),
    list(k = as.double(refit$k), covariance = refit$covariance)
  ))
  refit$origin <- fit$origin
  refit$terms <- fit$terms
  refit$variables <- fit$variables
  refit
}

#' The row of the best model with this number of components and this family
#' @noRd
find_model <- function(selection, k, covariance, d, call) {
  is_asked <- rep(TRUE, nrow(selection))
  if (!is.null(k)) {
    k <- check_count(k, "k", call = call)
    if (!k %in% selection$k) {
      must <- cli::format_inline("in the table of the fit: {.or {unique(selection$k)}}")
      abort_argument("k", must, paste("is", k), "bad_value", call)
    }
    is_asked <- selection$k == k
  }
  if (!is.null(covariance)) {
    families <- resolve_families(covariance, d, call)$name
    if (!any(families %in% selection$covariance)) {
      must <- cli::format_inline(
        "in the table of the fit: {.or {.val {unique(selection$covariance)}}}"
      )
      is <- cli::format_inline("is {.val {covariance}}")
      abort_argument("covariance", must, is, "bad_value", call)
    }
    is_asked <- is_asked & selection$covariance %in% families
  }
  ranked <- rank_models(selection)
  ranked <- ranked[is_asked[ranked]]
  if (length(ranked) == 0) {
    row <- which(is_asked)[1]
    abort_gmm(
      c(
        "{.arg k} and {.arg covariance} must be a model with a fit.",
        x = if (sum(is_asked) > 1) "None of the {sum(is_asked)} models asked for has one.",
        x = "{name_model(selection, row)} has none: {selection$status[row]}.",
        i = if (is_given_up(selection)[row]) {
          "`search = \"thorough\"` gives up none; so does `gmm_fit()` with this model alone."
        }
      ),
      "no_fit",
      status = selection$status[row],
      call = call
    )
  }
  ranked[1]
}
